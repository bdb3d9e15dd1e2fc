"""How messages and sessions are held and let go: the same on SQLite and on Service Bus."""

from __future__ import annotations

import pytest

from tests.contracts.bus_pair import Pair
from tests.contracts.bus_receiving import LOCK_SECONDS, MAX_DELIVERY, LockGone

pytest_plugins = ["tests.contracts.bus_fixtures"]


def test_a_locked_message_is_nobody_elses(pair: Pair) -> None:
    """A message under lock is handed out once."""
    pair.send(1)
    pair.take("plain")
    assert pair.receiving.receive("plain") is None


def test_a_completed_message_is_gone(pair: Pair) -> None:
    """What was completed does not come back when its lock would have run out."""
    pair.send(1)
    pair.receiving.complete(pair.take("plain"))
    pair.receiving.jump(LOCK_SECONDS + 1)
    assert pair.receiving.receive("plain") is None


def test_an_abandoned_message_comes_back_at_once_and_first(pair: Pair) -> None:
    """Abandoning gives a message back in its old place, with a higher delivery count."""
    pair.send(1, 2)
    pair.receiving.abandon(pair.take("plain"))
    again = pair.take("plain")
    assert (again.body, again.delivery_count) == (b"body 1", 2)


def test_a_lock_that_runs_out_redelivers(pair: Pair) -> None:
    """A message whose receiver died comes back with a higher count."""
    pair.send(1)
    pair.take("plain")
    pair.receiving.jump(LOCK_SECONDS + 1)
    again = pair.take("plain")
    assert (again.body, again.delivery_count) == (b"body 1", 2)


@pytest.mark.parametrize("settle", ["complete", "abandon", "dead_letter", "renew"])
def test_a_lost_lock_settles_nothing(pair: Pair, settle: str) -> None:
    """Who lost the lock is told so, and the message stays with who has it now."""
    pair.send(1)
    late = pair.take("plain")
    pair.receiving.jump(LOCK_SECONDS + 1)
    now = pair.take("plain")
    arguments = ("Late", "") if settle == "dead_letter" else ()
    with pytest.raises(LockGone):
        getattr(pair.receiving, settle)(late, *arguments)
    pair.receiving.complete(now)
    assert pair.receiving.receive("plain") is None


def test_a_lock_that_ran_out_is_lost_though_nobody_took_the_message(pair: Pair) -> None:
    """Time alone ends a lock."""
    pair.send(1)
    late = pair.take("plain")
    pair.receiving.jump(LOCK_SECONDS + 1)
    with pytest.raises(LockGone):
        pair.receiving.complete(late)
    assert pair.take("plain").delivery_count == 2


def test_a_renewed_lock_holds(pair: Pair) -> None:
    """Renewal counts from now: the message stays locked beyond its first lock."""
    pair.send(1)
    held = pair.take("plain")
    for _ in range(3):
        pair.receiving.jump(LOCK_SECONDS - 10)
        pair.receiving.renew(held)
    assert pair.receiving.receive("plain") is None
    pair.receiving.complete(held)


def test_locks_that_run_out_exhaust_a_message(pair: Pair) -> None:
    """A message that kills its receiver every time ends as a dead letter."""
    pair.send(1)
    for count in range(1, MAX_DELIVERY + 1):
        assert pair.take("plain").delivery_count == count
        pair.receiving.jump(LOCK_SECONDS + 1)
    assert pair.receiving.receive("plain") is None
    (dead,) = pair.bus.dead_letters("plain")
    assert (dead.reason, dead.delivery_count) == ("MaxDeliveryCountExceeded", MAX_DELIVERY)


def test_a_message_behind_a_locked_one_is_free(pair: Pair) -> None:
    """Without sessions, a slow message holds up nobody."""
    pair.send(1, 2)
    slow = pair.take("plain")
    assert pair.drain("plain", 1) == [b"body 2"]
    pair.receiving.complete(slow)


def test_subscriptions_settle_for_themselves(pair: Pair) -> None:
    """What one subscription does with its copy is nothing to the other."""
    pair.send(1, destination="news")
    pair.bury("news/all")
    assert pair.drain("news/good", 1) == [b"body 1"]


# Sessions


def test_a_session_comes_in_order(pair: Pair) -> None:
    """The messages of a session come in the order they were published, and no others."""
    for number in range(6):
        pair.send(number, destination="talks", session_id="ab"[number % 2])
    session = pair.accept("talks")
    assert session.session_id == "a"
    assert pair.drain("talks", 3, session) == [b"body 0", b"body 2", b"body 4"]


def test_a_session_is_held_by_one(pair: Pair) -> None:
    """While a session is locked nobody else gets it, though it has messages."""
    pair.send(1, 2, destination="talks", session_id="a")
    pair.accept("talks")
    assert pair.receiving.accept_session("talks") is None


def test_two_sessions_run_side_by_side(pair: Pair) -> None:
    """Different sessions can be held at the same time and do not mix."""
    pair.send(1, 2, destination="talks", session_id="a")
    pair.send(3, 4, destination="talks", session_id="b")
    first, second = pair.accept("talks"), pair.accept("talks")
    assert {first.session_id, second.session_id} == {"a", "b"}
    one, other = pair.take("talks", first), pair.take("talks", second)
    assert (one.body, other.body) == (b"body 1", b"body 3")
    pair.receiving.complete(other)
    pair.receiving.complete(one)
    assert pair.take("talks", second).body == b"body 4"
    assert pair.take("talks", first).body == b"body 2"


def test_a_session_abandons_to_its_own_front(pair: Pair) -> None:
    """Order holds through a failure: the abandoned message comes before the next."""
    pair.send(1, 2, destination="talks", session_id="a")
    session = pair.accept("talks")
    pair.receiving.abandon(pair.take("talks", session))
    again = pair.take("talks", session)
    assert (again.body, again.delivery_count) == (b"body 1", 2)


def test_a_released_session_is_free_at_once(pair: Pair) -> None:
    """Letting a session go gives its messages to the next, unfinished ones first."""
    pair.send(1, 2, destination="talks", session_id="a")
    session = pair.accept("talks")
    pair.take("talks", session)
    pair.receiving.release_session(session)
    assert pair.drain("talks", 2, pair.accept("talks")) == [b"body 1", b"body 2"]


def test_a_session_whose_lock_ran_out_is_anothers(pair: Pair) -> None:
    """A dead holder keeps a session only as long as its lock; then it can do nothing more."""
    pair.send(1, 2, destination="talks", session_id="a")
    lost = pair.accept("talks")
    received = pair.take("talks", lost)
    pair.receiving.jump(LOCK_SECONDS + 1)
    again = pair.accept("talks")
    with pytest.raises(LockGone):
        pair.receiving.complete(received)
    with pytest.raises(LockGone):
        pair.receiving.renew_session(lost)
    with pytest.raises(LockGone):
        pair.receiving.receive("talks", lost)
    assert pair.take("talks", again).body == b"body 1"


def test_a_renewed_session_stays(pair: Pair) -> None:
    """Renewing a session keeps it, and the messages received in it."""
    pair.send(1, destination="talks", session_id="a")
    session = pair.accept("talks")
    received = pair.take("talks", session)
    for _ in range(3):
        pair.receiving.jump(LOCK_SECONDS - 10)
        pair.receiving.renew_session(session)
    assert pair.receiving.accept_session("talks") is None
    pair.receiving.complete(received)
    assert pair.drain("talks", 0, session) == []
