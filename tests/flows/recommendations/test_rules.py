"""The rules of recommending: a learner's vector, what is open, the order, the reasons, search."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.recommendations.rules.documents import KnownSkill
from functions.recommendations.rules.ranking import (
    Pick,
    Standing,
    fit,
    in_language,
    is_open,
    ranked,
    success,
)
from functions.recommendations.rules.reasons import reasons
from functions.recommendations.rules.searching import (
    by_words,
    fused,
    terms_of,
)
from functions.recommendations.rules.taste import Finished, cosine, normalised, taste, weight
from shared.models.content import Content
from shared.models.skill_gaps import Gap
from shared.ranking import FUSION_CONSTANT, asked_words

NOW = datetime(2026, 3, 1, tzinfo=UTC)
X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def unit(*values: float) -> tuple[float, ...]:
    found = normalised(values)
    assert found is not None
    return found


def item(content_id: str = "a", vector: tuple[float, ...] = X, **more: Any) -> Content:
    return Content.model_validate(
        {
            "id": content_id, "tenant_id": "acme", "content_type": "lesson", "title": content_id,
            "content_id": content_id, "text": "", "digest": "", "model": "m", "dimension": 3,
            "embedding": vector, "created_at": NOW, "updated_at": NOW, **more,
        }
    )  # fmt: skip


def finished(vector: tuple[float, ...], *, mastery: float = 1.0, days: float = 0) -> Finished:
    return Finished(("lesson", "f"), "The first one", vector, mastery, NOW - timedelta(days=days))


def test_what_was_finished_fades_by_half_in_45_days() -> None:
    """And counts by how well it was finished; the future counts as today."""
    assert weight(finished(X), NOW) == 1
    assert weight(finished(X, days=45), NOW) == pytest.approx(0.5)
    assert weight(finished(X, days=90, mastery=0.8), NOW) == pytest.approx(0.2)
    assert weight(finished(X, days=-3), NOW) == 1


def test_a_learners_vector_is_the_formula() -> None:
    """norm((n · history + 5 · tracks) / (n + 5)), each of unit length before."""
    history = [finished(X), finished(Y, days=45)]
    found = taste(history, {"defender": Z, "grc": Y}, {"defender": 0.75, "grc": 0.25}, NOW)
    past, tracks = unit(1, 0.5, 0), unit(0, 0.25, 0.75)
    expected = unit(*(2 * a + 5 * b for a, b in zip(past, tracks, strict=True)))
    assert found == pytest.approx(expected)


def test_without_history_the_tracks_speak_and_the_other_way_round() -> None:
    """Equal probabilities give the middle; with neither there is no vector."""
    centroids: Any = {"defender": X, "grc": Y}
    equal = taste([], centroids, {"defender": 0.5, "grc": 0.5, "offensive": 0.5}, NOW)
    assert equal == pytest.approx(unit(1, 1, 0))
    assert taste([finished(Z)], {}, {"defender": 1.0}, NOW) == pytest.approx(Z)
    assert taste([], {}, {"defender": 1.0}, NOW) is None
    assert taste([finished(X, mastery=0.0)], {}, {}, NOW) is None


def test_only_what_is_open_is_offered() -> None:
    """In use, of the learner's grade, neither completed nor dismissed, nothing missing before."""
    standing = Standing(
        grade_level="5", completed={("lesson", "done")}, dismissed={("lesson", "no")}
    )
    assert is_open(item(), standing)
    assert is_open(item(grade_levels=["4", "5"], prerequisites=["done"]), standing)
    for closed in (
        item("done"), item("no"), item(is_active=False), item(grade_levels=["6"]),
        item(prerequisites=["done", "other"]),
    ):  # fmt: skip
        assert not is_open(closed, standing)
    assert is_open(item(grade_levels=["6"]), Standing())
    assert is_open(item("done", content_type="video"), standing)


def test_the_language_that_was_asked_for_goes_before_the_learners_own() -> None:
    """Of their own first; English beside it only where there is too little that is open."""
    pool = [
        item("e"),
        *(item(f"d{at}", language="de") for at in range(3)),
        item("f", language="fr"),
    ]
    standing = Standing(completed={("lesson", "d0")})

    def ids(asked: str | None, own: str | None, enough: int) -> list[str]:
        found = in_language(pool, asked, own, standing, enough=enough)
        return [each.content_id for each in found]

    assert ids(None, None, 9) == ["e", "d0", "d1", "d2", "f"]
    assert ids("fr", "de", 9) == ["f"]
    assert ids(None, "de", 2) == ["d0", "d1", "d2"]
    assert ids(None, "de", 3) == ["e", "d0", "d1", "d2"]
    assert ids(None, "en", 9) == ["e"]


def test_success_follows_from_skills_and_else_from_levels() -> None:
    """Known skills first; at one's own level it is 85 %; nothing known says nothing."""
    skills = {"s": KnownSkill(mastery=0.5), "t": KnownSkill(mastery=1.0)}
    standing = Standing(level="intermediate", skills=skills)
    assert success(item(skill_ids=["s"], level="elite"), standing) == pytest.approx(0.55)
    assert success(item(skill_ids=["s", "t", "u"]), standing) == pytest.approx(0.725)
    assert success(item(level="intermediate"), standing) == pytest.approx(0.85, abs=0.001)
    assert success(item(level="novice"), standing) == pytest.approx(0.977, abs=0.001)
    assert success(item(level="elite"), standing) == pytest.approx(0.434, abs=0.001)
    assert success(item(), standing) is success(item(level="novice"), Standing()) is None
    assert fit(None) == fit(0.85) == 1
    assert 0 < fit(0.3) < fit(0.6) < fit(0.8) < 1
    assert fit(0.7) == pytest.approx(fit(1.0))


def test_the_next_one_says_something_else() -> None:
    """Two that are the same do not follow each other while another is nearly as relevant."""
    twins = [item("a", unit(1, 0.9, 0)), item("b", unit(1, 0.91, 0))]
    other = item("c", unit(1, -1, 0))
    picks = ranked([*twins, other], X, Standing(), limit=3, shown={}, seed="no")
    order = [each.content.content_id for each in picks if not each.explored]
    assert order[:2] == ["a", "c"]


def test_what_fits_goes_before_what_is_near() -> None:
    """An item far too hard loses to one a little further away."""
    standing = Standing(level="novice")
    hard, right = item("hard", X, level="elite"), item("right", unit(1, 0.5, 0), level="novice")
    picks = ranked([hard, right], X, standing, limit=1, shown={}, seed="none")
    assert picks[0].content.content_id == "right" or picks[0].explored


ITEMS = st.lists(
    st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1)).filter(
        lambda vector: sqrt(sum(value**2 for value in vector)) > 0.1
    ),
    max_size=40,
)


@given(vectors=ITEMS, limit=st.integers(1, 25), seed=st.text(max_size=4), done=st.integers(0, 40))
def test_a_list_is_of_open_items_each_once(
    vectors: list[tuple[float, ...]], limit: int, seed: str, done: int
) -> None:
    """As many as there are and fit in, one in ten explored, the same for the same seed."""
    items = [item(f"i{at}", unit(*vector)) for at, vector in enumerate(vectors)]
    standing = Standing(completed={("lesson", f"i{at}") for at in range(done)})
    shown = {("lesson", f"i{at}"): at % 3 for at in range(len(items))}
    picks = ranked(items, X, standing, limit=limit, shown=shown, seed=seed)
    left = [each for each in items if is_open(each, standing)]
    assert len(picks) == min(limit, len(left))
    ids = [each.content.content_id for each in picks]
    assert len(set(ids)) == len(ids)
    assert all(is_open(each.content, standing) for each in picks)
    explored = [each for each in picks if each.explored]
    assert len(explored) <= limit // 10 + 1
    if len(left) > limit:
        assert len(explored) >= limit // 10
    assert picks == ranked(items, X, standing, limit=limit, shown=shown, seed=seed)
    for each in picks:
        assert each.similarity == pytest.approx(cosine(each.content.embedding, X))


def test_what_is_tried_is_what_was_shown_least() -> None:
    """Among what did not make the list."""
    near = [item(f"n{at}", unit(1, at / 100, 0)) for at in range(12)]
    far = [item(f"f{at}", unit(0, 1, at / 10)) for at in range(3)]
    shown = {each.key: 1 for each in [*near, *far]} | {("lesson", "f1"): 0}
    picks = ranked([*near, *far], X, Standing(), limit=10, shown=shown, seed="s")
    tried = [each for each in picks if each.explored]
    assert [each.content.content_id for each in tried] == ["f1"]
    assert picks[9] == tried[0]


def test_a_short_list_tries_as_often_as_it_is_due() -> None:
    """Of many lists of three about three in ten try something, at their last place."""
    items = [item(f"i{at}", unit(1, at / 10, 0)) for at in range(9)]
    lists = [
        ranked(items, X, Standing(), limit=3, shown={}, seed=f"s{number}") for number in range(400)
    ]
    tried = [picks for picks in lists if any(each.explored for each in picks)]
    assert 0.2 < len(tried) / len(lists) < 0.4
    assert all(picks[2].explored for picks in tried)


PICK = Pick(item("p", X, title="Ports", tracks=["defender"], skill_codes=["net"],
                 skill_ids=["s"]), 0.5, 0.8, None)  # fmt: skip


def said(pick: Pick = PICK, **more: Any) -> list[tuple[str, str, str]]:
    given: dict[str, Any] = {
        "standing": Standing(), "finished": [], "gaps": [], "probabilities": {},
        "track_titles": {}, "now": NOW,
    }  # fmt: skip
    given |= more
    standing = given.pop("standing")
    return [(each.kind, each.about, each.text) for each in reasons(pick, standing, **given)]


def test_each_reason_is_from_something_that_is_so() -> None:
    """What was finished and is close, the gap with both numbers, the queue, the track."""
    close, far = finished(unit(1, 0.2, 0)), replace(finished(Y), title="Far")
    assert said(finished=[far, close]) == [
        ("finished", "lesson/f", "Because you finished “The first one”.")
    ]
    old = replace(finished(unit(1, 0.1, 0), days=200), title="Long ago")
    assert said(finished=[old, close])[0][2] == "Because you finished “The first one”."
    gaps = [Gap("net", "Networking", 35, 60), Gap("law", "Law", 10, 60)]
    (reason,) = said(gaps=gaps)
    assert reason[:2] == ("gap", "net")
    assert "at 35 and your track asks for 60" in reason[2]
    skills = {"s": KnownSkill(mastery=0.4, in_remediation=True)}
    assert said(standing=Standing(skills=skills))[0][:2] == ("practice", "s")
    probabilities: Any = {"defender": 0.78, "grc": 0.22}
    (reason,) = said(probabilities=probabilities, track_titles={"defender": "Defence"})
    assert reason[0] == "track"
    assert "Defence" in reason[2]
    assert "78 %" in reason[2]
    near = ("meaning", "p", "Its subject is near to what fits you.")
    assert said(probabilities={"defender": 0.1}) == [near]
    assert "A place to begin" in said()[0][2]


def test_the_strongest_reasons_come_first_and_are_few() -> None:
    """What is tried says so before all else."""
    gaps = [Gap("net", "Networking", 35, 60)]
    skills = {"s": KnownSkill(mastery=0.4, in_remediation=True)}
    found = said(
        replace(PICK, explored=True), standing=Standing(skills=skills), gaps=gaps,
        finished=[finished(X)], probabilities={"defender": 0.9},
    )  # fmt: skip
    assert [each[0] for each in found] == ["explore", "finished", "gap"]


def text_item(content_id: str, title: str, text: str) -> Content:
    return item(content_id, title=title, text=text)


def test_words_that_say_something_are_looked_for() -> None:
    """Not those that stand in every text, unless there are no others; the longest eight."""
    assert asked_words("How do I stop a phishing mail?") == ["phishing", "mail", "stop"]
    assert asked_words("what is it") == ["what", "is", "it"]
    assert len(asked_words(" ".join(f"wordnumber{at}" for at in range(30)))) == 8
    assert asked_words("?!") == []
    assert "netze" in terms_of("Netze", "Über Pörts")
    assert "ports" in terms_of("Netze", "Über Pörts")


def test_rare_words_and_titles_weigh_more() -> None:
    """By BM25: what few have, what the title says, what a short text says."""
    items = [
        text_item("common", "Notes", "network network network"),
        text_item("rare", "Notes", "kerberos and much else that is of no matter here"),
        text_item("title", "Kerberos", "notes and much else that is of no matter here"),
        text_item("also", "Notes", "kerberos and much else that is of no matter here"),
        text_item("none", "Bread", "flour"),
    ]
    order = by_words(items, ["kerberos", "network"], {"kerberos": 2, "network": 900}, 1000)
    assert [each.content_id for each in order] == ["title", "also", "rare", "common"]


def test_both_ways_make_one_order() -> None:
    """Σ 1 / (60 + rank); what both ways find goes first, what is of another subject goes out."""
    a, b, c, d = (item(each) for each in "abcd")
    hits = fused([a, b], [(c, 0.9), (b, 0.5), (d, 0.1)], limit=10)
    assert [hit.content.content_id for hit in hits] == ["b", "c", "a"]
    assert hits[0].score == pytest.approx(2 / (FUSION_CONSTANT + 2))
    assert [hit.ways for hit in hits] == [("words", "meaning"), ("meaning",), ("words",)]
    assert [hit.similarity for hit in hits] == [0.5, 0.9, None]
    assert len(fused([a, b], [(c, 0.9)], limit=2)) == 2
    assert fused([], [], limit=3) == []
