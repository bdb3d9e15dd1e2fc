"""A learner's account says what the profiler's documents say, in whatever order events come."""

from __future__ import annotations

import itertools

import pytest

from functions.accounts.service import persons
from functions.accounts.service.profiling import bring_up_to_date
from shared.auth import Principal
from shared.events.envelope import Event
from shared.people import read_account
from tests.flows.profiling import BANK, Profiler, learner, with_account
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house

ENTITY = "profiler/accounts"


def hear(house: House, event: Event) -> str:
    return bring_up_to_date(house, event, now=house.clock())


def test_a_completed_profile_is_on_the_account(house: House) -> None:
    """Complete, when, which session, which track; the same event again changes nothing."""
    with_account(house)
    profiler = Profiler(house)
    house.clock.advance(minutes=1)
    session_id = profiler.completed()
    (event,) = house.waiting(ENTITY)
    completed_at = house.clock()
    house.clock.advance(minutes=1)
    assert hear(house, event) == "done"
    found, _ = read_account(house, TENANT, "lena")
    assert found.profiling_complete
    assert found.profiling_completed_at == completed_at
    assert (found.profiling_session_id, found.track_key) == (session_id, "defender")
    assert found.updated_at == house.clock()
    assert hear(house, event) == "repeated"


def test_a_chosen_track_is_the_accounts_track(house: House) -> None:
    """Who overrides the recommendation is on the track they chose."""
    with_account(house)
    profiler = Profiler(house)
    session_id = profiler.completed()
    profiler.accept(session_id, False, BANK.track["grc"].track_id)
    for event in house.waiting(ENTITY):
        hear(house, event)
    assert read_account(house, TENANT, "lena")[0].track_key == "grc"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_events_that_pass_each_other_do_no_harm(house: House, order: tuple[int, ...]) -> None:
    """Completed, accepted and reset, handled in any order, end in the same account."""
    with_account(house)
    profiler = Profiler(house)
    session_id = profiler.completed()
    profiler.accept(session_id)
    profiler.reset(session_id)
    events = house.waiting(ENTITY)
    for at in order:
        assert hear(house, events[at]) == "done"
    found, _ = read_account(house, TENANT, "lena")
    assert not found.profiling_complete
    assert (found.profiling_completed_at, found.profiling_session_id) == (None, None)


def test_the_track_stays_until_the_next_attempt_gives_another(house: House) -> None:
    """A reset does not take a learner off the track they are learning on."""
    with_account(house)
    profiler = Profiler(house)
    session_id = profiler.completed()
    for event in house.waiting(ENTITY):
        hear(house, event)
    profiler.reset(session_id)
    for event in house.waiting(ENTITY):
        hear(house, event)
    found, _ = read_account(house, TENANT, "lena")
    assert not found.profiling_complete
    assert found.track_key == "defender"


def test_an_unchanged_account_is_not_called_changed(house: House) -> None:
    """An event that brings no news leaves the account's time of change."""
    with_account(house)
    profiler = Profiler(house)
    profiler.completed()
    (event,) = house.waiting(ENTITY)
    hear(house, event)
    before, _ = read_account(house, TENANT, "lena")
    house.clock.advance(days=1)
    assert hear(house, event.model_copy(update={"id": "another"})) == "done"
    assert read_account(house, TENANT, "lena")[0] == before


def test_somebody_without_an_account_is_finished(house: House) -> None:
    """A learner of an external provider may have none: no retry helps, and none is made."""
    profiler = Profiler(house)
    profiler.completed(learner("nils"))
    (event,) = house.waiting(ENTITY)
    assert hear(house, event) == "rejected"
    assert hear(house, event) == "repeated"


def test_an_account_made_later_says_it_too(house: House) -> None:
    """Who comes from an external provider and profiles before the account is there has it on
    the account from the beginning."""
    who = Principal("nils", TENANT, frozenset({"learner"}), external=True, name="Nils")
    session_id = Profiler(house).completed(who)
    (event,) = house.waiting(ENTITY)
    assert hear(house, event) == "rejected"
    made, _ = persons.read_own(house.means, who, now=house.clock())
    assert made.profiling_complete
    assert (made.profiling_session_id, made.track_key) == (session_id, "defender")


def test_a_namesake_in_another_tenant_is_another_person(house: House) -> None:
    """An event of one tenant changes nobody's account in another."""
    with_account(house, tenant=RIVAL)
    with_account(house)
    Profiler(house).completed()
    (event,) = house.waiting(ENTITY)
    hear(house, event)
    assert read_account(house, TENANT, "lena")[0].profiling_complete
    assert not read_account(house, RIVAL, "lena")[0].profiling_complete
