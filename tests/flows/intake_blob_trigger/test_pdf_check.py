"""PDF files under the check: scripts, attachments, passwords."""

from __future__ import annotations

import io
import zlib

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from functions.intake_blob_trigger.rules import Code, Limits, Verdict, inspect_file
from tools import sample_hostile
from tools.sample_hostile import pdf_of
from tools.sample_layouts import as_pdf
from tools.sample_resumes import make_resume

PAGES = b"<</Type/Pages/Kids[]/Count 0>>"


def check(data: bytes) -> Verdict:
    return inspect_file(io.BytesIO(data), name="cv.pdf", size=len(data), limits=Limits())


def with_object(body: bytes) -> bytes:
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", PAGES, body])


def stream(dictionary: bytes, content: bytes) -> bytes:
    packed = zlib.compress(content)
    head = b"<<%b/Length %d/Filter/FlateDecode>>" % (dictionary, len(packed))
    return head + b"stream\n" + packed + b"\nendstream"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<</S/JavaScript/JS(app.alert(1))>>", Code.SCRIPT),
        (b"<</S/J#61vaScript/J#53 9 0 R>>", Code.SCRIPT),
        (b"<</S/Launch/F(cmd.exe)>>", Code.SCRIPT),
        (b"<</Subtype/RichMedia>>", Code.SCRIPT),
        (stream(b"/Type/ObjStm/N 1/First 4", b"7 0 <</S/JavaScript/JS(x)>>"), Code.SCRIPT),
        (stream(b"/Type/EmbeddedFile", sample_hostile.program()), Code.EXECUTABLE),
        (stream(b"/Type/EmbeddedFile", sample_hostile.eicar()), Code.TEST_SIGNATURE),
        (b"<</Type/Filespec/F(setup.exe)>>", Code.EXECUTABLE),
    ],
)
def test_quarantines_active_content(body: bytes, code: Code) -> None:
    """Scripts, launched programs and attached ones are found, also escaped or packed away."""
    verdict = check(with_object(body))
    assert verdict.quarantined
    assert verdict.code == code


@pytest.mark.parametrize(
    "body",
    [
        b"<</S/URI/URI(https://example.com/JS)>>",
        b"<</Title(Tools/JScript and /Launching)>>",
        stream(b"", b"/JavaScript /JS in a page's own drawing operators"),
        stream(b"/Type/EmbeddedFile", b"<xml>the data that Europass attaches</xml>"),
        b"<</OpenAction[3 0 R/Fit]>>",
    ],
)
def test_accepts_harmless_lookalikes(body: bytes) -> None:
    """Words that only look like a script's names, and attached data, do no harm."""
    assert check(with_object(body)).accepted


def test_random_streams_raise_no_alarm() -> None:
    """Compressed images do not match by chance, for streams are passed over."""
    noise = b"stream\n" + b"/JS /Launch " * 5000 + b"\nendstream"
    assert check(with_object(b"<</Length 60000>>" + noise)).accepted


@pytest.mark.parametrize("strength", [40, 128])
def test_the_empty_password_opens(strength: int) -> None:
    """A PDF that merely restricts printing opens for everybody, so it is accepted."""
    for password, code in (("", None), ("secret", Code.ENCRYPTED)):
        out = io.BytesIO()
        lock = StandardEncryption(password, ownerPassword="owner", strength=strength)
        canvas = Canvas(out, encrypt=lock)
        canvas.drawString(72, 720, "Hello")
        canvas.save()
        assert check(out.getvalue()).code == code


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5"])
def test_other_writers_passwords(algorithm: str) -> None:
    """The password check holds for the revisions that other writers use."""
    from pypdf import PdfReader, PdfWriter

    for password, code in (("", None), ("secret", Code.ENCRYPTED)):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(as_pdf(make_resume(1)))))
        writer.encrypt(password, "owner", algorithm=algorithm)
        out = io.BytesIO()
        writer.write(out)
        assert check(out.getvalue()).code == code


def test_a_cut_off_pdf_is_named_so() -> None:
    """Half a PDF is asked for again instead of being read by halves."""
    whole = as_pdf(make_resume(1))
    assert check(whole[: len(whole) // 2]).code == Code.TRUNCATED
