"""What was erased once and comes back by a restore is erased again."""

from __future__ import annotations

from typing import Any

from functions.accounts.service.personal_data import replaying
from functions.accounts.service.personal_data.erasing import SETTLES_AFTER, take_up
from functions.accounts.service.personal_data.requests import erase_person
from shared import topology
from shared.auth import Principal
from shared.documents.port import Create, Json
from shared.erasures import erased_at
from shared.errors import Exists
from shared.models.tenant import PLATFORM
from shared.topology import Kept
from tests.flows.accounts.planted import ADMIN, MARKS, RESUME, USER_ID, containers_with, join, plant
from tests.flows.stores import PSEUDONYMS, TENANT, House
from tests.flows.stores import house as house

OPERATOR = Principal("operator-1", PLATFORM, frozenset({"operator"}))
EVERYBODY: Any = frozenset({"tenant"})


def erase(house: House) -> None:
    """Erase the planted person whole."""
    erase_person(house.means, ADMIN, EVERYBODY, USER_ID, with_candidate=True, now=house.clock())
    house.work("accounts")
    settle(house)


def settle(house: House) -> None:
    house.clock.advance(seconds=SETTLES_AFTER.total_seconds() + 1)
    take_up(house, now=house.clock())
    house.work("accounts")


def backup(house: House) -> dict[str, list[Json]]:
    """Every document of the containers that hold people."""
    return {
        name: [item.body for item in house.documents.query(name, (), limit=1000).items]
        for name, each in topology.load().containers.items()
        if not isinstance(each.erasure, Kept)
    }


def restore(house: House, kept: dict[str, list[Json]]) -> None:
    """Write a backup into the stores, where documents are not there."""
    for name, bodies in kept.items():
        for body in bodies:
            partition = tuple(body[key] for key in topology.load().containers[name].partition_key)
            try:
                house.documents.commit(name, partition, [Create(body)])
            except Exists:
                continue


def replay(house: House) -> None:
    replaying.begin(house.means, OPERATOR, "replay-1", idempotency=None, now=house.clock())
    house.work("accounts")


def test_a_restored_person_is_erased_again(house: House) -> None:
    """Everything that a backup brings back of an erased person is gone after the replay; what is
    somebody else's stays."""
    planted = plant(house)
    kept = backup(house)
    erase(house)
    restore(house, kept)
    marks = (*MARKS, *planted.ids)
    assert set().union(*(containers_with(house, mark) for mark in marks)) == kept.keys()
    replay(house)
    settle(house)
    assert set().union(*(containers_with(house, mark) for mark in marks)) == set()
    assert containers_with(house, "other@example.org") >= {"accounts"}


def test_each_container_alone_is_enough(house: House) -> None:
    """Restored alone, without the account, any container's part of the person is found."""
    planted = plant(house)
    kept = backup(house)
    erase(house)
    for name in sorted(kept):
        restore(house, {name: kept[name]})
        replay_id = f"replay-of-{name}"
        replaying.begin(house.means, OPERATOR, replay_id, idempotency=None, now=house.clock())
        house.work("accounts")
        settle(house)
        marks = (*MARKS, *planted.ids)
        assert set().union(*(containers_with(house, mark) for mark in marks)) == set(), name


def test_a_replay_that_finds_nothing_changes_nothing(house: House) -> None:
    """Without an erasure, or after one that a restore did not touch, nobody is erased."""
    plant(house)
    before = backup(house)
    replay(house)
    assert backup(house) == before
    erase(house)
    after = backup(house)
    replaying.begin(house.means, OPERATOR, "replay-2", idempotency=None, now=house.clock())
    house.work("accounts")
    assert backup(house) == after


def test_a_candidate_who_came_in_anew_is_left(house: House) -> None:
    """A profile made from a file that came in after the erasure is not taken for the old one."""
    planted = plant(house)
    erase(house)
    house.clock.advance(seconds=60)
    house.drop("fresh.txt", RESUME)
    house.work_all()
    replay(house)
    settle(house)
    assert erased_at(house, PSEUDONYMS, TENANT, "candidate", planted.candidate_id)
    assert house.documents.get("candidates", (TENANT, planted.candidate_id), planted.candidate_id)


def test_a_replay_goes_page_by_page(house: House, monkeypatch: Any) -> None:
    """With pages of one document each hop tells of the next, and nothing is passed by."""
    plant(house)
    kept = backup(house)
    erase(house)
    restore(house, kept)
    monkeypatch.setattr(replaying, "_PAGE", 1)
    replay(house)
    settle(house)
    assert set().union(*(containers_with(house, mark) for mark in MARKS)) == set()


def test_whoever_registered_again_is_left(house: House) -> None:
    """The address of an erased person may be somebody's anew: a restored invitation to it goes,
    the new account and its way to sign in stay."""
    planted = plant(house)
    kept = backup(house)
    erase(house)
    house.clock.advance(seconds=5)
    join(house, "anew", name="Anew")
    house.work("accounts")
    restore(house, {"invitations": kept["invitations"]})
    replay(house)
    settle(house)
    assert house.documents.get("credentials", (TENANT, planted.address_id), "credential")
    assert house.documents.get("accounts", (TENANT, "anew"), "account")
    assert house.documents.query("invitations", (TENANT,)).items == ()
