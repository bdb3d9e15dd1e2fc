"""Who was erased never comes back by a restore, even where the document store was lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.nightly_backup.rules.documents import Mode
from functions.nightly_backup.service import parts
from shared import topology
from shared.documents.port import Create
from shared.erasure_log import logged, mark
from shared.erasure_rules import subjects_in
from shared.erasures import erased_at
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
from tests.flows.nightly_backup.keeping import back_up, contents, new_home, restore
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
    """A backup from after an erasure holds the tombstones itself; the log may be gone as well."""
    planted = plant(house)
    erase(house)
    house.clock.advance(minutes=1)
    back_up(house)
    for info in list(house.blobs.list("erasure-log")):
        house.blobs.delete("erasure-log", info.name)
    with _lost(house, tmp_path / "anew") as anew:
        restore(anew)
        assert erased_at(anew, PSEUDONYMS, TENANT, "user", USER_ID)
        assert _found_of(anew, _subjects(planted)) == []


def test_erased_while_the_target_stands(house: House) -> None:
    """Into the live store, with what is there kept or overwritten, the erased stay away; the log
    is not even needed."""
    planted = plant(house)
    back_up(house)
    house.clock.advance(minutes=1)
    erase(house)
    for info in list(house.blobs.list("erasure-log")):
        house.blobs.delete("erasure-log", info.name)
    before = contents(house, but=("backups", "tombstones", "audit"))
    modes: tuple[Mode, ...] = ("keep", "overwrite")
    for mode in modes:
        restore(house, mode=mode)
        assert _found_of(house, _subjects(planted)) == []
    assert contents(house, but=("backups", "tombstones", "audit")).keys() == before.keys()


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
        path.name + path.read_text() for path in (house.home / "blobs/erasure-log").rglob("*.json")
    ]
    assert len(texts) == len(_subjects(planted))
    for text in texts:
        assert not any(each in text for each in (*MARKS, *planted.ids, planted.address_id))
