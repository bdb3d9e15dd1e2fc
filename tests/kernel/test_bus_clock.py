"""The embedded bus on a clock that is set back."""

from __future__ import annotations

from datetime import timedelta

from shared.outbox import message_of
from tests.kernel.embedded import NOW, QUEUE, Clock, Embedded, event


def test_a_clock_set_back_hides_no_message(clocked: Embedded, clock: Clock) -> None:
    """What was due stays due when the clock goes back, sent at once or by redriving."""
    past = message_of(event(2), not_before=NOW - timedelta(seconds=1))
    clocked.bus.publish([message_of(event(1)), past])
    for delivery in clocked.waiting():
        clocked.bus.dead_letter(delivery, "probe", "")
    letters = clocked.bus.dead_letters(QUEUE)
    clocked.bus.redrive(QUEUE, [letter.sequence_number for letter in letters])
    clocked.bus.publish([message_of(event(3)), message_of(event(4), not_before=NOW)])
    clock.seconds -= 3600
    assert len(clocked.waiting()) == 4


def test_a_scheduled_message_waits_for_its_time(clocked: Embedded, clock: Clock) -> None:
    """What is scheduled is due at its own moment, whatever the clock did before."""
    clocked.bus.publish([message_of(event(), not_before=NOW + timedelta(seconds=60))])
    clock.seconds -= 3600
    assert clocked.waiting() == []
    clock.seconds += 3660
    assert len(clocked.waiting()) == 1
