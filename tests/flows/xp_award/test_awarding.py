"""What deeds earn: each once, whatever is delivered how often and in whatever order."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.xp_award.rules.awarding import MOST_CAREERS
from functions.xp_award.rules.documents import entry_id_of
from shared.documents.port import Delete
from shared.erasures import requested
from shared.errors import Invalid, Unavailable
from shared.events.envelope import Event
from shared.events.game import GameAdvanced
from shared.events.journey import SkillMastered
from shared.models import tombstone
from shared.models.game import CONTAINER, PROFILE_ID
from shared.models.learning import SUBJECTS
from shared.models.levels import level_of
from tests.flows.playing import JOURNEY, Player, answer, lesson, uuid_of
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house

UNLOCKED_BY_ONE = 5
"""XP of the achievement that the first answer unlocks."""


@pytest.fixture
def player(house: House) -> Player:
    return Player(house)


@pytest.mark.parametrize(
    ("correct", "number", "practice", "amount"),
    [
        (True, 1, False, 10),
        (True, 2, False, 5),
        (True, 3, False, 0),
        (False, 1, False, 0),
        (True, 2, True, 0),
    ],
)
def test_answers_earn_by_the_try(
    player: Player, correct: bool, number: int, practice: bool, amount: int
) -> None:
    """Ten at the first try, five at the second, nothing later, wrong, or for practice."""
    player.give(answer(correct=correct, number=number, practice=practice))
    assert player.amounts("learning") == ([amount] if amount else [])
    assert player.profile.counts.answers == 1
    assert player.profile.counts.correct == (correct and not practice)
    player.check_sums()


def test_an_entry_says_what_it_is_for(player: Player) -> None:
    """Amount, kind, reason, times, and the balances before and after."""
    at = START - timedelta(minutes=5)
    player.give(answer(at=at))
    entry = player.entries[0]
    assert (entry.amount, entry.lifetime_change, entry.type) == (10, 10, "earned")
    assert (entry.balance_before, entry.balance, entry.lifetime_xp) == (0, 10, 10)
    assert entry.reason == "Right at the first try: Math, LEARN"
    assert (entry.at, entry.posted_at) == (at, START)
    deed = f"answer|{JOURNEY}|LEARN|Math|q1"
    assert entry.id == entry_id_of(TENANT, "lena", deed)


def test_lessons_and_perfect_scores_earn_once(player: Player) -> None:
    """Twenty a lesson; fifty on top where all was right at the first try."""
    done = player.container_completed(lesson("Math", first=4), lesson("ELA"))
    assert player.tell(done) == "done"
    assert player.tell(done) == "repeated"
    assert player.amounts("learning") == [20, 20]
    assert player.amounts("bonus") == [50]
    perfect = next(entry for entry in player.entries if entry.category == "bonus")
    main = next(entry for entry in player.entries if "lesson|" in entry.deed)
    assert perfect.bonus_of == main.id
    counts = player.profile.counts
    assert (counts.lessons, counts.perfect_lessons, counts.containers) == (2, 1, 1)


def test_a_lesson_of_two_questions_earns_nothing(player: Player) -> None:
    """Empty lessons are no way to XP."""
    player.tell(player.container_completed(lesson("Math", questions=2, first=2)))
    assert player.amounts("learning") == player.amounts("bonus") == []
    assert player.profile.counts.lessons == 0


def test_the_same_event_pays_once(player: Player) -> None:
    """However often it comes, at whatever time."""
    event = player.attempted(answer())
    assert player.tell(event) == "done"
    before = player.house.documents.get(CONTAINER, player.partition, PROFILE_ID)
    for day in range(3):
        assert player.tell(event, now=START + timedelta(days=day)) == "repeated"
    assert player.house.documents.get(CONTAINER, player.partition, PROFILE_ID) == before


def test_the_same_question_pays_once_in_another_event(player: Player) -> None:
    """The entry's id comes from the deed: what is in the ledger is not paid again."""
    player.tell(player.attempted(answer("q1")))
    assert player.tell(player.attempted(answer("q1"), answer("q2"))) == "done"
    assert player.amounts("learning") == [10, 10]
    player.check_sums()


def test_a_profile_that_was_lost_pays_nothing_twice(player: Player) -> None:
    """Even without a profile the ledger tells what was paid, achievements too."""
    player.give(answer("q1"))
    paid = {entry.id for entry in player.entries}
    player.house.documents.commit(CONTAINER, player.partition, [Delete(PROFILE_ID)])
    player.give(answer("q1"))
    assert {entry.id for entry in player.entries} == paid
    assert [each.key for each in player.profile.achievements] == ["first_answer"]


def test_any_order_comes_to_the_same_sum(house: House) -> None:
    """Events of a journey in any order, some of them twice, pay what they pay in order."""

    def events_of(player: Player) -> list[Event]:
        answers = [
            [answer(f"q{n}-{k}", at=START + timedelta(seconds=4 * k)) for k in range(2)]
            for n in range(9)
        ]
        told = [player.attempted(*each) for each in answers]
        return [*told, player.container_completed(), player.journey_completed()]

    sums = set()
    for seed in range(6):
        player = Player(house, f"user-{seed}")
        told = events_of(player)
        chance = random.Random(seed)
        told += chance.sample(told, 3)
        chance.shuffle(told)
        for event in told:
            player.tell(event)
        player.check_sums()
        by_category = {name: sum(player.amounts(name)) for name in ("learning", "bonus")}
        keys = frozenset(each.key for each in player.profile.achievements)
        sums.add((tuple(by_category.items()), keys, player.profile.lifetime_xp))
    assert len(sums) == 1


def test_many_at_once_lose_nothing(house: House) -> None:
    """Three threads that pay one learner at once are taken one after the other."""
    player = Player(house)
    events = [
        player.attempted(answer(f"q{n}", at=START + timedelta(seconds=9 * n))) for n in range(24)
    ]
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(player.tell, events))
    assert outcomes == ["done"] * 24
    assert player.amounts("learning") == [10] * 24
    player.check_sums()


def test_streak_days_earn_from_the_second(player: Player) -> None:
    """Five a day, and 25 more for a whole week."""
    for day in range(8):
        player.house.clock.moment = START + timedelta(days=day)
        player.give(answer(f"d{day}", at=START + timedelta(days=day)))
    assert player.amounts("streak") == [5, 5, 5, 5, 5, 5, 25, 5]
    assert player.profile.streak.freezes == 1
    player.check_sums()


def test_a_day_is_the_learners_own(house: House) -> None:
    """Two deeds an hour apart are of two days where midnight lies between them."""
    for zone, amounts in (("UTC", []), ("Etc/GMT+11", [5])):
        player = Player(house, user=zone.replace("/", "-"), zone=zone)
        late = START.replace(hour=10, minute=30)
        player.give(answer("a", at=late))
        player.give(answer("b", at=late + timedelta(hours=1)))
        assert player.amounts("streak") == amounts


def test_levels_and_achievements_are_told_in_the_same_commit(player: Player) -> None:
    """One event names the levels crossed and what was unlocked; nothing is told twice."""
    player.give(answer("q0"))
    (first,) = player.house.waiting("game/intake_notify")
    told = GameAdvanced.model_validate(first.data)
    assert [each.key for each in told.unlocked] == ["first_answer"]
    player.give(answer("q1", at=START + timedelta(seconds=5)))
    assert player.house.waiting("game/intake_notify") == []
    player.earn(9)
    levels = [
        GameAdvanced.model_validate(e.data) for e in player.house.waiting("game/intake_notify")
    ]
    assert (1, 2) in [(each.level_before, each.level) for each in levels]
    assert level_of(player.profile.lifetime_xp) == levels[-1].level


def test_a_crash_before_the_commit_pays_all_at_the_next_delivery(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that fails leaves nothing; the next delivery pays."""
    event = player.attempted(answer())
    commit = player.house.documents.commit

    def away(*_: object) -> None:
        raise Unavailable("gone")

    monkeypatch.setattr(player.house.documents, "commit", away)
    with pytest.raises(Unavailable):
        player.tell(event)
    monkeypatch.setattr(player.house.documents, "commit", commit)
    assert player.entries == []
    assert player.tell(event) == "done"
    assert player.amounts("learning") == [10]


def test_a_crash_after_the_commit_pays_nothing_more(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit whose answer was lost is found done, and its event is still told."""
    event = player.attempted(answer())
    commit = player.house.documents.commit

    def lost(*given: object) -> None:
        commit(*given)
        raise Unavailable("no answer")

    monkeypatch.setattr(player.house.documents, "commit", lost)
    with pytest.raises(Unavailable):
        player.tell(event)
    monkeypatch.setattr(player.house.documents, "commit", commit)
    assert player.tell(event) == "repeated"
    assert player.amounts("learning") == [10]
    assert len(player.house.kinds("outbox", container="game")) == 1


def test_tenants_are_apart(house: House) -> None:
    """The same learner id in two tenants is two learners."""
    ours, theirs = Player(house), Player(house, tenant=RIVAL)
    ours.give(answer())
    assert theirs.entries == []
    theirs.give(answer())
    assert {entry.id for entry in ours.entries}.isdisjoint(entry.id for entry in theirs.entries)


def test_an_event_for_somebody_erased_is_finished(player: Player) -> None:
    """Nothing is written again for a learner whose data is gone."""
    erasure, decision = requested(
        player.house,
        PSEUDONYMS,
        tenant_id=TENANT,
        of="user",
        identity="lena",
        subjects={"user": ("lena",)},
        now=START,
    )
    partition = (TENANT, erasure.tombstone_id)
    player.house.documents.commit(tombstone.CONTAINER, partition, decision.operations)
    assert player.give(answer()) == "rejected"
    assert player.house.kinds("profile", container="game") == []


def test_what_is_no_deed_is_refused(player: Player) -> None:
    """An event of another type does not pass for one."""
    event = player.attempted(answer()).model_copy(update={"type": "waymark.person.registered.v1"})
    with pytest.raises(Invalid):
        player.tell(event)


def test_mastered_skills_and_careers_count(player: Player) -> None:
    """Skills count as they are told, careers once each."""
    mastered = SkillMastered(
        skill_id="s", subject="Math", mastery=0.97, attempt_id=uuid_of("attempt")
    )
    player.tell(player.attempted(answer(), mastered=(mastered,)))
    for session, career in (("a", "Pilot"), ("b", "Pilot"), ("c", "Nurse")):
        player.tell(player.journey_completed(session=session, career=career))
    counts = player.profile.counts
    assert (counts.skills_mastered, counts.journeys) == (1, 3)
    assert counts.careers == ("Pilot", "Nurse")


def test_a_store_operation_or_two_an_award(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a learner has a profile, an award takes one read and one commit."""
    player.give(answer("q0"))
    calls: list[str] = []
    for name in ("get", "query", "commit"):
        method = getattr(player.house.documents, name)

        def noted(
            *given: object, _name: str = name, _method: object = method, **more: object
        ) -> object:
            calls.append(_name)
            return _method(*given, **more)  # type: ignore[operator]

        monkeypatch.setattr(player.house.documents, name, noted)
    player.give(answer("q1", at=START + timedelta(seconds=9)))
    assert calls == ["get", "commit"]


def test_a_late_deed_is_not_of_today(player: Player) -> None:
    """What is told late of yesterday is paid, and is no part of today's XP."""
    player.give(answer("today"))
    before = player.profile.earned
    player.give(answer("yesterday", at=START - timedelta(days=1)))
    assert player.profile.earned == before
    assert player.amounts("learning") == [10, 10]


def test_a_day_that_is_filled_late_earns_no_streak_bonus(player: Player) -> None:
    """It closes the gap; what the days after it would have earned is not paid."""
    for day in (0, 1, 3):
        player.give(answer(f"d{day}", at=START + timedelta(days=day)))
    assert player.amounts("streak") == [5]
    player.give(answer("d2", at=START + timedelta(days=2)))
    assert player.profile.streak.best == 4
    assert player.amounts("streak") == [5]


def test_hints_and_perfection_are_counted_for_what_they_are(player: Player) -> None:
    """With a hint it is not unaided; one spotless lesson is no spotless container."""
    player.give(answer("a", hints=1), answer("b"), answer("c", number=2))
    counts = player.profile.counts
    assert (counts.first_try, counts.second_try, counts.unaided) == (2, 1, 1)
    player.tell(player.container_completed(lesson("Math", first=4), lesson("ELA")))
    assert player.profile.counts.perfect_containers == 0
    spotless = [lesson(subject, first=4) for subject in SUBJECTS]
    player.tell(player.container_completed(*spotless, container="DISCOVER"))
    assert player.profile.counts.perfect_containers == 1


def test_careers_are_counted_up_to_a_bound(player: Player) -> None:
    """So that a profile stays small, however many names somebody makes up."""
    for number in range(MOST_CAREERS + 3):
        event = player.journey_completed(session=f"s{number}", career=f"career {number}")
        player.tell(event)
    assert len(player.profile.counts.careers) == MOST_CAREERS
    assert player.profile.counts.journeys == MOST_CAREERS + 3
