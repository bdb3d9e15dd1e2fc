"""What counting an event costs, what many at once cost, and how long a view takes.

    python -m benchmarks.analytics [EVENTS]

EVENTS (default 2,000) answers of 400 learners, in 40 skills and 12 careers, are counted on fresh
embedded stores, on one thread and on four; then the same of one learner's shard alone, where all
write the same few counts. Beside it stands one commit of one small document, for that is the
least an event can cost. At last views are read over a year: its counts are those of one month,
written for each month anew.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

from functions.analytics.rules.documents import CONTAINER, shard_of, view_month_of
from functions.analytics.service import reading
from functions.analytics.service.reading import Asked
from shared.documents.port import Create
from shared.events.envelope import Event
from tests.flows.analytics.analyst import Analyst, answered
from tests.flows.stores import START, TENANT, House

LEARNERS, SKILLS, CAREERS, THREADS = 400, 40, 12, 4


def events_of(number: int, users: Sequence[str]) -> list[Event]:
    """Answers, each of another question, spread over learners, skills and days."""
    return [
        answered(
            users[n % len(users)],
            str(n),
            skill=f"skill-{n % SKILLS}",
            career=f"Career {n % CAREERS}",
            at=START + timedelta(days=n % 28),
        )
        for n in range(number)
    ]


def counted(events: Sequence[Event], threads: int) -> float:
    """Events a second that are kept and counted."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        analyst = Analyst(house)
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            outcomes = list(pool.map(lambda event: analyst.hear(event)[0], events))
        seconds = time.perf_counter() - began
        assert outcomes == ["done"] * len(events)
        house.close()
    return len(events) / seconds


def least(number: int) -> float:
    """Commits a second of one small document each."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        began = time.perf_counter()
        for n in range(number):
            body = {"id": f"e{n}", "tenant_id": TENANT, "month": "2026-03", "shard": "0"}
            house.documents.commit(CONTAINER, (TENANT, "2026-03", "0"), [Create(body)])
        seconds = time.perf_counter() - began
        house.close()
    return number / seconds


def a_year(house: House) -> int:
    """Write the counts of March for eleven months more; returns how many there are then."""
    page = house.documents.query(CONTAINER, (TENANT,), limit=1000)
    bodies = [item.body for item in page.items]
    while page.continuation:
        page = house.documents.query(
            CONTAINER, (TENANT,), limit=1000, continuation=page.continuation
        )
        bodies += [item.body for item in page.items]
    counts = [body for body in bodies if body.get("kind") == "aggregate"]
    for back in range(1, 12):
        month = f"{2026 if back < 3 else 2025}-{(3 - back - 1) % 12 + 1:02}"
        by_shard: dict[str, list[Create]] = {}
        for body in counts:
            key = view_month_of(body["view"], month)
            moved = {**body, "month": month, "view_month": key}
            by_shard.setdefault(body["shard"], []).append(Create(moved))
        for shard, operations in by_shard.items():
            for at in range(0, len(operations), 100):
                house.documents.commit(CONTAINER, (TENANT, month, shard), operations[at : at + 100])
    return 12 * len(counts)


def timed(what: Callable[[], object]) -> float:
    """Milliseconds, the least of three."""
    found = []
    for _ in range(3):
        began = time.perf_counter()
        what()
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


def main(number: int) -> None:
    """Print the figures."""
    users = [f"learner-{n}" for n in range(LEARNERS)]
    events = events_of(number, users)
    print(f"one small commit          {least(number):8.0f} a second")
    print(f"events, one thread        {counted(events, 1):8.0f} a second")
    print(f"events, {THREADS} threads         {counted(events, THREADS):8.0f} a second")
    alone = [user for user in (f"l{n}" for n in range(LEARNERS)) if shard_of(user) == "0"]
    hot = events_of(number, alone)
    print(f"one shard, {THREADS} threads      {counted(hot, THREADS):8.0f} a second")
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        Analyst(house).hear(*events)
        documents = a_year(house)
        print(f"{documents} counts of a year, {number} events kept")
        for view, by in (("careers", ("career",)), ("skills", ("skill", "month"))):
            for first, said in ((date(2026, 3, 1), "a month"), (date(2025, 4, 1), "a year")):
                asked = Asked(view, first, date(2026, 3, 31), by)  # type: ignore[arg-type]

                def ask(asked: Asked = asked) -> object:
                    return reading.read(house, TENANT, asked)

                print(f"{view} over {said:8}          {timed(ask):8.0f} ms")
        house.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
