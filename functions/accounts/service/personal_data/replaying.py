"""After a restore: what was erased once and has come back is erased again.

Every document by which a subject can be found is looked at, a page an event; whose pseudonym
has a tombstone is erased again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime

from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.personal_data.finding import came_back
from shared import topology
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Delete, Stored
from shared.erasures import erased_at, requested
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
from shared.models.tombstone import CONTAINER
from shared.topology import Container, Kept

_PAGE = 500

Clock = Callable[[], datetime]


def begin(
    means: Means,
    operator: Principal,
    replay_id: str,
    *,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> str:
    """Look through every store for what was erased; returns the id of this replay."""

    def decide() -> Answer:
        told = ReplayAdvanced(replay_id=replay_id)
        note = noted(means.pseudonyms, operator, "erasure.replay", tenant_id=PLATFORM)
        begun = {
            "schema_version": 1,
            "id": replay_id,
            "kind": "replay",
            "tenant_id": PLATFORM,
            "tombstone_id": "replays",
            "requested_at": now.isoformat(),
            "ttl": 30 * 24 * 3600,
        }
        decision = Decision([Create(begun)], [told, note])
        return Answer(202, {"replay_id": replay_id}, decision)

    answer = reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=(PLATFORM, "replays"),
        decide=decide,
        now=now,
    )
    return str(answer.body["replay_id"])


def advance(means: Means, event: Event, *, clock: Clock) -> Outcome:
    """Look through one page of one container, and tell of the next."""
    data = read_data(event, ReplayAdvanced)
    names = [
        name
        for name, declared in topology.load().containers.items()
        if not isinstance(declared.erasure, Kept)
    ]
    if data.container is not None and data.container not in names:
        raise Rejected(f"{data.container} is not a container that holds people")
    name = data.container or names[0]

    def decide() -> Decision:
        try:
            page = means.stores.documents.query(
                name, (), limit=_PAGE, continuation=data.continuation
            )
        except Invalid:
            raise Rejected("the continuation is of another version") from None
        for item in page.items:
            _erase_again(means, name, item, clock())
        following = names[names.index(name) + 1 :]
        if page.continuation is None and not following:
            return Decision()
        told = ReplayAdvanced(
            replay_id=data.replay_id,
            container=name if page.continuation else following[0],
            continuation=page.continuation,
        )
        return Decision([], [told])

    return handle_once(
        means.stores,
        event,
        handler=SOURCE,
        container=CONTAINER,
        partition=(PLATFORM, "replays"),
        decide=decide,
        now=clock(),
    )


def _erase_again(means: Means, name: str, item: Stored, now: datetime) -> None:
    """Erase whom a document names if they were erased before it came back."""
    tenant_id = str(item.body["tenant_id"])
    for kind, identity in _subjects_in(topology.load().containers[name], item):
        was_at = erased_at(means.stores, means.pseudonyms, tenant_id, kind, identity)
        if was_at is None:
            continue
        if kind == "address":
            _remove_if_older(means, name, item, was_at)
        elif kind != "candidate" or not came_back(means.stores, tenant_id, identity, since=was_at):
            _begin_again(means, tenant_id, kind, identity, now)


def _begin_again(
    means: Means, tenant_id: str, kind: SubjectKind, identity: str, now: datetime
) -> None:
    note = noted(
        means.pseudonyms, None, "erasure.again", tenant_id=tenant_id, of=kind, target=identity
    )
    tombstone_id = means.pseudonyms.of(tenant_id, kind, identity)
    announce_once(
        means.stores,
        source=SOURCE,
        container=CONTAINER,
        partition=(tenant_id, tombstone_id),
        # one that is under way finds this by its second sweep: then the decision is empty
        decide=lambda: requested(
            means.stores,
            means.pseudonyms,
            tenant_id=tenant_id,
            of=kind,
            identity=identity,
            subjects={kind: (identity,)},
            events=[note],
            again=True,
            now=now,
        )[1],
        now=now,
    )


def _remove_if_older(means: Means, name: str, item: Stored, was_at: datetime) -> None:
    """Remove a document of an erased address that was written before; a later one is of whoever
    registered with the address since."""
    written_at = datetime.fromisoformat(str(item.body["created_at"]))
    if written_at > was_at:
        return
    keys = topology.load().containers[name].partition_key
    partition = tuple(str(item.body[key]) for key in keys)
    with suppress(Missing, Stale):
        means.stores.documents.commit(name, partition, [Delete(str(item.body["id"]), item.etag)])


def _subjects_in(declared: Container, item: Stored) -> Iterator[tuple[SubjectKind, str]]:
    """The subjects that a document names, by its container's rules."""
    if isinstance(declared.erasure, Kept):
        return
    for rule in declared.erasure:
        value = item.body.get(rule.field)
        before, _, after = rule.value.partition("{id}")
        if isinstance(value, str) and value.startswith(before) and value.endswith(after):
            identity = value[len(before) : len(value) - len(after)]
            if identity:
                yield rule.of, identity
