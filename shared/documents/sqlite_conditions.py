"""The port's filters and places in an order, as conditions of SQLite's."""

from __future__ import annotations

import json
from typing import Any

from shared.documents.checks import checked_path
from shared.documents.port import Equals, Filter, Order, Prefix, Range
from shared.topology import Container

_AFTER_ANY_TEXT = "\U0010ffff"


def field_of(path: str) -> str:
    """The value of a field, in SQL."""
    return f"json_extract(body, '$.{checked_path(path)}')"


def _kind(path: str) -> str:
    return f"json_type(body, '$.{checked_path(path)}')"


def condition_of(name: str, declared: Container, condition: Filter) -> tuple[str, list[Any]]:
    """A filter in SQL, and its values."""
    field, kind = field_of(condition.path), _kind(condition.path)
    if isinstance(condition, Equals):
        return _equality(field, kind, condition.value)
    if isinstance(condition, Range):
        bounds = [
            (sign, bound)
            for sign, bound in ((">=", condition.at_least), ("<", condition.below))
            if bound is not None
        ]
        kinds = "('text')" if isinstance(bounds[0][1], str) else "('integer', 'real')"
        parts = [f"{kind} IN {kinds}", *(f"{field} {sign} ?" for sign, _ in bounds)]
        return " AND ".join(parts), [bound for _, bound in bounds]
    if isinstance(condition, Prefix):
        return (
            f"{kind} = 'text' AND {field} >= ? AND {field} < ?",
            [condition.value, condition.value + _AFTER_ANY_TEXT],
        )
    if condition.path in declared.array_fields:
        return (
            f'rowid IN (SELECT document FROM "{name}.members" WHERE path = ? AND value = ?)',  # noqa: S608  a name from topology
            [condition.path, member_of(condition.value)],
        )
    text, values = _equality("member.value", "member.type", condition.value)
    return (
        f"{kind} = 'array' AND EXISTS (SELECT 1 FROM"  # noqa: S608  the path is checked
        f" json_each(body, '$.{condition.path}') AS member WHERE {text})",
        values,
    )


def _equality(field: str, kind: str, value: Any) -> tuple[str, list[Any]]:
    if value is None:
        return f"{kind} = 'null'", []
    if isinstance(value, bool):
        return f"{kind} = '{str(value).lower()}'", []
    if isinstance(value, str):
        return f"{field} = ? AND {kind} = 'text'", [value]
    return f"{field} = ? AND {kind} IN ('integer', 'real')", [value]


def after(order: Order | None, position: str, last: list[Any]) -> tuple[str, list[Any]]:
    """What stands behind a place in an order, in SQL, and its values."""
    value, identity, *partition = last
    if order is None:
        return f"{position} > ?", [value]
    sign = "<" if order.descending else ">"
    return f"({position}, id, partition) {sign} (?, ?, ?)", [value, identity, json.dumps(partition)]


def member_of(value: Any) -> Any:
    """Text stays text; all else is kept apart from text by its JSON form as bytes, numbers
    by their value: 1 is 1.0, and 0 is -0.0."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = float(value) + 0.0
    return json.dumps(value, sort_keys=True).encode()
