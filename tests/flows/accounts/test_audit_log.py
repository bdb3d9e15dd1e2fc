"""The audit log: written once per thing done, never changed, read by filters, newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from functions.accounts.service import audit_log
from functions.accounts.service.audit_log import Wanted
from shared import topology
from shared.audit import noted, record_read
from shared.errors import Invalid, Unavailable
from shared.events.audit import AuditNoted
from shared.events.envelope import Event
from shared.models.audit import AuditEntry, month_of
from tests.flows.accounts.inhabitants import (
    Patched,
    account,
    as_principal,
    enter,
    entries,
    register,
    staff,
)
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.embedded import raising

ADMIN = staff("admin", "mentor", user="the-admin")


def read(house: House, target: str, *, by: Any = ADMIN, action: str = "account.read") -> None:
    record_read(
        house, house.means.pseudonyms, by, action, of="user", target=target, now=house.clock()
    )


def listed(house: House, tenant: str = TENANT, limit: int = 100, **wanted: Any) -> list[AuditEntry]:
    found: list[AuditEntry] = []
    continuation = None
    while True:
        page, continuation = audit_log.listed(
            house, house.means.pseudonyms, tenant, Wanted(**wanted), limit=limit,
            continuation=continuation,
        )  # fmt: skip
        found += page
        if continuation is None:
            return found


def told(number: int, *, tenant: str = TENANT, at: datetime = START) -> Event:
    note = AuditNoted(action="thing.done", actor="somebody", subject_kind="user", target="t")
    return Event(
        id=f"note-{number}", source="/waymark/tests", type=note.type, subject=note.subject,
        time=at, data=note.model_dump(mode="json"), tenantid=tenant, partitionkey="p",
    )  # fmt: skip


def test_an_entry_says_who_what_whose_and_when(house: House) -> None:
    """People are named by pseudonyms that follow from their ids, with the roles they came with."""
    read(house, "maya")
    (entry,) = listed(house)
    of = house.means.pseudonyms.of
    assert (entry.actor, entry.subject) == (
        of(TENANT, "user", "the-admin"), of(TENANT, "user", "maya"),
    )  # fmt: skip
    assert (entry.action, entry.roles, entry.subject_kind) == (
        "account.read", ("mentor", "admin"), "user",
    )  # fmt: skip
    assert (entry.at, entry.month) == (START, "2026-03")


def test_an_event_is_written_down_once(house: House) -> None:
    """Delivered twice, late and out of order, each thing done is one entry at its own time."""
    events = [told(number, at=START + timedelta(days=number * 20)) for number in range(3)]
    for event in (*events[::-1], *events):
        audit_log.write_down(house, event)
    assert [entry.at for entry in listed(house)] == [event.time for event in events[::-1]]
    assert {entry.month for entry in listed(house)} == {"2026-03", "2026-04"}


def test_an_entry_is_never_changed(house: House) -> None:
    """An event of the same id with other content changes nothing of what is written."""
    audit_log.write_down(house, told(1))
    (before,) = listed(house)
    other = told(1)
    forged = other.model_copy(update={"data": other.data | {"action": "nothing.done"}})
    assert audit_log.write_down(house, forged) == "repeated"
    assert listed(house) == [before]


def test_a_tenants_log_is_its_own(house: House) -> None:
    """An event is written into its own tenant's log, and another tenant reads none of it."""
    audit_log.write_down(house, told(1, tenant=RIVAL))
    read(house, "maya")
    assert [entry.action for entry in listed(house)] == ["account.read"]
    assert [entry.action for entry in listed(house, RIVAL)] == ["thing.done"]
    assert listed(house, RIVAL, actor_id="the-admin") == []


def test_a_read_that_cannot_be_written_down_does_not_happen(house: House) -> None:
    """When the log's store is away, so is the answer."""
    stores: Any = Patched(house, "commit", raising(Unavailable("away")))
    with pytest.raises(Unavailable):
        record_read(
            stores, house.means.pseudonyms, ADMIN, "account.read", of="user", target="maya",
            now=START,
        )  # fmt: skip


@pytest.fixture
def busy(house: House) -> House:
    """Six reads within six hours, by two people of two."""
    for number in range(6):
        by = ADMIN if number % 2 else staff("recruiter", user="recruiter")
        read(house, "maya" if number < 4 else "zoe", by=by,
             action="account.read" if number != 3 else "account.change")  # fmt: skip
        house.clock.advance(hours=1)
    return house


@pytest.mark.parametrize(
    ("wanted", "hours"),
    [
        ({}, [5, 4, 3, 2, 1, 0]),
        ({"actor_id": "the-admin"}, [5, 3, 1]),
        ({"subject_id": "zoe"}, [5, 4]),
        ({"subject_id": "zoe", "subject_kind": "candidate"}, []),
        ({"action": "account.change"}, [3]),
        ({"actor_id": "recruiter", "subject_id": "maya"}, [2, 0]),
        ({"actor_id": "nobody"}, []),
        ({"since": START + timedelta(hours=4)}, [5, 4]),
        ({"until": START + timedelta(hours=2)}, [1, 0]),
        ({"since": START + timedelta(hours=1), "until": START + timedelta(hours=3)}, [2, 1]),
        ({"since": START + timedelta(hours=3), "until": START + timedelta(hours=1)}, []),
    ],
)
def test_filters_all_hold(busy: House, wanted: dict[str, Any], hours: list[int]) -> None:
    """Who, whose, what and when, alone and together, newest first, whole and page by page."""
    moments = [START + timedelta(hours=hour) for hour in hours]
    assert [entry.at for entry in listed(busy, **wanted)] == moments
    assert [entry.at for entry in listed(busy, limit=1, **wanted)] == moments


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=offset)) for offset in (-11, 5.5, 14)])
def test_moments_are_moments_in_any_time_zone(busy: House, zone: timezone) -> None:
    """Bounds are compared as moments, whatever offset they were written with."""
    since = (START + timedelta(hours=1)).astimezone(zone)
    until = (START + timedelta(hours=3)).astimezone(zone)
    found = [entry.at for entry in listed(busy, since=since, until=until)]
    assert found == [START + timedelta(hours=hour) for hour in (2, 1)]


@pytest.mark.parametrize("microseconds", [0, 1, 500_000, 999_999])
def test_bounds_hold_to_the_microsecond(house: House, microseconds: int) -> None:
    """An entry is within bounds that begin at its own moment, and outside of ones that end
    there or begin right after it."""
    house.clock.moment = START + timedelta(microseconds=microseconds)
    read(house, "maya")
    at, tick = house.clock(), timedelta(microseconds=1)
    assert len(listed(house, since=at)) == 1
    assert len(listed(house, until=at + tick)) == 1
    assert listed(house, until=at) == []
    assert listed(house, since=at + tick) == []
    assert len(listed(house, since=START - timedelta(seconds=1), until=at + tick)) == 1


def test_a_foreign_continuation_is_refused(busy: House) -> None:
    """A page of other filters, or nonsense, leads nowhere."""
    _, continuation = audit_log.listed(
        busy, busy.means.pseudonyms, TENANT, Wanted(), limit=1, continuation=None
    )
    for wanted, token in ((Wanted(action="account.read"), continuation), (Wanted(), "nonsense")):
        with pytest.raises(Invalid):
            audit_log.listed(
                busy, busy.means.pseudonyms, TENANT, wanted, limit=1, continuation=token
            )


def test_entries_go_after_two_years(house: House) -> None:
    """Retention is the store's: two years after it was written an entry is gone."""
    assert topology.load().containers["audit"].default_ttl_seconds == 2 * 365 * 24 * 3600
    read(house, "maya")
    house.clock.advance(days=729)
    assert len(listed(house)) == 1
    house.clock.advance(days=1)
    assert listed(house) == []


def test_the_month_is_that_of_the_moment() -> None:
    """Entries of one month lie together, the month as it is in UTC."""
    assert month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == "2026-11"
    assert month_of(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01"


def test_changes_tell_nothing_of_a_person(house: House) -> None:
    """What the log holds after a person's coming and going names nobody in clear."""
    person = register(house)
    enter(house)
    note = noted(
        house.means.pseudonyms, as_principal(person), "x.y",
        tenant_id=TENANT, of="user", target=person.user_id,
    )  # fmt: skip
    kept = repr(entries(house)) + note.model_dump_json()
    for clear in (person.user_id, "maya", "Maya", account(house, person).address_id or "-"):
        assert clear not in kept
