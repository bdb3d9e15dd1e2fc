"""Analytics on the embedded stores of a house: what it hears, and what its views show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest

from functions.analytics.rules.cells import Key
from functions.analytics.rules.dimensions import ViewName
from functions.analytics.rules.documents import CONTAINER
from functions.analytics.rules.figures import told
from functions.analytics.rules.metrics import METRICS
from functions.analytics.rules.reports import ReportName
from functions.analytics.service import hearing, reading, reporting
from functions.analytics.service.naming import Names
from functions.analytics.service.reading import Asked, Found
from functions.analytics.service.reporting import Report
from shared.documents.port import Json
from shared.errors import Unavailable
from shared.events.analytics import AnalyticsReported
from shared.events.envelope import Event, EventData
from shared.events.journey import (
    AnswerGiven,
    JourneyAttempted,
    JourneyCompleted,
    JourneyStarted,
    SkillMastered,
)
from shared.messaging import Outcome
from tests.flows.profiling import learner
from tests.flows.stores import PSEUDONYMS, START, TENANT, House

TOPICS = ("profiler", "journeys", "recipes", "game", "intake", "candidates")


def uuid_of(text: str) -> str:
    return str(uuid5(NAMESPACE_OID, text))


def event_of(data: EventData, name: str, *, at: datetime = START, tenant: str = TENANT) -> Event:
    """An event as its flow tells it; the same name is the same event."""
    return Event(
        id=uuid_of(f"{data.type} {name}"),
        source="/waymark/tests",
        type=data.type,
        subject=data.subject,
        time=at,
        data=data.model_dump(mode="json"),
        tenantid=tenant,
        partitionkey=data.subject,
    )


def started(
    user: str, name: str = "1", *, career: str = "Pilot", companion: str = "Pip",
    at: datetime = START, tenant: str = TENANT, grade: Any = "5",
) -> Event:  # fmt: skip
    """A learner started a journey."""
    told = JourneyStarted(
        user_id=user, session_id=uuid_of(f"{user} {name}"), time_zone="Asia/Tokyo",
        grade_level=grade, career=career, companion=companion, started_at=at,
    )  # fmt: skip
    return event_of(told, f"{user} {name}", at=at, tenant=tenant)


def completed(
    user: str, name: str = "1", *, career: str = "Pilot", began: datetime = START,
    at: datetime = START, score: float = 80, tenant: str = TENANT,
) -> Event:  # fmt: skip
    """A learner completed a journey."""
    told = JourneyCompleted(
        user_id=user, session_id=uuid_of(f"{user} {name}"), time_zone="Asia/Tokyo",
        grade_level="5", career=career, companion="Pip", questions=10, correct=8,
        first_try_correct=7, duration_ms=60_000, score=score, started_at=began, completed_at=at,
    )  # fmt: skip
    return event_of(told, f"{user} {name}", at=at, tenant=tenant)


def answered(
    user: str, name: str = "1", *, skill: str = "math.fractions", correct: bool = True,
    number: int = 1, at: datetime = START, told_at: datetime | None = None, hints: int = 0,
    masters: bool = False, career: str = "Pilot", questions: int = 1,
) -> Event:  # fmt: skip
    """A learner answered questions."""
    answers = [
        AnswerGiven(
            attempt_id=uuid_of(f"{user} {name} {skill} {number} {n}"), question_id=f"q{n}",
            container="LEARN", subject="Math", skill_id=skill, correct=correct, number=number,
            practice=False, hints_used=hints, duration_ms=6_000, answered_at=at,
        )
        for n in range(questions)
    ]  # fmt: skip
    mastered = SkillMastered(
        skill_id=skill, subject="Math", mastery=0.97, attempt_id=answers[-1].attempt_id
    )
    told = JourneyAttempted(
        user_id=user, session_id=uuid_of(f"{user} {name}"), time_zone="Asia/Tokyo",
        grade_level="5", career=career, companion="Pip", answers=tuple(answers),
        mastered=(mastered,) if masters else (),
    )  # fmt: skip
    return event_of(told, f"{user} {name} {skill} {number}", at=told_at or at)


def learners(number: int) -> list[str]:
    return [f"learner-{n}" for n in range(number)]


@dataclass
class Analyst:
    """The flow as the bus, apps and admins use it."""

    house: House
    tenant: str = TENANT

    def hear(self, *events: Event) -> list[Outcome]:
        """Deliver these events."""
        return [
            hearing.hear(self.house, PSEUDONYMS, event, now=self.house.clock()) for event in events
        ]

    def drain(self, *topics: str) -> list[Outcome]:
        """Deliver what waits on the bus, of these topics or of all."""
        found = []
        for topic in topics or TOPICS:
            found += self.hear(*self.house.waiting(f"{topic}/analytics"))
        return [*found, *self.count()]

    def report(
        self, user: str, name: ReportName, key: str = "1", *, at: datetime | None = None,
        roles: Iterable[str] = ("learner",), **data: Any,
    ) -> int:  # fmt: skip
        """Report one thing that somebody did."""
        return self.send(user, [report(name, key, at or self.house.clock(), **data)], roles)

    def send(self, user: str, found: Sequence[Report], roles: Iterable[str] = ("learner",)) -> int:
        """Report several things."""
        by = learner(user, self.tenant)
        who = type(by)(by.user_id, by.tenant_id, frozenset(roles))
        return reporting.take(self.house, PSEUDONYMS, who, found, now=self.house.clock())

    def count(self) -> list[Outcome]:
        """Deliver what waits to be counted of reports."""
        return [self.recount(event) for event in self.house.waiting("analytics")]

    def recount(self, event: Event) -> Outcome:
        assert event.type == AnalyticsReported.type
        return reporting.count(self.house, PSEUDONYMS, event, now=self.house.clock())

    def read(
        self, view: ViewName, *by: str, first: date | None = None, last: date | None = None,
        suppresses: bool = True,
    ) -> Found:  # fmt: skip
        """Ask a view; of the month around the house's day without days."""
        today = self.house.clock().date()
        asked = Asked(view, first or today - timedelta(days=30), last or today, by)
        return reading.read(self.house, self.tenant, asked, suppresses=suppresses)

    def rows(self, view: ViewName, *by: str, **more: Any) -> dict[Key, dict[str, Any]]:
        """What a view shows: its numbers by group, with how many learners they are of."""
        found = self.read(view, *by, **more)
        page = [(dict(zip(by, key, strict=True)), cell) for key, cell in found.rows]
        names = Names(self.house, self.tenant, view, page)
        shown = {}
        for key, cell in found.rows:
            called = tuple(names.of(*each) for each in zip(by, key, strict=True))
            suppresses = more.get("suppresses", True)
            metrics = told(view, cell) if suppresses else METRICS[view](cell.counts)
            shown[called] = {"learners": cell.learners, **metrics}
        return shown

    def stored(self, kind: str) -> list[Json]:
        """The documents of one kind, by id."""
        found = self.house.kinds(kind, container=CONTAINER, tenant=self.tenant)
        return sorted(found, key=lambda body: (body["id"], body["month"], body["shard"]))


def report(name: ReportName, key: str, at: datetime, **data: Any) -> Report:
    """Something that an app reports; the same key is the same event."""
    return Report(uuid5(NAMESPACE_OID, key), name, at, data)


def moment(day: int, month: int = 3, hour: int = 12) -> datetime:
    """A moment of the tests' year."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, house: House, *, commits: int) -> Iterator[None]:
    """Let so many commits pass, and no more."""
    real, left = house.documents.commit, [commits]

    def commit(*given: Any) -> Any:
        if not left[0]:
            raise Unavailable("the store is gone")
        left[0] -= 1
        return real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(house.documents, "commit", commit)
        yield
