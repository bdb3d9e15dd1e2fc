"""Rows of a section told apart: dated heads, other heads, and the body beneath them."""

from __future__ import annotations

import re

from functions.intake_parse.rules import dates
from functions.intake_parse.rules.dates import Period
from functions.intake_parse.rules.lexicon import fold, tokens, words
from functions.intake_parse.rules.rows import Row
from functions.intake_parse.rules.titles import organisation_score, title_score
from functions.intake_parse.rules.units import FIELD_LABEL, NOISE

_LABEL = re.compile(r"[^:]{2,40}:\s")


EDGES = " \t,;:|·•–—―-/()[]"
"""What may stand around a date without saying anything."""


def periods_in(row: Row) -> list[Period]:
    """Return the periods of a row that date an entry, not those told in prose."""
    if len(row.text) > 260:
        return []
    found = dates.find(row.folded, row.body)
    if not found:
        return []
    rest = len(row.content) - sum(p.end - p.start for p in found)
    good = []
    for period in found:
        after = row.text[period.end :].strip(EDGES + ".")
        before = row.text[row.body : period.start].strip(EDGES)
        edge = not before or not after or row.text[: period.start].rstrip(" ")[-1:] in "(\t|·•–—-,["
        if period.ranged and (rest <= 130 and (edge or rest <= 60)):
            good.append(period)
        elif not period.ranged and edge and rest <= 100:
            words_before = before.split()
            if words_before and fold(words_before[-1]) in {
                "in",
                "of",
                "by",
                "from",
                "until",
                "the",
                "en",
                "im",
                "nel",
            }:
                continue
            good.append(period)
    if row.bullet and good and not any(p.ranged for p in good) and rest > 60:
        return []
    return good


def _prose(row: Row, previous: Row | None, previous_body: bool) -> bool:
    content = row.content
    parts = content.split()
    if len(content) > 105 and "\t" not in content and "|" not in content:
        return True
    if len(parts) >= 13 and "\t" not in content:
        return True
    first = fold(parts[0]).strip(",.:;")
    if (
        content.endswith(".")
        and len(parts) >= 4
        and not re.search(
            r"\b(?:Inc|Ltd|Co|Corp|S\.A|o\.\s?o|r\.\s?o|[BN]\.V|S\.L|Ltda|Şti|A\.Ş|S\.p\.A|e\.V)\.$",
            content,
        )
    ):
        return True
    if (
        content[0].islower()
        and not re.match(r"[a-z]+[A-Z]", content)
        and len(parts) > 1
        and first not in words("name_particles")
    ):
        return True
    if content[0].islower() and previous_body:
        return True
    if first in words("action_verbs") and len(parts) >= 4 and title_score(content) < 3:
        return True
    if FIELD_LABEL.match(content):
        return False
    if content.endswith(":"):
        return True
    if _LABEL.match(content) and not row.bold:
        return True
    if previous is not None and previous_body and not row.bold and row.style == previous.style:
        hanging = previous.bullet and previous.x0 + 2 < row.x0 < previous.x0 + 40
        flush = not previous.bullet and abs(previous.x0 - row.x0) < 2
        close = row.y0 - previous.y1 < 0.45 * max(row.y1 - row.y0, 1) and row.page == previous.page
        wide = len(previous.content) >= 55 and not previous.content.endswith((".", ";"))
        if row.size and previous.size:
            if hanging and close:
                return True
            if (
                flush
                and close
                and wide
                and title_score(content) < 2
                and organisation_score(content) < 2
            ):
                return True
        elif wide and len(previous.content) > 70 and content[0].islower():
            return True
    return False


_SIZE_LINE = re.compile(
    r"[$€£]\s?\d|.*\b\d[\d,.]*\+?\s(?:employees|staff|mitarbeiter|salaries|empleados|dipendenti|"
    r"medewerkers|people)\b"
)
"""A line that says how large an employer is."""


def _indented(rows: list[Row], dated: dict[int, list[Period]]) -> frozenset[int]:
    """Return the rows that only their indentation marks as body: bullets drawn as shapes.

    All rows at one left edge are body together: none is bold or dated, few name a title or an
    organisation. Where every dated row holds title and employer, any deeper edge is body.
    """
    heads = [row for row in rows if dated[row.index] and not row.bullet and row.size]
    if not heads:
        return frozenset()
    left = min(row.x0 for row in heads)
    heads = [row for row in heads if row.x0 < left + 4]
    whole = all(self_contained(row, dated[row.index]) for row in heads)
    edges: dict[int, list[Row]] = {}
    for row in rows:
        if row.size and not row.bullet and row.x0 - left > 8:
            edges.setdefault(round(row.x0 / 3), []).append(row)
    found: set[int] = set()
    for members in edges.values():
        if any(row.bold or any(_spans(row, p) for p in dated[row.index]) for row in members):
            continue
        if whole and len(heads) > 1:
            found.update(row.index for row in members)
            continue
        named = sum(
            title_score(row.content) >= 2 or organisation_score(row.content) >= 2 for row in members
        )
        near = members[0].x0 - left < 60 and not any(dated[row.index] for row in members)
        if near and len(members) >= 2 and named <= 0.4 * len(members):
            found.update(row.index for row in members)
    return frozenset(found)


def _spans(row: Row, period: Period) -> bool:
    """Say whether a period is written with both its ends, not as a date or "since 2020"."""
    written = row.folded[period.start : period.end]
    return period.ranged and (period.finish is not None or "-" in written)


def is_table_head(row: Row) -> bool:
    """Say whether a row names the columns of a table: "Period", "Employer", "Position"."""
    if len(row.cells) < 2 or row.bullet or dates.find(row.folded, row.body):
        return False
    heads = words("table_heads")
    named = [set(tokens(row.folded[a:b])) <= heads for a, b in row.cells]
    return sum(named) >= 2 and sum(named) >= 0.5 * len(named)


def kinds_of(rows: list[Row], dated: dict[int, list[Period]], bullets_lead: bool) -> list[str]:
    """Classify each row: D dated head, H other head, B body."""
    kinds: list[str] = []
    indented = _indented(rows, dated)
    left: float | None = None
    for position, row in enumerate(rows):
        previous = rows[position - 1] if position else None
        previous_body = bool(kinds) and kinds[-1] == "B"
        if (row.bullet and not bullets_lead) or row.index in indented:
            kinds.append("B")
        elif dated.get(row.index):
            kinds.append("D")
            if not row.bullet and len(row.cells) <= 2:
                left = row.x0 if left is None else min(left, row.x0)
        elif (
            NOISE.match(row.content)
            or (position and kinds[-1] == "D" and _SIZE_LINE.match(row.folded, row.body))
            or _prose(row, previous, previous_body)
            or (
                left is not None
                and row.size
                and not row.bold
                and 8 < row.x0 - left < 60
                and previous is not None
                and (previous_body or kinds[-1] in "DH")
                and not (title_score(row.content) >= 2 or organisation_score(row.content) >= 2)
                and len(row.content) > 45
            )
        ):
            kinds.append("B")
        else:
            kinds.append("H")
    return kinds


def self_contained(row: Row, periods: list[Period]) -> bool:
    """Say whether a dated row names both a title and something beside it."""
    rest = row.text[row.body :]
    for period in reversed(periods):
        rest = rest[: period.start - row.body] + "\t" + rest[period.end - row.body :]
    parts = [p for p in re.split(r"\t|,\s|\s[|–—-]\s", rest) if p.strip(EDGES)]
    return len(parts) >= 2 and any(title_score(p) >= 2 for p in parts)
