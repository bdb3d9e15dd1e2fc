"""``python -m local dead-letters`` as an operator uses it, on the stores of a home."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from local.host import settings_of
from shared import topology
from shared.bus.port import Message
from shared.bus.sqlite import SqliteBus
from shared.documents.sqlite import SqliteDocuments
from shared.models.audit import CONTAINER
from shared.models.tenant import PLATFORM

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "tests" / "events"
QUEUE = "intake_parse"


class Home:
    """A home with a bus that holds dead letters."""

    def __init__(self, path: Path) -> None:
        self.path = path
        settings_of(path, 0, {})
        self.bus = SqliteBus(path / "bus.db", topology.load(), time.time)
        self.documents = SqliteDocuments(path / "documents.db", topology.load(), time.time)

    def bury(self, body: bytes, *, queue: str = QUEUE, subject: str = "waymark.test.v1") -> None:
        """Have a message end as a dead letter."""
        self.bus.publish([Message(queue, str(uuid4()), body, subject)])
        delivery = self.bus.receive(queue)[0]
        self.bus.dead_letter(delivery, "NotHandled", "KeyError on event 1")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "local", "--home", str(self.path), "dead-letters", *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
        )

    def numbers(self, queue: str = QUEUE) -> list[int]:
        """The numbers of a queue's dead letters."""
        return [each.sequence_number for each in self.bus.dead_letters(queue)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.bus.close()
    home.documents.close()


def test_they_are_counted_by_entity_and_type(home: Home) -> None:
    """Without an entity, a list says how many lie where and what they carry."""
    assert home.run("list").stdout == "No dead letters.\n"
    home.bury(b"{}")
    home.bury(b"{}", subject="waymark.other.v1")
    home.bury(b"{}", subject="waymark.other.v1")
    told = home.run("list").stdout
    assert told.startswith("intake_parse: 3, the oldest of ")
    assert "     2  waymark.other.v1\n       1  waymark.test.v1" in told


def test_one_is_shown_with_its_event_and_why(home: Home) -> None:
    """What is shown of a dead letter is the whole event, and what was raised."""
    sample = next(iter(sorted(EVENTS.glob("*.json"))))
    home.bury(sample.read_bytes())
    (number,) = home.numbers()
    assert str(number) in home.run("list", QUEUE).stdout
    shown = json.loads(home.run("show", QUEUE, str(number)).stdout)
    assert shown["description"] == "KeyError on event 1"
    assert shown["event"]["type"] == json.loads(sample.read_bytes())["type"]


def test_what_is_no_event_is_shown_as_it_is(home: Home) -> None:
    """A message that is no event of ours is shown by its bytes."""
    home.bury(b"\xffnot json")
    shown = json.loads(home.run("show", QUEUE, str(home.numbers()[0])).stdout)
    assert shown["event"] is None
    assert shown["body"] == "�not json"


def test_one_is_sent_again_and_the_others_stay(home: Home) -> None:
    """A redriven message waits at its queue again; an operator's act is in the audit log."""
    for _ in range(3):
        home.bury(b"{}")
    first, second, third = home.numbers()
    done = home.run("redrive", QUEUE, str(second))
    assert (done.returncode, done.stdout) == (0, "1 sent again\n")
    assert home.numbers() == [first, third]
    assert home.bus.count(QUEUE) == 1
    entries = home.documents.query(CONTAINER, (PLATFORM,)).items
    assert [(each.body["action"], each.body["reason"]) for each in entries] == [
        ("dead_letters.redrive", f"intake_parse: {second}")
    ]


def test_all_of_a_type_are_dropped(home: Home) -> None:
    """``--all --type`` takes every one of that type, more than a page of them, and no other."""
    for _ in range(120):
        home.bury(b"{}")
    home.bury(b"{}", subject="waymark.other.v1")
    done = home.run("drop", QUEUE, "--all", "--type", "waymark.test.v1")
    assert (done.returncode, done.stdout) == (0, "120 dropped\n")
    (left,) = home.bus.dead_letters(QUEUE)
    assert left.subject == "waymark.other.v1"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("redrive", QUEUE), 2, "give numbers, or --all"),
        (("drop", QUEUE, "1", "--all"), 2, "give numbers, or --all"),
        (("drop", QUEUE, "1", "--type", "x"), 2, "give numbers, or --all"),
        (("drop", QUEUE, "77"), 1, "1 were not there"),
        (("redrive", "nowhere", "1"), 2, "neither a queue nor a subscription"),
        (("show", QUEUE, "77"), 2, "has no dead letter 77"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    home: Home, words: tuple[str, ...], status: int, told: str
) -> None:
    """A call that cannot be done says why, and exits as such."""
    done = home.run(*words)
    assert done.returncode == status
    assert told in done.stderr


def test_an_old_letter_of_a_subscription_is_asked_for_twice(home: Home) -> None:
    """What other subscriptions may do again, for want of receipts, is sent back only by wish."""
    entity = "intake/candidates"
    old = SqliteBus(home.path / "bus.db", topology.load(), lambda: time.time() - 31 * 86400)
    old.publish([Message("intake", str(uuid4()), b"{}", "waymark.intake.ended.v1")])
    old.dead_letter(old.receive(entity)[0], "NotHandled", "KeyError on event 1")
    old.close()
    (number,) = home.numbers(entity)
    refused = home.run("redrive", entity, str(number))
    assert refused.returncode == 2
    assert "older than 30 days" in refused.stderr
    assert home.numbers(entity) == [number]
    assert home.run("redrive", entity, str(number), "--even-old").stdout == "1 sent again\n"


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistyped home is an error, and not a new, empty one."""
    wrong = tmp_path / "nowhere"
    done = subprocess.run(
        [sys.executable, "-m", "local", "--home", str(wrong), "dead-letters", "list"],
        capture_output=True, text=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no home" in done.stderr
    assert not wrong.exists()
