"""The addresses and telephone numbers that stand in a text, for claims to be compared with."""

from __future__ import annotations

import re

from functions.intake_parse.rules import phones
from functions.intake_parse.rules.contact import EMAIL, LINK, link_key, words_of
from functions.intake_parse.rules.refining.folded import FoldedText, Place

_LONGEST_LINE = 1_500


class Addresses:
    """E-mail addresses by their folded form, links by their key, telephone numbers by their
    digits, without leading zeros.

    ``others`` are the lines, from 1, on which other people are named: e-mail addresses and
    numbers there are not the person's. The place of one that only an annotation gives is empty.
    """

    def __init__(self, text: FoldedText, others: frozenset[int]) -> None:
        self.emails: dict[str, Place] = {}
        self.links: dict[str, Place] = {}
        self.phones: dict[str, Place] = {}
        for number, line in enumerate(text.lines, 1):
            content, start = line.text[:_LONGEST_LINE], text.source.starts[number - 1]
            if "." in content:
                self._take_links(content, start, number)
            if number in others:
                continue
            if "@" in content:
                self._take_emails(content, start, number)
            self._take_phones(content, start, number)
        self._take_annotations(text, others)

    def _take_links(self, line: str, start: int, number: int) -> None:
        for m in LINK.finditer(line):
            written = re.sub(r"\s", "", m[0]).rstrip(".,;:)\u2019'")
            place = Place(start + m.start(), start + m.end(), number, written)
            if "." in link_key(written):
                self.links.setdefault(link_key(written), place)

    def _take_emails(self, line: str, start: int, number: int) -> None:
        for m in EMAIL.finditer(line):
            written = re.sub(r"\s", "", m[0]).rstrip(".")
            place = Place(start + m.start(), start + m.end(), number, written)
            self.emails.setdefault(written.casefold(), place)

    def _take_phones(self, line: str, start: int, number: int) -> None:
        for m in phones.PHONE.finditer(line):
            written = m[0].strip()
            digits = re.sub(r"\D", "", written).lstrip("0")
            if 6 <= len(digits) <= 15 and not phones.like_dates(written):
                at = start + m.start() + m[0].index(written)
                place = Place(at, at + len(written), number, written)
                self.phones.setdefault(digits, place)

    def _take_annotations(self, text: FoldedText, others: frozenset[int]) -> None:
        for link in text.source.links:
            if link.line is not None and link.line >= len(text.lines):
                continue
            url = link.url.strip()
            address = url[7:].split("?")[0].strip()
            theirs = link.line is not None and link.line + 1 in others
            if url.casefold().startswith("mailto:"):
                if EMAIL.fullmatch(address) and not theirs:
                    self.emails.setdefault(address.casefold(), Place(0, 0, 0, address))
            elif url.casefold().startswith(("http://", "https://", "www.")):
                span = words_of(text.source, link)
                at = (span.start, span.end) if span else (0, 0)
                line = text.line_at(span.start) if span else 0
                self.links.setdefault(link_key(url), Place(*at, line, url))
