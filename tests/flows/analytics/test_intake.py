"""Files are counted by how each attempt ended, whatever became of them since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.documents.port import Create, Delete
from shared.errors import Rejected
from shared.events.candidate import CandidateEdited, CandidateSaved
from shared.events.envelope import Event
from shared.events.intake import IntakeEnded
from shared.models.intake import IntakeFile, IntakeRecord, Reason, Step
from tests.flows.analytics.analyst import Analyst, event_of
from tests.flows.stores import START, TENANT, House
from tests.flows.stores import house as house


@pytest.fixture
def analyst(house: House) -> Analyst:
    return Analyst(house)


def test_each_file_counts_as_far_as_it_came(analyst: Analyst, house: House) -> None:
    """Through the chain: one becomes a profile, its copy is a duplicate, one holds nobody."""
    house.drop("maya.txt")
    house.work_all()
    house.drop("copy/maya.txt")
    house.drop("nobody.txt", "lorem ipsum dolor sit amet\n")
    house.work_all()
    events = house.waiting("intake/analytics")
    assert analyst.hear(*events, *events) == ["done"] * 3 + ["repeated"] * 3
    rows = analyst.rows("intake", "state", "reason", suppresses=False)
    assert set(rows) == {
        ("completed", "none"), ("duplicate", "same_bytes"), ("failed", "nobody_found"),
    }  # fmt: skip
    done = rows[("completed", "none")]
    assert (done["checked"], done["extracted"], done["parsed"], done["completed"]) == (1, 1, 1, 1)
    assert rows[("failed", "nobody_found")]["extracted"] == 1
    assert rows[("failed", "nobody_found")]["parsed"] == 0
    analyst.hear(*house.waiting("candidates/analytics"))
    (month,) = analyst.rows("intake", "month", suppresses=False).values()
    assert (month["files"], month["completion_rate"]) == (3, round(1 / 3, 4))
    assert month["candidates_created"] == 1
    for kept in analyst.stored("event"):
        assert "maya" not in str(kept).casefold()
        assert not {"user_id", "intake_id", "candidate_id"} & {*kept, *kept["data"]}


def _ended(attempt: int, code: str | None) -> Event:
    told = IntakeEnded(
        intake_id="i-1", attempt=attempt, state="failed" if code else "completed", reason_code=code
    )
    return event_of(told, str(attempt), at=START + timedelta(minutes=attempt))


def test_an_attempt_that_failed_counts_though_a_later_one_did_not(
    analyst: Analyst, house: House
) -> None:
    """Told in either order, each by its own steps."""
    steps = [
        Step(stage="extracting", attempt=1, outcome="failed", at=START, duration_ms=500),
        Step(stage="extracting", attempt=2, outcome="done", at=START, duration_ms=70),
        Step(stage="parsing", attempt=2, outcome="done", at=START, duration_ms=30),
    ]
    house.store(
        IntakeRecord(
            id="i-1", tenant_id=TENANT, intake_id="i-1", state="completed", attempt=2,
            file=IntakeFile(name="acme/x.pdf", size=1, sha256="0"), steps=tuple(steps),
            reason=Reason(code="none", detail="d", stage="parsing"),
            created_at=START, updated_at=START,
        )
    )  # fmt: skip
    analyst.hear(_ended(2, None), _ended(1, "timed_out"))
    rows = analyst.rows("intake", "state", "reason", suppresses=False)
    failed, done = rows[("failed", "timed_out")], rows[("completed", "none")]
    assert (failed["files"], failed["extracted"], failed["retried"]) == (1, 0, 0)
    assert (done["files"], done["parsed"], done["retried"]) == (1, 1, 1)
    assert done["mean_working_ms"] == 100.0


def test_a_file_that_was_erased_is_finished(analyst: Analyst, house: House) -> None:
    """Its record is gone; nothing is counted."""
    house.drop("maya.txt")
    house.work_all()
    (event,) = house.waiting("intake/analytics")
    identity = event.data["intake_id"]
    house.documents.commit("intake", (TENANT, identity), [Delete(identity)])
    with pytest.raises(Rejected, match="record is gone"):
        analyst.hear(event)
    assert analyst.rows("intake", "month", suppresses=False) == {}


def test_only_new_profiles_count(analyst: Analyst, house: House) -> None:
    """From a file, or by hand; one that is changed is no new one."""
    house.documents.commit("analytics_events", (TENANT, "2020-01", "0"), [
        Create({"id": "x", "tenant_id": TENANT, "month": "2020-01", "shard": "0"})
    ])  # fmt: skip
    saved = [
        CandidateSaved(candidate_id="c", created=each, intake_id="i", attempt=1)
        for each in (True, False)
    ]
    edited = [CandidateEdited(candidate_id="d", revision=n, created=n == 1) for n in (1, 2)]
    outcomes = analyst.hear(*(event_of(each, str(n)) for n, each in enumerate([*saved, *edited])))
    assert outcomes == ["done", "repeated", "done", "repeated"]
    (month,) = analyst.rows("intake", "month", suppresses=False).values()
    assert month["candidates_created"] == 2
