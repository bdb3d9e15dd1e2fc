"""How items are answered is counted once a session, without anybody's name."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.profiler_complete import service
from functions.profiler_complete.rules.statistics import (
    CONTAINER,
    LONGEST_OF_MEAN,
    RELEASED_BY,
    STATISTICS_ID,
    ItemStatistics,
    counted,
)
from functions.profiler_session.rules.answers import Offered
from shared.documents.port import Delete, Upsert
from shared.errors import Missing
from shared.events.envelope import Event
from shared.models.profiling import CONTAINER as PROFILING
from tests.flows.profiling import BANK, WORDS, Profiler, learner, offers
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house

ENTITY = "profiler/profiler_complete"


@pytest.fixture
def profiler(house: House) -> Profiler:
    return Profiler(house)


def completed_event(profiler: Profiler, user: str = "lena", tenant: str = TENANT) -> Event:
    profiler.completed(learner(user, tenant))
    (event,) = profiler.house.waiting(ENTITY)
    return event


def count(house: House, event: Event) -> str:
    return service.count_items(house, event, now=house.clock())


def statistics(house: House, tenant: str = TENANT) -> ItemStatistics:
    """The counts as they are stored."""
    stored = house.documents.get(CONTAINER, (tenant, BANK.bank_version), STATISTICS_ID)
    assert stored is not None
    return ItemStatistics.of(stored.body)


def unflagged(profiler: Profiler, session_id: str) -> bool:
    return not profiler.result(session_id).scores.integrity.flags


def test_a_session_is_counted_once(house: House, profiler: Profiler) -> None:
    """However often the event comes, each item has one answer more."""
    event = completed_event(profiler)
    assert unflagged(profiler, event.subject)
    assert count(house, event) == "done"
    assert count(house, event) == "repeated"
    found = statistics(house)
    assert (found.sessions, found.left_out) == (1, 0)
    assert found.items.keys() == {question.id for question in BANK.questions}
    given = profiler.session(event.subject).answers
    for name, item in found.items.items():
        assert item.answers == 1
        chosen = given[name].selected_option
        assert item.options == ({chosen: 1} if chosen else {})
        assert item.seconds == pytest.approx(given[name].seconds)


def test_sessions_add_up_and_versions_stay_apart(house: House, profiler: Profiler) -> None:
    """Two learners are two answers an item; another tenant counts its own."""
    for user in ("lena", "nils"):
        count(house, completed_event(profiler, user))
    count(house, completed_event(profiler, tenant=RIVAL))
    found = statistics(house)
    assert found.sessions == 2
    assert all(item.answers == 2 for item in found.items.values())
    assert statistics(house, RIVAL).sessions == 1
    assert found.bank_version == BANK.bank_version


def test_sessions_counted_at_once_are_all_counted(house: House, profiler: Profiler) -> None:
    """Events that are handled in the same moment lose no count."""
    events = [completed_event(profiler, f"learner-{at}") for at in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda event: count(house, event), events)) == {"done"}
    assert statistics(house).sessions == 4


def test_a_flagged_session_is_left_out(house: House, profiler: Profiler) -> None:
    """Who guessed through the aptitude questions says nothing about how hard they are."""
    session_id = profiler.begun()
    fast = [
        Offered(each.question_id, each.selected_option, each.text, 400)
        if each.question_id.startswith("aptitude_")
        else each
        for each in offers()
    ]
    profiler.answer(session_id, fast)
    profiler.complete(session_id)
    (event,) = house.waiting(ENTITY)
    count(house, event)
    found = statistics(house)
    assert (found.sessions, found.left_out, found.items) == (0, 1, {})


def test_a_pause_counts_only_so_long(profiler: Profiler) -> None:
    """An answer after lunch does not double an item's mean time."""
    session_id = profiler.completed()
    session = profiler.session(session_id)
    question = BANK.by_module["work_style"][0]
    slow = session.answers[question.id].model_copy(update={"response_time_ms": 3_600_000})
    session = session.model_copy(update={"answers": {question.id: slow}})
    empty = ItemStatistics(tenant_id=TENANT, bank_version=BANK.bank_version, updated_at=START)
    found = counted(empty, BANK, session, profiler.result(session_id), now=START)
    assert found.items[question.id].seconds == LONGEST_OF_MEAN * question.mean_seconds


def test_counts_name_nobody(house: House, profiler: Profiler) -> None:
    """Neither a learner's id, a session's, nor a word of theirs is in the counts."""
    event = completed_event(profiler)
    count(house, event)
    kept = json.dumps(house.kinds("item_statistics", container=CONTAINER))
    for mark in ("lena", event.subject, WORDS):
        assert mark not in kept


def test_an_erased_session_is_finished_without(house: House, profiler: Profiler) -> None:
    """What is no longer there is not counted, and not retried."""
    event = completed_event(profiler)
    house.documents.commit(PROFILING, (TENANT, "lena"), [Delete(event.subject)])
    assert count(house, event) == "rejected"
    assert list(house.kinds("item_statistics", container=CONTAINER)) == []


def test_what_is_shown_comes_ten_sessions_at_a_time(house: House, profiler: Profiler) -> None:
    """Until ten have completed a version nothing is shown, and then nothing new until ten more:
    no two readings differ by one person. A version or tenant without any has none."""
    event = completed_event(profiler)
    bank, session = BANK, profiler.session(event.subject)
    result = profiler.result(event.subject)
    counts = ItemStatistics(tenant_id=TENANT, bank_version=BANK.bank_version, updated_at=START)
    shown = []
    for _ in range(2 * RELEASED_BY):
        counts = counted(counts, bank, session, result, now=START)
        shown.append(counts.released.sessions)
    assert shown == [0] * 9 + [10] * 10 + [20]
    assert counts.released.items == counts.items
    count(house, event)
    with pytest.raises(Missing, match="too few"):
        service.item_statistics(house, TENANT, BANK.bank_version)
    key = (TENANT, BANK.bank_version)
    house.documents.commit(CONTAINER, key, [Upsert(counts.stored())])
    for version in (None, BANK.bank_version):
        assert service.item_statistics(house, TENANT, version)[1].released.sessions == 20
    with pytest.raises(Missing):
        service.item_statistics(house, TENANT, "1-000000000000")
    with pytest.raises(Missing):
        service.item_statistics(house, RIVAL, None)


def test_nobody_counts_twice(house: House, profiler: Profiler) -> None:
    """The attempt after a reset adds nothing to the counts."""
    first = completed_event(profiler)
    count(house, first)
    profiler.reset(first.subject)
    count(house, completed_event(profiler))
    found = statistics(house)
    assert (found.sessions, found.left_out) == (1, 0)
