"""The latest backup is restored into a scratch store and compared, part by part."""

from __future__ import annotations

import logging
import tempfile

import pytest

from functions.nightly_backup.service import parts, self_testing
from shared.documents.port import Create, Documents
from tests.flows.nightly_backup.keeping import back_up, contents, fill, manifest_of, means_of, work
from tests.flows.stores import House
from tests.flows.stores import house as house


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_DOCUMENTS", 60)
    monkeypatch.setattr(parts, "_FIRST_PAGE", 30)
    monkeypatch.setattr(parts, "_MOST_A_PAGE", 30)


def test_a_backup_that_holds_is_said_to(house: House) -> None:
    """By events, a part each; every document is compared, and nothing of the house changes."""
    house.drop("cv.txt")
    house.work_all()
    fill(house, 150)
    job = back_up(house)
    before = contents(house)
    assert self_testing.begin(means_of(house)) is not None
    assert len(work(house)) > 5
    test = self_testing.result_of(means_of(house), job.id)
    assert test is not None
    assert (test.state, test.different, test.failure) == ("done", 0, None)
    assert test.documents == manifest_of(house, job.id).documents
    assert contents(house) == before


def test_what_expires_meanwhile_is_no_difference(house: House) -> None:
    """Documents whose time is over are left out, and those that have a moment left are there."""
    at = ("acme", "a")
    for name, ttl in (("soon", 100), ("later", 201)):
        body = {"id": name, "tenant_id": "acme", "audience": "a", "ttl": ttl}
        house.documents.commit("notifications", at, [Create(body)])
    job = back_up(house)
    house.clock.advance(seconds=200)
    self_testing.begin(means_of(house), announces=False)
    test = self_testing.carry_out(means_of(house), job.id)
    assert (test.state, test.documents) == ("done", manifest_of(house, job.id).documents - 1)


def test_a_damaged_backup_fails_its_test(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """The state says which file, and an error line is logged."""
    fill(house, 50)
    job = back_up(house)
    part = manifest_of(house, job.id).containers["game"].parts[0]
    path = house.home / "blobs/backups" / job.id / part.name
    path.write_bytes(path.read_bytes()[:-1])
    self_testing.begin(means_of(house), announces=False)
    with caplog.at_level(logging.INFO, logger="waymark"):
        test = self_testing.carry_out(means_of(house), job.id)
    assert test.state == "failed"
    assert part.name in str(test.failure)
    errors = [each.message for each in caplog.records if each.levelno == logging.ERROR]
    assert errors == ["backup.self_test_failed"]


def test_a_store_that_loses_documents_is_found_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a restore would not bring back, or bring back as something else, is counted."""
    fill(house, 40)
    job = back_up(house)

    def spoiled(scratch: Documents, name: str, keys: object, expected: dict[object, str]) -> int:
        if name == "game":
            item = scratch.scan(name, limit=1).items[0].body
            scratch.load(name, [item | {"text": "other"}], overwrite=True)
        return differences(scratch, name, keys, expected)  # type: ignore[arg-type]

    differences = self_testing._differences
    monkeypatch.setattr(self_testing, "_differences", spoiled)
    self_testing.begin(means_of(house), announces=False)
    test = self_testing.carry_out(means_of(house), job.id)
    assert (test.state, test.different, test.failure) == ("failed", 1, "1 documents differ")


def test_without_a_backup_there_is_nothing_to_test(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """That is a failure too, and said so."""
    with caplog.at_level(logging.INFO, logger="waymark"):
        assert self_testing.begin(means_of(house)) is None
    assert [each.message for each in caplog.records] == ["backup.self_test_failed"]


def test_the_scratch_store_is_gone_afterwards(
    house: House, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of anybody stays in the temporary folder."""
    fill(house, 20)
    job = back_up(house)
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    self_testing.begin(means_of(house), announces=False)
    assert self_testing.carry_out(means_of(house), job.id).state == "done"
    assert list(folder.iterdir()) == []
