"""Telling parents of reports: those who are linked at that moment, once each."""

from __future__ import annotations

import pytest

from functions.intake_notify.service import telling
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.messaging import Outcome
from tests.flows.accounts.inhabitants import Patched
from tests.flows.journey_summary.parents import Reporting, link, person
from tests.flows.journey_summary.test_making import erase
from tests.flows.stores import PSEUDONYMS, House
from tests.flows.stores import house as house


def notify(house: House, event: Event) -> Outcome:
    return telling.notify_parents(house, PSEUDONYMS, event, now=house.clock())


@pytest.fixture
def event(house: House) -> Event:
    """A report of Lena's is ready; Paula and Peter are linked, Quinn is not any more."""
    person(house, "lena", "learner", name="Lena")
    for parent in ("paula", "peter", "quinn"):
        link(house, "lena", parent, active=parent != "quinn")
    reporting = Reporting(house)
    reporting.made()
    (found,) = reporting.published()
    return found


def told(house: House) -> list[tuple[str, str]]:
    notes = house.kinds("notification", container="notifications")
    return sorted((note["audience"], note["title"]) for note in notes)


def test_each_linked_parent_is_told_once(house: House, event: Event) -> None:
    """However often the message comes."""
    assert [notify(house, event) for _ in range(3)] == ["done", "repeated", "repeated"]
    assert told(house) == [
        ("user:paula", "Journey report ready"), ("user:peter", "Journey report ready"),
    ]  # fmt: skip
    (note, _) = house.kinds("notification", container="notifications")
    assert note["text"].startswith("Lena has completed a journey.")
    assert note["learner_id"] == "lena"


def test_who_was_told_before_a_crash_is_not_told_again(house: House, event: Event) -> None:
    """The store went away after the first parent."""
    commits: list[object] = []

    def failing(real, *args):  # type: ignore[no-untyped-def]
        commits.append(args)
        if len(commits) > 1:
            raise Unavailable("away")
        return real(*args)

    with pytest.raises(Unavailable):
        telling.notify_parents(
            Patched(house, "commit", failing), PSEUDONYMS, event, now=house.clock()
        )
    assert len(told(house)) == 1
    notify(house, event)
    assert [audience for audience, _ in told(house)] == ["user:paula", "user:peter"]


def test_a_version_that_was_asked_for_is_told_as_such(house: House, event: Event) -> None:
    """By another word."""
    later = event.model_copy(update={"id": "e2", "data": {**event.data, "version": 2}})
    notify(house, later)
    assert {title for _, title in told(house)} == {"Journey report renewed"}


def test_a_parent_who_was_erased_is_not_told(house: House, event: Event) -> None:
    """Though their link lies there still; the other one is."""
    erase(house, "paula")
    notify(house, event)
    assert [audience for audience, _ in told(house)] == ["user:peter"]


def test_nobody_is_told_of_who_was_erased(house: House, event: Event) -> None:
    """The message was on its way."""
    erase(house, "lena")
    notify(house, event)
    assert told(house) == []


def test_without_parents_nobody_is_told(house: House) -> None:
    """And the message is done."""
    person(house, "max", "learner")
    reporting = Reporting(house)
    reporting.made("max")
    (found,) = reporting.published()
    assert notify(house, found) == "done"
    assert told(house) == []
