"""Scans and images of pages, read by tesseract."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from functions.intake_extract import tesseract
from functions.intake_extract.reading import extract
from functions.intake_extract.rules import (
    Damaged,
    ExtractLimits,
    NoText,
    OcrMissing,
    TooLarge,
)
from functions.intake_extract.sandbox import Sandbox, SandboxLimits
from shared.models.text import ExtractedText
from tests.flows.intake_extract.ocr_installed import needs_ocr
from tools.sample_formats import as_scanned_pdf, pictures
from tools.sample_layouts import as_pdf
from tools.sample_resumes import PDF, make_resume

RESUME = make_resume(21)
ROOT = Path(__file__).resolve().parents[3]
LETTER = (1275, 1650)
"""At 150 dots per inch."""


def scan(layout: str = "one column") -> Any:
    return pictures(as_pdf(RESUME, layout))[0]


def saved(image: Any, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def texts(text: ExtractedText) -> list[str]:
    return [line.text for line in text.lines]


@needs_ocr
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"])
def test_every_kind_of_image_is_read(kind: str) -> None:
    """A picture of a page gives its words, their language and a warning, in any format."""
    image = scan()
    text = extract(saved(image, kind), f"image/{kind.lower()}")
    assert text.media_type == f"image/{kind.lower()}"
    assert texts(text)[0] == RESUME.name
    assert RESUME.email in text.text
    assert text.language == "en"
    assert text.warnings == ("read by OCR",)


@needs_ocr
def test_places_are_those_of_the_page() -> None:
    """Lines have their place in points, and sizes that tell a name from the rest."""
    image = scan()
    text = extract(saved(image, "PNG", dpi=(200, 200)), "image/png")
    name, usual = text.lines[0], sorted(line.size for line in text.lines)[len(text.lines) // 2]
    assert name.size > 1.5 * usual
    assert 8 <= usual <= 12
    for line in text.lines:
        assert 0 <= line.x0 < line.x1 <= 72 * image.width / 200
        assert 0 <= line.y0 < line.y1 <= 72 * image.height / 200


@needs_ocr
def test_two_columns_are_read_one_after_the_other() -> None:
    """A sidebar is not mixed into the lines beside it."""
    text = extract(saved(scan("sidebar"), "PNG"), "image/png")
    lines = texts(text)
    skills = [line for line in lines if "PostgreSQL" in line or "Terraform" in line]
    assert skills
    assert not any(job.company in line for job in RESUME.jobs for line in skills)
    assert lines.index(skills[-1]) < lines.index("EXPERIENCE")
    assert sum(line.startswith("• ") for line in lines) >= 8


@needs_ocr
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_pages_that_lie_on_their_side(turn: int) -> None:
    """A page that was photographed askew is turned before it is read."""
    image = scan().rotate(turn, expand=True, fillcolor=255)
    assert RESUME.email in extract(saved(image, "PNG"), "image/png").text


@needs_ocr
def test_the_cameras_word_on_orientation_counts() -> None:
    """A photograph that says how it was held is turned accordingly."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = scan().rotate(90, expand=True).convert("RGB")
    text = extract(saved(image, "JPEG", exif=exif), "image/jpeg")
    assert texts(text)[0] == RESUME.name


@needs_ocr
def test_a_page_a_little_askew() -> None:
    """Lines that lean are lines all the same."""
    image = scan("dates left").rotate(0.8, fillcolor=255, resample=Image.Resampling.BICUBIC)
    text = extract(saved(image, "PNG"), "image/png")
    assert any("\t" in line for line in texts(text))
    assert RESUME.email in text.text


@needs_ocr
def test_letters_on_nothing() -> None:
    """Black letters on a transparent ground are read as if on paper."""
    grey = scan()
    image = Image.merge("LA", (Image.new("L", grey.size, 0), grey.point(lambda value: 255 - value)))
    assert RESUME.email in extract(saved(image, "PNG"), "image/png").text


@needs_ocr
def test_pages_of_a_tiff() -> None:
    """A fax of several pages is read to the limit, the rest is told."""
    pages = [small_page(f"Page number {number} of the letter") for number in range(1, 4)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    text = extract(data, "image/tiff", ExtractLimits(max_ocr_pages=2))
    assert text.page_count == 3
    assert [(line.page, line.text) for line in text.lines] == [
        (1, "Page number 1 of the letter"),
        (2, "Page number 2 of the letter"),
    ]
    assert text.warnings == ("read by OCR", "page 3 was left out: OCR reads 2 pages of a file")


def small_page(words: str) -> Any:
    image = Image.new("L", LETTER, 255)
    ImageDraw.Draw(image).text((150, 200), words, fill=0, font_size=40)
    return image


@needs_ocr
def test_scanned_pages_of_a_pdf() -> None:
    """Pages that are pictures are read by OCR, pages with text as ever."""
    pages = [scan(), small_page("The second page of it")]
    text = extract(as_scanned_pdf(pages), PDF)
    assert text.lines[0].text == RESUME.name
    assert text.lines[-1].text == "The second page of it"
    assert text.warnings == ("pages 1, 2 were read by OCR",)
    assert text.page_count == 2


@needs_ocr
def test_a_scan_that_bears_a_line_of_text() -> None:
    """What a scanner's program writes onto the picture does not hide the page."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    canvas.drawImage(ImageReader(scan()), 0, 0, 595, 842)
    canvas.drawString(20, 10, "Scanned with a program that says so")
    canvas.save()
    assert RESUME.email in extract(out.getvalue(), PDF).text


@needs_ocr
def test_scanned_pages_beyond_the_limit() -> None:
    """Only so many scanned pages are read; the others are named."""
    pages = [small_page(f"The words of scanned page number {number}") for number in range(3)]
    text = extract(as_scanned_pdf(pages), PDF, ExtractLimits(max_ocr_pages=1))
    assert text.warnings == (
        "page 1 was read by OCR",
        "pages 2, 3 were left out: OCR reads 1 pages of a file",
    )


@needs_ocr
def test_time_runs_out_between_pages() -> None:
    """Pages for which no time is left are named; without any text the file ends."""
    pages = [small_page("Words that take their time")] * 2
    with pytest.raises(NoText):
        extract(as_scanned_pdf(pages), PDF, ExtractLimits(ocr_seconds=0.01))
    with pytest.raises(NoText, match="too long"):
        extract(saved(pages[0], "PNG"), "image/png", ExtractLimits(ocr_seconds=0.01))


@needs_ocr
def test_nothing_to_see() -> None:
    """A blank page holds no text."""
    with pytest.raises(NoText):
        extract(saved(Image.new("L", LETTER, 255), "PNG"), "image/png")


@needs_ocr
def test_reads_within_the_sandbox() -> None:
    """Under the limits of the sandbox OCR works, and takes the longer time that it is given."""
    with Sandbox(SandboxLimits(wall_seconds=1.0, ocr_wall_seconds=60.0)) as sandbox:
        text = sandbox.extract(saved(scan(), "PNG"), "image/png")
        assert RESUME.email in text.text
        assert RESUME.email in sandbox.extract(as_scanned_pdf([scan()]), PDF).text


@needs_ocr
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_tesseract_dies_with_its_parent() -> None:
    """When the process that reads is killed, tesseract does not go on."""
    program = (
        "import sys, threading, time\n"
        "from functions.intake_extract.tesseract import Tesseract\n"
        "from pathlib import Path\n"
        "def tell():\n"
        "    me = Path('/proc/self/task')\n"
        "    while True:\n"
        "        kids = [k for t in me.iterdir() for k in (t / 'children').read_text().split()]\n"
        "        if kids:\n"
        "            print(kids[0], flush=True)\n"
        "            return\n"
        "threading.Thread(target=tell, daemon=True).start()\n"
        "data = sys.stdin.buffer.read()\n"
        "tesseract = Tesseract(60)\n"
        "from functions.intake_extract.tesseract import languages\n"
        "while True:\n"
        "    tesseract.read(data)\n"
    )
    image = scan()
    grey_map = b"P5 %d %d 255\n" % image.size + image.tobytes()
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(grey_map)
    parent.stdin.close()
    parent.stdout.readline()  # the first is the question for the languages
    time.sleep(0.6)
    listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    children: list[str] = []
    for _ in range(2000):  # between two pages there is none
        if children := listed.read_text().split():
            break
        time.sleep(0.005)
    parent.kill()
    parent.wait()
    assert children
    for _ in range(100):
        if all(_gone(child) for child in children):
            return
        time.sleep(0.05)
    pytest.fail("tesseract still runs")


def _gone(pid: str) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return status == "Z"


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + bytes(99), b"GIF89a", b"II*\0" * 9])
def test_broken_images(data: bytes) -> None:
    """What cannot be decoded is damaged."""
    with pytest.raises(Damaged):
        extract(data, "image/png")


def test_too_many_pixels() -> None:
    """An image is refused by its header, before its pixels are unpacked."""
    data = saved(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(data) < 100_000
    with pytest.raises(TooLarge):
        extract(data, "image/png")


def test_without_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OCR is not installed a scan ends with a reason that says so; text is read on."""
    monkeypatch.setattr(tesseract, "program", lambda: None)
    monkeypatch.setattr(tesseract, "languages", lambda: ())
    with pytest.raises(OcrMissing, match="not installed here"):
        extract(saved(small_page("words"), "PNG"), "image/png")
    with pytest.raises(OcrMissing, match="not installed here"):
        extract(as_scanned_pdf([small_page("words")]), PDF)
