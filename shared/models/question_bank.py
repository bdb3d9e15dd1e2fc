"""The question bank: what is asked, what an answer counts for, and the tracks it leads to.

One version of the bank is one document in the container ``question_banks``. A session names
the version it was answered with and is always scored with that one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cached_property
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator

from shared.models.document import READING, Document
from shared.models.tenant import PLATFORM

CONTAINER = "question_banks"

ModuleName = Literal[
    "identity_value",
    "cyber_aptitude",
    "technical_exposure",
    "scenario_preference",
    "work_style",
    "difficulty_selection",
    "reflection",
]
MODULES: tuple[ModuleName, ...] = get_args(ModuleName)
"""The modules in the order in which they are answered."""

Track = Literal["defender", "offensive", "innovation", "leadership", "grc"]
TRACKS: tuple[Track, ...] = get_args(Track)

Trait = Literal["teamwork", "composure", "probing", "experimentation", "influence", "structure"]
TRAITS: tuple[Trait, ...] = get_args(Trait)

DIMENSIONS: tuple[str, ...] = (*TRACKS, *TRAITS)
"""What a learner's profile is made of: interest in each track, then each trait."""

Level = Literal["novice", "beginner", "intermediate", "advanced", "elite"]
LEVELS: tuple[Level, ...] = get_args(Level)

PhraseName = Literal[
    "retest",
    "compare",
    "level",
    "learn",
    "close_gap",
    "role",
    "skill",
    "trait",
    "aptitude",
]
"""The kinds of next steps, then those of strengths."""

Kind = Literal["single_choice", "likert", "keyed_choice", "free_text"]
DEFAULT_LANGUAGE = "en"

RAPID_SHARE = 0.20
RAPID_MOST_SECONDS = 10.0


def _with_english(text: dict[str, str]) -> dict[str, str]:
    if not text.get(DEFAULT_LANGUAGE):
        raise ValueError("a text is missing in English")
    return text


Text = Annotated[dict[str, str], AfterValidator(_with_english)]
"""A text by language (a primary language subtag of BCP 47); English is always there."""


def in_language(text: Mapping[str, str], language: str) -> str:
    """The text in a language, in that language without its region, or in English."""
    primary = language.partition("-")[0].casefold()
    return text.get(language) or text.get(primary) or text[DEFAULT_LANGUAGE]


class _Part(BaseModel):
    model_config = READING


class Option(_Part):
    """One of the options of a choice. Weights are -1..1; in a choice of several they say
    how far the option speaks for a track or a trait."""

    id: str = Field(min_length=1, max_length=40)
    text: Text
    tracks: dict[Track, float] = {}
    traits: dict[Trait, float] = {}
    roles: tuple[str, ...] = Field(default=(), description="NICE work roles it speaks for")
    level: Level | None = Field(default=None, description="In difficulty_selection: what it asks")


class Step(_Part):
    """One step of a rating scale, scored from -1 (lowest) to 1 (highest)."""

    id: str = Field(min_length=1, max_length=40)
    text: Text
    score: float = Field(ge=-1, le=1)


class Question(_Part):
    """One item of the bank.

    ``keyed_choice`` has a right answer, ``key``, and the discrimination ``a`` and difficulty
    ``b`` of the two-parameter logistic model. ``likert`` is answered on ``scale`` and counts
    for its ``tracks`` and ``traits``, the other way round when ``reversed``. An
    ``instructed`` item asks for one named step and counts for nothing else.
    """

    id: str = Field(pattern=r"^[a-z0-9_]{3,60}$")
    module: ModuleName
    kind: Kind
    text: Text
    options: tuple[Option, ...] = ()
    scale: str | None = None
    reversed: bool = False
    tracks: dict[Track, float] = {}
    traits: dict[Trait, float] = {}
    key: str | None = None
    a: float | None = Field(default=None, gt=0, le=3)
    b: float | None = Field(default=None, ge=-4, le=4)
    mean_seconds: float = Field(gt=0, le=600, description="Time a careful answer takes on average")
    skills: tuple[str, ...] = ()
    roles: tuple[str, ...] = Field(default=(), description="NICE work roles it bears on")
    opposite_of: str | None = Field(default=None, description="The item that says the reverse")
    instructed: str | None = Field(default=None, description="The step that was asked for")
    required: bool = True
    min_characters: int = 0
    max_characters: int = 0
    lead: Text | None = Field(
        default=None,
        description="What introduces the answer in a value statement; without it the answer is"
        " no part of one",
    )

    @field_validator("lead", mode="before")
    @classmethod
    def _no_words_are_none(cls, lead: object) -> object:
        """Banks of before say ``{}`` where there is no lead."""
        return lead or None

    @property
    def rapid_seconds(self) -> float:
        """Below this time an answer is a rapid guess: 20 % of the item's mean time, at most
        ten seconds (NT20: Wise & Ma 2012)."""
        return min(RAPID_SHARE * self.mean_seconds, RAPID_MOST_SECONDS)

    @model_validator(mode="after")
    def _of_its_kind(self) -> Question:
        """Each kind has what it is scored by, and nothing that another kind is scored by."""
        keyed = self.kind == "keyed_choice"
        if keyed != (None not in (self.key, self.a, self.b)):
            raise ValueError(f"{self.id}: key, a and b belong to a keyed choice, all three")
        if keyed and self.key not in {option.id for option in self.options}:
            raise ValueError(f"{self.id}: the key is none of the options")
        chosen = self.kind in {"single_choice", "keyed_choice"}
        if chosen != (len(self.options) >= 2):
            raise ValueError(f"{self.id}: a choice has two options or more, others have none")
        if len({option.id for option in self.options}) != len(self.options):
            raise ValueError(f"{self.id}: two options have one id")
        if (self.kind == "likert") != (self.scale is not None):
            raise ValueError(f"{self.id}: a likert item is answered on a scale, others are not")
        if (self.kind == "free_text") != (self.max_characters > 0):
            raise ValueError(f"{self.id}: a free text has a length, others have none")
        if self.lead is not None and self.kind != "free_text":
            raise ValueError(f"{self.id}: only a free text has a lead")
        return self


class WorkRole(_Part):
    """A work role of the NICE Framework Components 2.0.0 (2025)."""

    id: str = Field(pattern=r"^(OG|DD|IO|PD|IN)-WRL-\d{3}$")
    title: str


class SkillTarget(_Part):
    """How far a skill is developed where a track begins in earnest, 0..100."""

    skill: str
    target: float = Field(gt=0, le=100)


class TrackDescription(_Part):
    """A track: what it is, whom it suits, where it leads.

    ``profile`` is the key profile over :data:`DIMENSIONS` that a learner's is held against;
    what is not named there is 0.
    """

    key: Track
    track_id: str
    title: Text
    summary: Text
    profile: dict[str, float]
    roles: tuple[WorkRole, ...] = Field(min_length=1)
    skills: tuple[SkillTarget, ...] = Field(min_length=1)
    learning_path: tuple[Text, ...] = Field(min_length=1)


class TraitDescription(_Part):
    """A trait, and what its two ends are like."""

    key: Trait
    title: Text
    high: Text
    low: Text


class Skill(_Part):
    """A skill that items ask after and that recipes are made for, by its code."""

    code: str
    title: Text


class ModuleDescription(_Part):
    """A module's heading and what the learner is told at its beginning."""

    key: ModuleName
    title: Text
    introduction: Text


class Phrase(_Part):
    """What a blueprint says in one kind of case, and why; ``{names}`` are filled in."""

    text: Text
    reason: Text


class Norm(_Part):
    """Mean and spread of a dimension's raw score in the reference population, and how much
    of that spread is not error."""

    mean: float
    sd: float = Field(gt=0)
    reliability: float = Field(gt=0, lt=1)


class QuestionBank(Document):
    """One version of the bank, whole."""

    kind: str = "question_bank"
    tenant_id: str = PLATFORM
    bank_version: str = Field(description="Ends in a digest of the content")
    languages: tuple[str, ...]
    modules: tuple[ModuleDescription, ...]
    scales: dict[str, tuple[Step, ...]]
    traits: tuple[TraitDescription, ...]
    skills: tuple[Skill, ...]
    tracks: tuple[TrackDescription, ...]
    phrases: dict[str, Phrase] = Field(
        description="By kind. Which kinds there are changes with the code: what is missing in a"
        " version is not said, what nobody says any more is kept"
    )
    level_question: str = Field(description="The item whose answer is the chosen difficulty")
    questions: tuple[Question, ...]
    norms: dict[str, Norm]
    correlations: dict[str, dict[str, float]] = Field(
        description="Of the true scores; pairs that are not named are uncorrelated"
    )

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of this version."""
        return (self.tenant_id, self.bank_version)

    def __hash__(self) -> int:
        """By the version, which is made of the content."""
        return hash(self.bank_version)

    def __eq__(self, other: object) -> bool:
        """By the version: what is computed from a bank is kept under it, and looked up often."""
        return isinstance(other, QuestionBank) and other.bank_version == self.bank_version

    @cached_property
    def by_id(self) -> dict[str, Question]:
        """The questions by their id."""
        return {question.id: question for question in self.questions}

    @cached_property
    def by_module(self) -> dict[ModuleName, tuple[Question, ...]]:
        """The questions of each module, in the order in which they are asked."""
        return {
            module: tuple(each for each in self.questions if each.module == module)
            for module in MODULES
        }

    @cached_property
    def track(self) -> dict[Track, TrackDescription]:
        """The tracks by their key."""
        return {track.key: track for track in self.tracks}

    @cached_property
    def _scores(self) -> dict[str, dict[str, float]]:
        return {
            name: {step.id: step.score for step in steps} for name, steps in self.scales.items()
        }

    def score_of_step(self, question: Question, step: str) -> float:
        """What a step of a likert item scores, -1..1, turned round for a reversed item."""
        score = self._scores[question.scale or ""][step]
        return -score if question.reversed else score

    def missing(self, module: ModuleName, answered: Container[str]) -> tuple[str, ...]:
        """The ids of a module's required questions that are not among the answered ones."""
        return tuple(
            question.id
            for question in self.by_module[module]
            if question.required and question.id not in answered
        )

    def choices(self, question: Question) -> tuple[str, ...]:
        """The ids that an answer may choose from, in the order shown; none for a free text."""
        if question.scale is not None:
            return tuple(step.id for step in self.scales[question.scale])
        return tuple(option.id for option in question.options)

    @model_validator(mode="after")
    def _holds_together(self) -> QuestionBank:
        """What one part names, another part has.

        Only what holds of every version ever published is asked for here, or a change of the
        code would lock up the sessions of before; what a new version has to have is the
        checker's (``functions/profiler_session/rules/bank_check.py``).
        """
        ids = [question.id for question in self.questions]
        if len(set(ids)) != len(ids):
            raise ValueError("two questions have one id")
        codes = {skill.code for skill in self.skills}
        roles = {role.id for track in self.tracks for role in track.roles}
        for question in self.questions:
            if question.scale is not None and question.scale not in self.scales:
                raise ValueError(f"{question.id}: there is no scale {question.scale}")
            if question.opposite_of is not None and question.opposite_of not in ids:
                raise ValueError(f"{question.id}: there is no item {question.opposite_of}")
            if question.instructed is not None and question.instructed not in self.choices(
                question
            ):
                raise ValueError(f"{question.id}: the step asked for is not on the scale")
            if not codes.issuperset(question.skills):
                raise ValueError(f"{question.id}: a skill is not listed")
            named = {*question.roles, *(r for option in question.options for r in option.roles)}
            if not roles.issuperset(named):
                raise ValueError(f"{question.id}: a work role belongs to no track")
        if self.level_question not in ids:
            raise ValueError("the item that chooses the difficulty is not there")
        for track in self.tracks:
            if not codes.issuperset(target.skill for target in track.skills):
                raise ValueError(f"{track.key}: a skill is not listed")
        return self
