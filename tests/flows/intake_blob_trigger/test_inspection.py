"""The check of a dropped file: every kind of file meets its verdict."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from functions.intake_blob_trigger.rules import Code, Limits, Outcome, Verdict, inspect_file
from tools import sample_hostile, sample_layouts, sample_resumes
from tools.make_samples import SAMPLES, Sample

LIMITS = Limits()
RESUME = sample_resumes.make_resume(1)
TEXT = sample_layouts.as_text(RESUME)


def check(data: bytes, name: str = "cv.pdf", limits: Limits = LIMITS) -> Verdict:
    return inspect_file(io.BytesIO(data), name=name, size=len(data), limits=limits)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_accepts_every_sample(sample: Sample) -> None:
    """A sound résumé is accepted as what it is, whatever it is called."""
    verdict = check(sample.render(), "résumé.exe")
    assert verdict == Verdict(Outcome.ACCEPTED, sample.media_type)


@pytest.mark.parametrize("file", sample_hostile.hostile_files(3), ids=lambda file: file.name)
def test_hostile_files_meet_their_verdict(file: sample_resumes.SampleFile) -> None:
    """Each hostile file is stopped for its own reason, with a sentence to read."""
    verdict = check(file.data, file.name)
    assert verdict.code == file.verdict
    assert verdict.detail.endswith(".")


@pytest.mark.parametrize(
    "encode",
    [
        lambda: TEXT.encode(),
        lambda: TEXT.encode("utf-8-sig"),
        lambda: TEXT.encode("utf-16"),
        lambda: TEXT.encode("utf-16-le"),
        lambda: TEXT.encode("utf-16-be"),
        lambda: TEXT.encode("utf-32"),
        lambda: "Élodie Grünwald, São Paulo — expérience".encode("cp1252"),
        lambda: ("Опыт работы: инженер, Москва, 2019 – 2024.\n" * 20).encode("cp1251"),
        lambda: ("Опыт работы: инженер, Москва, 2019 - 2024.\n" * 20).encode("koi8-r"),
        lambda: ("Doświadczenie zawodowe: inżynier, Łódź, 2019 – 2024.\n" * 20).encode("cp1250"),
        lambda: ("職務経歴書 東京大学 2019年\n" * 20).encode("shift_jis"),
    ],
    ids=[
        "utf8",
        "bom",
        "utf16",
        "utf16le",
        "utf16be",
        "utf32",
        "cp1252",
        "cp1251",
        "koi8r",
        "cp1250",
        "sjis",
    ],
)
def test_accepts_text_in_common_encodings(encode: Callable[[], bytes]) -> None:
    """Plain text counts as text in Unicode with and without mark and in 8-bit encodings."""
    assert check(encode(), "cv.txt").media_type == "text/plain"


@pytest.mark.parametrize(
    ("data", "code", "noun"),
    [
        (bytes(4) + b"ftypheic" + bytes(99), Code.UNSUPPORTED, "HEIC"),
        (b"%!PS-Adobe-3.0\n", Code.UNSUPPORTED, "PostScript"),
        (b"<?xml version='1.0'?><feed/>", Code.UNSUPPORTED, "XML"),
        (b"\x1f\x8b\x08" + bytes(99), Code.UNSUPPORTED, "gzip"),
        (b"\x7fELF" + bytes(99), Code.EXECUTABLE, "Linux"),
        (b"#!/bin/sh\necho hello\n", Code.EXECUTABLE, "script"),
        (sample_hostile.program(), Code.EXECUTABLE, "although its name ends in .pdf"),
        (bytes(range(256)) * 40, Code.UNKNOWN, "no known kind"),
    ],
)
def test_names_what_it_does_not_read(data: bytes, code: Code, noun: str) -> None:
    """What is not read yet, and what never will be, is named in the reason."""
    verdict = check(data)
    assert verdict.code == code
    assert noun in verdict.detail


def ole(*names: str) -> bytes:
    """Return the likes of an OLE file whose directory holds these names."""
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in names)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entries


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("EncryptionInfo", "EncryptedPackage"), Code.ENCRYPTED),
        (("WordDocument", "Macros", "VBA", "_VBA_PROJECT"), Code.MACROS),
        (("WordDocument", "1Table"), None),
        (("WordDocument", "ObjectPool", "\x03ObjInfo"), Code.EMBEDDED),
        (("WordDocument", "\x13 DDEAUTO c:\\x"), Code.SCRIPT),
        (("WordDocument", '\x13INCLUDEPICTURE "http://evil.example'), Code.EXTERNAL),
        (("Workbook",), Code.UNSUPPORTED),
        ((), Code.UNSUPPORTED),
    ],
)
def test_legacy_office_files(names: tuple[str, ...], code: Code | None) -> None:
    """Encrypted Office documents and macros in old ones are quarantined, the rest named."""
    assert check(ole(*names), "cv.docx").code == code


@pytest.mark.parametrize("around", [b"%b", b"  \r\n%b", b"My CV\n%b\nmore", b"\xef\xbb\xbf%b"])
def test_finds_the_test_signature_anywhere(around: bytes) -> None:
    """The EICAR string is found after blanks, in the middle and across pieces."""
    assert check(around % sample_hostile.eicar(), "cv.txt").code == Code.TEST_SIGNATURE
    far = b"x" * (256 * 1024 - 30) + sample_hostile.eicar()
    assert check(far, "cv.txt").code == Code.TEST_SIGNATURE


def test_the_test_signature_is_the_published_one() -> None:
    """The string is EICAR's, by its published length and checksum."""
    import hashlib

    digest = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
    assert len(sample_hostile.eicar()) == 68
    assert hashlib.sha256(sample_hostile.eicar()).hexdigest() == digest


def test_the_size_is_measured() -> None:
    """A file is too large by what the store says, and also when the store is wrong."""
    limits = Limits(max_bytes=1000, max_mail_bytes=1000)
    data = b"work " * 300
    told = inspect_file(io.BytesIO(b""), name="a.txt", size=1001, limits=limits)
    found = inspect_file(io.BytesIO(data), name="a.txt", size=10, limits=limits)
    assert told.code == found.code == Code.TOO_LARGE


def test_an_e_mail_may_be_larger_than_a_file() -> None:
    """Its attachments are in base 64; each is held to the limit of a file by itself."""
    head = b"Received: by mx\r\nMIME-Version: 1.0\r\nFrom: a@b.example\r\n\r\n"
    limits = Limits(max_bytes=1000, max_mail_bytes=2000)
    for size, code in ((2000, None), (2001, Code.TOO_LARGE)):
        data = head + b"x" * (size - len(head))
        found = inspect_file(io.BytesIO(data), name="a.eml", size=size, limits=limits)
        assert found.code == code
        text = b"work " * 500
        told = inspect_file(io.BytesIO(text[:size]), name="a.txt", size=size, limits=limits)
        assert told.code == Code.TOO_LARGE


class OneWay(io.RawIOBase):
    """A stream that can only be read on."""

    def __init__(self, data: bytes, fail: bool = False) -> None:
        self._data = io.BytesIO(data)
        self._fail = fail

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower buffer
        if self._fail:
            raise ConnectionError("the store is gone")
        return self._data.readinto(buffer)


def test_reads_streams_that_cannot_seek() -> None:
    """A stream that can only be read on meets the same verdict, and the same size limit."""
    data = sample_layouts.as_pdf(RESUME)
    verdict = inspect_file(OneWay(data), name="a", size=1, limits=LIMITS)  # type: ignore[arg-type]
    assert verdict.accepted
    small = Limits(max_bytes=100)
    verdict = inspect_file(OneWay(data), name="a", size=1, limits=small)  # type: ignore[arg-type]
    assert verdict.code == Code.TOO_LARGE


class Failing(io.BytesIO):
    """A file whose store fails while it is read."""

    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionError("the store is gone")


def test_a_fault_of_the_store_is_no_verdict() -> None:
    """What the stream itself raises goes through, so that the file is tried again."""
    with pytest.raises(ConnectionError):
        inspect_file(Failing(b"abc"), name="a.txt", size=3, limits=LIMITS)
