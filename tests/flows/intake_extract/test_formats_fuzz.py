"""Whatever the bytes are, a reader gives text or an extraction error, in little time."""

from __future__ import annotations

import io
import time
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.intake_extract.rules import FORMATS, SEEN, ExtractionError, extract
from tools.sample_formats import HTML, ODT, RTF, as_html, as_odt, as_rtf, as_scan
from tools.sample_layouts import zip_of
from tools.sample_resumes import make_resume

RESUME = make_resume(4, "fr")
SAMPLES = {ODT: as_odt(RESUME), RTF: as_rtf(RESUME), HTML: as_html(RESUME)}
RELAXED = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
CHANGES = st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=12)), max_size=15)


class Reads:
    """Sees always the same in an image, which is no hOCR."""

    def read(self, image: bytes) -> str:
        return f"<span class='ocr_line' title=\"bbox 0 0 {len(image)}"

    def turned(self, image: bytes) -> int:
        return 90


def ends_well(data: bytes, media_type: str) -> None:
    began = time.monotonic()
    with suppress(ExtractionError):
        assert extract(data, media_type, recogniser=Reads()).lines
    assert time.monotonic() - began < 10


def mutilated(data: bytes, changes: list[tuple[float, bytes]], keep: float) -> bytes:
    changed = bytearray(data)
    for place, piece in changes:
        at = int(place * len(changed))
        changed[at : at + (len(piece) if len(piece) % 2 else 0)] = piece
    return bytes(changed[: int(keep * len(changed))])


@RELAXED
@given(st.sampled_from(sorted({*FORMATS, *SEEN})), st.binary(max_size=2_000))
def test_any_bytes(media_type: str, data: bytes) -> None:
    """Random bytes in the name of any format."""
    ends_well(data, media_type)


@RELAXED
@given(st.sampled_from([RTF, HTML]), CHANGES, st.floats(0.1, 1))
def test_mutilated_documents(
    media_type: str, changes: list[tuple[float, bytes]], keep: float
) -> None:
    """A sound document with pieces put in, overwritten and cut off."""
    ends_well(mutilated(SAMPLES[media_type], changes, keep), media_type)


@RELAXED
@given(CHANGES, st.floats(0.5, 1), st.sampled_from(["content.xml", "styles.xml"]))
def test_mutilated_parts(changes: list[tuple[float, bytes]], keep: float, name: str) -> None:
    """A sound package in which one part is changed, and one that is changed as a whole."""
    with zipfile.ZipFile(io.BytesIO(SAMPLES[ODT])) as archive:
        parts: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
    part = parts[name]
    assert isinstance(part, bytes)
    ends_well(zip_of(parts | {name: mutilated(part, changes, keep)}), ODT)
    ends_well(mutilated(SAMPLES[ODT], changes, keep), ODT)


@RELAXED
@given(
    st.lists(
        st.sampled_from(
            ["{", "}", "\\par ", "\\cell", "\\row", "\\intbl", "\\u", "\\u-1?", "\\'e9", "\\bin3",
             "{\\field", "{\\*\\fldinst ", "{\\fldrslt ", "{\\header ", "{\\shptxt ", "{\\upr",
             "{\\*\\ud ", "\\f9", "\\fs", "{\\fonttbl", "{\\listtext ", "\\pard", "text", "\\*"]
        ),
        max_size=60,
    )
)  # fmt: skip
def test_any_rich_text(pieces: list[str]) -> None:
    """Control words in any order."""
    ends_well(("{\\rtf1 Enough text to be read in it. " + "".join(pieces)).encode(), RTF)


@RELAXED
@given(
    st.lists(
        st.sampled_from(
            ["<table>", "<tr>", "<td>", "</td>", "</table>", "<p>", "</p>", "<li>", "<ul>", "<ol>",
             "</ol>", "<b>", "</b>", "<a href=http://a.b>", "</a>", "<div style='display:flex'>",
             "</div>", "<br>", "text", "<!--", "-->", "<pre>", "</pre>", "<h1>", "</h1>", "<hr>",
             "<style>", "</style>", "&amp", "<dd>", "<dt>", "<span style='float:right'>", "<x",
             "<div hidden>", "<td style='display:flex'>"]
        ),
        max_size=60,
    )
)  # fmt: skip
def test_any_page(pieces: list[str]) -> None:
    """Tags in any order."""
    ends_well(("<html>Enough text to be read in it. " + "".join(pieces)).encode(), HTML)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"])
def test_mutilated_images(kind: str) -> None:
    """A picture with bytes changed and cut off."""
    sample = as_scan(RESUME, kind=kind)

    @settings(RELAXED, max_examples=25)
    @given(
        st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=8)), max_size=8),
        st.floats(0.05, 1),
        st.booleans(),
    )
    def check(changes: list[tuple[float, bytes]], keep: float, early: bool) -> None:
        places = [(place / (100 if early else 1), piece) for place, piece in changes]
        ends_well(mutilated(sample, places, keep), f"image/{kind.lower()}")

    check()
