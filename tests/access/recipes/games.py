"""Recipes of the game's routes."""

from __future__ import annotations

from tests.access.games import game_of, streak_repair
from tests.access.recipes.registry import LIST, OTHERS, PERSON, SELF, THING, Request, recipe
from tests.access.world import Kind, Person, World


def _reading(world: World, caller: Person, kind: Kind, shows: str = "") -> Request:
    target = world.target(caller, kind)
    game = game_of(world, target)
    return Request(
        query={"user": target.user_id},
        marks=(game.entry_id, world.pseudonym(target)),
        shows=(shows or game.entry_id,),
    )


@recipe(PERSON)
def game_profile(world: World, caller: Person, kind: Kind) -> Request:
    return _reading(world, caller, kind, '"xp":10')


@recipe(PERSON)
def game_achievements(world: World, caller: Person, kind: Kind) -> Request:
    return _reading(world, caller, kind, "first_answer")


@recipe(PERSON)
def game_transactions(world: World, caller: Person, kind: Kind) -> Request:
    return _reading(world, caller, kind)


@recipe(SELF)
def game_hint(world: World, caller: Person, kind: Kind) -> Request:
    game_of(world, caller)
    return Request(
        body={"question_id": "frac-07"},
        marks=(caller.user_id,),
        shows=("free_hints_remaining",),
    )


@recipe(OTHERS)
def game_correct(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    game = game_of(world, target)
    body = {
        "user": target.user_id,
        "transaction_id": game.entry_id,
        "reason": "a wrong key",
    }
    return Request(body=body, marks=(target.user_id,), shows=(game.entry_id,))


@recipe(LIST)
def game_reviews_list(world: World, caller: Person, kind: Kind) -> Request:
    kinds: tuple[Kind, ...] = ("learner", "foreign")
    return Request(
        lists={each: game_of(world, world.target(caller, each)).review_id for each in kinds}
    )


@recipe(OTHERS)
def game_review_decide(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    game = game_of(world, target)
    return Request(
        path={"review_id": game.review_id},
        body={"user": target.user_id, "decision": "approved", "note": None},
        marks=(target.user_id,),
        shows=(game.review_id,),
    )


@recipe(OTHERS)
def game_reconcile(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    game_of(world, target)
    return Request(
        body={"user": target.user_id, "repair": True},
        marks=(target.user_id, world.pseudonym(target)),
        shows=("transactions",),
    )


@recipe(SELF, status=202)
def game_streaks_repair(world: World, caller: Person, kind: Kind) -> Request:
    day = str(world.now.date())
    body = {"first_day": day, "last_day": day, "reason": "the house was down"}
    return Request(body=body, marks=(world.pseudonym(caller),), shows=("running",))


@recipe(THING)
def game_streaks_repair_read(world: World, caller: Person, kind: Kind) -> Request:
    repair_id = streak_repair(world, world.place(caller, kind))
    return Request(path={"repair_id": repair_id}, marks=(repair_id,), shows=(repair_id,))
