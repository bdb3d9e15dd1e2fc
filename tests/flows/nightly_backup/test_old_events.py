"""Events that a backup caught in an outbox: sent after a restore, and never done twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.nightly_backup.rules.documents import Mode
from shared.documents.port import Create
from shared.events.envelope import Event
from shared.events.game import GameAdvanced
from shared.messaging import Decision, handle_once
from shared.outbox import outbox_document, relay
from tests.flows.nightly_backup.keeping import back_up, new_home, restore
from tests.flows.stores import House
from tests.flows.stores import house as house

SAMPLE = Path(__file__).parents[2] / "events/waymark.game.advanced.v1.json"
KEY = {"tenant_id": "acme", "user_id": "u"}
PLACE = ("acme", "u")
LISTENER = "game/intake_notify"


def catch(house: House, **more: Any) -> None:
    """An event lies in an outbox when a backup reads it, and is sent a moment later."""
    data = GameAdvanced.model_validate(json.loads(SAMPLE.read_text())["data"])
    outbox = outbox_document(data, "basis", KEY, PLACE, "xp_award", house.clock())
    house.documents.commit("game", PLACE, [Create(outbox | more)])
    back_up(house, "b-1")
    house.clock.advance(minutes=1)
    relay(house, now=house.clock())


def sent(house: House) -> list[Event]:
    house.clock.advance(minutes=1)
    relay(house, now=house.clock())
    return house.waiting(LISTENER)


@pytest.mark.parametrize("mode", ["keep", "overwrite"])
@pytest.mark.parametrize(("days", "again"), [(28, 1), (30, 0), (180, 0)])
def test_into_a_house_that_stands_only_young_events_are_sent_again(
    house: House, mode: Mode, days: int, again: int
) -> None:
    """A receipt of 30 days tells that it was handled; beyond that nobody knows, and it is counted
    and left."""
    catch(house)
    assert len(house.waiting(LISTENER)) == 1
    house.clock.advance(days=days)
    job = restore(house, "b-1", mode=mode)
    assert job.state == "done"
    assert job.counts["game"].unsent == 1 - again
    assert len(sent(house)) == again


def test_an_event_that_was_to_be_sent_later_is_as_old_as_that(house: House) -> None:
    """Committed long ago, and due only lately: its receipt is still there."""
    later = house.clock().replace(month=6).isoformat()
    catch(house, not_before=later)
    house.waiting(LISTENER)
    house.clock.moment = house.clock().replace(month=6, day=20)
    assert restore(house, "b-1", mode="keep").counts["game"].unsent == 0


def test_into_an_empty_store_every_event_is_sent_and_meets_its_receipt(
    house: House, tmp_path: Path
) -> None:
    """What an event does is in no lost document, so it is sent, however old; where its receipt is
    in the backup too that has not run out meanwhile, and it is done once."""
    data = GameAdvanced.model_validate(json.loads(SAMPLE.read_text())["data"])
    outbox = outbox_document(data, "basis", KEY, PLACE, "xp_award", house.clock())
    house.documents.commit("game", PLACE, [Create(outbox)])

    def handled(house: House, event: Event) -> str:
        return handle_once(
            house, event, handler="a-test", container="notifications",
            partition=("acme", "user:u"), decide=Decision, now=house.clock(),
        )  # fmt: skip

    assert handled(house, Event.model_validate(outbox["event"])) == "done"
    back_up(house, "b-1")
    house.clock.advance(days=180)
    with new_home(house, tmp_path / "anew") as anew:
        assert restore(anew, "b-1").counts["game"].unsent == 0
        (event,) = sent(anew)
        assert handled(anew, event) == "repeated"
        anew.clock.advance(days=30)
        assert handled(anew, event) == "done"  # a receipt is not kept for ever
