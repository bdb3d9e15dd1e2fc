"""Failures cost time: little at first, never more than the longest wait, and they are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.accounts.rules.documents import Throttle
from functions.accounts.rules.throttling import (
    CODES,
    PER_ACCOUNT,
    PER_CLIENT,
    REGISTRATIONS,
    Budget,
    client_of,
    counted,
    failures_of,
    wait,
)
from functions.accounts.service import registration, throttles
from functions.accounts.service.throttles import Reserved
from shared.errors import Stale, Throttled
from shared.models.tenant import PLATFORM
from tests.flows.accounts.inhabitants import CLIENT, Patched, at_once, enter, register
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.embedded import raising

BUDGETS = [PER_ACCOUNT, PER_CLIENT, REGISTRATIONS, CODES]
SMALL = Budget(3, timedelta(seconds=10), timedelta(seconds=60), timedelta(hours=1))
budgets = st.sampled_from([*BUDGETS, SMALL])
seconds = st.integers(0, 100_000).map(lambda number: timedelta(seconds=number))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("::1", "0.0.0.1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("unknown", "192.0.2.7", False),
        ("unknown", "unknown", True),
    ],
)
def test_a_client_is_whoever_shares_a_network(one: str, other: str, same: bool) -> None:
    """Who has one IPv6 address has all of its /64, and cannot fail from each anew."""
    assert (client_of(one) == client_of(other)) == same


def throttle(failures: int) -> Throttle:
    return Throttle(tenant_id=TENANT, bucket="b", failures=failures, last_at=START)


@given(budgets, st.integers(0, 10_000), seconds)
def test_nobody_waits_longer_than_the_longest(
    budget: Budget, failures: int, passed: timedelta
) -> None:
    """However many failures there were, the wait ends within the longest after the last."""
    assert wait(throttle(failures), budget, START + passed) <= budget.longest - passed or (
        wait(throttle(failures), budget, START + passed) <= timedelta(0)
    )


@given(budgets, st.integers(0, 10_000))
def test_waits_grow(budget: Budget, failures: int) -> None:
    """One failure more never makes the wait shorter, and doubles it until it is the longest."""
    now, more = (wait(throttle(count), budget, START) for count in (failures, failures + 1))
    assert more >= now
    if failures >= budget.free:
        assert more == min(now * 2, budget.longest)


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_first_failures_are_free(budget: Budget) -> None:
    """Up to the free number of failures nobody waits; the next makes one wait the first time."""
    assert wait(None, budget, START) == timedelta(0)
    assert wait(throttle(budget.free - 1), budget, START) == timedelta(0)
    assert wait(throttle(budget.free), budget, START) == budget.first


@given(budgets, st.integers(0, 10_000), seconds)
def test_failures_are_forgotten_after_the_window(
    budget: Budget, failures: int, passed: timedelta
) -> None:
    """Until the window has passed all count, from then on none does."""
    expected = 0 if passed >= budget.window else failures
    assert failures_of(throttle(failures), budget, START + passed) == expected


@given(budgets, st.integers(-3, 400), seconds)
def test_one_more_is_counted(budget: Budget, failures: int, passed: timedelta) -> None:
    """A counted try is one failure more than there were, and who has used up the budget waits
    from the moment of the try."""
    now = START + passed
    after = counted(throttle(failures), budget, tenant_id=TENANT, bucket="b", now=now)
    assert after.failures == failures_of(throttle(failures), budget, now) + 1
    if after.failures >= budget.free:
        assert after.last_at == now
        assert wait(after, budget, now) > timedelta(0)


def reserve(house: House, budget: Budget = SMALL, bucket: str = "b") -> Reserved:
    return throttles.reserve(house, TENANT, bucket, budget, what="tries", now=house.clock())


def test_a_try_too_early_is_told_when_to_come_back(house: House) -> None:
    """The refusal names what was tried and the seconds until the next try is taken."""
    for _ in range(3):
        throttles.failed(house, reserve(house), now=house.clock())
    house.clock.advance(seconds=4)
    with pytest.raises(Throttled, match="too many tries") as refused:
        reserve(house)
    assert refused.value.retry_after == 6
    house.clock.advance(seconds=6)
    reserve(house)
    with pytest.raises(Throttled) as again:
        reserve(house)
    assert again.value.retry_after == 20


def test_tries_at_one_moment_share_the_budget(house: House) -> None:
    """Of 24 tries at the same moment as many are taken as are free, and no more."""
    outcomes = at_once(24, lambda _: reserve(house))
    taken = [outcome for outcome in outcomes if isinstance(outcome, Reserved)]
    assert len(taken) == SMALL.free
    assert all(isinstance(each, Throttled) for each in outcomes if each not in taken)


def test_tries_at_one_moment_share_what_is_left(house: House) -> None:
    """Failures of half a minute ago do not let a second try pass while the last is under way."""
    for _ in range(2):
        throttles.failed(house, reserve(house), now=house.clock())
    house.clock.advance(seconds=30)
    outcomes = at_once(12, lambda _: reserve(house))
    assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == 1


def test_a_refund_leaves_all_as_it_was(house: House) -> None:
    """A try that was no failure neither counts nor makes anybody wait or be remembered longer."""
    for _ in range(4):
        throttles.failed(house, reserve(house), now=house.clock())
        house.clock.advance(seconds=10)
    (before,) = house.kinds("throttle", container="throttles")
    for _ in range(5):
        house.clock.advance(seconds=20)
        throttles.refund(house, reserve(house))
    (after,) = house.kinds("throttle", container="throttles")
    assert Throttle.of(after) == Throttle.of(before)


def test_successes_do_not_keep_failures_in_memory(house: House) -> None:
    """Somebody who failed is forgotten after the window though others succeed all the time."""
    throttles.failed(house, reserve(house), now=house.clock())
    for _ in range(13):
        house.clock.advance(minutes=5)
        throttles.refund(house, reserve(house))
    (left,) = house.kinds("throttle", container="throttles")
    assert failures_of(Throttle.of(left), SMALL, house.clock()) == 0


def test_a_refund_after_the_window_costs_nobody_anything(house: House) -> None:
    """A refund that comes when its failures were forgotten gives no credit to later ones."""
    first = reserve(house)
    throttles.refund(house, first)
    throttles.refund(house, first)
    for _ in range(3):
        throttles.failed(house, reserve(house), now=house.clock())
    with pytest.raises(Throttled):
        reserve(house)


def test_a_store_that_keeps_changing_is_no_failure_of_the_house(house: House) -> None:
    """When others write all the time the try is refused for a second, and nothing is counted."""
    crowded: Any = Patched(house, "commit", raising(Stale("somebody was faster")))
    with pytest.raises(Throttled) as refused:
        throttles.reserve(crowded, TENANT, "b", SMALL, what="tries", now=START)
    assert refused.value.retry_after == 1
    assert house.kinds("throttle", container="throttles") == []


def test_a_class_signs_in_at_the_same_moment(house: House) -> None:
    """Thirty people behind one network address come in together, and leave no failure behind."""
    for number in range(30):
        register(house, f"pupil{number}@example.org")
    outcomes = at_once(30, lambda number: enter(house, f"pupil{number}@example.org"))
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    (client,) = house.kinds("throttle", container="throttles", tenant=PLATFORM)
    assert client["failures"] == 0


def test_registrations_from_one_client_are_held_up(house: House) -> None:
    """After many registrations within an hour a client waits, and no other does."""
    for _ in range(REGISTRATIONS.free):
        registration.check_pace(house.means, CLIENT, now=house.clock())
    with pytest.raises(Throttled, match="registrations") as refused:
        registration.check_pace(house.means, CLIENT, now=house.clock())
    assert refused.value.retry_after == 60
    registration.check_pace(house.means, "192.0.2.8", now=house.clock())


def test_a_network_of_addresses_is_one_client(house: House) -> None:
    """A hundred failures from as many addresses of one IPv6 network hold up all of it."""

    def guess(client: str) -> None:
        with throttles.attempt(house.means, None, "a", client, now=house.clock()) as attempt:
            attempt.outcome = "failed"

    for number in range(PER_CLIENT.free):
        guess(f"2001:db8::{number:x}")
    with pytest.raises(Throttled):
        guess("2001:db8::ffff")
    guess("2001:db8:0:1::1")


def test_buckets_tell_nothing_and_belong_to_one_tenant(house: House) -> None:
    """What is kept of failures names neither address nor client, in the tenant's partition."""
    register(house)
    for tenant in (TENANT, RIVAL):
        with pytest.raises(Exception, match="wrong"):
            enter(house, password="something else entirely", tenant=tenant)
    kept = [
        *house.kinds("throttle", container="throttles"),
        *house.kinds("throttle", container="throttles", tenant=RIVAL),
        *house.kinds("throttle", container="throttles", tenant=PLATFORM),
    ]
    assert len({each["bucket"] for each in kept}) == 5  # of the client, and two of each account
    assert "maya" not in repr(kept)
    assert CLIENT not in repr(kept)
