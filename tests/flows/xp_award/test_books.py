"""Levels, the catalogue of achievements, reconciliation, and repairs of streaks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.xp_award.rules.achievements import measures_of, unlocked
from functions.xp_award.rules.awarding import new_profile
from functions.xp_award.rules.ledger import Posting
from functions.xp_award.rules.reconciliation import Replay
from functions.xp_award.service import reconciling, repairing
from functions.xp_award.service.repairing import PAGE
from shared.auth import Principal
from shared.documents.port import Patch
from shared.errors import Missing
from shared.events.journey import JOURNEY_DEEDS
from shared.models.achievements import MEASURES, Achievement, Catalogue, catalogue
from shared.models.game import CONTAINER, Counts, GameProfile, Streak
from shared.models.levels import TIERS, level_of, level_xp, tier_of
from shared.models.streaks import current_length
from tests.flows.playing import Player, answer
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house
from tests.running_host import ROOT

ADMIN = Principal("ada", TENANT, frozenset({"admin"}))
REPAIR = "1a0f9e8d-7c6b-5a4f-8e3d-2c1b0a9f8e7d"


@pytest.fixture
def player(house: House) -> Player:
    return Player(house)


# levels


@given(st.integers(0, 10**9))
def test_a_level_holds_what_is_between_its_bounds(lifetime_xp: int) -> None:
    """The level's own bound is reached, the next one's is not."""
    level = level_of(lifetime_xp)
    assert level_xp(level) <= lifetime_xp < level_xp(level + 1)


def test_the_first_levels_and_every_tier() -> None:
    """Levels begin at 0, 100, 300, 600; tiers at the levels that the docs say."""
    assert [level_xp(level) for level in (1, 2, 3, 4)] == [0, 100, 300, 600]
    assert [level_of(xp) for xp in (0, 99, 100, 299, 300)] == [1, 1, 2, 2, 3]
    for first, tier in TIERS:
        assert tier_of(first) == tier
        assert first == 1 or tier_of(first - 1) != tier


# achievements


def with_measures(measure: str, amount: int) -> GameProfile:
    """A profile with this much of one measure."""
    profile = new_profile(TENANT, "lena", now=START)
    subjects = {
        "correct_math": ["Math"],
        "correct_ela": ["ELA"],
        "correct_science": ["Science"],
        "correct_social_studies": ["Social Studies"],
        "correct_in_weakest": ["Math", "ELA", "Science", "Social Studies"],
    }
    if measure == "level":
        return profile.model_copy(update={"lifetime_xp": level_xp(amount)})
    if measure == "best_streak":
        return profile.model_copy(update={"streak": Streak(best=amount)})
    if measure == "careers":
        counts: dict[str, Any] = {"careers": tuple(f"career {n}" for n in range(amount))}
    elif measure in subjects:
        counts = {"by_subject": dict.fromkeys(subjects[measure], amount)}
    else:
        counts = {measure: amount}
    return profile.model_copy(update={"counts": Counts(**counts)})


def test_the_catalogue_is_of_substance() -> None:
    """At least 24, over every measure, with keys, names, texts and icons of their own."""
    found = catalogue()
    assert len(found) >= 24
    assert {each.criterion.measure for each in found} == set(MEASURES)
    for field in ("key", "name", "text", "icon"):
        assert len({getattr(each, field) for each in found}) == len(found), field
    assert len({(each.criterion.measure, each.criterion.at_least) for each in found}) == len(found)


@pytest.mark.parametrize("achievement", catalogue(), ids=lambda each: each.key)
def test_each_achievement_is_awarded_at_its_criterion_and_once(achievement: Achievement) -> None:
    """One short of it nothing; at it, once, with its XP."""
    measure, most = achievement.criterion.measure, achievement.criterion.at_least
    alone = (achievement,)

    def after(profile: GameProfile) -> tuple[Posting, tuple[Achievement, ...]]:
        return unlocked(Posting(profile), alone, at=START, time_zone="UTC", now=START)

    below = with_measures(measure, most - 1)
    assert measures_of(below)[measure] == most - 1
    assert after(below) == (Posting(below), ())
    posting, found = after(with_measures(measure, most))
    assert found == alone
    assert [entry.amount for entry in posting.entries] == [achievement.xp]
    assert after(posting.profile)[1] == ()


def test_a_level_that_an_achievement_gives_unlocks_the_next(player: Player) -> None:
    """XP of one achievement that reaches another's level is seen in the same commit."""
    profile = new_profile(TENANT, "lena", now=START)
    profile = profile.model_copy(
        update={"lifetime_xp": level_xp(5) - 1, "counts": Counts(answers=1)}
    )
    posting, found = unlocked(Posting(profile), catalogue(), at=START, time_zone="UTC", now=START)
    assert {"first_answer", "level_5"} <= {each.key for each in found}
    assert [entry.sequence for entry in posting.entries] == list(range(1, len(posting.entries) + 1))


def test_a_wrong_catalogue_is_refused() -> None:
    """Two of one key, or a measure that nobody knows, do not load."""
    one = catalogue()[0]
    with pytest.raises(ValidationError):
        Catalogue(achievements=(one, one))
    with pytest.raises(ValidationError):
        Achievement.model_validate(
            one.model_dump() | {"criterion": {"measure": "x", "at_least": 1}}
        )


def test_corrections_leave_badges(player: Player) -> None:
    """An achievement that was awarded is not awarded again after its XP were taken back."""
    player.give(answer())
    keys = [each.key for each in player.profile.achievements]
    player.give(answer("q2", at=START + timedelta(minutes=1)))
    assert [each.key for each in player.profile.achievements] == keys
    assert player.amounts("achievement") == [5]


# reconciliation


def reconcile(player: Player, *, repair: bool = False, by: Principal = ADMIN) -> Any:
    _, body = reconciling.reconcile(
        player.house,
        PSEUDONYMS,
        by,
        player.user,
        repair=repair,
        shown=_replay,
        idempotency=None,
        now=START,
    )
    return body


def _replay(replay: Replay, repaired: bool) -> dict[str, Any]:
    return {
        "sums": (replay.entries, replay.balance, replay.lifetime_xp),
        "drifts": [(each.what, each.held, each.found) for each in replay.drifts],
        "breaks": [each.what.split()[0] for each in replay.breaks],
        "repaired": repaired,
    }


def patch(player: Player, document_id: str, **fields: Any) -> None:
    player.house.documents.commit(CONTAINER, player.partition, [Patch(document_id, set=fields)])


def test_a_sound_ledger_has_no_drift(player: Player) -> None:
    """And nothing is written for it, repair or not."""
    player.earn(4)
    before = player.profile
    body = reconcile(player, repair=True)
    assert body["sums"] == (len(player.entries), before.balance, before.lifetime_xp)
    assert (body["drifts"], body["breaks"], body["repaired"]) == ([], [], False)
    assert player.profile == before


def test_a_drift_is_reported_and_repaired_when_asked(player: Player) -> None:
    """A report changes nothing; a repair writes what the ledger says, and is on the audit log."""
    player.earn(4)
    sound = player.profile
    patch(player, "profile", balance=9, lifetime_xp=1)
    body = reconcile(player)
    drifts = [("balance", 9, sound.balance), ("lifetime_xp", 1, sound.lifetime_xp)]
    assert (body["drifts"], body["repaired"]) == (drifts, False)
    assert player.profile.balance == 9
    assert reconcile(player, repair=True)["repaired"]
    assert player.profile == sound.model_copy(update={"updated_at": player.profile.updated_at})
    notes = [event.data for event in player.house.waiting("accounts")]
    assert [note["action"] for note in notes] == ["game.reconciled"]
    assert reconcile(player)["drifts"] == []


def test_entries_that_do_not_follow_are_named(player: Player) -> None:
    """A break between entries is told and left: entries are never changed."""
    player.earn(4)
    third = player.entries[2]
    patch(player, third.id, balance_before=1)
    body = reconcile(player, repair=True)
    assert set(body["breaks"]) == {"balance_before", "balance"}
    assert player.entries[2].balance_before == 1


def test_reconciling_needs_a_learner_of_the_tenant(player: Player) -> None:
    """Who has no XP in the tenant is not there."""
    player.earn(1)
    with pytest.raises(Missing):
        reconcile(player, by=Principal("ada", RIVAL, frozenset({"admin"})))


# repairs of streaks


def work(house: House) -> int:
    """Lead a repair on until nothing is due; returns how many pages there were."""
    pages = 0
    while events := house.waiting("xp_award"):
        for event in events:
            assert repairing.advance(house, event, now=START) == "done"
            assert repairing.advance(house, event, now=START) == "repeated"
            pages += 1
    return pages


def begin(house: House, first: date, last: date) -> None:
    repairing.begin(
        house,
        PSEUDONYMS,
        ADMIN,
        REPAIR,
        first_day=first,
        last_day=last,
        reason="the house was down",
        shown=lambda repair: repair.stored(),
        idempotency=None,
        now=START,
    )


def test_an_outage_breaks_nobodys_streak(house: House) -> None:
    """Every learner of the tenant keeps the streak over it, page by page, and no other's."""
    days = (0, 1, 4)
    players = [Player(house, f"user-{n:03}") for n in range(PAGE + 2)]
    stranger = Player(house, "user-000", tenant=RIVAL)
    for each in (*players, stranger):
        for day in days:
            each.give(answer(f"d{day}", at=START + timedelta(days=day)))
    begin(house, START.date() + timedelta(days=2), START.date() + timedelta(days=3))
    assert work(house) == 2
    now = START + timedelta(days=4)
    assert {current_length(each.profile.streak, now, "UTC") for each in players} == {3}
    assert current_length(stranger.profile.streak, now, "UTC") == 1
    repair, _ = repairing.read(house, TENANT, REPAIR)
    assert (repair.state, repair.learners) == ("done", PAGE + 2)
    with pytest.raises(Missing):
        repairing.read(house, RIVAL, REPAIR)


def test_a_repair_that_died_on_its_way_is_done_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that was cut off is begun anew, and what is covered stays so."""
    players = [Player(house, f"user-{n}") for n in range(4)]
    for each in players:
        for day in (0, 2):
            each.give(answer(f"d{day}", at=START + timedelta(days=day)))
    begin(house, START.date() + timedelta(days=1), START.date() + timedelta(days=1))
    (event,) = house.waiting("xp_award")
    commit, left = house.documents.commit, [2]

    def dies(*given: object) -> object:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return commit(*given)

    monkeypatch.setattr(house.documents, "commit", dies)
    with pytest.raises(KeyboardInterrupt):
        repairing.advance(house, event, now=START)
    monkeypatch.setattr(house.documents, "commit", commit)
    assert repairing.advance(house, event, now=START) == "done"
    assert {
        current_length(p.profile.streak, START + timedelta(days=2), "UTC") for p in players
    } == {2}
    assert repairing.read(house, TENANT, REPAIR)[0].learners == 4


def test_awards_hear_what_they_should() -> None:
    """The three deeds of the topic are those that the flow reads."""
    from shared import topology

    heard = topology.load().topics["journeys"].subscriptions["xp_award"]
    assert heard.sessions
    assert set(heard.events) == {model.type for model in JOURNEY_DEEDS}


def test_the_docs_list_the_catalogue() -> None:
    """docs/game.md has a row for each achievement, as it is."""
    rows = [
        f"| `{each.key}` | {each.name} | {each.text} | `{each.criterion.measure}` ≥"
        f" {each.criterion.at_least:,} | {each.xp} |"
        for each in catalogue()
    ]
    lines = (ROOT / "docs" / "game.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("| `") and "≥" in line] == rows


@pytest.mark.parametrize("repair", [True, False])
def test_an_award_during_a_reconciliation_is_no_drift(
    player: Player, monkeypatch: pytest.MonkeyPatch, repair: bool
) -> None:
    """What is paid between reading the profile and its ledger is read again, not reported."""
    player.earn(3)
    query = player.house.documents.query
    paid: list[bool] = []

    def pays(*given: object, **more: object) -> Any:
        if not paid:
            paid.append(True)
            player.give(answer("meanwhile", at=START + timedelta(minutes=9)))
        return query(*given, **more)

    monkeypatch.setattr(player.house.documents, "query", pays)
    body = reconcile(player, repair=repair)
    assert (body["drifts"], body["breaks"], body["repaired"]) == ([], [], False)
    assert paid


def test_a_step_that_is_over_is_not_done_again(house: House) -> None:
    """A message of an earlier step, under another id, changes nothing."""
    for number in range(PAGE + 1):
        Player(house, f"user-{number:03}").give(answer())
    begin(house, START.date(), START.date())
    (first,) = house.waiting("xp_award")
    assert repairing.advance(house, first, now=START) == "done"
    stale = first.model_copy(update={"id": "another"})
    assert repairing.advance(house, stale, now=START) == "rejected"
    assert repairing.read(house, TENANT, REPAIR)[0].learners == PAGE
