"""How long a file waits for the scanner's verdict, and when the scanner is asked again."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.models.intake import Unscanned

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(minutes=30)
GIVES_UP_AFTER = timedelta(hours=24)
_DOUBLINGS = 10


def still_waiting(before: Unscanned | None, *, attempt: int, why: str, now: datetime) -> Unscanned:
    """The wait of a file after the scanner was asked once more, in vain.

    ``before`` is its wait until now, which counts when it is of this attempt. Delays double,
    from a minute to half an hour; the last question comes when the wait is over.
    """
    if before is None or before.attempt != attempt:
        before = Unscanned(attempt=attempt, since=now, asked=1, due_at=now, why=why)
        asked = 1
    else:
        asked = before.asked + 1
    delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(asked - 1, _DOUBLINGS))
    due_at = min(now + delay, before.since + GIVES_UP_AFTER)
    return before.model_copy(update={"asked": asked, "due_at": due_at, "why": why})


def is_over(wait: Unscanned, now: datetime) -> bool:
    """Whether a file has waited as long as it is to."""
    return now >= wait.since + GIVES_UP_AFTER
