"""The host killed with signal 9 while learners answer: no answer lost, no second counted twice."""

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
from shared.documents.port import Create, Equals
from shared.models import account
from shared.models.account import Account
from shared.models.question_bank import MODULES
from tests.flows.profiling import BANK, offers
from tests.running_host import RunningHost

LEARNERS = 3
KILLS = 4
CALLS = LEARNERS * (len(MODULES) * 6 + 2)
"""What all of them send: the start, three answers and three reports a module, the end."""
SECONDS_A_REPORT = 2
ENHANCED = "v1/profiling/enhanced/session"


class Stubborn:
    """A client that sends each call with a key of its own until it is answered."""

    def __init__(self, host: RunningHost) -> None:
        self.host, self.user, self.answered = host, str(uuid4()), 0
        self.token = host.token("learner", user=self.user)
        now = datetime.now(UTC)
        made = Account(
            tenant_id="demo", user_id=self.user, display_name="L", roles=("learner",),
            created_at=now, updated_at=now,
        )  # fmt: skip
        host.documents.commit(account.CONTAINER, made.partition, [Create(made.stored())])

    def post(self, path: str, body: Any = None) -> Any:
        key = {"Idempotency-Key": str(uuid4())}
        deadline = time.monotonic() + 120
        while True:
            try:
                answer = self.host.call("POST", path, token=self.token, json=body, headers=key)
            except requests.RequestException:
                assert time.monotonic() < deadline, path
                time.sleep(0.1)
                continue
            if answer.status_code in {500, 503}:  # the host was going down
                assert time.monotonic() < deadline, answer.text
                time.sleep(0.1)
                continue
            assert answer.ok, answer.text
            self.answered += 1
            return answer.json()

    def go_through(self) -> str:
        """Answer everything, each module in thirds, with a report of time after each third."""
        session_id = str(self.post(ENHANCED, {})["session_id"])
        for module in MODULES:
            sent = [vars(each) for each in offers(module)]
            for part in (sent[0::3], sent[1::3], sent[2::3]):
                self.post(f"{ENHANCED}/{session_id}/answers", {"answers": part})
                report = {
                    "session_token": session_id,
                    "module_name": module,
                    "time_spent_seconds": SECONDS_A_REPORT,
                }
                self.post("v1/profiler/update-progress", report)
        self.post(f"{ENHANCED}/{session_id}/complete")
        return session_id


def test_four_kills_lose_no_answer_and_count_no_second_twice(tmp_path: Path) -> None:
    """Three learners answer while the host is killed four times; each ends with one result."""
    host = RunningHost(tmp_path)
    host.make_tenant("demo")
    with host:
        learners = [Stubborn(host) for _ in range(LEARNERS)]
        done = threading.Event()

        def kill_now_and_then() -> int:
            kills = 0
            while kills < KILLS and not done.wait(0.01):
                # by how far they are: however fast the machine, no kill comes too late
                if sum(each.answered for each in learners) < CALLS * (kills + 1) / (KILLS + 1):
                    continue
                host.kill()
                host.start()
                kills += 1
            return kills

        with ThreadPoolExecutor(LEARNERS + 1) as pool:
            killing = pool.submit(kill_now_and_then)
            sessions = [each.result() for each in [pool.submit(x.go_through) for x in learners]]
            done.set()
            assert killing.result() == KILLS
        host.wait_for(lambda: _quiet(host), "the last message to be handled")
        stored = list(host.stored("profiling"))
        for learner, session_id in zip(learners, sessions, strict=True):
            _check(host, stored, learner.user, session_id)
        (counted,) = host.stored("item_statistics", Equals("kind", "item_statistics"))
        assert counted["sessions"] + counted["left_out"] == LEARNERS
        for entity in topology.load().receivers:
            assert host.bus.dead_letters(entity) == ()


def _quiet(host: RunningHost) -> bool:
    waiting = sum(host.bus.count(entity) for entity in topology.load().receivers)
    return waiting == 0 and not list(host.stored("profiling", Equals("kind", "outbox")))


def _check(host: RunningHost, stored: list[dict[str, Any]], user: str, session_id: str) -> None:
    own = [body for body in stored if body["user_id"] == user]
    (session,) = (body for body in own if body["kind"] == "session")
    assert (session["session_id"], session["status"]) == (session_id, "locked")
    assert set(session["answers"]) == {question.id for question in BANK.questions}
    assert session["answered"] == len(BANK.questions)
    passed = SECONDS_A_REPORT * 3
    assert session["module_seconds"] == dict.fromkeys(MODULES, passed)
    for kind in ("result", "telemetry", "learner"):
        assert sum(body["kind"] == kind for body in own) == 1
    found = host.documents.get(account.CONTAINER, ("demo", user), account.ACCOUNT_ID)
    assert found is not None
    assert found.body["profiling_session_id"] == session_id
    assert found.body["track_key"] == "defender"
