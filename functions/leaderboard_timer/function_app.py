"""Triggers of the leaderboards: the timer that builds them, and the routes that read them."""

from __future__ import annotations

import hashlib
from typing import Any
from weakref import WeakKeyDictionary

import azure.functions as func
from pydantic import BaseModel

from functions.leaderboard_timer.forms import (
    AroundQuery,
    AroundView,
    BoardQuery,
    BoardView,
    MyPlaceView,
    TopQuery,
    built_at,
    place_views,
    standing_view,
)
from functions.leaderboard_timer.rules.documents import EVERYBODY
from functions.leaderboard_timer.service import building
from functions.leaderboard_timer.service.reading import Boards
from shared import runtime, telemetry
from shared.documents.port import Documents
from shared.http.api import Api, Reply
from shared.http.call import Call, etag_header

blueprint = func.Blueprint()
api = Api("leaderboards", "Who has learned most, by XP, level, streak and achievements", blueprint)

MAX_AGE_SECONDS = 30

_boards: WeakKeyDictionary[Documents, Boards] = WeakKeyDictionary()


@blueprint.timer_trigger(arg_name="timer", schedule="0 */5 * * * *", use_monitor=False)
def leaderboard_timer(timer: func.TimerRequest) -> None:  # noqa: ARG001  the host passes it
    """Every five minutes: build the boards of the tenants that changed."""
    running = runtime.current()
    with telemetry.triggered("timer", "leaderboard_timer", flow="leaderboard_timer"):
        building.build_changed(running, running.pseudonyms, now=runtime.now())


@api.get("v1/leaderboards", query=TopQuery, answer=BoardView, other_statuses=(304,))
def leaderboards_top(call: Call[TopQuery, None]) -> Reply:
    """Read the highest places of a board of your tenant.

    Minors are named once a parent has consented, and nobody who hid themselves. Boards are built
    every few minutes. Send the `ETag` as `If-None-Match`: 304 says that nothing changed.
    """
    asked, boards = call.query, _boards_here()
    principal = call.principal
    read = boards.read(
        principal.tenant_id, asked.scope, asked.criterion, asked.window, now=call.now
    )
    shown = [] if read is None else boards.top(read, limit=asked.limit, now=call.now)
    return _cacheable(
        call,
        BoardView(
            criterion=asked.criterion,
            window=asked.window,
            members=0 if read is None else read.board.members,
            items=place_views(shown, me=boards.handle(principal.tenant_id, principal.user_id)),
            built_at=built_at(read),
        ),
    )


@api.get("v1/leaderboards/me", query=BoardQuery, answer=MyPlaceView, other_statuses=(304,))
def leaderboards_me(call: Call[BoardQuery, None]) -> Reply:
    """Read your own place on a board, by your score of this moment.

    Who is hidden from others sees it too.
    """
    asked, boards, principal = call.query, _boards_here(), call.principal
    read = boards.read(
        principal.tenant_id, asked.scope, asked.criterion, asked.window, now=call.now
    )
    member = boards.member(principal.tenant_id, principal.user_id, now=call.now)
    standing = None
    if read is not None and member is not None and asked.scope in member.scopes:
        standing = standing_view(
            boards.standing(read, member), member.scores[asked.criterion, asked.window]
        )
    return _cacheable(
        call,
        MyPlaceView(
            criterion=asked.criterion,
            window=asked.window,
            standing=standing,
            built_at=built_at(read),
        ),
    )


@api.get("v1/leaderboards/around", query=AroundQuery, answer=AroundView, other_statuses=(304,))
def leaderboards_around(call: Call[AroundQuery, None]) -> Reply:
    """Read who stands around you in XP, in your whole tenant."""
    asked, boards, principal = call.query, _boards_here(), call.principal
    read = boards.read(principal.tenant_id, EVERYBODY, "xp", asked.window, now=call.now)
    member = boards.member(principal.tenant_id, principal.user_id, now=call.now)
    shown = (
        []
        if read is None or member is None
        else boards.around(read, member, size=asked.size, now=call.now)
    )
    return _cacheable(
        call,
        AroundView(
            window=asked.window,
            items=place_views(shown, me=boards.handle(principal.tenant_id, principal.user_id)),
            built_at=built_at(read),
        ),
    )


def _boards_here() -> Boards:
    """The reader of this process's stores, with what it keeps."""
    running = runtime.current()
    found = _boards.get(running.documents)
    if found is None:
        found = _boards[running.documents] = Boards(running, running.pseudonyms)
    return found


def _cacheable(call: Call[Any, Any], view: BaseModel) -> Reply:
    """The view with an etag of its content; 304 for who has it already."""
    etag = hashlib.sha256(view.model_dump_json().encode()).hexdigest()[:32]
    headers = {**etag_header(etag), "Cache-Control": f"private, max-age={MAX_AGE_SECONDS}"}
    asked = {each.strip() for each in (call.headers.get("if-none-match") or "").split(",")}
    if asked & {headers["ETag"], f"W/{headers['ETag']}", "*"}:
        return Reply(status=304, headers=headers)
    return Reply(view, headers=headers)
