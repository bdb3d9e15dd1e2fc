"""The question bank measures what it says, and no track wins by default."""

from __future__ import annotations

import copy
import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from functions.profiler_complete.rules.background import skill_levels
from functions.profiler_complete.rules.confidence import track_probabilities
from functions.profiler_complete.rules.profile import build_profile
from functions.profiler_session.bank import FOLDER, load, read_source
from functions.profiler_session.rules.bank_check import findings
from shared.models.profiling import GivenAnswer
from shared.models.question_bank import (
    DIMENSIONS,
    MODULES,
    TRACKS,
    Option,
    Question,
    QuestionBank,
    Track,
    TrackDescription,
)
from tools.profiler_norms import norms_of
from tools.profiler_takers import answers_of, anybody, at_random, draws_from, minded

ROOT = Path(__file__).resolve().parents[2]
BANK = load()
SEED = 5


def primary(answers: dict[str, GivenAnswer]) -> Track:
    chances = track_probabilities(BANK, build_profile(BANK, answers).scores, seed=SEED)
    return max(TRACKS, key=lambda track: chances[track])


def test_the_bank_holds() -> None:
    """The checker finds nothing wrong with the bank that is deployed."""
    assert findings(BANK) == ()


def test_no_field_of_the_source_is_misspelt() -> None:
    """Every field in the files is one that the models know: none is silently ignored."""

    def check(found: dict[str, Any], model: type[BaseModel]) -> None:
        assert set(found) <= set(model.model_fields), found.get("id")

    source = read_source()
    check(source, QuestionBank)
    for question in source["questions"]:
        check(question, Question)
        for option in question.get("options", ()):
            check(option, Option)
    for track in source["tracks"]:
        check(track, TrackDescription)


def test_a_change_of_content_is_another_version(tmp_path: Path) -> None:
    """The version follows the content, so that two banks never share one."""
    for name in ("meta", "tracks", "norms", *MODULES):
        source = (FOLDER / f"{name}.json").read_text("utf-8")
        (tmp_path / f"{name}.json").write_text(source, "utf-8")
    assert read_source(tmp_path)["bank_version"] == BANK.bank_version
    meta = json.loads((tmp_path / "meta.json").read_text("utf-8"))
    meta["skills"][0]["title"]["en"] += "!"
    (tmp_path / "meta.json").write_text(json.dumps(meta), "utf-8")
    assert read_source(tmp_path)["bank_version"] != BANK.bank_version


def _question(source: dict[str, Any], question_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(q for q in source["questions"] if q["id"] == question_id)
    return found


Spoil = Callable[[dict[str, Any]], object]
SPOILT: list[tuple[str, Spoil]] = [
    ("a phrase of the blueprint is missing", lambda s: s["phrases"].pop("retest")),
    ("nobody says it", lambda s: s["phrases"].update(praise=s["phrases"]["retest"])),
    ("has a norm, and nothing else", lambda s: s["norms"].update(luck=s["norms"]["grc"])),
    ("has a norm", lambda s: s["norms"].pop("grc")),
    ("names an unknown dimension", lambda s: s["tracks"][0]["profile"].update(luck=1.0)),
    ("is dead", lambda s: _question(s, "scenario_award")["options"][2].pop("tracks")),
    ("read the same", lambda s: _question(s, "aptitude_loop")["options"][1].update(
        text=_question(s, "aptitude_loop")["options"][0]["text"])),
    ("is missing in 'de'", lambda s: s.update(languages=["en", "de"])),
    ("fill in the same names", lambda s: s["phrases"]["compare"]["text"].update(
        de="Sieh dir {primary} an")),
    ("not within", lambda s: _question(s, "style_calm")["traits"].update(composure=1.5)),
    ("measures nothing", lambda s: _question(s, "style_calm").pop("traits")),
    ("names the item", lambda s: _question(s, "style_alone").pop("opposite_of")),
    ("not the upright item", lambda s: _question(s, "style_alone").update(
        opposite_of="style_calm")),
    ("no work-role tag", lambda s: _question(s, "exposure_logs").pop("roles")),
    ("short and long enough", lambda s: _question(s, "reflection_next").update(
        min_characters=5000)),
    ("fewer than 70", lambda s: s.update(questions=[
        q for q in s["questions"] if q["module"] not in {"scenario_preference", "cyber_aptitude"}
    ])),
    ("is empty", lambda s: s.update(questions=[
        q for q in s["questions"] if q["module"] != "reflection"])),
    ("instructed items", lambda s: s.update(questions=[
        q for q in s["questions"] if "instructed" not in q])),
    ("are not the levels", lambda s: _question(s, "difficulty_level")["options"].pop()),
    ("no words of the learner", lambda s: _question(s, "identity_matters").update(required=False)),
    ("fewer than 24", lambda s: s.update(questions=[
        q for q in s["questions"] if q.get("b", 0) < 0.5])),
    ("easy to hard", lambda s: s.update(questions=[
        q for q in s["questions"] if q.get("b", 0) < 1.4])),
    ("gap in difficulty", lambda s: [q.update(b=2.3) for q in s["questions"] if "b" in q
        and 0 < q["b"] < 2.3]),
    ("too often in the same place", lambda s: [q.update(key="a") for q in s["questions"]
        if "key" in q]),
    ("lines measure it", lambda s: s.update(questions=[
        q for q in s["questions"] if q["id"] not in {"style_calm", "style_rattled"}])),
    ("no line is reversed", lambda s: [q.pop("reversed", None) for q in s["questions"]]),
    ("cannot win", lambda s: [
        part.get("tracks", {}).pop("grc", None)
        for q in s["questions"] for part in (q, *q.get("options", ()))]),
    ("more to win", lambda s: [
        part["tracks"].update(grc=1.0)
        for q in s["questions"] for part in q.get("options", ()) if "grc" in part.get("tracks", {})
    ]),
    ("0 questions speak for the work role", lambda s: [
        q.update(roles=[r for r in q.get("roles", ()) if r != "IN-WRL-001"])
        for q in s["questions"]]),
    ("two tracks have one id", lambda s: s["tracks"][0].update(
        track_id=s["tracks"][1]["track_id"])),
    ("fewer than 2 steps", lambda s: s["tracks"][0].update(
        learning_path=s["tracks"][0]["learning_path"][:1])),
    ("no work role of the NICE", lambda s: s["tracks"][0]["roles"].append(
        {"id": "PD-WRL-008", "title": "Wizardry"})),
    ("is the longest in", lambda s: [
        o["text"].update(en=o["text"]["en"] + " " * 90 + "indeed")
        for q in s["questions"] for o in q.get("options", ()) if o["id"] == q.get("key")]),
    ("takes to name it", lambda s: [
        q.update(roles=[r for r in q.get("roles", ()) if r != "DD-WRL-005"])
        for q in s["questions"]]),
    ("nothing measures the skill", lambda s: [
        q.update(skills=[k for k in q.get("skills", ()) if k != "cloud"])
        for q in s["questions"]]),
]  # fmt: skip


@pytest.mark.parametrize(("finding", "spoil"), SPOILT, ids=[name for name, _ in SPOILT])
def test_the_checker_finds_each_fault(finding: str, spoil: Spoil) -> None:
    """Each fault that an editor may make is found, and named."""
    source = copy.deepcopy(read_source())
    spoil(source)
    found = findings(QuestionBank.model_validate(source))
    assert any(finding in each for each in found), found


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: _question(s, "aptitude_loop").update(key="z"),
        lambda s: _question(s, "aptitude_loop").pop("a"),
        lambda s: _question(s, "aptitude_loop")["options"][1].update(id="a"),
        lambda s: _question(s, "style_calm").update(scale="unknown"),
        lambda s: _question(s, "style_calm").pop("scale"),
        lambda s: _question(s, "style_alone").update(opposite_of="nothing"),
        lambda s: _question(s, "style_reading_check").update(instructed="maybe"),
        lambda s: _question(s, "exposure_logs").update(skills=["magic"]),
        lambda s: _question(s, "exposure_logs").update(roles=["PD-WRL-999"]),
        lambda s: _question(s, "reflection_next").update(max_characters=0),
        lambda s: s["questions"].append(s["questions"][0]),
        lambda s: _question(s, "style_calm").update(text={"de": "Nur auf Deutsch"}),
        lambda s: s.update(level_question="nothing"),
        lambda s: s["tracks"][0]["skills"][0].update(skill="magic"),
    ],
)
def test_what_does_not_fit_together_is_no_bank(spoil: Spoil) -> None:
    """A bank whose parts name what is not there cannot be loaded at all."""
    source = copy.deepcopy(read_source())
    spoil(source)
    with pytest.raises(ValidationError):
        QuestionBank.model_validate(source)


def documented(takers: str) -> dict[Track, float]:
    """The shares of each track that docs/profiler.md states for these takers, 0..1."""
    lines = (ROOT / "docs" / "profiler.md").read_text("utf-8").splitlines()
    (row,) = (line for line in lines if line.startswith(f"| {takers} |") and line.count("%") == 5)
    shares = row.strip("| ").split(" | ")[2:]
    return {
        track: float(share.rstrip("%")) / 100 for track, share in zip(TRACKS, shares, strict=True)
    }


def near(share: float, stated: float, takers: int) -> bool:
    """Whether a share of so many takers is within four standard errors of what is stated."""
    return abs(share - stated) <= 4 * math.sqrt(stated * (1 - stated) / takers)


def test_no_track_wins_by_default() -> None:
    """Of 1,500 takers who answer by lot, each track gets the share that the docs state, and none
    is far from a fifth."""
    chance = draws_from(SEED)
    won = Counter(primary(at_random(BANK, chance)) for _ in range(1500))
    stated = documented("by lot")
    assert all(near(won[track] / 1500, stated[track], 1500) for track in TRACKS), won
    assert 0.16 < min(stated.values()) < max(stated.values()) < 0.24


@pytest.mark.parametrize("track", TRACKS)
def test_every_track_wins_those_who_are_drawn_to_it(track: Track) -> None:
    """Of 200 takers drawn to a track, as many get it as the docs state."""
    chance = draws_from(SEED)
    won = Counter(
        primary(answers_of(BANK, minded(BANK, track, chance), chance)) for _ in range(200)
    )
    stated = documented(f"{track}-minded")[track]
    assert near(won[track] / 200, stated, 200), won
    assert stated > 0.8


def test_an_average_taker_has_about_equal_levels() -> None:
    """A skill's level says what somebody can do, not how hard the items are that ask after it."""
    chance = draws_from(SEED)
    levels: dict[str, list[float]] = {}
    for _ in range(200):
        for each in skill_levels(BANK, answers_of(BANK, anybody(BANK, chance), chance)):
            levels.setdefault(each.skill, []).append(each.level)
    means = {skill: fmean(found) for skill, found in levels.items()}
    assert max(means.values()) - min(means.values()) < 15, means


def test_the_norms_are_those_of_the_bank() -> None:
    """Norms that were not renewed after a change of the items are found."""
    again = norms_of(BANK, 1500, seed=SEED)
    for name in DIMENSIONS:
        assert abs(again[name].mean - BANK.norms[name].mean) < 0.05
        assert 0.93 < again[name].sd / BANK.norms[name].sd < 1.07
        assert abs(again[name].reliability - BANK.norms[name].reliability) < 0.06
