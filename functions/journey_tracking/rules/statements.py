"""xAPI 1.0.3 statements of what learners did (Experience API, part two; ADL's verbs).

The actor is an account under this deployment's address, named by a pseudonym: a statement
holds no name and no e-mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from functions.journey_tracking.rules.documents import StoredStatement, statement_id_of
from shared.events.journey import (
    AnswerGiven,
    JourneyAttempted,
    JourneyCompleted,
    JourneyContainerCompleted,
    JourneyDeed,
    LessonScore,
    SkillMastered,
)
from shared.models.audit import sortable
from shared.models.journey_totals import PASSED_AT

VERSION = "1.0.3"
_VERBS = "http://adlnet.gov/expapi/verbs/"
_TYPES = "http://adlnet.gov/expapi/activities/"


class Stating:
    """Makes the statements of one event of a learner's.

    ``base`` is the address that activities and accounts are named under, ``actor`` the
    learner's pseudonym, ``now`` when the statements are stored.
    """

    def __init__(
        self, deed: JourneyDeed, *, tenant_id: str, base: str, actor: str, now: datetime
    ) -> None:
        self._deed, self._tenant_id, self._now = deed, tenant_id, now
        self._base, self._actor = base.rstrip("/"), actor

    def all(self) -> list[StoredStatement]:
        """The statements, in the order in which things happened."""
        deed = self._deed
        if isinstance(deed, JourneyAttempted):
            return list(self._of_answers(deed))
        if isinstance(deed, JourneyContainerCompleted):
            return list(self._of_container(deed))
        return [self._of_journey(deed)]

    def _of_answers(self, deed: JourneyAttempted) -> Iterator[StoredStatement]:
        mastered: dict[str, list[SkillMastered]] = {}
        for skill in deed.mastered:
            mastered.setdefault(skill.attempt_id, []).append(skill)
        for answer in deed.answers:
            yield self._of_answer(answer)
            for skill in mastered.get(answer.attempt_id, []):
                yield self._of_skill(skill, answer.answered_at)

    def _of_answer(self, answer: AnswerGiven) -> StoredStatement:
        place = f"{answer.container}/{answer.subject}"
        result = {
            "success": answer.correct,
            "completion": True,
            "duration": _duration(answer.duration_ms),
            "extensions": {
                self._iri("extensions", "attempt"): answer.number,
                self._iri("extensions", "hints"): answer.hints_used,
            },
        }
        return self._statement(
            f"answered|{answer.attempt_id}",
            "answered",
            self._activity("question", "questions", answer.question_id),
            result=result,
            at=answer.answered_at,
            parents=[
                self._activity("lesson", "lessons", place),
                self._activity("objective", "skills", answer.skill_id),
            ],
        )

    def _of_skill(self, skill: SkillMastered, at: datetime) -> StoredStatement:
        return self._statement(
            f"mastered|{skill.skill_id}",
            "mastered",
            self._activity("objective", "skills", skill.skill_id),
            result={"success": True, "score": {"scaled": round(skill.mastery, 4)}},
            at=at,
        )

    def _of_container(self, deed: JourneyContainerCompleted) -> Iterator[StoredStatement]:
        for lesson in deed.lessons:
            if lesson.questions and lesson.score >= PASSED_AT:
                yield self._of_lesson(deed, lesson)
        questions = sum(lesson.questions for lesson in deed.lessons)
        correct = sum(lesson.correct for lesson in deed.lessons)
        spent = sum(lesson.duration_ms for lesson in deed.lessons)
        yield self._statement(
            f"completed|{deed.session_id}|{deed.container}",
            "completed",
            self._activity("module", "containers", deed.container),
            result=_ended(correct, questions, spent),
            at=deed.completed_at,
        )

    def _of_lesson(self, deed: JourneyContainerCompleted, lesson: LessonScore) -> StoredStatement:
        return self._statement(
            f"passed|{deed.session_id}|{deed.container}|{lesson.subject}",
            "passed",
            self._activity("lesson", "lessons", f"{deed.container}/{lesson.subject}"),
            result=_ended(lesson.correct, lesson.questions, lesson.duration_ms) | {"success": True},
            at=deed.completed_at,
            parents=[self._activity("module", "containers", deed.container)],
        )

    def _of_journey(self, deed: JourneyCompleted) -> StoredStatement:
        return self._statement(
            f"completed|{deed.session_id}",
            "completed",
            self._journey(),
            result=_ended(deed.correct, deed.questions, deed.duration_ms),
            at=deed.completed_at,
        )

    def _statement(
        self,
        what: str,
        verb: str,
        activity: dict[str, Any],
        *,
        result: dict[str, Any],
        at: datetime,
        parents: list[dict[str, Any]] | None = None,
    ) -> StoredStatement:
        deed = self._deed
        statement_id = statement_id_of(self._tenant_id, deed.user_id, what)
        journey = self._journey()
        around: dict[str, Any] = {"grouping": [journey]} if activity != journey else {}
        if parents:
            around["parent"] = parents
        statement = {
            "id": statement_id,
            "actor": {
                "objectType": "Agent",
                "account": {"homePage": self._base, "name": self._actor},
            },
            "verb": {"id": _VERBS + verb, "display": {"en": verb}},
            "object": activity,
            "result": result,
            "context": {
                "registration": deed.session_id,
                "platform": "Waymark",
                **({"contextActivities": around} if around else {}),
            },
            "timestamp": sortable(at),
            "stored": sortable(self._now),
            "version": VERSION,
        }
        about = [activity, *(each for group in around.values() for each in group)]
        return StoredStatement(
            id=statement_id,
            tenant_id=self._tenant_id,
            user_id=deed.user_id,
            verb=_VERBS + verb,
            activities=tuple(dict.fromkeys(str(each["id"]) for each in about)),
            registration=deed.session_id,
            statement=statement,
            stored_at=self._now,
        )

    def _journey(self) -> dict[str, Any]:
        return self._activity("course", "journeys", self._deed.session_id)

    def _activity(self, kind: str, folder: str, name: str) -> dict[str, Any]:
        return {
            "objectType": "Activity",
            "id": self._iri(folder, name),
            "definition": {"type": _TYPES + kind, "name": {"en": name}},
        }

    def _iri(self, folder: str, name: str) -> str:
        return f"{self._base}/xapi/{folder}/{quote(name, safe='/')}"


def _ended(correct: int, questions: int, duration_ms: int) -> dict[str, Any]:
    score = {"raw": correct, "min": 0, "max": questions}
    scaled = {"scaled": round(correct / questions, 4)} if questions else {}
    return {"completion": True, "score": {**scaled, **score}, "duration": _duration(duration_ms)}


def _duration(milliseconds: int) -> str:
    """ISO 8601, to hundredths of a second, as xAPI compares them."""
    return f"PT{milliseconds / 1000:.2f}S"
