"""After a restore: what was erased once and has come back is erased again.

Every document by which a subject can be found is looked at, a page an event; whose pseudonym
has a tombstone is erased again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from functions.accounts.service.means import SOURCE, Means
from functions.accounts.service.personal_data.finding import came_back
from shared import topology
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Stored
from shared.erasures import Subjects, erased_at, read_erasure, requested
from shared.errors import Invalid, Rejected
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
    tenant_id = str(item.body["tenant_id"])
    for kind, identity in _subjects_in(topology.load().containers[name], item):
        was_at = erased_at(means.stores, means.pseudonyms, tenant_id, kind, identity)
        if was_at is None or not _is_old(means, tenant_id, kind, identity, was_at):
            continue
        tombstone_id = means.pseudonyms.of(tenant_id, kind, identity)
        subjects: Subjects = {kind: (identity,)}
        if kind == "user" and (address := _address_of(name, item)):
            subjects["address"] = (address,)
        present = read_erasure(means.stores, tenant_id, tombstone_id)
        if present is not None and present[0].state != "erased":
            continue  # under way: its second sweep finds this as well

        def decide(
            tenant_id: str = tenant_id,
            kind: SubjectKind = kind,
            identity: str = identity,
            subjects: Subjects = subjects,
        ) -> Decision:
            note = noted(
                means.pseudonyms, None, "erasure.again",
                tenant_id=tenant_id, of=kind, target=identity,
            )  # fmt: skip
            return requested(
                means.stores,
                means.pseudonyms,
                tenant_id=tenant_id,
                of=kind,
                identity=identity,
                subjects=subjects,
                events=[note],
                again=True,
                now=now,
            )[1]

        announce_once(
            means.stores,
            source=SOURCE,
            container=CONTAINER,
            partition=(tenant_id, tombstone_id),
            decide=decide,
            now=now,
        )


def _subjects_in(declared: Container, item: Stored) -> Iterator[tuple[SubjectKind, str]]:
    """The subjects that a document names, by its container's rules."""
    if isinstance(declared.erasure, Kept):
        return
    for rule in declared.erasure:
        value = item.body.get(rule.field)
        before, _, after = rule.value.partition("{id}")
        if isinstance(value, str) and value.startswith(before) and value.endswith(after):
            identity = value[len(before) : len(value) - len(after)]
            if identity and rule.of != "address":
                yield rule.of, identity


def _is_old(
    means: Means, tenant_id: str, kind: SubjectKind, identity: str, was_at: datetime
) -> bool:
    """Whether this is what was erased. A candidate may have come in anew since."""
    return kind != "candidate" or not came_back(means.stores, tenant_id, identity, since=was_at)


def _address_of(name: str, item: Stored) -> str | None:
    value = item.body.get("address_id")
    return value if name in {"accounts", "credentials"} and isinstance(value, str) else None
