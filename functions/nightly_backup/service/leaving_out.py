"""Whether a document of a backup may come back: never what is an erased person's."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ValidationError

from shared.documents.port import Equals, Json
from shared.erasure_rules import came_back, is_anew, is_later, subjects_in
from shared.models.subject import SubjectKind
from shared.models.tombstone import CONTAINER, Tombstone
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores
from shared.topology import Container

_PAGE = 1000

Verdict = Literal["restore", "leave_out", "at_the_end"]


class Erased:
    """What is known of erasures in the store that is restored into: its tombstones are there
    before anything else.

    ``began`` and ``ended`` are when the backup did: an erasure that was asked for later concerns
    all that the backup holds of its subject. One from before concerns what was on its way; a
    candidate's profile or a file may have come in anew since. Of one from between nobody knows
    whether a document was read before it: only one that tells its own moment comes back. What
    happens in the same instant as an erasure counts as before it: whoever is in doubt stays away.

    The tombstones are read once, a page at a time, at the first question.
    """

    def __init__(
        self,
        stores: Stores,
        pseudonyms: Pseudonyms,
        began: datetime,
        ended: datetime,
        *,
        only_tenant: str | None = None,
    ) -> None:
        self._stores = stores
        self._pseudonyms = pseudonyms
        self._began = began
        self._ended = ended
        self._scope = () if only_tenant is None else (only_tenant,)
        self._tombstones: dict[tuple[str, str], datetime] | None = None
        self._known: dict[tuple[str, SubjectKind, str], datetime | None] = {}
        self._back: dict[tuple[str, SubjectKind, str], bool] = {}

    def verdict(self, declared: Container, body: Json) -> Verdict:
        """What is to be done with a document; ``at_the_end`` where only a document that may not
        be restored yet can tell."""
        tenant_id, found = str(body["tenant_id"]), False
        for kind, identity in subjects_in(declared, body):
            at = self._at(tenant_id, kind, identity)
            if at is None:
                continue
            if kind == "address":
                if not _is_later(body, at):
                    return "leave_out"
            elif kind == "user" or at >= self._ended:
                return "leave_out"
            else:
                own = _own_word(kind, identity, body, at)
                if own is False or (own is None and at >= self._began):
                    return "leave_out"
                found = found or own is None
        return "at_the_end" if found else "restore"

    def stays(self, declared: Container, body: Json) -> bool:
        """Whether a document that waited for the end is restored: all that it is of came back."""
        tenant_id = str(body["tenant_id"])
        for kind, identity in subjects_in(declared, body):
            at = self._at(tenant_id, kind, identity)
            if at is None or kind == "address":
                continue
            if not self._came_back(tenant_id, kind, identity, at):
                return False
        return True

    def _came_back(self, tenant_id: str, kind: SubjectKind, identity: str, at: datetime) -> bool:
        key = (tenant_id, kind, identity)
        if key not in self._back:
            try:
                self._back[key] = came_back(self._stores, *key, since=at)
            except ValidationError:  # of a form that nobody reads any more
                self._back[key] = False
        return self._back[key]

    def _at(self, tenant_id: str, kind: SubjectKind, identity: str) -> datetime | None:
        key = (tenant_id, kind, identity)
        if key not in self._known:
            if self._tombstones is None:
                self._tombstones = _all_tombstones(self._stores, self._scope)
            place = (tenant_id, self._pseudonyms.of(*key)) if self._tombstones else ("", "")
            self._known[key] = self._tombstones.get(place)
        return self._known[key]


def _all_tombstones(stores: Stores, scope: tuple[str, ...]) -> dict[tuple[str, str], datetime]:
    found: dict[tuple[str, str], datetime] = {}
    continuation = None
    while True:
        page = stores.documents.query(
            CONTAINER, scope, where=[Equals("kind", "tombstone")], limit=_PAGE,
            continuation=continuation,
        )  # fmt: skip
        for item in page.items:
            stone = Tombstone.of(item.body)
            found[stone.tenant_id, stone.tombstone_id] = stone.requested_at
        continuation = page.continuation
        if continuation is None:
            return found


def _is_later(body: Json, since: datetime) -> bool:
    try:
        return is_later(body, since)
    except (ValueError, TypeError):  # a moment that nobody can read
        return False


def _own_word(kind: SubjectKind, identity: str, body: Json, since: datetime) -> bool | None:
    try:
        return is_anew(kind, identity, body, since=since)
    except ValidationError:  # of a form that nobody reads any more
        return False
