"""Files that must not get through, each with the verdict that it should meet."""

from __future__ import annotations

import io
import random
import zlib
from functools import cache

from reportlab.lib.pdfencrypt import (
    StandardEncryption,
)
from reportlab.pdfgen.canvas import Canvas

from tools.sample_layouts import as_docx, as_pdf, zip_of
from tools.sample_resumes import DOCX, PDF, TEXT, SampleFile, make_resume

# The EICAR test string, turned by 13 so that no scanner stumbles over this file.
_TURNED = b"K5B!C%@NC[4\\CMK54(C^)7PP)7}$RVPNE-FGNAQNEQ-NAGVIVEHF-GRFG-SVYR!$U+U*"


def eicar() -> bytes:
    """Return the EICAR test string, 68 bytes."""
    return bytes(
        (byte - base + 13) % 26 + base
        if (base := 65 if 65 <= byte <= 90 else 97 if 97 <= byte <= 122 else 0)
        else byte
        for byte in _TURNED
    )


def program(seed: int = 0) -> bytes:
    """Return the headers of a Windows program and some padding."""
    dos = b"MZ" + bytes(58) + (128).to_bytes(4, "little")
    return dos + bytes(64) + b"PE\0\0\x64\x86" + seed.to_bytes(8, "little") + bytes(2048)


def encrypted_pdf(seed: int = 0, password: str = "open sesame") -> bytes:  # noqa: S107  # a sample
    """Return a PDF that opens with this password; with an empty one it opens at once."""
    out = io.BytesIO()
    lock = StandardEncryption(password, ownerPassword="owner", strength=128)
    canvas = Canvas(out, encrypt=lock, invariant=1)
    canvas.drawString(72, 720, f"Confidential résumé number {seed} behind a password")
    canvas.save()
    return out.getvalue()


@cache
def bomb_docx(mebibytes: int = 80) -> bytes:
    """Return a Word document whose text unpacks to that many MiB of blanks."""
    return zip_of(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
            'content-types"><Override PartName="/word/document.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
            "word/document.xml": b" " * (mebibytes * 1024 * 1024),
        }
    )


def pdf_of(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """Return a PDF of numbered objects, the first of which is the catalog."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R%b>>\n" % (len(objects) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


@cache
def bomb_pdf(mebibytes: int = 500) -> bytes:
    """Return a PDF whose one page has so many MiB of drawing operators in a few hundred KiB."""
    deflater = zlib.compressobj(9)
    block = b"BT /F1 9 Tf 1 0 0 1 72 720 Tm (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj ET\n" * 16_384
    packed = bytearray()
    for _ in range(mebibytes):
        packed += deflater.compress(block[: 1024 * 1024])
    packed += deflater.flush()
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>",
            b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream"
            % (len(packed), bytes(packed)),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def script_pdf(seed: int = 0) -> bytes:
    """Return a PDF that runs JavaScript when it is opened."""
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(%d\\))>>>>"
            % seed,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
        ]
    )


def macro_docx(seed: int = 0) -> bytes:
    """Return a Word document with a macro project."""
    return zip_of(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
            'content-types"><Override PartName="/word/document.xml" ContentType="application/'
            'vnd.ms-word.document.macroEnabled.main+xml"/></Types>',
            "word/document.xml": f"<w>{seed}</w>",
            "word/vbaProject.bin": bytes(64),
        }
    )


def hostile_files(seed: int = 0) -> list[SampleFile]:
    """Return one file of each hostile kind, with the code of the verdict it should meet."""
    chance = random.Random(f"hostile-{seed}")  # noqa: S311  # samples, no secrets
    whole = as_pdf(make_resume(seed))
    docx = as_docx(make_resume(seed))
    return [
        SampleFile("empty.pdf", b"", None, None, "empty"),
        SampleFile(
            "huge.txt", b"%d " % seed + b"work work work. " * 720_897, TEXT, None, "too_large"
        ),
        SampleFile("renamed.pdf", program(seed), None, None, "executable"),
        SampleFile("truncated.pdf", whole[: len(whole) * 2 // 3], PDF, None, "truncated"),
        SampleFile("truncated.docx", docx[: len(docx) * 2 // 3], DOCX, None, "truncated"),
        SampleFile("bomb.docx", bomb_docx(), DOCX, None, "decompression_bomb"),
        SampleFile("eicar.txt", eicar() + b" " * (seed % 50), TEXT, None, "eicar_test_file"),
        SampleFile("locked.pdf", encrypted_pdf(seed), PDF, None, "encrypted"),
        SampleFile("script.pdf", script_pdf(seed), PDF, None, "script"),
        SampleFile("macros.docx", macro_docx(seed), DOCX, None, "macros"),
        SampleFile("junk.docx", chance.randbytes(20_000), None, None, "unknown_type"),
    ]
