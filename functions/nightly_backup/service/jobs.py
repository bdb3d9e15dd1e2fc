"""Jobs that go on step by step, by events or in a command's loop, wherever a process died."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from functions.nightly_backup.rules.documents import Current, Job
from functions.nightly_backup.service.means import SOURCE, Means
from shared import telemetry
from shared.documents.port import Create, Operation, Replace
from shared.errors import Conflict, Missing, Rejected
from shared.events.envelope import Event, EventData
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    announce_once,
    handle_once,
    reply_once,
)
from shared.models.backup_job import CONTAINER, CURRENT_ID, JobKind, partition_of
from shared.restores import ABANDONED_AFTER

STALLED_AFTER = timedelta(minutes=15)
MOST_HINDRANCES = 50
KEPT_SECONDS = 400 * 24 * 3600

J = TypeVar("J", bound=Job)


@dataclass(frozen=True)
class Line(Generic[J]):
    """A kind of job: how it is read, how a step goes, and the event that tells of the next."""

    job: JobKind
    model: type[J]
    step: Callable[[Means, J], J]
    told: Callable[[J], EventData]


def read(means: Means, line: Line[J], job_id: str) -> tuple[J, str]:
    """A job and its etag. Raises ``Missing``."""
    stored = means.stores.documents.get(CONTAINER, partition_of(line.job), job_id)
    if stored is None or stored.body.get("kind") != line.model.model_fields["kind"].default:
        raise Missing("there is nothing with this id")
    return line.model.of(stored.body), stored.etag


def running(means: Means, line: Line[J]) -> J | None:
    """The job of a kind that is under way, if one is."""
    held = means.stores.documents.get(CONTAINER, partition_of(line.job), CURRENT_ID)
    if held is None:
        return None
    try:
        job, _ = read(means, line, Current.of(held.body).job_id)
    except Missing:
        return None
    return job if job.state == "running" else None


def begin(
    means: Means,
    line: Line[J],
    make: Callable[[], J],
    *,
    events: Sequence[EventData] = (),
    otherwise: Callable[[J], J] = lambda under_way: under_way,
    idempotency: IdempotencyKey | None = None,
) -> J:
    """Begin a job unless one of its kind is under way; returns it, or what ``otherwise`` makes of
    the one under way. Two who begin at once begin one."""
    now, partition = means.clock(), partition_of(line.job)
    found: list[J] = []

    def decide() -> Answer:
        under_way = running(means, line)
        if under_way is not None:
            found[:] = [otherwise(under_way)]
            return Answer(200, {"job_id": found[0].id})
        job = make()
        found[:] = [job]
        held = means.stores.documents.get(CONTAINER, partition, CURRENT_ID)
        current = Current(job=line.job, job_id=job.id).stored()
        present = means.stores.documents.get(CONTAINER, partition, job.id)
        operations: list[Operation] = [
            Create(current) if held is None else Replace(current, held.etag),
            Create(_kept(job)) if present is None else Replace(_kept(job), present.etag),
        ]
        told = [line.told(job)] if job.announces else []
        return Answer(202, {"job_id": job.id}, Decision(operations, [*told, *events]))

    answer = reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )
    return found[0] if found else read(means, line, answer.body["job_id"])[0]


def advance(means: Means, line: Line[J], event: Event, job_id: str, step: int) -> Outcome:
    """Do the step that an event says is due, and tell of the next."""

    def decide() -> Decision:
        try:
            job, etag = read(means, line, job_id)
        except Missing:
            raise Rejected("there is no such job") from None
        if job.state != "running" or job.step != step or not job.announces:
            raise Rejected("superseded: the job has moved on")
        after = line.step(means, job)
        told = [line.told(after)] if after.state == "running" else []
        return Decision([Replace(_kept(after), etag)], told)

    return handle_once(
        means.stores,
        event,
        handler=f"{SOURCE}.{line.job}",
        container=CONTAINER,
        partition=partition_of(line.job),
        decide=decide,
        now=means.clock(),
    )


def carry_out(
    means: Means, line: Line[J], job_id: str, *, shown: Callable[[J], None] = lambda _: None
) -> J:
    """Do all steps of a job here, one after the other; returns it as it is in the end.

    Who else is at it finds each step done. Raises ``Conflict`` where others keep a step from being
    done for good.
    """
    hindered = 0
    while True:
        job, _ = read(means, line, job_id)
        if job.state != "running":
            return job
        try:
            announce_once(
                means.stores,
                source=SOURCE,
                container=CONTAINER,
                partition=partition_of(line.job),
                decide=lambda: _stepped_here(means, line, job_id),
                now=means.clock(),
            )
        except (Conflict, Rejected):
            # a host that is at it as well is now and then faster, several times on end
            hindered += 1
            if hindered == MOST_HINDRANCES:
                raise
            continue
        hindered = 0
        shown(read(means, line, job_id)[0])


def _stepped_here(means: Means, line: Line[J], job_id: str) -> Decision:
    job, etag = read(means, line, job_id)
    if job.state != "running":
        return Decision()
    after = line.step(means, job.model_copy(update={"announces": False}))
    return Decision([Replace(_kept(after), etag)])


def nudge(means: Means, line: Line[J]) -> int:
    """Tell again of the step that is due in a job that has not moved for a while; returns 1 where
    there is one. A command that died leaves its job to the timers that way."""
    job, now = running(means, line), means.clock()
    if job is None or job.updated_at > now - STALLED_AFTER:
        return 0
    seen = job.updated_at

    def decide() -> Decision:
        held, etag = read(means, line, job.id)
        if held.state != "running" or held.updated_at != seen:
            return Decision()
        again = held.model_copy(update={"updated_at": now, "announces": True})
        return Decision([Replace(_kept(again), etag)], [line.told(again)])

    announce_once(
        means.stores,
        source=SOURCE,
        container=CONTAINER,
        partition=partition_of(line.job),
        decide=decide,
        now=now,
    )
    telemetry.log("job.nudged", job=line.job, id=job.id)
    return 1


def give_up_abandoned(means: Means, line: Line[J]) -> None:
    """End a job as failed that has done no step for :data:`ABANDONED_AFTER`, however often it was
    nudged: it makes way for the next."""
    now = means.clock()
    found = running(means, line)
    if found is None or not _is_abandoned(found, now):
        return

    def decide() -> Decision:
        job, etag = read(means, line, found.id)
        if job.state != "running" or not _is_abandoned(job, now):
            return Decision()
        failed = {"state": "failed", "failure": "nothing led it on", "finished_at": now}
        return Decision([Replace(_kept(job.model_copy(update=failed)), etag)])

    announce_once(
        means.stores,
        source=SOURCE,
        container=CONTAINER,
        partition=partition_of(line.job),
        decide=decide,
        now=now,
    )
    telemetry.log("job.abandoned", level=logging.ERROR, job=line.job, id=found.id)


def _is_abandoned(job: Job, now: datetime) -> bool:
    return (job.moved_at or job.started_at) < now - ABANDONED_AFTER


def moved(job: J, now: datetime, **update: object) -> J:
    """The job after a step."""
    done = {"step": job.step + 1, "updated_at": now, "moved_at": now}
    return job.model_copy(update=done | update)


def _kept(job: Job) -> dict[str, object]:
    return job.stored() | ({} if job.state == "running" else {"ttl": KEPT_SECONDS})
