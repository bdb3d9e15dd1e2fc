"""Reports of somebody's journey, set straight into the stores of the world."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from functions.journey_summary.rules.documents import (
    BLOBS,
    CONTAINER,
    Summary,
    Version,
    blob_name_of,
)
from shared.auth import Ticket, Tokens
from shared.documents.port import Create
from tests.access.world import Person, World

CONTENT = b"%PDF-1.7 of nobody"
LIFETIME = timedelta(minutes=15)


def report_of(world: World, person: Person) -> str:
    """A report of somebody that is ready; returns its journey's id."""
    session_id = str(uuid4())
    version = Version(
        number=1, because="completed", pages=2, size=len(CONTENT),
        sha256=sha256(CONTENT).hexdigest(), made_at=world.now,
    )  # fmt: skip
    summary = Summary(
        id=session_id, tenant_id=person.tenant, session_id=session_id, user_id=person.user_id,
        state="ready", asked_at=world.now, career="Pilot", companion="Pip", grade_level="5",
        score=80, time_zone="UTC", started_at=world.now, completed_at=world.now,
        versions=(version,),
    )  # fmt: skip
    world.host.documents.commit(CONTAINER, summary.partition, [Create(summary.stored())])
    world.host.blobs.put(BLOBS, blob_name_of(*summary.partition, session_id), CONTENT)
    world.secrets[person.tenant].add(session_id)
    return session_id


def ticket_of(world: World, viewer: Person, learner: Person, session_id: str) -> str:
    """What a link of the viewer's to the report holds."""
    ticket = Ticket(learner.tenant, viewer.user_id, f"{learner.user_id}/{session_id}/1")
    tokens = Tokens(world.host.settings)
    return tokens.issue_ticket(ticket, use="download", now=world.now, lifetime=LIFETIME)
