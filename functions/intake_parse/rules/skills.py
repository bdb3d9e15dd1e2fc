"""Skills: the items of skill sections, as written, tied to the taxonomy where it knows them."""

from __future__ import annotations

import re

from functions.intake_parse.rules.headings import named, qualified
from functions.intake_parse.rules.languages import is_language, language_names
from functions.intake_parse.rules.lexicon import fold, words
from functions.intake_parse.rules.rows import Row, value
from functions.intake_parse.rules.sections import Section
from functions.intake_parse.rules.skill_items import LABEL, add, item, parts
from shared.models.resume import Skill
from shared.skills import taxonomy

MOST = 250
"""Skills kept at most."""


# Families whose names mean the skill wherever they stand; "sales" in a sentence need not.
_TOLD = frozenset(
    {
        "programming language",
        "web development",
        "mobile and games",
        "database",
        "data and machine learning",
        "cloud and operations",
        "security and networks",
        "office",
        "design and media",
        "engineering",
    }
)


def skills(sections: list[Section]) -> tuple[Skill, ...]:
    """Return the skills, each once, in reading order.

    Confidence 0.95 for a list item the taxonomy knows, 0.75 for another list item, 0.6 for a
    taxonomy name in a sentence of a skill section, 0.45 in the rest of a résumé without one.
    """
    found: dict[str, Skill] = {}
    for section in sections:
        if section.kind == "skills":
            _section(section, found)
    if not found:
        told = [
            row
            for section in sections
            if section.kind in {"experience", "projects", "summary", "coursework", "certifications"}
            for row in section.rows
            if row.bullet or len(row.content) > 60
        ]
        for row in told:
            for start, end, entry in taxonomy.in_prose(row.text):
                if entry.family not in _TOLD:
                    continue
                skill = Skill(name=value(row, start, end, 0.45), key=entry.key)
                found.setdefault(entry.key, skill)
    return tuple(found.values())[:MOST]


def _section(section: Section, found: dict[str, Skill]) -> None:
    rows = section.rows
    items: list[tuple[Row, int, int]] = []
    categories = _category_rows(rows)
    previous: Row | None = None
    for row in rows:
        if row.index in categories:
            previous = None
            continue
        start = row.body
        label = LABEL.match(row.text, start)
        if (label and not taxonomy.exact(label[1] + ":")) or (
            label and label.end() < len(row.text)
        ):
            assert label is not None  # noqa: S101 - the condition holds only with a label
            if _language_label(label[1]):
                rest = row.folded[label.end() :]
                if language_names(rest) and not _any_skill(row.text[label.end() :]):
                    previous = None
                    continue
            if named(label[1]) in {"interests", "certifications", "awards", "references"}:
                previous = None
                continue
            start = label.end()
        elif _about_languages(row):
            previous = None
            continue
        elif _table_row(row):
            start = row.cells[1][0]
        elif (
            previous is not None
            and items
            and _continues(previous, row)
            and items[-1][0].index == previous.index
        ):
            _continue(items, row, found)
            previous = row
            continue
        if len(row.text[start:].split()) > 14 and _sentence(row.text[start:]):
            for a, b, entry in taxonomy.in_prose(row.text[start:]):
                add(found, row, start + a, start + b, 0.6, entry.key)
            previous = row
            continue
        if _two_lists(row):
            for cell in row.cells[1::2]:
                items.extend(
                    (row, a, min(b, cell[1])) for a, b in parts(row, cell[0]) if a < cell[1]
                )
            previous = row
            continue
        items.extend((row, a, b) for a, b in parts(row, start))
        previous = row
    for row, a, b in items:
        item(row, a, b, found)


def _two_lists(row: Row) -> bool:
    """Say whether a row holds two labelled lists: "Web", its skills, "Data", its skills."""
    if len(row.cells) != 4 or row.bullet:
        return False
    listed = ["," in row.text[a:b] for a, b in row.cells]
    labels = [row.text[a:b] for a, b in row.cells[::2]]
    return listed == [False, True, False, True] and all(len(p.split()) <= 3 for p in labels)


def _table_row(row: Row) -> bool:
    """Say whether a row is a category cell and a list: "DevOps", then "AWS, Docker"."""
    if len(row.cells) != 2 or row.bullet:
        return False
    (a, b), (c, d) = row.cells
    first = row.text[a:b]
    return "," not in first and ("," in row.text[c:d] or bool(named(first) or qualified(first)))


_TONGUE = re.compile(
    r"mother tongue|other languages?\b|sonstige sprache|madrelingua|lingua madre|altre lingue|"
    r"muttersprache|weitere sprachen|"
    r"langues? maternelle|autres langues|lengua materna|otros idiomas|lingua materna|outras linguas"
)


def _about_languages(row: Row) -> bool:
    """Say whether a row belongs to a table of spoken languages."""
    if not row.cells:
        return False
    first = row.folded[slice(*row.cells[0])]
    if _TONGUE.match(first):
        return True
    if len(row.cells) > 1 and is_language(first):
        return True
    listed = set(re.findall(r"[a-z-]+", row.folded))
    return len(listed) >= 2 and len(listed & words("language_grid")) >= 0.7 * len(listed)


def _continue(items: list[tuple[Row, int, int]], row: Row, found: dict[str, Skill]) -> None:
    """Join the last item of the row before with the first of this one, when a line break cut it."""
    last_row, a, b = items[-1]
    pieces = parts(row, row.body)
    tail = last_row.text[b:].strip()
    if not tail and pieces:
        joined = f"{last_row.text[a:b]} {row.text[slice(*pieces[0])]}"
        entry = taxonomy.exact(joined)
        whole = taxonomy.exact(last_row.text[a:b]) and taxonomy.exact(row.text[slice(*pieces[0])])
        if entry is not None or (not whole and len(joined.split()) <= 5):
            items.pop()
            start = last_row.start + a
            end = row.start + pieces[0][1]
            first = value(last_row, a, b, 0.95 if entry else 0.7, " ".join(joined.split()))
            assert first.span is not None  # noqa: S101 - value() always sets it
            spanned = first.model_copy(
                update={"span": first.span.model_copy(update={"start": start, "end": end})}
            )
            key = entry.key if entry else taxonomy.form(joined)
            if not is_language(joined):
                found.setdefault(key, Skill(name=spanned, key=entry.key if entry else None))
            pieces = pieces[1:]
    items.extend((row, x, y) for x, y in pieces)


def _continues(previous: Row, row: Row) -> bool:
    """Say whether ``row`` goes on with the list that broke at the end of ``previous``."""
    if row.bullet or LABEL.match(row.text, row.body) or row.style != previous.style:
        return False
    listed = "," in previous.text or ";" in previous.text or "|" in previous.text
    if not listed or "\t" in row.text:
        return False
    if previous.content.endswith((",", ";", "|", "&", "and", "/")):
        return True
    return len(previous.content) >= 30 and (
        "," in row.text or row.content[0].islower() or len(row.content.split()) <= 3
    )


def _category_rows(rows: list[Row]) -> set[int]:
    """Return rows that name a group of skills: set unlike the items or before a list."""
    found = set()
    for position, row in enumerate(rows):
        following = rows[position + 1 : position + 3]
        content = row.content.rstrip(":")
        if fold(content) in words("skill_levels") or (
            named(content) and len(content.split()) <= 3 and not taxonomy.exact(content)
        ):
            found.add(row.index)
            continue
        if row.content.endswith(":") and len(content.split()) <= 5:
            found.add(row.index)
            continue
        short = len(content.split()) <= 4 and "," not in content and not row.bullet
        if not short or not following or taxonomy.exact(content):
            continue
        after = following[0]
        if (
            (
                fold(after.content) in words("skill_levels")
                and len(following) > 1
                and "," in following[1].content
            )
            or (
                "," in after.content
                and after.style != row.style
                and (row.bold or row.size >= after.size)
            )
            or (row.bold and after.bullet)
            or (
                set(fold(content).split()) <= words("skill_categories") | {"&", "and", "und", "et"}
                and "," in after.content
            )
        ):
            found.add(row.index)
    return found


def _language_label(label: str) -> bool:
    folded = fold(label)
    return named(label) == "languages" or bool(
        re.search(r"\b(?:language|sprach|langue|idioma|lingu)", folded)
    )


def _any_skill(text: str) -> bool:
    pieces = [p for p in re.split(r"[,;|/]|\band\b", text) if p.strip()]
    return any(taxonomy.exact(p) is not None and not is_language(p) for p in pieces)


def _sentence(text: str) -> bool:
    commas = (
        text.count(",") + text.count(";") + text.count("|") + text.count("•") + text.count("\t")
    )
    return len(text.split()) / (commas + 1) > 5
