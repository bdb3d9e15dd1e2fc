"""Places: whether words name one, and where the person lives."""

from __future__ import annotations

import re
from functools import cache

from functions.intake_parse.rules.lexicon import fold, places, words
from functions.intake_parse.rules.rows import Row, value
from functions.intake_parse.rules.sections import HEADER, Section
from shared.models.resume import Value

_POSTCODE = re.compile(
    r"\b(?:[A-Z]{1,2}-?\d{4,5}|\d{5}(?:-\d{4})?|\d{4}\s?[A-Z]{2}|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|"
    r"[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{4,5}-\d{3}|\d{4})\b"
)


STREET = re.compile(
    r"\b(?:street|st\.|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|dr\.|boulevard|blvd\.?|way|court|"
    r"straße|strasse|str\.|weg|platz|gasse|allee|rue|calle|c/|avenida|av\.|via|viale|piazza|rua|"
    r"plaza|place|chemin|route|apt|suite|corso|paseo|carrer|travessa)(?![a-z])",
    re.IGNORECASE,
)


_ADDRESS_LABEL = re.compile(
    r"^(?:address|location|adresse|anschrift|wohnort|indirizzo|direcci[oó]n|domicilio|morada|"
    r"endere[cç]o|lieu|ubicaci[oó]n|residenza|ort|city|based in|localidade|localisation|"
    r"residence|current location|lives in|residencia|ciudad|citt[aà]|cidade|ville)\s*[:.]?\s*",
    re.IGNORECASE,
)


_CITY = (
    r"[A-ZÀ-ÝŁŚŽČŞİ][\w'’.-]+"
    r"(?:[ -][A-ZÀ-ÝŁŚŽČŞİ(d][\w'’.)-]*|\s(?:de|am|an|der|do|da|del|la|le|sur|of|upon|im|di)){0,4}"
)


_PLACE = re.compile(
    rf"({_CITY}),\s*([A-ZÀ-Ý][\w.'’-]*(?:\s[A-ZÀ-Ý(][\w.')-]*){{0,3}})(?:\s+\d{{4,5}}(?:-\d{{4}})?)?"
)


_LEGAL_FORMS = frozenset({"AB", "AS", "SA", "CO", "AG", "SE", "NV", "BV", "KG", "SC", "SL"})
"""Legal forms spelled like the codes of states: "Nordhamn AB" is a company, not in Alberta."""


_TOWN = re.compile(
    r"[A-ZÀ-Ý][\w'’]+(?:"
    r"\s(?:am|im|an der|ob der|vor der|in der|upon|on)\s"
    r"|-(?:am|im|an-der|sur|en|lès|les|le|la|de|du|des|aux|upon|on|under|by|in)-)"
    r"[A-ZÀ-Ý][\w'’]+(?:-[A-ZÀ-Ý][\w'’]+)*"
)
"""Towns that say where they lie: "Freiburg im Breisgau", "Aix-en-Provence", "Stoke-on-Trent"."""


@cache
def _known_places() -> frozenset[str]:
    return places("regions") | places("countries") | places("cities")


def is_region(text: str) -> bool:
    """Say whether ``text`` is a state, region or country."""
    folded = fold(text.strip())
    return text.strip() in _states() or folded in places("regions") | places("countries")


def is_place(text: str) -> bool:
    """Say whether ``text`` as a whole reads as a place: "Austin, TX", "Lyon, France", "Remote"."""
    text = text.strip(" .()\t-–—|·•,")
    if not text or len(text) > 60:
        return False
    folded = fold(text)
    if folded in _known_places() or folded in words("remote_words"):
        return True
    parts = [p.strip(" .()") for p in re.split(r"[,/|]|\s[-–]\s", text) if p.strip(" .()")]
    if not parts or len(parts) > 4:
        return False
    known = [_place_part(p) for p in parts]
    if len(parts) == 1:
        return known[0] or bool(
            re.fullmatch(rf"(?:\d{{4,5}}\s)?{_CITY}\s\(?[A-Z]{{2}}\)?(?:\s\d{{5}})?", text)
            and text.split()[-1].strip("()") in _states() - _LEGAL_FORMS
        )
    return known[-1] and all(p[:1].isupper() or p[:1].isdigit() for p in parts)


@cache
def _states() -> frozenset[str]:
    return frozenset(state.upper() for state in places("us_states"))


def _place_part(part: str) -> bool:
    folded = fold(part)
    if folded in _known_places() or folded in words("remote_words") or part in _states():
        return True
    if _TOWN.fullmatch(part):
        return True
    bare = re.sub(r"^\d{4,5}\s+|\s+\d{4,5}(?:-\d{4})?$", "", part)
    if bare != part and (bare in _states() or fold(bare) in _known_places()):
        return True
    return bool(re.fullmatch(r"[A-Z]{2}\s\d{5}(?:-\d{4})?", part)) and part[:2] in _states()


def location(sections: list[Section]) -> Value | None:
    """Return where the person lives, from the header or the contact section.

    Confidence 0.9 behind a label or as a known place, 0.7 by shape (street, postcode) alone.
    """
    best: Value | None = None
    for section in sections:
        if section.kind not in {HEADER, "personal"}:
            continue
        for row in section.rows:
            found = _location(row)
            if found and (best is None or found.confidence > best.confidence):
                best = found
    return best


_SEPARATOR = re.compile(r"\s*(?:\t|\||•|·|●|◦|\s[-–—]\s|\s{3,}|;)\s*")


def _location(row: Row) -> Value | None:
    at = row.body
    pieces = []
    for m in _SEPARATOR.finditer(row.text, row.body):
        pieces.append((at, m.start()))
        at = m.end()
    pieces.append((at, len(row.text)))
    for start, end in pieces:
        piece = row.text[start:end]
        if "@" in piece or len(piece) > 120:
            continue
        label = _ADDRESS_LABEL.match(piece)
        if label and piece[label.end() :].strip():
            return value(row, start + label.end(), end, 0.9)
        if is_place(piece) and fold(piece.strip()) not in words("remote_words"):
            return value(row, start, end, 0.9)
        if STREET.search(piece) and any(c.isdigit() for c in piece) and "/" not in piece[:6]:
            return value(row, start, end, 0.75)
        place = _PLACE.search(piece)
        if place and (_place_part(place[2]) or _POSTCODE.search(piece)):
            return value(row, start + place.start(), start + place.end(), 0.85)
        postal = re.search(rf"\b(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s{_CITY}", piece)
        if postal and not re.search(r"\b(?:tel|phone|fax|mobil)", fold(piece)):
            return value(row, start + postal.start(), start + postal.end(), 0.7)
    return None
