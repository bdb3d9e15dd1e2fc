"""Who was erased never comes back by a restore, even where the document store was lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.nightly_backup.rules.documents import Mode
from functions.nightly_backup.service import backing_up, parts
from shared import topology
from shared.documents.port import Create, Delete
from shared.erasure_log import logged, mark
from shared.erasure_rules import subjects_in
from shared.erasures import erased_at
from shared.errors import Conflict
from shared.models.subject import SubjectKind
from shared.models.tombstone import Tombstone
from tests.flows.accounts.planted import (
    MARKS,
    OTHER_ID,
    RESUME,
    USER_ID,
    Planted,
    containers_with,
    join,
    plant,
)
from tests.flows.accounts.test_replay import erase
from tests.flows.nightly_backup.keeping import (
    back_up,
    contents,
    fill,
    manifest_of,
    means_of,
    new_home,
    restore,
)
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.embedded import Failing

_NOT_COMPARED = {"backups", "tombstones", "audit"}
"""What backups keep of themselves, and what grows meanwhile."""


@contextmanager
def _lost(house: House, home: Path) -> Iterator[House]:
    """The blobs are all that is left of the house."""
    with new_home(house, home) as anew:
        yield anew


def _subjects(planted: Planted) -> set[tuple[SubjectKind, str]]:
    found: set[tuple[SubjectKind, str]] = {("user", USER_ID), ("address", planted.address_id)}
    found |= {("candidate", each) for each in planted.candidate_ids}
    return found | {("intake", each) for each in planted.intake_ids}


def _found_of(house: House, subjects: set[tuple[SubjectKind, str]]) -> list[tuple[str, str]]:
    """The documents by which any of the subjects is found, by any container's rule."""
    return [
        (name, str(item.body["id"]))
        for name, declared in topology.load().containers.items()
        for item in house.documents.scan(name).items
        if subjects & set(subjects_in(declared, item.body))
    ]


def _others(house: House, subjects: set[tuple[SubjectKind, str]]) -> dict[str, set[str]]:
    """What is nobody's of the subjects and does not expire within hours, by container."""
    declared = topology.load().containers
    soon = (house.clock() + timedelta(hours=6)).timestamp()
    return {
        name: {
            str(item.body)
            for item in house.documents.scan(name).items
            if not subjects & set(subjects_in(declared[name], item.body))
            and (item.expires_at is None or item.expires_at > soon)
        }
        for name in declared
        if name not in _NOT_COMPARED
    }


def test_erased_after_the_backup_and_the_store_lost(house: House, tmp_path: Path) -> None:
    """Nothing of the person comes back by any container's rule, and everybody else does whole:
    that they were erased stands outside of the document store."""
    planted = plant(house)
    subjects = _subjects(planted)
    assert _found_of(house, subjects)
    others = _others(house, subjects)
    back_up(house)
    house.clock.advance(minutes=1)
    erase(house)
    with _lost(house, tmp_path / "anew") as anew:
        job = restore(anew)
        assert job.state == "done"
        assert sum(each.erased for each in job.counts.values()) > 20
        assert _found_of(anew, subjects) == []
        marks = (*MARKS, *planted.ids)
        assert set().union(*(containers_with(anew, each) for each in marks)) == set()
        alive = _others(anew, subjects)
        for name, bodies in others.items():
            assert len(alive[name]) == len(bodies), name
        assert anew.documents.get("accounts", (TENANT, OTHER_ID), "account")
        assert erased_at(anew, PSEUDONYMS, TENANT, "user", USER_ID)
        anew.work("accounts")
        assert _found_of(anew, subjects) == []


def test_erased_before_the_backup(house: House, tmp_path: Path) -> None:
    """A backup from after an erasure holds the tombstones itself; the log may be gone as well, as
    long as somebody says that they know."""
    planted = plant(house)
    erase(house)
    house.clock.advance(minutes=1)
    back_up(house)
    _lose_log(house)
    with _lost(house, tmp_path / "anew") as anew:
        with pytest.raises(Conflict, match="is not there"):
            restore(anew)
        restore(anew, without_erasure_log=True)
        assert erased_at(anew, PSEUDONYMS, TENANT, "user", USER_ID)
        assert _found_of(anew, _subjects(planted)) == []


def test_erased_while_the_target_stands(house: House) -> None:
    """Into the live store, with what is there kept or overwritten, the erased stay away and all
    others are as they were; the log is not even needed."""
    planted = plant(house)
    back_up(house)
    house.clock.advance(minutes=1)
    erase(house)
    _lose_log(house)
    before = contents(house, but=tuple(_NOT_COMPARED))
    modes: tuple[Mode, ...] = ("keep", "overwrite")
    for mode in modes:
        restore(house, mode=mode, without_erasure_log=True)
        assert _found_of(house, _subjects(planted)) == []
        assert contents(house, but=tuple(_NOT_COMPARED)) == before


@pytest.mark.parametrize(("seconds", "stays"), [(-1, True), (0, False), (1, False)])
def test_an_erasure_in_the_instant_of_the_first_read_counts_as_later(
    house: House, seconds: int, *, stays: bool
) -> None:
    """A note that tells no moment comes back to a candidate who came in anew where the erasure was
    asked for before the backup began; in the same instant, or later, nobody knows whether the note
    was read before it."""
    planted = plant(house)
    back_up(house)  # the one that was under way
    house.clock.advance(minutes=1)
    erase(house)
    erased = erased_at(house, PSEUDONYMS, TENANT, "candidate", planted.candidate_id)
    assert erased is not None
    house.clock.advance(minutes=1)
    house.drop("fresh.txt", RESUME)
    house.work_all()
    place = (TENANT, planted.candidate_id)
    note = {"id": "a-note", "tenant_id": TENANT, "candidate_id": place[1], "kind": "note"}
    house.documents.commit("candidates", place, [Create(note)])
    now, house.clock.moment = house.clock(), erased - timedelta(seconds=seconds)
    begun = backing_up.begin(means_of(house), "b-1", announces=False)
    house.clock.moment = now
    job = backing_up.carry_out(means_of(house), begun.id)
    house.documents.commit("candidates", place, [Delete("a-note")])
    assert restore(house, job.id, mode="keep").state == "done"
    assert (house.documents.get("candidates", place, "a-note") is not None) == stays


def test_an_erasure_in_the_instant_of_the_end_concerns_all(house: House) -> None:
    """Not even a profile that tells a later moment is taken for somebody who came in anew."""
    planted = plant(house)
    job = back_up(house)
    assert manifest_of(house, job.id).finished_at == house.clock()
    erase(house)
    assert restore(house, job.id, mode="keep").state == "done"
    assert _found_of(house, _subjects(planted)) == []


def test_a_log_that_is_lost_is_not_taken_for_an_empty_one(house: House, tmp_path: Path) -> None:
    """A backup knows its log: where that is gone, another, or has lost entries, the restore is
    refused and says what to do, and nothing is written."""
    planted = plant(house)
    back_up(house)
    house.clock.advance(minutes=1)
    erase(house)
    job = back_up(house, "after")
    held = [info.name for info in house.blobs.list("erasure-log")]
    assert "log.json" in held
    for number, (lost, told) in enumerate(
        ((held, "is not there"), (["log.json"], "is not there"), (held[:1], "it held 6"))
    ):
        with _lost(house, tmp_path / str(number)) as anew:
            for name in lost:
                anew.blobs.delete("erasure-log", name)
            with pytest.raises(Conflict, match=told):
                restore(anew, job.id)
            assert anew.documents.scan("tombstones").items == ()
    with _lost(house, tmp_path / "another") as anew:
        for name in held:
            anew.blobs.delete("erasure-log", name)
        mark(anew, _stone(anew))  # the next erasure begins a log of its own
        with pytest.raises(Conflict, match="is another than then"):
            restore(anew, job.id)
        assert restore(anew, job.id, mode="keep", without_erasure_log=True).state == "done"
        assert _found_of(anew, _subjects(planted)) == []


def test_the_first_backup_begins_the_log(house: House, tmp_path: Path) -> None:
    """Also where nobody was ever erased: who was erased since the backup does not come back when
    the whole log is lost with the document store."""
    fill(house, 10)
    back_up(house)
    assert list(logged(house)) == []
    _lose_log(house)
    with _lost(house, tmp_path / "anew") as anew, pytest.raises(Conflict, match="without that log"):
        restore(anew)


def test_a_backup_of_before_logs_were_told_apart_is_restored(house: House, tmp_path: Path) -> None:
    """Its manifest knows of no log, and nobody is asked for one."""
    fill(house, 10)
    job = back_up(house)
    path = house.home / "blobs/backups" / job.id / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["erasure_log"], manifest["sequence"]
    path.write_text(json.dumps(manifest))
    _lose_log(house)
    with _lost(house, tmp_path / "anew") as anew:
        assert restore(anew).state == "done"


def _lose_log(house: House) -> None:
    for info in list(house.blobs.list("erasure-log")):
        house.blobs.delete("erasure-log", info.name)


def _stone(house: House) -> Tombstone:
    return Tombstone(
        tenant_id=TENANT, tombstone_id="s" * 40, subject_kind="user", requested_at=house.clock()
    )


def test_what_was_read_before_an_erasure_that_was_asked_for_meanwhile(house: House) -> None:
    """The backup read a candidate's notes, then came the erasure, then the backup's end: no note
    comes back to whoever applies anew, for it may be of before."""
    planted = plant(house)
    place = (TENANT, planted.candidate_id)
    note = {
        "id": "old-note", "tenant_id": TENANT, "candidate_id": planted.candidate_id,
        "kind": "note", "noted_at": house.clock().isoformat(), "text": "of before",
    }  # fmt: skip
    house.documents.commit("candidates", place, [Create(note)])
    seen: list[str] = []

    def scan(real: Any, container: str, **more: Any) -> Any:
        if container == "candidate_pairs" and not seen:
            seen.append(container)
            house.clock.advance(minutes=1)
            erase(house)
            house.clock.advance(minutes=1)
        return real(container, **more)

    documents = Failing(house.documents, "scan", scan)
    held = {"documents": documents, "blobs": house.blobs, "bus": house.bus}
    job = back_up(house, "b-1", stores=type("Stores", (), held)())
    assert seen
    house.clock.advance(minutes=1)
    house.drop("fresh.txt", RESUME)
    house.work_all()
    assert house.documents.get("candidates", place, planted.candidate_id)
    assert restore(house, job.id, mode="keep").state == "done"
    assert house.documents.get("candidates", place, "old-note") is None
    assert house.documents.get("candidates", place, planted.candidate_id)


def test_an_unreadable_file_of_the_log_stops_no_erasure(house: House) -> None:
    """It is written anew, and the erasure is done."""
    plant(house)
    name = f"{TENANT}/{PSEUDONYMS.of(TENANT, 'user', USER_ID)}.json"
    house.blobs.put("erasure-log", name, b"")
    erase(house)
    assert _found_of(house, {("user", USER_ID)}) == []
    assert name in [name for name, _ in logged(house)]


def test_a_candidate_who_came_in_anew_is_restored(house: House, tmp_path: Path) -> None:
    """A profile made from a file that came after the erasure is in the next backup, and comes
    back with its history; the old one does not, from a backup of before."""
    planted = plant(house)
    old = back_up(house)
    house.clock.advance(minutes=1)
    erase(house)
    house.clock.advance(minutes=1)
    house.drop("fresh.txt", RESUME)
    house.work_all()
    house.clock.advance(minutes=1)
    fresh = back_up(house)
    of_it: set[tuple[SubjectKind, str]] = {("candidate", planted.candidate_id)}
    held = _found_of(house, of_it)
    assert ("candidates", planted.candidate_id) in held
    with _lost(house, tmp_path / "fresh") as anew:
        restore(anew, fresh.id)
        assert _found_of(anew, of_it) == held
        assert _found_of(anew, {("user", USER_ID), ("address", planted.address_id)}) == []
    with _lost(house, tmp_path / "old") as anew:
        restore(anew, old.id)
        assert _found_of(anew, _subjects(planted)) == []


def test_an_address_that_somebody_has_anew_is_theirs(house: House, tmp_path: Path) -> None:
    """Whoever registered later with the address of an erased person comes back; what was made
    before with the address does not."""
    planted = plant(house)
    erase(house)
    house.clock.advance(minutes=5)
    join(house, "anew", name="Anew")
    house.work("accounts")
    house.clock.advance(minutes=5)
    back_up(house)
    with _lost(house, tmp_path / "anew") as anew:
        restore(anew)
        assert anew.documents.get("credentials", (TENANT, planted.address_id), "credential")
        assert anew.documents.get("accounts", (TENANT, "anew"), "account")
        assert anew.documents.get("accounts", (TENANT, USER_ID), "account") is None


def test_small_parts_tell_the_same(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a document a part, what a profile's own document says is known at the end."""
    monkeypatch.setattr(parts, "PART_DOCUMENTS", 1)
    monkeypatch.setattr(parts, "_FIRST_PAGE", 1)
    planted = plant(house)
    back_up(house)  # the one that was under way
    house.clock.advance(minutes=1)
    erase(house)
    house.clock.advance(minutes=1)
    house.drop("fresh.txt", RESUME)
    house.work_all()
    note = {
        "id": "a-note", "tenant_id": TENANT, "candidate_id": planted.candidate_id, "kind": "note",
    }  # fmt: skip
    house.documents.commit("candidates", (TENANT, planted.candidate_id), [Create(note)])
    house.clock.advance(minutes=1)
    back_up(house)
    of_it: set[tuple[SubjectKind, str]] = {("candidate", planted.candidate_id)}
    held = _found_of(house, of_it)
    with _lost(house, tmp_path / "anew") as anew:
        restore(anew)
        assert sorted(_found_of(anew, of_it)) == sorted(held)


def test_the_later_moment_wins(house: House) -> None:
    """A tombstone of an earlier request never replaces that of a later one, in the store nor in
    the log, whichever comes last."""
    late = house.clock()
    stones = [
        Tombstone(tenant_id=TENANT, tombstone_id="s" * 40, subject_kind="user", requested_at=at)
        for at in (late - timedelta(days=2), late, late - timedelta(days=1))
    ]
    assert [mark(house, each) for each in stones] == [True, True, False]
    stored = house.documents.get("tombstones", (TENANT, "s" * 40), "tombstone")
    assert stored is not None
    assert Tombstone.of(stored.body).requested_at == late
    assert [each.requested_at for _, each in logged(house)] == [late]
    assert list(logged(house, RIVAL)) == []


def test_the_log_names_nobody(house: House) -> None:
    """Neither names nor content of what lies outside of the store lead to anybody."""
    planted = plant(house)
    erase(house)
    texts = [
        path.name + path.read_text() for path in (house.home / "blobs/erasure-log").glob("*/*.json")
    ]
    assert len(texts) == len(_subjects(planted))
    for text in texts:
        assert not any(each in text for each in (*MARKS, *planted.ids, planted.address_id))
