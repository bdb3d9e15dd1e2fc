"""Recipes of the profiler's routes."""

from __future__ import annotations

from tests.access.profiles import Stage, item_statistics, session_of
from tests.access.recipes.registry import PERSON, SELF, THING, Request, recipe
from tests.access.world import Kind, Person, World

ANSWER = {
    "question_id": "identity_traces",
    "selected_option": "agree",
    "response_time_ms": 6400,
}


def _on_session(world: World, caller: Person, kind: Kind, stage: Stage) -> Request:
    """A request that names a session in its path, and whose reading may be written down."""
    target = world.target(caller, kind)
    session_id = session_of(world, target, stage)
    return Request(
        path={"session_id": session_id},
        marks=(session_id, world.pseudonym(target)),
        shows=(session_id,),
    )


@recipe(SELF, status=201)
def profiling_start(world: World, caller: Person, kind: Kind) -> Request:
    return Request(body={}, marks=(caller.user_id,), shows=("identity_value",))


@recipe(PERSON)
def profiling_read(world: World, caller: Person, kind: Kind) -> Request:
    return _on_session(world, caller, kind, "open")


@recipe(PERSON)
def profiling_questions(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_session(world, caller, kind, "open")
    return Request(path=found.path, marks=found.marks, shows=("identity_traces",))


@recipe(PERSON)
def profiling_answer(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_session(world, caller, kind, "open")
    return Request(path=found.path, body=ANSWER, marks=found.marks, shows=found.shows)


@recipe(PERSON)
def profiler_progress(world: World, caller: Person, kind: Kind) -> Request:
    session_id = session_of(world, world.target(caller, kind), "open")
    body = {
        "session_token": session_id,
        "module_name": "identity_value",
        "time_spent_seconds": 5,
    }
    return Request(body=body, marks=(session_id,), shows=(session_id,))


@recipe(PERSON)
def profiler_reset(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_session(world, caller, kind, "completed")
    body = {"reason": "was ill on the day"}
    return Request(path=found.path, body=body, marks=found.marks, shows=found.shows)


@recipe(PERSON)
def profiling_complete(world: World, caller: Person, kind: Kind) -> Request:
    return _on_session(world, caller, kind, "answered")


@recipe(PERSON)
def profiling_result(world: World, caller: Person, kind: Kind) -> Request:
    return _on_session(world, caller, kind, "completed")


@recipe(PERSON)
def profiling_blueprint(world: World, caller: Person, kind: Kind) -> Request:
    return _on_session(world, caller, kind, "completed")


@recipe(PERSON)
def profiler_sync(world: World, caller: Person, kind: Kind) -> Request:
    session_id = session_of(world, world.target(caller, kind), "answered")
    return Request(body={"session_id": session_id}, marks=(session_id,), shows=(session_id,))


@recipe(PERSON)
def profiler_accept(world: World, caller: Person, kind: Kind) -> Request:
    found = _on_session(world, caller, kind, "completed")
    return Request(path=found.path, body={"accepted": True}, marks=found.marks, shows=found.shows)


@recipe(SELF)
def foundations_status(world: World, caller: Person, kind: Kind) -> Request:
    session_id = session_of(world, caller, "completed")
    return Request(marks=(session_id,), shows=(session_id,))


@recipe(THING)
def profiler_items(world: World, caller: Person, kind: Kind) -> Request:
    version = item_statistics(world, world.place(caller, kind))
    return Request(query={"bank_version": version}, marks=(version,), shows=(version,))
