"""Which backups are kept, and what a line of a backup says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.nightly_backup.rules.lines import Line, digest_of, version_of, written
from functions.nightly_backup.rules.manifest import Manifest, newest
from functions.nightly_backup.rules.retention import DAILY, MONTHLY, WEEKLY, kept

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.lists(st.integers(0, 900 * 24), min_size=1, max_size=120, unique=True)
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
BODIES = st.dictionaries(st.text(), JSON, max_size=5)


def backups(hours: list[int]) -> list[tuple[str, datetime]]:
    return [(f"b-{hour}", EPOCH + timedelta(hours=hour)) for hour in hours]


@given(MOMENTS)
def test_the_newest_is_always_kept(hours: list[int]) -> None:
    """Whatever there is, the last good backup stays, and so does each younger than a day before
    it; nothing that is not there is kept."""
    found = backups(hours)
    left = kept(found)
    last = max(moment for _, moment in found)
    assert left <= {each for each, _ in found}
    assert {each for each, moment in found if moment > last - timedelta(days=1)} <= left


@given(MOMENTS)
def test_days_weeks_and_months_have_theirs(hours: list[int]) -> None:
    """The last seven days, four weeks and twelve months that have a backup keep their newest, and
    no more than these and the last day's stay."""
    found = backups(hours)
    left = kept(found)
    last = max(moment for _, moment in found)
    recent = [each for each, moment in found if moment > last - timedelta(days=1)]
    assert len(left) <= DAILY + WEEKLY + MONTHLY + len(recent)
    for number, form in ((DAILY, "%Y-%m-%d"), (WEEKLY, "%G-%V"), (MONTHLY, "%Y-%m")):
        by_period: dict[str, tuple[datetime, str]] = {}
        for each, moment in found:
            period = moment.strftime(form)
            by_period[period] = max(by_period.get(period, (EPOCH, "")), (moment, each))
        for period in sorted(by_period, reverse=True)[:number]:
            assert by_period[period][1] in left


@given(MOMENTS)
def test_pruning_again_changes_nothing(hours: list[int]) -> None:
    """What was kept once is kept again, until another backup is made."""
    found = backups(hours)
    left = kept(found)
    assert kept([each for each in found if each[0] in left]) == left


@given(st.lists(st.integers(1, 3), min_size=20, max_size=500))
def test_pruned_every_night_there_is_a_year(gaps: list[int]) -> None:
    """With a backup every one to three days, each pruned at once, the backups of twelve months
    are there in the end."""
    held: dict[str, datetime] = {}
    moment = EPOCH
    for number, gap in enumerate(gaps):
        moment += timedelta(days=gap)
        held[f"b-{number}"] = moment
        left = kept(held.items())
        held = {each: at for each, at in held.items() if each in left}
    months = {
        (EPOCH + timedelta(days=sum(gaps[: n + 1]))).strftime("%Y-%m") for n in range(len(gaps))
    }
    assert {at.strftime("%Y-%m") for at in held.values()} == set(sorted(months)[-MONTHLY:])


def test_no_backups_keep_none() -> None:
    """Nothing comes of nothing."""
    assert kept([]) == set()
    assert newest([]) is None


@given(BODIES, st.none() | st.floats(1, 4e9))
def test_a_line_holds_a_document_as_it_is(body: Any, expires_at: float | None) -> None:
    """Whatever a document holds, it is one line, and read back it is the same."""
    body = {**body, "id": "a", "tenant_id": "acme"}
    for ascii_only in (True, False):
        text = json.dumps(body, ensure_ascii=ascii_only, separators=(",", ":"))
        try:
            line = written(text, expires_at)
        except UnicodeEncodeError:  # half a surrogate, which no document has
            return
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert Line.read(line) == Line(body, expires_at)


@given(st.floats(1, 4e9), st.floats(-1e6, 1e6))
def test_what_is_left_of_a_documents_time(expires_at: float, left: float) -> None:
    """It lives on for what was left, a second more at most, and not at all after that."""
    alive = Line({"id": "a", "ttl": 5}, expires_at).alive(expires_at - left)
    if left <= 0:
        assert alive is None or alive["ttl"] <= 1  # rounding of the moment itself
    elif alive is not None:
        assert left - 1e-3 <= alive["ttl"] <= left + 1.001


def test_without_an_end_a_document_stays_as_it_is() -> None:
    """A ttl that the store heeds not is not touched."""
    assert Line({"id": "a", "ttl": -1}, None).alive(9e9) == {"id": "a", "ttl": -1}


def test_digests_look_at_all_but_the_ttl() -> None:
    """The order of fields says nothing; any value says something."""
    assert digest_of({"a": 1, "b": [2], "ttl": 5}) == digest_of({"b": [2], "a": 1, "ttl": 9})
    assert digest_of({"a": 1}) != digest_of({"a": 2}) != digest_of({"a": "2"})


def test_the_version_of_a_schema_is_read_wherever_it_stands() -> None:
    """First, later, nowhere, or in what a document holds."""
    for text, version in (
        ('{"schema_version":12,"id":"a"}', "12"), ('{"schema_version":3}', "3"),
        ('{"id":"a","schema_version":2}', "2"), ('{"id":"a"}', "none"),
        ('{"in":{"schema_version":9},"id":"a"}', "none"), ('{"schema_version": 4}', "4"),
    ):  # fmt: skip
        assert version_of(text) == version


def test_the_newest_manifest_is_that_which_ended_last() -> None:
    """Of several, and not after a moment where one is given."""

    def made(name: str, hour: int) -> Manifest:
        at = EPOCH + timedelta(hours=hour)
        return Manifest(backup_id=name, started_at=EPOCH, finished_at=at, app_version="1",
                        topology_sha256="x", key_check="k", containers={})  # fmt: skip

    found = [made("a", 5), made("b", 9), made("c", 7)]
    for hour, name in ((4, None), (5, "a"), (8, "c"), (10, "b")):
        chosen = newest(found, at=EPOCH + timedelta(hours=hour))
        assert (chosen and chosen.backup_id) == name
