"""Takes answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from functions.journey_tracking.rules.attempts import Held, Offered, Taken, take_answers
from functions.journey_tracking.rules.documents import Grade, grade_document_id
from functions.journey_tracking.service.journeys import (
    Partition,
    answered,
    own_partition,
    read_to_go_on,
)
from shared.auth import Principal
from shared.documents.port import Create, Operation, Replace
from shared.events.journey import JourneyAttempted
from shared.messaging import Answer, Decision, IdempotencyKey
from shared.models.document import Document
from shared.models.journey import (
    CONTAINER,
    Attempt,
    Journey,
    Lesson,
    Skill,
    attempt_id_of,
    lesson_id_of,
    skill_document_id,
)
from shared.people import time_zone_of
from shared.stores import Stores

DocumentT = TypeVar("DocumentT", bound=Document)


class _Reading:
    """Point reads of a learner's documents that remember each etag."""

    def __init__(self, stores: Stores, partition: Partition) -> None:
        self._stores, self._partition = stores, partition
        self._etags: dict[str, str] = {}

    def get(self, model: type[DocumentT], document_id: str) -> DocumentT | None:
        stored = self._stores.documents.get(CONTAINER, self._partition, document_id)
        if stored is None:
            return None
        self._etags[document_id] = stored.etag
        return model.of(stored.body)

    def written(self, documents: Iterable[Document]) -> list[Operation]:
        """The operations that write documents: over what was read, or anew."""
        return [
            Replace(each.stored(), self._etags[each.id])
            if each.id in self._etags
            else Create(each.stored())
            for each in documents
        ]


def attempt(
    stores: Stores,
    principal: Principal,
    session_id: str,
    offered: Sequence[Offered],
    *,
    shown: Callable[[Taken], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Take answers, all of them or none; see :func:`rules.attempts.take_answers`.

    Attempts that were taken before change nothing and are told to nobody again. Two devices
    that answer at once are taken one after the other.
    """
    partition = own_partition(principal)

    def decide() -> Answer:
        journey, etag = read_to_go_on(stores, partition, session_id, now=now)
        reading = _Reading(stores, partition)
        held = _held(reading, journey, offered)
        taken = take_answers(held, offered, now=now)
        if not taken.answers:
            return Answer(200, shown(taken))
        told = JourneyAttempted(
            user_id=journey.user_id,
            session_id=session_id,
            time_zone=time_zone_of(stores, *partition),
            grade_level=journey.grade_level,
            career=journey.career,
            companion=journey.companion,
            answers=taken.answers,
            mastered=taken.mastered,
        )
        changed = [*taken.lessons.values(), *taken.skills.values(), *taken.grades.values()]
        written: list[Operation] = [
            Replace(taken.journey.stored(), etag),
            *(Create(each.stored()) for each in taken.attempts),
            *reading.written(changed),
        ]
        return Answer(200, shown(taken), Decision(written, [told]))

    return answered(stores, partition, idempotency, decide, now)


def _held(reading: _Reading, journey: Journey, offered: Sequence[Offered]) -> Held:
    held = Held(journey)
    for each in offered:
        if each.attempt_id not in held.attempts:
            known = reading.get(Attempt, attempt_id_of(each.attempt_id))
            if known is not None:
                held.attempts[each.attempt_id] = known
    for place in {each.place for each in offered}:
        lesson = reading.get(Lesson, lesson_id_of(journey.journey_id, *place))
        if lesson is not None:
            held.lessons[place] = lesson
    for skill_id in {each.skill_id for each in offered}:
        skill = reading.get(Skill, skill_document_id(skill_id))
        if skill is not None:
            held.skills[skill_id] = skill
    for level in {journey.grade_level, *(each.grade_level for each in held.skills.values())}:
        grade = reading.get(Grade, grade_document_id(level))
        if grade is not None:
            held.grades[level] = grade
    return held
