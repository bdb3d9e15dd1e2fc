"""Who reads reports: lists over all children, and tickets that are judged anew each time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journey_summary.rules.documents import Summary
from functions.journey_summary.service import reading
from shared.auth import Principal, Ticket
from shared.documents.port import Patch
from shared.errors import Conflict, Forbidden, Invalid, Missing, Unauthenticated
from tests.flows.journey_summary.parents import CHILDREN, OWN, Reporting, link, person
from tests.flows.journey_summary.test_making import erase
from tests.flows.stores import PSEUDONYMS, START, TENANT, House
from tests.flows.stores import house as house


def summary_of(user: str, session: str, ended: datetime, **more: object) -> Summary:
    return Summary.model_validate(
        {
            "id": session, "tenant_id": TENANT, "session_id": session, "user_id": user,
            "asked_at": ended, "career": "Pilot", "companion": "Pip", "grade_level": "5",
            "score": 80, "time_zone": "UTC", "started_at": ended, "completed_at": ended, **more,
        }
    )  # fmt: skip


@pytest.fixture
def reporting(house: House) -> Reporting:
    person(house, "lena", "learner")
    person(house, "paula", "parent")
    return Reporting(house)


PAULA = "paula"


def test_a_page_after_the_other_over_all_children(reporting: Reporting, house: House) -> None:
    """Whatever the size of a page: each report once, the journeys that ended last first, those
    of one moment too."""
    paula = person(house, PAULA)
    for number in range(13):
        child = ("lena", "max", "nora")[number % 3]
        link(house, child, PAULA)
        ended = START + timedelta(minutes=number // 4)
        reporting.keep(summary_of(child, f"s{number:02}", ended))
    reporting.keep(summary_of("stranger", "s99", START + timedelta(hours=1)))
    expected = sorted(range(13), key=lambda number: (number // 4, number), reverse=True)
    for limit in (1, 2, 5, 12, 13, 50):
        found: list[str] = []
        continuation = None
        for _ in range(20):
            items, continuation = reading.listed(
                house, paula, CHILDREN, user_id=None, limit=limit, continuation=continuation
            )
            assert len(items) <= limit
            found += [each.session_id for each in items]
            if continuation is None:
                break
        assert found == [f"s{number:02}" for number in expected]


def test_a_link_that_ended_takes_the_child_off_the_list(reporting: Reporting, house: House) -> None:
    """And asked for by name the child does not exist."""
    paula = person(house, PAULA)
    link(house, "lena", PAULA)
    reporting.keep(summary_of("lena", "s1", START))
    link(house, "lena", PAULA, active=False)
    listed = reading.listed(house, paula, CHILDREN, user_id=None, limit=5, continuation=None)
    assert listed == ([], None)
    with pytest.raises(Missing):
        reading.listed(house, paula, CHILDREN, user_id="lena", limit=5, continuation=None)


@given(st.text(max_size=30))
def test_a_continuation_of_elsewhere_is_told(text: str) -> None:
    """Or it leads to a place in the list; nothing else."""
    try:
        moment, _ = reading.place_of(text)
    except Invalid:
        return
    datetime.fromisoformat(moment)


def test_there_is_no_link_before_there_is_a_report(reporting: Reporting, house: House) -> None:
    """A clear word, to be tried again."""
    with pytest.raises(Conflict, match="not ready"):
        reporting.link(person(house, PAULA), summary_of("lena", "s1", START))


def test_a_ticket_holds_for_fifteen_minutes(reporting: Reporting, house: House) -> None:
    """Not for less, not for more than clocks may differ."""
    summary = reporting.made()
    ticket = reporting.link(person(house, "lena", "learner"), summary)
    house.clock.advance(minutes=14, seconds=59)
    assert reporting.open(summary, ticket).startswith(b"lena")
    house.clock.advance(seconds=32)
    with pytest.raises(Unauthenticated):
        reporting.open(summary, ticket)


def test_a_ticket_closes_with_what_opened_it(reporting: Reporting, house: House) -> None:
    """The link, the role, the account: each is looked at when the report is opened."""
    summary = reporting.made()
    paula = person(house, PAULA)
    link(house, "lena", PAULA)
    ticket = reporting.link(paula, summary)
    assert reporting.open(summary, ticket)
    link(house, "lena", PAULA, active=False)
    with pytest.raises(Missing):
        reporting.open(summary, ticket)
    link(house, "lena", PAULA)
    person(house, PAULA, status="suspended")
    with pytest.raises(Forbidden):
        reporting.open(summary, ticket)
    person(house, PAULA, "recruiter")
    with pytest.raises(Forbidden):
        reporting.open(summary, ticket)
    person(house, PAULA)
    assert reporting.open(summary, ticket)
    erase(house, PAULA)
    with pytest.raises(Unauthenticated):
        reporting.open(summary, ticket)


def test_a_mentors_ticket_opens_learners_alone(reporting: Reporting, house: House) -> None:
    """One who is none any more is out of reach."""
    summary = reporting.made()
    ticket = reporting.link(person(house, "mo", "mentor"), summary)
    assert reporting.open(summary, ticket)
    house.documents.commit("accounts", (TENANT, "lena"), [Patch("account", set={"roles": []})])
    with pytest.raises(Missing):
        reporting.open(summary, ticket)


def test_a_ticket_is_for_one_report(reporting: Reporting, house: House) -> None:
    """Of one journey and one version; what is signed for another use is none."""
    summary = reporting.made()
    person(house, "max", "learner")
    other = reporting.made("max")
    lena = person(house, "lena", "learner")
    ticket = reporting.link(lena, summary)
    with pytest.raises(Unauthenticated):
        reporting.open(other, ticket)
    whole = Ticket(TENANT, "lena", f"lena/{summary.session_id}/1")
    for use in ("refresh", "invitation"):
        wrong = reporting.tokens.issue_ticket(
            whole,
            use=use,
            now=house.clock(),
            lifetime=timedelta(minutes=5),
        )
        with pytest.raises(Unauthenticated):
            reporting.open(summary, wrong)
    reporting.ask(lena, summary)
    assert reporting.open(summary, ticket)  # the former stays until the next is there
    for wanted in reporting.wanted():
        reporting.make(wanted)
    with pytest.raises(Missing, match="replaced"):
        reporting.open(summary, ticket)


def test_a_ticket_opens_the_bytes_that_were_told_of(reporting: Reporting, house: House) -> None:
    """While the next version's file lies there, untold, it opens nothing."""
    summary = reporting.made()
    ticket = reporting.link(person(house, "lena", "learner"), summary)
    name = f"{TENANT}/lena/{summary.session_id}/summary.pdf"
    house.blobs.put("journey-summaries", name, b"of a version that nobody told of")
    with pytest.raises(Missing, match="made anew"):
        reporting.open(summary, ticket)


def test_who_has_no_account_gets_no_link(reporting: Reporting, house: House) -> None:
    """It would be judged by that account."""
    summary = reporting.made()
    with pytest.raises(Conflict, match="no account"):
        reporting.link(Principal("elsewhere", TENANT, frozenset({"admin"})), summary)


def test_links_and_downloads_are_written_down(reporting: Reporting, house: House) -> None:
    """Each one, one's own included, by whom and of whom."""
    summary = reporting.made()
    lena, paula = person(house, "lena", "learner"), person(house, PAULA)
    link(house, "lena", PAULA)
    tickets = [reporting.link(lena, summary), reporting.link(paula, summary)]
    for ticket in (*tickets, tickets[1]):
        reporting.open(summary, ticket)
    entries = house.kinds("entry", container="audit")
    of = {
        "lena": PSEUDONYMS.of(TENANT, "user", "lena"),
        "paula": PSEUDONYMS.of(TENANT, "user", "paula"),
    }
    assert sorted((each["action"], each["actor"]) for each in entries) == sorted(
        [("summary.link", of["lena"]), ("summary.link", of["paula"]),
         ("summary.download", of["lena"]), *[("summary.download", of["paula"])] * 2]
    )  # fmt: skip
    assert {each["subject"] for each in entries} == {of["lena"]}


def test_a_stranger_finds_no_report(reporting: Reporting, house: House) -> None:
    """Neither another learner nor a parent without a link; the words tell nothing."""
    summary = reporting.made()
    for stranger, reach in ((person(house, "max", "learner"), OWN), (person(house, "q"), CHILDREN)):
        with pytest.raises(Missing, match="no report of a journey"):
            reading.find(house, stranger, reach, summary.session_id)
