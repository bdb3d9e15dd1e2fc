"""What the routes of profiling results take and show."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from functions.profiler_complete.rules.blueprint import StepKind
from shared.http.call import Body, Query
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


class ResultView(BaseModel):
    """Everything that was found in a session's answers, and how."""

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
    scenario_choices: tuple[ScenarioChoice, ...]
    difficulty: Difficulty
    skills: tuple[SkillLevel, ...]
    work_roles: tuple[RoleMatch, ...] = Field(description="Of every track, the primary's first")
    integrity: Integrity = Field(description="Doubts stand beside the scores, never in them")
    explanation: Explanation = Field(
        description="start + baseline + contributions = alignment, for each track"
    )
    result_accepted: bool | None
    result_accepted_at: AwareDatetime | None
    override_track: Track | None
    completed_at: AwareDatetime


class ItemView(BaseModel):
    """How one item is answered, beside what the bank assumes."""

    question_id: str
    module: ModuleName
    answers: int
    mean_seconds: float | None
    assumed_mean_seconds: float
    shares: dict[str, float] = Field(description="Of each option or step, 0 to 1")
    right: float | None = Field(description="Share of right answers, of items that have one")


class ItemsView(BaseModel):
    """How the items of a bank version are answered in the tenant."""

    bank_version: str
    sessions: int = Field(description="Completed sessions that count")
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

    track: Track
    track_id: str
    title: str
    alignment: float = Field(description="0 to 100")
    probability: float = Field(description="Of being the best, 0 to 1")


class StrengthView(BaseModel):
    """Something to build upon."""

    kind: str
    key: str
    title: str
    detail: str


class GapView(BaseModel):
    """A skill that the track asks more of, 0 to 100."""

    skill: str
    title: str
    level: float
    target: float
    size: float


class NextStepView(BaseModel):
    """What to do, and why."""

    kind: StepKind
    text: str
    reason: str


class BlueprintView(BaseModel):
    """The result as a plan."""

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

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    session_id: UUID


class SyncView(BaseModel):
    """The learner's profile after completion."""

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

    accepted: bool
    override_track_id: str | None = Field(
        default=None,
        max_length=64,
        description="With `accepted: false`: the track taken instead",
        examples=["f98d3218-4042-5ba2-8d54-c757b31fa95e"],
    )


class AcceptView(BaseModel):
    """The decision as it stands."""

    session_id: str
    result_accepted: bool
    result_accepted_at: AwareDatetime
    recommended_track: Track
    override_track: Track | None
    override_track_id: str | None
    track_key: Track = Field(description="The track the learner is on now")


class FoundationsView(BaseModel):
    """Whether the learner may begin with Foundations, and since when they have."""

    profiling_complete: bool
    foundations_available: bool
    profiling_session_id: str | None
    track_key: Track | None
    foundations_transition_at: AwareDatetime | None
