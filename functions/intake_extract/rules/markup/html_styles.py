"""How elements of a web page look: what HTML says, inline styles, and simple rules of sheets."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace

USUAL_SIZE = 12.0
_HEADINGS = {"h1": 24.0, "h2": 18.0, "h3": 14.0, "h4": 12.0, "h5": 10.0, "h6": 8.0}
_BOLD = {"b", "strong", "th", "dt"}
_COMMENT_END = "*/"
_BRACE = re.compile(r"[{}]")
_SELECTOR = re.compile(r"([a-zA-Z][\w-]*)?((?:[.#][\w-]+)?)")
_LENGTH = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)\s*(pt|px|em|rem|%|mm|cm)?", re.IGNORECASE)
_FACTORS = {"pt": 1.0, "px": 0.75, "mm": 72 / 25.4, "cm": 72 / 2.54, "rem": USUAL_SIZE}
_WORD_SIZES = {
    "xx-small": 7.0,
    "x-small": 7.5,
    "small": 10.0,
    "medium": 12.0,
    "large": 13.5,
    "x-large": 18.0,
    "xx-large": 24.0,
}
_TELLING = ("display", "visibility", "font-size", "font-weight", "font", "float",
            "flex-direction", "list-style", "list-style-type", "white-space")  # fmt: skip
_MOST_RULES = 3_000


@dataclass(slots=True, frozen=True)
class Look:
    """How the text of an element looks."""

    size: float = USUAL_SIZE
    bold: bool = False
    hidden: bool = False
    kept: bool = False
    """Line ends and blanks count, as in ``pre``."""
    marked: bool = True
    """Items of lists have marks."""


def declarations(text: str) -> dict[str, str]:
    """Return the telling declarations of an inline style or the body of a rule."""
    found: dict[str, str] = {}
    for each in text.split(";"):
        name, colon, value = each.partition(":")
        name = name.strip().lower()
        if colon and name in _TELLING:
            found[name] = value.replace("!important", "").strip().lower()
    return found


class Sheet:
    """The rules of a page's style sheets that select by one element, class or id."""

    def __init__(self) -> None:
        self._rules: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._count = 0

    def add(self, text: str) -> None:
        """Read one style sheet; conditional rules are passed over."""
        text = _without_comments(text)
        depth, begin, selector = 0, 0, ""
        for brace in _BRACE.finditer(text):
            if brace.group() == "{":
                if depth == 0:
                    selector = text[begin : brace.start()].rpartition(";")[2].strip()
                    begin = brace.end()
                depth += 1
                continue
            if depth == 1 and not selector.startswith("@"):
                self._rule(selector, declarations(text[begin : brace.start()][:5_000]))
            depth = max(0, depth - 1)
            if depth == 0:
                begin = brace.end()

    def _rule(self, selectors: str, said: dict[str, str]) -> None:
        for each in selectors[:2_000].split(",") if said else ():
            found = _SELECTOR.fullmatch(each.strip())
            self._count += 1
            if found is not None and self._count <= _MOST_RULES:
                self._rules[(found.group(1) or "").lower() + found.group(2)].update(said)

    def said(self, name: str, attributes: dict[str, str]) -> dict[str, str]:
        """Return what the sheets and its own style say of an element."""
        said = dict(self._rules.get(name, ()))
        if self._rules:
            marks = [f".{each}" for each in attributes.get("class", "").split()[:20]]
            marks.append(f"#{attributes.get('id', '')}")
            for mark in marks:
                said.update(self._rules.get(mark, ()))
                said.update(self._rules.get(name + mark, ()))
        said.update(declarations(attributes.get("style", "")))
        return said


def _without_comments(text: str) -> str:
    kept = []
    for index, piece in enumerate(text.split("/*")):
        kept.append(piece if index == 0 else piece.partition(_COMMENT_END)[2])
    return " ".join(kept)


def look_of(around: Look, name: str, attributes: dict[str, str], said: dict[str, str]) -> Look:
    """Return the look of an element inside of another."""
    look = around
    if name in _HEADINGS:
        look = replace(look, size=_HEADINGS[name], bold=True)
    elif name in _BOLD:
        look = replace(look, bold=True)
    elif name == "pre":
        look = replace(look, kept=True)
    elif name == "small":
        look = replace(look, size=look.size / 1.2)
    elif name in ("ul", "ol"):
        look = replace(look, marked=True)
    hidden = (
        "hidden" in attributes
        or said.get("display") == "none"
        or said.get("visibility") in ("hidden", "collapse")
    )
    if hidden:
        look = replace(look, hidden=True)
    return _styled(look, around, said) if said else look


def _styled(look: Look, around: Look, said: dict[str, str]) -> Look:
    weight = said.get("font-weight")
    if weight is not None:
        heavy = weight in ("bold", "bolder") or (weight.isdigit() and int(weight[:4]) >= 600)
        look = replace(look, bold=heavy)
    size = _size(said.get("font-size"), around.size)
    if size is None and "font" in said:
        look = replace(look, bold=bool(re.search(r"\b(?:bold|[6-9]00)\b", said["font"])))
        size = _size_in(said["font"], around.size)
    if size is not None:
        look = replace(look, size=round(min(max(size, 1.0), 400.0), 1))
    if said.get("white-space", "").startswith("pre"):
        look = replace(look, kept=True)
    listed = said.get("list-style-type", said.get("list-style", ""))
    if listed:
        look = replace(look, marked="none" not in listed.split())
    return look


def _size(value: str | None, around: float) -> float | None:
    if value is None:
        return None
    if value in _WORD_SIZES:
        return _WORD_SIZES[value]
    found = _LENGTH.fullmatch(value)
    if found is None:
        return None
    amount, unit = float(found.group(1)), (found.group(2) or "px").lower()
    if unit == "em":
        return amount * around
    if unit == "%":
        return amount / 100 * around
    return amount * _FACTORS[unit]


def _size_in(value: str, around: float) -> float | None:
    """Return the size in the shorthand ``font``, the first length there."""
    for word in value.split()[:12]:
        length = word.partition("/")[0]
        if length[:1].isdigit() and not length.isdigit():
            return _size(length, around)
    return None
