"""How the items of a bank are answered: counts from which their parameters are estimated anew.

Means and shares of each item by bank version and tenant. Who answered is not in them, so they
stay when a learner is erased. They are shown in steps of :data:`RELEASED_BY` sessions: two
readings that differ by one session would show that person's answers.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.profiling import ProfilerResult, ProfilingSession
from shared.models.question_bank import QuestionBank

CONTAINER = "item_statistics"
STATISTICS_ID = "items"
LONGEST_OF_MEAN = 5.0
"""A time counts for at most so many mean times of its item: the rest was a pause."""


RELEASED_BY = 10
"""Sessions that are released together."""


class ItemCount(BaseModel):
    """How one item was answered so far."""

    model_config = READING

    answers: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0, description="Of all answers together")
    options: dict[str, int] = {}


class Released(BaseModel):
    """The counts as they may be shown: of a number of sessions that is a multiple of ten."""

    model_config = READING

    sessions: int = Field(default=0, ge=0)
    left_out: int = Field(default=0, ge=0)
    items: dict[str, ItemCount] = {}
    at: AwareDatetime | None = None


class ItemStatistics(Document):
    """The counts of one bank version in one tenant. ``id`` is always ``items``."""

    id: str = STATISTICS_ID
    kind: str = "item_statistics"
    bank_version: str
    sessions: int = Field(default=0, ge=0)
    left_out: int = Field(default=0, ge=0, description="Sessions with a flag, which do not count")
    items: dict[str, ItemCount] = {}
    released: Released = Released()
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of these counts."""
        return (self.tenant_id, self.bank_version)


def counted(
    statistics: ItemStatistics,
    bank: QuestionBank,
    session: ProfilingSession,
    result: ProfilerResult,
    *,
    now: datetime,
) -> ItemStatistics:
    """The counts with one completed session more.

    A session with an integrity flag is only counted as left out: parameters are of people who
    made an effort. A later attempt is not counted at all: nobody counts twice, and who sees
    the questions again answers otherwise.
    """
    if session.attempt > 1:
        return statistics
    if result.scores.integrity.flags:
        return statistics.model_copy(
            update={"left_out": statistics.left_out + 1, "updated_at": now}
        )
    items = dict(statistics.items)
    for question in bank.questions:
        answer = session.answers.get(question.id)
        if answer is None:
            continue
        before = items.get(question.id, ItemCount())
        options = dict(before.options)
        if answer.selected_option is not None:
            options[answer.selected_option] = options.get(answer.selected_option, 0) + 1
        items[question.id] = ItemCount(
            answers=before.answers + 1,
            seconds=before.seconds + min(answer.seconds, LONGEST_OF_MEAN * question.mean_seconds),
            options=options,
        )
    sessions = statistics.sessions + 1
    released = statistics.released
    if sessions % RELEASED_BY == 0:
        released = Released(sessions=sessions, left_out=statistics.left_out, items=items, at=now)
    return statistics.model_copy(
        update={"sessions": sessions, "items": items, "released": released, "updated_at": now}
    )
