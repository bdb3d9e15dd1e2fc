"""What is known of a learner: skills, grades, overrides, progress, what devices share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.journey_tracking.rules.progress import Report
from functions.journey_tracking.service import learning
from shared.auth import Principal
from shared.documents.port import Create
from shared.errors import Conflict, Missing
from shared.models import tombstone
from tests.flows.journeying import Journeyer, offer, uuid_of
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house

PARENT = Principal("pia", TENANT, frozenset({"parent"}))


@pytest.fixture
def lena(house: House) -> Journeyer:
    made = Journeyer(house)
    made.start()
    return made


def in_practice(lena: Journeyer) -> list[str]:
    page, _ = learning.skills(
        lena.house, lena.partition, subject=None, state="remediation", limit=50, continuation=None
    )
    return [each.skill_id for each in page]


def test_skills_are_listed_by_state(lena: Journeyer) -> None:
    """Mastered, in remediation, and what is neither; by subject."""
    lena.send(*(offer(f"m{n}", skill="done") for n in range(3)))
    lena.send(*(offer(f"p{n}", skill="hard", correct=False) for n in range(2)))
    lena.send(offer("e", subject="ELA", skill="new"))

    def asked(state: Any = None, subject: Any = None) -> set[str]:
        page, _ = learning.skills(
            lena.house, lena.partition, subject=subject, state=state, limit=50, continuation=None
        )
        return {each.skill_id for each in page}

    assert asked("mastered") == {"done"}
    assert asked("remediation") == {"hard"}
    lena.later(minutes=1)
    lena.send(*(offer(f"z{n}", skill="a-later-one", correct=False) for n in range(2)))
    assert in_practice(lena) == ["hard", "a-later-one"]
    assert asked("learning") == {"new"}
    assert asked(subject="Math") == {"done", "hard", "a-later-one"}
    level, grades = learning.grades(lena.house, lena.partition)
    assert level == "5"
    assert (grades[0].subjects["Math"].met, grades[0].subjects["Math"].mastered) == (3, 1)


def test_a_parents_override_changes_what_was_found(lena: Journeyer) -> None:
    """The skill, its grade, a record of what it was, and an entry of the audit log."""
    lena.send(*(offer(f"p{n}", skill="hard", correct=False) for n in range(2)))
    lena.house.waiting("accounts")
    body = lena.override("skill_mastered", PARENT, skill="hard")
    assert (body["before"], body["by_role"]) == ("not mastered", "parent")
    found = lena.skill("hard")
    assert (found.is_mastered, found.mastered_by, found.in_remediation) == (True, "override", False)
    _, grades = learning.grades(lena.house, lena.partition)
    assert grades[0].subjects["Math"].mastered == 1
    (note,) = lena.house.waiting("accounts")
    assert note.data["action"] == "learning.skill_mastered"
    assert note.data["actor"] == PSEUDONYMS.of(TENANT, "user", "pia")
    with pytest.raises(Conflict, match="already"):
        lena.override("skill_mastered", PARENT, skill="hard")
    lena.later(minutes=1)
    lena.override("skill_reopened", PARENT, skill="hard")
    assert not lena.skill("hard").is_mastered
    kept, _ = learning.overrides(lena.house, lena.partition, limit=10, continuation=None)
    assert [each.what for each in kept] == ["skill_reopened", "skill_mastered"]


def test_other_overrides(lena: Journeyer) -> None:
    """Practice is cleared, a grade level is set; what there is not is not there."""
    lena.send(*(offer(f"p{n}", skill="hard", correct=False) for n in range(2)))
    lena.override("remediation_cleared", PARENT, skill="hard")
    assert not lena.skill("hard").in_remediation
    lena.later(minutes=1)
    lena.override("grade_level", PARENT, grade="7")
    assert learning.grades(lena.house, lena.partition)[0] == "7"
    lena.later(minutes=1)
    for what, named in (
        ("grade_level", {"grade": "7"}),
        ("remediation_cleared", {"skill": "hard"}),
        ("skill_reopened", {"skill": "hard"}),
    ):
        with pytest.raises(Conflict):
            lena.override(what, PARENT, **named)
    with pytest.raises(Missing):
        lena.override("skill_mastered", PARENT, skill="never-met")
    with pytest.raises(Missing):
        lena.override("skill_mastered", Principal("pia", RIVAL, frozenset()), skill="hard")


def test_a_skill_stays_in_the_grade_where_it_was_met(lena: Journeyer) -> None:
    """Mastered on a journey of another grade, it counts where it belongs."""
    lena.send(offer("a", skill="early"))
    lena.grade, lena.session = "6", uuid_of("a journey of grade 6")
    lena.start()
    lena.send(*(offer(f"b{n}", skill="early", attempt=f"b{n}") for n in range(2)))
    level, grades = learning.grades(lena.house, lena.partition)
    assert level == "6"
    math = {grade.grade_level: grade.subjects.get("Math") for grade in grades}
    assert math["5"] is not None
    assert (math["5"].met, math["5"].mastered) == (1, 1)
    assert math.get("6") is None


def report(lena: Journeyer, *, if_match: str | None = None, **more: Any) -> tuple[Any, str]:
    return learning.report_progress(
        lena.house,
        PSEUDONYMS,
        lena.principal,
        "intro",
        Report(content_type="video", **more),
        if_match=if_match,
        now=lena.now,
    )


def test_progress_reports_that_meet_are_all_counted(lena: Journeyer) -> None:
    """Two devices at once: time adds up."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: report(lena, seconds=n), range(1, 10)))
    (record,), _ = learning.progress_records(lena.house, lena.partition, limit=5, continuation=None)
    assert record.time_spent_seconds == 45


def test_progress_is_not_kept_of_somebody_erased(lena: Journeyer) -> None:
    """A token that still holds makes no record."""
    tombstone_id = PSEUDONYMS.of(TENANT, "user", "lena")
    made = tombstone.Tombstone(
        tenant_id=TENANT, tombstone_id=tombstone_id, subject_kind="user", requested_at=START
    )
    lena.house.documents.commit(
        tombstone.CONTAINER, (TENANT, tombstone_id), [Create(made.stored())]
    )
    with pytest.raises(Conflict, match="erased"):
        report(lena)


def test_what_a_device_saw_is_no_conflict_for_it(lena: Journeyer) -> None:
    """Merged through the service: versions, conflicts, and the same again."""

    def sync(device: str, base: int, value: int, ago: int) -> Any:
        _, body = learning.synchronise(
            lena.house,
            lena.principal,
            lena.session,
            device_id=device,
            base_version=base,
            changes={"position": (value, START - timedelta(minutes=ago))},
            shown=lambda found: {
                "version": found.state.version,
                "conflicts": [each.field for each in found.conflicts],
            },
            idempotency=None,
            now=lena.now,
        )
        return body

    assert sync("phone", 0, 1, 30) == {"version": 1, "conflicts": []}
    assert sync("tablet", 1, 2, 20) == {"version": 2, "conflicts": []}
    assert sync("phone", 1, 3, 25) == {"version": 2, "conflicts": ["position"]}
    assert sync("phone", 2, 4, 5) == {"version": 3, "conflicts": []}
    assert sync("phone", 2, 4, 5) == {"version": 3, "conflicts": []}
    other = Journeyer(lena.house, "max", session=lena.session)
    with pytest.raises(Missing):
        learning.synchronise(
            lena.house, other.principal, lena.session, device_id="d", base_version=0, changes={},
            shown=lambda found: {}, idempotency=None, now=lena.now,
        )  # fmt: skip
