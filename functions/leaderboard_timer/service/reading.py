"""Reads boards: the highest places, one's own rank, who stands around."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from functions.leaderboard_timer.rules.documents import (
    CONTAINER,
    EVERYBODY,
    Block,
    Board,
    Criterion,
    Place,
    Window,
    block_id_of,
    board_id_of,
)
from functions.leaderboard_timer.rules.histogram import Histogram
from functions.leaderboard_timer.rules.members import (
    Member,
    Scored,
    member_of,
    windows_of,
)
from functions.leaderboard_timer.rules.neighbours import (
    Ranked,
    Standing,
    around,
    block_of,
    ranked,
    standing_of,
)
from shared.errors import Missing
from shared.models import game, tenant
from shared.models.tenant import Tenant
from shared.people import read_account
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

NAMES_KEPT = timedelta(minutes=1)
"""How long a name is shown without asking again: hiding oneself shows within it."""
MOST_NAMES = 20_000
MOST_BOARDS = 500
MOST_BLOCKS = 500


@dataclass(frozen=True)
class Read:
    """A board as it was built, with its histogram."""

    board: Board
    histogram: Histogram


@dataclass(frozen=True)
class Shown:
    """A ranked place as others may see it: a name of None is somebody who is not shown."""

    ranked: Ranked
    name: str | None


class Boards:
    """Reads boards for one process: what is decoded, and which names are shown, is kept a while."""

    def __init__(self, stores: Stores, pseudonyms: Pseudonyms) -> None:
        self._stores, self._pseudonyms = stores, pseudonyms
        self._lock = threading.Lock()
        self._decoded: OrderedDict[tuple[str, str, str], tuple[str, Read]] = OrderedDict()
        self._blocks: OrderedDict[tuple[str, str], tuple[Place, ...]] = OrderedDict()
        self._names: OrderedDict[tuple[str, str], tuple[datetime, str | None]] = OrderedDict()

    def read(
        self, tenant_id: str, scope: str, criterion: Criterion, window: Window, *, now: datetime
    ) -> Read | None:
        """A board, None before it is built and when it is of a day or week that is over."""
        board_id = board_id_of(criterion, window)
        stored = self._stores.documents.get(CONTAINER, (tenant_id, scope), board_id)
        if stored is None:
            return None
        key = (tenant_id, scope, board_id)
        with self._lock:
            held = self._decoded.get(key)
        if held is None or held[0] != stored.etag:
            board = Board.of(stored.body)
            held = (stored.etag, Read(board, Histogram.decoded(board.histogram)))
            with self._lock:
                _keep(self._decoded, key, held, MOST_BOARDS)
        found = held[1]
        starts = windows_of(now, self._tenant(tenant_id).time_zone).starts
        return found if found.board.window_start == starts[window] else None

    def top(self, read: Read, *, limit: int, now: datetime) -> list[Shown]:
        """The highest places, with the names of who may be shown."""
        places = read.board.top[:limit]
        return self._shown(read.board.tenant_id, ranked(read.histogram, places), now)

    def standing(self, read: Read, member: Member) -> Standing | None:
        """Where a learner stands by the live score."""
        board = read.board
        return standing_of(read.histogram, member.scores[board.criterion, board.window])

    def around(self, read: Read, member: Member, *, size: int, now: datetime) -> list[Shown]:
        """Who stands around a learner on a board of XP over everybody, the learner among them;
        nobody for a learner who is on no board."""
        board = read.board
        own = member.place("xp", board.window)
        number = block_of(board.blocks, own.score)
        if own.score <= 0:
            return []
        numbers = [] if number is None else _near(number, board, size)
        places = [place for each in numbers for place in self._block(board, each)]
        found = around(places, own, size)
        return self._shown(board.tenant_id, ranked(read.histogram, found), now)

    def member(self, tenant_id: str, user_id: str, *, now: datetime) -> Member | None:
        """What a learner counts for at this moment; None before the first XP."""
        stored = self._stores.documents.get(game.CONTAINER, (tenant_id, user_id), game.PROFILE_ID)
        if stored is None:
            return None
        windows = windows_of(now, self._tenant(tenant_id).time_zone)
        handle = self.handle(tenant_id, user_id)
        return member_of(Scored.model_validate(stored.body), windows, handle=handle, now=now)

    def handle(self, tenant_id: str, user_id: str) -> str:
        """What a learner is called on boards."""
        return self._pseudonyms.sealed(tenant_id, user_id)

    def _block(self, board: Board, number: int) -> Sequence[Place]:
        """A block of a build; it never changes, so it is read once."""
        key = (board.tenant_id, block_id_of(board.version, board.window, number))
        with self._lock:
            held = self._blocks.get(key)
        if held is not None:
            return held
        stored = self._stores.documents.get(CONTAINER, (board.tenant_id, EVERYBODY), key[1])
        if stored is None:
            return ()
        places = Block.of(stored.body).places
        with self._lock:
            _keep(self._blocks, key, places, MOST_BLOCKS)
        return places

    def _tenant(self, tenant_id: str) -> Tenant:
        stored = self._stores.documents.get(tenant.CONTAINER, (tenant_id,), tenant.TENANT_ID)
        if stored is None:
            return Tenant(tenant_id=tenant_id, name=tenant_id)
        return Tenant.of(stored.body)

    def _shown(self, tenant_id: str, places: Iterable[Ranked], now: datetime) -> list[Shown]:
        consent_age = self._tenant(tenant_id).consent_age
        return [
            Shown(each, self._name(tenant_id, each.place.handle, consent_age, now))
            for each in places
        ]

    def _name(self, tenant_id: str, handle: str, consent_age: int, now: datetime) -> str | None:
        key = (tenant_id, handle)
        with self._lock:
            held = self._names.get(key)
        if held is not None and now - held[0] < NAMES_KEPT:
            return held[1]
        user_id = self._pseudonyms.unsealed(tenant_id, handle)
        try:
            account, _ = read_account(self._stores, tenant_id, user_id or "")
        except Missing:
            name = None
        else:
            shows = account.may_be_shown(consent_age=consent_age, on=now.date())
            name = account.display_name if shows else None
        with self._lock:
            _keep(self._names, key, (now, name), MOST_NAMES)
        return name


def _keep(kept: OrderedDict[KeyT, ValueT], key: KeyT, value: ValueT, most: int) -> None:
    """Keep a value, and let go of what was kept longest."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


def _near(number: int, board: Board, size: int) -> list[int]:
    """The blocks that hold the places around a score: its own, and those next to it that are
    needed where it stands near an end of its own."""
    found = [number]
    above = below = 0
    first = last = number
    while first > 0 and above < size:
        first -= 1
        above += board.blocks[first].places
        found.insert(0, first)
    while last < len(board.blocks) - 1 and below < size:
        last += 1
        below += board.blocks[last].places
        found.append(last)
    return found
