"""A process that archives is killed with signal 9 again and again: nothing is lost or doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from shared.documents.port import Equals
from shared.journey_records import BLOBS, all_attempts, lessons_of
from shared.models.journey import CONTAINER
from tests.flows.journeying import Journeyer
from tests.flows.stores import House

ROOT = Path(__file__).resolve().parents[3]
LEARNERS, MOST_KILLS = 16, 10


def seen(lena: Journeyer) -> tuple[list[str], list[str]]:
    """The lessons and attempts that a reader sees, as they are."""
    journey = lena.journey()
    return (
        [each.model_dump_json() for each in lessons_of(lena.house, journey)],
        [each.model_dump_json() for each in all_attempts(lena.house, journey)],
    )


def beside(lena: Journeyer) -> int:
    """How many lessons and attempts lie beside a journey."""
    return sum(
        len(
            lena.house.documents.query(
                CONTAINER, lena.partition, where=[Equals("kind", kind)], limit=1000
            ).items
        )
        for kind in ("lesson", "attempt")
    )


def started(home: Path, moment: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.retention_timer.archiving_process", str(home), moment],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # a buffer would hold back from communicate() what was said meanwhile
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    return process


def test_killed_at_random_points_every_journey_is_read_once(tmp_path: Path) -> None:
    """After each kill readers see every lesson and every attempt once; in the end all of them lie
    in the archive, and nothing beside."""
    house = House(tmp_path)
    learners = [Journeyer(house, f"learner {n}") for n in range(LEARNERS)]
    for each in learners:
        each.whole(right=2, wrong=1)
    before = [seen(each) for each in learners]
    assert all((len(lessons), len(attempts)) == (12, 36) for lessons, attempts in before)
    moment = (house.clock() + timedelta(days=366)).isoformat()
    chance, kills = random.Random(), 0
    seed = chance.randrange(10**9)
    chance.seed(seed)
    while kills < MOST_KILLS:
        process = started(tmp_path, moment)
        time.sleep(chance.uniform(0, 0.02 + 0.01 * kills))
        process.kill()
        out, _ = process.communicate(timeout=30)
        if b"done" in out:
            break
        kills += 1
        assert [seen(each) for each in learners] == before, f"seed {seed}, kill {kills}"
    assert kills >= 2, f"seed {seed}: it was done before it could be killed"
    process = started(tmp_path, moment)
    out, errors = process.communicate(timeout=120)
    assert b"done" in out, f"seed {seed}: {errors[-4000:].decode()}"
    assert [seen(each) for each in learners] == before, f"seed {seed}"
    assert [beside(each) for each in learners] == [0] * LEARNERS
    journeys = [each.journey() for each in learners]
    assert all(each.archive_due is None for each in journeys)
    held = {info.name for info in house.blobs.list(BLOBS)}
    assert {each.archive for each in journeys} <= held
    house.close()
