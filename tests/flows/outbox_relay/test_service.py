"""Events that a crash left unsent are sent by the sweep."""

from __future__ import annotations

import pytest

from functions.outbox_relay import service
from shared.errors import Unavailable
from tests.flows.stores import House
from tests.flows.stores import house as house


class Away:
    """A bus that takes nothing."""

    def publish(self, _messages: object) -> None:
        raise Unavailable("away")


def dropped_while_away(house: House) -> None:
    """Drop a file while the bus is away."""
    bus, house.bus = house.bus, Away()
    house.drop("cv.txt")
    house.bus = bus


@pytest.mark.parametrize(("seconds", "sent"), [(14, 0), (16, 1)])
def test_what_was_left_is_sent_after_a_while(house: House, seconds: int, sent: int) -> None:
    """An event is left to who committed it for a quarter of a minute, and swept up after."""
    dropped_while_away(house)
    house.clock.advance(seconds=seconds)
    service.sweep(house, now=house.clock())
    assert len(house.waiting("intake_extract")) == sent
    assert len(house.kinds("outbox")) == 1 - sent


def test_a_second_sweep_sends_nothing(house: House) -> None:
    """What was sent is out of the outbox."""
    dropped_while_away(house)
    house.clock.advance(minutes=1)
    service.sweep(house, now=house.clock())
    assert house.work("intake_extract") == ["done"]
    service.sweep(house, now=house.clock())
    assert house.waiting("intake_extract") == []


def test_a_sweep_while_the_bus_is_away_loses_nothing(house: House) -> None:
    """A sweep that cannot send leaves the events to the next one, and does not fail."""
    dropped_while_away(house)
    house.clock.advance(minutes=1)
    bus, house.bus = house.bus, Away()
    service.sweep(house, now=house.clock())
    house.bus = bus
    assert len(house.kinds("outbox")) == 1
    service.sweep(house, now=house.clock())
    house.work_all()
    assert house.record("cv.txt").state == "completed"


def test_an_event_sent_but_not_struck_off_has_one_effect(house: House) -> None:
    """A crash between sending and striking off sends twice; the file is read once."""
    real = house.documents
    dropped_while_away(house)
    house.clock.advance(minutes=1)

    class Dying:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def commit(self, *_: object) -> None:
            raise Unavailable("the process died")

    house.documents = Dying()
    service.sweep(house, now=house.clock())
    house.documents = real
    house.work("intake_extract")
    house.clock.advance(hours=1)  # past duplicate detection
    service.sweep(house, now=house.clock())
    assert house.work("intake_extract") == ["repeated"]
    assert len(house.lines.opened) == 1
