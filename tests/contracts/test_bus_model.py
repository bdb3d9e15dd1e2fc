"""The SQLite bus against a model of it: any order of calls, one queue, two receivers."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.bus.port import Message
from shared.bus.sqlite import SqliteBus
from shared.bus.sqlite_rows import Delivery, LockLost
from tests.contracts.bus_receiving import (
    DUPLICATE_SECONDS,
    LOCK_SECONDS,
    MAX_DELIVERY,
    TOPOLOGY,
)


@dataclass
class Expected:
    """What the model knows of one message."""

    body: bytes
    number: int
    count: int = 0
    locked_until: float = 0.0
    dead: bool = False


class QueueMachine(RuleBasedStateMachine):
    """Publishes, takes, settles, redrives and waits in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        # The clock stands still but for jumps, so that model and bus read the same time.
        self._now = 1_000_000.0
        self._bus = SqliteBus(Path(self._folder.name) / "bus.db", TOPOLOGY, lambda: self._now)
        self._seen: dict[str, float] = {}
        self._messages: list[Expected] = []
        self._held: list[Delivery] = []
        self._sent = 0

    def teardown(self) -> None:
        self._bus.close()
        self._folder.cleanup()

    @rule(names=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3))
    def publish(self, names: list[str]) -> None:
        messages = []
        for name in names:
            self._sent += 1
            body = str(self._sent).encode()
            messages.append(Message("plain", name, body, "good.v1"))
            if self._seen.get(name, 0.0) <= self._now:
                self._seen[name] = self._now + DUPLICATE_SECONDS
                self._messages.append(Expected(body, self._sent))
        self._bus.publish(messages)

    @rule(limit=st.integers(1, 3))
    def receive(self, limit: int) -> None:
        self._bury_exhausted()
        due = [m for m in self._messages if not m.dead and m.locked_until <= self._now][:limit]
        got = self._bus.receive("plain", limit=limit)
        for message in due:
            message.count += 1
            message.locked_until = self._now + LOCK_SECONDS
        assert [(d.body, d.delivery_count) for d in got] == [(m.body, m.count) for m in due]
        self._held += got

    @precondition(lambda self: self._held)
    @rule(data=st.data(), how=st.sampled_from(["complete", "abandon", "dead_letter", "renew"]))
    def settle(self, data: st.DataObject, how: str) -> None:
        delivery = data.draw(st.sampled_from(self._held))
        message = self._holding(delivery)
        arguments = ("Reason", "description") if how == "dead_letter" else ()
        if message is None:
            self._held.remove(delivery)
            with pytest.raises(LockLost):
                getattr(self._bus, how)(delivery, *arguments)
            return
        getattr(self._bus, how)(delivery, *arguments)
        if how == "renew":
            message.locked_until = self._now + LOCK_SECONDS
            return
        self._held.remove(delivery)
        message.locked_until = 0.0
        if how == "complete":
            self._messages.remove(message)
        elif how == "dead_letter" or message.count >= MAX_DELIVERY:
            message.dead = True

    @rule(seconds=st.sampled_from([1.0, LOCK_SECONDS / 2, LOCK_SECONDS, DUPLICATE_SECONDS]))
    def wait(self, seconds: float) -> None:
        self._now += seconds

    @rule()
    def redrive(self) -> None:
        self._bury_exhausted()
        dead = [m for m in self._messages if m.dead]
        numbers = [letter.sequence_number for letter in self._bus.dead_letters("plain")]
        assert self._bus.redrive("plain", numbers) == len(dead)
        for message in dead:
            self._messages.remove(message)
            self._messages.append(Expected(message.body, message.number))

    @invariant()
    def agrees(self) -> None:
        self._bury_exhausted()
        dead = self._bus.dead_letters("plain")
        assert Counter(one.body for one in dead) == Counter(
            m.body for m in self._messages if m.dead
        )
        assert self._bus.count("plain") == sum(not m.dead for m in self._messages)

    def _bury_exhausted(self) -> None:
        for message in self._messages:
            if message.count >= MAX_DELIVERY and 0 < message.locked_until <= self._now:
                message.dead = True
                message.locked_until = 0.0

    def _holding(self, delivery: Delivery) -> Expected | None:
        """The message that a delivery still locks, None when its lock is gone."""
        for message in self._messages:
            if (
                message.body == delivery.body
                and message.count == delivery.delivery_count
                and message.locked_until > self._now
            ):
                return message
        return None


def test_any_sequence_of_calls_leaves_the_bus_where_the_model_is() -> None:
    """Publishing, taking, settling, redriving and waiting agree with a model, in any order."""
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(max_examples=40, stateful_step_count=30, deadline=None, database=None),
    )
