"""Which document a file belongs to, by the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Owner:
    """The document that tells of a file: where it lies, and whether it still does so."""

    container: str
    partition: tuple[str, ...]
    document_id: str
    tells: Callable[[Body], bool]


def owner_of(blob_container: str, name: str) -> Owner | None:
    """The document that a file of a blob container belongs to.

    None where nothing can be told: files that people drop, containers that look after themselves,
    and names of another form.
    """
    parts = name.split("/")
    find = _OWNERS.get(blob_container)
    return find(parts) if find is not None and all(parts) else None


def _summary(parts: list[str]) -> Owner | None:
    if len(parts) != 4:
        return None
    tenant, user, session, _ = parts
    return Owner("journey_summaries", (tenant, user), session, _whatever_it_says)


def _portfolio_file(parts: list[str]) -> Owner | None:
    if len(parts) != 5:
        return None
    tenant, user, item_id, file_id, _ = parts

    def tells(body: Body) -> bool:
        return any(each.get("file_id") == file_id for each in body.get("files", ()))

    return Owner("portfolio", (tenant, user), item_id, tells)


def _session_archive(parts: list[str]) -> Owner | None:
    if len(parts) != 4:
        return None
    tenant, user, journey_id, _ = parts
    name = "/".join(parts)
    return Owner("journeys", (tenant, user), journey_id, lambda body: body.get("archive") == name)


def _whatever_it_says(_body: Body) -> bool:
    return True


_OWNERS: Mapping[str, Callable[[list[str]], Owner | None]] = {
    "journey-summaries": _summary,
    "portfolio-files": _portfolio_file,
    "session-archives": _session_archive,
}
OWNED = tuple(_OWNERS)
"""The blob containers whose files have an owner."""
