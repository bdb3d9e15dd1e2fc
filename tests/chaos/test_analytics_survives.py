"""The host killed with signal 9 while apps report and learners answer: all is counted once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from shared import topology
from shared.documents.port import Equals
from tests.journeys.travellers import Learner, Person
from tests.running_host import RunningHost

LEARNERS = 10
BATCHES, EVENTS = 6, 5
ANSWERS = 6
KILLS = 3
CALLS = LEARNERS * (BATCHES + ANSWERS)


class Walk:
    """A learner whose app sends each call until it is answered."""

    def __init__(self, host: RunningHost) -> None:
        self.learner = Learner(host)
        self.answered = 0

    def send(self, path: str, body: Any) -> None:
        deadline = time.monotonic() + 120
        while True:
            try:
                answer = self.learner.call("POST", path, body)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code < 500:
                assert answer.ok, answer.text
                self.answered += 1
                return
            assert time.monotonic() < deadline, path
            time.sleep(0.1)

    def go(self) -> None:
        """Report batches and answer questions, by turns."""
        for number in range(max(BATCHES, ANSWERS)):
            events = [
                {
                    "id": str(uuid4()),
                    "name": "content.left",
                    "time": datetime.now(UTC).isoformat(),
                    "content_type": "lesson",
                    "content_id": "ports",
                    "seconds": 60,
                }
                for _ in range(EVENTS)
            ]
            self.send("analytics/events", {"events": events})
            answer = self.learner.answer(f"q{number}")
            self.send(f"journeys/{self.learner.session}/attempts", {"attempts": [answer]})


def test_three_kills_lose_no_event_and_count_none_twice(tmp_path: Path) -> None:
    """Ten learners report and answer while the host is killed three times."""
    host = RunningHost(tmp_path)
    host.make_tenant("demo")
    with host:
        walks = [Walk(host) for _ in range(LEARNERS)]
        done = threading.Event()

        def kill_now_and_then() -> int:
            kills = 0
            while kills < KILLS and not done.wait(0.01):
                # by how far they are: however fast the machine, no kill comes too late
                if sum(each.answered for each in walks) < CALLS * (kills + 1) / (KILLS + 1):
                    continue
                host.kill()
                host.start()
                kills += 1
            return kills

        with ThreadPoolExecutor(LEARNERS + 1) as pool:
            killing = pool.submit(kill_now_and_then)
            for walking in [pool.submit(each.go) for each in walks]:
                walking.result()
            done.set()
            assert killing.result() == KILLS
        host.wait_for(lambda: _quiet(host), "the last message to be handled")
        admin = Person(host, "admin")
        (content,) = admin.get("analytics/content")["rows"]
        assert (content["people"], content["minutes"]) == (LEARNERS, LEARNERS * BATCHES * EVENTS)
        (career,) = admin.get("analytics/careers")["rows"]
        assert (career["learners"], career["journeys_started"]) == (LEARNERS, LEARNERS)
        assert (career["answers"], career["xp"]) == (LEARNERS * ANSWERS, LEARNERS * ANSWERS * 10)
        for entity in topology.load().receivers:
            assert host.bus.dead_letters(entity) == ()


def _quiet(host: RunningHost) -> bool:
    waiting = sum(host.bus.count(entity) for entity in topology.load().receivers)
    outboxes = ("journeys", "analytics_events")
    return waiting == 0 and not any(
        list(host.stored(name, Equals("kind", "outbox"))) for name in outboxes
    )
