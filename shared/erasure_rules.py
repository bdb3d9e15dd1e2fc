"""Whose data a document is, by its container's rule, and whether it may have come back since.

For who looks through documents for what was erased: a replay of erasures, and a restore.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shared.documents.port import Json
from shared.models import candidate, intake
from shared.models.candidate import CandidateProfile
from shared.models.intake import IntakeRecord
from shared.models.subject import SubjectKind
from shared.stores import Stores
from shared.topology import Container, Kept


def subjects_in(declared: Container, body: Json) -> Iterator[tuple[SubjectKind, str]]:
    """The subjects that a document names, by its container's rules."""
    if isinstance(declared.erasure, Kept):
        return
    for rule in declared.erasure:
        value = body.get(rule.field)
        before, _, after = rule.value.partition("{id}")
        if isinstance(value, str) and value.startswith(before) and value.endswith(after):
            identity = value[len(before) : len(value) - len(after)]
            if identity:
                yield rule.of, identity


def came_back(
    stores: Stores, tenant_id: str, kind: SubjectKind, identity: str, *, since: datetime
) -> bool:
    """Whether a candidate's profile, or a file at the same place with the same bytes, came in
    anew since a moment: it has the id of the former and is not the former."""
    container = {"candidate": candidate.CONTAINER, "intake": intake.CONTAINER}.get(kind)
    if container is None:
        return False
    stored = stores.documents.get(container, (tenant_id, identity), identity)
    return stored is not None and bool(is_anew(kind, identity, stored.body, since=since))


def is_anew(kind: SubjectKind, identity: str, body: Json, *, since: datetime) -> bool | None:
    """Whether a candidate's or a file's own document says that it came in anew since a moment;
    None for any other document, which says nothing of that."""
    if body.get("id") != identity:
        return None
    if kind == "candidate":
        if candidate.read_alias(body):
            return False
        return CandidateProfile.of(body).newest_source.received_at > since
    if kind == "intake":
        return IntakeRecord.of(body).created_at > since
    return None


def is_later(body: Json, since: datetime) -> bool:
    """Whether a document was made after a moment."""
    made = body.get("created_at")
    return isinstance(made, str) and datetime.fromisoformat(made) > since
