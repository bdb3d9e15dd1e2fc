"""Rewords texts within a tenant's budget, and lets through what says nothing new."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared import telemetry
from shared.errors import Problem
from shared.language_model.budgeted import BudgetedModel
from shared.language_model.port import NoAnswer
from shared.stores import Stores
from shared.wording.checks import objection
from shared.wording.questions import Purpose, question, texts_of

_MOST_NEW: Mapping[Purpose, float] = {"value_statement": 0.2, "coaching": 0.4}
"""Share of telling words that may be new: less where a learner speaks of themselves."""


@dataclass(frozen=True)
class Reworder:
    """Puts texts into other words by a language model."""

    asked: BudgetedModel

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.asked.model

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
            answer = self.asked.ask(
                stores, tenant_id, question(texts, purpose=purpose, language=language), now=now
            )
            for key, text in texts_of(answer, texts).items():
                most_new = _MOST_NEW[purpose]
                against = objection(texts[key], text, language=language, most_new=most_new)
                if against is None:
                    kept[key] = text.strip()
                else:
                    objections[against] += 1
        except NoAnswer as error:
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
