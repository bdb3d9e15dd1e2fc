"""What a report says, against an independent count of what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.journey_summary.rules.report import DayWork, Facts, Report, report_of
from shared.models.achievements import catalogue
from shared.models.game import Awarded
from shared.models.journey import Lesson, QuestionTries
from shared.models.learning import CONTAINERS, SUBJECTS
from tools.sample_report import BEGAN, ENDED, LEARNER, SESSION, TENANT, sample_facts, sample_report

EMPTY = replace(sample_facts(), lessons=[], days={}, skills=[], game=None)


def report(facts: Facts, *, completed_at: datetime = ENDED) -> Report:
    return report_of(facts, version=1, completed_at=completed_at, made_at=completed_at)


tries = st.tuples(st.integers(1, 4), st.booleans()).map(
    lambda each: QuestionTries(tries=each[0], solved_at=each[0] if each[1] else None)
)
lessons = st.lists(
    st.builds(
        lambda place, questions, hints, ms: Lesson.model_validate(
            {
                "id": "lesson", "tenant_id": TENANT, "session_id": SESSION, "user_id": LEARNER,
                "container": place[0], "subject": place[1], "hints_used": hints, "duration_ms": ms,
                "questions": {f"q{n}": each for n, each in enumerate(questions)},
                "started_at": BEGAN, "updated_at": ENDED,
            }
        ),
        st.tuples(st.sampled_from(CONTAINERS), st.sampled_from(SUBJECTS)),
        st.lists(tries, max_size=8),
        st.integers(0, 9),
        st.integers(0, 3_000_000),
    ),
    max_size=12,
    unique_by=lambda each: (each.container, each.subject),
)  # fmt: skip


@given(lessons)
def test_every_figure_is_what_was_counted(found: list[Lesson]) -> None:
    """Totals, lines and sentences agree with the questions themselves."""
    made = report(replace(sample_facts(), lessons=found))
    questions = [each for lesson in found for each in lesson.questions.values()]
    solved = [each for each in questions if each.solved_at]
    first = [each for each in solved if each.solved_at == 1]
    assert (made.total.questions, made.total.correct) == (len(questions), len(solved))
    assert sum(line.questions for line in made.lessons) == len(questions)
    assert sum(line.correct for line in made.lessons) == len(solved)
    assert len(made.lessons) == 12
    assert all((line.score is None) == (line.questions == 0) for line in made.lessons)
    minutes = sum(lesson.duration_ms for lesson in found) / 60_000
    assert abs(made.minutes - minutes) < 1e-6
    words = " ".join(made.highlights)
    if questions:
        assert f"{len(first)} of {len(questions)} solved at the first try." in words
    else:
        assert "No question was answered" in words
    assert ("Went back" in words) == (len(solved) > len(first))
    hints = sum(lesson.hints_used for lesson in found)
    assert ("Not one hint" in words) == (hints == 0 and bool(questions))
    paid = {1: 10, 2: 5}
    earned = sum(paid.get(each.solved_at or 0, 0) for each in questions)
    for lesson in found:
        each = list(lesson.questions.values())
        if len(each) >= 3:
            earned += 20 + 50 * all(one.solved_at == 1 for one in each)
    assert made.xp == earned


@given(
    st.dictionaries(
        st.dates(date(2026, 10, 1), date(2026, 11, 20)),
        st.builds(DayWork, st.integers(1, 50), st.integers(0, 9_000_000)),
    )
)
def test_a_week_and_what_lies_before_it(days: dict[date, DayWork]) -> None:
    """Seven days up to the journey's end, and no minute is lost."""
    made = report(replace(sample_facts(), days=days))
    assert [each.day for each in made.days] == [
        date(2026, 11, 14) + timedelta(days=n) for n in range(7)
    ]
    shown = sum(each.minutes for each in made.days) + made.minutes_before
    assert abs(shown - sum(each.duration_ms for each in days.values()) / 60_000) < 1e-6


def test_days_are_the_learners() -> None:
    """A journey that ends on a Friday in Berlin ends on a Saturday in Auckland."""
    far = replace(sample_facts(), time_zone="Pacific/Auckland")
    made = report(far, completed_at=datetime(2026, 11, 20, 16, tzinfo=UTC))
    assert made.completed_on == date(2026, 11, 21)
    assert made.plan[0].day == date(2026, 11, 23)


def test_what_is_to_be_practised() -> None:
    """What is in remediation first, then what is least sure; what is mastered is not there."""
    made = sample_report()
    assert [each.name for each in made.to_practise] == [
        "Decimals: comparing", "Figurative language", "Timelines",
    ]  # fmt: skip
    assert [each.mastery for each in made.to_practise] == [41, 55, 72]
    assert {each.name for each in made.mastered} == {
        "Fractions: adding", "Area", "Main idea", "Circuits", "Food webs", "Maps: scale",
    }  # fmt: skip
    assert all(each.activity.subject == each.subject for each in made.to_practise)
    assert made.plan[0].focus == "Decimals: comparing"


def lesson_in(subject: str, solved: int) -> Lesson:
    """A lesson of ten questions of which so many were solved."""
    questions = {f"q{n}": {"tries": 1, "solved_at": 1 if n < solved else None} for n in range(10)}
    return Lesson.model_validate(
        {
            "id": subject, "tenant_id": TENANT, "session_id": SESSION, "user_id": LEARNER,
            "container": "LEARN", "subject": subject, "questions": questions,
            "started_at": BEGAN, "updated_at": ENDED,
        }
    )  # fmt: skip


def test_what_is_in_remediation_goes_before_what_is_less_sure() -> None:
    """A learner was told to practise it."""
    facts = sample_facts()
    told = facts.skills[8].model_copy(update={"in_remediation": True, "mastery": 0.8})
    made = report(replace(facts, skills=[*facts.skills[6:8], told]))
    assert [each.mastery for each in made.to_practise] == [41, 80, 55]


def test_subjects_by_what_was_solved() -> None:
    """The strongest is named, and free days of the plan go to the weakest first."""
    solved = {"Math": 9, "ELA": 4, "Science": 10, "Social Studies": 7}
    found = [lesson_in(subject, number) for subject, number in solved.items()]
    made = report(replace(sample_facts(), lessons=found, skills=[]))
    assert made.highlights[0] == "Strongest in Science: 100 % of its questions solved."
    assert [each.subject for each in made.plan[:5]] == [
        "ELA", "Social Studies", "Math", "Science", "ELA",
    ]  # fmt: skip


def test_what_the_ledger_paid_is_what_was_earned() -> None:
    """Held awards are not in it; without a ledger the rule foretells."""
    assert report(replace(sample_facts(), paid_xp=123)).xp == 123
    assert report(replace(sample_facts(), paid_xp=0)).xp == 0
    assert report(sample_facts()).xp > 123


def test_a_report_made_late_plans_for_the_week_to_come() -> None:
    """And tells no streak, for the game keeps only how it is now."""
    later = ENDED + timedelta(days=20)
    made = report_of(sample_facts(), version=2, completed_at=ENDED, made_at=later)
    assert made.plan[0].day == date(2026, 12, 14)
    assert made.streak_days == 0
    assert made.days[-1].day == date(2026, 11, 20)


def test_what_was_not_begun_comes_after_what_is_weak() -> None:
    """Free days go to subjects of which something is known first."""
    found = [lesson_in("Science", 9), lesson_in("ELA", 4)]
    made = report(replace(sample_facts(), lessons=found, skills=[]))
    assert [each.subject for each in made.plan[:4]] == ["ELA", "Science", "Math", "Social Studies"]


def test_none_is_strongest_of_equals() -> None:
    """Nor is one that a single question speaks for."""
    found = [lesson_in("Math", 9), lesson_in("ELA", 9)]
    made = report(replace(sample_facts(), lessons=found))
    assert not any("Strongest" in each for each in made.highlights)
    few = found[0].model_copy(update={"questions": {"q": QuestionTries(tries=1, solved_at=1)}})
    made = report(replace(sample_facts(), lessons=[few]))
    assert not any("Strongest" in each for each in made.highlights)


def test_lists_are_cut_and_say_so() -> None:
    """Forty skills and every achievement there is."""
    facts = sample_facts(achievements=len(catalogue()))
    many = [
        facts.skills[n % 9].model_copy(update={"id": f"s{n}", "skill_id": f"math.topic-{n}"})
        for n in range(45)
    ]
    made = report(replace(facts, skills=many))
    assert (len(made.mastered), made.mastered_more) == (16, 14)
    assert (len(made.to_practise), made.to_practise_more) == (4, 11)
    assert (len(made.badges), made.badges_more) == (12, len(catalogue()) - 12)


def test_achievements_are_the_journeys() -> None:
    """One of before it, or of long after, is another's; one that no catalogue has is left out."""
    facts = sample_facts()
    assert facts.game is not None
    keys = [each.key for each in catalogue()]
    moments = {
        keys[0]: BEGAN - timedelta(seconds=1),
        keys[1]: BEGAN,
        keys[2]: ENDED + timedelta(minutes=59),
        keys[3]: ENDED + timedelta(hours=2),
        "of_old": ENDED,
    }
    awarded = tuple(Awarded(key=key, at=at) for key, at in moments.items())
    game = facts.game.model_copy(update={"achievements": awarded})
    made = report(replace(facts, game=game))
    assert [each.name for each in made.badges] == [catalogue()[2].name, catalogue()[1].name]


def test_of_a_journey_without_an_answer() -> None:
    """Nothing is made up: no score, no level, no skill; there is a plan all the same."""
    made = report(EMPTY)
    assert (made.total.questions, made.xp, made.level, made.streak_days) == (0, 0, None, 0)
    assert (made.mastered, made.to_practise, made.badges) == ((), (), ())
    assert [each.subject for each in made.plan[:4]] == list(SUBJECTS)
