"""What an operator does over HTTP about messages that could not be handled."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from shared.bus.port import Message
from shared.models.tenant import PLATFORM
from tests.running_host import RunningHost

ENTITY = "journey_summary"


@pytest.fixture
def operator(host: RunningHost) -> str:
    """A token of an operator, before whom no dead letters lie."""
    for entity in (ENTITY, "intake_parse"):
        host.bus.discard(entity, [each.sequence_number for each in host.bus.dead_letters(entity)])
    return host.token("operator", tenant=PLATFORM, user="olga")


def broken(host: RunningHost, entity: str = ENTITY, count: int = 1) -> list[int]:
    """Send messages that nobody can read; returns their numbers once they are dead letters."""
    before = {each.sequence_number for each in host.bus.dead_letters(entity)}
    host.bus.publish(
        [Message(entity, str(uuid4()), b"no event", "waymark.test.v1") for _ in range(count)]
    )

    def new() -> list[int]:
        letters = host.bus.dead_letters(entity)
        numbers = [each.sequence_number for each in letters if each.sequence_number not in before]
        return numbers if len(numbers) == count else []

    return host.wait_for(new, "the messages to become dead letters")


def post(host: RunningHost, path: str, token: str, body: dict[str, Any]) -> Any:
    """The JSON of a successful write."""
    answer = host.call("POST", path, token=token, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_they_are_counted_listed_and_read(host: RunningHost, operator: str) -> None:
    """An operator finds a message that nobody could read, and why, through three routes."""
    (number,) = broken(host)
    (other,) = broken(host, "intake_parse")
    counts = host.get("v1/dead-letter-counts", token=operator)["items"]
    assert {each["entity"]: each["count"] for each in counts} == {ENTITY: 1, "intake_parse": 1}
    page = host.get("v1/dead-letters", token=operator, limit="1")
    assert [each["sequence_number"] for each in page["items"]] == [other]
    rest = host.get("v1/dead-letters", token=operator, limit="1", continuation=page["continuation"])
    assert [each["sequence_number"] for each in rest["items"]] == [number]
    assert rest["continuation"] is None
    read = host.get(f"v1/dead-letters/{number}", token=operator, entity=ENTITY)
    assert (read["body"], read["event"], read["delivery_count"]) == ("no event", None, 10)
    assert "not a CloudEvent" in read["description"]


def test_one_that_is_sent_again_is_tried_again(host: RunningHost, operator: str) -> None:
    """A message that is sent back and fails again is a dead letter with another number."""
    (number,) = broken(host)
    body = {"entity": ENTITY, "sequence_numbers": [number]}
    assert post(host, "v1/dead-letters/redrive", operator, body) == {"asked": 1, "found": 1}

    def again() -> bool:
        letters = [each.sequence_number for each in host.bus.dead_letters(ENTITY)]
        return bool(letters) and letters != [number]

    host.wait_for(again, "the message to fail again")
    assert post(host, "v1/dead-letters/redrive", operator, body) == {"asked": 1, "found": 0}


def test_all_of_them_are_dropped_and_noted(host: RunningHost, operator: str) -> None:
    """Dropping all takes each one, and the operators' audit log says how many of what."""
    numbers = broken(host, count=3)
    body = {"entity": ENTITY, "all": True, "event_type": "waymark.nothing.v1"}
    assert post(host, "v1/dead-letters/drop", operator, body) == {"asked": 0, "found": 0}
    body = {"entity": ENTITY, "all": True}
    assert post(host, "v1/dead-letters/drop", operator, body) == {"asked": 3, "found": 3}
    assert host.get("v1/dead-letter-counts", token=operator)["items"] == []
    entries = host.all_of("v1/audit", token=operator)
    assert ("dead_letters.drop", f"journey_summary: {', '.join(map(str, numbers))}") in {
        (each["action"], each["reason"]) for each in entries
    }


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"entity": ENTITY}, 400, "give sequence_numbers, or all"),
        ({"entity": ENTITY, "all": True, "sequence_numbers": [1]}, 400, "or all"),
        ({"entity": ENTITY, "sequence_numbers": [1], "event_type": "x"}, 400, "goes with all"),
        ({"entity": ENTITY, "sequence_numbers": [2**63]}, 400, "less than or equal"),
        ({"entity": "nowhere", "all": True}, 404, "neither a queue nor a subscription"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(
    host: RunningHost, operator: str, body: dict[str, Any], status: int, told: str
) -> None:
    """A request that names nothing that could be dropped is refused, and nothing is dropped."""
    answer = host.call("POST", "v1/dead-letters/drop", token=operator, json=body)
    assert answer.status_code == status
    assert told in answer.text


@pytest.mark.parametrize("number", ["0", str(2**70), "9" * 4400, "1.5"])
def test_a_number_that_is_nobodys_is_missing(host: RunningHost, operator: str, number: str) -> None:
    """A number that no message can have is not there."""
    answer = host.call(
        "GET", f"v1/dead-letters/{number}", token=operator, params={"entity": ENTITY}
    )
    assert answer.status_code == 404
    answer = host.call(
        "GET", "v1/dead-letters", token=operator, params={"continuation": f"{ENTITY}@x"}
    )
    assert answer.status_code == 400
