"""Recipes of the routes of journeys."""

from __future__ import annotations

from uuid import uuid4

from tests.access.recipes.registry import OTHERS, PERSON, SELF, Request, recipe
from tests.access.travels import Stage, override_of, progress_of, statement_of, travel_of
from tests.access.world import Kind, Person, World


def _on_journey(world: World, caller: Person, kind: Kind, stage: Stage = "answered") -> Request:
    """A request that names a journey in its path, and whose reading may be written down."""
    target = world.target(caller, kind)
    travel = travel_of(world, target, stage)
    return Request(
        path={"session_id": travel.session_id},
        marks=(travel.session_id, world.pseudonym(target)),
        shows=(travel.session_id,),
    )


def _of_somebody(world: World, caller: Person, kind: Kind) -> tuple[Person, Request]:
    target = world.target(caller, kind)
    request = Request(
        query={"user": target.user_id}, marks=(target.user_id, world.pseudonym(target))
    )
    return target, request


def _showing(request: Request, text: str) -> Request:
    return Request(query=request.query, marks=request.marks, shows=(text,))


@recipe(SELF, status=201)
def journeys_start(world: World, caller: Person, kind: Kind) -> Request:
    body = {"grade_level": "5", "career": "Pilot", "companion": "Pip"}
    return Request(body=body, marks=(caller.user_id,), shows=("LEARN",))


@recipe(PERSON)
def journeys_list(world: World, caller: Person, kind: Kind) -> Request:
    target, request = _of_somebody(world, caller, kind)
    return _showing(request, travel_of(world, target).session_id)


@recipe(PERSON)
def journeys_read(world: World, caller: Person, kind: Kind) -> Request:
    return _on_journey(world, caller, kind)


@recipe(PERSON)
def journeys_attempt(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_journey(world, caller, kind)
    attempt_id = str(uuid4())
    answer = {
        "attempt_id": attempt_id,
        "question_id": "frac-07",
        "container": "LEARN",
        "subject": "Math",
        "skill_id": "math.5.fractions",
        "correct": True,
        "duration_ms": 14200,
    }
    return Request(
        path=found.path, body={"attempts": [answer]}, marks=found.marks, shows=(attempt_id,)
    )


@recipe(PERSON)
def journeys_attempts_list(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    travel = travel_of(world, target)
    return Request(
        path={"session_id": travel.session_id},
        marks=(travel.session_id, world.pseudonym(target)),
        shows=(travel.attempt_id,),
    )


@recipe(PERSON)
def journeys_complete_container(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_journey(world, caller, kind)
    path = {**found.path, "container": "LEARN"}
    return Request(path=path, marks=found.marks, shows=("completed_at",))


@recipe(PERSON)
def journeys_complete(world: World, caller: Person, kind: Kind) -> Request:
    return _on_journey(world, caller, kind, "containers")


@recipe(PERSON)
def journeys_summary(world: World, caller: Person, kind: Kind) -> Request:
    return _on_journey(world, caller, kind, "completed")


@recipe(PERSON)
def journeys_sync(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_journey(world, caller, kind, "open")
    field = {"value": 4, "changed_at": world.now.isoformat()}
    body = {"device_id": "tablet-1", "base_version": 0, "fields": {"position": field}}
    return Request(path=found.path, body=body, marks=found.marks, shows=("tablet-1",))


@recipe(PERSON)
def learning_skills(world: World, caller: Person, kind: Kind) -> Request:
    target, request = _of_somebody(world, caller, kind)
    return _showing(request, travel_of(world, target).skill_id)


@recipe(PERSON)
def learning_remediation(world: World, caller: Person, kind: Kind) -> Request:
    target, request = _of_somebody(world, caller, kind)
    travel_of(world, target)
    return _showing(request, "items")


@recipe(PERSON)
def learning_grades(world: World, caller: Person, kind: Kind) -> Request:
    target, request = _of_somebody(world, caller, kind)
    travel_of(world, target)
    return _showing(request, '"grade_level":"5"')


@recipe(OTHERS, status=201)
def learning_override(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    travel_of(world, target)
    body = {
        "user": target.user_id,
        "what": "grade_level",
        "grade_level": "6",
        "reason": "moved up",
    }
    return Request(
        body=body,
        marks=(target.user_id, world.pseudonym(target)),
        shows=("moved up",),
        exists="learner" in target.roles,
    )


@recipe(PERSON)
def learning_overrides_list(world: World, caller: Person, kind: Kind) -> Request:
    target, request = _of_somebody(world, caller, kind)
    return _showing(request, override_of(world, target))


@recipe(PERSON)
def progress_list(world: World, caller: Person, kind: Kind) -> Request:
    target, request = _of_somebody(world, caller, kind)
    return _showing(request, progress_of(world, target))


@recipe(SELF)
def progress_update(world: World, caller: Person, kind: Kind) -> Request:
    return Request(
        path={"progress_id": progress_of(world, caller)},
        body={"percent": 40},
        marks=(caller.user_id,),
        shows=("in_progress",),
    )


@recipe(PERSON)
def xapi_statements(world: World, caller: Person, kind: Kind) -> Request:
    target, request = _of_somebody(world, caller, kind)
    return _showing(request, statement_of(world, target))
