"""What coaching says: each sentence from something that was found, with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.coaching.forms import coaching_view
from functions.coaching.rules.advice import MOST_AREAS, Advice, Learning, WeakSkill, advice
from functions.coaching.service.coaching import coach, recipes_for
from functions.xp_award.service import awarding
from shared.documents.port import Create, Patch
from shared.errors import Conflict
from shared.models.journey import LessonTotals
from shared.models.profiling import ProfilerResult
from shared.models.skill_gaps import skill_gaps
from tests.flows.journeying import Journeyer, offer
from tests.flows.profiling import BANK, Profiler, learner, offers
from tests.flows.stores import PSEUDONYMS, START, TENANT, House
from tests.flows.stores import house as house

NOTHING = Learning(
    active=0, completed=0, last_at=None, last_score=None, weak=(), streak_days=0,
    is_streak_today=False,
)  # fmt: skip
LENA = (TENANT, "lena")


@pytest.fixture
def result(house: House) -> ProfilerResult:
    """The result of a learner who is drawn to defence."""
    profiler = Profiler(house)
    session = profiler.begun()
    profiler.answer(session, offers())
    profiler.complete(session)
    return profiler.result(session)


def said(result: ProfilerResult | None, learning: Learning = NOTHING, **more: object) -> Advice:
    bank = BANK if result else None
    return advice(bank, result, learning, track=more.get("track"), now=START)  # type: ignore[arg-type]


def kinds(found: Advice) -> list[str]:
    return [each.kind for each in found.focus_areas]


def test_before_the_profiler_it_says_so(house: House) -> None:
    """And speaks of what there is."""
    found = said(None)
    assert (found.track, kinds(found)) == (None, ["profiler", "journey"])
    assert (found.learning_path, found.feedback, found.gaps) == ((), (), ())
    view = coaching_view(coach(house, LENA, track=None, now=START))
    assert (view.profiling_complete, view.track) == (False, None)
    with pytest.raises(Conflict, match="complete the profiler first"):
        recipes_for(house, LENA, now=house.clock())


def test_the_widest_gaps_of_the_track_are_in_focus(result: ProfilerResult) -> None:
    """In their order, with both numbers; of another track when asked about that."""
    for track in (None, *BANK.track):
        chosen = track or result.track
        found = said(result, track=track)
        gaps = skill_gaps(BANK, result.scores, chosen, language="en")
        shown = [each for each in found.focus_areas if each.kind == "gap"]
        assert [each.key for each in shown] == [each.skill for each in gaps][:3]
        for area, gap in zip(shown, gaps, strict=False):
            assert f"at {gap.level:.0f} and the track asks for {gap.target:.0f}" in area.reason
        assert (found.track, found.gaps) == (chosen, gaps)
        assert found.alignment == result.scores.recommendation.alignment[chosen]
        assert [each.title for each in found.learning_path] == [
            part["en"] for part in BANK.track[chosen].learning_path
        ]


def test_alignment_is_said_as_it_is(result: ProfilerResult) -> None:
    """Clearly best, best by a little, or not best: by the numbers beside it."""
    recommendation = result.scores.recommendation
    for lead, words in ((25.0, "clearly best"), (3.0, "almost as well"), (-9.0, "better than")):
        alignment = dict.fromkeys(recommendation.alignment, 50.0) | {result.track: 50.0 + lead}
        scores = result.scores.model_copy(
            update={"recommendation": recommendation.model_copy(update={"alignment": alignment})}
        )
        found = said(result.model_copy(update={"scores": scores}))
        (sentence,) = [each for each in found.feedback if each.kind == "alignment"]
        assert words in sentence.text
        assert f"Alignment {50 + lead:.0f} of 100, and 50 with" in sentence.reason


def test_doubts_come_first(result: ProfilerResult) -> None:
    """A retest, two tracks alike and a level too high stand before any skill."""
    scores = result.scores
    doubtful = scores.model_copy(
        update={
            "integrity": scores.integrity.model_copy(
                update={"retest_advised": True, "rapid_guesses": 12}
            ),
            "recommendation": scores.recommendation.model_copy(update={"two_tracks": True}),
            "difficulty": scores.difficulty.model_copy(update={"supported": False}),
        }
    )
    found = said(result.model_copy(update={"scores": doubtful}))
    assert kinds(found)[:3] == ["retest", "compare", "level"]
    assert len(found.focus_areas) <= MOST_AREAS
    assert "12 answers" in found.focus_areas[0].reason
    chose = result.model_copy(update={"scores": doubtful, "override_track": "grc"})
    assert "compare" not in kinds(said(chose))


def test_learning_tells_of_itself(result: ProfilerResult) -> None:
    """Weak skills, idle days, journeys and streaks, with their numbers."""
    weak = [WeakSkill("math.fractions", "Math", 0.4)] * 3
    learning = Learning(
        active=3, completed=1, last_at=START - timedelta(days=9), last_score=88.0, weak=weak,
        streak_days=4, is_streak_today=False,
    )  # fmt: skip
    found = said(result, learning)
    assert kinds(found).count("weak_skill") == 2
    assert kinds(found)[-1] == "habit"
    assert "9 days ago" in found.focus_areas[-1].reason
    texts = {each.kind: each for each in found.feedback}
    assert "several journeys open" in texts["progress"].text
    assert texts["progress"].reason == "1 completed, the last with 88 %; 3 under way."
    assert texts["streak"].text == "An answer today keeps your streak."
    assert kinds(said(result, NOTHING))[-1] == "journey"


def test_a_day_off_is_no_idleness(result: ProfilerResult) -> None:
    """Nobody is called back before seven days are over."""
    for days, called in ((6, False), (8, True)):
        learning = replace(NOTHING, active=1, last_at=START - timedelta(days=days))
        assert ("habit" in kinds(said(result, learning))) == called


def test_a_strength_is_what_is_furthest_above(result: ProfilerResult) -> None:
    """Of the skills that the track asks for; without one above it none is spoken of."""
    targets = {each.skill: each.target for each in BANK.track[result.track].skills}
    levels = [
        each.model_copy(update={"level": targets[each.skill] + more})
        for each, more in zip(
            [one for one in result.scores.skills if one.skill in targets],
            (2, 12, 5, -1, -1, -1),
            strict=False,
        )
    ]
    for found, expected in ((levels, levels[1].skill), (levels[3:], None)):
        scores = result.scores.model_copy(update={"skills": tuple(found)})
        strengths = [
            each
            for each in said(result.model_copy(update={"scores": scores})).feedback
            if each.kind == "strength"
        ]
        titles = {each.code: each.title["en"] for each in BANK.skills}
        assert [each.text.startswith(titles[expected or ""]) for each in strengths] == (
            [True] if expected else []
        )


def test_it_is_gathered_from_what_the_flows_keep(house: House, result: ProfilerResult) -> None:
    """A completed journey, one under way with a skill that is to be practised."""
    done = Journeyer(house, "lena")
    done.whole()
    under_way = Journeyer(house, "lena", session="s2")
    under_way.start()
    under_way.send(
        *(offer(f"w{n}", correct=False, skill="math.weak", attempt=f"w{n}") for n in range(4))
    )
    coached = coach(house, LENA, track=None, now=house.clock())
    assert coached.session_id == result.session_id
    areas = {each.kind: each for each in coached.advice.focus_areas}
    assert areas["weak_skill"].key == "math.weak"
    texts = {each.kind: each for each in coached.advice.feedback}
    assert texts["progress"].reason == "1 completed, the last with 100 %; 1 under way."
    view = coaching_view(coached)
    for area in view.focus_areas:
        assert bool(area.recipes) == (area.kind == "gap")
    other = coach(house, (TENANT, "max"), track=None, now=house.clock())
    assert other.session_id is None


def test_the_latest_journey_and_todays_streak(house: House, result: ProfilerResult) -> None:
    """The journey that ended last gives the score; the day of the last answer tells of today."""
    done = Journeyer(house, "lena")
    done.whole()
    for event in house.waiting("journeys/xp_award"):
        awarding.award(house, PSEUDONYMS, event, now=house.clock())
    now = house.clock()
    half = LessonTotals(container="LEARN", subject="Math", questions=2, correct=1, score=50)
    later = done.journey().model_copy(
        update={"id": "s9", "journey_id": "s9", "lessons": (half,),
                "completed_at": now + timedelta(hours=1)}
    )  # fmt: skip
    house.documents.commit("journeys", LENA, [Create(later.stored())])
    run = {"first": (now - timedelta(days=2)).date().isoformat(), "last": now.date().isoformat()}
    house.documents.commit("game", LENA, [Patch("profile", set={"streak.runs": [run]})])
    for days, words in ((0, "Your streak holds for today."), (1, "An answer today keeps")):
        found = coach(house, LENA, track=None, now=now + timedelta(days=days)).advice
        texts = {each.kind: each for each in found.feedback}
        assert texts["progress"].reason == "2 completed, the last with 50 %; 0 under way."
        assert texts["streak"].text.startswith(words)
        assert texts["streak"].reason == "3 days on end so far."


def test_recipes_follow_from_the_gaps(house: House, result: ProfilerResult) -> None:
    """At most ten, the first for one of the widest gaps, each with its reason."""
    found, gaps, some = recipes_for(house, LENA, now=house.clock())
    assert found.session_id == result.session_id
    assert gaps == skill_gaps(BANK, result.scores, result.track, language="en")
    assert 1 <= len(some) <= 10
    assert {each.gap.skill for each in some} <= {each.skill for each in gaps}
    assert learner().user_id == "lena"
