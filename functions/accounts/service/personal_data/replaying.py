"""After a restore: what was erased once and has come back is erased again.

Every document by which a subject can be found is looked at, a page an event; whose pseudonym
has a tombstone is erased again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from functions.accounts.service.means import SOURCE, Means
from shared import telemetry, topology
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Delete, Equals, Filter, Range, Replace, Stored
from shared.erasure_rules import came_back, is_later, subjects_in
from shared.erasures import erased_at, kept_replay, new_replay, requested
from shared.errors import Invalid, Missing, Rejected, Stale
from shared.events.envelope import Event, read_data
from shared.events.person import ReplayAdvanced
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    announce_once,
    handle_once,
    reply_once,
)
from shared.models.subject import SubjectKind
from shared.models.tenant import PLATFORM
from shared.models.tombstone import CONTAINER, REPLAYS, Replay
from shared.stores import Stores

PARTITION = REPLAYS
_PAGE = 500

Clock = Callable[[], datetime]
Subject = tuple[str, SubjectKind, str]


def begin(
    means: Means,
    operator: Principal,
    replay_id: str,
    *,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> Replay:
    """Begin to look through every store for what was erased; returns the replay."""
    replay = new_replay(replay_id, now=now)

    def decide() -> Answer:
        told = ReplayAdvanced(replay_id=replay_id, step=0)
        note = noted(means.pseudonyms, operator, "erasure.replay", tenant_id=PLATFORM)
        decision = Decision([Create(kept_replay(replay))], [told, note])
        return Answer(202, {"replay_id": replay_id}, decision)

    answer = reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=PARTITION,
        decide=decide,
        now=now,
    )
    return read(means.stores, answer.body["replay_id"])[0]


def read(stores: Stores, replay_id: str) -> tuple[Replay, str]:
    """Return a replay and its etag. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, PARTITION, replay_id)
    if stored is None or stored.body.get("kind") != "replay":
        raise Missing("there is no replay with this id")
    return Replay.of(stored.body), stored.etag


def advance(means: Means, event: Event, *, clock: Clock) -> Outcome:
    """Look through one page of one container, and tell of the next."""
    data = read_data(event, ReplayAdvanced)

    def decide() -> Decision:
        try:
            replay, etag = read(means.stores, data.replay_id)
        except Missing:
            raise Rejected("there is no such replay") from None
        if replay.state == "ended" or replay.step != data.step:
            raise Rejected("superseded: the replay has moved on")
        after = _looked(means, replay, clock())
        told = ReplayAdvanced(replay_id=after.id, step=after.step)
        return Decision(
            [Replace(kept_replay(after), etag)], [] if after.state == "ended" else [told]
        )

    return handle_once(
        means.stores,
        event,
        handler=SOURCE,
        container=CONTAINER,
        partition=PARTITION,
        decide=decide,
        now=clock(),
    )


def nudge(stores: Stores, *, patience_until: datetime, now: datetime) -> int:
    """Send the event again of replays that have not moved since a moment; returns how many."""
    where: list[Filter] = [
        Equals("kind", "replay"),
        Equals("state", "running"),
        Range("updated_at", below=patience_until.isoformat()),
    ]
    stalled = stores.documents.query(CONTAINER, PARTITION, where=where, limit=100).items
    for item in stalled:
        _nudge(stores, Replay.of(item.body), item.etag, now)
    return len(stalled)


def _nudge(stores: Stores, replay: Replay, etag: str, now: datetime) -> None:
    again = replay.model_copy(update={"updated_at": now})
    told = ReplayAdvanced(replay_id=replay.id, step=replay.step)
    announce_once(
        stores,
        source=SOURCE,
        container=CONTAINER,
        partition=PARTITION,
        decide=lambda: Decision([Replace(kept_replay(again), etag)], [told]),
        now=now,
    )


def _looked(means: Means, replay: Replay, now: datetime) -> Replay:
    """The replay after its next page. A container that is gone by now is passed by, and one
    whose continuation is of another version is looked through from its beginning."""
    name, *left = replay.containers_left
    step = {"step": replay.step + 1, "updated_at": now}
    if name not in topology.load().containers:
        return _at(replay, step, left, None)
    try:
        page = means.stores.documents.query(name, (), limit=_PAGE, continuation=replay.continuation)
    except Invalid:
        telemetry.log("replay.begun_anew", replay=replay.id, container=name)
        page = means.stores.documents.query(name, (), limit=_PAGE)
    known: dict[Subject, datetime | None] = {}
    begun = sum(_erase_again(means, name, item, known, now) for item in page.items)
    counts = {
        "documents": replay.documents + len(page.items),
        "erased_again": replay.erased_again + begun,
    }
    if page.continuation is not None:
        return _at(replay, step | counts, list(replay.containers_left), page.continuation)
    return _at(replay, step | counts, left, None)


def _at(
    replay: Replay, update: dict[str, object], left: list[str], continuation: str | None
) -> Replay:
    update |= {"containers_left": tuple(left), "continuation": continuation}
    return replay.model_copy(update=update | ({} if left else {"state": "ended"}))


def _erase_again(
    means: Means, name: str, item: Stored, known: dict[Subject, datetime | None], now: datetime
) -> int:
    """Erase whom a document names if they were erased before it came back; returns how many
    erasures that began. ``known`` keeps what was asked before."""
    tenant_id = str(item.body["tenant_id"])
    begun = 0
    for kind, identity in subjects_in(topology.load().containers[name], item.body):
        subject = (tenant_id, kind, identity)
        if subject in known and kind != "address":
            continue
        if subject not in known:
            known[subject] = erased_at(means.stores, means.pseudonyms, tenant_id, kind, identity)
        was_at = known[subject]
        if was_at is None:
            continue
        if kind == "address":
            _remove_if_older(means, name, item, was_at)
        elif not came_back(means.stores, tenant_id, kind, identity, since=was_at):
            begun += _begin_again(means, tenant_id, kind, identity, now)
    return begun


def _begin_again(
    means: Means, tenant_id: str, kind: SubjectKind, identity: str, now: datetime
) -> int:
    note = noted(
        means.pseudonyms, None, "erasure.again", tenant_id=tenant_id, of=kind, target=identity
    )
    outcome = announce_once(
        means.stores,
        source=SOURCE,
        container=CONTAINER,
        partition=(tenant_id, means.pseudonyms.of(tenant_id, kind, identity)),
        # one that is under way finds this by itself: then the decision is empty
        decide=lambda: requested(
            means.stores,
            means.pseudonyms,
            tenant_id=tenant_id,
            of=kind,
            identity=identity,
            subjects={kind: (identity,)},
            events=[note],
            is_there=True,
            now=now,
        )[1],
        now=now,
    )
    return 1 if outcome == "done" else 0


def _remove_if_older(means: Means, name: str, item: Stored, was_at: datetime) -> None:
    """Remove a document of an erased address that was made before; a later one is of whoever
    registered with the address since."""
    if is_later(item.body, was_at):
        return
    keys = topology.load().containers[name].partition_key
    partition = tuple(str(item.body[key]) for key in keys)
    with suppress(Missing, Stale):
        means.stores.documents.commit(name, partition, [Delete(str(item.body["id"]), item.etag)])
