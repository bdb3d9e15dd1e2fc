"""Shows reports to who may see them, and hands out their files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import merge
from itertools import islice

from functions.journey_summary.rules.documents import BLOBS, CONTAINER, Summary, blob_name_of
from shared.access import Reach, Reaches
from shared.audit import record_read
from shared.auth import Principal, Ticket, Tokens
from shared.documents.port import Equals, Order, Partition, Range
from shared.erasures import erased_at
from shared.errors import Conflict, Forbidden, Invalid, Missing, Unauthenticated
from shared.people import check_person, check_reach, children_of, find_owned, read_account
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

LINK_LIFETIME = timedelta(minutes=15)
_PAGE = 100


@dataclass(frozen=True)
class Link:
    """What opens one version of a report until it expires."""

    ticket: str
    version: int
    expires_at: datetime


def read(stores: Stores, partition: Partition, session_id: str) -> tuple[Summary, str]:
    """The report of a journey in a learner's partition, and its etag. Raises ``Missing``."""
    stored = stores.documents.get(CONTAINER, partition, session_id)
    if stored is None or stored.body.get("kind") != "summary":
        raise _missing()
    return Summary.of(stored.body), stored.etag


def find(stores: Stores, by: Principal, reach: frozenset[Reach], session_id: str) -> Summary:
    """A report of the caller's tenant that the caller reaches. Raises ``Missing``."""
    found = find_owned(stores, by, reach, CONTAINER, "session_id", session_id)
    if found is None:
        raise _missing()
    return Summary.of(found.body)


def listed(
    stores: Stores,
    by: Principal,
    reach: frozenset[Reach],
    *,
    user_id: str | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[Summary], str | None]:
    """A page of reports, the journeys that ended last first, and where the next begins.

    Without ``user_id`` they are the caller's own, and a parent's also those of all children.
    Raises ``Missing`` for somebody who is not reached, ``Invalid`` for a wrong continuation.
    """
    if user_id is not None:
        check_person(stores, by, reach, user_id)
        users = [user_id]
    else:
        users = [by.user_id]
        if "children" in reach:
            users += children_of(stores, by.tenant_id, by.user_id)
    after = place_of(continuation) if continuation else None
    found = merge(
        *(_latest(stores, (by.tenant_id, each), after) for each in users),
        key=_place,
        reverse=True,
    )
    page = list(islice(found, limit + 1))
    items = page[:limit]
    return items, _continuation(items[-1]) if len(page) > limit else None


def link(
    stores: Stores,
    tokens: Tokens,
    pseudonyms: Pseudonyms,
    by: Principal,
    summary: Summary,
    *,
    now: datetime,
) -> Link:
    """A ticket for the latest version of a report, for the caller, written to the audit log.

    Raises ``Conflict`` while there is no version yet.
    """
    latest = summary.latest
    if latest is None:
        raise Conflict("the report is not ready yet; try again in a minute")
    try:
        read_account(stores, by.tenant_id, by.user_id)
    except Missing:
        # the link is judged by the account when it is opened
        raise Conflict("you have no account here yet: read v1/users/me first") from None
    record_read(stores, pseudonyms, by, "summary.link", of="user", target=summary.user_id, now=now)
    ticket = Ticket(
        summary.tenant_id, by.user_id, f"{summary.user_id}/{summary.session_id}/{latest.number}"
    )
    return Link(
        ticket=tokens.issue_ticket(ticket, use="download", now=now, lifetime=LINK_LIFETIME),
        version=latest.number,
        expires_at=now + LINK_LIFETIME,
    )


def download(
    stores: Stores,
    tokens: Tokens,
    pseudonyms: Pseudonyms,
    session_id: str,
    ticket: str,
    reaches: Reaches,
    *,
    now: datetime,
) -> tuple[Summary, bytes]:
    """A report and its file, for who was given the ticket and still may see it.

    Whether they may is judged anew, by ``reaches`` for the roles of their account: a family link
    that ended, a suspended account and an erasure close it at once. Every download is written to
    the audit log. Raises ``Unauthenticated`` for a ticket that does not hold, ``Forbidden`` and
    ``Missing``.
    """
    held = tokens.read_ticket(ticket, use="download", now=now)
    user_id, _, rest = held.ticket_id.partition("/")
    named, _, number = rest.partition("/")
    if named != session_id:
        raise Unauthenticated("the link is for another report")
    viewer = _viewer(stores, pseudonyms, held)
    reach = frozenset(reaches[role] for role in reaches if role in viewer.roles)
    if not reach:
        raise Forbidden("you may not read reports any more")
    try:
        check_reach(stores, viewer, reach, user_id)
    except Missing:
        raise _missing() from None
    summary, _ = read(stores, (held.tenant_id, user_id), session_id)
    if summary.latest is None or str(summary.latest.number) != number:
        raise Missing("this version was replaced by another; ask for a link anew")
    with stores.blobs.open(BLOBS, blob_name_of(held.tenant_id, user_id, session_id)) as file:
        content = file.read()
    if sha256(content).hexdigest() != summary.latest.sha256:
        raise Missing("the report is being made anew; ask for a link again in a minute")
    record_read(stores, pseudonyms, viewer, "summary.download", of="user", target=user_id, now=now)
    return summary, content


def _viewer(stores: Stores, pseudonyms: Pseudonyms, held: Ticket) -> Principal:
    """Who was given a ticket, as they are now."""
    if erased_at(stores, pseudonyms, held.tenant_id, "user", held.subject) is not None:
        raise Unauthenticated("the link is nobody's any more")
    with suppress(Missing):
        person, _ = read_account(stores, held.tenant_id, held.subject)
        if person.status != "active":
            raise Forbidden("your account is suspended; ask an admin of your tenant")
        return Principal(held.subject, held.tenant_id, frozenset(person.roles))
    raise Unauthenticated("the link is nobody's any more")


def _latest(
    stores: Stores, partition: Partition, after: tuple[str, str] | None
) -> Iterator[Summary]:
    """A learner's reports, the journeys that ended last first, after a place in that order."""
    where = [Equals("kind", "summary")]
    bound = [] if after is None else [Range("completed_at", below=f"{after[0]}~")]
    continuation = None
    while True:
        page = stores.documents.query(
            CONTAINER,
            partition,
            where=[*where, *bound],
            order=Order("completed_at", descending=True),
            limit=_PAGE,
            continuation=continuation,
        )
        found = [Summary.of(item.body) for item in page.items]
        # of one moment they come in any order
        for each in sorted(found, key=_place, reverse=True):
            if after is None or _place(each) < after:
                yield each
        continuation = page.continuation
        if continuation is None:
            return


def _place(summary: Summary) -> tuple[str, str]:
    return (str(summary.stored()["completed_at"]), summary.session_id)


def _continuation(summary: Summary) -> str:
    return "~".join(_place(summary))


def place_of(continuation: str) -> tuple[str, str]:
    """The place in the list that a continuation names. Raises ``Invalid`` for what names none."""
    moment, _, session_id = continuation.partition("~")
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        raise Invalid("continuation: it is none of this list") from None
    return moment, session_id


def _missing() -> Missing:
    return Missing("there is no report of a journey with this id")
