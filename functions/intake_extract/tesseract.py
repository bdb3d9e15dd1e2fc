"""Reads images of pages with the program tesseract, in a process of its own.

The image goes in and hOCR comes out by pipes: nothing is written to disk. The
process is under the limits of the one that starts it, and dies with it. Its
input is always a picture in grey that we made: given anything else, tesseract
would take it for a list of files to open.
"""

from __future__ import annotations

import ctypes
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache

from functions.intake_extract.rules.errors import OcrMissing
from functions.intake_extract.rules.ocr.recogniser import DPI, Unfinished

LANGUAGES = ("eng", "fra", "spa", "deu", "por")
"""Those of them that are installed are used together."""
_PLACES = "/usr/bin:/usr/local/bin:/opt/homebrew/bin"
_PAGE_SECONDS = 45.0
_MEMORY = 1024**3
_MOST_BYTES = 16 * 1024**2
_PR_SET_PDEATHSIG = 1
_ROTATE = re.compile(rb"^Rotate: (\d{1,3})", re.MULTILINE)
_SURE = re.compile(rb"^Orientation confidence: ([\d.]+)", re.MULTILINE)
_SURE_ENOUGH = 1.5
_began: list[Callable[[], None]] = []


def announce_to(listener: Callable[[], None]) -> None:
    """Have ``listener`` called whenever the first image of a file is about to be read."""
    _began[:] = [listener]


@cache
def _library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _confine() -> None:
    """Runs in the new process, before tesseract."""
    library = _library()
    if library is not None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for kind, wanted in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, int(_PAGE_SECONDS) + 5),
    ):
        _, hard = resource.getrlimit(kind)
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (limit, limit))


@cache
def program() -> str | None:
    """Return where tesseract is, None where it is not installed."""
    return shutil.which("tesseract", path=_PLACES)


@cache
def languages() -> tuple[str, ...]:
    """Return the names of the languages that tesseract has data for, ``osd`` among them."""
    found = program()
    if found is None:
        return ()
    listed = subprocess.run(  # noqa: S603  # a program of the system's, no input in the command
        [found, "--list-langs"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
        env={"LANG": "C.UTF-8"},
    )
    lines = (listed.stdout or listed.stderr).decode("utf-8", "replace").splitlines()
    return tuple(line.strip() for line in lines[1:] if re.fullmatch(r"[\w/]{2,40}", line.strip()))


class Tesseract:
    """Reads the pages of one file within a time limit, in seconds from the first of them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline: float | None = None

    def read(self, image: bytes) -> str:
        """Return what stands in an image as hOCR.

        Raises :class:`OcrMissing` when tesseract or its data are not
        installed, :class:`Unfinished` when time is up.
        """
        used = [name for name in LANGUAGES if name in languages()]
        if not used:
            used = [name for name in languages() if name not in ("osd", "equ")][:1]
        if program() is None or not used:
            raise OcrMissing(
                "The file is a scan or an image, and OCR (tesseract) is not installed here. "
                "Please send a file with text in it."
            )
        options = ["-l", "+".join(used), "--psm", "3", "--dpi", str(DPI), "hocr"]
        return self._run(options, image).decode("utf-8", "replace")

    def turned(self, image: bytes) -> int:
        """Return by how many degrees to turn an image clockwise to have it stand upright.

        0 when unsure, or when the data for it are not installed.
        """
        if "osd" not in languages():
            return 0
        told = self._run(["--psm", "0", "--dpi", str(DPI)], image)
        angle, sure = _ROTATE.search(told), _SURE.search(told)
        if angle is None or sure is None or float(sure[1]) < _SURE_ENOUGH:
            return 0
        return int(angle[1]) if int(angle[1]) in (90, 180, 270) else 0

    def _run(self, options: list[str], image: bytes) -> bytes:
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
            for listener in _began:
                listener()
        seconds = min(self._deadline - now, _PAGE_SECONDS)
        if seconds <= 0:
            raise Unfinished("no time is left")
        _library()
        process = subprocess.Popen(  # noqa: S603  # the options are ours
            [program() or "", "stdin", "stdout", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OMP_THREAD_LIMIT": "1", "LANG": "C.UTF-8"},
            preexec_fn=_confine,
        )
        try:
            answer, _ = process.communicate(image, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise Unfinished("time is up") from error
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        # It fails at what it takes for no text at all.
        return answer if process.returncode == 0 and len(answer) <= _MOST_BYTES else b""
