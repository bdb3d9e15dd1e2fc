"""Builds the boards of the tenants that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import TextIO

from functions.leaderboard_timer.rules.building import (
    Filling,
    Tally,
    blocks_of,
    boards_of,
    passes_of,
)
from functions.leaderboard_timer.rules.documents import (
    CONTAINER,
    EVERYBODY,
    STATE,
    WINDOWS,
    Block,
    BlockRange,
    Board,
    BoardState,
    Window,
)
from functions.leaderboard_timer.rules.members import (
    Member,
    Scored,
    Windows,
    member_of,
    windows_of,
)
from shared import telemetry
from shared.documents.port import Create, Equals, Operation, Range, Replace, Upsert
from shared.errors import Exists, Missing, Stale
from shared.models import game, tenant
from shared.models.audit import sortable
from shared.models.tenant import Tenant
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

PAGE = 1000
REBUILT_AFTER = timedelta(hours=12)
"""Boards expire after a day: a tenant where nothing happens is built anew before."""
MARGIN = timedelta(minutes=2)
"""How far a clock of those who write profiles may be behind ours."""
PLACES_A_COMMIT = 4000
"""So that a commit stays well below its 2 MB."""


def build_changed(stores: Stores, pseudonyms: Pseudonyms, *, now: datetime) -> int:
    """Build the boards of every tenant that changed since its last build; returns how many.

    A tenant that fails is logged and left for the next run; its old boards stand.
    """
    built = 0
    for each in tenants(stores):
        try:
            if is_due(stores, each, now=now):
                build(stores, pseudonyms, each, now=now)
                built += 1
        except Exception as error:
            telemetry.failure("leaderboards.not_built", error, tenant=each.tenant_id)
    return built


def tenants(stores: Stores) -> Iterator[Tenant]:
    """Every tenant there is."""
    continuation = None
    while True:
        page = stores.documents.query(
            tenant.CONTAINER,
            (),
            where=[Equals("kind", "tenant")],
            limit=PAGE,
            continuation=continuation,
        )
        yield from (Tenant.of(item.body) for item in page.items)
        continuation = page.continuation
        if continuation is None:
            return


def is_due(stores: Stores, of: Tenant, *, now: datetime) -> bool:
    """Whether a tenant's boards are to be built: a profile changed, a day began, or they grow
    old; never for a tenant without profiles."""
    stored = stores.documents.get(CONTAINER, (of.tenant_id, STATE), STATE)
    state = None if stored is None else BoardState.of(stored.body)
    if state is not None:
        if state.today != windows_of(now, of.time_zone).today and state.members:
            return True
        if now - state.built_at >= REBUILT_AFTER:
            return True
    where = [Equals("kind", "profile")]
    changed = (
        [] if state is None else [Range("updated_at", at_least=sortable(state.built_at - MARGIN))]
    )
    page = stores.documents.query(
        game.CONTAINER, (of.tenant_id,), where=[*where, *changed], limit=1
    )
    return bool(page.items)


def build(stores: Stores, pseudonyms: Pseudonyms, of: Tenant, *, now: datetime) -> int:
    """Build a tenant's boards from its profiles; returns how many learners there are.

    Blocks come first, under a version of their own, then the boards that lead to them, a scope a
    commit, and last what this run knows. So a run that dies leaves the old boards, and the
    later of two runs wins.
    """
    windows = windows_of(now, of.time_zone)
    version = sortable(now)
    tally = Tally()
    with ExitStack() as open_files:
        noted = {window: open_files.enter_context(_temporary()) for window in WINDOWS}
        for portion in _portions(_members(stores, pseudonyms, of, windows, now)):
            tally.add(portion)
            for window, file in noted.items():
                file.writelines(_lines(portion, window))
        blocks: dict[Window, tuple[BlockRange, ...]] = {
            window: blocks_of(tally.counts.get((EVERYBODY, "xp", window), Counter()))
            for window in WINDOWS
        }
        for numbers in passes_of(blocks):
            for window, some in numbers.items():
                filling = Filling(blocks[window], some)
                _fill(filling, noted[window])
                made = filling.filled(tenant_id=of.tenant_id, version=version, window=window)
                _put_blocks(stores, of, made)
    for scope in tally.scopes:
        boards = boards_of(
            tally, scope, windows, blocks, tenant_id=of.tenant_id, version=version, now=now
        )
        _put(stores, (of.tenant_id, scope), boards)
    state = BoardState(
        tenant_id=of.tenant_id, built_at=now, today=windows.today, members=tally.members
    )
    stores.documents.commit(CONTAINER, (of.tenant_id, STATE), [Upsert(state.stored())])
    telemetry.log("leaderboards.built", tenant=of.tenant_id, learners=tally.members)
    return tally.members


def _members(
    stores: Stores, pseudonyms: Pseudonyms, of: Tenant, windows: Windows, now: datetime
) -> Iterator[Member]:
    continuation = None
    while True:
        page = stores.documents.query(
            game.CONTAINER,
            (of.tenant_id,),
            where=[Equals("kind", "profile")],
            limit=PAGE,
            continuation=continuation,
        )
        for item in page.items:
            profile = Scored.model_validate(item.body)
            handle = pseudonyms.sealed(of.tenant_id, profile.user_id)
            yield member_of(profile, windows, handle=handle, now=now)
        continuation = page.continuation
        if continuation is None:
            return


def _portions(members: Iterator[Member]) -> Iterator[list[Member]]:
    while portion := list(islice(members, PAGE)):
        yield portion


def _temporary() -> TextIO:
    """A file on disk for what memory is not to hold: the profiles are read once."""
    return TemporaryFile("w+", encoding="ascii")


def _lines(members: Iterable[Member], window: Window) -> Iterator[str]:
    """A line for each learner on a window's XP board: score, since when, handle."""
    for member in members:
        score = member.scores["xp", window]
        if score > 0:
            yield f"{score} {member.since} {member.handle}\n"


def _fill(filling: Filling, noted: TextIO) -> None:
    """Fill blocks from the lines of a window."""
    noted.seek(0)
    for line in noted:
        score, since, handle = line.split()
        if filling.takes(int(score)):
            filling.add(int(score), since, handle)


def _put_blocks(stores: Stores, of: Tenant, blocks: Iterable[Block]) -> None:
    waiting: list[Operation] = []
    places = 0
    for block in blocks:
        if waiting and places + len(block.places) > PLACES_A_COMMIT:
            stores.documents.commit(CONTAINER, (of.tenant_id, EVERYBODY), waiting)
            waiting, places = [], 0
        waiting.append(Upsert(block.stored()))
        places += len(block.places)
    if waiting:
        stores.documents.commit(CONTAINER, (of.tenant_id, EVERYBODY), waiting)


def _put(stores: Stores, partition: tuple[str, str], boards: list[Board]) -> None:
    """Write the boards of a scope in one commit, unless those of a later run are there."""
    operations: list[Operation] = []
    for board in boards:
        stored = stores.documents.get(CONTAINER, partition, board.id)
        if stored is None:
            operations.append(Create(board.stored()))
        elif Board.of(stored.body).version < board.version:
            operations.append(Replace(board.stored(), stored.etag))
    if not operations:
        return
    try:
        stores.documents.commit(CONTAINER, partition, operations)
    except (Exists, Missing, Stale):
        telemetry.log("leaderboards.overtaken", tenant=partition[0], scope=partition[1])
