"""Letters: what an e-mail says, laid out as text and as HTML by templates; and its words, which
lie in files, one a language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

Words = Mapping[str, str]
FALLBACK = "en"
_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Letter:
    """What an e-mail says. ``code`` stands by itself below the paragraphs, ``after`` below it."""

    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    footer: str
    code: str = ""
    after: tuple[str, ...] = ()


def words_in(folder: Path, language: str | None) -> tuple[str, Words]:
    """The words of a folder, ``<language>.json``, in a language (BCP 47) or else in English; and
    which language they are in."""
    wanted = (language or "").partition("-")[0].casefold()
    offered = {path.stem for path in folder.glob("*.json")}
    found = wanted if wanted in offered else FALLBACK
    return found, _words(folder / f"{found}.json")


@cache
def _words(path: Path) -> Words:
    read: Words = json.loads(path.read_text(encoding="utf-8"))
    return read


def laid_out(letter: Letter, language: str) -> tuple[str, str]:
    """A letter as text and as HTML; whatever stands in it is text there."""
    made = _environment()
    text = made.get_template("letter.txt").render(letter=letter)
    page = made.get_template("letter.html").render(letter=letter, language=language)
    return text, page


@cache
def _environment() -> Environment:
    # loaded here: a process that writes no e-mail never needs it
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
