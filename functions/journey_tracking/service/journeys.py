"""Starts, finds and completes journeys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.journey_tracking.rules import completing
from functions.journey_tracking.rules.documents import LEARNER_ID, Learner
from shared.access import Reach
from shared.auth import Principal
from shared.documents.port import Create, Equals, Filter, Operation, Order, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Missing, Stale
from shared.events.journey import (
    JourneyCompleted,
    JourneyContainerCompleted,
    JourneyStarted,
    LessonScore,
)
from shared.journey_records import bring_back
from shared.messaging import Answer, Decision, IdempotencyKey, answer_once
from shared.models.journey import CONTAINER, Journey, Lesson, LessonTotals, lesson_id_of
from shared.models.journey_totals import sum_of
from shared.models.learning import SUBJECTS, GradeLevel, LearningContainer, Subject
from shared.people import find_owned, time_zone_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "journey_tracking"
_TRIES = 5
Partition = tuple[str, str]


@dataclass(frozen=True)
class Course:
    """What a journey is about."""

    grade_level: GradeLevel
    career: str
    companion: str


def own_partition(principal: Principal) -> Partition:
    """The partition of the caller's own learning."""
    return (principal.tenant_id, principal.user_id)


def answered(
    stores: Stores,
    partition: Partition,
    idempotency: IdempotencyKey | None,
    decide: Callable[[], Answer],
    now: datetime,
) -> tuple[int, Any]:
    """Do a write in a learner's partition once per idempotency key."""
    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )


def read_journey(stores: Stores, partition: Partition, session_id: str) -> tuple[Journey, str]:
    """A journey of a learner's partition and its etag. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, partition, session_id)
    if stored is None or stored.body.get("kind") != "journey":
        raise _missing()
    return Journey.of(stored.body), stored.etag


def read_to_go_on(
    stores: Stores, partition: Partition, session_id: str, *, now: datetime
) -> tuple[Journey, str]:
    """A journey in which something is to be done, and its etag; one that is under way and has been
    archived is brought back first.

    Raises ``Missing``, and ``Conflict`` while others bring it back or archive it.
    """
    for _ in range(_TRIES):
        journey, etag = read_journey(stores, partition, session_id)
        if journey.archive is None or journey.status == "completed":
            return journey, etag
        try:
            return bring_back(stores, journey, etag, now=now)
        except Stale:
            continue
    raise Conflict("others keep changing this; try again")


def find(stores: Stores, principal: Principal, reach: frozenset[Reach], session_id: str) -> Journey:
    """A journey of the caller's tenant that the caller reaches. Raises ``Missing``."""
    try:
        return read_journey(stores, own_partition(principal), session_id)[0]
    except Missing:
        if reach <= {"own"}:
            raise
    found = find_owned(stores, principal, reach, CONTAINER, "journey_id", session_id)
    if found is None:
        raise _missing()
    return Journey.of(found.body)


def listed(
    stores: Stores,
    partition: Partition,
    *,
    status: Literal["active", "completed"] | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[Journey], str | None]:
    """A page of a learner's journeys, the latest begun first, and where the next begins."""
    where: list[Filter] = [Equals("kind", "journey")]
    if status is not None:
        where.append(Equals("status", status))
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=where,
        order=Order("started_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [Journey.of(item.body) for item in page.items], page.continuation


def read_lessons(
    stores: Stores, journey: Journey, container: LearningContainer
) -> dict[Subject, tuple[Lesson, str]]:
    """The lessons of a container that were begun, each with its etag, to be written."""
    found = {}
    for subject in SUBJECTS:
        lesson_id = lesson_id_of(journey.journey_id, container, subject)
        stored = stores.documents.get(CONTAINER, journey.partition, lesson_id)
        if stored is not None:
            found[subject] = (Lesson.of(stored.body), stored.etag)
    return found


def read_learner(stores: Stores, partition: Partition) -> tuple[Learner, str] | None:
    """What holds for all journeys of a learner, and its etag; None before the first one."""
    stored = stores.documents.get(CONTAINER, partition, LEARNER_ID)
    return None if stored is None else (Learner.of(stored.body), stored.etag)


def start(
    stores: Stores,
    pseudonyms: Pseudonyms,
    principal: Principal,
    session_id: str,
    course: Course,
    *,
    shown: Callable[[Journey, list[Lesson]], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Start a journey.

    Raises ``Conflict`` with too many under way, and for somebody who was erased.
    """
    partition = own_partition(principal)

    def decide() -> Answer:
        if erased_at(stores, pseudonyms, principal.tenant_id, "user", principal.user_id):
            raise Conflict("your account was erased, and stays so")
        journey = Journey(
            id=session_id,
            tenant_id=principal.tenant_id,
            journey_id=session_id,
            user_id=principal.user_id,
            grade_level=course.grade_level,
            career=course.career,
            companion=course.companion,
            started_at=now,
            archive_due=now,
            updated_at=now,
        )
        held = read_learner(stores, partition)
        learner = held[0] if held else _new_learner(journey, now)
        learner = completing.begun(learner, journey, now=now)
        told = JourneyStarted(
            **_course(journey, time_zone_of(stores, *partition)),
            started_at=now,
        )
        return Answer(
            201,
            shown(journey, []),
            Decision([Create(journey.stored()), _written(learner, held)], [told]),
        )

    return answered(stores, partition, idempotency, decide, now)


def complete_container(
    stores: Stores,
    principal: Principal,
    session_id: str,
    container: LearningContainer,
    *,
    shown: Callable[[Journey, tuple[LessonTotals, ...]], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Complete a container; one that is completed already is answered as it was.

    Lessons and journey change together, so that no answer slips in between. Raises
    ``Missing``, and ``Conflict`` where a subject has no answer yet.
    """
    partition = own_partition(principal)

    def decide() -> Answer:
        journey, etag = read_to_go_on(stores, partition, session_id, now=now)
        if container in journey.completed_containers:
            return Answer(200, shown(journey, _totals(journey, container)))
        held = read_lessons(stores, journey, container)
        lessons = {subject: lesson for subject, (lesson, _) in held.items()}
        later, closed, totals = completing.container_completed(journey, lessons, container, now=now)
        told = JourneyContainerCompleted(
            **_course(later, time_zone_of(stores, *partition)),
            container=container,
            lessons=tuple(_score(each) for each in totals),
            completed_at=now,
        )
        written: list[Operation] = [Replace(later.stored(), etag)]
        written += [Replace(each.stored(), held[each.subject][1]) for each in closed]
        return Answer(200, shown(later, totals), Decision(written, [told]))

    return answered(stores, partition, idempotency, decide, now)


def complete(
    stores: Stores,
    principal: Principal,
    session_id: str,
    *,
    shown: Callable[[Journey], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Complete a journey; one that is completed already is answered as it was.

    Raises ``Missing``, and ``Conflict`` while a container is not completed.
    """
    partition = own_partition(principal)

    def decide() -> Answer:
        journey, etag = read_journey(stores, partition, session_id)
        if journey.status == "completed":
            return Answer(200, shown(journey))
        held = read_learner(stores, partition)
        learner = held[0] if held else _new_learner(journey, now)
        later, learner = completing.journey_completed(journey, learner, now=now)
        total = sum_of(later.lessons)
        told = JourneyCompleted(
            **_course(later, time_zone_of(stores, *partition)),
            questions=total.questions,
            correct=total.correct,
            first_try_correct=total.first_try_correct,
            duration_ms=total.duration_ms,
            score=total.score,
            started_at=later.started_at,
            completed_at=now,
        )
        written = [Replace(later.stored(), etag), _written(learner, held)]
        return Answer(200, shown(later), Decision(written, [told]))

    return answered(stores, partition, idempotency, decide, now)


def _course(journey: Journey, time_zone: str) -> Mapping[str, Any]:
    return {
        "user_id": journey.user_id,
        "session_id": journey.journey_id,
        "time_zone": time_zone,
        "grade_level": journey.grade_level,
        "career": journey.career,
        "companion": journey.companion,
    }


def _totals(journey: Journey, container: LearningContainer) -> tuple[LessonTotals, ...]:
    return tuple(each for each in journey.lessons if each.container == container)


def _score(totals: LessonTotals) -> LessonScore:
    return LessonScore.model_validate(totals.model_dump())


def _new_learner(journey: Journey, now: datetime) -> Learner:
    return Learner(
        tenant_id=journey.tenant_id,
        user_id=journey.user_id,
        grade_level=journey.grade_level,
        updated_at=now,
    )


def _written(learner: Learner, held: tuple[Learner, str] | None) -> Operation:
    return Create(learner.stored()) if held is None else Replace(learner.stored(), held[1])


def _missing() -> Missing:
    return Missing("there is no journey with this id")
