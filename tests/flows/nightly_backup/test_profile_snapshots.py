"""Each night where all learners of a tenant stand, as Parquet and under pseudonyms."""

from __future__ import annotations

import io
from collections import Counter
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.nightly_backup.rules.profile_rows import COLUMNS, Ranks
from functions.nightly_backup.service import profile_snapshots
from shared.documents.port import Create
from shared.models.account import Account
from shared.models.game import CONTAINER, Awarded, Day, GameProfile, Run, Streak
from tests.flows.nightly_backup.keeping import means_of
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house


def learner(house: House, user_id: str, xp: int, *, tenant: str = TENANT, **more: Any) -> None:
    """A learner with an account and a profile."""
    profile = GameProfile(
        tenant_id=tenant, user_id=user_id, balance=xp - 5, lifetime_xp=xp, created_at=START,
        updated_at=START, **more,
    )  # fmt: skip
    house.documents.commit(CONTAINER, profile.partition, [Create(profile.stored())])
    person = Account(
        tenant_id=tenant, user_id=user_id, email=f"{user_id}@example.org", display_name="Zebulon",
        roles=("learner",), time_zone="Pacific/Auckland", track_key="defender", created_at=START,
        updated_at=START,
    )  # fmt: skip
    house.documents.commit("accounts", person.partition, [Create(person.stored())])


def rows(house: House, tenant: str = TENANT, day: str = "2026-03-01") -> list[dict[str, Any]]:
    """The rows of a snapshot, by pseudonym."""
    with house.blobs.open("profile-snapshots", f"{tenant}/{day}.parquet") as blob:
        found: list[dict[str, Any]] = pq.read_table(io.BytesIO(blob.read())).to_pylist()
    return found


def test_a_row_says_where_a_learner_stands(house: House) -> None:
    """Every field of the game, by the learner's own day, with grade and track."""
    today = (START + timedelta(hours=13)).date()
    learner(
        house, "maya", 345,
        streak=Streak(runs=(Run(first=today - timedelta(days=3), last=today),), best=9,
                      last_at=START, last_zone="Pacific/Auckland"),
        achievements=(Awarded(key="b", at=START), Awarded(key="a", at=START)),
        earned=Day(date=today, amount=35), hints=Day(date=today, amount=4), grade_level="7",
    )  # fmt: skip
    profile_snapshots.make_all(means_of(house))
    (row,) = rows(house)
    assert list(row) == list(COLUMNS)
    assert row == {
        "learner": PSEUDONYMS.of(TENANT, "user", "maya"), "xp": 340, "lifetime_xp": 345,
        "level": 3, "next_level_xp": 600, "tier": "bronze", "rank": 1, "streak_days": 4,
        "best_streak": 9, "achievements": ["a", "b"], "achievement_count": 2,
        "daily_xp_earned": 35, "hints_used_today": 4, "free_hints_remaining": 6, "grade": "7",
        "track": "defender", "last_active": today, "created_at": START, "updated_at": START,
    }  # fmt: skip


def test_yesterdays_xp_and_hints_are_not_todays(house: House) -> None:
    """A day that is over counts for nothing, and a streak that lapsed is 0."""
    past = START.date() - timedelta(days=9)
    learner(
        house, "maya", 10, earned=Day(date=past, amount=35), hints=Day(date=past, amount=4),
        streak=Streak(runs=(Run(first=past, last=past),), best=1,
                      last_at=START - timedelta(days=9)),
    )  # fmt: skip
    profile_snapshots.make_all(means_of(house))
    (row,) = rows(house)
    assert (row["daily_xp_earned"], row["hints_used_today"], row["streak_days"]) == (0, 0, 0)
    assert (row["free_hints_remaining"], row["grade"], row["last_active"]) == (10, None, past)


def test_ranks_are_those_of_the_tenant(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal XP shares a place, over groups of rows, and another tenant's learners do not count."""
    monkeypatch.setattr(profile_snapshots, "ROWS_A_GROUP", 2)
    for number, xp in enumerate((50, 90, 70, 70, 10)):
        learner(house, f"l-{number}", xp)
    learner(house, "far", 999, tenant=RIVAL)
    assert profile_snapshots.make_all(means_of(house)) == 2
    found = sorted((row["rank"], row["lifetime_xp"]) for row in rows(house))
    assert found == [(1, 90), (2, 70), (2, 70), (4, 50), (5, 10)]
    assert [row["rank"] for row in rows(house, RIVAL)] == [1]


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(0, 60))
def test_a_rank_is_one_more_than_who_is_above(amounts: list[int], asked: int) -> None:
    """Of any amount, also of one that nobody had when they were counted."""
    assert Ranks(Counter(amounts)).of(asked) == 1 + sum(each > asked for each in amounts)


def test_nobody_is_named(house: House) -> None:
    """Neither ids, nor names, nor addresses stand in the file."""
    learner(house, "user-of-mark", 50)
    profile_snapshots.make_all(means_of(house))
    path = house.home / f"blobs/profile-snapshots/{TENANT}/2026-03-01.parquet"
    text = str(rows(house)) + path.read_bytes().decode("latin-1")
    assert not any(mark in text for mark in ("user-of-mark", "Zebulon", "example.org"))


def test_a_night_has_one_snapshot_kept_for_ninety_days(house: House) -> None:
    """A second run adds nothing; a tenant without learners has none; old ones go."""
    means = means_of(house)
    learner(house, "maya", 50)
    assert [profile_snapshots.make_all(means) for _ in range(2)] == [1, 0]
    assert profile_snapshots.listed(house, RIVAL) == []
    for _ in range(92):
        house.clock.advance(days=1)
        profile_snapshots.make_all(means)
    days = [profile_snapshots.day_of(info) for info in profile_snapshots.listed(house, TENANT)]
    assert len(days) == 91
    assert days[0] == house.clock().date()
    assert days[-1] == house.clock().date() - timedelta(days=90)
