"""The host killed with signal 9 while learners earn XP: every question is counted once."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from shared import topology
from shared.bus.port import Message
from shared.documents.port import Create, Equals, Patch
from shared.models import account
from shared.models.account import Account
from tests.chaos.scale import FULL
from tests.running_host import ROOT, RunningHost

LEARNERS, CLIENTS, KILLS = (200 if FULL else 50), 16, 10
QUESTIONS_A_LESSON, ATTEMPTS_EACH = 6, 100
CONTAINERS = ("LEARN", "EXPERIENCE", "DISCOVER")
SUBJECTS = ("Math", "ELA", "Science", "Social Studies")
SPACED = timedelta(seconds=7)
"""Between two answers of a learner, so that no guard holds one."""
CATALOGUE = json.loads((ROOT / "shared/models/achievements.json").read_bytes())


@dataclass
class Plan:
    """A learner, and all that they are to send: 100 attempts, in shuffled portions."""

    user: str
    session: str = ""
    token: str = ""
    tries: dict[tuple[str, str, str], list[bool]] = field(default_factory=dict)
    portions: list[list[dict[str, Any]]] = field(default_factory=list)

    def recount(self) -> tuple[int, int]:
        """What answers and lessons earn, and what perfect scores do, worked out from what was
        planned alone."""
        learning = bonus = 0
        for container in CONTAINERS:
            for subject in SUBJECTS:
                lesson = [
                    t for (c, s, _), t in self.tries.items() if (c, s) == (container, subject)
                ]
                for tries in lesson:
                    if tries[-1]:
                        learning += {1: 10, 2: 5}.get(len(tries), 0)
                learning += 20
                bonus += 50 * all(tries == [True] for tries in lesson)
        return learning, bonus


def planned(user: str, began: datetime, chance: random.Random) -> Plan:
    """A plan of exactly :data:`ATTEMPTS_EACH` attempts: each question until it is right, or not."""
    plan = Plan(user)
    places = [
        (container, subject, f"q{n}")
        for container in CONTAINERS
        for subject in SUBJECTS
        for n in range(QUESTIONS_A_LESSON)
    ]
    plan.tries = {place: [True] for place in places}
    perfect = {container: chance.choice(SUBJECTS) for container in CONTAINERS}
    imperfect = [place for place in places if place[1] != perfect[place[0]]]
    while sum(map(len, plan.tries.values())) < ATTEMPTS_EACH:
        tries = plan.tries[chance.choice(imperfect)]
        tries.insert(0, False)
    for place in chance.sample(imperfect, 6):
        plan.tries[place][-1] = False
    attempts: list[dict[str, Any]] = []
    for position, (place, tries) in enumerate(plan.tries.items()):
        for number, correct in enumerate(tries, start=1):
            attempts.append(
                {
                    "attempt_id": str(uuid4()),
                    "question_id": place[2],
                    "container": place[0],
                    "subject": place[1],
                    "skill_id": f"{place[1][:4]}.{position % 5}".replace(" ", "-"),
                    "correct": correct,
                    "attempt": number,
                    "duration_ms": chance.randint(1500, 9000),
                    "answered_at": (began + SPACED * len(attempts)).isoformat(),
                }
            )
    assert len(attempts) == ATTEMPTS_EACH
    chance.shuffle(attempts)
    while attempts:
        size = chance.randint(1, 20)
        plan.portions.append(attempts[:size])
        attempts = attempts[size:]
    return plan


class Run:
    """All learners on one host that dies again and again."""

    def __init__(self, host: RunningHost, seed: int) -> None:
        self.host, self.answered = host, 0
        self._chance = random.Random(seed)
        now = datetime.now(UTC)
        # where it is about noon, so that all is of one day
        self._zone = f"Etc/GMT{now.hour - 12:+}"
        self._began = now - SPACED * (ATTEMPTS_EACH + 20)
        self.plans = [
            planned(str(uuid4()), self._began, random.Random(f"{seed}-{n}"))
            for n in range(LEARNERS)
        ]
        self._sessions = threading.local()

    def post(self, plan: Plan, path: str, body: Any = None, **headers: str) -> Any:
        """Send until it is answered, whatever happens to the host."""
        if not hasattr(self._sessions, "http"):
            self._sessions.http = requests.Session()
        deadline = time.monotonic() + 180
        while True:
            assert time.monotonic() < deadline, path
            try:
                answer = self._sessions.http.post(
                    f"{self.host.url}/api/v1/{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {plan.token}", **headers},
                    timeout=30,
                )
            except requests.RequestException:
                time.sleep(0.05)
                continue
            if answer.status_code in {409, 500, 503}:
                if answer.status_code == 409 and "others keep changing" not in answer.text:
                    raise AssertionError(answer.text)
                time.sleep(0.05)
                continue
            assert answer.ok, answer.text
            self.answered += 1
            return answer.json()

    def begin(self, plan: Plan) -> None:
        """Give a learner an account and a journey that began a while ago."""
        plan.token = self.host.token("learner", user=plan.user)
        now = datetime.now(UTC)
        made = Account(
            tenant_id="demo", user_id=plan.user, display_name="L", roles=("learner",),
            time_zone=self._zone, created_at=now, updated_at=now,
        )  # fmt: skip
        self.host.documents.commit(account.CONTAINER, made.partition, [Create(made.stored())])
        body = {"grade_level": "5", "career": "Pilot", "companion": "Pip"}
        begun = self.post(plan, "journeys", body, **{"Idempotency-Key": plan.user})
        plan.session = begun["session_id"]
        self.host.documents.commit(
            "journeys",
            ("demo", plan.user),
            [Patch(plan.session, set={"started_at": self._began.isoformat()})],
        )

    def sendings(self) -> list[tuple[Plan, list[dict[str, Any]]]]:
        """Every portion of every learner, one in five twice, in an order by lot."""
        found = [(plan, portion) for plan in self.plans for portion in plan.portions]
        found += self._chance.sample(found, len(found) // 5)
        self._chance.shuffle(found)
        return found

    def send(self, sending: tuple[Plan, list[dict[str, Any]]]) -> None:
        plan, portion = sending
        self.post(plan, f"journeys/{plan.session}/attempts", {"attempts": portion})

    def complete(self, plan: Plan) -> None:
        for container in CONTAINERS:
            self.post(plan, f"journeys/{plan.session}/containers/{container}/complete")
        self.post(plan, f"journeys/{plan.session}/complete")


class Eavesdropper(threading.Thread):
    """Notes down messages that wait for the game, to deliver them once more at the end."""

    def __init__(self, host: RunningHost) -> None:
        super().__init__(daemon=True)
        self._path = host.home / "bus.db"
        self._over = threading.Event()
        self.bodies: set[bytes] = set()

    def run(self) -> None:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        while not self._over.wait(0.02):
            rows = connection.execute(
                "SELECT body FROM messages WHERE entity = 'journeys/xp_award' LIMIT 50"
            )
            self.bodies |= {bytes(body) for (body,) in rows}
        connection.close()

    def stop(self) -> None:
        self._over.set()
        self.join()


def test_ten_kills_count_every_question_once(tmp_path: Path) -> None:
    """5,000 attempts by 16 clients (20,000 with CHAOS=full), one in five sent twice, all shuffled,
    ten kills, and messages delivered again out of order: balance, ledger and recount are one."""
    host = RunningHost(tmp_path)
    host.make_tenant("demo")
    with host:
        run = Run(host, seed=5)
        ear = Eavesdropper(host)
        ear.start()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(run.begin, run.plans))
            sendings = run.sendings()
            run.answered = 0
            done = threading.Event()

            def kill_now_and_then() -> int:
                kills = 0
                while kills < KILLS and not done.wait(0.01):
                    if run.answered >= len(sendings) * (kills + 1) / (KILLS + 1):
                        host.kill()
                        host.start()
                        kills += 1
                return kills

            killing = ThreadPoolExecutor(1).submit(kill_now_and_then)
            list(pool.map(run.send, sendings))
            done.set()
            assert killing.result() == KILLS
            list(pool.map(run.complete, run.plans))
        ear.stop()
        _deliver_again(host, ear.bodies)
        host.wait_for(lambda: _quiet(host), "the last message to be handled", 240)
        _check(host, run.plans)
        for entity in topology.load().receivers:
            assert host.bus.dead_letters(entity) == ()


def _deliver_again(host: RunningHost, bodies: set[bytes]) -> None:
    """Messages that were delivered before, in an order by lot, and past duplicate detection."""
    assert bodies
    order = sorted(bodies)
    random.Random(1).shuffle(order)
    for body in order[:500]:
        event = json.loads(body)
        host.bus.publish(
            [
                Message(
                    "journeys",
                    f"again-{event['id']}",
                    body,
                    event["type"],
                    session_id=event["partitionkey"],
                )
            ]
        )


def _quiet(host: RunningHost) -> bool:
    if sum(host.bus.count(entity) for entity in topology.load().receivers):
        return False
    containers = ("journeys", "game", "statements")
    return not any(list(host.stored(name, Equals("kind", "outbox"))) for name in containers)


def _check(host: RunningHost, plans: list[Plan]) -> None:
    attempts = Counter(
        body["user_id"] for body in host.stored("journeys", Equals("kind", "attempt"))
    )
    entries: dict[str, list[dict[str, Any]]] = {plan.user: [] for plan in plans}
    for body in host.stored("game", Equals("kind", "entry")):
        entries[body["user_id"]].append(body)
    profiles = {body["user_id"]: body for body in host.stored("game", Equals("kind", "profile"))}
    assert list(host.stored("game", Equals("kind", "review"))) == []
    assert sum(attempts.values()) == LEARNERS * ATTEMPTS_EACH
    achievements = {each["key"]: each["xp"] for each in CATALOGUE}
    for plan in plans:
        ledger = sorted(entries[plan.user], key=lambda entry: entry["sequence"])
        profile = profiles[plan.user]
        assert [entry["sequence"] for entry in ledger] == list(range(1, len(ledger) + 1))
        assert len({entry["deed"] for entry in ledger}) == len(ledger)
        by_category: Counter[str] = Counter()
        for entry in ledger:
            by_category[entry["category"]] += entry["amount"]
        learning, bonus = plan.recount()
        assert bonus >= 150
        awarded = [each["key"] for each in profile["achievements"]]
        assert len(set(awarded)) == len(awarded)
        expected = {
            "learning": learning,
            "bonus": bonus,
            "achievement": sum(achievements[key] for key in awarded),
        }
        assert dict(by_category) == {name: xp for name, xp in expected.items() if xp}
        total = sum(expected.values())
        assert profile["balance"] == profile["lifetime_xp"] == total == ledger[-1]["balance"]
        assert profile["counts"]["answers"] == ATTEMPTS_EACH
        assert {"answers_100", "container_1", "journey_1", "lesson_1"} <= set(awarded)
