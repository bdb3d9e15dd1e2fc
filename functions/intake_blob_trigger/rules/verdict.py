"""What the check of a dropped file can say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What becomes of a file; the values of the last two are intake states."""

    ACCEPTED = "accepted"
    REJECTED = "failed"
    """Useless to us: empty, damaged, too large, of a kind that is not read."""
    QUARANTINED = "quarantined"
    """Dangerous, or closed to the check: malware, macros, scripts, passwords."""


class Code(StrEnum):
    """Stable names of the reasons, stored with the intake record."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported_type"
    UNKNOWN = "unknown_type"
    DAMAGED = "damaged"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    TEST_SIGNATURE = "eicar_test_file"
    EXECUTABLE = "executable"
    ENCRYPTED = "encrypted"
    MACROS = "macros"
    SCRIPT = "script"
    EMBEDDED = "embedded_object"
    EXTERNAL = "external_reference"
    BOMB = "decompression_bomb"
    NESTED = "nested_archive"
    UNSAFE_PATH = "unsafe_path"
    MALWARE = "malware"
    NOT_SCANNED = "not_scanned"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check.

    ``media_type`` is what the content was recognised as, None when unknown.
    ``code`` is None and ``detail``, a sentence for the recruiter, is empty when accepted.
    """

    outcome: Outcome
    media_type: str | None = None
    code: Code | None = None
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the file may be extracted."""
        return self.outcome is Outcome.ACCEPTED

    @property
    def quarantined(self) -> bool:
        """Whether the file is dangerous or closed to the check."""
        return self.outcome is Outcome.QUARANTINED


def accepted(media_type: str) -> Verdict:
    """Return the verdict on a file that may be extracted."""
    return Verdict(Outcome.ACCEPTED, media_type)


class Objection(Exception):
    """Ends a check with a verdict; never leaves :func:`inspect_file`."""

    def __init__(self, outcome: Outcome, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.outcome, self.code, self.detail = outcome, code, detail

    def verdict(self, media_type: str | None) -> Verdict:
        """Return it as a verdict on a file of that type."""
        return Verdict(self.outcome, media_type, self.code, self.detail)


def reject(code: Code, detail: str) -> Objection:
    """Return the objection that a file is of no use."""
    return Objection(Outcome.REJECTED, code, detail)


def quarantine(code: Code, detail: str) -> Objection:
    """Return the objection that a file may do harm."""
    return Objection(Outcome.QUARANTINED, code, detail)
