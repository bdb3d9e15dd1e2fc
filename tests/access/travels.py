"""Journeys of somebody, set straight into the stores of the world."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from functions.journey_tracking.rules.attempts import Held, Offered, take_answers
from functions.journey_tracking.rules.completing import container_completed
from functions.journey_tracking.rules.documents import Learner, Override
from functions.journey_tracking.rules.statements import Stating
from functions.journey_tracking.service import statements
from shared.documents.port import Create, Upsert
from shared.events.journey import JourneyAttempted
from shared.models.document import Document
from shared.models.journey import (
    CONTAINER,
    Attempt,
    Journey,
    Progress,
    progress_document_id,
)
from shared.models.learning import CONTAINERS, SUBJECTS
from tests.access.world import Person, World

Stage = Literal["open", "answered", "containers", "completed"]


@dataclass(frozen=True)
class Travel:
    """What somebody's journey is known by."""

    session_id: str
    attempt_id: str
    skill_id: str


def travel_of(world: World, person: Person, stage: Stage = "answered") -> Travel:
    """A journey of somebody: begun, with answers in all of LEARN, with all containers completed,
    or completed itself."""
    session_id, mark = str(uuid4()), secrets.token_hex(8)
    journey = Journey(
        id=session_id,
        tenant_id=person.tenant,
        journey_id=session_id,
        user_id=person.user_id,
        grade_level="5",
        career=f"career-{mark}",
        companion="Pip",
        started_at=world.now,
        updated_at=world.now,
    )
    containers = {"open": (), "answered": CONTAINERS[:1]}.get(stage, CONTAINERS)
    documents: list[Document] = []
    attempts: tuple[Attempt, ...] = ()
    for container in containers:
        offered = [
            Offered(str(uuid4()), "q", container, subject, f"{subject[:2]}-{mark}", False, 4000)
            for subject in SUBJECTS
        ]
        taken = take_answers(Held(journey), offered, now=world.now)
        journey, attempts = taken.journey, taken.attempts
        lessons = {lesson.subject: lesson for lesson in taken.lessons.values()}
        documents += [*taken.attempts, *taken.skills.values(), *taken.grades.values()]
        if stage != "answered":
            journey, closed, _ = container_completed(journey, lessons, container, now=world.now)
            documents += closed
        else:
            documents += lessons.values()
    if stage == "completed":
        journey = journey.model_copy(update={"status": "completed", "completed_at": world.now})
    learner = Learner(
        tenant_id=person.tenant,
        user_id=person.user_id,
        grade_level="5",
        active_journeys=1,
        updated_at=world.now,
    )
    kept = {document.id: document for document in (journey, learner, *documents)}
    world.host.documents.commit(
        CONTAINER, journey.partition, [Upsert(each.stored()) for each in kept.values()]
    )
    attempt_id = attempts[0].attempt_id if attempts else ""
    world.secrets[person.tenant] |= {session_id, f"career-{mark}", *filter(None, [attempt_id])}
    return Travel(session_id, attempt_id, f"Ma-{mark}")


def override_of(world: World, person: Person) -> str:
    """An override of somebody's; returns its id."""
    override_id = str(uuid4())
    _keep(
        world,
        person,
        Override(
            id=f"override:{override_id}",
            tenant_id=person.tenant,
            override_id=override_id,
            user_id=person.user_id,
            what="grade_level",
            grade_level="6",
            before="5",
            reason="moved up",
            by=secrets.token_hex(20),
            by_role="admin",
            updated_at=world.now,
        ),
    )
    return override_id


def progress_of(world: World, person: Person) -> str:
    """A progress record of somebody's; returns its id."""
    progress_id = f"content-{secrets.token_hex(8)}"
    _keep(
        world,
        person,
        Progress(
            id=progress_document_id(progress_id),
            tenant_id=person.tenant,
            progress_id=progress_id,
            user_id=person.user_id,
            content_id=progress_id,
            content_type="video",
            updated_at=world.now,
        ),
    )
    return progress_id


def statement_of(world: World, person: Person) -> str:
    """A statement on somebody; returns its id."""
    travel = travel_of(world, person)
    stored = world.host.documents.get(
        CONTAINER, (person.tenant, person.user_id), f"attempt:{travel.attempt_id}"
    )
    assert stored is not None
    deed = JourneyAttempted.model_validate(
        {
            "user_id": person.user_id,
            "session_id": travel.session_id,
            "time_zone": "UTC",
            "grade_level": "5",
            "career": "Pilot",
            "answers": [stored.body],
        }
    )
    (made,) = Stating(
        deed,
        tenant_id=person.tenant,
        base=world.host.url,
        actor=world.pseudonym(person),
        now=world.now,
    ).all()
    world.host.documents.commit(
        statements.CONTAINER, (person.tenant, person.user_id), [Create(made.stored())]
    )
    world.secrets[person.tenant].add(made.id)
    return made.id


def _keep(world: World, person: Person, document: Document) -> None:
    world.host.documents.commit(
        CONTAINER, (person.tenant, person.user_id), [Create(document.stored())]
    )
    world.secrets[person.tenant].add(document.id.partition(":")[2])
