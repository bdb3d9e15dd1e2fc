"""Ability by the two-parameter model, and how usual a pattern of answers is."""

from __future__ import annotations

import math
import random
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.profiler_complete.rules.ability import (
    Response,
    eap,
    percentile,
    person_fit,
    probability,
)
from tools.profiler_takers import draws_from

RESPONSES = st.lists(
    st.builds(Response, a=st.floats(0.3, 2.5), b=st.floats(-3, 3), correct=st.booleans()),
    max_size=30,
)


def test_without_answers_the_estimate_is_the_prior() -> None:
    """Nothing known: the middle of the population, and all of its spread."""
    estimate = eap([])
    assert estimate.theta == pytest.approx(0, abs=1e-12)
    assert estimate.standard_error == pytest.approx(1, abs=0.01)
    assert percentile(estimate.theta) == pytest.approx(50)


def test_the_estimate_is_the_posterior_mean() -> None:
    """A fine sum over the same posterior gives the same estimate and standard error."""
    responses = [Response(1.2, -0.5, True), Response(1.5, 0.4, False), Response(0.9, 1.0, True)]
    nodes = [-4 + 8 * i / 4000 for i in range(4001)]
    weights = []
    for node in nodes:
        likelihood = math.exp(-node * node / 2)
        for each in responses:
            p = 1 / (1 + math.exp(-each.a * (node - each.b)))
            likelihood *= p if each.correct else 1 - p
        weights.append(likelihood)
    mean = sum(w * n for w, n in zip(weights, nodes, strict=True)) / sum(weights)
    spread = math.sqrt(
        sum(w * (n - mean) ** 2 for w, n in zip(weights, nodes, strict=True)) / sum(weights)
    )
    estimate = eap(responses)
    assert estimate.theta == pytest.approx(mean, abs=1e-3)
    assert estimate.standard_error == pytest.approx(spread, abs=1e-3)


@given(RESPONSES, st.data())
def test_a_right_answer_more_never_lowers_ability(
    responses: list[Response], data: st.DataObject
) -> None:
    """Turning any wrong answer into a right one raises the estimate."""
    wrong = [i for i, each in enumerate(responses) if not each.correct]
    if not wrong:
        return
    turned = data.draw(st.sampled_from(wrong))
    better = [
        Response(each.a, each.b, True) if i == turned else each for i, each in enumerate(responses)
    ]
    assert eap(better).theta > eap(responses).theta


@given(RESPONSES, st.randoms())
def test_the_order_of_answers_does_not_matter(
    responses: list[Response], chance: random.Random
) -> None:
    """The same answers in another order give the very same numbers."""
    shuffled = chance.sample(responses, len(responses))
    assert eap(shuffled) == eap(responses)


@given(RESPONSES)
def test_estimates_stay_where_they_can_be(responses: list[Response]) -> None:
    """Ability lies on the nodes, its error is below the population's spread, both finite."""
    estimate = eap(responses)
    assert -4 < estimate.theta < 4
    assert 0 < estimate.standard_error < 1.2
    assert 0 < percentile(estimate.theta) < 100


def test_chances_cross_one_half_at_the_difficulty() -> None:
    """An item is answered rightly by half of those who are as able as it is difficult."""
    assert probability(0.7, 1.4, 0.7) == 0.5
    assert probability(1.7, 1.4, 0.7) == pytest.approx(1 / (1 + math.exp(-1.4)))


def test_person_fit_is_about_standard_normal_for_honest_takers() -> None:
    """Over simulated people who answer by their ability, lz* has mean 0 and spread 1."""
    chance = draws_from(3)
    items = [(1.3, -2.2 + 4.4 * i / 27) for i in range(28)]
    found = []
    for _ in range(800):
        theta = chance.gauss(0, 1)
        fit = person_fit(
            [Response(a, b, chance.random() < probability(theta, a, b)) for a, b in items]
        )
        assert fit is not None
        found.append(fit)
    assert abs(fmean(found)) < 0.12
    assert 0.88 < pstdev(found) < 1.12


def test_person_fit_marks_a_pattern_turned_upside_down() -> None:
    """Hard items right and easy ones wrong is beyond any cut; the other way round is not."""
    items = [(1.3, -2.2 + 4.4 * i / 27) for i in range(28)]
    odd = person_fit([Response(a, b, b > 0) for a, b in items])
    usual = person_fit([Response(a, b, b < 0) for a, b in items])
    assert odd is not None
    assert usual is not None
    assert odd < -4
    assert usual > 1


def test_person_fit_says_nothing_of_a_handful() -> None:
    """Four answers have no pattern."""
    assert person_fit([Response(1, 0, True)] * 4) is None
