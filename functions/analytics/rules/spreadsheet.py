"""Rows as CSV (RFC 4180), for spreadsheets that take some texts for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: Any) -> str | int | float:
    """A value as it stands in a cell: nothing for None, and a text that a spreadsheet would take
    for a formula behind an apostrophe (OWASP, "CSV Injection")."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without anything nested: a list's members and an object's by names of their own."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{inner}": number for inner, number in value.items()}
        elif isinstance(value, list | tuple):
            found |= {f"{name}_{at}": number for at, number in enumerate(value)}
        else:
            found[name] = value
    return found


def csv_of(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """The rows below a header. ``columns`` come first, in this order; what else some row has
    follows, by name."""
    flattened = [flat(row) for row in rows]
    more = sorted({name for row in flattened for name in row} - set(columns))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*columns, *more])
    for row in flattened:
        writer.writerow([cell(row.get(name)) for name in (*columns, *more)])
    return out.getvalue().encode()
