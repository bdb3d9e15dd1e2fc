"""Merges, erasures, files and notes that come between each other's steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.accounts.service.personal_data.erasing import SETTLES_AFTER, take_up
from functions.candidates.rules.documents import CandidateNote
from functions.candidates.service import merging, profiles
from shared.events.candidate import CandidatesMerged
from shared.events.envelope import Event
from shared.messaging import IdempotencyKey
from shared.models.candidate import CONTAINER
from tests.flows.candidates.recruiting import (
    BY,
    edited,
    heard,
    merge,
    notes_of,
    read,
    written,
)
from tests.flows.stores import PSEUDONYMS, RESUME, TENANT, House
from tests.flows.stores import house as house

OTHER = "Dora Other\ndora@example.com\n\nSkills\nCobol, Fortran\n"


class Between:
    """Documents that let something happen before a reading, or after a commit, that fits; once."""

    def __init__(
        self, real: Any, then: Callable[[], Any], *, reads: str = "", commits_to: str = ""
    ) -> None:
        self._real, self._then = real, then
        self._reads, self._commits_to = reads, commits_to
        self._left = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get(self, container: str, partition: Any, document_id: str) -> Any:
        if self._left and self._reads and document_id.startswith(self._reads):
            self._left = False
            self._then()
        return self._real.get(container, partition, document_id)

    def commit(self, container: str, partition: Any, operations: Any) -> Any:
        done = self._real.commit(container, partition, operations)
        if self._left and self._commits_to and partition == (TENANT, self._commits_to):
            self._left = False
            self._then()
        return done


class View:
    """A house through other documents."""

    def __init__(self, house: House, documents: Any) -> None:
        self.documents, self.blobs, self.bus = documents, house.blobs, house.bus


def three(house: House) -> tuple[str, str, str]:
    a, b, c = (
        written(house, name=f"Maya {n.upper()}", emails=[f"{n}@x.org"]).candidate_id for n in "abc"
    )
    heard(house)
    return a, b, c


def noted(house: House, candidate_id: str, key: IdempotencyKey | None = None) -> int:
    return profiles.add_note(
        house, BY, candidate_id, key.new_id("note") if key else "n1", "Called",
        shown=CandidateNote.stored, idempotency=key, now=house.clock(),
    ).status  # fmt: skip


def merging_event(house: House) -> Event:
    """The event of the merge that was asked for last."""
    found = [
        event
        for event in house.waiting("candidates/candidates")
        if event.type == CandidatesMerged.type
    ]
    return found[-1]


def absorb(house: Any, event: Event, at: Any) -> str:
    return merging.absorb(house, PSEUDONYMS, event, now=at)


def settle(house: House) -> None:
    house.clock.advance(seconds=SETTLES_AFTER.total_seconds() + 1)
    take_up(house, now=house.clock())
    house.work("accounts")


def test_a_file_that_comes_while_its_person_is_erased_keeps_nothing_old(house: House) -> None:
    """It is read before the erasure's first step, and waits until the old profile is gone."""
    house.drop("old.txt")
    house.work_all()
    candidate_id = house.record("old.txt").candidate_id
    assert candidate_id is not None
    edited(house, candidate_id, headline="an old secret", tags=["secret"])
    noted(house, candidate_id)
    house.clock.advance(seconds=60)
    profiles.erase(house, PSEUDONYMS, BY, TENANT, candidate_id, now=house.clock())
    house.clock.advance(seconds=5)
    house.drop("new.txt", RESUME + "\nback again\n")
    house.work_all()
    house.work("accounts")
    house.clock.advance(minutes=10)
    house.work_all()
    settle(house)
    profile = read(house, candidate_id)
    assert [source.filename for source in profile.sources] == ["new.txt"]
    assert "secret" not in str(profile.model_dump())
    assert notes_of(house, candidate_id) == []


def test_the_second_sweep_takes_nobody_along_who_was_merged_since(house: House) -> None:
    """The erased person came anew, and another profile turned out to be theirs: both stay."""
    house.drop("a.txt")
    house.drop("d.txt", OTHER)
    house.work_all()
    heard(house)
    ours, others = (house.record(name).candidate_id for name in ("a.txt", "d.txt"))
    assert ours is not None
    assert others is not None
    house.clock.advance(seconds=60)
    profiles.erase(house, PSEUDONYMS, BY, TENANT, ours, now=house.clock())
    house.work("accounts")
    house.clock.advance(seconds=60)
    house.drop("a2.txt", RESUME + "\nback again\n")
    house.work_all()
    merge(house, ours, others)
    heard(house)
    settle(house)
    assert set(house.records()) == {"a2.txt", "d.txt"}
    assert read(house, others).candidate_id == ours


def test_a_merge_whose_target_is_merged_on_follows_it(house: House) -> None:
    a, b, c = three(house)
    merge(house, a, b)
    event = merging_event(house)

    def merged_on() -> None:
        merge(house, c, a)
        heard(house)

    view = View(house, Between(house.documents, merged_on, reads="receipt:"))
    absorb(view, event, house.clock())
    absorb(house, event, house.clock())
    for each in (a, b, c):
        assert read(house, each).candidate_id == c
    assert set(read(house, c).emails) == {"a@x.org", "b@x.org", "c@x.org"}
    assert len(house.kinds("profile", container=CONTAINER)) == 1


def test_notes_follow_a_target_that_is_merged_on(house: House) -> None:
    a, b, c = three(house)
    noted(house, b)
    merge(house, a, b)
    event = merging_event(house)

    def merged_on() -> None:
        merge(house, c, a)
        heard(house)

    view = View(house, Between(house.documents, merged_on, commits_to=b))
    absorb(view, event, house.clock())
    heard(house)
    absorb(house, event, house.clock())
    assert notes_of(house, c) == notes_of(house, b) == ["Called"]


def test_a_note_sent_again_after_a_merge_is_the_same_note(house: House) -> None:
    a, b, _ = three(house)
    key = IdempotencyKey("caller POST note", "k", "f")
    assert noted(house, b, key) == 201
    merge(house, a, b)
    heard(house)
    assert noted(house, b, key) == 201
    assert notes_of(house, a) == ["Called"]


@pytest.mark.parametrize("gone", ["kept", "other"])
def test_a_merge_into_somebody_who_is_erased_meanwhile_lets_go(house: House, gone: str) -> None:
    """The mark is taken off where the one that was to stay is gone: nobody is locked away."""
    a, b, _ = three(house)
    merge(house, a, b)
    event = merging_event(house)
    profiles.erase(house, PSEUDONYMS, BY, TENANT, a if gone == "kept" else b, now=house.clock())
    house.work("accounts")
    absorb(house, event, house.clock())
    assert len(house.kinds("profile", container=CONTAINER)) == 1  # the third
    assert house.kinds("alias", container=CONTAINER) == []
