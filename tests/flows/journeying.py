"""Learners on journeys, on the embedded stores of a house: what they do, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from functions.journey_tracking.rules.attempts import Offered, Taken
from functions.journey_tracking.rules.overrides import Asked
from functions.journey_tracking.service import attempts, journeys, learning
from functions.journey_tracking.service.journeys import Course
from shared.auth import Principal
from shared.journey_records import lessons_of
from shared.messaging import IdempotencyKey
from shared.models.journey import CONTAINER, Attempt, Journey, Lesson, Skill, skill_document_id
from shared.models.learning import (
    CONTAINERS,
    SUBJECTS,
    GradeLevel,
    LearningContainer,
    Subject,
)
from tests.flows.profiling import learner
from tests.flows.stores import PSEUDONYMS, TENANT, House


def uuid_of(text: str) -> str:
    return str(uuid5(NAMESPACE_OID, text))


def offer(
    question: str = "q1",
    *,
    correct: bool = True,
    attempt: str | None = None,
    subject: Subject = "Math",
    container: LearningContainer = "LEARN",
    skill: str | None = None,
    number: int | None = None,
    hints: int = 0,
    ms: int = 4000,
    at: datetime | None = None,
) -> Offered:
    return Offered(
        attempt_id=uuid_of(attempt or f"{container} {subject} {question} {number}"),
        question_id=question,
        container=container,
        subject=subject,
        skill_id=skill or f"{subject.lower().replace(' ', '-')}.skill",
        correct=correct,
        duration_ms=ms,
        hints_used=hints,
        number=number,
        answered_at=at,
    )


@dataclass
class Journeyer:
    """A learner, and what they do on journeys."""

    house: House
    user: str = "lena"
    tenant: str = TENANT
    session: str = ""
    career: str = "Pilot"
    grade: GradeLevel = "5"
    principal: Principal = field(init=False)

    def __post_init__(self) -> None:
        self.principal = learner(self.user, self.tenant)
        self.session = self.session or uuid_of(f"journey of {self.user}")

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant, self.user)

    @property
    def now(self) -> datetime:
        return self.house.clock()

    def start(self, session: str | None = None, key: IdempotencyKey | None = None) -> int:
        status, _ = journeys.start(
            self.house,
            PSEUDONYMS,
            self.principal,
            session or self.session,
            Course(self.grade, self.career, "Pip"),
            shown=lambda journey, _: journey.stored(),
            idempotency=key,
            now=self.now,
        )
        return status

    def send(self, *offered: Offered, key: IdempotencyKey | None = None) -> Any:
        """Answer questions; returns what the answer shows of each."""
        _, body = attempts.attempt(
            self.house,
            self.principal,
            self.session,
            offered,
            shown=_taken,
            idempotency=key,
            now=self.now,
        )
        return body

    def lesson(
        self,
        subject: Subject = "Math",
        container: LearningContainer = "LEARN",
        *,
        right: int = 3,
        wrong: int = 0,
    ) -> None:
        """Answer some questions of a lesson at the first try, these right and those wrong."""
        self.send(
            *(
                offer(f"q{n}", correct=n < right, subject=subject, container=container)
                for n in range(right + wrong)
            )
        )

    def container(self, container: LearningContainer = "LEARN", **more: int) -> Any:
        """Answer in all subjects of a container and complete it."""
        for subject in SUBJECTS:
            self.lesson(subject, container, **more)
        return self.complete_container(container)

    def complete_container(self, container: LearningContainer = "LEARN") -> Any:
        _, body = journeys.complete_container(
            self.house,
            self.principal,
            self.session,
            container,
            shown=lambda _, totals: {each.subject: each.score for each in totals},
            idempotency=None,
            now=self.now,
        )
        return body

    def complete(self) -> Any:
        _, body = journeys.complete(
            self.house,
            self.principal,
            self.session,
            shown=lambda journey: {"status": journey.status},
            idempotency=None,
            now=self.now,
        )
        return body

    def whole(self, **more: int) -> None:
        """A journey from its start to its end."""
        self.start()
        for container in CONTAINERS:
            self.container(container, **more)
        self.complete()

    def override(self, what: Any, by: Principal, **named: Any) -> Any:
        asked = Asked(
            override_id=uuid_of(f"override {self.now}"),
            what=what,
            skill_id=named.get("skill"),
            grade_level=named.get("grade"),
            reason="practised at home",
            by=PSEUDONYMS.of(by.tenant_id, "user", by.user_id),
            by_role="parent",
        )
        _, body = learning.override(
            self.house,
            PSEUDONYMS,
            by,
            self.user,
            asked,
            shown=lambda override: override.stored(),
            idempotency=None,
            now=self.now,
        )
        return body

    # what is kept

    def journey(self) -> Journey:
        return journeys.read_journey(self.house, self.partition, self.session)[0]

    def attempts(self) -> list[Attempt]:
        return [Attempt.of(body) for body in self._kept("attempt")]

    def lessons(self) -> list[Lesson]:
        return lessons_of(self.house, self.journey())

    def skill(self, skill_id: str = "math.skill") -> Skill:
        stored = self.house.documents.get(CONTAINER, self.partition, skill_document_id(skill_id))
        assert stored is not None
        return Skill.of(stored.body)

    def told(self, entity: str = "journeys/journey_tracking") -> list[Any]:
        """The events that wait at a subscription, taken off it."""
        return self.house.waiting(entity)

    def _kept(self, kind: str) -> list[Any]:
        found = self.house.kinds(kind, container=CONTAINER, tenant=self.tenant)
        return sorted(
            (body for body in found if body["user_id"] == self.user),
            key=lambda body: body.get("position", 0),
        )

    def later(self, **by: float) -> None:
        self.house.clock.moment += timedelta(**by)


def _taken(taken: Taken) -> dict[str, Any]:
    return {
        "outcomes": [each.outcome for each in taken.results],
        "numbers": [each.attempt.number for each in taken.results],
        "practice": [each.attempt.practice for each in taken.results],
        "xp": [each.attempt.xp for each in taken.results],
        "mastered": [each.mastered for each in taken.results],
    }
