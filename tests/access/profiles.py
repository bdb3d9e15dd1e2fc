"""Sessions of the profiler at each stage, set straight into the stores of the world."""

from __future__ import annotations

import secrets
from typing import Literal

from functions.profiler_complete.rules import statistics
from functions.profiler_complete.rules.result import completed
from functions.profiler_complete.rules.statistics import RELEASED_BY, ItemStatistics, Released
from functions.profiler_complete.rules.telemetry import telemetry_payload
from functions.profiler_session.rules.answers import take_answers
from functions.profiler_session.rules.session import first_attempt, new_session
from shared.documents.port import Create, Operation
from shared.errors import Exists
from shared.models import profiling, question_bank
from shared.models.profiling import Device, TelemetryRecord, telemetry_id_of
from shared.models.question_bank import QuestionBank
from tests.access.world import Person, World
from tests.flows.profiling import BANK, offers

Stage = Literal["open", "answered", "completed"]


def session_of(world: World, person: Person, stage: Stage) -> str:
    """A session of somebody, at this stage; returns its id."""
    publish(world, BANK)
    learner = first_attempt(person.tenant, person.user_id)
    session = new_session(learner, BANK, language="en", device=Device(), now=world.now)
    operations: list[Operation] = [Create(learner.stored())]
    if stage != "open":
        session = take_answers(BANK, session, offers(), now=world.now).session
    if stage == "completed":
        session, result = completed(BANK, session, now=world.now)
        told = TelemetryRecord(
            id=telemetry_id_of(session.session_id),
            tenant_id=person.tenant,
            user_id=person.user_id,
            session_id=session.session_id,
            payload=telemetry_payload(BANK, session, result),
            updated_at=world.now,
        )
        operations += [Create(result.stored()), Create(told.stored())]
    operations.append(Create(session.stored()))
    world.host.documents.commit(profiling.CONTAINER, session.partition, operations)
    world.secrets[person.tenant].add(session.session_id)
    return session.session_id


def item_statistics(world: World, tenant: str) -> str:
    """Counts of how a bank of a tenant's own version is answered; returns the version."""
    version = f"1-{secrets.token_hex(6)}"
    publish(world, BANK.model_copy(update={"id": version, "bank_version": version}))
    counts = ItemStatistics(
        tenant_id=tenant,
        bank_version=version,
        released=Released(sessions=RELEASED_BY, at=world.now),
        updated_at=world.now,
    )
    world.host.documents.commit(statistics.CONTAINER, counts.partition, [Create(counts.stored())])
    world.secrets[tenant].add(version)
    return version


def publish(world: World, bank: QuestionBank) -> None:
    """Publish a version of the bank, as the first start does."""
    try:
        world.host.documents.commit(
            question_bank.CONTAINER, bank.partition, [Create(bank.stored())]
        )
    except Exists:
        return
