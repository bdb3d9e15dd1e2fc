"""Mutated files through every reader and the parser, for as long as one likes.

    python -m benchmarks.fuzz_intake [--minutes M] [--seed S] [--keep FOLDER]

Each file goes through the check, the sandbox and, when text comes out, the
parser. What is not a verdict, a text or a typed error is counted and kept in
FOLDER: a reader that died (crashed), took too long (timed_out), an exception
of the check or the parser. Ends with 1 when anything was kept. Default: one
minute. OCR takes part where tesseract is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import time
import traceback
import zipfile
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

from functions.intake_blob_trigger.rules import Limits, inspect_file
from functions.intake_extract.rules import ExtractionError, Killed, OutOfMemory
from functions.intake_extract.sandbox import Sandbox, SandboxLimits
from functions.intake_parse.rules import parse
from tests.flows.intake_extract.word97 import IN_TABLE, LISTED, Part, word_97
from tools import sample_hostile
from tools.sample_formats import HTML, ODT, RTF, as_html, as_odt, as_rtf, as_scan, as_scanned_pdf
from tools.sample_formats import pictures as pictures_of
from tools.sample_layouts import PDF_LAYOUTS, as_docx, as_pdf, as_text, zip_of
from tools.sample_resumes import DOCX, PDF, TEXT, make_resume

DOC = "application/msword"
TODAY = date(2026, 1, 1)
_IMAGES = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_WORDS: dict[str, tuple[bytes, ...]] = {
    RTF: (b"{", b"}", b"\\par", b"\\u-1", b"\\bin99", b"{\\field", b"{\\*\\fldinst ", b"\\cell",
          b"\\row", b"{\\shptxt", b"\\'", b"{\\upr", b"\\uc9", b"{\\fonttbl", b"\\f99999"),
    HTML: (b"<table>", b"<td>", b"</td>", b"<!--", b"<script>", b"<style>", b"&#x", b"<b>", b"<p",
           b"<a href='", b"</", b"<div style='display:flex'>", b"<li>", b"<ol start=9>"),
    ODT: (b"<text:p>", b"</text:p>", b"<text:s text:c='9'/>", b"<table:table>", b"<text:list>"),
    DOCX: (b"<w:p>", b"</w:p>", b"<w:tbl>", b"<w:del>", b"<w:r>", b"<w:tab/>"),
    PDF: (b"<<", b">>", b"endobj", b"stream", b"/Length 9", b"0 R", b"BT", b"Tj"),
}  # fmt: skip
_COMMON = (b"\0", b"\xff\xff\xff\xff", b"\x80", b"99999999999", b"-1", b"", b"<", b"\\", b"\xd8")


def seeds(chance: random.Random) -> dict[str, list[bytes]]:
    """Return sound files by media type."""
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for language in ("en", "fr", "de"):
        resume = make_resume(chance.randrange(10_000), language, jobs=2)
        found[PDF] += [as_pdf(resume, layout) for layout in PDF_LAYOUTS[:3]]
        found[DOCX] += [as_docx(resume), as_docx(resume, tables=True)]
        found[TEXT] += [as_text(resume).encode(), as_text(resume).encode("utf-16")]
        found[ODT].append(as_odt(resume))
        found[RTF].append(as_rtf(resume))
        found[HTML].append(as_html(resume))
    lines = as_text(make_resume(2, jobs=1)).splitlines()[:9]
    found[DOC].append(word_97([Part(f"{line}\r", LISTED) for line in lines]))
    found[DOC].append(word_97([Part("cell\x07", IN_TABLE), Part("\x13x\x14y\x15\r", style=1)]))
    small = make_resume(1)
    found[PDF].append(as_scanned_pdf(pictures_of(as_pdf(small, "one column"), 100), 100))
    found[PDF].append(sample_hostile.encrypted_pdf())
    for kind in _IMAGES:
        found[f"image/{kind.lower()}"].append(as_scan(small, kind=kind))
    return dict(found)


def mutated(data: bytes, media_type: str, chance: random.Random) -> bytes:
    """Return a file with some of it changed; of a package one part, or the whole."""
    if media_type in (ODT, DOCX) and chance.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts: dict[str, str | bytes] = {
                name: archive.read(name) for name in archive.namelist()
            }
        name = chance.choice([name for name in parts if name.endswith(".xml")])
        part = parts[name]
        return zip_of(parts | {name: _changed(bytes(part), media_type, chance)})  # type: ignore[arg-type]
    return _changed(data, media_type, chance)


def _changed(data: bytes, media_type: str, chance: random.Random) -> bytes:
    changed = bytearray(data)
    words = (*_WORDS.get(media_type, ()), *_COMMON)
    early = media_type.startswith("image/") and chance.random() < 0.5
    for _ in range(chance.choice((1, 2, 4, 12, 40))):
        at = chance.randrange(min(len(changed), 300) if early else len(changed) or 1)
        kind = chance.random()
        if kind < 0.4 and changed:
            changed[min(at, len(changed) - 1)] = chance.randrange(256)
        elif kind < 0.7:
            changed[at:at] = chance.choice(words) * chance.choice((1, 1, 1, 3, 500))
        elif kind < 0.85:
            del changed[at : at + chance.randrange(1, 200)]
        else:
            start = chance.randrange(len(changed) or 1)
            changed[at:at] = changed[start : start + chance.randrange(1, 2_000)]
    if chance.random() < 0.15:
        del changed[chance.randrange(len(changed) or 1) :]
    return bytes(changed)


class Run:
    """Counts what came of the files, and keeps those that did harm."""

    def __init__(self, keep: Path) -> None:
        self._keep = keep
        self.outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.slowest: dict[str, float] = {}
        self.kept = 0

    def one(self, data: bytes, media_type: str, sandbox: Sandbox) -> None:
        """Take one file through check, sandbox and parser."""
        began = time.perf_counter()
        try:
            inspect_file(io.BytesIO(data), name="x", size=len(data), limits=Limits())
            text = sandbox.extract(data, media_type)
            parse(text, today=TODAY)
            outcome = "text"
        except ExtractionError as error:
            outcome = error.code
            if isinstance(error, Killed) and not isinstance(error, OutOfMemory):
                self._save(data, media_type, outcome, str(error))
        except Exception:
            outcome = "exception"
            self._save(data, media_type, outcome, traceback.format_exc())
        took = time.perf_counter() - began
        self.outcomes[media_type][outcome] += 1
        self.seconds[media_type] += took
        self.slowest[media_type] = max(took, self.slowest.get(media_type, 0.0))

    def _save(self, data: bytes, media_type: str, outcome: str, told: str) -> None:
        self.kept += 1
        self._keep.mkdir(parents=True, exist_ok=True)
        name = f"{outcome}-{media_type.replace('/', '-')}-{hashlib.sha256(data).hexdigest()[:12]}"
        (self._keep / name).write_bytes(data)
        (self._keep / f"{name}.why").write_text(told, encoding="utf-8")
        print(f"kept {name}: {told.strip().splitlines()[-1]}")


def main() -> int:
    """Run for the time given; returns 1 when a file was kept."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--keep", type=Path, default=Path(".waymark/fuzz"))
    options.add_argument("--only", default="", help="media types that contain this")
    given = options.parse_args()
    chance = random.Random(given.seed)
    found = seeds(chance)
    kinds = [kind for kind in sorted(found) if given.only in kind]
    # Images take seconds each: one in forty files.
    quick = [kind for kind in kinds if not kind.startswith("image/")] or kinds
    run = Run(given.keep)
    end = time.monotonic() + 60 * given.minutes
    with Sandbox(SandboxLimits(children=1)) as sandbox:
        while time.monotonic() < end:
            kind = chance.choice(kinds if chance.random() < 0.025 else quick)
            run.one(mutated(chance.choice(found[kind]), kind, chance), kind, sandbox)
    for kind in kinds:
        outcomes = run.outcomes[kind]
        count = outcomes.total()
        if count:
            told = ", ".join(f"{outcome} {number}" for outcome, number in outcomes.most_common())
            mean = 1000 * run.seconds[kind] / count
            print(f"{kind[-32:]:32} {count:6} files, {mean:7.1f} ms each, "
                  f"slowest {run.slowest[kind]:5.1f} s: {told}")  # fmt: skip
    print(f"{run.kept} files kept")
    return int(run.kept > 0)


if __name__ == "__main__":
    raise SystemExit(main())
