"""What every scanner promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.errors import Unavailable
from shared.scanning.port import Clean, Infected, Pending, Unscannable
from tests.contracts.scanning_fixtures import Scanning, put

NAMES = ["a.txt", "t1/résumé – 履歴書 & 100%.pdf"]


@pytest.mark.parametrize("name", NAMES, ids=["plain", "odd"])
def test_a_sound_file_is_clean(scanning: Scanning, name: str) -> None:
    """A file in which nothing is found is clean, as often as it is asked about."""
    version = scanning.put(name, "clean")
    assert [scanning.scanner.scan(version) for _ in range(3)] == [Clean()] * 3


def test_malware_is_told_by_a_name(scanning: Scanning) -> None:
    """What the scanner found has a name that can be shown."""
    found = scanning.scanner.scan(scanning.put("a.txt", "infected"))
    assert isinstance(found, Infected)
    assert found.signature
    assert found.signature.isprintable()
    assert " " not in found.signature


def test_a_file_that_it_cannot_look_at_is_not_clean(scanning: Scanning) -> None:
    """A file that the scanner passes over is said to be so, with a sentence why."""
    found = scanning.scanner.scan(scanning.put("a.txt", "unscannable"))
    assert isinstance(found, Unscannable)
    assert found.why.endswith(".")


def test_a_verdict_is_of_the_version_that_was_asked_about(scanning: Scanning) -> None:
    """What overwrote a file is not scanned in its place, nor is what is gone."""
    asked = scanning.put("a.txt", "infected")
    scanning.put("a.txt", "clean")
    assert isinstance(scanning.scanner.scan(asked), Pending)
    scanning.blobs.delete(scanning.container, "a.txt")
    assert isinstance(scanning.scanner.scan(asked), Pending)


def test_a_file_that_was_never_there_is_pending(scanning: Scanning) -> None:
    """There is no verdict on nothing."""
    version = replace(scanning.put("a.txt", "clean"), name="b.txt")
    assert isinstance(scanning.scanner.scan(version), Pending)


def test_a_scanner_that_does_not_answer_is_unavailable(scanning: Scanning) -> None:
    """Nobody there is an error, and no verdict."""
    version = scanning.put("a.txt", "clean")
    with pytest.raises(Unavailable):
        scanning.away().scan(version)


def test_an_empty_file_is_scanned_as_any_other(scanning: Scanning) -> None:
    """No bytes are clean too."""
    version = put(scanning.blobs, scanning.container, "empty", b"")
    scanning.judge("empty", "clean")
    assert scanning.scanner.scan(version) == Clean()
