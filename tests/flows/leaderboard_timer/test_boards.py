"""Boards: the same as sorting everybody, whatever is tied, hidden, over, or cut off on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.leaderboard_timer.rules import building as rules
from functions.leaderboard_timer.rules.documents import (
    CONTAINER,
    CRITERIA,
    EVERYBODY,
    STATE,
    WINDOWS,
    BoardState,
    Criterion,
    Place,
    Window,
    career_scope,
    grade_scope,
)
from functions.leaderboard_timer.rules.histogram import Histogram
from functions.leaderboard_timer.rules.members import (
    Member,
    Scored,
    Windows,
    member_of,
    windows_of,
)
from functions.leaderboard_timer.rules.neighbours import around
from functions.leaderboard_timer.service import building
from functions.leaderboard_timer.service.reading import Boards, Shown
from shared.documents.port import Create, Patch, Replace
from shared.models import account, game
from shared.models.account import Account
from shared.models.audit import sortable
from shared.models.game import Awarded, GameProfile, Run, Streak
from shared.models.recent_xp import KEPT, quarter_of, with_recent, xp_since
from shared.models.tenant import Tenant
from tests.flows.playing import Player, answer
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house

SUNDAY = START.date()
assert SUNDAY.weekday() == 6
OURS = Tenant(tenant_id=TENANT, name=TENANT)


def profile(user: str, xp: int = 0, **more: Any) -> GameProfile:
    """A profile whose XP came ``ago`` before START, or over the times that ``recent`` says."""
    ago = more.pop("ago", timedelta())
    given: dict[str, Any] = {
        "lifetime_xp": xp,
        "recent": with_recent({}, xp, START - ago) if xp else {},
        "scored_at": START - ago,
        "grade_level": "5",
        "career": "Pilot",
    }
    return GameProfile(
        tenant_id=more.pop("tenant", TENANT), user_id=user, created_at=START,
        updated_at=START, **(given | more),
    )  # fmt: skip


def store(house: House, profiles: Iterable[GameProfile]) -> None:
    for each in profiles:
        house.documents.commit(game.CONTAINER, each.partition, [Create(each.stored())])


def crowd(count: int, seed: int = 1) -> list[GameProfile]:
    """Learners of whom many have the same score, in grades and careers, with old and new XP."""
    chance = random.Random(seed)
    return [
        profile(
            f"user-{n:04}",
            chance.choice([0, 5, 10, 10, 40, 40, 100, chance.randint(1, 900)]),
            ago=timedelta(hours=chance.choice([0, 5, 30, 80, 24 * 20])),
            grade_level=chance.choice(["4", "5", None]),
            career=chance.choice(["Pilot", "pilot ", "Nurse"]),
            achievements=tuple(Awarded(key=f"a{k}", at=START) for k in range(chance.randint(0, 4))),
            streak=Streak(
                runs=(Run(first=SUNDAY - timedelta(days=chance.randint(0, 5)), last=SUNDAY),)
                if chance.random() < 0.7
                else ()
            ),
        )
        for n in range(count)
    ]


def expected(
    members: Sequence[Member], scope: str, criterion: Criterion, window: Window
) -> list[Place]:
    """A board by sorting everybody."""
    places = [
        member.place(criterion, window)
        for member in members
        if scope in member.scopes and member.scores[criterion, window] > 0
    ]
    return sorted(places, key=lambda place: (-place.score, place.since, place.handle))


def handled(user: str) -> str:
    return PSEUDONYMS.sealed(TENANT, user)


def present(of: GameProfile) -> Scored:
    return Scored.model_validate(of.stored())


def member_from(of: GameProfile, windows: Windows) -> Member:
    return member_of(present(of), windows, handle=handled(of.user_id), now=START)


def users(shown: Iterable[Shown]) -> list[str | None]:
    """Whose places these are."""
    return [PSEUDONYMS.unsealed(TENANT, each.ranked.place.handle) for each in shown]


def rank_of(board: Sequence[Place], score: int) -> int:
    return 1 + sum(place.score > score for place in board)


# histograms

counts = st.dictionaries(st.integers(1, 10**6), st.integers(1, 1000), max_size=30)


@given(counts, st.integers(0, 10**6 + 1))
def test_a_histogram_ranks_as_counting_does(found: dict[int, int], score: int) -> None:
    """One more than how many have a higher score, for scores that somebody has and others."""
    histogram = Histogram.of(found)
    assert histogram.rank(score) == 1 + sum(n for each, n in found.items() if each > score)
    assert histogram.members == sum(found.values())
    higher = [each for each in found if each > score]
    assert histogram.next_above(score) == (min(higher) if higher else None)


@given(counts)
def test_a_histogram_comes_back_from_its_text(found: dict[int, int]) -> None:
    """Whole, and in little room."""
    histogram = Histogram.of(found)
    assert Histogram.decoded(histogram.encoded()) == histogram


def test_a_histogram_of_a_million_is_small() -> None:
    """Below 64 KB as text."""
    chance = random.Random(3)
    found = Counter(int(chance.lognormvariate(6, 1.2)) for _ in range(200_000))
    assert len(Histogram.of(Counter({s: n * 5 for s, n in found.items()})).encoded()) < 64_000


# windows


@pytest.mark.parametrize(
    ("zone", "today", "day_start", "week_start"),
    [
        ("UTC", "2026-03-01", "2026-03-01T00:00+00:00", "2026-02-23T00:00+00:00"),
        ("Asia/Kathmandu", "2026-03-01", "2026-02-28T18:15+00:00", "2026-02-22T18:15+00:00"),
        ("Pacific/Kiritimati", "2026-03-02", "2026-03-01T10:00+00:00", "2026-03-01T10:00+00:00"),
    ],
)
def test_days_and_weeks_are_the_tenants(
    zone: str, today: str, day_start: str, week_start: str
) -> None:
    """They begin at midnight there, weeks on Monday."""
    windows = windows_of(START, zone)
    assert windows.today == date.fromisoformat(today)
    assert windows.starts["today"] == datetime.fromisoformat(day_start)
    assert windows.starts["week"] == datetime.fromisoformat(week_start)


@given(st.lists(st.tuples(st.integers(0, 20 * 96), st.integers(-20, 50)), max_size=30))
def test_recent_xp_is_the_sum_of_the_ledger(posted: list[tuple[int, int]]) -> None:
    """From each quarter of an hour on, over the days that are kept."""
    recent: dict[str, int] = {}
    now = START
    times = []
    for quarters, amount in sorted(posted):
        now = START + timedelta(minutes=15 * quarters, seconds=amount + 20)
        times.append((now, amount))
        recent = with_recent(recent, amount, now)
    for days in (0, 1, 7):
        start = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=days)
        assert xp_since(recent, start) == sum(amount for at, amount in times if at >= start)
    assert all(key >= quarter_of(now - KEPT) for key in recent)


def test_the_ledger_feeds_the_windows(house: House) -> None:
    """Awards count on the day that they are posted, corrections included, hints not."""
    player = Player(house)
    player.give(answer("a"))
    house.clock.advance(days=8)
    player.give(answer("b", at=house.clock()))
    windows = windows_of(house.clock(), "UTC")
    member = member_of(present(player.profile), windows, handle="h", now=house.clock())
    assert member.scores["xp", "all_time"] == 25  # two answers and the first achievement
    assert member.scores["xp", "week"] == member.scores["xp", "today"] == 10


# boards


@pytest.mark.parametrize("seed", range(3))
def test_boards_are_what_sorting_gives(
    house: House, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Each criterion, window and scope: members, highest places, everybody's rank."""
    monkeypatch.setattr(building, "PAGE", 17)
    profiles = crowd(150, seed)
    store(house, profiles)
    building.build(house, PSEUDONYMS, OURS, now=START)
    windows = windows_of(START, "UTC")
    members = [member_from(each, windows) for each in profiles]
    boards = Boards(house, PSEUDONYMS)
    scopes = (EVERYBODY, grade_scope("4"), grade_scope("5"), career_scope("Pilot"))
    for scope in scopes:
        for criterion in CRITERIA:
            for window in WINDOWS:
                read = boards.read(TENANT, scope, criterion, window, now=START)
                assert read is not None
                board = expected(members, scope, criterion, window)
                assert read.board.members == len(board)
                assert list(read.board.top) == board[:100]
                shown = boards.top(read, limit=100, now=START)
                assert [each.ranked.rank for each in shown] == [
                    rank_of(board, place.score) for place in board[:100]
                ]
                for member in members:
                    standing = boards.standing(read, member)
                    score = member.scores[criterion, window]
                    assert (standing and standing.rank) == (
                        rank_of(board, score) if score > 0 else None
                    )


@pytest.mark.parametrize(("block", "most"), [(7, 20), (1, 1), (500, 200_000)])
def test_neighbours_are_what_sorting_gives(
    house: House, monkeypatch: pytest.MonkeyPatch, block: int, most: int
) -> None:
    """For everybody, the first, the last and the tied among them, whatever the blocks' size and
    however many passes it takes."""
    monkeypatch.setattr(rules, "BLOCK_PLACES", block)
    monkeypatch.setattr(rules, "PASS_PLACES", most)
    profiles = crowd(60)
    store(house, profiles)
    building.build(house, PSEUDONYMS, OURS, now=START)
    windows = windows_of(START, "UTC")
    members = [member_from(each, windows) for each in profiles]
    boards = Boards(house, PSEUDONYMS)
    for window in WINDOWS:
        read = boards.read(TENANT, EVERYBODY, "xp", window, now=START)
        assert read is not None
        board = expected(members, EVERYBODY, "xp", window)
        for member in members:
            shown = boards.around(read, member, size=4, now=START)
            place = member.place("xp", window)
            if place.score <= 0:
                assert shown == []
                continue
            position = board.index(place)
            wanted = board[max(0, position - 4) : position + 5]
            assert [each.ranked.place for each in shown] == wanted
            assert [each.ranked.rank for each in shown] == [
                rank_of(board, other.score) for other in wanted
            ]


def test_a_live_score_finds_its_place(house: House) -> None:
    """What was earned since the build counts at once, for the rank and among the neighbours."""
    store(house, [profile(f"user-{n}", 10 * n) for n in range(1, 9)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    boards = Boards(house, PSEUDONYMS)
    stored = house.documents.get(game.CONTAINER, (TENANT, "user-1"), game.PROFILE_ID)
    risen = profile("user-1", 55).stored()
    house.documents.commit(game.CONTAINER, (TENANT, "user-1"), [Replace(risen, stored.etag)])
    read = boards.read(TENANT, EVERYBODY, "xp", "all_time", now=START)
    member = boards.member(TENANT, "user-1", now=START)
    assert read is not None
    assert member is not None
    standing = boards.standing(read, member)
    assert standing is not None
    assert (standing.rank, standing.next_score) == (4, 60)
    shown = boards.around(read, member, size=1, now=START)
    assert users(shown) == ["user-6", "user-1", "user-5"]


def test_many_tied_keep_who_got_there_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one score are bounded; ranks are not touched by it."""
    monkeypatch.setattr(rules, "MOST_TIED", 5)
    store(
        house,
        [profile(f"user-{n:02}", 10, scored_at=START - timedelta(minutes=n)) for n in range(30)],
    )
    building.build(house, PSEUDONYMS, OURS, now=START)
    boards = Boards(house, PSEUDONYMS)
    read = boards.read(TENANT, EVERYBODY, "xp", "all_time", now=START)
    assert read is not None
    latest = boards.member(TENANT, "user-00", now=START)
    assert latest is not None
    shown = boards.around(read, latest, size=3, now=START)
    assert users(shown) == [
        "user-27", "user-26", "user-25", "user-00",
    ]  # fmt: skip
    assert {each.ranked.rank for each in shown} == {1}


@given(st.integers(1, 30), st.integers(0, 29), st.integers(1, 6))
def test_around_never_leaves_the_board(count: int, position: int, size: int) -> None:
    """The first, the last, and fewer than the window; one's own older place is no neighbour."""
    board = [Place(handle=f"u{n:02}", score=100 - n // 2, since="x") for n in range(count)]
    own = board[min(position, count - 1)]
    stale = Place(handle=own.handle, score=1, since="w")
    found = around([*board, stale], own, size)
    at = board.index(own)
    assert found == board[max(0, at - size) : at + size + 1]


# when boards are built


def due(house: House, now: datetime) -> bool:
    return building.is_due(house, OURS, now=now)


def test_only_what_changed_is_built(house: House) -> None:
    """A tenant without learners never, one where nothing happened not again, until it must."""
    assert not due(house, START)
    store(house, [profile("lena", 10), profile("max", 10, tenant=RIVAL)])
    assert building.build_changed(house, PSEUDONYMS, now=START) == 2
    later = START + timedelta(minutes=5)
    assert (
        building.build_changed(house, PSEUDONYMS, now=later) == 2
    )  # profiles of the moment of the build
    assert building.build_changed(house, PSEUDONYMS, now=later + timedelta(minutes=5)) == 0
    house.documents.commit(
        game.CONTAINER,
        (TENANT, "lena"),
        [Patch(game.PROFILE_ID, set={"updated_at": sortable(later + timedelta(minutes=6))})],
    )
    assert building.build_changed(house, PSEUDONYMS, now=later + timedelta(minutes=10)) == 1


def test_a_day_that_begins_and_old_age_are_due(house: House) -> None:
    """Today's boards are built after midnight of the tenant, and all before they expire."""
    store(house, [profile("lena", 10)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    building.build(house, PSEUDONYMS, OURS, now=START + timedelta(minutes=5))
    assert not due(house, START + timedelta(hours=11, minutes=59))
    assert due(house, START + timedelta(hours=12))


def test_yesterdays_boards_are_not_shown(house: House) -> None:
    """Nor last week's; those of all time are."""
    store(house, [profile("lena", 10)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    monday = START + timedelta(hours=12)
    house.clock.moment = monday
    boards = Boards(house, PSEUDONYMS)
    assert boards.read(TENANT, EVERYBODY, "xp", "today", now=monday) is None
    assert boards.read(TENANT, EVERYBODY, "xp", "week", now=monday) is None
    assert boards.read(TENANT, EVERYBODY, "xp", "all_time", now=monday) is not None


def test_boards_expire_within_a_day(house: House) -> None:
    """So that nothing is held on who is gone."""
    store(house, [profile("lena", 10)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    assert house.documents.query(CONTAINER, (TENANT,), limit=100).items
    house.clock.advance(hours=24, seconds=1)
    assert house.documents.query(CONTAINER, (TENANT,), limit=100).items == ()


@pytest.mark.parametrize("left", range(6))
def test_a_run_that_dies_leaves_the_old_boards(
    house: House, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """After whichever of its commits; each scope is whole, and the next run goes on."""
    store(house, [profile("lena", 10), profile("max", 20)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    boards = Boards(house, PSEUDONYMS)
    store(house, [profile("zoe", 30)])
    commit, remaining = house.documents.commit, [left]

    def dies(*given: object) -> object:
        if not remaining[0]:
            raise KeyboardInterrupt
        remaining[0] -= 1
        return commit(*given)

    monkeypatch.setattr(house.documents, "commit", dies)
    later = START + timedelta(minutes=5)
    with pytest.raises(KeyboardInterrupt):
        building.build(house, PSEUDONYMS, OURS, now=later)
    monkeypatch.setattr(house.documents, "commit", commit)
    for user in ("lena", "max"):
        read = boards.read(TENANT, EVERYBODY, "xp", "all_time", now=later)
        member = boards.member(TENANT, user, now=later)
        assert read is not None
        assert member is not None
        shown = boards.around(read, member, size=5, now=later)
        assert len(shown) == read.board.members
        versions = {
            board.version
            for criterion in CRITERIA
            if (found := boards.read(TENANT, EVERYBODY, criterion, "week", now=later))
            and (board := found.board)
        }
        assert versions == {read.board.version}
    building.build(house, PSEUDONYMS, OURS, now=later + timedelta(minutes=5))
    read = boards.read(TENANT, EVERYBODY, "xp", "all_time", now=later)
    assert read is not None
    assert read.board.members == 3


def test_the_later_of_two_runs_wins(house: House) -> None:
    """One that began earlier and ends later changes nothing."""
    store(house, [profile("lena", 10)])
    building.build(house, PSEUDONYMS, OURS, now=START + timedelta(minutes=5))
    store(house, [profile("max", 20)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    read = Boards(house, PSEUDONYMS).read(TENANT, EVERYBODY, "xp", "all_time", now=START)
    assert read is not None
    assert read.board.members == 1
    assert read.board.built_at == START + timedelta(minutes=5)


def test_one_tenants_trouble_is_not_anothers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant that cannot be built is left; the others are."""
    store(house, [profile("lena", 10), profile("max", 10, tenant=RIVAL)])
    build = building.build

    def fails(stores: Any, pseudonyms: Any, of: Tenant, *, now: datetime) -> int:
        if of.tenant_id == TENANT:
            raise ZeroDivisionError
        return build(stores, pseudonyms, of, now=now)

    monkeypatch.setattr(building, "build", fails)
    assert building.build_changed(house, PSEUDONYMS, now=START) == 1
    boards = Boards(house, PSEUDONYMS)
    assert boards.read(RIVAL, EVERYBODY, "xp", "all_time", now=START) is not None
    assert boards.read(TENANT, EVERYBODY, "xp", "all_time", now=START) is None


def test_tenants_are_apart(house: House) -> None:
    """A board has a tenant's own learners alone."""
    store(house, [profile("lena", 10), profile("max", 99, tenant=RIVAL)])
    building.build_changed(house, PSEUDONYMS, now=START)
    read = Boards(house, PSEUDONYMS).read(TENANT, EVERYBODY, "xp", "all_time", now=START)
    assert read is not None
    assert [handled("lena")] == [place.handle for place in read.board.top]


def test_the_state_says_what_was_built(house: House) -> None:
    """When, of which day, and of how many."""
    store(house, [profile("lena", 10)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    stored = house.documents.get(CONTAINER, (TENANT, STATE), STATE)
    assert stored is not None
    state = BoardState.of(stored.body)
    assert (state.built_at, state.today, state.members) == (START, SUNDAY, 1)


# names


def with_account(house: House, user: str, **more: Any) -> None:
    given: dict[str, Any] = {"birth_year": 1990, "display_name": user.title()} | more
    made = Account(
        tenant_id=TENANT, user_id=user, roles=("learner",), created_at=START, updated_at=START,
        **given,
    )  # fmt: skip
    house.documents.commit(account.CONTAINER, made.partition, [Create(made.stored())])


def names(house: House, boards: Boards, now: datetime = START) -> list[str | None]:
    read = boards.read(TENANT, EVERYBODY, "xp", "all_time", now=now)
    assert read is not None
    return [each.name for each in boards.top(read, limit=10, now=now)]


def test_only_who_may_be_shown_is_named(house: House) -> None:
    """Adults, and minors by a parent's word; nobody who hid, is suspended, or is not there."""
    people: dict[str, dict[str, Any]] = {
        "adult": {},
        "child": {"birth_year": 2014},
        "allowed": {"birth_year": 2014, "parent_consented": True},
        "hider": {"hidden": True},
        "banned": {"status": "suspended"},
        "ageless": {"birth_year": None},
    }
    for user, more in people.items():
        with_account(house, user, **more)
    everybody = [*people, "nobody"]
    store(house, [profile(user, 100 - 10 * n) for n, user in enumerate(everybody)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    assert names(house, Boards(house, PSEUDONYMS)) == [
        "Adult",
        None,
        "Allowed",
        None,
        None,
        None,
        None,
    ]


def test_hiding_shows_within_a_minute_without_a_build(house: House) -> None:
    """And so does an erasure; the place stays, without a name."""
    with_account(house, "lena")
    store(house, [profile("lena", 10)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    boards = Boards(house, PSEUDONYMS)
    assert names(house, boards) == ["Lena"]
    house.documents.commit(
        account.CONTAINER, (TENANT, "lena"), [Patch(account.ACCOUNT_ID, set={"hidden": True})]
    )
    assert names(house, boards, START + timedelta(seconds=61)) == [None]


def test_who_is_hidden_sees_their_own_place(house: House) -> None:
    """By rank and among their neighbours."""
    with_account(house, "hider", hidden=True)
    store(house, [profile("hider", 30), profile("a", 40), profile("b", 20)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    boards = Boards(house, PSEUDONYMS)
    read = boards.read(TENANT, EVERYBODY, "xp", "all_time", now=START)
    member = boards.member(TENANT, "hider", now=START)
    assert read is not None
    assert member is not None
    standing = boards.standing(read, member)
    assert standing is not None
    assert standing.rank == 2
    assert len(boards.around(read, member, size=3, now=START)) == 3


def test_more_careers_than_there_are_boards_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first get boards; everybody is on the tenant's."""
    monkeypatch.setattr(rules, "MOST_CAREERS", 3)
    store(house, [profile(f"u{n}", 10, career=f"career {n}") for n in range(6)])
    building.build(house, PSEUDONYMS, OURS, now=START)
    boards = Boards(house, PSEUDONYMS)
    found = [
        boards.read(TENANT, career_scope(f"career {n}"), "xp", "all_time", now=START)
        for n in range(6)
    ]
    assert sum(each is not None for each in found) == 3
    whole = boards.read(TENANT, EVERYBODY, "xp", "all_time", now=START)
    assert whole is not None
    assert whole.board.members == 6


def test_quarters_sort_as_their_moments() -> None:
    """The key of a moment is that of its quarter of an hour in UTC."""
    assert quarter_of(datetime(2026, 3, 1, 12, 44, 59, tzinfo=UTC)) == "2026-03-01T12:30"


def test_a_window_counts_who_earned_something_in_it(house: House) -> None:
    """On the boards of level, streak and achievements too, by what they have now."""
    long_ago = timedelta(days=20)
    badge = (Awarded(key="a", at=START),)
    store(
        house,
        [
            profile("active", 5, achievements=badge),
            profile("resting", 5000, ago=long_ago, achievements=badge * 3),
        ],
    )
    building.build(house, PSEUDONYMS, OURS, now=START)
    boards = Boards(house, PSEUDONYMS)
    for criterion in ("xp", "level", "achievements"):
        for window, expected_users in (
            ("all_time", ["resting", "active"]),
            ("week", ["active"]),
            ("today", ["active"]),
        ):
            read = boards.read(TENANT, EVERYBODY, criterion, window, now=START)  # type: ignore[arg-type]
            assert read is not None
            assert users(boards.top(read, limit=10, now=START)) == expected_users


def test_a_clock_that_is_behind_hides_no_change(house: House) -> None:
    """A profile written just after a build, by a machine whose clock is a minute behind."""
    store(house, [profile("lena", 10)])
    now = START + timedelta(hours=1)
    building.build(house, PSEUDONYMS, OURS, now=now)
    assert not due(house, now)
    house.documents.commit(
        game.CONTAINER,
        (TENANT, "lena"),
        [Patch(game.PROFILE_ID, set={"updated_at": sortable(now - timedelta(minutes=1))})],
    )
    assert due(house, now + timedelta(minutes=1))
