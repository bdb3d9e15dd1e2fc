"""Which of Defender's tags are a verdict, and on what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.scanning.defender import RESULT_TAG, TIME_TAG, Defender
from shared.scanning.port import Clean, Infected, Pending, Unscannable, Verdict
from tests.contracts.blobs_fixtures import files_store
from tests.contracts.scanning_fixtures import put


def verdict(folder: Path, tags: dict[str, str]) -> Verdict:
    """What is said of a file with these tags; ``{now}`` is the present second."""
    files = files_store(folder)
    version = put(files.blobs, files.container, "a", b"x")
    now = datetime.now(UTC).replace(microsecond=0)
    moments = {"now": now.isoformat(), "before": (now - timedelta(seconds=2)).isoformat()}
    files.set_tags("a", {key: value.format(**moments) for key, value in tags.items()})
    return Defender(files.blobs).scan(version)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("No threats found", Clean),
        ("no threats found ", Clean),
        ("Malicious", Infected),
        ("Not Scanned", Unscannable),
        ("Not scanned", Unscannable),
        ("Error", Pending),
        ('SAM259201: "Scan failed - internal service error."', Pending),
        ("SAM259206: Scan aborted - the requested blob is too large.", Pending),
        ("", Pending),
        ("No threats found?", Pending),
        ("Clean", Pending),
        ("OK", Pending),
    ],
)
def test_one_word_alone_is_clean(tmp_path: Path, result: str, kind: type[Verdict]) -> None:
    """A result that is not known is none: the file waits."""
    assert isinstance(verdict(tmp_path, {RESULT_TAG: result, TIME_TAG: "{now}"}), kind)


@pytest.mark.parametrize(
    "when", ["{before}", "", "yesterday", "2019-01-01T00:00:00Z", "2019-01-01 00:00:00"]
)
@pytest.mark.parametrize("result", ["No threats found", "Malicious"])
def test_a_scan_from_before_the_write_says_nothing(tmp_path: Path, result: str, when: str) -> None:
    """Tags of a moment before the content was written, or of none, are not of this content."""
    assert isinstance(verdict(tmp_path, {RESULT_TAG: result, TIME_TAG: when}), Pending)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {RESULT_TAG: "No threats found"},
        {TIME_TAG: "{now}"},
        {"scan result": "No threats found", TIME_TAG: "{now}"},
    ],
    ids=["none", "no time", "no result", "others"],
)
def test_without_both_tags_the_file_waits(tmp_path: Path, tags: dict[str, str]) -> None:
    """A file that was not scanned yet has no verdict."""
    assert isinstance(verdict(tmp_path, tags), Pending)


@pytest.mark.parametrize("when", ["2999-01-01 10:00:00Z", "2999-01-01T10:00:00.1234567Z",
                                  "2999-01-01 10:00:00", "2999-01-01T10:00:00+00:00"])  # fmt: skip
def test_times_are_read_in_the_forms_they_come_in(tmp_path: Path, when: str) -> None:
    """With a T or a blank, with fractions or without, with a zone or in UTC unsaid."""
    assert verdict(tmp_path, {RESULT_TAG: "No threats found", TIME_TAG: when}) == Clean()


def test_the_keys_spelling_does_not_matter(tmp_path: Path) -> None:
    """Its manual writes them in more than one way."""
    tags = {RESULT_TAG.lower(): "Malicious", TIME_TAG.upper(): "{now}"}
    assert isinstance(verdict(tmp_path, tags), Infected)
