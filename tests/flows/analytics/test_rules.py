"""Sketches, suppression, percentiles, comparisons and CSV: what holds of each."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from hashlib import sha256
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.analytics.rules.cells import Cell, Key
from functions.analytics.rules.comparing import comparisons
from functions.analytics.rules.dimensions import MOST_CHARACTERS, named, period_of
from functions.analytics.rules.histograms import bucket_of, exact_percentile, percentile
from functions.analytics.rules.reports import NEEDS, REPORT_NAMES, held_to, wrong_with
from functions.analytics.rules.sketches import K, estimate, hash_of, marked, read, united
from functions.analytics.rules.spreadsheet import csv_of
from functions.analytics.rules.suppression import LEAST, shown
from functions.analytics.rules.telemetry import browser_of, device_of
from tests.flows.stores import START

hashes = st.integers(min_value=0, max_value=2**48 - 1)


def of(name: object) -> int:
    return hash_of(sha256(str(name).encode()).hexdigest())


@given(st.lists(hashes, max_size=200), st.lists(hashes, max_size=200))
def test_a_sketch_of_both_is_the_union_of_their_sketches(one: list[int], other: list[int]) -> None:
    """In any order, with any repeats; exact below K."""
    both = united(one, other)
    assert united(united(one), united(other)) == united(other, one) == both
    if len({*one, *other}) < K:
        assert estimate(both) == len({*one, *other})
    kept: tuple[str, ...] = ()
    for at, hashed in enumerate((*one, *other)):
        kept = marked(kept, hashed, 1 << at % 3)
    assert tuple(hashed for hashed, _ in read(kept)) == both
    for hashed, marks in read(kept):
        assert marked(kept, hashed, marks) == kept


@pytest.mark.parametrize("number", [100, 1_000, 20_000])
def test_an_estimate_is_within_its_error(number: int) -> None:
    """Over many sets the mean of the estimates is near to the number, and they are spread as the
    formula says."""
    errors = []
    for trial in range(60):
        sketch = united(of(f"{trial} {n}") for n in range(number))
        errors.append(estimate(sketch) / number - 1)
    spread = sqrt(sum(error**2 for error in errors) / len(errors))
    assert abs(sum(errors) / len(errors)) < 4 * (1 / sqrt(K - 2)) / sqrt(len(errors))
    assert spread < 1.5 / sqrt(K - 2)


def cell(*people: object) -> Cell:
    made = Cell(counts={"n": len(people)})
    made.see("a", [(of(each), 0) for each in people])
    return made


def crowd(number: int, of_what: str = "p") -> list[str]:
    return [f"{of_what}{n}" for n in range(number)]


def test_ten_are_shown_and_nine_are_not() -> None:
    """The border itself."""
    for number, is_shown in ((LEAST, True), (LEAST - 1, False)):
        told = shown({("a",): {"": cell(*crowd(number))}})
        assert (("a",) in told.cells) == is_shown
        assert told.hidden == int(not is_shown)


def test_a_part_that_is_left_out_is_not_the_cell_less_the_others() -> None:
    """The smallest of those that are shown goes with it."""
    parts = {
        "2026-01": cell(*crowd(3, "s")),
        "2026-02": cell(*crowd(15, "m")),
        "2026-03": cell(*crowd(40, "l")),
    }
    told = shown({("a",): parts})
    assert set(told.cells[("a",)]) == {"2026-03"}
    assert told.hidden == 2
    assert set(shown({("a",): parts}, alone=True).cells[("a",)]) == {"2026-02", "2026-03"}


def test_days_are_not_a_month_less_the_others() -> None:
    """Two days of different months are each beside one more of theirs."""
    parts = {
        f"2026-0{month}-{day}": cell(*crowd(20)) for month in (1, 2) for day in ("06", "07", "08")
    }
    parts |= {"2026-01-05": cell("a"), "2026-02-05": cell(*crowd(9))}
    left = shown({("a",): parts}).cells[("a",)]
    for month in ("2026-01", "2026-02"):
        assert len([day for day in left if day.startswith(month)]) == 2


DAYS = [START.date() + timedelta(days=n) for n in range(45)]
spread = st.dictionaries(
    st.sampled_from(DAYS), st.sets(st.integers(0, 40), min_size=1, max_size=25), max_size=12
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), spread))
def test_answers_to_one_range_lead_to_ten_people_at_least(
    people: dict[str, dict[date, set[int]]],
) -> None:
    """Whatever of them is subtracted: a cell or none, by days, weeks, months or whole."""
    by: dict[str, dict[Key, set[str]]] = {}
    for period in ("", "day", "week", "month"):
        cells: dict[Key, dict[str, Cell]] = {}
        for group, days in people.items():
            for day, who in days.items():
                at = period_of(day, period) if period else ""  # type: ignore[arg-type]
                parts = cells.setdefault((group,), {})
                parts.setdefault(at, cell()).take(cell(*who))
        told = shown(cells)
        by[period] = {group: set(parts) for group, parts in told.cells.items()}
        for shown_parts in told.cells.values():
            assert all(part.learners >= LEAST for part in shown_parts.values())
    for group, days in people.items():
        for period, wider in (("day", "week"), ("day", "month"), ("day", ""), ("week", ""),
                              ("month", "")):  # fmt: skip
            for span in by[wider].get((group,), set()):
                of_span = {
                    day for day in days
                    if not span or period_of(day, wider) == span  # type: ignore[arg-type]
                }  # fmt: skip
                left = by[period].get((group,), set())
                rest = [day for day in of_span if period_of(day, period) not in left]  # type: ignore[arg-type]
                assert not rest or len(set().union(*(days[day] for day in rest))) >= LEAST


@given(st.lists(st.integers(min_value=0, max_value=10**8), min_size=1, max_size=60))
def test_percentiles_are_within_a_bucket(durations: list[int]) -> None:
    """Of the value that stands there in order."""
    buckets: dict[int, int] = {}
    for each in durations:
        buckets[bucket_of(each)] = buckets.get(bucket_of(each), 0) + 1
    for share in (0.5, 0.9):
        ordered = sorted(durations)
        exact = ordered[next(n for n in range(len(ordered)) if n + 1 >= share * len(ordered))]
        found = percentile(buckets, share)
        assert found is not None
        assert abs(found - exact) <= 0.5 + 0.19 * exact


def test_a_median_of_days_is_exact() -> None:
    """Also where it falls between two."""
    assert exact_percentile({1: 1, 3: 1}, 0.5) == 2
    assert exact_percentile({0: 3, 9: 1}, 0.5) == 0
    assert exact_percentile({2: 1, 5: 1, 90: 1}, 0.5) == 5
    assert exact_percentile({}, 0.5) is None


def test_a_comparison_has_newcombes_interval() -> None:
    """The example of the paper: 56 of 70 and 48 of 80 differ by 0.2, from 0.0524 to 0.3339."""
    counts = {"profiled": 150, "achieved": 104, "with_recipe": 70, "with_recipe_achieved": 56}
    recipe = comparisons(counts)[0]
    assert recipe.difference == pytest.approx(0.2)
    assert recipe.low == pytest.approx(0.0524, abs=5e-5)
    assert recipe.high == pytest.approx(0.3339, abs=5e-5)
    assert comparisons({"profiled": 19, "with_recipe": 10})[0].used is None


@pytest.mark.parametrize(
    ("recipe", "coaching", "either", "told"),
    [(12, 1, 13, False), (13, 12, 13, False), (20, 20, 35, False), (20, 20, 30, True)],
)
def test_either_does_not_tell_of_few(recipe: int, coaching: int, either: int, told: bool) -> None:
    """Who used one of two alone, or both, are none or ten where all three are told."""
    counts = {"profiled": 60, "with_recipe": recipe, "with_coaching": coaching}
    found = comparisons({**counts, "with_either": either})
    assert found[0].used is not None
    assert (found[2].used is not None) is told


def test_rows_as_csv() -> None:
    """RFC 4180; nested numbers have columns of their own; no cell is a formula."""
    rows = [
        {"career": '=HYPERLINK("http://x")', "learners": 12, "rate": 0.5, "by": {"b": 1, "a": 2}},
        {"career": 'a "quoted", one', "learners": 11, "rate": None, "by": {"a": 3}},
        {"career": " +1", "learners": 10, "rate": -0.5, "by": {}},
    ]
    assert csv_of(rows, ["career", "learners", "rate"]).decode() == (
        "career,learners,rate,by_a,by_b\r\n"
        '"\'=HYPERLINK(""http://x"")",12,0.5,2,1\r\n'
        '"a ""quoted"", one",11,,3,\r\n'
        "' +1,10,-0.5,,\r\n"
    )


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_comes_back_from_csv(texts: list[str]) -> None:
    """Whole but for the apostrophe; whatever it begins with is no formula."""
    texts = [text.replace("\r", "").replace("\n", " ").replace("\x00", "") for text in texts]
    written = csv_of([{"text": text} for text in texts], ["text"]).decode()
    read = [row[0] if row else "" for row in csv.reader(io.StringIO(written, newline=""))][1:]
    for text, back in zip(texts, read, strict=True):
        assert back in (text, f"'{text}")
        assert not back.lstrip(" ").startswith(("=", "+", "-", "@", "\t"))


@given(st.text(max_size=300))
def test_a_groups_name_is_short_and_stays_as_it_is(text: str) -> None:
    """Never empty, without control characters, and named again it is the same."""
    name = named(text)
    assert 0 < len(name) <= MOST_CHARACTERS
    assert name.isprintable() or " " in name
    assert "\n" not in name


def test_each_report_says_what_it_needs() -> None:
    """And nothing else."""
    for name in REPORT_NAMES:
        needed = set(NEEDS[name])
        assert wrong_with(name, needed) is None
        assert "takes no mood" in str(wrong_with(name, {*needed, "mood"}))
        for field in needed:
            assert field in str(wrong_with(name, needed - {field}))


def test_times_of_reports_are_held_to_what_can_be() -> None:
    """A little ahead is now; too far ahead or too long ago is refused."""
    assert held_to(START, START) == START
    assert held_to(START + timedelta(minutes=5), START) == START
    assert held_to(START + timedelta(minutes=6), START) is None
    assert held_to(START - timedelta(days=7), START) == START - timedelta(days=7)
    assert held_to(START - timedelta(days=7, seconds=1), START) is None


@pytest.mark.parametrize(
    ("agent", "device", "browser"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/124.0 Safari/537.36 Edg/124.0", "desktop", "Edge"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
         "like Gecko) Version/17.4 Mobile/15E148 Safari/604.1", "phone", "Safari"),
        ("Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/124.0 Safari/537.36",
         "tablet", "Chrome"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/124.0 Mobile "
         "Safari/537.36", "phone", "Chrome"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "desktop",
         "Firefox"),
        ("curl/8.5.0", "other", "other"),
        (None, "other", "other"),
    ],
)  # fmt: skip
def test_of_a_user_agent_family_and_class_are_kept(
    agent: str | None, device: str, browser: str
) -> None:
    """Nothing that tells one browser from another of its kind."""
    assert (device_of(agent), browser_of(agent)) == (device, browser)
