"""Scoring: a pure function of answers and bank, whatever the answers and their order."""

from __future__ import annotations

import math
from statistics import correlation

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.profiler_complete.rules.confidence import DRAWS, track_probabilities
from functions.profiler_complete.rules.draws import standard_normals
from functions.profiler_complete.rules.profile import (
    alignments,
    build_profile,
    item_scores,
    key_directions,
    raw_scores,
)
from functions.profiler_complete.rules.roles import FEWEST_ANSWERS, matching_roles, role_affinities
from functions.profiler_complete.rules.scoring import SEED, score
from functions.profiler_complete.rules.statement import value_statement
from functions.profiler_session.bank import load
from shared.models.profiling import GivenAnswer, Scores
from shared.models.question_bank import DIMENSIONS, LEVELS, TRACKS, Question, QuestionBank, Track
from tools.profiler_takers import (
    Answers,
    answers_of,
    anybody,
    at_random,
    draws_from,
    minded,
)
from tools.profiler_takers import (
    given as given_answer,
)

BANK = load()
SEEDS = st.integers(0, 2**32)
KEYED = BANK.by_module["cyber_aptitude"]


def some_answers(seed: int, share: float = 1.0) -> Answers:
    """Answers by lot or by a person, to a share of the questions."""
    chance = draws_from(seed)
    lot = chance.random() < 0.5
    answers = (
        at_random(BANK, chance, seconds=chance.uniform(0.5, 40))
        if lot
        else answers_of(BANK, anybody(BANK, chance), chance)
    )
    return {name: each for name, each in answers.items() if chance.random() < share}


def scored(answers: Answers) -> Scores:
    return score(BANK, answers, language="en")


@given(SEEDS, st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_the_order_of_answers_never_matters(seed: int, share: float) -> None:
    """The same answers, inserted and numbered in any order, score the very same."""
    answers = some_answers(seed, share)
    names = list(answers)
    draws_from(seed + 1).shuffle(names)
    shuffled = {
        name: answers[name].model_copy(update={"sequence": at + 1}) for at, name in enumerate(names)
    }
    assert scored(shuffled) == scored(answers)


@given(SEEDS, st.data())
@settings(max_examples=40, deadline=None)
def test_more_right_answers_never_lower_aptitude(seed: int, data: st.DataObject) -> None:
    """Whatever was answered, putting a wrong answer right raises the score, and nothing else."""
    answers = some_answers(seed)
    wrong = [q for q in KEYED if answers[q.id].selected_option != q.key]
    if not wrong:
        return
    question = data.draw(st.sampled_from(wrong))
    answer = answers[question.id].model_copy(update={"selected_option": question.key})
    before, after = scored(answers), scored({**answers, question.id: answer})
    if answer.seconds < question.rapid_seconds:
        assert after.aptitude.score == before.aptitude.score
    else:
        assert after.aptitude.score > before.aptitude.score
        assert after.aptitude.correct == before.aptitude.correct + 1
    assert after.recommendation.alignment == before.recommendation.alignment


@given(SEEDS, st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_everything_is_within_its_range(seed: int, share: float) -> None:
    """Percentages are 0..100, probabilities sum to 1, the two tracks differ."""
    found = scored(some_answers(seed, share))
    recommendation = found.recommendation
    for percent in (
        found.aptitude.score, found.aptitude.score_low, found.aptitude.score_high,
        found.exposure.score, *found.exposure.by_skill.values(),
        *recommendation.alignment.values(), *(each.level for each in found.skills),
    ):  # fmt: skip
        assert 0 <= percent <= 100
    assert sum(recommendation.probabilities.values()) == pytest.approx(1)
    assert recommendation.confidence == max(recommendation.probabilities.values())
    assert recommendation.primary != recommendation.secondary
    assert recommendation.two_tracks == (recommendation.confidence < 0.45)
    assert found.aptitude.score_low <= found.aptitude.score <= found.aptitude.score_high
    assert found.difficulty.selected in LEVELS
    assert Scores.model_validate_json(found.model_dump_json()) == found


@given(SEEDS, st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_the_explanation_adds_up_to_every_alignment(seed: int, share: float) -> None:
    """Start, baseline and what each answer moved sum to the alignment of each track."""
    found = scored(some_answers(seed, share))
    explained = found.explanation
    for track in TRACKS:
        total = math.fsum(
            [
                explained.start,
                explained.baseline[track],
                *(each.points[track] for each in explained.contributions),
            ]
        )
        assert total == pytest.approx(found.recommendation.alignment[track], abs=1e-9)


def test_the_alignment_is_the_correlation_of_centred_profiles() -> None:
    """A plain Pearson correlation of the scores with the key profile gives the same figure."""
    chance = draws_from(2)
    profile = build_profile(BANK, answers_of(BANK, anybody(BANK, chance), chance))

    for track, percent in alignments(BANK, profile).items():
        key = [BANK.track[track].profile.get(name, 0.0) for name in DIMENSIONS]
        r = correlation([profile.scores[name] for name in DIMENSIONS], key)
        assert percent == pytest.approx(50 * (1 + r))


def test_without_answers_nothing_is_preferred_by_much() -> None:
    """An empty session is scored: middling, unsure, and without words."""
    found = scored({})
    assert found.aptitude.score == pytest.approx(50)
    assert found.recommendation.confidence < 0.45
    assert found.recommendation.two_tracks
    assert found.exposure.score == 0
    assert found.value_statement == ""
    assert found.scenario_choices == ()


def test_agreeing_with_everything_speaks_for_no_track() -> None:
    """Lines are balanced: a learner who agrees throughout gets no sure recommendation."""
    for step in ("agree", "strongly_agree", "disagree"):
        answers = {
            q.id: given_answer(q, step, 6.0, 1) for q in BANK.questions if q.scale == "agreement"
        }
        assert scored(answers).recommendation.confidence < 0.6


@pytest.mark.parametrize("track", TRACKS)
def test_who_wants_one_track_alone_gets_it_for_sure(track: Track) -> None:
    """Saying yes to one track's lines, no to the others, and choosing it in each scenario."""
    key = key_directions(BANK)[track]
    answers = {}
    for question in BANK.questions:
        options = BANK.choices(question)
        if options and question.kind in {"likert", "single_choice"}:
            best = max(
                options,
                key=lambda option: sum(
                    item_scores(BANK, question.id, option).get(name, 0.0) * weight
                    for name, weight in zip(DIMENSIONS, key, strict=True)
                ),
            )
            answers[question.id] = given_answer(question, best, 9.0, 1)
    found = scored(answers).recommendation
    assert found.primary == track
    assert found.confidence > 0.98
    assert found.alignment[track] > 90


def test_an_answer_counts_as_much_as_its_weight() -> None:
    """Half the weight is half the score, for lines as for options."""
    source = BANK.model_dump()
    line = next(q for q in source["questions"] if q["id"] == "identity_traces")
    scenario = next(q for q in source["questions"] if q["id"] == "scenario_award")
    line["tracks"] = {"defender": 0.5}
    for option in scenario["options"]:
        option["tracks"] = {track: weight / 2 for track, weight in option["tracks"].items()}
    half = QuestionBank.model_validate(source | {"bank_version": "1-half"})
    assert item_scores(half, "identity_traces", "agree") == {"defender": 0.25}
    for option in scenario["options"]:
        whole = item_scores(BANK, "scenario_award", option["id"])
        found = item_scores(half, "scenario_award", option["id"])
        assert found == pytest.approx({name: score / 2 for name, score in whole.items()})


def test_a_choice_by_lot_says_nothing_on_average() -> None:
    """The scores of a choice's options sum to nothing for every dimension."""
    for question in BANK.questions:
        if question.kind != "single_choice":
            continue
        for name in DIMENSIONS:
            total = math.fsum(
                item_scores(BANK, question.id, option).get(name, 0.0)
                for option in BANK.choices(question)
            )
            assert total == pytest.approx(0, abs=1e-12)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_raw_scores_stay_within_one(seed: int) -> None:
    """However many items a scale has, its raw score lies in -1..1."""
    assert all(-1 <= value <= 1.0001 for value in raw_scores(BANK, some_answers(seed)).values())


def test_answers_the_bank_does_not_know_are_left_aside() -> None:
    """An answer to a question of another bank changes nothing."""
    answers = some_answers(4)
    stray = next(iter(answers.values())).model_copy(update={"question_id": "of_another_bank"})
    assert scored({**answers, "of_another_bank": stray}) == scored(answers)


def test_probabilities_are_those_of_the_posterior() -> None:
    """People of the population, weighted by how likely they have these very scores, have the
    same shares of best tracks: the formula against what it stands for."""
    chance = draws_from(8)
    scores = dict.fromkeys(DIMENSIONS, 0.0) | {"defender": 1.2, "grc": 0.9}
    said = track_probabilities(BANK, scores, seed=SEED)
    weights = dict.fromkeys(TRACKS, 0.0)
    for _ in range(30_000):
        person = anybody(BANK, chance)
        miss = 0.0
        for name in DIMENSIONS:
            norm = BANK.norms[name]
            true = person.profile[name] * math.sqrt(norm.reliability)
            miss += (scores[name] - true) ** 2 / (1 - norm.reliability)
        weights[person.best_track(BANK)] += math.exp(-miss / 2)
    total = sum(weights.values())
    for track in TRACKS:
        assert said[track] == pytest.approx(weights[track] / total, abs=0.07)


def test_draws_are_standard_normal_and_the_same_each_time() -> None:
    """Mean 0 to the last digit, spread 1 nearly; another seed gives others."""
    draws = standard_normals(1, DRAWS, 3)
    flat = [number for vector in draws for number in vector]
    assert len(draws) == DRAWS
    assert math.fsum(flat) == pytest.approx(0, abs=1e-9)
    assert math.fsum(x * x for x in flat) / len(flat) == pytest.approx(1, abs=0.05)
    assert draws == standard_normals.__wrapped__(1, DRAWS, 3)
    assert draws != standard_normals(2, DRAWS, 3)


def test_the_seed_moves_the_confidence_only_a_little() -> None:
    """Two thousand draws are enough: other draws say the same within three points."""
    chance = draws_from(9)
    for _ in range(5):
        profile = build_profile(BANK, answers_of(BANK, anybody(BANK, chance), chance))
        one = track_probabilities(BANK, profile.scores, seed=1)
        two = track_probabilities(BANK, profile.scores, seed=2)
        assert all(abs(one[track] - two[track]) < 0.05 for track in TRACKS)


def test_the_value_statement_is_the_learners_own_words() -> None:
    """Leads and words in the bank's order; an empty answer leaves no trace."""
    words = [q for q in BANK.questions if q.kind == "free_text"]
    free = [q for q in words if q.id != "reflection_hurdle"]  # that is the learner's alone
    answers = {
        q.id: given_answer(q, None, 60, 1).model_copy(update={"text": f"  My words\non {q.id}. "})
        for q in words
    }
    answers[free[1].id] = answers[free[1].id].model_copy(update={"text": "   "})
    statement = value_statement(BANK, answers, language="de")
    paragraphs = statement.split("\n\n")
    assert len(paragraphs) == len(free) - 1
    kept = [q for q in free if q.id != free[1].id]
    for paragraph, question in zip(paragraphs, kept, strict=True):
        assert question.lead is not None
        assert paragraph == f"{question.lead['en']} My words on {question.id}."


def test_roles_come_from_the_frameworks_tracks() -> None:
    """Each track's roles are its own, the best first, the primary's before the others."""
    chance = draws_from(10)
    found = scored(answers_of(BANK, minded(BANK, "grc", chance), chance)).recommendation
    assert found.roles[0].track == found.primary
    for track in TRACKS:
        of_track = [role for role in found.roles if role.track == track]
        own = {role.id for role in BANK.track[track].roles}
        assert 1 <= len(of_track) <= 3
        assert own.issuperset(role.id for role in of_track)
        affinities = [role.affinity for role in of_track]
        assert affinities == sorted(affinities, reverse=True)


def test_one_answer_alone_makes_no_role() -> None:
    """The more answers speak for a role the surer it is: one says less than several alike."""
    line, other = (BANK.by_id[name] for name in ("identity_hired_to_break", "identity_way_around"))
    one = {line.id: given_answer(line, "strongly_agree", 7.0, 1)}
    both = one | {other.id: given_answer(other, "strongly_agree", 7.0, 2)}
    affinities = [role_affinities(BANK, answers)["PD-WRL-007"] for answers in (one, both)]
    assert affinities == [pytest.approx(1 / 5), pytest.approx(2 / 6)]


def test_single_puzzles_make_no_role() -> None:
    """A role that few answers bear on is not named, and a hard item that went wrong says less
    against a role than an easy one."""
    bears = [question for question in BANK.questions if "PD-WRL-006" in question.roles]
    answers = answers_of(BANK, anybody(BANK, draws_from(11)), draws_from(12))

    def named(count: int) -> set[str]:
        few = {question.id: answers[question.id] for question in bears[:count]}
        return {role.id for role in matching_roles(BANK, few, TRACKS)}

    assert "PD-WRL-006" not in named(FEWEST_ANSWERS - 1)
    assert "PD-WRL-006" in named(FEWEST_ANSWERS)

    def against(question: Question) -> float:
        wrong = next(each for each in BANK.choices(question) if each != question.key)
        answer = {question.id: given_answer(question, wrong, 60.0, 1)}
        return role_affinities(BANK, answer)[question.roles[0]]

    easy, hard = (pick(KEYED, key=lambda q: q.b or 0) for pick in (min, max))
    assert against(easy) < against(hard) < 0


def test_a_rapid_guess_is_left_out_of_the_ability() -> None:
    """A keyed answer below its threshold counts neither as right nor as wrong."""
    chance = draws_from(12)
    answers = answers_of(BANK, anybody(BANK, chance), chance)
    slow = scored(answers)
    question = KEYED[0]
    guess = GivenAnswer.model_validate(
        answers[question.id].model_dump()
        | {"response_time_ms": int(question.rapid_seconds * 1000) - 1}
    )
    fast = scored({**answers, question.id: guess})
    assert fast.aptitude.items == slow.aptitude.items - 1
    assert fast.aptitude.left_out == 1
    assert fast.aptitude.standard_error > slow.aptitude.standard_error - 1e-3
