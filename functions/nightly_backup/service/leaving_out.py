"""Whether a document of a backup may come back: never what is an erased person's."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ValidationError

from shared.documents.port import Json
from shared.erasure_rules import came_back, is_anew, is_later, subjects_in
from shared.erasures import erased_at
from shared.models.subject import SubjectKind
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores
from shared.topology import Container

Verdict = Literal["restore", "leave_out", "at_the_end"]


class Erased:
    """What is known of erasures in the store that is restored into: its tombstones are there
    before anything else.

    ``began`` and ``ended`` are when the backup did: an erasure that was asked for later concerns
    all that the backup holds of its subject. One from before concerns what was on its way; a
    candidate's profile or a file may have come in anew since. Of one from between nobody knows
    whether a document was read before it: only one that tells its own moment comes back.
    """

    def __init__(
        self, stores: Stores, pseudonyms: Pseudonyms, began: datetime, ended: datetime
    ) -> None:
        self._stores = stores
        self._pseudonyms = pseudonyms
        self._began = began
        self._ended = ended
        self._known: dict[tuple[str, SubjectKind, str], datetime | None] = {}

    def verdict(self, declared: Container, body: Json) -> Verdict:
        """What is to be done with a document; ``at_the_end`` where only a document that may not
        be restored yet can tell."""
        tenant_id, found = str(body["tenant_id"]), False
        for kind, identity in subjects_in(declared, body):
            at = self._at(tenant_id, kind, identity)
            if at is None:
                continue
            if kind == "address":
                if not is_later(body, at):
                    return "leave_out"
            elif kind == "user" or at >= self._ended:
                return "leave_out"
            else:
                own = _own_word(kind, identity, body, at)
                if own is False or (own is None and at > self._began):
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
            if not came_back(self._stores, tenant_id, kind, identity, since=at):
                return False
        return True

    def _at(self, tenant_id: str, kind: SubjectKind, identity: str) -> datetime | None:
        key = (tenant_id, kind, identity)
        if key not in self._known:
            self._known[key] = erased_at(self._stores, self._pseudonyms, *key)
        return self._known[key]


def _own_word(kind: SubjectKind, identity: str, body: Json, since: datetime) -> bool | None:
    try:
        return is_anew(kind, identity, body, since=since)
    except ValidationError:  # of a form that nobody reads any more
        return False
