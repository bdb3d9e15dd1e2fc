"""What counting an event costs, what many at once cost, and how long a view takes.

    python -m benchmarks.analytics [EVENTS [SKILLS]]

EVENTS (default 2,000) answers of 400 learners, in 40 skills and 12 careers, are counted on fresh
embedded stores, on one thread and on four; then the same of one learner's shard alone, where all
write the same few counts. Beside it stands one commit of one small document, for that is the
least an event can cost. Views are read over a year: its counts are those of one month, written for
each month anew.

At last views of much are read: SKILLS (default 1,500) skills in each of the sixteen shards, with
three learners a skill and shard and six days each, over one month, two and three, as far as one
answer may read; with the names of a page.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

from functions.analytics.rules.counting import counted as count_in
from functions.analytics.rules.documents import (
    CONTAINER,
    SHARDS,
    Groups,
    Words,
    blank,
    group_digest,
    groups_id_of,
    shard_of,
    view_key_of,
    word_of,
    words_id_of,
)
from functions.analytics.rules.facts import Fact
from functions.analytics.rules.figures import held_back, told
from functions.analytics.service import reading
from functions.analytics.service.naming import Names
from functions.analytics.service.reading import Asked, Found
from shared.documents.port import Create, Json
from shared.errors import Unprocessable
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
        load(house, [moved(body, month) for body in counts])
    return 12 * len(counts)


def moved(body: Json, month: str) -> Json:
    """The counts of a group as those of another month."""
    group = tuple(body["group"])
    key = view_key_of(body["view"], month, group_digest(group), body["shard"])
    return {**body, "month": month, "view_key": key}


def held(month: str, shard: str, skills: int) -> Json:
    """How many skills a shard has."""
    return Groups(
        id=groups_id_of("skills"), tenant_id=TENANT, month=month, shard=shard, groups=skills
    ).stored()


def load(house: House, bodies: Sequence[Json]) -> None:
    """Write documents."""
    for at in range(0, len(bodies), 5000):
        house.documents.load(CONTAINER, bodies[at : at + 5000], overwrite=True)


def many(skills: int) -> list[Json]:
    """The counts of so many skills in March, in each shard, and what their learners call them."""
    now, bodies = START, []
    for number, shard in enumerate(SHARDS):
        partition = (TENANT, "2026-03", shard)
        people = {1_000_000_007 * (16 * n + number) % 2**48: f"l{n}" for n in range(90)}
        hashes = list(people)
        said: dict[int, dict[str, str]] = {}
        for at in range(skills):
            digest = f"{at:024x}"
            group = (digest, "Math", "5")
            aggregate = blank(partition, "skills", group, {}, now)
            for person in (hashes[(at + step) % len(hashes)] for step in (0, 30, 60)):
                did = {"answers": 4, "first": 4, "first_correct": 3, "first_wrong": 1, "solved": 3,
                       "unsolved": 1, "tries": 4, "hints": 2, "ms": 60_000}  # fmt: skip
                days = [date(2026, 3, 1 + (at + 5 * day) % 31) for day in range(6)]
                facts = [Fact("skills", group, day, did) for day in days]
                aggregate = count_in(aggregate, facts, person)
                said.setdefault(person, {})[word_of(digest)] = f"skill-{at}"
            bodies.append(aggregate.stored())
        for person, names in said.items():
            words = Words(id=words_id_of(person), tenant_id=TENANT, month="2026-03", shard=shard,
                          user_id=people[person], names=names)  # fmt: skip
            bodies.append(words.stored())
    return bodies


def read_much(skills: int) -> None:
    """Print how long views of many skills take."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        bodies = many(skills)
        counts = [body for body in bodies if body["kind"] == "aggregate"]
        load(house, bodies)
        for month in ("2026-02", "2026-01"):
            load(house, [moved(body, month) for body in counts])
        for month in ("2026-03", "2026-02", "2026-01"):
            load(house, [held(month, shard, skills) for shard in SHARDS])
        size = sum(len(json.dumps(body)) for body in counts) / len(counts)
        print(f"{len(counts)} counts of {skills} skills a month, {size:.0f} bytes each")
        # an app that answers holds none of this: the collector would walk it again and again
        del bodies, counts
        gc.collect()
        for first, said in (
            (date(2026, 3, 1), "a month"),
            (date(2026, 2, 1), "two months"),
            (date(2026, 1, 1), "three months"),
        ):
            for by in (("skill",), ("skill", "day")):
                asked = Asked("skills", first, date(2026, 3, 31), by)

                def ask(asked: Asked = asked) -> Found:
                    return reading.read(house, TENANT, asked)

                began, worked = time.perf_counter(), time.process_time()
                try:
                    found = ask()
                except Unprocessable:
                    seconds = time.perf_counter() - began
                    print(f"skills by {','.join(by):10} over {said:12} refused in {seconds:.1f} s")
                    continue
                read, worked = time.perf_counter() - began, time.process_time() - worked
                began = time.perf_counter()
                metrics = [(cell, told("skills", cell)) for _, cell in found.rows]
                held_back("skills", metrics)
                rules = time.perf_counter() - began
                print(
                    f"skills by {','.join(by):10} over {said:12} {read:8.1f} s"
                    f" ({worked:.1f} s of CPU), its numbers {rules:.2f} s, {len(found.rows)} rows"
                )
        page = [({"skill": key[0]}, cell) for key, cell in found_of(house).rows[:1000]]
        took = timed(lambda: Names(house, TENANT, "skills", page))
        print(f"names of a page of {len(page)} {took:8.0f} ms")
        house.close()


def found_of(house: House) -> Found:
    """March by skill."""
    asked = Asked("skills", date(2026, 3, 1), date(2026, 3, 31), ("skill",))
    return reading.read(house, TENANT, asked)


def timed(what: Callable[[], object]) -> float:
    """Milliseconds, the least of three."""
    found = []
    for _ in range(3):
        began = time.perf_counter()
        what()
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


def main(number: int, skills: int) -> None:
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
    read_much(skills)


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*given, *(2000, 1500)[len(given) :])
