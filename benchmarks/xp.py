"""What an award costs, and how soon it shows.

    python -m benchmarks.xp [AWARDS]

AWARDS (default 2,000) answers of 50 learners are paid on fresh embedded stores, one event each,
on one thread. Beside it a bare SQLite connection writes the same rows, as text, in one
transaction an award with the same durability. Then the store's operations are counted, and a
running host is asked: from the answer to an accepted attempt until its XP is in the profile, at
rest and with sixteen learners at once.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from functions.xp_award.service import awarding
from shared.documents.port import Create, Equals
from shared.events.envelope import Event
from shared.models import account
from shared.models.account import Account
from shared.models.game import CONTAINER, PROFILE_ID
from tests.flows.playing import Player, answer
from tests.flows.stores import PSEUDONYMS, START, House
from tests.running_host import RunningHost

LEARNERS, CLIENTS, EACH = 50, 16, 12
WAIT_SECONDS = 60


def events_of(house: House, awards: int) -> list[Event]:
    """One answer an event, twelve seconds after the learner's last one."""
    players = [Player(house, f"learner-{n:02}") for n in range(LEARNERS)]
    return [
        players[n % LEARNERS].attempted(
            answer(f"q{n}", at=START + timedelta(seconds=12 * (n // LEARNERS)))
        )
        for n in range(awards)
    ]


def awards_a_second(awards: int) -> tuple[float, list[list[dict[str, Any]]]]:
    """Awards a second through the flow, and the rows of each award's commit."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        events = events_of(house, awards)
        rows: list[list[dict[str, Any]]] = []
        commit = house.documents.commit

        def noting(container: str, partition: Any, operations: Any) -> Any:
            bodies = [body for each in operations if (body := getattr(each, "body", None))]
            if container == CONTAINER and bodies:
                rows.append(bodies)
            return commit(container, partition, operations)

        house.documents.commit = noting
        began = time.perf_counter()
        for event in events:
            awarding.award(house, PSEUDONYMS, event, now=START)
        seconds = time.perf_counter() - began
        house.close()
    return awards / seconds, rows


def bare_transactions(rows: list[list[dict[str, Any]]]) -> float:
    """Transactions a second of a bare connection that writes the same rows."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE documents (partition TEXT, id TEXT, body TEXT,"
            " PRIMARY KEY (partition, id))"
        )
        texts = [
            [(body["user_id"], body["id"], json.dumps(body)) for body in bodies] for bodies in rows
        ]
        began = time.perf_counter()
        for batch in texts:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", batch)
            connection.execute("COMMIT")
        seconds = time.perf_counter() - began
        connection.close()
    return len(rows) / seconds


def operations_an_award() -> dict[str, Counter[str]]:
    """The store's operations of a learner's first award, of one that tells nothing and of one
    that tells of an achievement."""
    found: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        player = Player(house)
        calls: Counter[str] = Counter()
        for name in ("get", "query", "commit"):
            method = getattr(house.documents, name)

            def counted(*given: Any, _name: str = name, _method: Any = method, **more: Any) -> Any:
                calls[_name] += 1
                return _method(*given, **more)

            setattr(house.documents, name, counted)
        for number in range(10):
            calls.clear()
            player.give(answer(f"q{number}", at=START + timedelta(seconds=12 * number)))
            named = {0: "a learner's first", 1: "plain", 9: "with an event to tell"}
            if number in named:
                found[named[number]] = Counter(calls)
        house.close()
    return found


class Client:
    """A learner who answers on a running host and waits until the XP shows."""

    def __init__(self, host: RunningHost) -> None:
        self.host, self.user = host, str(uuid4())
        self.token = host.token("learner", user=self.user)
        now = datetime.now(UTC)
        made = Account(
            tenant_id="demo", user_id=self.user, display_name="L", roles=("learner",),
            created_at=now, updated_at=now,
        )  # fmt: skip
        host.documents.commit(account.CONTAINER, made.partition, [Create(made.stored())])
        body = {"grade_level": "5", "career": "Pilot", "companion": "Pip"}
        begun = host.call("POST", "v1/journeys", token=self.token, json=body)
        self.session = begun.json()["session_id"]

    def one(self, number: int) -> tuple[float, float]:
        """Milliseconds until the attempt is accepted, and from then until its XP is there."""
        sent = {
            "attempt_id": str(uuid4()),
            "question_id": f"q{number}",
            "container": "LEARN",
            "subject": "Math",
            "skill_id": "fractions",
            "correct": True,
            "duration_ms": 4000,
        }
        path = f"v1/journeys/{self.session}/attempts"
        began = time.perf_counter()
        answered = self.host.call("POST", path, token=self.token, json={"attempts": [sent]})
        assert answered.status_code == 200, answered.text
        accepted = time.perf_counter()
        while True:
            profile = self.host.documents.get(CONTAINER, ("demo", self.user), PROFILE_ID)
            if profile is not None and profile.body["counts"]["answers"] > number:
                visible = time.perf_counter()
                return (accepted - began) * 1000, (visible - accepted) * 1000
            assert time.perf_counter() - accepted < WAIT_SECONDS
            time.sleep(0.001)


def until_visible(clients: int) -> tuple[list[float], list[float]]:
    """Times of every answer of so many learners at once; see :meth:`Client.one`."""
    with tempfile.TemporaryDirectory() as folder:
        host = RunningHost(Path(folder))
        host.make_tenant("demo")
        with host:
            people = [Client(host) for _ in range(clients)]
            barrier = threading.Barrier(clients)

            def go(client: Client) -> list[tuple[float, float]]:
                barrier.wait()
                return [client.one(number) for number in range(EACH)]

            with ThreadPoolExecutor(clients) as pool:
                times = [each for found in pool.map(go, people) for each in found]
            held = list(host.stored(CONTAINER, Equals("kind", "review")))
            assert held == []
            host.stop()
    return [accepted for accepted, _ in times], [visible for _, visible in times]


def _spread(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms"


def main() -> None:
    """Print what an award costs."""
    awards = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    flow, rows = awards_a_second(awards)
    bare = bare_transactions(rows)
    print(f"awards {flow:,.0f}/s; bare SQLite, same rows {bare:,.0f}/s; ratio {flow / bare:.2f}")
    for name, calls in operations_an_award().items():
        print(f"operations of an award, {name}: {dict(calls)}")
    for clients in (1, CLIENTS):
        accepted, visible = until_visible(clients)
        print(
            f"{clients} at once: attempt accepted {_spread(accepted)};"
            f" from then to visible XP {_spread(visible)}"
        )


if __name__ == "__main__":
    main()
