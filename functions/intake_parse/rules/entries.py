"""Entries: the rows of a section grouped into jobs, studies, projects or certificates.

A dated row is an anchor. The rows around it that are neither bullets nor prose
are its head. How many of them stand above the date is read off the first entry,
which the section's heading bounds cleanly, and holds for the others.
"""

from __future__ import annotations

import re

from functions.intake_parse.rules import dates
from functions.intake_parse.rules.dates import Period
from functions.intake_parse.rules.entry_rows import (
    EDGES,
    is_table_head,
    kinds_of,
    periods_in,
    self_contained,
)
from functions.intake_parse.rules.rows import Row
from functions.intake_parse.rules.titles import organisation_score, title_score
from functions.intake_parse.rules.units import Entry

MOST_ABOVE = 3
"""Rows above a date that can belong to its entry."""


_PAGE_NUMBER = re.compile(
    r"(?:(?:page|seite|pagina)\s)?\d{1,3}(?:\s?(?:/|of|von|di|de|sur)\s?\d{1,3})?"
)


def group(rows: list[Row]) -> list[Entry]:
    """Return the entries of a section in order; rows before the first entry's head are dropped."""
    rows = _without_page_numbers(rows)
    if len(rows) > 1 and is_table_head(rows[0]):
        rows = rows[1:]
    dated = {row.index: periods_in(row) for row in rows}
    plain = any(dated[row.index] for row in rows if not row.bullet)
    bullets_lead = not plain and any(dated[row.index] for row in rows if row.bullet)
    kinds = kinds_of(rows, dated, bullets_lead)
    if "D" not in kinds:
        return _undated(rows, kinds)
    first = kinds.index("D")
    above = 0
    while above < min(first, MOST_ABOVE) and kinds[first - 1 - above] == "H":
        above += 1
    if (
        above
        and self_contained(rows[first], dated[rows[first].index])
        and all(_bare_words(row) for row in rows[first - above : first])
    ):
        # A sub-heading ("Vocational") above a row that holds title, company and date.
        above = 0
    start = first - above
    if not above:
        above = _above_roles(rows, kinds, dated, first)
    body_styles = {row.style for row, kind in zip(rows, kinds, strict=True) if kind == "B"}
    lead = rows[start].style
    distinct = lead not in body_styles or rows[start].bold
    entries: list[Entry] = []
    position = max(0, start)
    if position:
        entries.extend(
            _undated(rows[:position], kinds[:position], distinct_style=lead if distinct else None)
        )
    current: Entry | None = None
    while position < len(rows):
        row, kind = rows[position], kinds[position]
        starts = _starts(rows, kinds, position, above, lead, distinct, current)
        if starts or current is None:
            current = Entry()
            entries.append(current)
        if kind == "B" or (kind == "H" and current.body):
            current.body.append(row)
        else:
            current.head.append(row)
            current.periods.extend((row, period) for period in dated[row.index])
        position += 1
    return entries


def _above_roles(
    rows: list[Row], kinds: list[str], dated: dict[int, list[Period]], first: int
) -> int:
    """Return the rows above the date of each role under a banner, an employer's whole period.

    The first dated row is a banner when the two dated rows that follow lie within its period,
    the first of them beneath a head of its own; 0 when it is none.
    """
    outer = next((p for p in dated[rows[first].index] if p.ranged and p.begin), None)
    later = [i for i in range(first + 1, len(rows)) if kinds[i] == "D"]
    if outer is None or outer.begin is None or len(later) < 2:
        return 0
    between = [row for row, kind in zip(rows, kinds, strict=True) if kind == "B"]
    between = [row for row in between if rows[first].index < row.index < rows[later[0]].index]
    if len(between) > 1 or any(row.bullet for row in between):
        return 0
    for position in later[:2]:
        inner = next((p for p in dated[rows[position].index] if p.ranged and p.begin), None)
        if inner is None or inner.begin is None or inner.begin.value[:4] < outer.begin.value[:4]:
            return 0
        if outer.finish is not None and (
            inner.finish is None or inner.finish.value[:4] > outer.finish.value[:4]
        ):
            return 0
    above = 0
    while above < MOST_ABOVE and kinds[later[0] - 1 - above] == "H":
        above += 1
    return above if title_score(rows[later[0] - above].content) >= 2 else 0


def _bare_words(row: Row) -> bool:
    content = row.content
    return (
        title_score(content) < 0.8 and organisation_score(content) < 1 and len(content.split()) <= 3
    )


def _starts(
    rows: list[Row],
    kinds: list[str],
    position: int,
    above: int,
    lead: tuple[bool, int],
    distinct: bool,
    current: Entry | None,
) -> bool:
    """Say whether a new entry begins at ``position``."""
    if current is None:
        return True
    kind = kinds[position]
    if kind == "B":
        return False
    if kind == "D":
        if not current.periods and not current.body:
            return False
        alone = not rows[position].text[:].strip(EDGES) if False else _date_alone(rows[position])
        previous = rows[position - 1]
        # A second date-only row beneath its own head, for example a thesis date, stays.
        return not (
            alone
            and above == 0
            and not current.body
            and kinds[position - 1] == "D"
            and _date_alone(previous)
        )
    # An H row opens an entry when the date follows within the rows that stand above a date.
    ahead = 1
    while position + ahead < len(rows) and kinds[position + ahead] == "H" and ahead <= MOST_ABOVE:
        ahead += 1
    reaches = position + ahead < len(rows) and kinds[position + ahead] == "D"
    if reaches and (current.periods or current.body):
        if ahead <= above:
            return not _started_above(current)
        style_change = rows[position].style == lead and distinct and bool(current.body)
        beneath = rows[position + 1 : position + ahead + 1]
        lacking = not any(title_score(row.content) >= 2 for row in beneath)
        if (
            ahead == above + 1
            and current.body
            and lacking
            and title_score(rows[position].content) >= 2.5
        ):
            # One row more than usual: the title, which the rows nearer to the date lack.
            return len(rows[position].content.split()) <= 7
        strong = rows[position].bold and not rows[position - 1].bold and bool(current.body)
        return ahead <= MOST_ABOVE and (style_change or strong)
    # An undated entry among dated ones: it looks like the others' first row.
    return (
        bool(current.body)
        and distinct
        and rows[position].style == lead
        and (rows[position].bold and kinds[position - 1] == "B")
        and title_score(rows[position].content) + organisation_score(rows[position].content) >= 2
    )


def _started_above(current: Entry) -> bool:
    """Say whether the entry was just opened and still waits for its date."""
    return not current.periods and not current.body


def _date_alone(row: Row) -> bool:
    rest = row.text[row.body :]
    for period in reversed(dates.find(row.folded, row.body)):
        rest = rest[: period.start - row.body] + rest[period.end - row.body :]
    return not rest.strip(EDGES + ".")


def _without_page_numbers(rows: list[Row]) -> list[Row]:
    """Drop the rows that only number the pages."""
    return [row for row in rows if not _PAGE_NUMBER.fullmatch(row.folded.strip())]


def _undated(
    rows: list[Row], kinds: list[str], distinct_style: tuple[bool, int] | None = None
) -> list[Entry]:
    """Group rows without dates: a head after a body, or a row that looks like the first, opens."""
    entries: list[Entry] = []
    heads = [row for row, kind in zip(rows, kinds, strict=True) if kind != "B"]
    if not heads:
        return []
    lead = heads[0].style
    mixed = any(row.style != lead for row in heads)
    current: Entry | None = None
    for row, kind in zip(rows, kinds, strict=True):
        if kind == "B":
            if current is not None:
                current.body.append(row)
            continue
        if distinct_style is not None and row.style != distinct_style and current is None:
            continue
        opens = current is None or bool(current.body) or (mixed and row.style == lead)
        if opens or (current is not None and len(current.head) >= MOST_ABOVE):
            current = Entry()
            entries.append(current)
        assert current is not None  # noqa: S101 - set above
        current.head.append(row)
    return entries
