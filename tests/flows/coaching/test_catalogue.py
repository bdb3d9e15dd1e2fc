"""The seed catalogue, and which recipes close which gaps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.coaching.rules.catalogue import Recipe, laid_over, recipe_of
from functions.coaching.rules.closeness import ALIKE_ANYWAY, cosine, meanings
from functions.coaching.rules.matching import MOST_FOR_A_GAP, Match, matches
from shared.models.question_bank import Level, Track
from shared.models.recipes import RecipeContent, RecipeRecord, seed
from shared.models.skill_gaps import Gap
from tests.flows.profiling import BANK
from tests.flows.stores import START, TENANT

TRACKS: tuple[Track, ...] = get_args(Track)
LEVELS: tuple[Level, ...] = get_args(Level)
SKILLS = [each.code for each in BANK.skills]
SEED = laid_over([])
MEANINGS = meanings(SEED, {})


def recipe(slug: str = "a", **more: Any) -> Recipe:
    """A recipe with this slug; what is of its content goes there."""
    about = {key: more.pop(key) for key in list(more) if key in RecipeContent.model_fields}
    content = RecipeContent.model_validate(
        {
            "title": "A recipe", "summary": "Something to practise.",
            "skill_codes": ["networking"], "tracks": ["defender"], "level": "beginner",
            "minutes": 30, "needs": "Paper", "steps": ["Do it."], "outcome": "It is done", **about,
        }
    )  # fmt: skip
    return Recipe(slug, content, **more)


def gap(skill: str = "networking", size: float = 30.0) -> Gap:
    return Gap(skill, skill.capitalize(), 60 - size, 60)


def found(recipes: list[Recipe], *gaps: Gap, level: Level = "beginner") -> list[Match]:
    return matches(recipes, gaps, meanings(recipes, {}), level=level, track="defender")


def test_the_seed_has_something_for_everybody() -> None:
    """At least forty recipes, for every skill that the bank asks after, every track and level."""
    assert len(seed()) >= 40
    contents = list(seed().values())
    assert {code for each in contents for code in each.skill_codes} == set(SKILLS)
    for skill in SKILLS:
        assert sum(each.skill_codes[0] == skill for each in contents) >= 3, skill
    for track in TRACKS:
        assert sum(each.tracks[0] == track for each in contents) >= 8, track
    assert {each.level for each in contents} == set(LEVELS)
    titles = [each.title for each in contents]
    assert len(set(titles)) == len(titles)


def test_every_gap_that_a_track_can_have_has_recipes() -> None:
    """Of a learner who has every gap of a track, and of one who has one alone."""
    for track in BANK.tracks:
        gaps = [Gap(each.skill, each.skill, 0, each.target) for each in track.skills]
        some = matches(SEED, gaps, MEANINGS, level="beginner", track=track.key)
        assert len(some) == 10
        assert len({each.gap.skill for each in some}) >= 3
        for one in gaps:
            assert matches(SEED, [one], MEANINGS, level="novice", track=track.key)


def test_a_recipe_is_closest_to_its_own_skill() -> None:
    """By the words that it shares with the others of that skill, for nearly all."""
    right = 0
    for each in SEED:
        closest = max(SKILLS, key=lambda skill: MEANINGS.closeness(each.slug, skill))
        right += closest in each.content.skill_codes
    assert right / len(SEED) > 0.9


def test_closeness_is_a_cosine() -> None:
    """1 of a recipe with itself, 0 with nothing in common, never outside."""
    for vector in MEANINGS.of_recipes.values():
        assert cosine(vector, vector) == pytest.approx(1.0)
        for other in MEANINGS.of_skills.values():
            assert -1e-9 <= cosine(vector, other) <= 1 + 1e-9
    assert MEANINGS.closeness("no such recipe", "networking") == 0
    assert MEANINGS.closeness(SEED[0].slug, "no such skill") == 0


def test_the_wider_gap_goes_first() -> None:
    """And a main skill before a second one."""
    net, log = recipe("net"), recipe("log", skill_codes=["log_analysis"])
    both = recipe("both", skill_codes=["cloud", "networking"])
    order = [
        each.recipe.slug
        for each in found([net, log, both], gap("networking", 20), gap("log_analysis", 40))
    ]
    assert order == ["log", "net", "both"]
    assert found([net], gap("privacy_law")) == []


def test_two_gaps_in_one_recipe_add_up() -> None:
    """It is worth more than one for the wider of them alone."""
    one = recipe("one", skill_codes=["networking"])
    two = recipe("two", skill_codes=["networking", "log_analysis"])
    some = found([one, two], gap("networking", 30), gap("log_analysis", 20))
    assert [(each.recipe.slug, round(each.score)) for each in some] == [("two", 44), ("one", 30)]


def test_level_and_track_tell() -> None:
    """Two levels off and another track are worth less; never nothing."""
    exact = recipe("exact")
    off = recipe("off", level="advanced")
    elsewhere = recipe("elsewhere", tracks=["grc"])
    scores = {each.recipe.slug: each.score for each in found([exact, off, elsewhere], gap())}
    assert scores == pytest.approx({"exact": 30, "off": 18, "elsewhere": 24})
    assert found([recipe(level="elite")], gap(), level="novice")[0].score == pytest.approx(6)


def test_equal_worth_goes_by_use_then_by_rating() -> None:
    """One five among few ratings does not beat many fours."""
    used = recipe("z", usage_count=9)
    one_five = recipe("a", ratings=1, rating_sum=5)
    many_fours = recipe("b", ratings=40, rating_sum=170)
    order = [each.recipe.slug for each in found([one_five, many_fours, used], gap())]
    assert order == ["z", "b", "a"]


def test_what_is_out_of_use_is_not_recommended() -> None:
    """Whatever it is worth."""
    assert found([recipe(is_active=False)], gap()) == []


def test_meaning_brings_in_what_codes_leave_out() -> None:
    """A recipe of another skill that speaks of the same things, after those of the skill itself."""
    words = "packets subnets routers switches firewall traceroute latency"
    own = recipe("own", summary=f"Reading {words}")
    close = recipe("close", skill_codes=["cloud"], summary=f"Renting {words}")
    far = recipe("far", skill_codes=["privacy_law"], title="Consent", summary="Retention periods.")
    some = found([own, close, far], gap())
    assert [(each.recipe.slug, each.by_meaning) for each in some] == [
        ("own", False), ("close", True),
    ]  # fmt: skip
    assert "close to Networking" in some[1].reason
    assert "trains Networking, where you are at 30 and your track asks for 60" in some[0].reason


def test_no_gap_takes_all_the_places() -> None:
    """Four of the widest, then the others; with nothing else it takes them."""
    wide = [recipe(f"w{n}") for n in range(12)]
    words = {
        "title": "Consent",
        "summary": "Retention periods.",
        "steps": ["Ask."],
        "outcome": "Law",
    }
    narrow = [recipe(f"n{n}", skill_codes=["privacy_law"], **words) for n in range(3)]
    some = found([*wide, *narrow], gap("networking", 50), gap("privacy_law", 10))
    assert len(some) == 10
    first = [each.gap.skill for each in some[:7]]
    assert first == ["networking"] * MOST_FOR_A_GAP + ["privacy_law"] * 3
    assert len(found(wide, gap())) == 10


@given(
    st.lists(
        st.tuples(st.sampled_from(SKILLS), st.floats(0.1, 100)),
        max_size=5,
        unique_by=lambda each: each[0],
    ),
    st.sampled_from(LEVELS),
    st.sampled_from(TRACKS),
)
def test_any_gaps_give_an_order(gaps: list[tuple[str, float]], level: Level, track: Track) -> None:
    """Ten at most, each once, each for a gap that there is, with a worth above nothing."""
    some = matches(SEED, [gap(*each) for each in gaps], MEANINGS, level=level, track=track)
    slugs = [each.recipe.slug for each in some]
    assert len(slugs) == len(set(slugs)) <= 10
    assert {each.gap.skill for each in some} <= {skill for skill, _ in gaps}
    assert all(each.score > 0 for each in some)
    assert bool(some) == bool(gaps)


def test_a_tenants_words_lie_over_the_seeds() -> None:
    """Changed, taken out of use, added; the rest is the seed's."""
    slug, other, *_ = seed()
    own = recipe().content
    records = [
        RecipeRecord(tenant_id=TENANT, slug=slug, content=own, usage_count=3, updated_at=START),
        RecipeRecord(tenant_id=TENANT, slug=other, is_active=False, updated_at=START),
        RecipeRecord(tenant_id=TENANT, slug="zz-own", content=own, updated_at=START),
    ]
    known = {each.slug: each for each in laid_over(records)}
    assert len(known) == len(seed()) + 1
    assert (known[slug].content, known[slug].usage_count, known[slug].is_seed) == (own, 3, True)
    assert (known[other].content, known[other].is_active) == (seed()[other], False)
    assert (known["zz-own"].is_seed, recipe_of("no-such-recipe", None)) == (False, None)
    rated = replace(known[slug], ratings=2, rating_sum=9)
    assert (known[slug].rating, rated.rating) == (None, 4.5)


def test_an_encoders_vectors_go_before_words() -> None:
    """Where both have them; cosines that any two recipes have say nothing."""
    recipes = [
        recipe("a", skill_codes=["networking"], title="Ports"),
        recipe("b", skill_codes=["networking"], title="Packets"),
        recipe("c", skill_codes=["policy_writing"], title="Rules"),
        recipe("d", skill_codes=["policy_writing"], title="Rules again"),
    ]
    close = (0.8, 0.6)
    encoded = {"a": (1.0, 0.0), "b": (1.0, 0.0), "c": close, "d": (0.0, 1.0)}
    found = meanings(recipes, encoded)
    assert found.closeness("c", "networking") == pytest.approx((0.8 - ALIKE_ANYWAY) / 0.6)
    assert found.closeness("d", "networking") == 0
    assert found.closeness("a", "networking") == 1
    plain = meanings(recipes, {})
    partly = meanings(recipes, {"a": (1.0, 0.0)})
    assert partly.closeness("c", "networking") == plain.closeness("c", "networking") > 0
    assert partly.closeness("a", "policy_writing") == plain.closeness("a", "policy_writing")
    assert found.closeness("nobody", "networking") == found.closeness("a", "nothing") == 0
