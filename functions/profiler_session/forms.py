"""What the routes of profiling sessions take and show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from functions.profiler_session.rules.answers import LONGEST_MS
from functions.profiler_session.rules.modules import State
from functions.profiler_session.rules.progress import MOST_A_REPORT
from shared.http.call import Body, Query
from shared.models.examples import BANK_VERSION, SESSION, example
from shared.models.profiling import Position, Status
from shared.models.question_bank import Kind, ModuleName


class StartBody(Body):
    """How to start a session."""

    model_config = example(device_fingerprint=None)

    language: str | None = Field(
        default=None,
        max_length=35,
        description="BCP 47; else `Accept-Language`, else English",
        examples=["en"],
    )
    device_fingerprint: str | None = Field(default=None, max_length=128)


class ModuleView(BaseModel):
    """Where one module stands."""

    model_config = example(
        module="cyber_aptitude",
        state="open",
        questions=28,
        answered=27,
        missing=["aptitude_collision"],
    )

    module: ModuleName
    state: State = Field(description="`waiting` until everything before it is answered")
    questions: int
    answered: int
    missing: tuple[str, ...] = Field(description="Required questions without an answer")


class AnswerView(BaseModel):
    """An answer that was given."""

    model_config = example(question_id="identity_traces", selected_option="agree", text=None)

    question_id: str
    selected_option: str | None
    text: str | None


class SessionView(BaseModel):
    """A session, and where it stands."""

    model_config = example(
        session_id=SESSION,
        session_token=SESSION,
        status="in_progress",
        attempt_count=1,
        bank_version=BANK_VERSION,
        language="en",
        current_module="cyber_aptitude",
        time_spent_per_module={"identity_value": 260},
        position=None,
        reset_at=None,
        completed_at=None,
    )

    session_id: str
    session_token: str = Field(description="What `update-progress` names the session by")
    status: Status
    attempt_count: int
    bank_version: str
    language: str
    current_module: ModuleName = Field(description="The module to go on with")
    modules: tuple[ModuleView, ...]
    time_spent_per_module: dict[str, int] = Field(
        description="Seconds, as reported or as the answers took, whichever is more"
    )
    position: Position | None
    answers: tuple[AnswerView, ...] = Field(
        description="To go on from on another device; only for the learner"
    )
    reset_at: AwareDatetime | None = Field(description="When an admin opened the next attempt")
    started_at: AwareDatetime
    updated_at: AwareDatetime
    completed_at: AwareDatetime | None


class OptionView(BaseModel):
    """An option, or a step of a scale."""

    model_config = example(id="agree", text="Agree")

    id: str
    text: str


class QuestionView(BaseModel):
    """One question as it is shown."""

    model_config = example(
        question_id="identity_traces",
        kind="likert",
        text="Piecing together from scattered traces what an intruder did sounds satisfying.",
        required=True,
        min_characters=None,
        max_characters=None,
    )

    question_id: str
    kind: Kind
    text: str
    options: tuple[OptionView, ...] = Field(description="Empty for a free text")
    required: bool
    min_characters: int | None
    max_characters: int | None


class QuestionsView(BaseModel):
    """The questions of a module, under its heading."""

    model_config = example(
        module="identity_value",
        title="What matters to you",
        introduction="There is no right or wrong here.",
        state="open",
        language="en",
    )

    module: ModuleName
    title: str
    introduction: str = Field(description="What the learner is told before the first question")
    state: State
    language: str
    questions: tuple[QuestionView, ...]


class QuestionsQuery(Query):
    """Which questions."""

    module: str | None = Field(
        default=None, max_length=40, description="Without it: the module to go on with"
    )


class AnswerBody(Body):
    """One answer: an option, or words where a free text is asked for."""

    model_config = example(text=None)

    question_id: str = Field(max_length=60, examples=["identity_traces"])
    selected_option: str | None = Field(default=None, max_length=40, examples=["agree"])
    text: str | None = Field(default=None, max_length=10_000)
    response_time_ms: int = Field(
        strict=True, description=f"0 to {LONGEST_MS}, from shown to answered", examples=[6400]
    )


class AnswersBody(Body):
    """One or many answers. A bare answer is read as a list of one."""

    answers: tuple[AnswerBody, ...] = Field(min_length=1, max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, sent: Any) -> Any:
        if isinstance(sent, dict) and "question_id" in sent and "answers" not in sent:
            return {"answers": [sent]}
        return sent


class Warned(BaseModel):
    """Something to tell the learner now."""

    model_config = example(code="slow_down", detail="Take your time.")

    code: str
    detail: str


class AnswersView(BaseModel):
    """What became of the answers, and where the session stands."""

    model_config = example(
        session_id=SESSION,
        status="in_progress",
        new=["identity_traces"],
        replaced=[],
        unchanged=[],
        warning=None,
        current_module="identity_value",
    )

    session_id: str
    status: Status
    new: tuple[str, ...]
    replaced: tuple[str, ...]
    unchanged: tuple[str, ...]
    warning: Warned | None
    current_module: ModuleName
    modules: tuple[ModuleView, ...]


class ProgressBody(Body):
    """Time spent in a module since the last report, and where the learner is."""

    model_config = example(session_token=SESSION, current_section="lines", current_question_index=4)

    session_token: UUID
    module_name: str = Field(max_length=40, examples=["cyber_aptitude"])
    time_spent_seconds: int = Field(description=f"0 to {MOST_A_REPORT}; adds up", examples=[45])
    current_section: str | None = Field(default=None, max_length=80)
    current_question_index: int | None = Field(default=None, ge=0, le=1000)


class ProgressView(BaseModel):
    """The times of a session."""

    model_config = example(
        session_id=SESSION,
        status="in_progress",
        time_spent_per_module={"cyber_aptitude": 45},
        time_spent_seconds=45,
        position=None,
        current_module="cyber_aptitude",
    )

    session_id: str
    status: Status
    time_spent_per_module: dict[str, int] = Field(description="Seconds, as clients reported")
    time_spent_seconds: int
    position: Position | None
    current_module: ModuleName


class ResetBody(Body):
    """Why another attempt is opened."""

    reason: str = Field(
        min_length=3,
        max_length=500,
        description="Goes into the audit log: no personal data",
        examples=["interrupted by a power cut"],
    )


class ResetView(BaseModel):
    """The reset, and the attempt that the learner can start now."""

    model_config = example(
        session_id=SESSION,
        attempt_count=1,
        next_attempt=2,
        reset_by="9b1e6a0d4c7f2e835a60d1b9c4e7f0a2d3586b1c",
        reason="interrupted by a power cut",
    )

    session_id: str
    attempt_count: int
    next_attempt: int
    reset_by: str = Field(description="Pseudonym of the admin, as in the audit log")
    reset_at: AwareDatetime
    reason: str
