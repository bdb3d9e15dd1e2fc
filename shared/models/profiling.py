"""Sessions of the profiler, their answers and results: in partition ``(tenant_id, user_id)``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.question_bank import Level, ModuleName, Track

CONTAINER = "profiling"
LEARNER_ID = "learner"

Status = Literal["started", "in_progress", "finished", "locked"]
WorkStyle = Literal["collaborative", "independent", "balanced"]

_SESSIONS = UUID("8f5a0b7e-52a1-5c0d-8d0b-2a9e6c1f7d34")


def session_id_of(tenant_id: str, user_id: str, attempt: int) -> str:
    """The id of a learner's session at an attempt: derived, so that two starts make one."""
    return str(uuid5(_SESSIONS, f"{tenant_id}\n{user_id}\n{attempt}"))


class _Part(BaseModel):
    model_config = READING


class GivenAnswer(_Part):
    """One answer as it was given. ``sequence`` counts the answers of a session as they came."""

    question_id: str
    selected_option: str | None = None
    text: str | None = None
    response_time_ms: int = Field(ge=0)
    sequence: int = Field(ge=1)
    answered_at: AwareDatetime

    @property
    def seconds(self) -> float:
        """How long it took, in seconds."""
        return self.response_time_ms / 1000


class Device(_Part):
    """What the session was started on."""

    user_agent: str | None = None
    device_fingerprint: str | None = None
    ip_address: str | None = None


class Reset(_Part):
    """That an admin opened the way for another attempt: who, when and why."""

    by: str = Field(description="Pseudonym of the admin, as the audit log names them")
    reason: str
    at: AwareDatetime


class Position(_Part):
    """Where the learner last was, for another device to go on from."""

    module: ModuleName
    section: str | None = None
    question_index: int | None = None


class ProfilingSession(Document):
    """One attempt at the profiler. ``id`` is the session's id.

    ``started`` until the first answer, ``in_progress`` until everything required is
    answered, ``finished`` until it is completed, and ``locked`` with its result from then on.
    """

    kind: str = "session"
    user_id: str
    session_id: str
    status: Status = "started"
    attempt: int = Field(ge=1)
    bank_version: str
    language: str
    device: Device
    answers: dict[str, GivenAnswer] = {}
    answered: int = Field(default=0, ge=0, description="Answers taken, replaced ones included")
    module_seconds: dict[str, int] = Field(default={}, description="As clients reported")
    position: Position | None = None
    reset: Reset | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    completed_at: AwareDatetime | None = None

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of a learner's sessions and results."""
        return (self.tenant_id, self.user_id)

    @property
    def locked(self) -> bool:
        """Whether it is completed and takes no answers any more."""
        return self.status == "locked"


class Learner(Document):
    """Which attempt a learner is at. ``id`` is always ``learner``.

    After a reset it names the session of the next attempt, which is there once the learner
    starts it.
    """

    id: str = LEARNER_ID
    kind: str = "learner"
    user_id: str
    attempt: int = Field(ge=1)
    session_id: str


class Aptitude(_Part):
    """Ability by the two-parameter logistic model, and how sure the estimate is."""

    score: float = Field(ge=0, le=100, description="Normal percentile of theta")
    theta: float = Field(description="Ability in the scale of the items, mean 0, spread 1")
    standard_error: float = Field(ge=0, description="Of theta")
    score_low: float = Field(ge=0, le=100, description="Percentile one standard error below")
    score_high: float = Field(ge=0, le=100, description="Percentile one standard error above")
    items: int = Field(ge=0, description="Items in the likelihood")
    left_out: int = Field(ge=0, description="Items left out as rapid guesses")
    correct: int = Field(ge=0)


class Exposure(_Part):
    """Technical exposure by self-report."""

    score: float = Field(ge=0, le=100)
    by_skill: dict[str, float]


class WorkStyleResult(_Part):
    """How the learner likes to work."""

    cluster: WorkStyle
    teamwork: float = Field(ge=-1, le=1, description="-1 independent, 1 collaborative")


class ScenarioChoice(_Part):
    """What was chosen in one scenario."""

    question_id: str
    selected_option: str
    question_key: str


class Difficulty(_Part):
    """The chosen level, held against technical exposure and the module's other answers."""

    selected: Level
    suggested: Level
    supported: bool = Field(description="The chosen level is at most one away from the suggested")
    by_exposure: Level


class Flag(_Part):
    """One doubt about how the answers came about. It stands beside the scores, never in them."""

    code: str
    detail: str
    value: float
    limit: float


class Integrity(_Part):
    """What response times and patterns say about the effort behind the answers."""

    response_time_effort: float = Field(ge=0, le=1)
    rapid_guesses: int = Field(ge=0)
    longest_run: int = Field(ge=0)
    even_odd: float | None
    inconsistency: float | None
    seconds_an_item: float | None
    instructed_missed: int = Field(ge=0)
    person_fit: float | None = Field(description="lz*; large negative values are odd patterns")
    flags: tuple[Flag, ...] = ()
    retest_advised: bool = False


class Contribution(_Part):
    """By how many points one answer moved the alignment with each track."""

    question_id: str
    points: dict[Track, float]


class Explanation(_Part):
    """Why the alignments are what they are: start + baseline + contributions = alignment.

    ``start`` is 50, where a profile without any direction lies; ``baseline`` is what the
    norms take off or add before any answer.
    """

    start: float
    baseline: dict[Track, float]
    contributions: tuple[Contribution, ...]


class RoleMatch(_Part):
    """A NICE work role, and how much the answers speak for it (-1..1)."""

    id: str
    title: str
    track: Track
    affinity: float = Field(ge=-1, le=1)


class SkillLevel(_Part):
    """How far a skill seems developed, 0..100, and what that rests on."""

    skill: str
    level: float = Field(ge=0, le=100)
    items: int = Field(ge=1)


class Recommendation(_Part):
    """The tracks that fit, and how surely."""

    primary: Track
    secondary: Track
    confidence: float = Field(ge=0, le=1, description="Probability that primary is the best")
    probabilities: dict[Track, float]
    two_tracks: bool = Field(description="Too close to call: look at both")
    alignment: dict[Track, float] = Field(description="0..100")
    roles: tuple[RoleMatch, ...] = Field(description="Of every track, the primary's first")


class Scores(_Part):
    """All that scoring finds in a session's answers: a pure function of answers and bank."""

    bank_version: str
    aptitude: Aptitude
    exposure: Exposure
    work_style: WorkStyleResult
    scenario_choices: tuple[ScenarioChoice, ...]
    difficulty: Difficulty
    profile: dict[str, float] = Field(description="Norm scores by dimension, before centring")
    recommendation: Recommendation
    explanation: Explanation
    skills: tuple[SkillLevel, ...]
    integrity: Integrity
    value_statement: str


class ProfilerResult(Document):
    """The result of one session. ``id`` is ``result:<session id>``."""

    kind: str = "result"
    user_id: str
    session_id: str
    attempt: int = Field(ge=1)
    language: str
    scores: Scores
    accepted: bool | None = None
    accepted_at: AwareDatetime | None = None
    override_track: Track | None = None
    foundations_transition_at: AwareDatetime | None = None
    synced_at: AwareDatetime | None = None
    completed_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of a learner's sessions and results."""
        return (self.tenant_id, self.user_id)

    @property
    def track(self) -> Track:
        """The track the learner is on: what they chose themselves, else the recommended one."""
        return self.override_track or self.scores.recommendation.primary


class TelemetryRecord(Document):
    """The telemetry of a session as it is now, for analytics. ``id`` is ``telemetry:<session>``.

    Events name it and hold no personal data themselves.
    """

    kind: str = "telemetry"
    user_id: str
    session_id: str
    payload: dict[str, Any]
    updated_at: AwareDatetime


def utc_text(moment: datetime) -> str:
    """A moment as telemetry writes it: ISO 8601 in UTC, ending in ``Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def telemetry_id_of(session_id: str) -> str:
    """The id of the document with a session's telemetry."""
    return f"telemetry:{session_id}"


def result_id_of(session_id: str) -> str:
    """The id of the document with a session's result."""
    return f"result:{session_id}"
