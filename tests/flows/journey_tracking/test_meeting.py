"""Devices that meet: what they complete is told once, and what they share is lost to nobody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from functions.journey_tracking.rules.documents import SharedState, sync_document_id
from functions.journey_tracking.service import learning
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.journey import JourneyCompleted, JourneyContainerCompleted
from shared.models.journey import CONTAINER
from shared.models.learning import CONTAINERS, SUBJECTS
from tests.flows.journeying import Journeyer, offer
from tests.flows.stores import START, TENANT, House
from tests.flows.stores import house as house

PARENT = Principal("pia", TENANT, frozenset({"parent"}))
DEVICES = 3


@pytest.fixture
def lena(house: House) -> Journeyer:
    made = Journeyer(house)
    made.start()
    return made


def at_once(do: Any) -> list[Any]:
    """What each of several devices gets that do the same at one moment."""
    barrier = Barrier(DEVICES)

    def one(number: int) -> Any:
        barrier.wait()
        return do(number)

    with ThreadPoolExecutor(DEVICES) as pool:
        return list(pool.map(one, range(DEVICES)))


def test_a_container_that_devices_complete_at_once_is_told_once(lena: Journeyer) -> None:
    """Each gets the same answer; so with the journey, which counts once as over."""
    for container in CONTAINERS:
        for subject in SUBJECTS:
            lena.lesson(subject, container)
        answers = at_once(lambda _, container=container: lena.complete_container(container))
        assert answers == [dict.fromkeys(SUBJECTS, 100.0)] * DEVICES
    assert at_once(lambda _: lena.complete()) == [{"status": "completed"}] * DEVICES
    types = [event.type for event in lena.told()]
    assert types.count(JourneyContainerCompleted.type) == len(CONTAINERS)
    assert types.count(JourneyCompleted.type) == 1


def test_an_answer_meets_the_end_of_its_container(lena: Journeyer) -> None:
    """It is counted in what the end tells, or refused; never kept and not counted."""
    for subject in SUBJECTS:
        lena.lesson(subject)

    def do(number: int) -> bool:
        if number == 0:
            lena.complete_container()
            return True
        try:
            lena.send(offer(f"late-{number}"))
        except Conflict:
            return False
        return True

    taken = sum(at_once(do)) - 1
    events = [each for each in lena.told() if each.type == JourneyContainerCompleted.type]
    assert len(events) == 1
    told = JourneyContainerCompleted.model_validate(events[0].data)
    assert told.lessons[0].questions == 3 + taken
    assert len(lena.attempts()) == 12 + taken


def test_devices_that_share_at_once_lose_nothing(lena: Journeyer) -> None:
    """A field of its own each, and one that they all write: the latest stays."""

    def share(number: int) -> Any:
        changes = {
            f"of_{'abc'[number]}": (number, START),
            "position": (number, START - timedelta(minutes=number)),
        }
        status, _ = learning.synchronise(
            lena.house, lena.principal, lena.session, device_id=f"device-{number}",
            base_version=0, changes=changes, shown=lambda _: {}, idempotency=None, now=lena.now,
        )  # fmt: skip
        return status

    assert at_once(share) == [200] * DEVICES
    stored = lena.house.documents.get(CONTAINER, lena.partition, sync_document_id(lena.session))
    assert stored is not None
    state = SharedState.of(stored.body)
    assert {name: each.value for name, each in state.fields.items()} == {
        "of_a": 0, "of_b": 1, "of_c": 2, "position": 0,
    }  # fmt: skip
    assert state.version == DEVICES


def test_an_override_that_is_asked_for_twice_at_once_is_written_once(lena: Journeyer) -> None:
    """The other one hears that it is so already."""
    lena.send(*(offer(f"p{n}", skill="hard", correct=False) for n in range(2)))

    def do(number: int) -> bool:
        try:
            lena.override("skill_mastered", PARENT, skill="hard")
        except Conflict:
            return False
        return True

    assert sorted(at_once(do)) == [False] * (DEVICES - 1) + [True]
    kept, _ = learning.overrides(lena.house, lena.partition, limit=10, continuation=None)
    assert len(kept) == 1
