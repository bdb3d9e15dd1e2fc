"""What is gathered of a journey: that journey's alone, on the learner's own days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from functions.journey_summary.rules.report import DayWork
from functions.journey_summary.service import gathering
from shared import journey_records
from shared.documents.port import Delete
from shared.models.learning import CONTAINERS
from tests.flows.journey_summary.parents import Reporting, person
from tests.flows.journeying import Journeyer, offer
from tests.flows.stores import TENANT, House
from tests.flows.stores import house as house


def test_days_are_counted_in_the_learners_zone(house: House) -> None:
    """An answer at 23:30 in UTC is the next day's in Berlin; other journeys' answers are theirs."""
    person(house, "lena", "learner", name="Lena")
    summary = Reporting(house).made()
    first = house.clock().date()
    late = Journeyer(house, "lena", session="late")
    late.start()
    house.clock.moment = house.clock().replace(hour=23, minute=30)
    late.send(offer("one", attempt="one", ms=5000), offer("two", attempt="two", ms=7000))
    of_late = summary.model_copy(update={"session_id": "late", "time_zone": "Europe/Berlin"})
    facts = gathering.gather(house, of_late)
    assert facts.days == {first + timedelta(days=1): DayWork(2, 12_000)}
    facts = gathering.gather(house, summary)
    assert sum(each.answers for each in facts.days.values()) == 36
    assert set(facts.days) == {date(2026, 3, 1)}


def test_everything_of_the_journey_is_there(house: House) -> None:
    """Twelve lessons, their skills, the game and the name that holds now."""
    person(house, "lena", "learner", name="Lena")
    summary = Reporting(house).made()
    person(house, "lena", "learner", name="Lena B.")
    facts = gathering.gather(house, summary)
    assert len(facts.lessons) == 4 * len(CONTAINERS)
    names = {name for lesson in facts.lessons for name in lesson.skill_ids}
    assert {skill.skill_id for skill in facts.skills} == names
    assert facts.game is not None
    assert facts.learner == "Lena B."


def test_without_an_account_or_a_game(house: House) -> None:
    """Somebody of elsewhere, before the game has heard of them."""
    person(house, "lena", "learner")
    summary = Reporting(house).made()
    house.documents.commit("accounts", (TENANT, "lena"), [Delete("account")])
    house.documents.commit("game", (TENANT, "lena"), [Delete("profile")])
    facts = gathering.gather(house, summary)
    assert (facts.learner, facts.game) == ("A learner", None)


def test_attempts_are_read_page_by_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, each is counted once."""
    person(house, "lena", "learner")
    summary = Reporting(house).made()
    monkeypatch.setattr(journey_records, "PAGE", 5)
    facts = gathering.gather(house, summary)
    assert sum(each.answers for each in facts.days.values()) == 36
