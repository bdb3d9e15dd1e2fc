"""Routes of journeys: start, answer, complete, look."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from functions.journey_tracking.routes import READ, api, session_id_of
from functions.journey_tracking.routes.attempt_forms import (
    AttemptPage,
    AttemptQuery,
    AttemptsBody,
    AttemptsView,
    attempt_view,
    attempts_view,
)
from functions.journey_tracking.routes.forms import (
    ContainerCompleted,
    JourneyBody,
    JourneyCompletedView,
    JourneyPage,
    JourneyQuery,
    JourneySummaryView,
    JourneyView,
    SkillMastery,
    completed_lesson,
    journey_item,
    journey_view,
    summary_view,
    total_view,
)
from functions.journey_tracking.rules.attempts import Taken
from functions.journey_tracking.service import attempts, journeys, learning
from functions.journey_tracking.service.journeys import Course
from shared import runtime
from shared.errors import Conflict, Missing, Unprocessable
from shared.http.api import Reply
from shared.http.call import Call
from shared.http.subject import note_read, partition_read
from shared.journey_records import attempts_page, lessons_of
from shared.models.journey import Journey, Lesson, LessonTotals, Skill
from shared.models.journey_totals import sum_of
from shared.models.learning import CONTAINERS


@api.post("v1/journeys", body=JourneyBody, answer=JourneyView, status=201, errors=(Conflict,))
def journeys_start(call: Call[None, JourneyBody]) -> Reply:
    """Start a journey through LEARN, EXPERIENCE and DISCOVER.

    A learner has up to 20 under way. Send an `Idempotency-Key`, so that a request that is sent
    again starts no second one.
    """
    sent, running, key = call.body, runtime.current(), call.idempotency
    status, body = journeys.start(
        running,
        running.pseudonyms,
        call.principal,
        key.new_id("journey") if key else str(uuid4()),
        Course(sent.grade_level, sent.career, sent.companion),
        shown=_journey,
        idempotency=key,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/journeys", query=JourneyQuery, answer=JourneyPage, errors=(Missing,))
def journeys_list(call: Call[JourneyQuery, None]) -> JourneyPage:
    """List a learner's journeys, the latest begun first."""
    asked = call.query
    items, continuation = journeys.listed(
        runtime.stores(),
        partition_read(call, asked.user, READ),
        status=asked.status,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return JourneyPage(items=[journey_item(each) for each in items], continuation=continuation)


@api.get("v1/journeys/{session_id}", answer=JourneyView, errors=(Missing,))
def journeys_read(call: Call[None, None]) -> JourneyView:
    """Read where a journey stands."""
    journey = _found(call)
    return journey_view(journey, lessons_of(runtime.stores(), journey))


@api.post(
    "v1/journeys/{session_id}/attempts",
    body=AttemptsBody,
    answer=AttemptsView,
    errors=(Missing, Conflict, Unprocessable),
)
def journeys_attempt(call: Call[None, AttemptsBody]) -> Reply:
    """Answer one question or up to twenty: all are taken, or none.

    The same `attempt_id` again changes nothing. A question's tries are counted here, over all
    devices; XP is paid for the first and the second. 409 for a container that is completed.
    """
    status, body = attempts.attempt(
        runtime.stores(),
        call.principal,
        session_id_of(call),
        [each.offered() for each in call.body.attempts],
        shown=_taken,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get(
    "v1/journeys/{session_id}/attempts", query=AttemptQuery, answer=AttemptPage, errors=(Missing,)
)
def journeys_attempts_list(call: Call[AttemptQuery, None]) -> AttemptPage:
    """List a journey's attempts in the order they came."""
    asked = call.query
    items, continuation = attempts_page(
        runtime.stores(),
        _found(call),
        container=asked.container,
        subject=asked.subject,
        skill_id=asked.skill_id,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return AttemptPage(items=[attempt_view(each) for each in items], continuation=continuation)


@api.post(
    "v1/journeys/{session_id}/containers/{container}/complete",
    answer=ContainerCompleted,
    errors=(Missing, Conflict),
)
def journeys_complete_container(call: Call[None, None]) -> Reply:
    """Complete a container in all its subjects.

    409 names the subjects that have no answer yet. A container that is completed is answered as
    it was.
    """
    container = next((each for each in CONTAINERS if each == call.path["container"]), None)
    if container is None:
        raise Missing(f"the containers are {', '.join(CONTAINERS)}")

    def shown(journey: Journey, totals: tuple[LessonTotals, ...]) -> dict[str, Any]:
        lessons = [completed_lesson(each) for each in totals]
        return ContainerCompleted(
            container=container,
            completed_at=journey.completed_containers[container],
            lessons=lessons,
            xp=sum(each.xp for each in lessons),
        ).model_dump(mode="json")

    status, body = journeys.complete_container(
        runtime.stores(),
        call.principal,
        session_id_of(call),
        container,
        shown=shown,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.post(
    "v1/journeys/{session_id}/complete",
    answer=JourneyCompletedView,
    errors=(Missing, Conflict),
)
def journeys_complete(call: Call[None, None]) -> Reply:
    """Complete a journey once its three containers are.

    409 names those that are not. A journey that is completed is answered as it was.
    """
    status, body = journeys.complete(
        runtime.stores(),
        call.principal,
        session_id_of(call),
        shown=_completed,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/journeys/{session_id}/summary", answer=JourneySummaryView, errors=(Missing,))
def journeys_summary(call: Call[None, None]) -> JourneySummaryView:
    """Read a journey at a glance: totals by container and subject, XP, skills."""
    stores, journey = runtime.stores(), _found(call)
    lessons = lessons_of(stores, journey)
    names = dict.fromkeys(name for lesson in lessons for name in lesson.skill_ids)
    skills = learning.skills_by_id(stores, journey.partition, names)
    return summary_view(
        journey,
        lessons,
        mastered=[_skill(each) for each in skills if each.is_mastered],
        to_practise=[_skill(each) for each in skills if each.in_remediation],
    )


def _found(call: Call[Any, Any]) -> Journey:
    """The journey that a call names, its reading by somebody else written down."""
    journey = journeys.find(runtime.stores(), call.principal, call.reach, session_id_of(call))
    note_read(call, journey.user_id, READ)
    return journey


def _journey(journey: Journey, lessons: list[Lesson]) -> dict[str, Any]:
    return journey_view(journey, lessons).model_dump(mode="json")


def _taken(taken: Taken) -> dict[str, Any]:
    return attempts_view(taken).model_dump(mode="json")


def _completed(journey: Journey) -> dict[str, Any]:
    view = {
        "session_id": journey.journey_id,
        "status": journey.status,
        "total": total_view(sum_of(journey.lessons)),
        "completed_at": journey.completed_at,
    }
    return JourneyCompletedView.model_validate(view).model_dump(mode="json")


def _skill(skill: Skill) -> SkillMastery:
    return SkillMastery(skill_id=skill.skill_id, subject=skill.subject, mastery=skill.mastery)
