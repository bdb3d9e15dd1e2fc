"""What the routes of profiling results take and show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from functions.profiler_complete.rules.blueprint import StepKind
from shared.http.call import Body, Query
from shared.models.examples import BANK_VERSION, SESSION, example
from shared.models.profiling import (
    Aptitude,
    Difficulty,
    Explanation,
    Exposure,
    Integrity,
    RoleMatch,
    ScenarioChoice,
    SkillLevel,
    Status,
    WorkStyleResult,
)
from shared.models.question_bank import ModuleName, Track

TRACK = "e004172b-3dce-5c8e-9f68-8f8e34e3db28"
OTHER_TRACK = "f98d3218-4042-5ba2-8d54-c757b31fa95e"
_ALIGNMENT = {
    "defender": 86.2, "offensive": 55.1, "innovation": 61.4, "leadership": 16.3, "grc": 35.0,
}  # fmt: skip
_CHANCES = {
    "defender": 0.87, "offensive": 0.03, "innovation": 0.1, "leadership": 0.0, "grc": 0.0,
}  # fmt: skip
_ROLE = {
    "id": "PD-WRL-002", "title": "Digital Forensics", "track": "defender", "affinity": 0.43,
}  # fmt: skip
_STATEMENT = "What I want my work to change: hospitals keep running at night."
_RESULT: dict[str, Any] = {
    "session_id": SESSION,
    "status": "locked",
    "attempt_count": 1,
    "bank_version": BANK_VERSION,
    "aptitude_score": 61.8,
    "technical_exposure_score": 32.8,
    "work_style_cluster": "balanced",
    "difficulty_selection": "beginner",
    "recommended_track": "defender",
    "recommended_track_id": TRACK,
    "secondary_track": "innovation",
    "secondary_track_id": "1249f7a2-e0ff-5788-ad52-c4f8df6d96aa",
    "track_confidence": 0.87,
    "two_tracks": False,
    "track_probabilities": _CHANCES,
    "track_alignment_percentages": _ALIGNMENT,
    "value_statement": _STATEMENT,
    "time_spent_per_module": {"identity_value": 260, "cyber_aptitude": 1130},
    "aptitude": {
        "score": 61.8, "theta": 0.3, "standard_error": 0.34, "score_low": 48.4,
        "score_high": 73.9, "items": 28, "left_out": 0, "correct": 17,
    },
    "technical_exposure": {"score": 32.8, "by_skill": {"networking": 37.5, "scripting": 50.0}},
    "work_style": {"cluster": "balanced", "teamwork": 0.125},
    "scenario_choices": [
        {"question_id": "scenario_award", "selected_option": "b", "question_key": "award"}
    ],
    "difficulty": {
        "selected": "beginner", "suggested": "beginner", "supported": True,
        "by_exposure": "beginner",
    },
    "skills": [{"skill": "networking", "level": 42.0, "items": 3}],
    "work_roles": [_ROLE],
    "integrity": {
        "response_time_effort": 1.0, "rapid_guesses": 0, "longest_run": 3, "even_odd": 0.71,
        "inconsistency": 0.44, "seconds_an_item": 6.2, "instructed_missed": 0,
        "person_fit": 0.31, "flags": [], "retest_advised": False,
    },
    "explanation": {
        "start": 50.0,
        "baseline": dict.fromkeys(_ALIGNMENT, 0.0),
        "contributions": [{"question_id": "identity_traces", "points": _CHANCES}],
    },
    "result_accepted": None,
    "result_accepted_at": None,
    "override_track": None,
}  # fmt: skip
"""One result; of the contributions it shows the first."""


class ResultView(BaseModel):
    """Everything that was found in a session's answers, and how."""

    model_config = example(**_RESULT)

    session_id: str
    status: Status
    attempt_count: int
    bank_version: str
    aptitude_score: float = Field(description="0 to 100")
    technical_exposure_score: float = Field(description="0 to 100")
    work_style_cluster: str
    difficulty_selection: str
    recommended_track: Track
    recommended_track_id: str
    secondary_track: Track
    secondary_track_id: str
    track_confidence: float = Field(description="Probability that the track is the best, 0 to 1")
    two_tracks: bool = Field(description="Too close to call: look at both")
    track_probabilities: dict[Track, float]
    track_alignment_percentages: dict[Track, float]
    tracks: tuple[TrackView, ...] = Field(description="All of them, the likeliest first")
    value_statement: str
    time_spent_per_module: dict[ModuleName, int]
    aptitude: Aptitude
    technical_exposure: Exposure
    work_style: WorkStyleResult
    scenario_choices: tuple[ScenarioChoice, ...] = Field(description="For the learner alone")
    difficulty: Difficulty
    skills: tuple[SkillLevel, ...]
    work_roles: tuple[RoleMatch, ...] = Field(description="Of every track, the primary's first")
    integrity: Integrity = Field(description="Doubts stand beside the scores, never in them")
    explanation: Explanation = Field(
        description="start + baseline + contributions = alignment, for each track;"
        " the contributions are for the learner alone"
    )
    result_accepted: bool | None
    result_accepted_at: AwareDatetime | None
    override_track: Track | None
    completed_at: AwareDatetime


class ItemView(BaseModel):
    """How one item is answered, beside what the bank assumes."""

    model_config = example(
        question_id="aptitude_loop",
        module="cyber_aptitude",
        answers=212,
        mean_seconds=41.3,
        assumed_mean_seconds=45.0,
        shares={"a": 0.11, "b": 0.62, "c": 0.18, "d": 0.09},
        right=0.62,
    )

    question_id: str
    module: ModuleName
    answers: int
    mean_seconds: float | None
    assumed_mean_seconds: float
    shares: dict[str, float] = Field(description="Of each option or step, 0 to 1")
    right: float | None = Field(description="Share of right answers, of items that have one")


class ItemsView(BaseModel):
    """How the items of a bank version are answered in the tenant."""

    model_config = example(bank_version=BANK_VERSION, sessions=212, left_out=14)

    bank_version: str
    sessions: int = Field(description="Completed sessions that count, in tens")
    left_out: int = Field(description="Sessions with an integrity flag, which do not")
    items: tuple[ItemView, ...]
    updated_at: AwareDatetime


class ItemsQuery(Query):
    """Of which bank."""

    bank_version: str | None = Field(
        default=None,
        max_length=80,
        pattern=r"^[\w.-]+$",
        description="Without it: the one completed last",
    )


class TrackView(BaseModel):
    """One of the tracks, and how it lies to the answers."""

    model_config = example(
        track="defender", track_id=TRACK, title="Defender", alignment=86.2, probability=0.87
    )

    track: Track
    track_id: str
    title: str
    alignment: float = Field(description="0 to 100")
    probability: float = Field(description="Of being the best, 0 to 1")


class StrengthView(BaseModel):
    """Something to build upon."""

    model_config = example(
        kind="skill",
        key="log_analysis",
        title="Reading logs and traffic",
        detail="71 of 100, the track begins at 65",
    )

    kind: str
    key: str
    title: str
    detail: str


class GapView(BaseModel):
    """A skill that the track asks more of, 0 to 100."""

    model_config = example(skill="networking", title="Networks", level=42.0, target=60.0, size=18.0)

    skill: str
    title: str
    level: float
    target: float
    size: float


class NextStepView(BaseModel):
    """What to do, and why."""

    model_config = example(
        kind="close_gap",
        text="Work on: Networks",
        reason="You are at 42 of 100, the track begins at 60",
    )

    kind: StepKind
    text: str
    reason: str


class BlueprintView(BaseModel):
    """The result as a plan."""

    model_config = example(
        session_id=SESSION,
        track="defender",
        track_id=TRACK,
        title="Defender",
        summary="Watches over systems, notices attacks, stops them and finds out what happened.",
        alignment=86.2,
        recommended=True,
        confidence=0.87,
        learning_path=["Networks and operating systems: what normal looks like"],
        roles=[_ROLE],
        value_statement=_STATEMENT,
    )

    session_id: str
    track: Track
    track_id: str
    title: str
    summary: str
    alignment: float
    recommended: bool = Field(description="False: the learner chose this track instead")
    confidence: float = Field(description="Probability that the recommended track is the best")
    learning_path: tuple[str, ...]
    strengths: tuple[StrengthView, ...]
    gaps: tuple[GapView, ...]
    roles: tuple[RoleMatch, ...]
    next_steps: tuple[NextStepView, ...]
    value_statement: str


class SyncBody(BaseModel):
    """What older clients send. Only the session counts; what else they send is not read."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True) | example(
        session_id=SESSION
    )

    session_id: UUID


class SyncView(BaseModel):
    """The learner's profile after completion."""

    model_config = example(
        status="synced",
        session_id=SESSION,
        profiling_complete=True,
        profiling_session_id=SESSION,
        track_key="defender",
        recommended_track_id=TRACK,
        track_confidence=0.87,
        track_alignment_percentages=_ALIGNMENT,
    )

    status: str
    session_id: str
    profiling_complete: bool
    profiling_completed_at: AwareDatetime
    profiling_session_id: str
    track_key: Track
    recommended_track_id: str
    track_confidence: float
    track_alignment_percentages: dict[Track, float]


class AcceptBody(Body):
    """The learner's decision."""

    model_config = example(accepted=False)

    accepted: bool
    override_track_id: str | None = Field(
        default=None,
        max_length=64,
        description="With `accepted: false`: the track taken instead",
        examples=["f98d3218-4042-5ba2-8d54-c757b31fa95e"],
    )


class AcceptView(BaseModel):
    """The decision as it stands."""

    model_config = example(
        session_id=SESSION,
        result_accepted=False,
        recommended_track="defender",
        override_track="grc",
        override_track_id=OTHER_TRACK,
        track_key="grc",
    )

    session_id: str
    result_accepted: bool
    result_accepted_at: AwareDatetime
    recommended_track: Track
    override_track: Track | None
    override_track_id: str | None
    track_key: Track | None = Field(
        description="The track the learner is on now; null when it was declined and no other chosen"
    )


class FoundationsView(BaseModel):
    """Whether the learner may begin with Foundations, and since when they have."""

    model_config = example(
        profiling_complete=True,
        foundations_available=True,
        profiling_session_id=SESSION,
        track_key="defender",
    )

    profiling_complete: bool
    foundations_available: bool
    profiling_session_id: str | None
    track_key: Track | None
    foundations_transition_at: AwareDatetime | None
