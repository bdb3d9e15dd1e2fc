"""Word documents and other ZIP files under the check."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from functions.intake_blob_trigger.rules import Code, Limits, Verdict, inspect_file
from tools import sample_hostile
from tools.sample_layouts import as_docx, zip_of
from tools.sample_resumes import DOCX, make_resume

DOCUMENT = as_docx(make_resume(1))


def check(data: bytes, limits: Limits | None = None) -> Verdict:
    return inspect_file(io.BytesIO(data), name="cv.docx", size=len(data), limits=limits or Limits())


def with_member(name: str, content: str | bytes) -> bytes:
    """Return a sound Word document with one more member."""
    with zipfile.ZipFile(io.BytesIO(DOCUMENT)) as archive:
        members: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    return zip_of({**members, name: content})


def relation(kind: str, target: str, mode: str = "External") -> str:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{base}/{kind}" Target="{target}" TargetMode="{mode}"/>'
        "</Relationships>"
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("word/vbaProject.bin", b"x", Code.MACROS),
        ("word/media/image1.png", sample_hostile.eicar(), Code.TEST_SIGNATURE),
        ("word/media/image1.png", sample_hostile.program(), Code.EXECUTABLE),
        ("word/embeddings/oleObject1.bin", b"x", Code.EMBEDDED),
        ("word/embeddings/thing.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Code.EMBEDDED),
        ("word/activeX/activeX1.xml", "<a/>", Code.EMBEDDED),
        ("word/embeddings/inner.zip", DOCUMENT, Code.NESTED),
        ("../../etc/passwd", b"x", Code.UNSAFE_PATH),
        ("word\\..\\..\\evil.xml", b"x", Code.UNSAFE_PATH),
        ("C:/evil.xml", b"x", Code.UNSAFE_PATH),
        ("word/header1.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', Code.BOMB),
        ("word/header1.xml", "<w:instrText> DDEAUTO c:\\\\x cmd</w:instrText>", Code.SCRIPT),
        (
            "word/_rels/settings.xml.rels",
            relation("attachedTemplate", "https://evil.example/a.dotm"),
            Code.EXTERNAL,
        ),
        (
            "word/_rels/settings.xml.rels",
            relation("attachedTemplate", "file://server/share/a.dotm"),
            Code.EXTERNAL,
        ),
        (
            "word/_rels/x.xml.rels",
            relation("oleObject", "mhtml:https://evil.example/x.html"),
            Code.EXTERNAL,
        ),
        ("word/media/zeros.bin", bytes(9_000_000), Code.BOMB),
    ],
)
def test_stops_dangerous_members(name: str, content: str | bytes, code: Code) -> None:
    """One dangerous member in a sound document quarantines it."""
    verdict = check(with_member(name, content))
    assert verdict.quarantined
    assert verdict.code == code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "word/_rels/settings.xml.rels",
            relation("attachedTemplate", "file:///C:\\Users\\me\\Templates\\Resume.dotx"),
        ),
        ("word/_rels/x.xml.rels", relation("hyperlink", "https://github.com/me")),
        ("word/embeddings/Microsoft_Excel_Sheet.xlsx", zip_of({"a": "b"})),
        ("word/media/image1.png", b"\x89PNG\r\n\x1a\n" + bytes(500)),
    ],
)
def test_accepts_what_word_itself_writes(name: str, content: str | bytes) -> None:
    """Local template paths, web links, chart data and images are in many honest documents."""
    assert check(with_member(name, content)).media_type == DOCX


def main_type(kind: str) -> bytes:
    return zip_of({"[Content_Types].xml": f'<Types><Override ContentType="{kind}"/></Types>'})


OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("data", "code", "noun"),
    [
        (main_type(f"{OFFICE}spreadsheetml.sheet.main+xml"), Code.UNSUPPORTED, "Excel"),
        (main_type(f"{OFFICE}wordprocessingml.document.main+xml"), Code.DAMAGED, "text"),
        (
            main_type("application/vnd.ms-word.document.macroEnabled.main+xml"),
            Code.MACROS,
            "macros",
        ),
        (
            zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}),
            None,
            "",
        ),
        (zip_of({"META-INF/MANIFEST.MF": "a", "b": "c"}), Code.UNSUPPORTED, "Java"),
        (zip_of({"cv.txt": "hello"}), Code.UNSUPPORTED, "ZIP"),
        (b"PK\x05\x06" + bytes(18), Code.EMPTY, "empty"),
    ],
)
def test_tells_packages_apart(data: bytes, code: Code | None, noun: str) -> None:
    """What a ZIP file is shows in what it holds."""
    verdict = check(data)
    assert verdict.code == code
    assert noun in verdict.detail


def test_declared_sizes_are_not_believed() -> None:
    """A member that unpacks to more than it declares is found while it unpacks."""
    bomb = bytearray(sample_hostile.bomb_docx(80))
    struct.pack_into("<L", bomb, bomb.rfind(b"PK\x01\x02") + 24, 1000)
    assert check(bytes(bomb)).code == Code.BOMB


def test_overlapping_members_are_a_bomb() -> None:
    """Members that share their packed bytes are refused, however small the file."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(bytes(100_000)) + packed.flush()
    crc = zlib.crc32(bytes(100_000))
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(body), 100_000, 1, 0)
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(body), 100_000, 1, 0, 0, 0, 0, 0, 0
    )
    directory = b"".join(entry + name for name in (b"a", b"b", b"c"))
    start = len(local) + 1 + len(body)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3, 3, len(directory), start, 0)
    assert check(local + b"a" + body + directory + end).code == Code.BOMB


def test_too_many_members() -> None:
    """A file of thousands of parts is no document."""
    assert check(DOCUMENT, Limits(max_members=3)).code == Code.BOMB


def test_password_protected_archive() -> None:
    """A member with the encryption flag quarantines the file."""
    locked = bytearray(DOCUMENT)
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    assert check(bytes(locked)).code == Code.ENCRYPTED


def test_a_broken_member_is_damage() -> None:
    """A byte changed inside a member shows in its checksum."""
    broken = bytearray(DOCUMENT)
    broken[60] ^= 0xFF
    assert check(bytes(broken)).code in (Code.DAMAGED, Code.TRUNCATED)
