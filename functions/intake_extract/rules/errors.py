"""Why no text came out of a file.

ExtractionError            every one below; the file ends as failed unless it says otherwise
├── UnknownFormat          no reader for this media type
├── Encrypted              a password is needed; quarantined
├── Scripted               it runs a script when opened; quarantined
├── Damaged                the bytes do not follow their own format
├── NoText                 readable, but it holds no words (a scan, an empty page)
│   └── OcrMissing         a scan or an image, and nothing here can read it
├── TooLarge               it unpacks to more than the limits allow
└── Killed                 the reader did not survive the file
    ├── TimedOut           it ran longer than the time limit
    ├── OutOfMemory        it wanted more memory than the limit
    └── Crashed            it died
"""

from __future__ import annotations


class ExtractionError(Exception):
    """No text came out; the message is a sentence for the recruiter.

    ``code`` is the stable name that crosses the process border and is stored
    with the intake record.
    """

    code = "extraction_failed"
    quarantined = False
    """Whether the file belongs in quarantine instead."""


class UnknownFormat(ExtractionError):
    """There is no reader for this media type."""

    code = "unknown_format"


class Encrypted(ExtractionError):
    """The file opens with a password only."""

    code = "encrypted"
    quarantined = True


class Scripted(ExtractionError):
    """The file runs a script when it is opened."""

    code = "script"
    quarantined = True


class Damaged(ExtractionError):
    """The bytes do not follow their own format."""

    code = "damaged"


class NoText(ExtractionError):
    """The file is readable and holds no words."""

    code = "no_text"


class OcrMissing(NoText):
    """The file is a scan or an image, and tesseract is not installed here."""

    code = "ocr_missing"


class TooLarge(ExtractionError):
    """The file unpacks to more than the limits allow."""

    code = "too_large"


class Killed(ExtractionError):
    """The reader did not survive the file."""

    code = "killed"


class TimedOut(Killed):
    """The reader ran longer than the time limit."""

    code = "timed_out"


class OutOfMemory(Killed):
    """The reader wanted more memory than the limit."""

    code = "out_of_memory"


class Crashed(Killed):
    """The reader died."""

    code = "crashed"


BY_CODE: dict[str, type[ExtractionError]] = {
    error.code: error
    for error in (
        ExtractionError,
        UnknownFormat,
        Encrypted,
        Scripted,
        Damaged,
        NoText,
        OcrMissing,
        TooLarge,
        TimedOut,
        OutOfMemory,
        Crashed,
    )
}
