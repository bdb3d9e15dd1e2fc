"""Making reports: once a journey, whatever comes how often, and whatever dies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from functions.journey_summary.rules.documents import BLOBS, CONTAINER
from functions.journey_summary.service import making
from shared.documents.port import Delete
from shared.erasures import requested
from shared.errors import Conflict, Missing, Rejected, Unavailable
from shared.events.envelope import Event
from shared.outbox import relay
from tests.flows.journey_summary.parents import CHILDREN, Reporting, link, person
from tests.flows.profiling import learner
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house

LENA = learner("lena")
PAID = 1040
"""XP of the journey in the ledger: 1,200 by the rule, of which the guards hold 16 answers, for all
were given within a minute."""


@pytest.fixture
def reporting(house: House) -> Reporting:
    person(house, "lena", "learner", name="Lena")
    return Reporting(house)


def erase(house: House, user: str) -> None:
    """Ask for somebody's erasure."""
    erasure, decision = requested(
        house, PSEUDONYMS, tenant_id=TENANT, of="user", identity=user,
        subjects={"user": (user,)}, now=house.clock(),
    )  # fmt: skip
    house.documents.commit("tombstones", (TENANT, erasure.tombstone_id), decision.operations)


def test_one_report_for_each_journey(reporting: Reporting) -> None:
    """However often its end is told, and however often the report is asked for by that."""
    event = reporting.ended()
    reporting.pay()
    assert [reporting.note(event) for _ in range(3)] == ["done", "repeated", "repeated"]
    again = event.model_copy(update={"id": "another-event-of-the-same-end"})
    assert reporting.note(again) == "done"
    (wanted,) = reporting.wanted()
    assert [reporting.make(wanted) for _ in range(3)] == ["done", "repeated", "repeated"]
    summary = reporting.summary(event)
    assert [each.number for each in summary.versions] == [1]
    assert len(reporting.draw.drawn) == len(reporting.published()) == 1
    assert reporting.file(summary) == b"Lena 1040 version 1"
    assert summary.versions[0].size == len(b"Lena 1040 version 1")


def test_it_waits_for_the_journeys_xp(reporting: Reporting) -> None:
    """Until the game has heard of the same event; what it then awards is in the report."""
    event = reporting.ended()
    reporting.note(event)
    (wanted,) = reporting.wanted()
    with pytest.raises(Unavailable):
        reporting.make(wanted)
    assert reporting.draw.drawn == []
    reporting.pay()
    assert reporting.make(wanted) == "done"
    (report,) = reporting.draw.drawn
    assert (report.level, report.xp) == (5, PAID)
    assert "Journey's end" in {each.name for each in report.badges}


def test_it_does_not_wait_for_ever(reporting: Reporting) -> None:
    """After a minute of delays it is made with what there is."""
    event = reporting.ended()
    reporting.note(event)
    (wanted,) = reporting.wanted()
    delays = 0
    while delays <= making.WAITS_FOR_XP:
        try:
            reporting.make(wanted.model_copy(update={"resend": delays}))
            break
        except Unavailable:
            delays += 1
    assert sum(2**n for n in range(1, delays + 1)) <= 62
    (report,) = reporting.draw.drawn
    assert (report.level, report.badges, report.xp) == (None, (), 1200)


def test_a_version_takes_the_former_ones_place(reporting: Reporting) -> None:
    """With its reason and its number; the former is told of and no longer there."""
    summary = reporting.made()
    reporting.house.clock.advance(hours=1)
    shown = reporting.ask(LENA, summary)
    assert (shown["state"], shown["asked"], shown["because"]) == ("preparing", 2, "asked")
    (wanted,) = reporting.wanted()
    assert reporting.make(wanted) == "done"
    later = reporting.summary(wanted)
    assert [(each.number, each.because) for each in later.versions] == [
        (1, "completed"), (2, "asked"),
    ]  # fmt: skip
    assert later.versions[1].made_at - later.versions[0].made_at == timedelta(hours=1)
    assert reporting.file(later) == b"Lena 1040 version 2"
    (names,) = [list(reporting.house.blobs.list(BLOBS))]
    assert len(names) == 1


def test_what_is_being_prepared_is_not_begun_twice(reporting: Reporting) -> None:
    """Unless it takes ten minutes: then its message is lost, and it is asked for anew."""
    summary = reporting.made()
    for _ in range(3):
        assert reporting.ask(LENA, summary)["asked"] == 2
    assert len(reporting.wanted()) == 1
    reporting.house.clock.advance(minutes=10)
    assert reporting.ask(LENA, summary)["asked"] == 3
    (third,) = reporting.wanted()
    assert reporting.make(third) == "done"
    assert [each.number for each in reporting.summary(third).versions] == [1, 3]


def test_a_request_that_was_overtaken_does_nothing(reporting: Reporting) -> None:
    """It comes late, when the next version is asked for, or made."""
    summary = reporting.made()
    reporting.ask(LENA, summary)
    (second,) = reporting.wanted()
    reporting.house.clock.advance(minutes=10)
    reporting.ask(LENA, summary)
    (third,) = reporting.wanted()
    assert reporting.make(second) == "repeated"
    assert reporting.make(third) == "done"
    assert reporting.make(second) == "repeated"
    assert reporting.file(summary) == b"Lena 1040 version 3"


def test_a_report_that_failed_is_made_when_asked_for(reporting: Reporting) -> None:
    """Its message became a dead letter; redriving that makes it too."""
    event = reporting.ended()
    reporting.pay()
    reporting.note(event)
    (wanted,) = reporting.wanted()
    making.give_up(reporting.house, wanted, now=reporting.now)
    failed = reporting.summary(event)
    assert (failed.state, failed.latest) == ("failed", None)
    assert reporting.ask(LENA, failed)["asked"] == 2
    (second,) = reporting.wanted()
    making.give_up(reporting.house, wanted, now=reporting.now)  # of the first, late
    assert reporting.summary(event).state == "preparing"
    making.give_up(reporting.house, second, now=reporting.now)
    assert reporting.make(second) == "done"
    making.give_up(reporting.house, second, now=reporting.now)
    assert reporting.summary(event).state == "ready"


def test_there_is_an_end_to_versions(reporting: Reporting) -> None:
    """Fifty, and a clear word then."""
    summary = reporting.made()
    for _ in range(making.MOST_VERSIONS - 1):
        reporting.ask(LENA, summary)
        for wanted in reporting.wanted():
            reporting.make(wanted)
    with pytest.raises(Conflict, match="50 times"):
        reporting.ask(LENA, summary)


def test_only_who_reaches_it_asks(reporting: Reporting, house: House) -> None:
    """A stranger finds none; a parent with a link does, and it is noted."""
    summary = reporting.made()
    parent = person(house, "paula")
    with pytest.raises(Missing):
        reporting.ask(parent, summary, CHILDREN)
    link(house, "lena", "paula")
    reporting.ask(parent, summary, CHILDREN)
    (wanted,) = reporting.wanted()
    assert wanted.data["version"] == 2
    told = [each for each in house.waiting("accounts") if each.data.get("action") == "summary.make"]
    assert [each.data["roles"] for each in told] == [["parent"]]


def test_nothing_is_made_of_somebody_who_was_erased(reporting: Reporting, house: House) -> None:
    """Before the journey's end is heard of, before the report is made, and while it is drawn."""
    event = reporting.ended()
    reporting.pay()
    reporting.note(event)
    (wanted,) = reporting.wanted()
    draw = reporting.draw

    def meanwhile(report: Any) -> tuple[bytes, int]:
        erase(house, "lena")
        return draw(report)

    outcome = making.make(house, PSEUDONYMS, wanted, meanwhile, now=reporting.now)
    assert outcome == "rejected"
    assert list(house.blobs.list(BLOBS)) == []
    assert reporting.published() == []
    late = event.model_copy(update={"id": "late"})
    assert reporting.note(late) == "rejected"


def test_a_file_of_somebody_who_is_gone_is_removed(reporting: Reporting, house: House) -> None:
    """A run died after it wrote the file, the record was erased, the message came again."""
    event = reporting.ended()
    reporting.pay()
    reporting.note(event)
    (wanted,) = reporting.wanted()
    summary = reporting.summary(event)
    house.blobs.put(BLOBS, f"{TENANT}/lena/{summary.session_id}/summary.pdf", b"left behind")
    house.documents.commit(CONTAINER, summary.partition, [Delete(summary.id)])
    with pytest.raises(Rejected):
        reporting.make(wanted)
    assert list(house.blobs.list(BLOBS)) == []


def test_a_journey_that_is_gone_fails_its_report(reporting: Reporting, house: House) -> None:
    """It is finished, not tried for ever."""
    event = reporting.ended()
    reporting.pay()
    reporting.note(event)
    (wanted,) = reporting.wanted()
    summary = reporting.summary(event)
    house.documents.commit("journeys", summary.partition, [Delete(summary.session_id)])
    with pytest.raises(Rejected):
        reporting.make(wanted)
    assert reporting.summary(event).state == "failed"


def test_another_tenants_event_is_of_another_tenant(reporting: Reporting, house: House) -> None:
    """The same learner's and journey's ids there lead to a report there, and to no other."""
    event = reporting.ended()
    reporting.pay()
    reporting.note(event)
    foreign = event.model_copy(update={"tenantid": RIVAL, "id": "theirs"})
    assert reporting.note(foreign) == "done"
    mine, theirs = sorted(reporting.wanted(), key=lambda each: each.tenantid)
    assert reporting.make(mine) == "done"
    with pytest.raises((Rejected, Unavailable)):
        reporting.make(theirs.model_copy(update={"resend": 9}))
    names = [each.name for each in house.blobs.list(BLOBS)]
    assert [name.split("/")[0] for name in names] == [TENANT]


class Died(BaseException):
    """The process is gone."""


@dataclass
class Dying:
    """The stores of a house, of which the n-th write is the last: before it, or after it."""

    house: House
    last: int
    after: bool
    writes: int = 0

    def __post_init__(self) -> None:
        outer = self

        class Watched:
            def __init__(self, store: Any) -> None:
                self._store = store

            def __getattr__(self, name: str) -> Any:
                real = getattr(self._store, name)
                if name not in {"commit", "put", "publish", "delete"}:
                    return real

                def watched(*args: Any, **more: Any) -> Any:
                    outer.writes += 1
                    if outer.writes == outer.last and not outer.after:
                        raise Died
                    result = real(*args, **more)
                    if outer.writes == outer.last:
                        raise Died
                    return result

                return watched

        self.documents = Watched(self.house.documents)
        self.blobs = Watched(self.house.blobs)
        self.bus = Watched(self.house.bus)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("last", range(1, 6))
def test_it_survives_the_death_of_any_write(
    reporting: Reporting, house: House, last: int, after: bool
) -> None:
    """Delivered again, and its outbox relayed, there is one version, one file and one telling,
    whichever write of noting and of making was the last."""
    event = reporting.ended()
    reporting.pay()
    deliveries: list[Event] = [event]
    for handle in (reporting.note, reporting.make):
        reporting.stores = Dying(house, last, after)
        for each in deliveries:
            try:
                handle(each)
            except Died:
                reporting.stores = house
                handle(each)
        reporting.stores = house
        house.clock.advance(minutes=1)
        relay(house, now=house.clock())
        if handle == reporting.note:
            deliveries = reporting.wanted()
    summary = reporting.summary(event)
    assert [each.number for each in summary.versions] == [1]
    assert reporting.file(summary) == b"Lena 1040 version 1"
    assert len({each.id for each in reporting.published()}) == 1


def test_the_deaths_reach_every_write(reporting: Reporting, house: House) -> None:
    """Noting and making write five times at most: no death of theirs is left out above."""
    event = reporting.ended()
    reporting.pay()
    counted = []
    for handle in (reporting.note, reporting.make):
        dying = Dying(house, last=99, after=False)
        reporting.stores = dying
        for each in [event] if handle == reporting.note else reporting.wanted():
            handle(each)
        counted.append(dying.writes)
    assert all(3 <= writes <= 5 for writes in counted)
