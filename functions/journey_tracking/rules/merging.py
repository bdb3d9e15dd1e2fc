"""Merges what devices changed while they were apart, field by field.

The latest write of a field wins, by the moment the device says it was made; between equal
moments the device with the greater id, then the greater value as text. So the outcome is the
same whatever order devices come in, and however often (a last-writer-wins register a field;
Shapiro, Preguiça, Baquero & Zawirski 2011).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.journey_tracking.rules.documents import SharedField, SharedState
from shared.errors import Unprocessable

MOST_FIELDS = 50


@dataclass(frozen=True)
class Conflicting:
    """A field that another device had changed since: what was kept, and what was let go."""

    field: str
    kept: Any
    discarded: Any
    winner_device: str


@dataclass(frozen=True)
class Merged:
    """The shared state after a merge, and the conflicts that it settled."""

    state: SharedState
    conflicts: tuple[Conflicting, ...]


def merged(
    state: SharedState,
    device_id: str,
    base_version: int,
    changes: Mapping[str, tuple[Any, datetime]],
    *,
    now: datetime,
) -> Merged:
    """Merge a device's changes, each a value and when it was made.

    ``base_version`` is the version that the device last saw: a field that another device
    wrote after it, with another value, is a conflict. Moments ahead of now count as now.
    Raises ``Unprocessable`` above :data:`MOST_FIELDS`.
    """
    fields = dict(state.fields)
    conflicts: list[Conflicting] = []
    version = state.version + 1
    for name, (value, changed_at) in changes.items():
        offered = SharedField(
            value=value, changed_at=min(changed_at, now), device_id=device_id, version=version
        )
        held = fields.get(name)
        wins = held is None or _rank(offered) > _rank(held)
        if held is not None and _is_conflict(held, device_id, base_version, value):
            kept, discarded = (offered, held) if wins else (held, offered)
            conflicts.append(
                Conflicting(name, kept.value, discarded.value, winner_device=kept.device_id)
            )
        if wins:
            fields[name] = offered
    if len(fields) > MOST_FIELDS:
        raise Unprocessable(f"a journey shares at most {MOST_FIELDS} fields")
    if fields == state.fields:
        return Merged(state, tuple(conflicts))
    later = state.model_copy(update={"fields": fields, "version": version, "updated_at": now})
    return Merged(later, tuple(conflicts))


def _is_conflict(held: SharedField, device_id: str, base_version: int, value: Any) -> bool:
    return held.version > base_version and held.device_id != device_id and held.value != value


def _rank(one: SharedField) -> tuple[datetime, str, str]:
    return (one.changed_at, one.device_id, json.dumps(one.value, sort_keys=True))
