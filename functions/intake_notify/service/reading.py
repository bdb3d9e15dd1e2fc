"""Lists what people are told, with what each has read of it, and marks it as read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.intake_notify.rules.marks import (
    MARK_SECONDS,
    ReadUpTo,
    is_read,
    mark_id_of,
    mark_of,
    up_to_id_of,
)
from shared.documents.port import Create, Equals, Filter, Order, Range, Replace
from shared.errors import Missing
from shared.messaging import Decision, announce_once
from shared.models.notification import CONTAINER, RECRUITERS, Notification, audience_of
from shared.stores import Stores

MOST_COUNTED = 100
_SOURCE = "intake_notify"
_MOST_PAGES = 10
_MARGIN = timedelta(seconds=1)
"""Moments stand in documents in more than one form, so a range is taken wider and looked through.
"""


@dataclass(frozen=True)
class Reader:
    """Somebody who reads what an audience is told: themselves, or all recruiters."""

    tenant_id: str
    user_id: str
    audience: str

    @property
    def own(self) -> str:
        """The audience that the reader is alone; marks lie in its partition."""
        return audience_of(self.user_id)

    @property
    def own_partition(self) -> tuple[str, str]:
        return (self.tenant_id, self.own)


Listed = tuple[Notification, bool]
"""A notification, and whether it was read."""


def listed(
    stores: Stores,
    reader: Reader,
    *,
    unread_only: bool = False,
    limit: int,
    continuation: str | None,
) -> tuple[list[Listed], str | None]:
    """Return a page of what a reader is told, newest first, and where the next begins.

    With ``unread_only`` a page may hold fewer than ``limit``, and still have a next.
    """
    up_to = _read_up_to(stores, reader)
    found: list[Listed] = []
    for _ in range(_MOST_PAGES):
        page, continuation = _page(
            stores,
            reader,
            above=up_to if unread_only else None,
            limit=limit,
            continuation=continuation,
        )
        found = _with_marks(stores, reader, page, up_to)
        if unread_only:
            found = [each for each in found if not each[1]]
        if found or continuation is None:
            break
    return found, continuation


def count_unread(stores: Stores, reader: Reader) -> int:
    """How many of the newest :data:`MOST_COUNTED` notifications a reader has not read."""
    up_to = _read_up_to(stores, reader)
    page, _ = _page(stores, reader, above=up_to, limit=MOST_COUNTED, continuation=None)
    return sum(not read for _, read in _with_marks(stores, reader, page, up_to))


def mark(stores: Stores, reader: Reader, notification_id: str, *, now: datetime) -> Notification:
    """Mark one notification as read by the reader, once; returns it.

    Raises ``Missing`` when the reader's audience is told nothing of this id.
    """
    stored = stores.documents.get(CONTAINER, (reader.tenant_id, reader.audience), notification_id)
    if stored is None or stored.body.get("kind") != "notification":
        raise Missing("there is no notification with this id")
    notification = Notification.of(stored.body)

    def decide() -> Decision:
        mark_id = mark_id_of(notification_id)
        if stores.documents.get(CONTAINER, reader.own_partition, mark_id) is not None:
            return Decision()
        made = mark_of(reader.own, notification, now=now)
        return Decision([Create(made.stored() | {"ttl": MARK_SECONDS})])

    announce_once(
        stores,
        source=_SOURCE,
        container=CONTAINER,
        partition=reader.own_partition,
        decide=decide,
        now=now,
    )
    return notification


def mark_all(stores: Stores, reader: Reader, up_to: datetime, *, now: datetime) -> None:
    """Mark as read all that the reader's audience was told up to a moment, at most until now.

    An earlier moment than before changes nothing.
    """
    wanted = min(up_to, now)

    def decide() -> Decision:
        mark_id = up_to_id_of(reader.audience)
        stored = stores.documents.get(CONTAINER, reader.own_partition, mark_id)
        if stored is not None and ReadUpTo.of(stored.body).up_to >= wanted:
            return Decision()
        made = ReadUpTo(
            id=mark_id,
            tenant_id=reader.tenant_id,
            audience=reader.own,
            told=reader.audience,
            up_to=wanted,
            read_at=now,
        )
        body = made.stored() | {"ttl": MARK_SECONDS}
        return Decision([Create(body) if stored is None else Replace(body, stored.etag)])

    announce_once(
        stores,
        source=_SOURCE,
        container=CONTAINER,
        partition=reader.own_partition,
        decide=decide,
        now=now,
    )


def reader_of(
    stores: Stores, tenant_id: str, user_id: str, notification_id: str, *, reads_all: bool
) -> Reader:
    """As what somebody reads a notification: as themselves, or else as a recruiter."""
    own = Reader(tenant_id, user_id, audience_of(user_id))
    if reads_all and stores.documents.get(CONTAINER, own.own_partition, notification_id) is None:
        return Reader(tenant_id, user_id, RECRUITERS)
    return own


def _page(
    stores: Stores,
    reader: Reader,
    *,
    above: datetime | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[Notification], str | None]:
    where: list[Filter] = [Equals("kind", "notification")]
    if above is not None:
        where.append(Range("created_at", at_least=(above - _MARGIN).isoformat()))
    page = stores.documents.query(
        CONTAINER,
        (reader.tenant_id, reader.audience),
        where=where,
        order=Order("created_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [Notification.of(item.body) for item in page.items], page.continuation


def _with_marks(
    stores: Stores, reader: Reader, page: Sequence[Notification], up_to: datetime | None
) -> list[Listed]:
    """Notifications of a page, newest first, each with whether it was read."""
    marked: set[str] = set()
    unsure = [each for each in page if not is_read(each, up_to=up_to, marked=marked)]
    if unsure:
        oldest, newest = unsure[-1].created_at, unsure[0].created_at
        continuation = None
        while True:
            found = stores.documents.query(
                CONTAINER,
                reader.own_partition,
                where=[
                    Equals("kind", "read_mark"),
                    Range(
                        "created_at",
                        at_least=(oldest - _MARGIN).isoformat(),
                        below=(newest + _MARGIN).isoformat(),
                    ),
                ],
                limit=1000,
                continuation=continuation,
            )
            marked |= {item.body["notification_id"] for item in found.items}
            continuation = found.continuation
            if continuation is None:
                break
    return [(each, is_read(each, up_to=up_to, marked=marked)) for each in page]


def _read_up_to(stores: Stores, reader: Reader) -> datetime | None:
    mark_id = up_to_id_of(reader.audience)
    stored = stores.documents.get(CONTAINER, reader.own_partition, mark_id)
    return None if stored is None else ReadUpTo.of(stored.body).up_to
