"""What a job asks for: skills that it must or may have, years, a degree, out of its description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.search_terms import folded
from shared.skills import taxonomy

MOST_SKILLS = 40
_MOST_YEARS = 30
_BULLETS = "-*•·–"

_MAY = re.compile(
    r"nice[ -]to[ -]have|preferred|prefera|bonus|a plus\b|desirable|advantage|ideally|optional|"
    r"von vorteil|wunschenswert|idealerweise|gerne|souhait|un plus|apprecie|atout|"
    r"deseable|se valora|valorable|desejavel|diferencial"
)
_AROUND = re.compile(
    r"\b(?:about (?:us|the company)|who we are|we offer|benefits|what we offer|uber uns|wir bieten|"
    r"a propos|nous offrons|sobre nosotros|ofrecemos|sobre nos|oferecemos)\b"
)
_YEARS = re.compile(
    r"(?<![\d.,])(\d{1,2})\s*(?:\+|plus)?\s*(?:-|–|to|bis|a)?\s*(?:\d{1,2}\s*)?\+?\s*"
    r"(?:years?|yrs?|jahren?|ans\b|annees?|anos\b)"
)
_DEGREES = (
    ("doctorate", re.compile(r"\b(?:ph\.?\s?d|doctorate|doctoral|doktor|doctorat|doctorado|"
                             r"doutorado)\b")),
    ("master", re.compile(r"\b(?:masters?(?:'s)?|m\.?sc|diplom|maestria|mestrado)\b")),
    ("bachelor", re.compile(r"\b(?:bachelors?(?:'s)?|b\.?sc|university degree|degree in|studium|"
                            r"licence en|licenciatura|grado en|graduacao)\b")),
)  # fmt: skip
_LEVELS = ("secondary", "certificate", "associate", "bachelor", "master", "doctorate")


@dataclass(frozen=True)
class Job:
    """What a job asks for. Skills are keys of the taxonomy."""

    text: str
    must: tuple[str, ...]
    may: tuple[str, ...] = ()
    least_years: float | None = None
    level: str | None = None
    languages: tuple[str, ...] = ()


def read_job(
    description: str,
    *,
    must: Sequence[str] = (),
    may: Sequence[str] = (),
    least_years: float | None = None,
    level: str | None = None,
    languages: Sequence[str] = (),
) -> Job:
    """What a description asks for, and what is named beside it, which goes before.

    Skills are found by the taxonomy's names. One in a line or below a heading that calls it
    an advantage may be had; every other must. Of several numbers of years the largest counts,
    of several degrees the lowest, for each would do.
    """
    named_must = _keys(must)
    named_may = [key for key in _keys(may) if key not in named_must]
    found_must, found_may = _skills(description)
    musts = dict.fromkeys((*named_must, *(k for k in found_must if k not in named_may)))
    mays = dict.fromkeys((*named_may, *(k for k in found_may if k not in musts)))
    plain = folded(description)
    return Job(
        text=description,
        must=tuple(musts)[:MOST_SKILLS],
        may=tuple(mays)[:MOST_SKILLS],
        least_years=least_years if least_years is not None else _years(plain),
        level=level or _level(plain),
        languages=tuple(dict.fromkeys(languages)),
    )


def unknown_skills(names: Sequence[str]) -> list[str]:
    """Names that the taxonomy does not know."""
    return [name for name in names if taxonomy.lookup(name) is None]


def _keys(names: Sequence[str]) -> list[str]:
    entries = (taxonomy.lookup(name) for name in names)
    return list(dict.fromkeys(entry.key for entry in entries if entry))


def _skills(description: str) -> tuple[list[str], list[str]]:
    """Skills that must and that may be had, in their order. What a company says of itself is
    left out."""
    must: dict[str, None] = {}
    may: dict[str, None] = {}
    section, after_blank = "must", True
    for line in description.splitlines():
        plain = folded(line).strip()
        if after_blank and _is_heading(line, plain):
            section = _section_of(plain)
        after_blank = not plain
        if section == "around":
            continue
        for sentence in re.split(r"(?<=[.;!?])\s+", line):
            found = [entry.key for _, _, entry in taxonomy.in_prose(sentence)] + _listed(sentence)
            into = may if section == "may" or _MAY.search(folded(sentence)) else must
            into.update(dict.fromkeys(found))
    return list(must), [key for key in may if key not in must]


def _section_of(heading: str) -> str:
    if _AROUND.search(heading):
        return "around"
    return "may" if _MAY.search(heading) else "must"


def _listed(line: str) -> list[str]:
    """Skills that an item of a list names and nothing else: there "Rust" is no verb."""
    if line.lstrip()[:1] not in _BULLETS:
        return []
    pieces = re.split(r",|;|\b(?:and|und|et|y|e|or|oder|ou|o)\b", line.strip(_BULLETS + " \t."))
    entries = (taxonomy.exact(piece) for piece in pieces if piece.strip())
    return [entry.key for entry in entries if entry]


def _is_heading(line: str, plain: str) -> bool:
    """Whether a line after a blank one is short, no item of a list and no sentence."""
    is_item = line.lstrip()[:1] in _BULLETS
    return bool(plain) and not is_item and len(plain.split()) <= 6 and plain[-1] not in ".,;"


def _years(plain: str) -> float | None:
    years = [int(found[1]) for found in _YEARS.finditer(plain)]
    sound = [number for number in years if 0 < number <= _MOST_YEARS]
    return float(max(sound)) if sound else None


def _level(plain: str) -> str | None:
    named = [level for level, pattern in _DEGREES if pattern.search(plain)]
    return min(named, key=_LEVELS.index) if named else None
