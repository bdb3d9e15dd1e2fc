"""Learners are told once of levels and achievements, each in their own list."""

from __future__ import annotations

import pytest

from functions.intake_notify.service import reading, telling
from functions.intake_notify.service.reading import Reader
from shared.documents.port import Create
from shared.events.game import GameAdvanced, Unlocked
from shared.models.notification import RECRUITERS, Notification, audience_of
from shared.models.tombstone import CONTAINER as TOMBSTONES
from shared.models.tombstone import Tombstone
from tests.flows.playing import Player
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house

FLAG = Unlocked(key="flag", name="Off the mark", text="You answered your first question.")
STAR = Unlocked(key="star", name="Spotless", text="All right at the first try.")


def advanced(before: int = 1, level: int = 1, *unlocked: Unlocked) -> GameAdvanced:
    return GameAdvanced(
        user_id="lena", level_before=before, level=level, tier="bronze", unlocked=unlocked, at=START
    )


def listed(house: House, audience: str, tenant: str = TENANT) -> list[Notification]:
    reader = Reader(tenant, "rita", audience)
    return [note for note, _ in reading.listed(house, reader, limit=50, continuation=None)[0]]


@pytest.mark.parametrize(
    ("told", "title", "text"),
    [
        (advanced(2, 3), "Level 3", "You reached level 3 (bronze)."),
        (
            advanced(1, 1, FLAG),
            "New achievement",
            "Off the mark: You answered your first question.",
        ),
        (
            advanced(1, 2, FLAG, STAR),
            "Level 2",
            "You reached level 2 (bronze). New achievements: Off the mark, Spotless.",
        ),
    ],
)
def test_the_words_say_what_was_reached(
    house: House, told: GameAdvanced, title: str, text: str
) -> None:
    """Levels first, then what was unlocked."""
    telling.notify_learner(house, PSEUDONYMS, Player(house).event(told), now=START)
    (note,) = listed(house, audience_of("lena"))
    assert (note.title, note.text, note.level) == (title, text, "info")


def test_it_is_told_once_and_to_nobody_else(house: House) -> None:
    """However often the event comes; neither recruiters nor another tenant see it."""
    event = Player(house).event(advanced(1, 2))
    outcomes = [telling.notify_learner(house, PSEUDONYMS, event, now=START) for _ in range(3)]
    assert outcomes == ["done", "repeated", "repeated"]
    assert len(listed(house, audience_of("lena"))) == 1
    assert listed(house, RECRUITERS) == listed(house, audience_of("lena"), RIVAL) == []


def test_nobody_erased_is_told(house: House) -> None:
    """A late event writes nothing."""
    tombstone_id = PSEUDONYMS.of(TENANT, "user", "lena")
    made = Tombstone(
        tenant_id=TENANT, tombstone_id=tombstone_id, subject_kind="user", requested_at=START
    )
    house.documents.commit(TOMBSTONES, (TENANT, tombstone_id), [Create(made.stored())])
    event = Player(house).event(advanced(1, 2))
    assert telling.notify_learner(house, PSEUDONYMS, event, now=START) == "rejected"
    assert listed(house, audience_of("lena")) == []
