"""When the scanner is asked again, and when no more."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from functions.intake_blob_trigger.rules import is_over, still_waiting
from shared.models.intake import Unscanned
from tests.flows.stores import START


def asked(times: int) -> list[Unscanned]:
    """The waits of a file whose scanner is asked just when it is due, in vain."""
    waits: list[Unscanned] = []
    now = START
    for _ in range(times):
        before = waits[-1] if waits else None
        waits.append(still_waiting(before, attempt=1, why="Away.", now=now))
        now = waits[-1].due_at
    return waits


def test_delays_double_up_to_half_an_hour() -> None:
    """A minute, two, four, eight, sixteen, and then thirty each."""
    moments = [START, *(wait.due_at for wait in asked(8))]
    minutes = [(b - a).total_seconds() / 60 for a, b in pairwise(moments)]
    assert minutes == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_last_question_comes_at_the_end_of_the_day() -> None:
    """The scanner is asked until a day has passed since the first time, and once just then."""
    waits = asked(60)
    over = [is_over(wait, wait.due_at) for wait in waits]
    last = over.index(True)
    assert waits[last].due_at == START + timedelta(hours=24)
    assert waits[last].asked == last + 1 == 52
    assert not any(over[:last])


def test_a_wait_is_of_one_attempt() -> None:
    """Another attempt begins its wait anew."""
    before = asked(20)[-1]
    later = before.due_at + timedelta(days=3)
    again = still_waiting(before, attempt=2, why="Away.", now=later)
    assert (again.asked, again.since, again.attempt) == (1, later, 2)
    assert again.due_at == later + timedelta(minutes=1)


def test_a_wait_of_any_length_can_be_told() -> None:
    """A count that grew beyond all sense is no arithmetic error."""
    before = asked(1)[0].model_copy(update={"asked": 10**9})
    again = still_waiting(before, attempt=1, why="Away.", now=START)
    assert again.due_at == START + timedelta(minutes=30)
