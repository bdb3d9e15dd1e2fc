"""Asks a language model within what a tenant may spend on it in a day."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.documents.port import Create, Operation, Patch, Replace
from shared.errors import Conflict, Problem
from shared.language_model.port import Answer, LanguageModel, NoAnswer, Question
from shared.messaging import Decision, announce_once
from shared.models.budget import CONTAINER, WORDING_ID, WordingBudget
from shared.stores import Stores

_SOURCE = "language_model"


@dataclass(frozen=True)
class BudgetedModel:
    """A language model with the tokens that a tenant may spend in a day, by UTC, on whatever it
    is asked for."""

    language_model: LanguageModel
    daily_tokens: int

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.language_model.model

    def ask(self, stores: Stores, tenant_id: str, question: Question, *, now: datetime) -> Answer:
        """The answer to a question, once it is counted.

        Raises :class:`NoAnswer` where none comes, ``over_budget`` where nothing was asked; and the
        ``Problem`` of stores that cannot count.
        """
        reserved = self.language_model.most_tokens(question)
        partition = (tenant_id, now.date().isoformat())
        if not _reserve(stores, partition, reserved, self.daily_tokens, now):
            raise NoAnswer("over_budget", tokens=0)
        try:
            answer = self.language_model.ask(question)
        except NoAnswer as error:
            if error.tokens is not None:
                _settle(stores, partition, error.tokens - reserved)
            raise
        if answer.tokens:  # an endpoint that counts nothing keeps what was reserved
            _settle(stores, partition, answer.tokens - reserved)
        return answer


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
