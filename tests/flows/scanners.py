"""A scanner that says what a test has it say."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.scanning.port import Clean, Infected, Pending, Unscannable, Verdict, Version

CLEAN = Clean()
MALWARE = Infected("Test.Malware")
PENDING = Pending("Not yet.")
TOO_MUCH = Unscannable("Too large.")


@dataclass
class Scripted:
    """Says ``says``, or raises it, and notes what it was asked."""

    says: Verdict | Exception = CLEAN
    asked: list[Version] = field(default_factory=list)

    def ping(self, *, seconds: float) -> None:
        if isinstance(self.says, Exception):
            raise self.says

    def scan(self, version: Version) -> Verdict:
        self.asked.append(version)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says
