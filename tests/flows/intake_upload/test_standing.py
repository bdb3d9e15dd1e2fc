"""Where files stand, and who may have which tried again."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from functions.intake_extract.rules import Scripted
from functions.intake_upload.rules.retrying import is_withheld
from functions.intake_upload.service import standing as service
from shared.errors import Conflict, Forbidden, Missing, Unprocessable
from shared.messaging import IdempotencyKey
from shared.models.intake import IntakeFile, IntakeRecord, Reason, Stage, State, Step
from tests.flows.stores import RESUME, RIVAL, START, TENANT, House
from tests.flows.stores import house as house
from tools.sample_hostile import eicar

RECRUITER = frozenset({"recruiter"})
FAILED = "nobody in here\n"


def record_in(house: House, state: State, **more: Any) -> IntakeRecord:
    """A stored record in a state."""
    record = IntakeRecord(
        id="i-1",
        tenant_id=TENANT,
        intake_id="i-1",
        state=state,
        file=IntakeFile(name=f"{TENANT}/cv.txt", size=1, sha256="0" * 64),
        reason=Reason(code="no_text", detail="Said.", stage="extracting"),
        duplicate_of="i-0",
        warnings=("w",),
        nudges=2,
        created_at=START,
        updated_at=START,
    )
    return house.store(record.model_copy(update=more))


def retried(
    house: House,
    intake_id: str,
    *,
    roles: frozenset[str] = RECRUITER,
    tenant: str = TENANT,
    key: IdempotencyKey | None = None,
) -> Any:
    _, body = service.retry(
        house, tenant, intake_id, roles=roles, idempotency=key, now=house.clock()
    )
    return body


def key_of(text: str, fingerprint: str = "f") -> IdempotencyKey:
    return IdempotencyKey(scope="caller POST retry", key=text, fingerprint=fingerprint)


@pytest.mark.parametrize("state", ["failed", "duplicate"])
def test_a_failed_file_begins_its_next_attempt(house: House, state: State) -> None:
    """The record starts anew, without the old reason, and the check hears of the attempt."""
    record_in(house, state, attempt=3)
    house.clock.advance(minutes=1)
    assert retried(house, "i-1") == {"intake_id": "i-1", "state": "received", "attempt": 4}
    record = service.read(house, TENANT, "i-1")
    assert (record.state, record.attempt, record.nudges) == ("received", 4, 0)
    assert (record.reason, record.duplicate_of, record.warnings) == (None, None, ())
    assert record.updated_at == house.clock()
    (event,) = house.waiting("intake_blob_trigger")
    assert event.data == {"intake_id": "i-1", "attempt": 4}


@pytest.mark.parametrize("state", [*get_args(Stage), "completed"])
@pytest.mark.parametrize("role", ["recruiter", "admin", "operator"])
def test_nobody_retries_what_is_under_way_or_done(house: House, state: State, role: str) -> None:
    """A file that is under way or has arrived is nobody's to retry."""
    before = record_in(house, state)
    with pytest.raises(Conflict, match=state):
        retried(house, "i-1", roles=frozenset({role}))
    assert service.read(house, TENANT, "i-1") == before
    assert house.waiting("intake_blob_trigger") == []


@pytest.mark.parametrize("role", ["recruiter", "admin", "operator"])
def test_a_quarantined_file_is_not_a_recruiters_to_retry(house: House, role: str) -> None:
    """Who answers for the tenant may have a quarantined file looked at again."""
    record_in(house, "quarantined")
    if role == "recruiter":
        with pytest.raises(Forbidden):
            retried(house, "i-1")
    else:
        assert retried(house, "i-1", roles=frozenset({"recruiter", role}))["attempt"] == 2


def test_the_same_key_is_the_same_attempt(house: House) -> None:
    """A repeated request gets the first answer, also when the attempt has failed since."""
    house.drop("cv.txt", FAILED)
    house.work_all()
    intake_id = house.record("cv.txt").intake_id
    first = retried(house, intake_id, key=key_of("a"))
    assert retried(house, intake_id, key=key_of("a")) == first
    house.work_all()
    assert house.record("cv.txt").state == "failed"
    assert retried(house, intake_id, key=key_of("a")) == first
    assert house.record("cv.txt").attempt == 2
    assert retried(house, intake_id, key=key_of("b"))["attempt"] == 3


def test_another_key_while_under_way_is_a_conflict(house: House) -> None:
    """A second retry, with or without a key, waits until the first has ended."""
    record_in(house, "failed")
    retried(house, "i-1", key=key_of("a"))
    for key in (key_of("b"), None):
        with pytest.raises(Conflict):
            retried(house, "i-1", key=key)
    assert len(house.waiting("intake_blob_trigger")) == 1


def test_a_key_with_another_request_is_refused(house: House) -> None:
    """A key stands for the request that it came with first."""
    record_in(house, "failed")
    retried(house, "i-1", key=key_of("a"))
    with pytest.raises(Unprocessable):
        retried(house, "i-1", key=key_of("a", "another"))


def test_a_refused_retry_does_not_use_up_its_key(house: House) -> None:
    """A retry that came too early may be sent again with the same key."""
    house.drop("cv.txt", FAILED)
    intake_id = house.record("cv.txt").intake_id
    with pytest.raises(Conflict):
        retried(house, intake_id, key=key_of("a"))
    house.work_all()
    assert retried(house, intake_id, key=key_of("a"))["attempt"] == 2


def test_another_tenants_file_is_not_there(house: House) -> None:
    """Reading, reporting and retrying another tenant's file is as if it did not exist."""
    record_in(house, "failed")
    for ask in (
        lambda: service.read(house, RIVAL, "i-1"),
        lambda: service.report(house, RIVAL, "i-1", now=START),
        lambda: retried(house, "i-1", tenant=RIVAL, roles=frozenset({"admin"})),
    ):
        with pytest.raises(Missing):
            ask()
    assert service.read(house, TENANT, "i-1").attempt == 1
    records, _ = service.listed(house, RIVAL, state=None, limit=10, continuation=None)
    assert records == []


@pytest.mark.parametrize("intake_id", ["", "..", "a/b", "parse", "x" * 300, "i-1?"])
def test_an_id_that_cannot_be_is_not_there(house: House, intake_id: str) -> None:
    """No text in place of an id reads anything."""
    record_in(house, "failed")
    with pytest.raises(Missing):
        service.read(house, TENANT, intake_id)


def test_files_are_listed_newest_first_by_state(house: House) -> None:
    """Page by page, all or in one state; parses, claims and receipts are not files."""
    for number in range(5):
        house.drop(f"{number}.txt", f"Person {number}\np{number}@example.com\n")
        house.clock.advance(minutes=1)
    house.drop("bad.txt", FAILED)
    house.work_all()
    names: list[str] = []
    continuation = None
    while True:
        page, continuation = service.listed(
            house, TENANT, state="completed", limit=2, continuation=continuation
        )
        names += [record.file.filename for record in page]
        if continuation is None:
            break
    assert names == ["4.txt", "3.txt", "2.txt", "1.txt", "0.txt"]
    everything, _ = service.listed(house, TENANT, state=None, limit=50, continuation=None)
    assert len(everything) == 6


def test_the_report_of_a_completed_file(house: House) -> None:
    """It holds the steps, what was read, and a link to the original."""
    house.drop("cv.txt")
    house.work_all()
    record, parsed, link = service.report(
        house, TENANT, house.record("cv.txt").intake_id, now=START
    )
    assert [step.stage for step in record.steps] == [
        "received", "scanning", "extracting", "parsing", "finalizing",
    ]  # fmt: skip
    assert parsed is not None
    assert parsed.resume.personal.emails[0].value == "maya.okafor@example.com"
    assert link is not None
    assert f"expires={int((START + service.LINK_LIFETIME).timestamp())}" in link


def link_of(house: House, filename: str) -> str | None:
    return service.report(house, TENANT, house.record(filename).intake_id, now=START)[2]


@pytest.mark.parametrize("now", ["gone", "longer", "as long"])
def test_no_link_leads_to_another_file(house: House, now: str) -> None:
    """When the original is gone or overwritten there is nothing to fetch."""
    name = house.drop("cv.txt")
    if now == "gone":
        house.blobs.delete("resumes", name)
    else:
        house.put(name, RESUME + "x" if now == "longer" else "x" + RESUME[1:])
    assert link_of(house, "cv.txt") is None


def test_a_quarantined_file_stays_out_of_reach_while_tried_again(house: House) -> None:
    """From the quarantine on there is no link, also when a retry has taken the state away."""
    house.drop("bad.txt", eicar())
    assert link_of(house, "bad.txt") is None
    retried(house, house.record("bad.txt").intake_id, roles=frozenset({"admin"}))
    assert house.record("bad.txt").state == "received"
    assert link_of(house, "bad.txt") is None


def test_a_copy_of_a_quarantined_file_is_out_of_reach(house: House) -> None:
    """What the extraction found dangerous is not to be had under another name."""

    house.drop("bad.txt")
    house.drop("copy.txt")
    assert link_of(house, "copy.txt") is not None
    house.lines.error = Scripted("It runs a script.")
    house.work("intake_extract")
    assert house.record("bad.txt").state == "quarantined"
    assert link_of(house, "copy.txt") is None


def test_a_file_under_an_unusable_name_has_a_report(house: House) -> None:
    """A name that no blob of ours has does not break the report."""
    house.tell(f"{TENANT}/dot./cv.txt")
    assert link_of(house, "cv.txt") is None


@pytest.mark.parametrize(
    ("steps", "withheld"),
    [
        ([], True),
        ([("received", "failed")], True),
        ([("received", "done"), ("scanning", "done")], False),
        ([("scanning", "failed")], False),
        ([("scanning", "done"), ("extracting", "quarantined")], True),
        ([("scanning", "quarantined"), ("scanning", "failed")], True),
        ([("extracting", "quarantined"), ("scanning", "done")], True),
        ([("scanning", "quarantined"), ("scanning", "done"), ("extracting", "done")], False),
        ([("extracting", "done"), ("scanning", "quarantined")], True),
    ],
)
def test_only_a_file_that_was_opened_safely_leaves_quarantine(
    steps: list[tuple[Stage, Any]], withheld: bool
) -> None:
    """A later attempt must have got through the extraction to lift a quarantine; what nobody
    has looked into is withheld too."""
    record = IntakeRecord(
        id="i",
        tenant_id=TENANT,
        intake_id="i",
        state="failed",
        file=IntakeFile(name="a/b", size=0, sha256=""),
        steps=tuple(
            Step(stage=stage, attempt=1, outcome=outcome, at=START, duration_ms=0)
            for stage, outcome in steps
        ),
        created_at=START,
        updated_at=START,
    )
    assert is_withheld(record) == withheld
