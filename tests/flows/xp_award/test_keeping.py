"""Hints, guards, reviews and corrections: what goes out of the ledger, or waits before it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any, Literal

import pytest

from functions.xp_award.rules.documents import Category, LedgerEntry
from functions.xp_award.rules.hints import Hint
from functions.xp_award.rules.ledger import Posting
from functions.xp_award.service import books, correcting, playing
from shared.auth import Principal
from shared.errors import Conflict, Missing, Unprocessable
from shared.messaging import IdempotencyKey
from shared.models.game import FREE_HINTS_A_DAY
from tests.flows.playing import JOURNEY, Player, answer, lesson
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house

MENTOR = Principal("mia", TENANT, frozenset({"mentor"}))
OTHER_JOURNEY = "9b1d7e4a-0c2f-4a6b-8e3d-5f7a9c1b2d4e"
THIRD_JOURNEY = "2c4e6a8b-1d3f-4b5c-9e7a-8f6d4c2b0a1e"
_hints = count(1)


@pytest.fixture
def player(house: House) -> Player:
    return Player(house)


def ask(
    player: Player, *, key: str | None = None, days: float = 0, hint_id: str | None = None
) -> Any:
    """Ask for a hint; returns the answer's body."""
    _, body = playing.hint(
        player.house,
        PSEUDONYMS,
        player.partition,
        hint_id=hint_id or f"hint-{next(_hints)}",
        question_id="q",
        shown=_hint,
        idempotency=IdempotencyKey("scope", key, "same") if key else None,
        now=START + timedelta(days=days),
    )
    return body


def _hint(given: Hint) -> dict[str, Any]:
    profile = given.posting.profile
    return {"price": given.price, "left": given.free_left, "balance": profile.balance}


def correct(
    player: Player, entry: LedgerEntry, *, by: Principal = MENTOR, key: str | None = None
) -> Any:
    _, body = correcting.correct(
        player.house,
        PSEUDONYMS,
        by,
        player.user,
        entry.id,
        reason="a wrong key",
        shown=_posting,
        idempotency=IdempotencyKey("scope", key, "same") if key else None,
        now=player.house.clock(),
    )
    return body


def _posting(posting: Posting, *_: object) -> dict[str, Any]:
    return {"amounts": [entry.amount for entry in posting.entries]}


def decide(
    player: Player,
    review_id: str,
    decision: Literal["approved", "rejected"],
    by: Principal = MENTOR,
) -> Any:
    _, body = correcting.decide_review(
        player.house,
        PSEUDONYMS,
        by,
        player.user,
        review_id,
        decision,
        note="looked at",
        shown=_posting,
        idempotency=None,
        now=START,
    )
    return body


# hints


def test_ten_hints_a_day_are_free_and_then_cost(player: Player) -> None:
    """The eleventh takes five XP from the wallet, and none of the lifetime XP."""
    player.earn(1)
    before = player.profile
    assert [ask(player)["price"] for _ in range(11)] == [0] * 10 + [5]
    after = player.profile
    assert after.balance == before.balance - 5
    assert after.lifetime_xp == before.lifetime_xp
    (entry,) = [entry for entry in player.entries if entry.category == "hint"]
    assert (entry.amount, entry.lifetime_change, entry.type) == (-5, 0, "spent")
    assert (after.counts.free_hints, after.counts.paid_hints) == (10, 1)
    player.check_sums()


def test_an_empty_wallet_buys_nothing(player: Player) -> None:
    """Below the price it is refused, with the balance named, and nothing is taken."""
    for _ in range(FREE_HINTS_A_DAY):
        ask(player)
    with pytest.raises(Conflict, match="holds 0"):
        ask(player)
    assert player.profile.balance == 0
    assert ask(player, days=1)["price"] == 0


def test_a_wallet_is_spent_to_the_last_xp_and_not_below(player: Player) -> None:
    """15 XP buy three hints."""
    player.give(answer())  # 10, and 5 for the first achievement
    assert player.profile.balance == 15
    prices = [ask(player)["price"] for _ in range(13)]
    assert prices[10:] == [5, 5, 5]
    assert player.profile.balance == 0
    with pytest.raises(Conflict):
        ask(player)
    player.check_sums()


def test_a_repeated_request_costs_once(player: Player) -> None:
    """With its key it gets the first answer again."""
    player.earn(2)
    for _ in range(FREE_HINTS_A_DAY):
        ask(player)
    first = ask(player, key="k")
    assert ask(player, key="k") == first
    assert player.amounts("hint") == [-5]


def test_a_day_that_comes_twice_has_its_free_hints_once(house: House) -> None:
    """By travel to the west nobody gets ten more."""
    player = Player(house)
    for _ in range(4):
        assert ask(player, days=0.6)["price"] == 0
    assert ask(player, days=0.4)["left"] == FREE_HINTS_A_DAY - 5
    assert ask(player, days=1.6)["left"] == FREE_HINTS_A_DAY - 1


# guards


def test_an_answer_faster_than_reading_is_held(player: Player) -> None:
    """It waits for a mentor: no XP, no day of a streak; a wrong one is of no interest."""
    player.give(answer("fast", ms=300), answer("wrong", ms=300, correct=False))
    assert player.amounts("learning") == []
    (review,) = player.reviews()
    assert (review.held, review.state, review.award.amount) == ("too_fast", "open", 10)


def test_more_than_twenty_paid_answers_a_minute_are_held(player: Player) -> None:
    """The twenty-first within a minute waits; a minute later one is paid again."""
    for number in range(25):
        at = START + timedelta(seconds=2 * number)
        player.give(answer(f"q{number}", at=at))
    assert player.amounts("learning") == [10] * 20
    assert {review.held for review in player.reviews()} == {"too_many"}
    assert len(player.reviews()) == 5
    player.give(answer("later", at=START + timedelta(minutes=3)))
    assert len(player.amounts("learning")) == 21


def test_a_question_is_not_farmed_over_journeys(player: Player) -> None:
    """The same question in another journey minutes later waits; later on it is paid."""
    player.give(answer("q1"))
    for minutes, session in ((3, OTHER_JOURNEY), (20, THIRD_JOURNEY)):
        at = START + timedelta(minutes=minutes)
        again = answer("q1", at=at, session=session)
        player.tell(player.attempted(again, session=session))
    (review,) = player.reviews()
    assert (review.held, review.session_id) == ("repeated", OTHER_JOURNEY)
    assert player.amounts("learning") == [10, 10]


def test_an_approved_award_is_paid_once(player: Player) -> None:
    """With the deed's own id and time; decided again it is refused."""
    player.give(answer("fast", ms=300))
    (review,) = player.reviews()
    assert decide(player, review.review_id, "approved") == {"amounts": [10]}
    (review,) = player.reviews()
    assert review.state == "approved"
    assert review.decided_by == PSEUDONYMS.of(TENANT, "user", "mia")
    with pytest.raises(Conflict, match="approved before"):
        decide(player, review.review_id, "rejected")
    assert player.amounts("learning") == [10]
    player.check_sums()


def test_an_award_that_was_paid_meanwhile_is_not_paid_by_its_review(player: Player) -> None:
    """Where the same deed came again and was paid, the review closes without paying."""
    player.give(answer("q", ms=300))
    player.give(answer("q", ms=3000))
    (review,) = player.reviews()
    assert decide(player, review.review_id, "approved") == {"amounts": []}
    assert player.amounts("learning") == [10]
    assert player.reviews()[0].state == "approved"


def test_a_rejected_award_is_not_paid(player: Player) -> None:
    """It stays on record, as rejected."""
    player.give(answer("fast", ms=300))
    (review,) = player.reviews()
    assert decide(player, review.review_id, "rejected") == {"amounts": []}
    with pytest.raises(Conflict, match="rejected before"):
        decide(player, review.review_id, "approved")
    assert player.amounts("learning") == []
    assert player.reviews()[0].state == "rejected"


def test_reviews_are_a_tenants_own(player: Player) -> None:
    """Another tenant's mentor finds none of them."""
    player.give(answer("fast", ms=300))
    (review,) = player.reviews()
    ours, _ = correcting.reviews(player.house, TENANT, state="open", limit=10, continuation=None)
    theirs, _ = correcting.reviews(player.house, RIVAL, state="open", limit=10, continuation=None)
    assert (len(ours), theirs) == (1, [])
    stranger = Principal("sam", RIVAL, frozenset({"mentor"}))
    with pytest.raises(Missing):
        decide(player, review.review_id, "approved", by=stranger)


# corrections


def test_a_correction_takes_back_the_entry_and_its_bonuses(player: Player) -> None:
    """By new entries of the stored amounts; the old ones stay as they were."""
    player.tell(player.container_completed(lesson("Math", first=4)))
    before = player.entries
    main = next(entry for entry in before if entry.deed.startswith("lesson|"))
    body = correct(player, main)
    assert body["amounts"] == [-20, -50]
    assert player.entries[: len(before)] == before
    others = sum(entry.amount for entry in before if entry.category == "achievement")
    assert player.profile.lifetime_xp == others > 0
    assert player.entries[len(before)].reverses == main.id
    player.check_sums()


def test_a_correction_happens_once(player: Player) -> None:
    """Again it is refused, with its key it is answered again, and it stands itself."""
    player.earn(3)
    entry = player.entries[0]
    first = correct(player, entry, key="k")
    assert correct(player, entry, key="k") == first
    with pytest.raises(Conflict):
        correct(player, entry)
    correction = player.entries[-1]
    with pytest.raises(Unprocessable):
        correct(player, correction)
    with pytest.raises(Missing):
        correct(player, entry, by=Principal("sam", RIVAL, frozenset({"mentor"})))
    player.check_sums()


def test_a_spent_amount_is_a_shortfall(player: Player) -> None:
    """The wallet stops at zero; level and rank lose all of it."""
    player.give(answer())  # 10 and 5
    for _ in range(FREE_HINTS_A_DAY + 2):
        ask(player)  # 10 of the 15 are spent
    before = player.profile
    main = next(entry for entry in player.entries if entry.deed.startswith("answer|"))
    correct(player, main)
    profile = player.profile
    assert before.balance == 5
    assert (profile.balance, profile.lifetime_xp) == (0, 5)
    (reversal,) = [entry for entry in player.entries if entry.reverses]
    assert (reversal.amount, reversal.lifetime_change, reversal.shortfall) == (-5, -10, 5)
    player.check_sums()


def test_a_bonus_that_was_taken_back_before_is_left_alone(player: Player) -> None:
    """Taking back the main entry later takes only what is still there."""
    player.tell(player.container_completed(lesson("Math", first=4)))
    perfect = next(entry for entry in player.entries if entry.category == "bonus")
    main = next(entry for entry in player.entries if entry.deed.startswith("lesson|"))
    correct(player, perfect)
    body = correct(player, main)
    assert body["amounts"] == [-20]


def test_a_corrected_hint_gives_its_xp_back(player: Player) -> None:
    """To the wallet alone."""
    player.earn(2)
    for _ in range(FREE_HINTS_A_DAY + 1):
        ask(player)
    before = player.profile
    (hint,) = [entry for entry in player.entries if entry.category == "hint"]
    correct(player, hint)
    after = player.profile
    assert (after.balance, after.lifetime_xp) == (before.balance + 5, before.lifetime_xp)


def test_who_corrects_stands_in_the_audit_log(player: Player) -> None:
    """Each change of somebody's XP is told to it in the same commit."""
    player.give(answer(), answer("fast", ms=200))
    correct(player, player.entries[0])
    decide(player, player.reviews()[0].review_id, "approved")
    notes = [event for event in player.house.waiting("accounts") if "audit" in event.type]
    assert [note.data["action"] for note in notes] == ["transaction.corrected", "award.approved"]
    assert {note.data["actor"] for note in notes} == {PSEUDONYMS.of(TENANT, "user", "mia")}


# transactions


def test_transactions_are_paged_and_filtered(player: Player) -> None:
    """Newest first, each once, by kind and by time."""
    player.earn(7)
    for _ in range(FREE_HINTS_A_DAY + 1):
        ask(player, days=1)
    seen: list[int] = []
    continuation = None
    while True:
        page, continuation = playing.transactions(
            player.house, player.partition, playing.Wanted(), limit=3, continuation=continuation
        )
        seen += [entry.sequence for entry in page]
        if continuation is None:
            break
    assert seen == list(range(len(player.entries), 0, -1))

    def asked(
        category: Category | None = None, kind: Literal["earned", "spent"] | None = None,
        **bounds: Any,
    ) -> list[int]:  # fmt: skip
        wanted = playing.Wanted(category, kind, **bounds)
        page, _ = playing.transactions(
            player.house, player.partition, wanted, limit=100, continuation=None
        )
        return [entry.amount for entry in page]

    assert asked("learning") == [10] * 7
    assert asked(kind="spent") == asked("hint") == [-5]
    assert asked(since=START + timedelta(hours=1)) == [-5]
    assert asked("hint", until=START + timedelta(hours=1)) == []


def test_another_learners_entry_is_not_there(house: House) -> None:
    """An entry id of somebody else's is unknown in one's own partition."""
    one, other = Player(house, "one"), Player(house, "other")
    one.give(answer())
    other.give(answer(session=JOURNEY))
    with pytest.raises(Missing):
        books.read_entry(house, one.partition, other.entries[0].id)


# what a guard leaves alone


def test_the_same_question_of_two_lessons_is_two_questions(player: Player) -> None:
    """In one journey both are paid, minutes apart."""
    player.give(answer("q1"), answer("q1", subject="ELA", at=START + timedelta(seconds=9)))
    assert player.amounts("learning") == [10, 10]
    assert player.reviews() == []


def test_a_question_is_remembered_for_ten_minutes(player: Player) -> None:
    """Also where others were paid in between."""
    player.give(answer("q1"))
    player.give(answer("q2", at=START + timedelta(minutes=5)))
    again = answer("q1", at=START + timedelta(minutes=9), session=OTHER_JOURNEY)
    player.tell(player.attempted(again, session=OTHER_JOURNEY))
    assert [review.held for review in player.reviews()] == ["repeated"]


def test_what_is_held_makes_no_day(player: Player) -> None:
    """A streak is not kept by answers that nobody read; a wrong answer keeps it."""
    player.give(answer("fast", ms=300))
    assert player.profile.streak.runs == ()
    player.give(answer("wrong", correct=False))
    assert len(player.profile.streak.runs) == 1


def test_a_hint_of_an_earlier_date_does_not_open_a_new_day(player: Player) -> None:
    """After travel to the west and back the same free hints are counted on."""
    assert ask(player, days=0.6)["left"] == FREE_HINTS_A_DAY - 1
    assert ask(player, days=0.4)["left"] == FREE_HINTS_A_DAY - 2
    assert ask(player, days=0.6)["left"] == FREE_HINTS_A_DAY - 3
