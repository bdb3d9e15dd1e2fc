"""xAPI statements: each deed stated once, read by filters, passed on to a record store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from functions.journey_tracking.service import statements
from functions.journey_tracking.service.lrs import RecordStore
from functions.journey_tracking.service.statements import CONTAINER, Wanted
from shared import messaging
from shared.documents.port import Create, Delete
from shared.errors import Invalid, Missing, Rejected, Throttled, Unavailable
from shared.events.envelope import Event
from shared.models.tombstone import CONTAINER as TOMBSTONES
from shared.models.tombstone import Tombstone
from tests.flows.journeying import Journeyer, offer
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house
from tests.peers.lrs import KEY, SECRET, RecordStorePeer, record_store

BASE = "https://learn.example.org"
FIRST_FIRST = Wanted(ascending=True)
VERBS = "http://adlnet.gov/expapi/verbs/"


@pytest.fixture
def lena(house: House) -> Journeyer:
    made = Journeyer(house)
    made.start()
    return made


@pytest.fixture
def peer() -> Iterator[RecordStorePeer]:
    with record_store() as made:
        yield made


def state(house: House, event: Event) -> messaging.Outcome:
    return statements.state(house, PSEUDONYMS, event, base=BASE, now=house.clock())


def state_all(lena: Journeyer) -> None:
    for event in lena.told():
        assert state(lena.house, event) == "done"


def listed(lena: Journeyer, wanted: Wanted = FIRST_FIRST) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    continuation = None
    while True:
        page, continuation = statements.listed(
            lena.house, lena.partition, wanted, limit=7, continuation=continuation
        )
        found += page
        if continuation is None:
            return found


def verbs(found: list[dict[str, Any]]) -> list[str]:
    return [each["verb"]["id"].removeprefix(VERBS) for each in found]


def erase(house: House) -> None:
    tombstone_id = PSEUDONYMS.of(TENANT, "user", "lena")
    made = Tombstone(
        tenant_id=TENANT, tombstone_id=tombstone_id, subject_kind="user", requested_at=START
    )
    house.documents.commit(TOMBSTONES, (TENANT, tombstone_id), [Create(made.stored())])


# stating


def test_a_whole_journey_is_stated(lena: Journeyer) -> None:
    """Each answer, each skill mastered, each lesson passed, each container and the journey."""
    for container in ("LEARN", "EXPERIENCE", "DISCOVER"):
        lena.container(container)
    lena.complete()
    state_all(lena)
    found = verbs(listed(lena))
    assert {verb: found.count(verb) for verb in sorted(set(found))} == {
        "answered": 36, "completed": 4, "mastered": 4, "passed": 12,
    }  # fmt: skip


def test_an_answer_as_a_statement(lena: Journeyer) -> None:
    """Whole, by the form of xAPI 1.0.3, and nothing of the person but a pseudonym."""
    lena.send(offer("q/1 ü", hints=2, at=START))
    state_all(lena)
    (statement,) = listed(lena)
    assert statement["actor"] == {
        "objectType": "Agent",
        "account": {"homePage": BASE, "name": PSEUDONYMS.of(TENANT, "user", "lena")},
    }
    assert statement["object"]["id"] == f"{BASE}/xapi/questions/q/1%20%C3%BC"
    result = statement["result"]
    assert (result["success"], result["completion"], result["duration"]) == (True, True, "PT4.00S")
    assert result["extensions"] == {
        f"{BASE}/xapi/extensions/attempt": 1,
        f"{BASE}/xapi/extensions/hints": 2,
    }
    assert statement["context"]["registration"] == lena.session
    around = statement["context"]["contextActivities"]
    assert [each["id"] for each in around["parent"]] == [
        f"{BASE}/xapi/lessons/LEARN/Math",
        f"{BASE}/xapi/skills/math.skill",
    ]
    assert [each["id"] for each in around["grouping"]] == [f"{BASE}/xapi/journeys/{lena.session}"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", statement["id"])
    assert "lena" not in json.dumps(statement)


def test_lessons_below_the_line_are_not_passed(lena: Journeyer) -> None:
    """Passed from 70 percent on; completed all the same."""
    lena.lesson("Math", right=2, wrong=1)
    lena.lesson("ELA", right=7, wrong=3)
    lena.lesson("Science")
    lena.lesson("Social Studies", right=0, wrong=1)
    lena.complete_container()
    state_all(lena)
    found = listed(lena)
    passed = [each for each in found if each["verb"]["id"] == f"{VERBS}passed"]
    assert [each["object"]["definition"]["name"]["en"] for each in passed] == [
        "LEARN/ELA", "LEARN/Science",
    ]  # fmt: skip
    assert passed[0]["result"]["score"] == {"scaled": 0.7, "raw": 7, "min": 0, "max": 10}
    assert verbs(found).count("completed") == 1


def test_an_event_is_stated_once(lena: Journeyer) -> None:
    """Whatever is delivered how often, and what another event stated is not stated again."""
    lena.send(offer())
    (event,) = lena.told()
    assert [state(lena.house, event) for _ in range(3)] == ["done", "repeated", "repeated"]
    again = event.model_copy(update={"id": "another delivery's id"})
    assert state(lena.house, again) == "done"
    assert len(listed(lena)) == 1
    assert len(lena.house.waiting("journey_tracking")) == 1


def test_nothing_is_stated_of_somebody_erased(lena: Journeyer) -> None:
    """A late event writes nothing."""
    lena.send(offer())
    (event,) = lena.told()
    erase(lena.house)
    assert state(lena.house, event) == "rejected"
    assert listed(lena) == []


def test_what_is_no_deed_is_refused(lena: Journeyer) -> None:
    """An event of another type does not pass for one."""
    lena.send(offer())
    (event,) = lena.told()
    with pytest.raises(Invalid):
        state(lena.house, event.model_copy(update={"type": "waymark.person.registered.v1"}))


# reading


def test_statements_are_read_by_filters(lena: Journeyer) -> None:
    """By verb, activity, what that is part of, journey and time (since exclusive)."""
    lena.send(offer("q1"), offer("q2", subject="ELA"))
    state_all(lena)
    lena.later(minutes=10)
    lena.send(offer("q3"))
    state_all(lena)

    def names(**wanted: Any) -> list[str]:
        found = listed(lena, Wanted(ascending=True, **wanted))
        return sorted(each["object"]["definition"]["name"]["en"] for each in found)

    assert names() == ["q1", "q2", "q3"]
    assert names(activity=f"{BASE}/xapi/questions/q2") == ["q2"]
    assert names(activity=f"{BASE}/xapi/lessons/LEARN/Math") == ["q1", "q3"]
    assert names(registration=lena.session) == ["q1", "q2", "q3"]
    assert names(registration="other") == names(verb=f"{VERBS}passed") == []
    assert names(since=START) == ["q3"]
    assert names(until=START) == ["q1", "q2"]
    assert names(since=START, until=START + timedelta(minutes=9)) == []
    latest = listed(lena, Wanted())
    assert latest[0]["object"]["definition"]["name"]["en"] == "q3"


@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_the_ends_of_the_calendar_are_moments_too(lena: Journeyer, hours: int) -> None:
    """Before and after everything, in whatever zone."""
    lena.send(offer())
    state_all(lena)
    zone = timezone(timedelta(hours=hours))
    first, last = datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)
    assert len(listed(lena, Wanted(since=first, until=last))) == 1
    assert listed(lena, Wanted(since=last)) == listed(lena, Wanted(until=first)) == []


def test_one_statement_is_read_by_its_id(lena: Journeyer) -> None:
    """As it stands in the list; an id of nothing, or of what is no statement, is not there."""
    lena.send(offer("q1"), offer("q2"))
    (event,) = lena.told()
    state(lena.house, event)
    for each in listed(lena):
        assert statements.read(lena.house, lena.partition, each["id"]) == each
    for other in ("no such id", f"receipt:journey_statements:{event.id}"):
        with pytest.raises(Missing):
            statements.read(lena.house, lena.partition, other)


def test_statements_of_others_are_not_there(lena: Journeyer) -> None:
    """Of another learner or another tenant."""
    lena.send(offer())
    state_all(lena)
    (own,) = listed(lena)
    for other in (Journeyer(lena.house, "max"), Journeyer(lena.house, "lena", tenant=RIVAL)):
        assert listed(other) == []
        with pytest.raises(Missing):
            statements.read(lena.house, other.partition, own["id"])


# passing on


def forward(lena: Journeyer, event: Event, peer: RecordStorePeer, secret: str = SECRET) -> str:
    to = RecordStore(peer.endpoint, KEY, secret)
    return statements.forward(lena.house, PSEUDONYMS, event, to, now=lena.now)


@pytest.fixture
def stored(lena: Journeyer) -> Event:
    """The event of three statements."""
    lena.send(offer("q1"), offer("q2"), offer("q3", correct=False))
    state_all(lena)
    (event,) = lena.house.waiting("journey_tracking")
    return event


def test_statements_are_passed_on_once(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """As they are kept here, in one request; a repeated message sends nothing."""
    assert forward(lena, stored, peer) == "done"
    assert forward(lena, stored, peer) == "repeated"
    assert peer.statements == {each["id"]: each for each in listed(lena)}
    assert peer.requests == 1


def test_an_answer_that_was_lost_is_no_double(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """Sent again, the store has each once."""
    peer.loses_answer = True
    with pytest.raises(Unavailable):
        forward(lena, stored, peer)
    assert forward(lena, stored, peer) == "done"
    assert len(peer.statements) == 3


def test_a_statement_that_the_store_has_does_not_hold_up_the_others(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """One of another content under its id is a conflict: the rest is sent one by one."""
    first = listed(lena)[0]
    peer.statements[first["id"]] = first | {"timestamp": "2020-01-01T00:00:00Z"}
    assert forward(lena, stored, peer) == "done"
    assert len(peer.statements) == 3


@pytest.mark.parametrize("status", [500, 503, 401, 0])
def test_a_store_that_fails_is_tried_again(
    lena: Journeyer, stored: Event, peer: RecordStorePeer, status: int
) -> None:
    """Away, broken, or with another password for now: nothing is lost."""
    peer.failures = [(status, {})] * 2
    for _ in range(2):
        with pytest.raises(Unavailable):
            forward(lena, stored, peer)
    assert forward(lena, stored, peer) == "done"
    assert len(peer.statements) == 3


def test_a_store_that_asks_to_wait_is_heard(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """In seconds, an hour at most; anything else is read as half a minute."""
    asked = {
        "17": 17, "Wed, 21 Oct 2026": 30, "inf": 30, "nan": 30, "-5": 30, "86400": 3600,
        "9" * 400: 3600,
    }  # fmt: skip
    peer.failures = [(429, {"Retry-After": each}) for each in asked]
    for seconds in asked.values():
        with pytest.raises(Throttled) as raised:
            forward(lena, stored, peer)
        assert raised.value.retry_after == seconds


def test_what_the_store_refuses_is_recorded(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """And not tried for ever; a redirect is not followed, for it would take the password along."""
    for status, headers in ((400, {}), (302, {"Location": "http://127.0.0.1:1/"})):
        peer.failures = [(status, headers)]
        with pytest.raises(Rejected, match=str(status)):
            RecordStore(peer.endpoint, KEY, SECRET).post(listed(lena))
    peer.failures = [(400, {})]
    assert forward(lena, stored, peer) == "rejected"
    assert forward(lena, stored, peer) == "repeated"


def test_a_wrong_password_is_not_taken(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """The store holds nothing, and the message waits."""
    with pytest.raises(Unavailable):
        forward(lena, stored, peer, secret="wrong")
    assert peer.statements == {}


def test_nobody_is_there() -> None:
    """A port where nobody listens is a store that is away."""
    with pytest.raises(Unavailable):
        RecordStore("http://127.0.0.1:1/xapi", KEY, SECRET).post([{}])


def test_without_a_store_nothing_is_sent(lena: Journeyer, stored: Event) -> None:
    """The message is done."""
    assert statements.forward(lena.house, PSEUDONYMS, stored, None, now=lena.now) == "done"


def test_what_was_erased_meanwhile_is_not_passed_on(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """Statements that are gone are not sent, nor is an empty request."""
    for each in listed(lena):
        lena.house.documents.commit(CONTAINER, lena.partition, [Delete(each["id"])])
    assert forward(lena, stored, peer) == "done"
    assert peer.requests == 0


def test_nothing_is_passed_on_of_somebody_erased(
    lena: Journeyer, stored: Event, peer: RecordStorePeer
) -> None:
    """From the moment the erasure was asked for, though the statements are still there."""
    erase(lena.house)
    assert len(listed(lena)) == 3
    assert forward(lena, stored, peer) == "rejected"
    assert peer.requests == 0
