"""Shows skills, remediation and grades; takes overrides, progress and what devices share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

from functions.journey_tracking.rules.documents import (
    Grade,
    Override,
    SharedState,
    grade_document_id,
    sync_document_id,
)
from functions.journey_tracking.rules.merging import Merged, merged
from functions.journey_tracking.rules.overrides import (
    Asked,
    Overridden,
    override_grade,
    override_skill,
)
from functions.journey_tracking.rules.progress import Report, new_progress, with_report
from functions.journey_tracking.service.journeys import (
    SOURCE,
    Partition,
    answered,
    own_partition,
    read_journey,
    read_learner,
)
from shared import audit
from shared.auth import Principal
from shared.documents.port import Create, Equals, Filter, Operation, Order, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Missing, Stale
from shared.events.content import ContentCompleted
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once
from shared.models.document import Document
from shared.models.journey import (
    CONTAINER,
    Progress,
    Skill,
    progress_document_id,
    skill_document_id,
)
from shared.models.learning import Subject
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

DocumentT = TypeVar("DocumentT", bound=Document)
SkillState = Literal["mastered", "learning", "remediation"]


def skills(
    stores: Stores,
    partition: Partition,
    *,
    subject: Subject | None,
    state: SkillState | None,
    limit: int,
    continuation: str | None,
) -> tuple[list[Skill], str | None]:
    """A page of a learner's skills, and where the next begins; those in remediation in the order
    in which they came there."""
    where: list[Filter] = [Equals("kind", "skill")]
    if subject is not None:
        where.append(Equals("subject", subject))
    if state == "mastered":
        where.append(Equals("is_mastered", True))
    elif state == "remediation":
        where.append(Equals("in_remediation", True))
    elif state == "learning":
        where += [Equals("is_mastered", False), Equals("in_remediation", False)]
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=where,
        order=Order("remediation.since") if state == "remediation" else None,
        limit=limit,
        continuation=continuation,
    )
    return [Skill.of(item.body) for item in page.items], page.continuation


def skills_by_id(stores: Stores, partition: Partition, skill_ids: Iterable[str]) -> list[Skill]:
    """The skills of a learner with these ids, in their order; those never met are left out."""
    found = [
        stores.documents.get(CONTAINER, partition, skill_document_id(each)) for each in skill_ids
    ]
    return [Skill.of(each.body) for each in found if each is not None]


def grades(stores: Stores, partition: Partition) -> tuple[str | None, list[Grade]]:
    """A learner's present grade level, None before the first journey, and every level begun."""
    learner = read_learner(stores, partition)
    page = stores.documents.query(CONTAINER, partition, where=[Equals("kind", "grade")], limit=100)
    found = [Grade.of(item.body) for item in page.items]
    return (learner[0].grade_level if learner else None), found


def override(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    user_id: str,
    asked: Asked,
    *,
    shown: Callable[[Override], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Set aside what the rules found of a learner; it stands in the audit log.

    Raises ``Missing`` for a skill never met and a learner without journeys, and ``Conflict``
    where it is so already.
    """
    partition = (by.tenant_id, user_id)

    def decide() -> Answer:
        held: list[tuple[Document, str]] = []
        if asked.what == "grade_level":
            learner = read_learner(stores, partition)
            if learner is None:
                raise Missing("the learner has begun no journey")
            held.append(learner)
            found = override_grade(asked, learner[0], now=now)
        else:
            skill = _read(stores, partition, Skill, skill_document_id(asked.skill_id or ""))
            grade = None
            if skill is not None:
                level = skill[0].grade_level
                grade = _read(stores, partition, Grade, grade_document_id(level))
            held += [each for each in (skill, grade) if each is not None]
            found = override_skill(
                asked, skill[0] if skill else None, grade[0] if grade else None, now=now
            )
        note = audit.noted(
            pseudonyms,
            by,
            f"learning.{asked.what}",
            tenant_id=by.tenant_id,
            of="user",
            target=user_id,
            reason=asked.reason,
        )
        written = _written(found, {document.id: etag for document, etag in held})
        return Answer(201, shown(found.override), Decision(written, [note]))

    return answered(stores, partition, idempotency, decide, now)


def overrides(
    stores: Stores, partition: Partition, *, limit: int, continuation: str | None
) -> tuple[list[Override], str | None]:
    """A page of a learner's overrides, the latest first, and where the next begins."""
    items, following = _latest(stores, partition, "override", limit, continuation)
    return [Override.of(body) for body in items], following


def progress_records(
    stores: Stores, partition: Partition, *, limit: int, continuation: str | None
) -> tuple[list[Progress], str | None]:
    """A page of a learner's progress records, the latest first, and where the next begins."""
    items, following = _latest(stores, partition, "progress", limit, continuation)
    return [Progress.of(body) for body in items], following


def report_progress(
    stores: Stores,
    pseudonyms: Pseudonyms,
    principal: Principal,
    progress_id: str,
    report: Report,
    *,
    if_match: str | None,
    now: datetime,
) -> tuple[Progress, str]:
    """Make a progress record, or change it; returns it and its new etag.

    Raises ``Stale`` when ``if_match`` is not its etag, ``Invalid`` for a report on another
    piece of content, and ``Conflict`` for somebody who was erased.
    """
    partition = own_partition(principal)
    document_id = progress_document_id(progress_id)

    def decide() -> Decision:
        held = _read(stores, partition, Progress, document_id)
        if if_match is not None and (held is None or held[1].strip('"') != if_match):
            raise Stale("the record changed since you read it; read it again")
        if held is None and erased_at(
            stores, pseudonyms, principal.tenant_id, "user", principal.user_id
        ):
            raise Conflict("your account was erased, and stays so")
        before = held[0] if held else new_progress(*partition, progress_id, report, now=now)
        later = with_report(before, report, now=now)
        done = later.status == "completed" and before.status != "completed"
        return Decision(
            [Replace(later.stored(), held[1]) if held else Create(later.stored())],
            [_completed(later)] if done else [],
        )

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    found = _read(stores, partition, Progress, document_id)
    if found is None:
        raise Conflict("the record was erased meanwhile")
    return found


def synchronise(
    stores: Stores,
    principal: Principal,
    session_id: str,
    *,
    device_id: str,
    base_version: int,
    changes: Mapping[str, tuple[Any, datetime]],
    shown: Callable[[Merged], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Merge what a device changed on a journey into what all its devices share.

    Raises ``Missing`` for a journey of somebody else.
    """
    partition = own_partition(principal)

    def decide() -> Answer:
        read_journey(stores, partition, session_id)
        held = _read(stores, partition, SharedState, sync_document_id(session_id))
        state = held[0] if held else _new_state(partition, session_id, now)
        found = merged(state, device_id, base_version, changes, now=now)
        if found.state == state:
            return Answer(200, shown(found))
        body = found.state.stored()
        written: Operation = Replace(body, held[1]) if held else Create(body)
        return Answer(200, shown(found), Decision([written]))

    return answered(stores, partition, idempotency, decide, now)


def _read(
    stores: Stores, partition: Partition, model: type[DocumentT], document_id: str
) -> tuple[DocumentT, str] | None:
    stored = stores.documents.get(CONTAINER, partition, document_id)
    return None if stored is None else (model.of(stored.body), stored.etag)


def _completed(progress: Progress) -> ContentCompleted:
    return ContentCompleted(
        user_id=progress.user_id,
        content_type=progress.content_type,
        content_id=progress.content_id,
        score=progress.score,
        completed_at=progress.completed_at or progress.updated_at,
    )


def _written(found: Overridden, etags: Mapping[str, str]) -> list[Operation]:
    changed = [each for each in (found.skill, found.grade, found.learner) if each is not None]
    return [
        Create(found.override.stored()),
        *(
            Replace(each.stored(), etags[each.id]) if each.id in etags else Create(each.stored())
            for each in changed
        ),
    ]


def _latest(
    stores: Stores, partition: Partition, kind: str, limit: int, continuation: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    page = stores.documents.query(
        CONTAINER,
        partition,
        where=[Equals("kind", kind)],
        order=Order("updated_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [item.body for item in page.items], page.continuation


def _new_state(partition: Partition, session_id: str, now: datetime) -> SharedState:
    return SharedState(
        id=sync_document_id(session_id),
        tenant_id=partition[0],
        user_id=partition[1],
        session_id=session_id,
        updated_at=now,
    )
