"""Building and reading boards, with Redis sorted sets on the same data beside it.

    python -m benchmarks.leaderboard [LEARNERS]

LEARNERS (default 1,000,000) profiles of one tenant lie in the embedded store. A process of its
own builds all boards from them; its seconds and its peak memory are those of the build alone.
Then a rank, the hundred highest places and the neighbours are read through the service, and
where `redis-server` is installed (Debian: redis-server), from a sorted set of Redis by its client.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from functions.leaderboard_timer.rules.documents import CONTAINER, EVERYBODY, board_id_of
from functions.leaderboard_timer.service import building
from functions.leaderboard_timer.service.reading import Boards
from shared import topology
from shared.documents.sqlite import SqliteDocuments
from shared.models.game import CONTAINER as GAME
from shared.models.game import Awarded, GameProfile, Run, Streak
from shared.models.recent_xp import with_recent
from shared.models.tenant import Tenant
from tests.flows.stores import PSEUDONYMS, START, TENANT
from tests.running_host import free_port

READS = 2000
CAREERS = [f"career {n}" for n in range(40)]
GRADES = [str(n) for n in range(1, 13)]


def profiles(count: int) -> Iterator[GameProfile]:
    """Learners whose XP is spread as it is in use: many with little, few with much."""
    chance = random.Random(11)
    for _ in range(count):
        xp = 5 * int(chance.lognormvariate(4.5, 1.3)) + 5
        ago = timedelta(hours=chance.choice((1, 20, 60, 140, 500, 5000)))
        first = (START - timedelta(days=chance.randint(0, 30))).date()
        yield GameProfile(
            tenant_id=TENANT,
            user_id=str(UUID(int=chance.getrandbits(128), version=4)),
            balance=xp,
            lifetime_xp=xp,
            recent=with_recent({}, xp // 3, START - ago),
            scored_at=START - ago,
            streak=Streak(runs=(Run(first=first, last=START.date()),), last_at=START, best=9),
            achievements=tuple(
                Awarded(key=f"achievement_{k}", at=START) for k in range(chance.randint(0, 12))
            ),
            grade_level=chance.choice(GRADES),  # type: ignore[arg-type]
            career=chance.choice(CAREERS),
            created_at=START,
            updated_at=START,
        )


@contextmanager
def stored(home: Path) -> Iterator[Any]:
    """The documents in a folder, at the moment START."""
    documents = SqliteDocuments(home / "documents.db", topology.load(), START.timestamp)
    try:
        yield SimpleNamespace(documents=documents)
    finally:
        documents.close()


def fill(home: Path, count: int) -> list[tuple[str, int]]:
    """Write the profiles past the port, for a million commits take long; gives ids and XP."""
    with stored(home):  # makes the tables
        found: list[tuple[str, int]] = []
    connection = sqlite3.connect(home / "documents.db")

    def rows() -> Iterator[tuple[str, str, str, str, str]]:
        for number, profile in enumerate(profiles(count)):
            found.append((profile.user_id, profile.lifetime_xp))
            partition = json.dumps(profile.partition)
            yield TENANT, partition, profile.id, profile.model_dump_json(), str(number)

    connection.executemany(
        f'INSERT INTO "{GAME}" (tenant, partition, id, body, etag) VALUES (?, ?, ?, ?, ?)',
        rows(),
    )
    connection.commit()
    connection.close()
    return found


def build_here(home: Path) -> None:
    """Build in this process, and print seconds, peak memory in MB and learners."""
    tenant = Tenant(tenant_id=TENANT, name=TENANT)
    with stored(home) as stores:
        began = time.perf_counter()
        members = building.build(stores, PSEUDONYMS, tenant, now=START)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, peak, members]))


def spread(work: Callable[[int], object]) -> str:
    """Microseconds of a read, at the median and for the slowest hundredth."""
    times = []
    for number in range(READS):
        began = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - began) * 1e6)
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return f"p50 {cuts[49]:,.0f} µs, p99 {cuts[98]:,.0f} µs"


def read(stores: Any, users: list[str]) -> None:
    """Read through the service, as the routes do; names are those of nobody's account."""
    boards = Boards(stores, PSEUDONYMS)

    def board() -> Any:
        return boards.read(TENANT, EVERYBODY, "xp", "all_time", now=START)

    def member(number: int) -> Any:
        return boards.member(TENANT, users[number % len(users)], now=START)

    def rank(number: int) -> object:
        standing = boards.standing(board(), member(number))
        assert standing is not None
        return standing

    def around(number: int) -> object:
        found = boards.around(board(), member(number), size=5, now=START)
        assert found
        return found

    print(f"  my rank        {spread(rank)}")
    print(f"  top 100        {spread(lambda _: boards.top(board(), limit=100, now=START))}")
    print(f"  around me (11) {spread(around)}")
    key = board_id_of("xp", "all_time")
    whole = stores.documents.get(CONTAINER, (TENANT, EVERYBODY), key)
    print(f"  histogram of XP {len(whole.body['histogram']):,} characters")


@contextmanager
def redis_server(folder: Path) -> Iterator[Any]:
    """A client of a Redis of our own; None where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        print("Redis: not measured; install redis-server")
        yield None
        return
    import redis

    port = free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)
    try:
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield client
    finally:
        server.terminate()
        server.wait()


def beside_redis(folder: Path, scores: list[tuple[str, int]]) -> None:
    """The same reads from one sorted set: no names, one board of the many."""
    with redis_server(folder) as client:
        if client is None:
            return
        before = client.info("memory")["used_memory"]
        began = time.perf_counter()
        for start in range(0, len(scores), 10_000):
            client.zadd("xp", dict(scores[start : start + 10_000]))
        seconds = time.perf_counter() - began
        memory = (client.info("memory")["used_memory"] - before) / 2**20
        print(f"Redis, one board: filled in {seconds:.1f} s, {memory:.0f} MB")
        users = [user for user, _ in scores[:READS]]

        def around(number: int) -> object:
            rank = client.zrevrank("xp", users[number % len(users)])
            return client.zrevrange("xp", max(0, rank - 5), rank + 5, withscores=True)

        def rank(number: int) -> object:
            return client.zrevrank("xp", users[number % len(users)])

        print(f"  rank           {spread(rank)}")
        print(
            f"  top 100        {spread(lambda _: client.zrevrange('xp', 0, 99, withscores=True))}"
        )
        print(f"  around me (11) {spread(around)}")


def main() -> None:
    """Print what boards cost."""
    if sys.argv[1:2] == ["--build"]:
        build_here(Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        scores = fill(home, count)
        built = subprocess.run(
            [sys.executable, "-m", "benchmarks.leaderboard", "--build", folder],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        seconds, peak, members = json.loads(built.stdout.splitlines()[-1])
        print(f"{members:,} learners, all boards: {seconds:.1f} s, peak {peak:.0f} MB")
        print("Read through the service:")
        with stored(home) as stores:
            read(stores, [user for user, _ in scores[:READS]])
        beside_redis(home, scores)


if __name__ == "__main__":
    main()
