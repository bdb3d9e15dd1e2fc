"""Every number that is published is of nobody or of ten people, and so is what it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.analytics.rules.cells import Cell, sum_of
from functions.analytics.rules.comparing import comparisons
from functions.analytics.rules.dimensions import VIEWS, ViewName
from functions.analytics.rules.figures import FIGURES, Bins, Count, held_back, told
from functions.analytics.rules.metrics import METRICS
from functions.analytics.rules.sketches import K
from functions.analytics.rules.suppression import LEAST, few, joined_bins, left_out_parts
from functions.analytics.rules.traits import DECISIONS, FLAGS, SCORES, STYLES, TRAITS, marks_of
from functions.analytics.service import following
from shared.models.question_bank import LEVELS
from tests.flows.analytics.analyst import Analyst, answered, completed, learners, started
from tests.flows.stores import START, TENANT, House
from tests.flows.stores import house as house

Did = Mapping[str, int]
"""What one person did: sums by name."""


@pytest.fixture
def analyst(house: House) -> Analyst:
    return Analyst(house)


def row_of(view: ViewName, people: Mapping[int, Did]) -> Cell:
    """A row of these people, by their hashes."""
    made = Cell()
    for hashed, did in people.items():
        made.add(did)
        marks = marks_of(view, (name for name, number in did.items() if number))
        made.see(f"{hashed % 4}", [(hashed, marks)])
    return made


def test_every_number_has_its_rule() -> None:
    """A number that a view has and nobody thought about is no number of the view."""
    for view in VIEWS:
        if view != "intake":
            assert FIGURES[view].keys() == METRICS[view]({}).keys()
        traits = TRAITS[view]
        assert len(set(traits)) == len(traits)
        for figure in FIGURES[view].values():
            named = [getattr(figure, name, None) for name in ("trait", "part", "rest")]
            if view != "effectiveness":
                assert {name for name in named if name} <= set(traits)


def content_of(draws: Any) -> dict[int, Did]:
    found: dict[int, Did] = {}
    for hashed, (opened, completed_, rating) in enumerate(draws):
        did = {"opened": opened, "completed": completed_, "ratings": int(rating > 0)}
        found[hashed] = {**did, "rating": rating, "scored": completed_, "score": 5000 * completed_}
    return found


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 2)), min_size=10, max_size=45
    )
)
def test_a_count_leads_to_none_or_ten(draws: Any) -> None:
    """Those who are in it, and, where it is less than the people, those who are not."""
    people = content_of(draws)
    row = told("content", row_of("content", people))
    for name, trait in (("opened", "opened"), ("completed", "completed"), ("ratings", "ratings")):
        number = sum(did[trait] for did in people.values())
        those = sum(did[trait] > 0 for did in people.values())
        safe = not few(those) and not (number < len(people) and few(len(people) - those))
        assert row[name] == (number if not number or safe else None)
    raters = sum(did["ratings"] for did in people.values())
    assert (row["mean_rating"] is not None) == (raters >= LEAST)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4)).map(sorted), min_size=10, max_size=45)
)
def test_a_share_leads_to_none_or_ten(draws: Any) -> None:
    """The right first tries, and the wrong ones."""
    people: dict[int, Did] = {}
    for hashed, (right, first) in enumerate(draws):
        people[hashed] = {
            "answers": first, "first": first, "first_correct": right, "first_wrong": first - right,
        }  # fmt: skip
    rate = told("skills", row_of("skills", people))["first_try_rate"]
    rights = sum(did["first_correct"] > 0 for did in people.values())
    wrongs = sum(did["first_wrong"] > 0 for did in people.values())
    tried = sum(did["first"] > 0 for did in people.values())
    if rate is not None:
        assert tried >= LEAST
        assert not few(rights)
        assert not few(wrongs)
    elif tried == len(people):
        number = sum(did["first_correct"] for did in people.values())
        few_others = number < len(people) and few(len(people) - rights)
        assert few(rights) or few(wrongs) or few_others


def test_forty_begun_less_thirty_seven_ended_are_three() -> None:
    """So neither how many ended is told beside how many began, nor the share of them."""
    for ended, is_told in ((37, False), (30, True), (40, True), (3, False), (0, True)):
        people: dict[int, Did] = {
            n: {"started": 1, "finished": int(n < ended), "completed": int(n < ended)}
            for n in range(40)
        }
        row = told("careers", row_of("careers", people))
        assert row["journeys_started"] == 40
        assert row["journeys_completed"] == (ended if is_told else None)
        assert (row["completion_rate"] is not None) is is_told


def test_a_sum_of_one_among_many_is_not_told() -> None:
    """Though it is large: eighty-eight hints of three people."""
    people: dict[int, Did] = {n: {"answers": 5, "hints": 22 if n < 4 else 0} for n in range(37)}
    assert told("skills", row_of("skills", people))["hints"] is None
    people = {n: {"answers": 5, "hints": 8 if n < 11 else 0} for n in range(37)}
    assert told("skills", row_of("skills", people))["hints"] == 88


def test_of_a_crowd_a_sample_says_enough() -> None:
    """Where people are too many to be known one by one, what ten known ones did is told."""
    step = 2**48 // 4000
    people: dict[int, Did] = {
        n * step + n % 4: {"opened": 1, "completed": int(n % 10 == 0)} for n in range(4000)
    }
    cell = row_of("content", people)
    assert all(len(held) > K for held in cell.hashes.values())
    row = told("content", cell)
    assert (row["opened"], row["completed"]) == (4000, 400)
    few_of_them = {
        hashed: {**did, "completed": int(n < 5)} for n, (hashed, did) in enumerate(people.items())
    }
    assert told("content", row_of("content", few_of_them))["completed"] is None


@given(st.lists(st.integers(0, 25), min_size=10, max_size=10), st.sets(st.integers(0, 8)))
def test_bins_are_joined_until_they_are_of_ten(numbers: list[int], open_: set[int]) -> None:
    """Nothing is lost, none is of one to nine, and none begins where it may not."""
    found = joined_bins(numbers, lambda begin, end: sum(numbers[begin:end]), open_)
    if few(sum(numbers)):
        assert not any(found)
        return
    assert sum(number or 0 for number in found) == sum(numbers)
    assert found[-1] is not None
    begin = 0
    for end, number in enumerate(found):
        if number is None:
            continue
        assert number == sum(numbers[begin : end + 1])
        assert not few(number)
        assert end not in open_ or end == len(numbers) - 1
        begin = end + 1


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(1, 30), max_size=5), st.data())
def test_parts_left_out_are_two_and_of_ten(numbers: dict[str, int], data: st.DataObject) -> None:
    """Or all of them."""
    held = data.draw(st.sets(st.sampled_from(sorted(numbers)))) if numbers else set()
    left_out = left_out_parts(numbers, lambda names: sum(numbers[each] for each in names), held)
    assert held <= left_out
    assert all(numbers[name] >= LEAST for name in numbers.keys() - left_out)
    if left_out and left_out != numbers.keys():
        assert len(left_out) > 1
        assert sum(numbers[name] for name in left_out) >= LEAST


def sessions(number: int, **more: Any) -> dict[int, Did]:
    """Learners with a session each; ``more`` says what each of them has."""
    return {
        n: {"sessions": 1, **{name: 1 for of in more.values() for name in of(n)}}
        for n in range(number)
    }


def test_a_session_of_few_stands_in_no_bin_and_no_part() -> None:
    """Styles, levels and flags of some; the rest of each, too."""
    people = sessions(
        60,
        tenth=lambda n: [f"{score}_{3 if n < 4 else 5 if n < 40 else 9}" for score in SCORES],
        style=lambda n: [f"style_{STYLES[0 if n < 3 else 1 if n < 30 else 2]}"],
        level=lambda n: [f"level_{LEVELS[n < 12]}"],
        flags=lambda n: [f"flag_{FLAGS[0]}", "flagged"] if n < 14 else ["unflagged"],
        more=lambda n: [f"flag_{FLAGS[1]}"] if n < 12 else [],
        support=lambda n: ["level_supported" if n < 55 else "level_unsupported"],
    )
    row = told("profiler", row_of("profiler", people))
    nothing = [None, None, None, None, None]
    assert row["sessions"] == row["learners"] == 60
    assert row["aptitude_tenths"] == [0, 0, 0, None, None, 40, 0, 0, 0, 20]
    assert row["work_styles"] == {STYLES[0]: None, STYLES[1]: None, STYLES[2]: 30}
    assert row["levels"] == {LEVELS[0]: 48, LEVELS[1]: 12} | dict.fromkeys(LEVELS[2:], 0)
    assert (row["flagged"], row["levels_supported"]) == (14, None)
    # twelve of the fourteen: two were flagged for something else
    assert row["flags"] == {FLAGS[0]: 14, FLAGS[1]: None} | dict.fromkeys(FLAGS[2:], 0)
    alone = told(
        "profiler", row_of("profiler", {n: {"resets": 1} for n in range(12)} | sessions(5))
    )
    assert (alone["learners"], alone["sessions"]) == (None, None)
    assert alone["aptitude_tenths"] == [*nothing, *nothing]


def test_decisions_that_are_few_are_in_no_share() -> None:
    """One share would tell the other two together, both would tell the third."""
    people = sessions(60, decided=lambda n: [DECISIONS[0 if n < 30 else 1 if n < 43 else 2]])
    assert told("profiler", row_of("profiler", people))["acceptance_rate"] == 0.5
    people = sessions(60, decided=lambda n: [DECISIONS[0 if n < 30 else 1 if n < 57 else 2]])
    row = told("profiler", row_of("profiler", people))
    assert (row["accepted"], row["overridden"], row["declined"]) == (30, 27, None)
    assert (row["acceptance_rate"], row["override_rate"]) == (None, None)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 1)),
            min_size=10,
            max_size=24,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_total_less_its_rows_is_of_none_or_ten(rows: list[Any]) -> None:
    """What the total tells and the rows do not is that of ten people or of none."""
    people: list[dict[int, Did]] = []
    for at, draws in enumerate(rows):
        people.append({1000 * at + n: did for n, did in content_of(draws).items()})
    cells = [row_of("content", each) for each in people]
    shown = [told("content", cell) for cell in cells]
    total = told(
        "content", sum_of(cells), held_back("content", list(zip(cells, shown, strict=True)))
    )
    for name in ("opened", "completed", "ratings"):
        if total[name] is None:
            continue
        silent = [who for who, row in zip(people, shown, strict=True) if row[name] is None]
        rest = total[name] - sum(row[name] or 0 for row in shown)
        assert rest == sum(did[name] for who in silent for did in who.values())
        assert not few(sum(did[name] > 0 for who in silent for did in who.values()))


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=10, max_size=40), min_size=1, max_size=4),
)
def test_a_totals_bins_are_no_finer_than_its_rows(rows: list[list[int]]) -> None:
    """Between two of its borders each row's are of ten people or none."""
    people: list[dict[int, Did]] = [
        {1000 * at + n: {"sessions": 1, f"aptitude_{tenth}": 1} for n, tenth in enumerate(tenths)}
        for at, tenths in enumerate(rows)
    ]
    cells = [row_of("profiler", each) for each in people]
    shown = [told("profiler", cell) for cell in cells]
    held = held_back("profiler", list(zip(cells, shown, strict=True)))
    total = told("profiler", sum_of(cells), held)["aptitude_tenths"]
    assert sum(number or 0 for number in total) == sum(map(len, rows))
    begin = 0
    for end, number in enumerate(total):
        if number is not None:
            for tenths in rows:
                assert not few(sum(begin <= tenth <= end for tenth in tenths))
            begin = end + 1
    assert isinstance(FIGURES["profiler"]["aptitude_tenths"], Bins)
    assert isinstance(FIGURES["profiler"]["sessions"], Count)


def test_a_small_number_within_a_row_is_not_told(analyst: Analyst) -> None:
    """From events to the view: three of twenty used hints, two completed nothing."""
    for number, user in enumerate(learners(20)):
        analyst.hear(started(user), answered(user, hints=9 if number < 3 else 0))
        if number < 18:
            analyst.hear(completed(user))
    (skill,) = analyst.rows("skills", "skill").values()
    assert (skill["learners"], skill["answers"], skill["hints"]) == (20, 20, None)
    assert skill["first_try_rate"] == 1.0
    (career,) = analyst.rows("careers", "career").values()
    assert (career["journeys_started"], career["journeys_completed"]) == (20, None)
    assert (career["completion_rate"], career["mean_score"]) == (None, 80.0)


def test_of_a_cohort_no_few_are_told(analyst: Analyst) -> None:
    """One of twelve used a recipe, eleven achieved something: neither with its days."""
    for number, user in enumerate(learners(12)):
        following.note_profile(
            analyst.house, TENANT, user, at=START, session_id=user, track="grc", now=START
        )
        if number:
            following.note_stage(analyst.house, TENANT, user, "achieved", START, now=START)
        else:
            following.note_stage(analyst.house, TENANT, user, "recipe", START, now=START)
    (row,) = analyst.rows("effectiveness", "month").values()
    for stage in ("recipe", "achieved"):
        assert (row[stage], row[f"{stage}_rate"]) == (None, None)
    assert row["recipe_median_days"] is row["recipe_mean_days"] is None
    # of the eleven a mean is told: it does not say how many they are
    assert row["achieved_mean_days"] == 0
    assert (row["coaching"], row["coaching_rate"]) == (0, 0.0)


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        ({"with_recipe_achieved": 20, "achieved": 40}, True),
        ({"with_recipe_achieved": 8, "achieved": 40}, False),
        ({"with_recipe_achieved": 35, "achieved": 55}, False),
        ({"with_recipe_achieved": 20, "achieved": 25}, False),
        ({"with_recipe_achieved": 20, "achieved": 55}, False),
        ({"with_recipe_achieved": 20, "achieved": 40, "recipe": 43}, False),
        ({"with_recipe_achieved": 20, "achieved": 40, "recipe": 50}, True),
    ],
)
def test_a_comparison_tells_of_no_few(counts: dict[str, int], is_told: bool) -> None:
    """Those of a side who achieved something, those who did not, those who came too late."""
    found = comparisons({"profiled": 80, "recipe": 40, "with_recipe": 40, **counts})
    assert (found[0].used is not None) is is_told
    hidden = comparisons({"profiled": 80, "with_recipe": 40, **counts}, silent={"achieved"})
    assert hidden[0].used is None
