"""Routes of what is known of a learner: skills, grades, overrides, progress, shared state."""

from __future__ import annotations

import re
from typing import Any, Literal
from uuid import uuid4

from functions.journey_tracking.routes import READ, api, session_id_of
from functions.journey_tracking.routes.learning_forms import (
    GradeQuery,
    GradeSubject,
    GradesView,
    GradeView,
    JourneySyncBody,
    JourneySyncView,
    LearnerPageQuery,
    LearningProgressBody,
    LearningProgressPage,
    LearningProgressView,
    OverrideBody,
    OverridePage,
    OverrideView,
    RemediationQuery,
    SharedFieldView,
    SkillPage,
    SkillQuery,
    SkillView,
    SyncConflict,
)
from functions.journey_tracking.rules.documents import Grade, Override, SubjectGrade
from functions.journey_tracking.rules.grades import next_level
from functions.journey_tracking.rules.merging import Merged
from functions.journey_tracking.rules.overrides import Asked
from functions.journey_tracking.rules.progress import Report
from functions.journey_tracking.service import learning
from shared import runtime
from shared.errors import Conflict, Invalid, Missing, Stale, Unprocessable
from shared.http.api import Reply
from shared.http.call import Call, etag_header
from shared.http.subject import partition_read
from shared.models.journey import Progress, Skill
from shared.models.learning import SUBJECTS
from shared.people import check_person, read_account

_PROGRESS_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


@api.get("v1/learning/skills", query=SkillQuery, answer=SkillPage, errors=(Missing,))
def learning_skills(call: Call[SkillQuery, None]) -> SkillPage:
    """List what a learner is known to be able to do, skill by skill."""
    return _skills(call, call.query.state)


@api.get("v1/learning/remediation", query=RemediationQuery, answer=SkillPage, errors=(Missing,))
def learning_remediation(call: Call[RemediationQuery, None]) -> SkillPage:
    """List the skills that a learner should practise, what has waited longest first.

    A skill comes in by two wrong first tries on end, or when it is likely not known after three
    answers; it leaves when it is passed.
    """
    return _skills(call, "remediation")


@api.get("v1/learning/grades", query=GradeQuery, answer=GradesView, errors=(Missing,))
def learning_grades(call: Call[GradeQuery, None]) -> GradesView:
    """Read a learner's grade level, and how far each level is."""
    level, found = learning.grades(runtime.stores(), partition_read(call, call.query.user, READ))
    items = [_grade(grade) for grade in found]
    return GradesView.model_validate({"grade_level": level, "items": items})


@api.post(
    "v1/learning/overrides",
    body=OverrideBody,
    answer=OverrideView,
    status=201,
    errors=(Missing, Conflict),
)
def learning_override(call: Call[None, OverrideBody]) -> Reply:
    """Set aside what was found of a learner: a skill, its practice, the grade level.

    For parents of the learner and admins. Who, when and why stand in the audit log.
    """
    sent, running, key = call.body, runtime.current(), call.idempotency
    by = call.principal
    check_person(running, by, call.reach, sent.user)
    if "learner" not in read_account(running, by.tenant_id, sent.user)[0].roles:
        raise Missing("there is no learner with this id")
    asked = Asked(
        override_id=key.new_id("override") if key else str(uuid4()),
        what=sent.what,
        skill_id=sent.skill_id,
        grade_level=sent.grade_level,
        reason=sent.reason,
        by=running.pseudonyms.of(by.tenant_id, "user", by.user_id),
        by_role="admin" if "tenant" in call.reach else "parent",
    )
    status, body = learning.override(
        running,
        running.pseudonyms,
        by,
        sent.user,
        asked,
        shown=_override,
        idempotency=key,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/learning/overrides", query=LearnerPageQuery, answer=OverridePage, errors=(Missing,))
def learning_overrides_list(call: Call[LearnerPageQuery, None]) -> OverridePage:
    """List what parents and admins set aside of a learner, the latest first."""
    asked = call.query
    items, continuation = learning.overrides(
        runtime.stores(),
        partition_read(call, asked.user, READ),
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return OverridePage(
        items=[OverrideView.model_validate(each.model_dump()) for each in items],
        continuation=continuation,
    )


@api.get("v1/progress", query=LearnerPageQuery, answer=LearningProgressPage, errors=(Missing,))
def progress_list(call: Call[LearnerPageQuery, None]) -> LearningProgressPage:
    """List a learner's progress records, the latest first."""
    asked = call.query
    items, continuation = learning.progress_records(
        runtime.stores(),
        partition_read(call, asked.user, READ),
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return LearningProgressPage(
        items=[_progress(each) for each in items], continuation=continuation
    )


@api.patch(
    "v1/progress/{progress_id}",
    body=LearningProgressBody,
    answer=LearningProgressView,
    errors=(Conflict, Stale),
)
def progress_update(call: Call[None, LearningProgressBody]) -> Reply:
    """Report progress with a piece of content; the first report makes the record.

    Status and percent only grow, unless the report says `restart`; time adds up. Send the `ETag`
    that you read as `If-Match`, so that a report that is sent again counts once: 412 says that
    it was taken.
    """
    sent, running = call.body, runtime.current()
    progress, etag = learning.report_progress(
        running,
        running.pseudonyms,
        call.principal,
        _progress_id(call.path["progress_id"]),
        Report(
            content_id=sent.content_id,
            content_type=sent.content_type,
            status=sent.status,
            percent=sent.percent,
            score=sent.score,
            seconds=sent.time_spent_seconds,
            restart=sent.restart,
        ),
        if_match=call.if_match,
        now=call.now,
    )
    return Reply(_progress(progress), headers=etag_header(etag))


@api.post(
    "v1/journeys/{session_id}/sync",
    body=JourneySyncBody,
    answer=JourneySyncView,
    errors=(Missing, Unprocessable),
)
def journeys_sync(call: Call[None, JourneySyncBody]) -> Reply:
    """Merge what a device changed on a journey into what all its devices share.

    The latest write of each field wins. A field that another device had changed since
    `base_version` is reported with what was kept and what was let go.
    """
    sent = call.body
    status, body = learning.synchronise(
        runtime.stores(),
        call.principal,
        session_id_of(call),
        device_id=sent.device_id,
        base_version=sent.base_version,
        changes={name: (each.value, each.changed_at) for name, each in sent.fields.items()},
        shown=_merged,
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


def _skills(
    call: Call[Any, None], state: Literal["mastered", "learning", "remediation"] | None
) -> SkillPage:
    asked = call.query
    items, continuation = learning.skills(
        runtime.stores(),
        partition_read(call, asked.user, READ),
        subject=asked.subject,
        state=state,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return SkillPage(items=[_skill(each) for each in items], continuation=continuation)


def _skill(skill: Skill) -> SkillView:
    return SkillView.model_validate(skill.model_dump())


def _grade(grade: Grade) -> GradeView:
    return GradeView(
        grade_level=grade.grade_level,
        subjects=[
            GradeSubject(
                subject=subject, **grade.subjects.get(subject, SubjectGrade()).model_dump()
            )
            for subject in SUBJECTS
        ],
        ready_at=grade.ready_at,
        next_level=next_level(grade.grade_level),
    )


def _override(override: Override) -> dict[str, Any]:
    return OverrideView.model_validate(override.model_dump()).model_dump(mode="json")


def _progress(progress: Progress) -> LearningProgressView:
    return LearningProgressView.model_validate(progress.model_dump())


def _progress_id(given: str) -> str:
    if not _PROGRESS_ID.fullmatch(given):
        raise Invalid("a progress record's id has 1 to 100 letters, digits and . : _ -")
    return given


def _merged(found: Merged) -> dict[str, Any]:
    state = found.state
    return JourneySyncView(
        version=state.version,
        fields={
            name: SharedFieldView.model_validate(each.model_dump())
            for name, each in state.fields.items()
        },
        conflicts=[
            SyncConflict.model_validate(each, from_attributes=True) for each in found.conflicts
        ],
    ).model_dump(mode="json")
