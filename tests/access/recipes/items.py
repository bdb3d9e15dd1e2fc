"""Recipes of the routes of portfolios."""

from __future__ import annotations

from uuid import uuid4

from tests.access.items import Shown, item_of
from tests.access.recipes.registry import OTHERS, PERSON, SELF, Request, recipe
from tests.access.world import Kind, Person, World


def _on_item(world: World, caller: Person, kind: Kind) -> tuple[Shown, Request]:
    """A request that names an item in its path, and whose reading may be written down."""
    target = world.target(caller, kind)
    shown = item_of(world, target, caller)
    request = Request(
        path={"item_id": shown.item_id},
        marks=(shown.item_id, world.pseudonym(target)),
        shows=(shown.item_id,),
    )
    return shown, request


@recipe(PERSON)
def portfolio_list(world: World, caller: Person, kind: Kind) -> Request:
    target = world.target(caller, kind)
    shown = item_of(world, target, caller)
    return Request(
        query={"user": target.user_id},
        marks=(target.user_id, world.pseudonym(target)),
        shows=(shown.item_id,),
    )


@recipe(SELF, status=201)
def portfolio_add(world: World, caller: Person, kind: Kind) -> Request:
    title = f"Item {uuid4()}"
    body = {"type": "project", "title": title}
    return Request(body=body, marks=(caller.user_id,), shows=(title,))


@recipe(PERSON)
def portfolio_read(world: World, caller: Person, kind: Kind) -> Request:
    return _on_item(world, caller, kind)[1]


@recipe(PERSON)
def portfolio_update(world: World, caller: Person, kind: Kind) -> Request:
    _, found = _on_item(world, caller, kind)
    title = f"Renamed {uuid4()}"
    return Request(path=found.path, body={"title": title}, marks=found.marks, shows=(title,))


@recipe(PERSON, status=204)
def portfolio_remove(world: World, caller: Person, kind: Kind) -> Request:
    _, found = _on_item(world, caller, kind)
    return Request(path=found.path, marks=found.marks)


@recipe(PERSON, status=201)
def portfolio_file_add(world: World, caller: Person, kind: Kind) -> Request:
    _, found = _on_item(world, caller, kind)
    name = f"{uuid4()}.txt"
    return Request(
        path=found.path, query={"filename": name}, raw=("text/plain", b"some notes"),
        marks=found.marks, shows=(name,),
    )  # fmt: skip


@recipe(PERSON)
def portfolio_file_read(world: World, caller: Person, kind: Kind) -> Request:
    shown, found = _on_item(world, caller, kind)
    path = {**found.path, "file_id": shown.file_id}
    return Request(path=path, marks=found.marks, shows=(shown.file_id,))


@recipe(PERSON, status=204)
def portfolio_file_remove(world: World, caller: Person, kind: Kind) -> Request:
    shown, found = _on_item(world, caller, kind)
    return Request(path={**found.path, "file_id": shown.file_id}, marks=found.marks)


@recipe(OTHERS, status=201)
def portfolio_feedback_give(world: World, caller: Person, kind: Kind) -> Request:
    _, found = _on_item(world, caller, kind)
    text = f"Well done, {uuid4()}"
    return Request(path=found.path, body={"text": text}, marks=found.marks, shows=(text,))


@recipe(PERSON)
def portfolio_feedback_list(world: World, caller: Person, kind: Kind) -> Request:
    shown, found = _on_item(world, caller, kind)
    return Request(path=found.path, marks=found.marks, shows=(shown.feedback_id,))


@recipe(OTHERS, status=204)
def portfolio_feedback_withdraw(world: World, caller: Person, kind: Kind) -> Request:
    shown, found = _on_item(world, caller, kind)
    path = {**found.path, "feedback_id": shown.feedback_id}
    return Request(path=path, marks=found.marks)
