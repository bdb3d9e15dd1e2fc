"""Learners whose deeds are told to the game, on the embedded stores of a house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from functions.xp_award.rules.documents import LedgerEntry, Review
from functions.xp_award.service import awarding, books
from shared.events.envelope import Event, EventData
from shared.events.journey import (
    AnswerGiven,
    JourneyAttempted,
    JourneyCompleted,
    JourneyContainerCompleted,
    LessonScore,
    SkillMastered,
)
from shared.messaging import Outcome
from shared.models.game import GameProfile
from shared.models.learning import SUBJECTS, LearningContainer, Subject
from tests.flows.stores import PSEUDONYMS, START, TENANT, House

JOURNEY = "3f6a1c2e-8d4b-4e57-9a10-6c5b4d3e2f1a"


def uuid_of(text: str) -> str:
    return str(uuid5(NAMESPACE_OID, text))


def answer(
    question: str = "q1",
    *,
    correct: bool = True,
    number: int = 1,
    practice: bool = False,
    at: datetime = START,
    subject: Subject = "Math",
    container: LearningContainer = "LEARN",
    hints: int = 0,
    ms: int = 4000,
    session: str = JOURNEY,
) -> AnswerGiven:
    return AnswerGiven(
        attempt_id=uuid_of(f"{session} {container} {subject} {question} {number}"),
        question_id=question,
        container=container,
        subject=subject,
        skill_id=f"{subject}.skill",
        correct=correct,
        number=number,
        practice=practice,
        hints_used=hints,
        duration_ms=ms,
        answered_at=at,
    )


def lesson(subject: Subject = "Math", *, questions: int = 4, first: int = 3) -> LessonScore:
    return LessonScore(
        subject=subject,
        questions=questions,
        correct=questions,
        first_try_correct=first,
        hints_used=0,
        duration_ms=60_000,
        score=100,
    )


@dataclass
class Player:
    """A learner, and what the game is told of them."""

    house: House
    user: str = "lena"
    tenant: str = TENANT
    zone: str = "UTC"
    _ids: Any = field(default_factory=lambda: count(1))

    @property
    def partition(self) -> tuple[str, str]:
        return (self.tenant, self.user)

    def event(self, data: EventData, event_id: str | None = None) -> Event:
        return Event(
            id=event_id or f"{self.user}-{next(self._ids)}",
            source="/waymark/journey_tracking",
            type=data.type,
            subject=data.subject,
            time=START,
            data=data.model_dump(mode="json"),
            tenantid=self.tenant,
            partitionkey=self.user,
        )

    def tell(self, event: Event, now: datetime | None = None) -> Outcome:
        return awarding.award(self.house, PSEUDONYMS, event, now=now or self.house.clock())

    def attempted(
        self,
        *answers: AnswerGiven,
        session: str = JOURNEY,
        mastered: tuple[SkillMastered, ...] = (),
    ) -> Event:
        return self.event(JourneyAttempted(**self._of(session), answers=answers, mastered=mastered))

    def container_completed(
        self,
        *lessons: LessonScore,
        container: LearningContainer = "LEARN",
        session: str = JOURNEY,
        at: datetime = START,
    ) -> Event:
        return self.event(
            JourneyContainerCompleted(
                **self._of(session),
                container=container,
                lessons=lessons or tuple(lesson(subject) for subject in SUBJECTS),
                completed_at=at,
            )
        )

    def journey_completed(self, *, session: str = JOURNEY, career: str = "Pilot") -> Event:
        return self.event(
            JourneyCompleted(
                **self._of(session) | {"career": career},
                companion="Pip",
                questions=48,
                correct=40,
                first_try_correct=36,
                duration_ms=900_000,
                score=83.3,
                started_at=START - timedelta(hours=1),
                completed_at=START,
            )
        )

    def _of(self, session: str) -> dict[str, Any]:
        return {
            "user_id": self.user,
            "session_id": session,
            "time_zone": self.zone,
            "grade_level": "5",
            "career": "Pilot",
        }

    def give(self, *answers: AnswerGiven) -> Outcome:
        return self.tell(self.attempted(*answers))

    def earn(self, questions: int, *, at: datetime = START, prefix: str = "e") -> None:
        """Answer questions right, four seconds apart: 10 XP each, beside what they unlock."""
        for number in range(questions):
            moment = at + timedelta(seconds=4 * number)
            self.give(answer(f"{prefix}{number}", at=moment))

    @property
    def profile(self) -> GameProfile:
        held = books.read_profile(self.house, self.partition)
        assert held is not None
        return held[0]

    @property
    def entries(self) -> list[LedgerEntry]:
        return list(books.all_entries(self.house, self.partition))

    def amounts(self, category: str) -> list[int]:
        return [entry.amount for entry in self.entries if entry.category == category]

    def reviews(self) -> list[Review]:
        found = self.house.kinds("review", container="game", tenant=self.tenant)
        return [Review.of(body) for body in found if body["user_id"] == self.user]

    def check_sums(self) -> None:
        """The profile is what its ledger adds up to, entry by entry."""
        balance = lifetime = 0
        for number, entry in enumerate(self.entries, start=1):
            assert entry.sequence == number
            assert (entry.balance_before, entry.lifetime_before) == (balance, lifetime)
            balance += entry.amount
            lifetime += entry.lifetime_change
            assert (entry.balance, entry.lifetime_xp) == (balance, lifetime)
            assert min(balance, lifetime) >= 0
        profile = self.profile
        assert (profile.balance, profile.lifetime_xp) == (balance, lifetime)
