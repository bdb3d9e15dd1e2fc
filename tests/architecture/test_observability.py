"""docs/observability.md lists every metric and every component as the code has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from shared.readiness.uses import USES, Component
from shared.telemetry import INSTRUMENTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "observability.md"


def _rows(heading: str, first: str) -> list[list[str]]:
    """The cells of the table below a heading whose first column has this name."""
    section = f"\n{PAGE.read_text(encoding='utf-8')}".split(f"\n## {heading}\n")[1]
    table = section.split(f"\n| {first} |")[1].split("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in table.splitlines()[2:]
    ]


def test_every_metric_is_listed() -> None:
    """With its kind and unit."""
    listed = {row[0].strip("`"): (row[1], row[2]) for row in _rows("Metrics", "metric")}
    assert listed == {name: (each.kind, each.unit) for name, each in INSTRUMENTS.items()}


def test_every_component_is_listed() -> None:
    """And who is listed as needing or being helped is so in the table of uses."""
    listed: set[str] = set()
    for row in _rows("Readiness", "component"):
        names = re.findall(r"`(\w+)`", row[0])
        listed |= {*names}
        for name in names:
            needs = {how for used in USES.values() for part, how in used.items() if part == name}
            assert needs == ({"needed"} if row[2] else set()) | ({"helpful"} if row[3] else set())
    assert listed == {*get_args(Component)}
