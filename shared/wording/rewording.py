"""Rewords texts within a tenant's budget, and lets through what says nothing new."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared import telemetry
from shared.documents.port import Create, Operation, Patch, Replace
from shared.errors import Conflict, Problem
from shared.messaging import Decision, announce_once
from shared.models.budget import CONTAINER, WORDING_ID, WordingBudget
from shared.stores import Stores
from shared.wording.checks import objection
from shared.wording.port import NoDraft, Purpose, Wording

_SOURCE = "wording"
_MOST_NEW: Mapping[Purpose, float] = {"value_statement": 0.2, "coaching": 0.4}
"""Share of telling words that may be new: less where a learner speaks of themselves."""


@dataclass(frozen=True)
class Reworder:
    """A wording with the tokens that a tenant may spend on it in a day, by UTC."""

    wording: Wording
    daily_tokens: int

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.wording.model

    def reword(
        self,
        stores: Stores,
        tenant_id: str,
        texts: Mapping[str, str],
        *,
        purpose: Purpose,
        language: str,
        now: datetime,
    ) -> dict[str, str]:
        """Those of the texts that came back in better words and say the same, by key; the others
        are to stand as they are. It never raises: a model that is away costs nobody anything but
        the wait."""
        if not texts:
            return {}
        outcome = "done"
        kept: dict[str, str] = {}
        objections = Counter[str]()
        try:
            kept, objections = self._reworded(
                stores, tenant_id, texts, purpose=purpose, language=language, now=now
            )
        except NoDraft as error:
            outcome = error.reason
        except Problem as error:
            outcome = type(error).__name__
        telemetry.log(
            "texts.reworded",
            level=logging.INFO if outcome == "done" else logging.WARNING,
            tenant=tenant_id,
            purpose=purpose,
            outcome=outcome,
            texts=len(texts),
            kept=len(kept),
            objections=dict(objections),
        )
        return kept

    def _reworded(
        self,
        stores: Stores,
        tenant_id: str,
        texts: Mapping[str, str],
        *,
        purpose: Purpose,
        language: str,
        now: datetime,
    ) -> tuple[dict[str, str], Counter[str]]:
        reserved = self.wording.most_tokens(texts)
        partition = (tenant_id, now.date().isoformat())
        if not _reserve(stores, partition, reserved, self.daily_tokens, now):
            raise NoDraft("over_budget", tokens=0)
        try:
            draft = self.wording.reword(texts, purpose=purpose, language=language)
        except NoDraft as error:
            if error.tokens is not None:
                _settle(stores, partition, error.tokens - reserved)
            raise
        if draft.tokens:  # an endpoint that counts nothing keeps what was reserved
            _settle(stores, partition, draft.tokens - reserved)
        kept: dict[str, str] = {}
        objections: Counter[str] = Counter()
        for key, text in draft.texts.items():
            against = objection(texts[key], text, language=language, most_new=_MOST_NEW[purpose])
            if against is None:
                kept[key] = text.strip()
            else:
                objections[against] += 1
        return kept, objections


def _reserve(
    stores: Stores, partition: tuple[str, str], tokens: int, most: int, now: datetime
) -> bool:
    """Count tokens before they are spent; False where that would be more than the day's.

    A process that dies before it settles leaves them counted: the budget holds all the same.
    """
    taken: list[bool] = []

    def decide() -> Decision:
        stored = stores.documents.get(CONTAINER, partition, WORDING_ID)
        before = (
            WordingBudget.of(stored.body)
            if stored
            else WordingBudget(tenant_id=partition[0], day=partition[1])
        )
        taken[:] = [before.tokens + tokens <= most]
        if not taken[0]:
            return Decision()
        later = before.model_copy(
            update={"tokens": before.tokens + tokens, "calls": before.calls + 1}
        )
        written: Operation = (
            Replace(later.stored(), stored.etag) if stored else Create(later.stored())
        )
        return Decision([written])

    try:
        announce_once(
            stores, source=_SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
        )
    except Conflict:
        return False
    return taken[0]


def _settle(stores: Stores, partition: tuple[str, str], difference: int) -> None:
    """Put what was really spent in place of what was reserved."""
    with suppress(Problem):
        stores.documents.commit(
            CONTAINER, partition, [Patch(WORDING_ID, increment={"tokens": difference})]
        )
