"""Languages a person speaks, with level; names in many languages and in their own."""

from __future__ import annotations

import re
from functools import cache

from functions.intake_parse.rules.lexicon import data, fold, matches, words
from functions.intake_parse.rules.rows import Row, value
from functions.intake_parse.rules.sections import HEADER, Section
from shared.models.resume import Language

_CEFR = re.compile(r"\b([abc][12])(?:\s?[+/-]|\b)")
_MOTHER = re.compile(
    r"native|mother tongue|muttersprach|madrelingua|lingua madre|langue maternelle|lengua materna|"
    r"l[ií]ngua materna|idioma materno|nativ[oa]|maternelle|moedertaal|modersmal|morsmal|"
    r"ojczyst|matersk|limb[ai] matern|ana ?dil"
)
_LABEL = re.compile(
    r"\s*((?:\w+\s)?(?:languages?|langues?|idiomas?|lingu[ae]s?|lingue|sprachen?|sprachkenntnisse|"
    r"tal(?:en)?|sprak|sprog|jezyki(?: obce)?|jazyky|limbi(?: straine)?|diller|yabanci diller|"
    r"mother tongue|madrelingua|muttersprache)(?:\([a-z/]{1,3}\))?"
    r"(?:\s(?:madre|materna|maternelle|stranier[ae]|spoken|known|skills))?(?:\([a-z/]{1,3}\))?)\s*[:\t]\s*"
)
_SENTENCE = re.compile(
    r"\b(?:fluent|proficient|bilingual|native|conversational|flie(?:ss|ß)end|courant|"
    r"fluente|fluido)\b"
)


@cache
def codes() -> dict[str, str]:
    """Return the codes of languages by their folded names."""
    return {fold(name): code for code, names in data("languages.json").items() for name in names}


@cache
def _names() -> frozenset[str]:
    return frozenset(codes())


def is_language(text: str) -> bool:
    """Say whether ``text`` as a whole names a spoken language."""
    return fold(text).strip(" .,;:") in _names()


def language_names(folded: str) -> list[tuple[int, int]]:
    """Return where folded text names spoken languages."""
    return matches(folded, _names(), 3)


def languages(sections: list[Section]) -> tuple[Language, ...]:
    """Return the languages, each once.

    Confidence 0.95 in a language section, 0.85 behind a label such as "Languages:", 0.7 in a
    sentence such as "Fluent in Spanish".
    """
    found: dict[str, Language] = {}
    for section in sections:
        if section.kind == "languages":
            for position, row in enumerate(section.rows):
                following = section.rows[position + 1] if position + 1 < len(section.rows) else None
                if len(row.content) <= 200:
                    _row(row, row.body, 0.95, following, found)
    for section in sections:
        if section.kind in {
            "skills",
            "other",
            "personal",
            HEADER,
            "certifications",
            "interests",
            "summary",
            "education",
            "languages",
        }:
            for row in section.rows:
                label = _LABEL.match(row.folded, row.body)
                if (
                    label
                    and "programm" not in label[1]
                    and not _programming(row.folded[label.end() :])
                ):
                    _row(row, label.end(), 0.85, None, found)
                elif section.kind == "skills" and _in_table(row):
                    _row(row, row.body, 0.9, None, found)
                elif (
                    section.kind in {"skills", "other"}
                    and _SENTENCE.search(row.folded)
                    and len(row.content) < 160
                ) or (section.kind == "skills" and is_language(row.content)):
                    _row(row, row.body, 0.7, None, found)
                elif section.kind == "skills":
                    level = re.match(r"\W*([\w ]+?)\s*[(:–—-]\s*([\w ]+)\)?$", row.content)
                    if (
                        level
                        and is_language(level[1])
                        and fold(level[2]).strip() in words("language_levels")
                    ):
                        _row(row, row.body, 0.7, None, found)
    return tuple(found.values())


def _in_table(row: Row) -> bool:
    """Say whether a row is a language and its CEFR levels in cells."""
    if len(row.cells) < 2:
        return False
    start, end = row.cells[0]
    return is_language(row.text[start:end]) and bool(_CEFR.search(row.folded[end:]))


def _programming(folded: str) -> bool:
    return not language_names(folded)


def _row(
    row: Row, start: int, confidence: float, following: Row | None, found: dict[str, Language]
) -> None:
    spans = [(a, b) for a, b in language_names(row.folded) if a >= start]
    if confidence > 0.9:
        _with_level(row, start, found)
        if spans:
            _unlisted(row, start, found)
    for position, (a, b) in enumerate(spans):
        written = row.text[a:b]
        if written[:1].islower() and fold(written) in {
            "la",
            "no",
            "is",
            "he",
            "et",
            "or",
            "latin",
            "persian",
            "co",
        }:
            continue
        stop = spans[position + 1][0] if position + 1 < len(spans) else len(row.text)
        behind = row.folded[b:stop]
        before = row.folded[:a] if position == 0 else ""
        level = _level(row.text[b:stop], behind) or _level_before(row.text[:a], before)
        if (
            level is None
            and len(spans) == 1
            and following is not None
            and not language_names(following.folded)
        ):
            level = _level(following.text, following.folded)
        code = codes()[row.folded[a:b]]
        if code in found:
            continue
        found[code] = Language(
            name=value(row, a, b, confidence), code=code if len(code) == 2 else None, level=level
        )


def _unlisted(row: Row, start: int, found: dict[str, Language]) -> None:
    """Take a capitalised word beside known languages in a list: a language the table lacks."""
    for m in re.finditer(r"[^,;|•·/\t]+", row.text[start:]):
        item = m[0].strip()
        word = item.split("(")[0].strip(" .:-–—")
        folded = fold(word)
        if not re.fullmatch(r"[A-ZÀ-Ý][a-zà-ÿ]{2,14}", word) or language_names(folded):
            continue
        if folded in words("language_levels") or "," not in row.text:
            continue
        at = start + m.start() + m[0].index(word)
        found.setdefault(folded, Language(name=value(row, at, at + len(word), 0.6)))


_LEVELLED = re.compile(r"([^\W\d_][\w'’-]{2,20})(?:\s?\(|\s*[:\t–—-]\s*)(?=[^\W_]|[★☆●○◉•▪■□]{2})")


def _with_level(row: Row, start: int, found: dict[str, Language]) -> None:
    """Take the word before a level ("Quenya (B2)") for a language of no table."""
    for m in re.finditer(r"[^,;|•/]+", row.text[start:]):
        item = _LEVELLED.match(m[0].lstrip())
        if item is None:
            continue
        folded = fold(item[1])
        level = fold(m[0].lstrip()[item.end() :]).strip(" ().")
        known = level in words("language_levels") or _CEFR.match(level) or not level[:1].isalnum()
        if not known or language_names(folded) or folded in words("language_levels"):
            continue
        if folded in words("language_grid") or folded in words("table_heads"):
            continue
        at = start + m.start() + m[0].index(item[1])
        if not language_names(row.folded[start + m.start() : at + len(item[1])]):
            found.setdefault(
                folded,
                Language(
                    name=value(row, at, at + len(item[1]), 0.7),
                    level=_level(row.text[at:], row.folded[at:]),
                ),
            )


def _level(text: str, folded: str) -> str | None:
    """Return the level behind a name: the CEFR level when given, else the words as written."""
    cefr = _CEFR.search(folded)
    if cefr:
        return cefr[1].upper()
    spans = matches(folded, words("language_levels"), 5)
    if spans:
        return " ".join(text[spans[0][0] : spans[0][1]].split())
    return None


def _level_before(text: str, folded: str) -> str | None:
    mother = _MOTHER.search(folded)
    if mother:
        return " ".join(text[mother.start() : mother.end()].split())
    return _level(text, folded)
