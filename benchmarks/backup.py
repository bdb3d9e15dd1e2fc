"""Backing up and restoring, with zstd alone on the same bytes beside it.

    python -m benchmarks.backup [DOCUMENTS]

DOCUMENTS (default 1,000,000) lie in the embedded store: ledgers, answers, statements, profiles,
notifications, candidates with vectors, of three tenants, in a partition a learner. A process of
its own backs them up, another restores them into an empty store; seconds and peak memory are
those of the work alone. Then both stores are read side by side, document by document. Plain zstd
compresses and decompresses the very lines of the backup, from one file to another.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.nightly_backup.rules.lines import digest_of
from functions.nightly_backup.service import backing_up, catalogue, parts, restoring
from functions.nightly_backup.service.means import Means
from shared import runtime, topology
from shared.blobs.files import FileBlobs
from shared.bus.sqlite import SqliteBus
from shared.documents.port import Json
from shared.documents.sqlite import SqliteDocuments
from shared.models.audit import sortable
from shared.pseudonyms import Pseudonyms

TENANTS = ("north", "south", "west")
NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
DOCUMENTS_A_LEARNER = 20
WORDS = ("network", "packet", "cipher", "logs", "alert", "threat", "patch", "audit", "key", "cloud")


class Home:
    """The embedded stores of a folder, on a clock that runs from NOW."""

    def __init__(self, home: Path, blobs: Path) -> None:
        began = time.time()

        def seconds() -> float:
            return NOW.timestamp() + time.time() - began

        self.documents = SqliteDocuments(home / "documents.db", topology.load(), seconds)
        self.blobs = FileBlobs(blobs, link_base="http://127.0.0.1", link_key=b"k" * 32)
        self.bus = SqliteBus(home / "bus.db", topology.load(), seconds)
        self.means = Means(
            self,
            Pseudonyms(b"the key of the benchmark"),
            lambda: datetime.fromtimestamp(seconds(), UTC),
            "0",
            runtime.scratch_documents,
        )

    def close(self) -> None:
        self.documents.close()
        self.bus.close()


@contextmanager
def opened(home: Path, blobs: Path) -> Iterator[Home]:
    """The stores of a folder, and of another one for files."""
    made = Home(home, blobs)
    try:
        yield made
    finally:
        made.close()


def documents(count: int) -> Iterator[tuple[str, Json]]:
    """Documents with their containers: of each learner an account, a profile, a ledger, answers,
    statements and notifications; a candidate for every twentieth."""
    chance = random.Random(23)
    made = 0
    while made < count:
        for name, body in _of_learner(chance):
            yield name, body
            made += 1
            if made == count:
                return


def _of_learner(chance: random.Random) -> Iterator[tuple[str, Json]]:
    tenant = chance.choice(TENANTS)
    user = str(UUID(int=chance.getrandbits(128), version=4))
    own = {"schema_version": 1, "tenant_id": tenant, "user_id": user}
    at = NOW - timedelta(minutes=chance.randint(1, 500_000))
    yield "accounts", {
        **own, "id": "account", "kind": "account", "email": f"{user[:8]}@example.org",
        "display_name": f"Learner {user[:4]}", "roles": ["learner"], "status": "active",
        "birth_year": chance.randint(2006, 2014), "time_zone": "Europe/Berlin", "language": "en",
        "created_at": at.isoformat(), "updated_at": at.isoformat(),
    }  # fmt: skip
    yield "game", {
        **own, "id": "profile", "kind": "profile", "balance": chance.randint(0, 5000),
        "lifetime_xp": chance.randint(0, 9000), "sequence": 9, "grade_level": "7",
        "counts": {"answers": chance.randint(0, 900), "correct": chance.randint(0, 700)},
        "streak": {"runs": [{"first": "2026-02-01", "last": "2026-02-28"}], "best": 28},
        "recent": {str(n): chance.randint(1, 50) for n in range(20)},
        "created_at": sortable(at), "updated_at": sortable(at),
    }  # fmt: skip
    for number in range(DOCUMENTS_A_LEARNER - 6):
        moment = at + timedelta(minutes=number)
        identity = str(UUID(int=chance.getrandbits(128), version=4))
        words = " ".join(chance.choices(WORDS, k=12))
        if number % 3 == 0:
            yield "game", {
                **own, "id": f"entry:{identity}", "kind": "entry", "sequence": number,
                "amount": chance.choice((5, 10, 20, 50)), "category": "learning", "reason": words,
                "balance": chance.randint(0, 9000), "posted_at": sortable(moment),
            }  # fmt: skip
        elif number % 3 == 1:
            yield "journeys", {
                **own, "id": f"attempt:{identity}", "kind": "attempt", "journey_id": identity,
                "container": "LEARN", "subject": "Math", "skill": chance.choice(WORDS),
                "question_id": f"q-{chance.randint(1, 4000)}", "correct": chance.random() < 0.7,
                "seconds": chance.randint(3, 90), "hints": 0, "answered_at": sortable(moment),
            }  # fmt: skip
        else:
            yield "statements", {
                **own, "id": identity, "kind": "statement", "stored_at": sortable(moment),
                "activities": [f"https://learn.example.org/{chance.choice(WORDS)}"],
                "statement": {
                    "actor": {"account": {"name": identity[:20], "homePage": "https://x.org"}},
                    "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
                    "object": {"id": f"https://learn.example.org/q/{chance.randint(1, 4000)}"},
                    "result": {"success": True, "response": words},
                },
            }  # fmt: skip
    for number in range(3):
        identity = str(UUID(int=chance.getrandbits(128), version=4))
        yield "notifications", {
            "schema_version": 1, "tenant_id": tenant, "audience": f"user:{user}", "id": identity,
            "kind": "notification", "title": "Level 4", "text": "You reached level 4.",
            "level": "info", "created_at": sortable(at + timedelta(hours=number)),
        }  # fmt: skip
    if chance.random() < 0.05:
        identity = str(UUID(int=chance.getrandbits(128), version=5))
        yield "candidates", {
            "schema_version": 1, "tenant_id": tenant, "candidate_id": identity, "id": identity,
            "kind": "profile", "name": f"Candidate {identity[:4]}",
            "terms": sorted({*chance.choices(WORDS, k=8)}),
            "skill_keys": chance.choices(WORDS, k=3),
            "embedding": [round(chance.gauss(0, 0.05), 6) for _ in range(384)],
            "updated_at": sortable(at),
        }  # fmt: skip


def fill(home: Path, count: int) -> None:
    """Write the documents past the port, for a million commits take long."""
    with opened(home, home / "blobs"):  # makes the tables
        pass
    declared = topology.load().containers
    connection = sqlite3.connect(home / "documents.db")
    waiting: dict[str, list[tuple[object, ...]]] = {}

    def write(name: str) -> None:
        connection.executemany(
            f'INSERT INTO "{name}" (tenant, partition, id, body, etag, expires_at)'
            " VALUES (?, ?, ?, ?, ?, ?)",
            waiting.pop(name),
        )

    for number, (name, body) in enumerate(documents(count)):
        partition = [body[key] for key in declared[name].partition_key]
        default = declared[name].default_ttl_seconds
        expires = None if default in {None, -1} else NOW.timestamp() + (default or 0)
        text = json.dumps(body, separators=(",", ":"))
        row = (partition[0], json.dumps(partition), body["id"], text, str(number), expires)
        waiting.setdefault(name, []).append(row)
        if len(waiting[name]) == 10_000:
            write(name)
    for name in list(waiting):
        write(name)
    connection.commit()
    connection.close()


def back_up(home: Path) -> dict[str, Any]:
    """Back up in this process."""
    with opened(home, home / "blobs") as stores:
        backing_up.begin(stores.means, "measured", announces=False)
        job = backing_up.carry_out(stores.means, "measured")
        assert job.state == "done", job.failure
        manifest = catalogue.read(stores, "measured")
    return {"parts": sum(len(each.parts) for each in manifest.containers.values())}


def restore(home: Path, blobs: Path) -> dict[str, Any]:
    """Restore in this process."""
    with opened(home, blobs) as stores:
        manifest = catalogue.read(stores, "measured")
        restoring.begin(
            stores.means, "measured", manifest, only_tenant=None, mode="empty", announces=False
        )
        job = restoring.carry_out(stores.means, "measured")
        assert job.state == "done", job.failure
    return {"restored": sum(each.restored for each in job.counts.values())}


def write_lines(home: Path) -> int:
    """The lines of all parts, one after the other, in a file; returns its bytes."""
    with opened(home, home / "blobs") as stores, (home / "lines").open("wb") as out:
        for each in catalogue.read(stores, "measured").containers.values():
            for part in each.parts:
                with parts.fetched(stores, "measured", part) as file:
                    out.writelines(parts._decompressed(file))
        return out.tell()


def compress(home: Path) -> dict[str, Any]:
    """Plain zstd over the lines."""
    import zstandard

    with (home / "lines").open("rb") as source, (home / "lines.zst").open("wb") as target:
        _, written = zstandard.ZstdCompressor(level=parts.LEVEL).copy_stream(source, target)
    return {"bytes": written}


def decompress(home: Path) -> dict[str, Any]:
    """Plain zstd back again."""
    import zstandard

    with (home / "lines.zst").open("rb") as source, (home / "back").open("wb") as target:
        zstandard.ZstdDecompressor().copy_stream(source, target)
    (home / "back").unlink()
    return {}


def differences(one: Path, other: Path) -> tuple[int, int]:
    """How many documents both stores hold, and how many differ."""
    compared = different = 0
    with opened(one, one / "blobs") as left, opened(other, one / "blobs") as right:
        for name in topology.load().containers:
            if name in {"backups", "tombstones"}:
                continue
            for a, b in zip_longest(_scan(left, name), _scan(right, name)):
                compared += 1
                different += a is None or b is None or digest_of(a) != digest_of(b)
    return compared, different


def _scan(stores: Home, name: str) -> Iterator[Json]:
    continuation = None
    while True:
        page = stores.documents.scan(name, continuation=continuation)
        yield from (item.body for item in page.items)
        continuation = page.continuation
        if continuation is None:
            return


def measured(what: str, *folders: Path) -> dict[str, Any]:
    """Do something in a process of its own; seconds, peak memory in MB and what it tells."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.backup", f"--{what}", *map(str, folders)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _here(what: str, folders: list[Path]) -> None:
    began, worked = time.perf_counter(), time.process_time()
    told = {"back-up": back_up, "restore": restore, "compress": compress,
            "decompress": decompress}[what](*folders)  # type: ignore[operator]  # fmt: skip
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak} | told))


def measure(home: Path, count: int) -> None:
    """Fill, back up, restore, compare; print what it took."""
    began = time.perf_counter()
    fill(home, count)
    size = (home / "documents.db").stat().st_size
    seconds = time.perf_counter() - began
    print(f"{count:,} documents written in {seconds:.0f} s: {size / 2**20:,.0f} MB of SQLite")
    backed_up = measured("back-up", home)
    raw = write_lines(home)
    held = sum(f.stat().st_size for f in (home / "blobs/backups").rglob("*.zst"))
    plain = measured("compress", home)
    print(
        f"backup    {backed_up['seconds']:7.1f} s ({backed_up['processor']:.1f} s of processor)"
        f"  peak {backed_up['peak']:5.0f} MB  {count / backed_up['seconds']:,.0f} documents/s"
    )
    print(
        f"  {raw / 2**20:,.0f} MB of lines in {backed_up['parts']} parts of"
        f" {held / 2**20:,.1f} MB ({raw / held:.1f} : 1)"
    )
    print(
        f"zstd -{parts.LEVEL}   {plain['seconds']:7.1f} s ({plain['processor']:.1f} s of processor)"
        f"  {plain['bytes'] / 2**20:,.1f} MB; the backup takes"
        f" {backed_up['processor'] / plain['processor']:.1f} times its processor time"
        f" and {held / plain['bytes']:.3f} of its size"
    )
    restored = measured("restore", home / "anew", home / "blobs")
    back = measured("decompress", home)
    print(
        f"restore   {restored['seconds']:7.1f} s ({restored['processor']:.1f} s of processor)"
        f"  peak {restored['peak']:5.0f} MB  {count / restored['seconds']:,.0f} documents/s;"
        f" zstd -d {back['processor']:.1f} s, {restored['processor'] / back['processor']:.1f} times"
    )
    compared, different = differences(home, home / "anew")
    print(f"compared {compared:,} documents: {different:,} differ")


def main() -> None:
    """Measure, or do one part of it in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int, nargs="?", default=1_000_000)
    for what in ("back-up", "restore", "compress", "decompress"):
        parser.add_argument(f"--{what}", type=Path, nargs="+", help=argparse.SUPPRESS)
    arguments = vars(parser.parse_args())
    for what in ("back_up", "restore", "compress", "decompress"):
        if arguments[what]:
            _here(what.replace("_", "-"), arguments[what])
            return
    folder = Path(tempfile.mkdtemp(prefix="waymark-backup-"))
    try:
        measure(folder, arguments["documents"])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
