"""Sections told by their look and content where the words of a heading are in no list.

A row set exactly like the page's headings is one too. What it announces is read off the rows
beneath it: periods beside titles, schools and degrees, names of languages, a list of skills.
A page without any known heading is parted at the look that recurs on short rows.
"""

from __future__ import annotations

import re
from collections import Counter

from functions.intake_parse.rules.entry_rows import periods_in
from functions.intake_parse.rules.headings import named
from functions.intake_parse.rules.languages import language_names
from functions.intake_parse.rules.lexicon import squash
from functions.intake_parse.rules.places import is_place
from functions.intake_parse.rules.rows import Row
from functions.intake_parse.rules.sections import HEADER, Section
from functions.intake_parse.rules.titles import (
    degrees,
    institution_score,
    organisation_score,
    title_score,
)
from shared.skills import taxonomy

MOST_LOOKED_AT = 400
"""Rows of a section that are looked at for one heading."""

_MAIN = frozenset({"experience", "education", "skills"})
_DATED = frozenset({"experience", "education", "projects", "volunteer", "involvement"})
_NO_HEADING = re.compile(r"[\d@:,;|\t.!?()]")
_PIECE = re.compile(r"\s*[,;|•·\t]\s*")
_STRENGTHS = frozenset(
    ["strengths", "keystrengths", "mystrengths", "fortalezas", "pontosfortes", "puntidiforza"]
)
_CERTIFICATE = re.compile(
    r"certif|licen[sc]|\bregist(?:ered|ration)\b|zertifi|diplom|"
    r"\b(?:black|green|yellow) belt\b|\b(?:pmp|cpa|cfa|cissp|phr|sphr|shrm-s?cp|cscp|itil|csm)\b"
)
_BELT = re.compile(r"\bmaster black belt\b")
_CERTIFYING = re.compile(r"certif|credential|licen[sc]|training|zertifi|weiterbildung")
_STUDIES = frozenset({"doctorate", "master", "bachelor", "associate", "secondary"})

_Look = tuple[int, bool, bool]


def refine(sections: list[Section]) -> list[Section]:
    """Return the sections parted further where rows that no list knows are headings."""
    rows = [row for section in sections for row in section.rows]
    known = [s.heading for s in sections if s.heading is not None and s.heading not in s.rows]
    kinds = {s.kind for s in sections if s.rows}
    blind = not kinds & _MAIN
    found = _recurring(rows) if blind else _like_known(sections, known, rows)
    if found:
        sections = _kinds_of(_parted(sections, found), blind)
    return _strengths(_certificates_apart(sections))


def _look(row: Row) -> _Look:
    letters = [c for c in row.content if c.isalpha()]
    capital = bool(letters) and not any(c.islower() for c in letters)
    return round(row.size * 2), row.bold or row.heading, capital


def _possible(row: Row) -> bool:
    content = row.content
    return (
        not row.bullet
        and 2 < len(content) <= 40
        and 1 <= len(content.split()) <= 5
        and not content[0].islower()
        and _NO_HEADING.search(content) is None
        and title_score(content) < 2
        and organisation_score(content) < 2
        and institution_score(content) < 2
        and not degrees(content)
        and not is_place(content)
        and not language_names(row.folded)
        and taxonomy.exact(content) is None
    )


def _usual(rows: list[Row]) -> _Look:
    weights: Counter[_Look] = Counter()
    for row in rows:
        weights[_look(row)] += len(row.content)
    return weights.most_common(1)[0][0] if weights else (0, False, False)


def _like_known(sections: list[Section], known: list[Row], rows: list[Row]) -> frozenset[int]:
    """Return the rows set exactly like the known headings of their column."""
    usual = _usual(rows)
    looks = Counter(_look(row) for row in known)
    total = looks + Counter(_look(row) for row in rows)
    fit = Counter(_look(row) for row in rows if _possible(row))
    heads = set()
    for look, n in looks.items():
        often = n >= 2 and n >= 0.5 * total[look]
        large = look[0] >= 1.15 * usual[0] > 0 and total[look] >= 3
        if look != usual and (often or (large and n + fit[look] >= 0.75 * total[look])):
            heads.add(look)
    edges = {(_look(row), round(row.x0 / 6) + near) for row in known for near in (-1, 0, 1)}
    found = set()
    for section in sections:
        if section.kind == HEADER or section.heading is None:
            continue
        for position, row in enumerate(section.rows[:MOST_LOOKED_AT]):
            look = _look(row)
            if look not in heads or not _possible(row):
                continue
            beside = (look, round(row.x0 / 6)) in edges
            after = section.rows[position + 1 : position + 3]
            if not beside or not after or _look(after[0]) == look:
                continue
            entry = section.kind in _DATED and any(periods_in(r) for r in after)
            if entry and not _alone_behind_entries(section.rows, position):
                continue
            found.add(row.index)
    return frozenset(found)


def _alone_behind_entries(rows: list[Row], position: int) -> bool:
    """Say whether no other row of this look stands above a date, and a dated entry goes before."""
    look = _look(rows[position])
    alike = sum(
        _look(row) == look and any(periods_in(r) for r in rows[i + 1 : i + 3])
        for i, row in enumerate(rows[:MOST_LOOKED_AT])
    )
    return alike == 1 and any(periods_in(row) for row in rows[:position])


def _recurring(rows: list[Row]) -> frozenset[int]:
    """Return the rows of the look that recurs on short rows, on a page without known headings."""
    usual = _usual(rows)
    groups: dict[_Look, list[int]] = {}
    total = Counter(_look(row) for row in rows)
    for position, row in enumerate(rows[1:-1], 1):
        look, before, after = _look(row), rows[position - 1], rows[position + 1]
        if look == usual or look[0] < usual[0] or not _possible(row) or _look(after) == look:
            continue
        if not row.size and not (look[2] and row.block != before.block):
            continue
        groups.setdefault(look, []).append(row.index)
    fit = [
        (look, members)
        for look, members in groups.items()
        if len(members) >= 3 and len(members) >= 0.7 * total[look]
    ]
    if not fit:
        return frozenset()
    return frozenset(max(fit, key=lambda item: item[0])[1])


def _parted(sections: list[Section], found: frozenset[int]) -> list[Section]:
    parted: list[Section] = []
    for section in sections:
        current = Section(section.kind, section.heading)
        parted.append(current)
        for row in section.rows:
            if row.index in found:
                current = Section("", row)
                parted.append(current)
            else:
                current.rows.append(row)
    return parted


def _kinds_of(sections: list[Section], blind: bool) -> list[Section]:
    """Name the sections without a kind by what stands in them."""
    kinds = {section.kind for section in sections if section.rows}
    open_ends = []
    for section in sections:
        if section.kind:
            continue
        kind = _kind_of(section.rows, kinds, blind)
        if kind is None:
            open_ends.append(section)
        section.kind = kind or "other"
        kinds.add(section.kind)
    for section in open_ends if blind else []:
        # Periods beside words that no list knows: work comes before school.
        kind = next((k for k in ("experience", "education") if k not in kinds), "other")
        section.kind = kind
        kinds.add(kind)
    return sections


def _kind_of(rows: list[Row], kinds: set[str], blind: bool) -> str | None:
    """Return what rows are, "other" when nothing tells; None when only their periods do."""
    if not rows:
        return "other"
    plain = [row for row in rows if len(row.content) <= 200]
    spoken = sum(bool(language_names(row.folded)) and len(row.content) < 90 for row in plain)
    periods = [p for row in plain for p in periods_in(row)]
    if not periods and spoken >= 0.6 * len(rows):
        return "languages"
    if periods:
        school = sum(
            bool({level for *_, level in degrees(row.content)} & _STUDIES)
            or institution_score(row.content) >= 2
            for row in plain
        )
        ranged = any(p.ranged for p in periods)
        work = sum(title_score(row.content) >= 2 for row in plain)
        if school and school >= work:
            return "education"
        if ranged and work:
            return "experience"
        certified = sum(bool(_CERTIFICATE.search(row.folded)) for row in plain)
        if not ranged and certified >= 0.5 * len(rows):
            return "certifications"
        return None if ranged and blind else "other"
    items = [item for row in plain for item in _PIECE.split(row.content) if item]
    if "skills" in kinds or len(items) < 3 or any(row.content.endswith(".") for row in rows):
        return "other"
    short = sum(len(item.split()) for item in items) <= 3 * len(items)
    hits = sum(taxonomy.exact(item) is not None for item in items)
    if short and (hits >= max(2, 0.3 * len(items)) or (blind and "," in rows[0].text)):
        return "skills"
    return "other"


def _strengths(sections: list[Section]) -> list[Section]:
    """Read strengths as skills when they list short items and no other skills are given."""
    if any(section.kind == "skills" and section.rows for section in sections):
        return sections
    for section in sections:
        pieces = [p for row in section.rows for p in _PIECE.split(row.content) if p]
        listed = all(len(p.split()) <= 4 and not p.endswith(".") for p in pieces)
        if section.kind == "other" and squash(section.title) in _STRENGTHS and pieces and listed:
            section.kind = "skills"
    return sections


def _certificates_apart(sections: list[Section]) -> list[Section]:
    """Move the certificates out of a section of schools and certificates."""
    apart: list[Section] = []
    for section in sections:
        apart.append(section)
        if section.kind != "education" or not _CERTIFYING.search(section.title):
            continue
        moved = [row for i, row in enumerate(section.rows) if _certificate(section.rows, i)]
        if moved and len(moved) < len(section.rows):
            indexes = {row.index for row in moved}
            section.rows = [row for row in section.rows if row.index not in indexes]
            apart.append(Section("certifications", section.heading, moved))
    return apart


def _certificate(rows: list[Row], position: int) -> bool:
    row = rows[position]
    levels = {
        level
        for a, b, level in degrees(row.content)
        if row.content[a:b].lower() != "licence" and not _BELT.search(row.folded)
    }
    if not _CERTIFICATE.search(row.folded) or levels & _STUDIES or named(row.content):
        return False
    after = rows[position + 1] if position + 1 < len(rows) else None
    schooled = institution_score(row.content) >= 2 or (
        after is not None and institution_score(after.content) >= 2 and not periods_in(row)
    )
    return not schooled
