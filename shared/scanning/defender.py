"""Reads the verdicts of Microsoft Defender for Storage.

Its on-upload scan notes them on the blob as index tags. They are of the present version when
the blob is still the one that was asked about, and the scan was not before it was written.
An account with hierarchical namespaces has no such tags.
"""

from __future__ import annotations

from datetime import UTC, datetime

from shared.blobs.port import Blobs
from shared.errors import Missing
from shared.scanning.port import Clean, Infected, Pending, Unscannable, Verdict, Version

RESULT_TAG = "Malware Scanning scan result"
TIME_TAG = "Malware Scanning scan time UTC"


class Defender:
    """The :class:`~shared.scanning.port.Scanner` port on the tags of blobs."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def ping(self, *, seconds: float) -> None:
        """Nothing: its verdicts lie on the blobs, whose store is asked by itself."""

    def scan(self, version: Version) -> Verdict:
        before = self._blobs.info(version.container, version.name)
        try:
            tags = self._blobs.tags(version.container, version.name)
        except Missing:
            tags = {}
        # tags cannot be asked of a version: what is the same before and after was it meanwhile
        after = self._blobs.info(version.container, version.name)
        if before is None or after is None or not before.etag == version.etag == after.etag:
            return Pending("The file was overwritten or removed while it was scanned.")
        # its manual spells the keys in more than one way
        said = {key.casefold(): value for key, value in tags.items()}
        result, scanned_at = said.get(RESULT_TAG.casefold()), _moment(said.get(TIME_TAG.casefold()))
        # the tag and a store's clock count in seconds
        written_at = after.modified_at.replace(microsecond=0)
        if result is None or scanned_at is None or scanned_at < written_at:
            return Pending("Defender has not scanned the file yet.")
        return _verdict(result)


def _verdict(result: str) -> Verdict:
    match result.strip().casefold():
        case "no threats found":
            return Clean()
        case "malicious":
            return Infected("Malicious")  # the name is in Defender's alert alone
        case "not scanned":
            return Unscannable("Defender cannot scan files of this kind, or encrypted ones.")
        case _:
            # an error: a scan on demand can still give a verdict
            return Pending("Defender's scan failed.")


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
