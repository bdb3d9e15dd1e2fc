"""The scanners that the scanning contract runs over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from shared.blobs.port import Blobs
from shared.scanning.clamd import Clamd, address_of
from shared.scanning.defender import RESULT_TAG, TIME_TAG, Defender
from shared.scanning.port import Scanner, Version
from tests.contracts.blobs_fixtures import BlobStore
from tests.peers.clamd import MOST_BYTES, PATTERN
from tests.peers.loopback import free_port

SCANNERS = ["clamd-tcp", "clamd-unix", "defender-files", "defender-azurite"]
Kind = Literal["clean", "infected", "unscannable"]
CONTENT = {
    "clean": b"an honest file\n",
    "infected": b"x" * 100_000 + PATTERN + b"\n",
    "unscannable": b"y" * (MOST_BYTES + 1),
}
RESULTS = {"clean": "No threats found", "infected": "Malicious", "unscannable": "Not scanned"}


@dataclass(frozen=True)
class Scanning:
    """A scanner under test, the files it scans, and one like it that does not answer."""

    scanner: Scanner
    blobs: Blobs
    container: str
    judge: Callable[[str, Kind], object]
    """Has the scanner find this of a blob, where it does not find it by the content."""
    away: Callable[[], Scanner]

    def put(self, name: str, kind: Kind) -> Version:
        """Write a file of this kind, and have the scanner know of it."""
        version = put(self.blobs, self.container, name, CONTENT[kind])
        self.judge(name, kind)
        return version


def put(blobs: Blobs, container: str, name: str, data: bytes) -> Version:
    """Write a blob; returns the version that it is."""
    info = blobs.put(container, name, data)
    return Version(container, name, info.etag, hashlib.sha256(data).hexdigest())


def clamd_scanning(url: str, store: BlobStore) -> Scanning:
    """A clamd at this address."""
    nobody = f"tcp://127.0.0.1:{free_port()}"
    return Scanning(
        Clamd(address_of(url), store.blobs),
        store.blobs,
        store.container,
        lambda _name, _kind: None,
        lambda: Clamd(address_of(nobody), store.blobs),
    )


def defender_scanning(store: BlobStore, away: Blobs) -> Scanning:
    """Defender, whose tags the test writes."""

    def judge(name: str, kind: Kind) -> None:
        moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        store.set_tags(name, {RESULT_TAG: RESULTS[kind], TIME_TAG: moment})

    return Scanning(
        Defender(store.blobs), store.blobs, store.container, judge, lambda: Defender(away)
    )
