"""Holds the question bank against what an editor may get wrong.

The models already refuse what does not fit together. Here is what fits together and still
does not measure: an option that counts for nothing, a scale too short, a right answer that
is always in the same place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from string import Formatter
from typing import get_args

from shared.models.question_bank import (
    DEFAULT_LANGUAGE,
    DIMENSIONS,
    LEVELS,
    MODULES,
    TRACKS,
    ModuleName,
    PhraseName,
    Question,
    QuestionBank,
    Text,
    Track,
    in_language,
)

FEWEST_ITEMS = 70
FEWEST_KEYED = 24
FEWEST_A_DIMENSION = 3
FEWEST_A_ROLE = 3
EASIEST, HARDEST = -1.5, 1.5
WIDEST_GAP = 0.8
MOST_IN_ONE_PLACE = 0.4
MOST_LONGEST = 1 / 3
"""Share of keyed items whose right answer is the longest: choosing it should not pay."""
FEWEST_STEPS = 2
WORK_ROLES = {"OG": 16, "DD": 9, "IO": 7, "PD": 7, "IN": 2}
"""How many work roles each category of the NICE Framework Components 2.0.0 (2025) has; they are
numbered from 1."""
UNEVEN = 1.2
MODULES_OF_WORDS: tuple[ModuleName, ...] = ("identity_value", "reflection")
MODULES_WITH_CHECKS: tuple[ModuleName, ...] = ("identity_value", "work_style")


def findings(bank: QuestionBank) -> tuple[str, ...]:
    """What is wrong with a bank, a sentence each; empty when nothing is."""
    return (
        *_whole(bank),
        *_texts(bank),
        *(finding for question in bank.questions for finding in _question(bank, question)),
        *_counts(bank),
        *_keyed(bank),
        *_dimensions(bank),
        *_tracks(bank),
    )


def _whole(bank: QuestionBank) -> Iterator[str]:
    if {track.key for track in bank.tracks} != set(TRACKS):
        yield "a track is missing"
    if set(bank.phrases) != set(get_args(PhraseName)):
        yield "a phrase of the blueprint is missing, or nobody says it"
    if set(bank.norms) != set(DIMENSIONS):
        yield "each dimension has a norm, and nothing else"
    for track in bank.tracks:
        if not set(DIMENSIONS).issuperset(track.profile):
            yield f"{track.key}: the key profile names an unknown dimension"


def _texts(bank: QuestionBank) -> Iterator[str]:
    texts: list[tuple[str, Text]] = [
        *((f"module {each.key}", each.title) for each in bank.modules),
        *((f"module {each.key}", each.introduction) for each in bank.modules),
        *((f"trait {each.key}", each.title) for each in bank.traits),
        *((f"skill {each.code}", each.title) for each in bank.skills),
        *((f"track {each.key}", text) for each in bank.tracks for text in (
            each.title, each.summary, *each.learning_path)),
        *((f"scale {name}", step.text) for name, steps in bank.scales.items() for step in steps),
        *((each.id, each.text) for each in bank.questions),
        *((each.id, option.text) for each in bank.questions for option in each.options),
        *((f"phrase {name}", text) for name, each in bank.phrases.items() for text in (
            each.text, each.reason)),
        *((each.id, each.lead) for each in bank.questions if each.lead is not None),
    ]  # fmt: skip
    for name, text in texts:
        for language in bank.languages:
            if not text.get(language, "").strip():
                yield f"{name}: a text is missing in {language!r}"
    for name, phrase in bank.phrases.items():
        for text in (phrase.text, phrase.reason):
            if len({frozenset(_names_in(each)) for each in text.values()}) > 1:
                yield f"phrase {name}: its languages do not fill in the same names"


def _names_in(text: str) -> Iterator[str]:
    return (name for _, name, _, _ in Formatter().parse(text) if name)


def _question(bank: QuestionBank, question: Question) -> Iterator[str]:
    name = question.id
    shown = [tuple(sorted(option.text.items())) for option in question.options]
    if len(set(shown)) != len(shown):
        yield f"{name}: two options read the same"
    for option in question.options:
        counts = option.tracks or option.traits or option.level
        if question.kind == "single_choice" and not counts:
            yield f"{name}: option {option.id} is dead, it counts for nothing"
    for weight in (
        *question.tracks.values(),
        *question.traits.values(),
        *(weight for option in question.options for weight in option.tracks.values()),
        *(weight for option in question.options for weight in option.traits.values()),
    ):
        if not 0 < abs(weight) <= 1:
            yield f"{name}: a weight of {weight} is not within -1..1, or counts for nothing"
    measured = question.tracks or question.traits or question.skills or question.instructed
    if question.kind in {"likert", "keyed_choice"} and not measured:
        yield f"{name}: it measures nothing"
    if question.reversed != (question.opposite_of is not None):
        yield f"{name}: a reversed item names the item that it turns round"
    if question.opposite_of is not None:
        other = bank.by_id[question.opposite_of]
        same = (other.tracks.keys(), other.traits.keys(), other.scale, other.module) == (
            question.tracks.keys(), question.traits.keys(), question.scale, question.module
        )  # fmt: skip
        if not same or other.reversed:
            yield f"{name}: {other.id} is not the upright item of the same kind"
    tagged = question.roles or (
        question.options and all(option.roles for option in question.options)
    )
    takes_tags = question.kind == "keyed_choice" or question.module in {
        "technical_exposure", "scenario_preference",
    }  # fmt: skip
    if takes_tags and not tagged:
        yield f"{name}: it has no work-role tag"
    if question.min_characters > question.max_characters:
        yield f"{name}: no text is short and long enough"


def _counts(bank: QuestionBank) -> Iterator[str]:
    if len(bank.questions) < FEWEST_ITEMS:
        yield f"the bank has {len(bank.questions)} items, fewer than {FEWEST_ITEMS}"
    for module in MODULES:
        if not bank.by_module[module]:
            yield f"the module {module} is empty"
    for module in MODULES_WITH_CHECKS:
        checks = sum(
            question.instructed is not None
            for question in bank.questions
            if question.module == module
        )
        if not 1 <= checks <= 2:
            yield f"the module {module} has {checks} instructed items, not one or two"
    levels = {option.id for option in bank.by_id[bank.level_question].options}
    if levels != set(LEVELS):
        yield f"{bank.level_question}: its options are not the levels"
    for module in MODULES_OF_WORDS:
        if not any(
            question.kind == "free_text" and question.required and question.lead
            for question in bank.questions
            if question.module == module
        ):
            yield f"the module {module} asks for no words of the learner's own"


def _keyed(bank: QuestionBank) -> Iterator[str]:
    keyed = [question for question in bank.questions if question.kind == "keyed_choice"]
    if len(keyed) < FEWEST_KEYED:
        yield f"the bank has {len(keyed)} keyed items, fewer than {FEWEST_KEYED}"
    if not keyed:
        return
    hard = sorted(question.b or 0.0 for question in keyed)
    if hard[0] > EASIEST or hard[-1] < HARDEST:
        yield "the keyed items do not reach from easy to hard"
    if any(above - below > WIDEST_GAP for below, above in pairwise(hard)):
        yield "the keyed items leave a gap in difficulty"
    places = Counter(
        [option.id for option in question.options].index(question.key or "") for question in keyed
    )
    if max(places.values()) > MOST_IN_ONE_PLACE * len(keyed):
        yield "the right answer is too often in the same place"
    longest = sum(_is_longest(question) for question in keyed)
    if longest > MOST_LONGEST * len(keyed):
        yield f"the right answer is the longest in {longest} of {len(keyed)} keyed items"


def _is_longest(question: Question) -> bool:
    lengths = {
        option.id: len(in_language(option.text, DEFAULT_LANGUAGE)) for option in question.options
    }
    right = lengths.pop(question.key or "")
    return right > max(lengths.values())


def _dimensions(bank: QuestionBank) -> Iterator[str]:
    for name in DIMENSIONS:
        lines = [
            question
            for question in bank.questions
            if question.kind == "likert" and name in {*question.tracks, *question.traits}
        ]
        if len(lines) < FEWEST_A_DIMENSION:
            yield f"{name}: {len(lines)} lines measure it, fewer than {FEWEST_A_DIMENSION}"
        if not any(line.reversed for line in lines):
            yield f"{name}: no line is reversed, so agreeing with everything counts for it"


def _tracks(bank: QuestionBank) -> Iterator[str]:
    reach = {track: _reach(bank, track) for track in TRACKS}
    if min(reach.values()) <= 0:
        yield "a track cannot win: nothing counts for it"
    elif max(reach.values()) > UNEVEN * min(reach.values()):
        yield "a track has more to win than another"
    tagged = Counter(
        role
        for question in bank.questions
        for role in {*question.roles, *(r for option in question.options for r in option.roles)}
    )
    measured = {skill for question in bank.questions for skill in question.skills}
    if len({track.track_id for track in bank.tracks}) != len(bank.tracks):
        yield "two tracks have one id"
    for track in bank.tracks:
        if len(track.learning_path) < FEWEST_STEPS:
            yield f"{track.key}: its learning path has fewer than {FEWEST_STEPS} steps"
        for role in track.roles:
            if not _is_work_role(role.id):
                yield f"{track.key}: {role.id} is no work role of the NICE Framework"
            if tagged[role.id] < FEWEST_A_ROLE:
                yield (
                    f"{track.key}: {tagged[role.id]} questions speak for the work role {role.id},"
                    f" fewer than the {FEWEST_A_ROLE} that it takes to name it"
                )
        for target in track.skills:
            if target.skill not in measured:
                yield f"{track.key}: nothing measures the skill {target.skill}"


def _is_work_role(role: str) -> bool:
    category, _, number = role.partition("-WRL-")
    return 1 <= int(number) <= WORK_ROLES.get(category, 0)


def _reach(bank: QuestionBank, track: Track) -> float:
    """The most that answers can count for a track."""
    total = 0.0
    for question in bank.questions:
        weights = [option.tracks.get(track, 0.0) for option in question.options]
        total += max([abs(question.tracks.get(track, 0.0)), *weights])
    return total
