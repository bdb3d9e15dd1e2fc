"""How well the profiler measures what was put into simulated takers.

    python -m benchmarks.profiler_quality [SHARE]

Prints the tables of docs/profiler.md. SHARE (default 1.0) scales the number of takers. The
takers are those of ``tools/profiler_takers``: figures are of that model, not of people.
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from statistics import correlation, fmean, median, quantiles

from functions.profiler_complete.rules.ability import Response, eap
from functions.profiler_complete.rules.background import technical_exposure
from functions.profiler_complete.rules.confidence import track_probabilities
from functions.profiler_complete.rules.integrity import judge, keyed_responses
from functions.profiler_complete.rules.profile import alignments, build_profile, raw_scores
from functions.profiler_complete.rules.scoring import SEED, score
from functions.profiler_session.bank import load
from shared.models.question_bank import DIMENSIONS, TRACKS, Question, QuestionBank, Track
from tools.profiler_norms import norms_of
from tools.profiler_takers import (
    Answers,
    Person,
    answers_of,
    anybody,
    at_random,
    draws_from,
    minded,
    straight_line,
)

LENGTHS = {5: (1, 4, 1), 12: (3, 9, 2), 20: (4, 16, 4)}
"""Items a track: lines about it, scenarios, and lines a trait."""


@dataclass(frozen=True)
class Verdict:
    """What was recommended, how surely, and whether it is the truth."""

    track: Track
    confidence: float
    right: bool
    agrees: bool


def recommend(bank: QuestionBank, answers: Answers) -> tuple[Track, float, bool]:
    """The primary track, its probability, and whether its alignment is the highest too."""
    profile = build_profile(bank, answers)
    chances = track_probabilities(bank, profile.scores, seed=SEED)
    primary = max(TRACKS, key=lambda track: chances[track])
    aligned = alignments(bank, profile)
    return primary, chances[primary], aligned[primary] == max(aligned.values())


def thinned(bank: QuestionBank, lines: int, scenarios: int, trait_lines: int) -> QuestionBank:
    """The bank with fewer items a track, and the norms of what is left."""
    kept: Counter[str] = Counter()
    most: dict[str, int] = dict.fromkeys(TRACKS, lines) | {"scenario": scenarios}
    questions = []
    for question in bank.questions:
        kind = next(
            iter(
                (*question.tracks, *question.traits)
                or (("scenario",) if question.module == "scenario_preference" else ())
            ),
            None,
        )
        if kind is not None:
            kept[kind] += 1
            if kept[kind] > most.get(kind, trait_lines):
                continue
        questions.append(question.model_copy(update={"opposite_of": None}))
    source = bank.model_dump() | {"questions": [each.model_dump() for each in questions]}
    source["bank_version"] += f"-{lines}-{scenarios}"
    short = QuestionBank.model_validate(source)
    norms = {name: norm.model_dump() for name, norm in norms_of(short, 4000, seed=2).items()}
    return QuestionBank.model_validate(source | {"norms": norms})


def verdicts(
    bank: QuestionBank, takers: int, seed: int, manner: Callable[[Person], Person] = lambda p: p
) -> list[Verdict]:
    """What anybody gets recommended, who answers in this manner."""
    chance = draws_from(seed)
    found = []
    for _ in range(takers):
        person = manner(anybody(bank, chance))
        primary, confidence, agrees = recommend(bank, answers_of(bank, person, chance))
        found.append(Verdict(primary, confidence, primary == person.best_track(bank), agrees))
    return found


def bins(found: Iterable[Verdict]) -> list[tuple[float, int, float, float]]:
    """Per tenth of confidence: its lower end, how many, mean confidence, share right."""
    by_bin: dict[int, list[Verdict]] = {}
    for each in found:
        by_bin.setdefault(min(9, int(each.confidence * 10)), []).append(each)
    return [
        (
            tenth / 10,
            len(each),
            fmean(one.confidence for one in each),
            fmean(one.right for one in each),
        )
        for tenth, each in sorted(by_bin.items())
    ]


def calibration_error(found: list[Verdict]) -> float:
    """The expected calibration error: mean distance of confidence and share right, over bins."""
    return sum(n * abs(said - right) for _, n, said, right in bins(found)) / len(found)


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table in Markdown."""
    heads = list(heads)
    print(f"| {' | '.join(heads)} |")
    print(f"|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")
    print()


def alpha(columns: list[list[float]]) -> float:
    """Cronbach's alpha of items, each a list of scores over the takers."""
    totals = [sum(row) for row in zip(*columns, strict=True)]
    items = math.fsum(_variance(column) for column in columns)
    return len(columns) / (len(columns) - 1) * (1 - items / _variance(totals))


def _variance(values: list[float]) -> float:
    mean = fmean(values)
    return fmean((value - mean) ** 2 for value in values)


def reliabilities(bank: QuestionBank, takers: int) -> None:
    """Print the reliability of every scale."""
    chance = draws_from(11)
    people = [anybody(bank, chance) for _ in range(takers)]
    given = [answers_of(bank, person, chance) for person in people]
    raw = [raw_scores(bank, each) for each in given]
    rows: list[tuple[str, int, str]] = []
    for name in DIMENSIONS:
        items = sum(
            name in {*q.tracks, *q.traits, *(t for o in q.options for t in o.tracks)}
            for q in bank.questions
        )
        squared = correlation([r[name] for r in raw], [p.profile[name] for p in people]) ** 2
        rows.append((name, items, f"{squared:.2f}"))
    estimates = [eap(keyed_responses(bank, each)[0]) for each in given]
    squared = correlation([e.theta for e in estimates], [p.ability for p in people]) ** 2
    error = fmean(e.standard_error**2 for e in estimates)
    keyed = len(bank.by_module["cyber_aptitude"])
    rows.append(("aptitude", keyed, f"{squared:.2f} (1 - SE²: {1 - error:.2f})"))
    exposure = bank.by_module["technical_exposure"]
    columns = [
        [bank.score_of_step(q, each[q.id].selected_option or "") for each in given]
        for q in exposure
    ]
    scores = [technical_exposure(bank, each).score for each in given]
    squared = correlation(scores, [p.exposure for p in people]) ** 2
    rows.append(
        ("technical exposure", len(exposure), f"{squared:.2f} (alpha: {alpha(columns):.2f})")
    )
    table(("scale", "items", "reliability"), rows)


def lengths(bank: QuestionBank, takers: int) -> list[Verdict]:
    """Print how often the primary track is right, by the number of items a track."""
    rows = []
    found: list[Verdict] = []
    for items, (lines, scenarios, traits) in LENGTHS.items():
        whole = items == max(LENGTHS)
        used = bank if whole else thinned(bank, lines, scenarios, traits)
        found = verdicts(used, takers, seed=12)
        rows.append(
            (
                items,
                f"{fmean(v.right for v in found):.1%}",
                f"{fmean(v.confidence for v in found):.3f}",
                f"{calibration_error(found):.3f}",
                f"{fmean(v.confidence < 0.45 for v in found):.1%}",
                f"{fmean(v.agrees for v in found):.1%}",
            )
        )
    table(
        ("items a track", "primary right", "mean confidence", "calibration error",
         "two tracks said", "primary has the highest alignment"), rows,
    )  # fmt: skip
    return found


def other_manners(bank: QuestionBank, takers: int) -> None:
    """Print how right and how sure the recommendation is of people whom the norms do not fit."""
    manners: dict[str, Callable[[Person], Person]] = {
        "as the norms assume": lambda person: person,
        "noisier lines (loading 0.5)": lambda person: replace(person, loading=0.5),
        "clearer lines (loading 0.8)": lambda person: replace(person, loading=0.8),
        "choices half as decided": lambda person: replace(person, choice_strength=0.6),
        "choices twice as decided": lambda person: replace(person, choice_strength=2.4),
        "leaning to agree, three times as far": lambda person: replace(
            person, leaning=3 * person.leaning
        ),
        "interests half as strong": lambda person: replace(
            person, profile={name: value / 2 for name, value in person.profile.items()}
        ),
    }
    rows = []
    for name, manner in manners.items():
        found = verdicts(bank, takers, 17, manner)
        rows.append(
            (
                name,
                f"{fmean(v.right for v in found):.1%}",
                f"{fmean(v.confidence for v in found):.3f}",
                f"{calibration_error(found):.3f}",
            )
        )
    table(("people", "primary right", "mean confidence", "calibration error"), rows)


def shares(bank: QuestionBank, takers: int) -> None:
    """Print who wins among random and track-minded takers."""
    chance = draws_from(13)
    rows = []
    won = Counter(recommend(bank, at_random(bank, chance))[0] for _ in range(4 * takers))
    rows.append(("by lot", 4 * takers, *(f"{won[track] / (4 * takers):.1%}" for track in TRACKS)))
    for drawn in TRACKS:
        won = Counter(
            recommend(bank, answers_of(bank, minded(bank, drawn, chance), chance))[0]
            for _ in range(takers)
        )
        rows.append(
            (f"{drawn}-minded", takers, *(f"{won[track] / takers:.1%}" for track in TRACKS))
        )
    table(("takers", "number", *TRACKS), rows)


def _rapid(person: Person, share: float, seed: int) -> Person:
    picks = draws_from(seed)
    drawn: dict[str, bool] = {}

    def rapid(question: Question) -> bool:
        if question.kind != "keyed_choice":
            return False
        return drawn.setdefault(question.id, picks.random() < share)

    return replace(person, rapid=rapid)


def flags(bank: QuestionBank, takers: int) -> None:
    """Print how often each flag is raised, for careful takers and for others."""
    chance = draws_from(14)

    def careful() -> Answers:
        return answers_of(bank, anybody(bank, chance), chance)

    def rapid(share: float) -> Callable[[], Answers]:
        def answers() -> Answers:
            person = _rapid(anybody(bank, chance), share, chance.getrandbits(32))
            return answers_of(bank, person, chance)

        return answers

    def half_by_lot() -> Answers:
        answers, lot = careful(), at_random(bank, chance)
        for name, answer in lot.items():
            if bank.by_id[name].scale == "agreement" and chance.random() < 0.5:
                answers[name] = answer
        return answers

    def minded_of_any_track() -> Answers:
        return answers_of(bank, minded(bank, chance.choice(TRACKS), chance), chance)

    kinds: dict[str, Callable[[], Answers]] = {
        "careful": careful,
        "careful, track-minded": minded_of_any_track,
        "all by lot, 3 s an item": lambda: at_random(bank, chance),
        "all by lot, 1 s an item": lambda: at_random(bank, chance, seconds=1.0),
        "half of the lines by lot": half_by_lot,
        "one step throughout": lambda: straight_line(bank, careful(), chance),
        "15 % rapid guesses": rapid(0.15),
        "30 % rapid guesses": rapid(0.30),
        "60 % rapid guesses": rapid(0.60),
    }
    codes = (
        "rapid_guessing", "straight_lining", "uneven_halves", "inconsistency", "too_fast",
        "instructed_items", "person_fit",
    )  # fmt: skip
    rows = []
    for kind, make in kinds.items():
        raised: Counter[str] = Counter()
        for _ in range(takers):
            found = judge(bank, make())
            raised.update(flag.code for flag in found.flags)
            raised["any"] += bool(found.flags)
            raised["retest"] += found.retest_advised
        rows.append((kind, *(f"{raised[c] / takers:.1%}" for c in (*codes, "any", "retest"))))
    table(("takers", *codes, "any", "retest advised"), rows)


def effort(bank: QuestionBank, takers: int) -> None:
    """Print the error of the ability estimate with rapid guesses, left out and counted."""
    rows = []
    for label, share, guessing in (
        ("no rapid guesses", 0.0, 0.0),
        ("15 % rapid", 0.15, 0.0),
        ("30 % rapid", 0.30, 0.0),
        ("lucky hits of 20 % where one does not know", 0.0, 0.2),
    ):
        chance = draws_from(15)
        moderated, counted = [], []
        for _ in range(takers):
            person = anybody(bank, chance, guessing=guessing)
            person = _rapid(person, share, chance.getrandbits(32))
            answers = answers_of(bank, person, chance)
            moderated.append(eap(keyed_responses(bank, answers)[0]).theta - person.ability)
            every = [
                Response(q.a or 1, q.b or 0, answers[q.id].selected_option == q.key)
                for q in bank.by_module["cyber_aptitude"]
            ]
            counted.append(eap(every).theta - person.ability)
        rows.append(
            (
                label,
                f"{math.sqrt(fmean(e * e for e in moderated)):.2f}",
                f"{math.sqrt(fmean(e * e for e in counted)):.2f}",
                f"{fmean(moderated):+.2f}",
            )
        )
    table(("takers", "RMSE, rapid left out", "RMSE, rapid counted", "bias, rapid left out"), rows)


def speed(bank: QuestionBank, takers: int) -> None:
    """Print how long the scoring of one session takes."""
    chance = draws_from(16)
    given = [answers_of(bank, anybody(bank, chance), chance) for _ in range(takers)]
    began = time.perf_counter()
    score(bank, given[0], language="en")
    first = time.perf_counter() - began
    times = []
    for each in given:
        began = time.perf_counter()
        score(bank, each, language="en")
        times.append((time.perf_counter() - began) * 1000)
    print(
        f"Scoring a session: median {median(times):.1f} ms, 95 % below "
        f"{quantiles(times, n=20)[-1]:.1f} ms; the first in a process {first * 1000:.0f} ms."
    )


def main() -> None:
    """Print every table."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    bank = load()
    takers = int(5000 * share)
    print(f"Bank {bank.bank_version}: {len(bank.questions)} items\n")
    reliabilities(bank, takers)
    found = lengths(bank, takers)
    table(
        ("confidence", "takers", "mean confidence", "primary right"),
        ((f"{low:.1f} to {low + 0.1:.1f}", n, f"{said:.3f}", f"{right:.3f}")
         for low, n, said, right in bins(found)),
    )  # fmt: skip
    other_manners(bank, takers)
    shares(bank, takers)
    flags(bank, max(200, int(2000 * share)))
    effort(bank, max(200, int(2000 * share)))
    speed(bank, max(100, int(500 * share)))


if __name__ == "__main__":
    main()
