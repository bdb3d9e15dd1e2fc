"""Next week's plan, the catalogue it is made of, and what skills are called."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.journey_summary.drawing.icons import icon_of
from functions.journey_summary.rules.activities import Activity, band_of, catalogue, choices
from functions.journey_summary.rules.planning import Focus, PlanDay, next_monday, week_plan
from functions.journey_summary.rules.skill_names import MOST_CHARACTERS, skill_name
from shared.models import achievements
from shared.models.learning import GRADE_LEVELS, SUBJECTS, GradeLevel, Subject

MONDAY = date(2026, 11, 23)
SKILLS = [
    Focus("fractions", "Math"), Focus("main idea", "ELA"), Focus("circuits", "Science"),
    Focus("maps", "Social Studies"),
]  # fmt: skip


def plan(count: int = 3, *, grade: GradeLevel = "5", seed: str = "s") -> tuple[PlanDay, ...]:
    return week_plan(
        SKILLS[:count],
        ["Science", "Math", "ELA", "Social Studies"],
        {"Science": "food webs"},
        grade_level=grade,
        career="Pilot",
        first=MONDAY,
        seed=seed,
    )


@pytest.mark.parametrize("grade", GRADE_LEVELS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_there_is_enough_to_choose_from(grade: GradeLevel, subject: Subject) -> None:
    """A skill can come three times a week with another activity each time."""
    assert len(choices("practise", subject, grade)) >= 3
    assert len(choices("deepen", subject, grade)) >= 2
    assert len(choices("together", None, grade)) >= 2


def test_activities_have_keys_of_their_own() -> None:
    """And no two of a subject and band are called the same."""
    keys = [each.key for each in catalogue()]
    titles = [(each.subject, each.band, each.title) for each in catalogue()]
    assert (len(set(keys)), len(set(titles))) == (len(keys), len(titles))


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "steps": "Do something without naming it, and then do it once more until it is done. "
            * 2
        },
        {
            "steps": "Talk about {skill} and about {skill} again, then draw what you have found. "
            * 2
        },
        {"subject": None},
        {"kind": "together"},
        {"minutes": 90},
        {"colour": "red"},
    ],
)
def test_a_wrong_activity_is_refused(wrong: dict[str, object]) -> None:
    """One that would leave a hole in a plan does not load."""
    sound = next(each for each in catalogue() if each.kind == "practise")
    with pytest.raises(ValidationError):
        Activity.model_validate(sound.model_dump() | wrong)


def test_every_achievement_has_a_sign() -> None:
    """None of the catalogue's icons falls back to the medal, but the medal."""
    medals = {each.icon for each in achievements.catalogue() if icon_of(each.icon) == icon_of("?")}
    assert medals <= {"medal"}


@given(count=st.integers(0, 4), grade=st.sampled_from(GRADE_LEVELS), seed=st.text(max_size=20))
def test_a_week_of_a_plan(count: int, grade: GradeLevel, seed: str) -> None:
    """Seven days on end; no skill on two days on end, no activity twice, nothing unfilled."""
    days = plan(count, grade=grade, seed=seed)
    assert [each.day for each in days] == [MONDAY + timedelta(days=n) for n in range(7)]
    focuses = [each.focus for each in days]
    if count != 1:
        assert all(one != other for one, other in pairwise(focuses))
    titles = [(each.subject, each.title) for each in days]
    assert len(set(titles)) == 7
    assert not any("{" in each.steps for each in days)
    assert days == plan(count, grade=grade, seed=seed)
    assert (days[5].focus, days[6].minutes) == ("Together", 0)
    assert "Pilot" in days[5].steps
    band = band_of(grade)
    known = {each.title: each for each in catalogue() if each.band == band}
    assert all(known[each.title].minutes == each.minutes for each in days[:6])


def test_what_is_weakest_comes_back_first() -> None:
    """The first three skills share the days from Monday on; a fourth waits."""
    assert [each.focus for each in plan(4)[:5]] == [
        "Fractions", "Main idea", "Circuits", "Fractions", "Main idea",
    ]  # fmt: skip
    assert [each.subject for each in plan(1)[:5]] == ["Math", "Science", "Math", "Math", "Math"]


@given(grade=st.sampled_from(GRADE_LEVELS), subject=st.sampled_from(SUBJECTS), seed=st.text())
def test_a_week_on_one_subject_repeats_nothing(
    grade: GradeLevel, subject: Subject, seed: str
) -> None:
    """Three weak skills of one subject: seven different things to do."""
    days = week_plan(
        [Focus(name, subject) for name in ("one", "two", "three")], [subject], {},
        grade_level=grade, career="Pilot", first=MONDAY, seed=seed,
    )  # fmt: skip
    assert len({each.title for each in days}) == 7


def test_without_weak_skills_it_goes_further() -> None:
    """From a mastered skill where there is one, the weakest subject first."""
    days = plan(0)
    assert [each.subject for each in days[:5]] == [
        "Science", "Math", "ELA", "Social Studies", "Science",
    ]  # fmt: skip
    assert "food webs" in days[0].steps
    assert "something from Math" in days[1].steps
    assert [each.focus for each in days[:2]] == ["Going further in Science", "Some Math"]


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_next_monday(day: date) -> None:
    """Within the next seven days, never the day itself."""
    found = next_monday(day)
    assert found.weekday() == 0
    assert timedelta(days=1) <= found - day <= timedelta(days=7)


@pytest.mark.parametrize(
    ("skill_id", "name"),
    [
        ("math.fractions.addLike", "fractions: add like"),
        ("ela/main-idea", "main idea"),
        ("social-studies.maps_scale", "maps scale"),
        ("math.5.DNA", "5: DNA"),
        ("math", "Math"),
        ("математика.дроби", "математика: дроби"),
        ("...", "Math"),
    ],
)
def test_a_skill_is_named_by_its_id(skill_id: str, name: str) -> None:
    """Without the subject, which stands beside it."""
    assert skill_name(skill_id, "Math") == name


@given(st.text(max_size=300))
def test_any_id_gives_a_name(skill_id: str) -> None:
    """Of one line that fits."""
    name = skill_name(skill_id, "ELA")
    assert 1 <= len(name) <= MOST_CHARACTERS
