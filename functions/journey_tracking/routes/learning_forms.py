"""What the routes of skills, grades, overrides, progress and shared state take and show."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
    model_validator,
)

from functions.journey_tracking.routes.forms import Code, Name
from functions.journey_tracking.rules.documents import OverrideKind
from functions.journey_tracking.rules.merging import MOST_FIELDS
from functions.journey_tracking.rules.progress import MOST_A_REPORT
from shared.http.call import Body, PageQuery, Query
from shared.models.examples import LEARNER, example
from shared.models.journey import ProgressStatus
from shared.models.learning import GradeLevel, Subject

_USER = "Whose; your own without one"
_NEXT = "Ask with this for the next page; null at the end"
_SKILL = "math.5.fractions"


class LearnerPageQuery(PageQuery):
    """Whose."""

    user: str | None = Field(default=None, min_length=1, max_length=255, description=_USER)


class GradeQuery(Query):
    """Whose."""

    user: str | None = Field(default=None, min_length=1, max_length=255, description=_USER)


class SkillQuery(LearnerPageQuery):
    """Which skills; everything given must hold."""

    subject: Subject | None = Field(default=None, description="Of this subject")
    state: Literal["mastered", "learning", "remediation"] | None = Field(
        default=None, description="Mastered, in remediation, or neither"
    )


class RemediationQuery(LearnerPageQuery):
    """Which skills."""

    subject: Subject | None = Field(default=None, description="Of this subject")


class RemediationView(BaseModel):
    """That a skill is to be practised."""

    model_config = example(why="wrong_in_a_row")

    since: AwareDatetime
    why: Literal["low_mastery", "wrong_in_a_row"]


class SkillView(BaseModel):
    """What is known of a skill."""

    model_config = example(
        skill_id=_SKILL,
        subject="Math",
        grade_level="5",
        mastery=0.97,
        attempts=6,
        correct=5,
        mastered_at=None,
        mastered_by=None,
        remediation=None,
    )

    skill_id: str
    subject: Subject
    grade_level: GradeLevel
    mastery: float = Field(description="Probability that the learner knows it")
    attempts: int
    correct: int
    mastered_at: AwareDatetime | None
    mastered_by: Literal["attempts", "override"] | None
    remediation: RemediationView | None
    updated_at: AwareDatetime


class SkillPage(BaseModel):
    """A page of skills."""

    items: list[SkillView]
    continuation: str | None = Field(description=_NEXT)


class GradeSubject(BaseModel):
    """One subject at a grade level."""

    model_config = example(subject="Math", met=5, mastered=4)

    subject: Subject
    met: int = Field(description="Skills that were met")
    mastered: int


class GradeView(BaseModel):
    """How far a learner is with a grade level."""

    model_config = example(grade_level="5", next_level="6", ready_at=None)

    grade_level: GradeLevel
    subjects: list[GradeSubject]
    ready_at: AwareDatetime | None = Field(
        description="When the learner was first ready for the next level"
    )
    next_level: GradeLevel | None


class GradesView(BaseModel):
    """A learner's present grade level, and every level begun."""

    model_config = example(grade_level="5")

    grade_level: GradeLevel | None
    items: list[GradeView]


class OverrideBody(Body):
    """What is set aside of whom, and why."""

    model_config = example(
        user=LEARNER,
        what="skill_mastered",
        skill_id=_SKILL,
        grade_level=None,
        reason="we practised it together at home",
    )

    user: str = Field(min_length=1, max_length=255)
    what: OverrideKind
    skill_id: Code | None = Field(default=None, description="For all but `grade_level`")
    grade_level: GradeLevel | None = Field(default=None, description="For `grade_level` alone")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]

    @model_validator(mode="after")
    def _names_one(self) -> OverrideBody:
        is_grade = self.what == "grade_level"
        if (self.grade_level is not None) != is_grade or (self.skill_id is None) != is_grade:
            raise ValueError("give a skill_id, or with grade_level a grade_level, and not both")
        return self


class OverrideView(BaseModel):
    """What was set aside."""

    model_config = example(
        override_id="7d2e9f1a-4b6c-4d8e-a0f2-3c5b7a9d1e4f",
        what="skill_mastered",
        skill_id=_SKILL,
        grade_level=None,
        before="not mastered",
        reason="we practised it together at home",
        by_role="parent",
    )

    override_id: str
    what: OverrideKind
    skill_id: str | None
    grade_level: GradeLevel | None
    before: str | None = Field(description="What it was")
    reason: str
    by_role: Literal["parent", "admin"]
    updated_at: AwareDatetime


class OverridePage(BaseModel):
    """A page of overrides, the latest first."""

    items: list[OverrideView]
    continuation: str | None = Field(description=_NEXT)


class LearningProgressBody(Body):
    """A report on a piece of content; what is left out stays."""

    model_config = example(
        content_id=None,
        content_type="video",
        status=None,
        percent=40.0,
        score=None,
        time_spent_seconds=180,
        restart=False,
    )

    content_id: Code | None = Field(default=None, description="The record's own id without one")
    content_type: Name | None = Field(default=None, description="Needed in the first report")
    status: ProgressStatus | None = None
    percent: float | None = Field(default=None, ge=0, le=100)
    score: float | None = Field(default=None, ge=0, le=100)
    time_spent_seconds: int = Field(
        default=0, ge=0, le=MOST_A_REPORT, description="Since the last report; it adds up"
    )
    restart: bool = Field(default=False, description="Begin anew: status and percent go back")


class LearningProgressView(BaseModel):
    """How far a learner is with a piece of content."""

    model_config = example(
        progress_id="intro-video",
        content_id="intro-video",
        content_type="video",
        status="in_progress",
        percent=40.0,
        score=None,
        time_spent_seconds=180,
        completed_at=None,
    )

    progress_id: str
    content_id: str
    content_type: str
    status: ProgressStatus
    percent: float
    score: float | None
    time_spent_seconds: int
    started_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    updated_at: AwareDatetime


class LearningProgressPage(BaseModel):
    """A page of progress records, the latest first."""

    items: list[LearningProgressView]
    continuation: str | None = Field(description=_NEXT)


MOST_DEPTH = 16
"""Levels that a shared value may be nested."""


def _small(value: Any) -> Any:
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        level = [inner for each in level for inner in _inside(each)]
    if level:
        raise ValueError(f"a value is nested at most {MOST_DEPTH} deep")
    if len(json.dumps(value, ensure_ascii=False)) > 2048:
        raise ValueError("a value has at most 2,048 characters as JSON")
    return value


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


class SyncField(Body):
    """What a device wrote into a field, and when."""

    model_config = example(value={"question": 4})

    changed_at: AwareDatetime
    value: Annotated[Any, AfterValidator(_small)]


FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]


class JourneySyncBody(Body):
    """What a device changed since it last saw the shared state."""

    model_config = example(
        device_id="tablet-1",
        base_version=3,
        fields={"position": {"value": {"question": 4}, "changed_at": "2026-11-26T09:00:00Z"}},
    )

    device_id: Code
    base_version: int = Field(
        default=0, ge=0, description="The `version` that the device last saw; 0 before the first"
    )
    fields: dict[FieldName, SyncField] = Field(max_length=MOST_FIELDS)


class SharedFieldView(BaseModel):
    """A field that devices share."""

    model_config = example(value={"question": 4}, device_id="tablet-1")

    changed_at: AwareDatetime
    device_id: str = Field(description="Which device wrote it")
    value: Any


class SyncConflict(BaseModel):
    """A field that another device had changed since."""

    model_config = example(
        field="position", kept={"question": 7}, discarded={"question": 4}, winner_device="phone-1"
    )

    field: str
    kept: Any
    discarded: Any
    winner_device: str


class JourneySyncView(BaseModel):
    """What devices share now, and the conflicts that were settled."""

    model_config = example(
        version=4,
        fields={
            "position": {
                "changed_at": "2026-11-26T09:00:00Z",
                "device_id": "tablet-1",
                "value": {"question": 4},
            }
        },
    )

    version: int
    fields: dict[str, SharedFieldView]
    conflicts: list[SyncConflict]
