"""What the reader of Word 97-2003 documents keeps, drops and marks."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.intake_extract.rules import (
    Damaged,
    Encrypted,
    ExtractionError,
    extract,
)
from tests.flows.intake_extract.word97 import (
    BOLD,
    DELETED,
    HIDDEN,
    IN_TABLE,
    LISTED,
    ROW_END,
    Part,
    compound,
    word_97,
)

DOC = "application/msword"
PAD = Part("Enough text to be a document.\r")


def texts(data: bytes) -> list[str]:
    return [line.text for line in extract(data, DOC).lines[1:]]


@pytest.mark.parametrize("narrow", [True, False])
def test_paragraphs_and_characters(narrow: bool) -> None:
    """Text of one and of two bytes a character; tabs, line ends, hyphens."""
    data = word_97([PAD, Part("Élodie Müller\t2019\x0bParis\x1eSud\r")], narrow=narrow)
    assert texts(data) == ["Élodie Müller\t2019", "Paris-Sud"]


def test_looks_and_what_is_not_to_be_read() -> None:
    """Bold is kept, hidden and deleted text left out, headings and items of lists marked."""
    data = word_97(
        [PAD, Part("Work\r", style=1), Part("shown hid gone\r"), Part("item\r", LISTED)],
        [PAD, Part("Work\r", BOLD), Part("shown"), Part(" hid", HIDDEN), Part(" gone", DELETED),
         Part("\ritem\r")],
    )  # fmt: skip
    text = extract(data, DOC)
    assert [line.text for line in text.lines[1:]] == ["Work", "shown", "• item"]
    assert [(line.heading, line.bold) for line in text.lines[1:3]] == [(True, True), (False, False)]


def test_tables_and_links() -> None:
    """Cells of a row are joined by tabs; the code of a field is no text but a link."""
    link = '\x13 HYPERLINK "https://x.org/a" \x14my page\x15'
    data = word_97(
        [
            PAD,
            Part("2019 - 2021\x07", IN_TABLE),
            Part("Engineer\r", IN_TABLE),
            Part("Acme\x07", IN_TABLE),
            Part("\x07", IN_TABLE + ROW_END),
            Part(f"see {link}\r"),
        ]
    )
    text = extract(data, DOC)
    assert [line.text for line in text.lines[1:]] == [
        "2019 - 2021\tEngineer",
        "Acme",
        "see my page",
    ]
    assert [(each.url, each.text, each.line) for each in text.links] == [
        ("https://x.org/a", "my page", 3)
    ]


def test_what_cannot_be_read() -> None:
    """Passwords, older versions and what is no document end in their own errors."""
    with pytest.raises(Encrypted):
        extract(word_97([PAD], flags=0x0300), DOC)
    with pytest.raises(Damaged, match="before 97"):
        extract(word_97([PAD], version=0x68), DOC)
    with pytest.raises(Damaged):
        extract(compound({"Other": bytes(4096)}), DOC)
    with pytest.raises(Damaged):
        extract(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DOC)


@settings(
    max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=30),
    st.floats(0.2, 1),
    st.booleans(),
)
def test_any_bytes_end_in_text_or_a_typed_error(
    changes: list[tuple[float, int]], keep: float, head: bool
) -> None:
    """A document with bytes changed and cut off gives text or an extraction error."""
    data = bytearray(word_97([PAD, Part("a\x07", IN_TABLE), Part("\x13x\x14y\x15\r", style=1)]))
    for place, value in changes:
        data[int(place * (3_000 if head else len(data)))] = value
    with suppress(ExtractionError):
        extract(bytes(data[: int(keep * len(data))]), DOC)
