"""Which backup is the latest: the last that was made and holds, whatever clocks say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from functions.nightly_backup.service import catalogue, pruning, self_testing
from shared.errors import Missing
from tests.flows.nightly_backup.keeping import (
    back_up,
    fill,
    manifest_of,
    means_of,
    new_home,
    restore,
)
from tests.flows.stores import House
from tests.flows.stores import house as house


def latest(house: House) -> str:
    return catalogue.chosen(house, catalogue.LATEST).backup_id


def fail_test(house: House, backup_id: str) -> bytes:
    """Spoil a file of the latest backup and have it tested; returns what the file was."""
    part = manifest_of(house, backup_id).containers["game"].parts[0]
    path = house.home / "blobs/backups" / backup_id / part.name
    content = path.read_bytes()
    path.write_bytes(b"rotten")
    test = self_testing.begin(means_of(house), announces=False)
    assert test is not None
    assert self_testing.carry_out(means_of(house), test.id).state == "failed"
    return content


def test_one_that_failed_its_test_is_not_the_latest(house: House, tmp_path: Path) -> None:
    """Also where the document store, which knows of the test, is lost; asked for by its id it is
    restored as far as it goes. Once it holds again it is the latest again."""
    fill(house, 30)
    back_up(house, "good")
    house.clock.advance(days=1)
    back_up(house, "bad")
    content = fail_test(house, "bad")
    assert latest(house) == "good"
    with new_home(house, tmp_path / "anew") as anew:
        assert latest(anew) == "good"
        assert restore(anew).backup_id == "good"
    with new_home(house, tmp_path / "named") as anew:
        assert restore(anew, "bad").state == "failed"
    pruning.prune(means_of(house))
    assert latest(house) == "good"

    part = manifest_of(house, "bad").containers["game"].parts[0]
    (house.home / "blobs/backups/bad" / part.name).write_bytes(content)
    test = self_testing.begin(means_of(house), announces=False)
    assert test is not None
    assert test.id == "bad"
    assert self_testing.carry_out(means_of(house), "bad").state == "done"
    assert latest(house) == "bad"


def test_where_all_failed_none_is_chosen(house: House) -> None:
    """That is said, with the way on."""
    fill(house, 30)
    back_up(house, "bad")
    fail_test(house, "bad")
    with pytest.raises(Missing, match="did not fail its test; name one"):
        latest(house)


@pytest.mark.parametrize("years", [1, -30])
def test_a_clock_that_erred_hides_no_backup(house: House, years: int) -> None:
    """The last that was made is the latest, and is not pruned, whether the clock was ahead at one
    before it or is behind at it."""
    fill(house, 10)
    now = house.clock()
    if years > 0:
        house.clock.moment = now + timedelta(days=365)
    back_up(house, "first")
    house.clock.moment = now if years > 0 else now - timedelta(days=365 * 30)
    back_up(house, "second")
    for number in range(14):
        assert latest(house) == ("second" if number == 0 else f"more-{number - 1}")
        house.clock.advance(days=1)
        back_up(house, f"more-{number}")
    assert latest(house) == "more-13"


def test_the_latest_that_holds_is_never_pruned(house: House) -> None:
    """However many that failed their tests came after it."""
    fill(house, 30)
    back_up(house, "good")
    for number in range(20):
        house.clock.advance(days=40)
        back_up(house, f"bad-{number:02}")
        fail_test(house, f"bad-{number:02}")
    assert latest(house) == "good"
