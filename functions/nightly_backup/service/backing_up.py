"""Makes a backup: container after container, a part a step, the manifest last."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from functions.nightly_backup.rules.documents import BackupJob
from functions.nightly_backup.rules.manifest import (
    ContainerBackup,
    ErasureLog,
    Manifest,
    manifest_name,
)
from functions.nightly_backup.service import jobs
from functions.nightly_backup.service.catalogue import manifests
from functions.nightly_backup.service.catalogue import read as read_manifest
from functions.nightly_backup.service.means import BLOBS, Means
from functions.nightly_backup.service.parts import write_part
from functions.nightly_backup.service.pruning import prune
from shared import erasure_log as erasures_logged
from shared import restores, telemetry, topology
from shared.errors import Conflict, Exists, Invalid, Missing
from shared.events.backup import BackupAdvanced
from shared.events.envelope import Event, EventData, read_data
from shared.messaging import IdempotencyKey, Outcome
from shared.models.tenant import PLATFORM


def new_id(now: datetime, mark: str) -> str:
    """The id of a backup that is asked for at a moment; ``mark`` tells two of them apart."""
    return f"{now:%Y%m%dT%H%M%SZ}-{mark[:8]}"


def begin(
    means: Means,
    backup_id: str,
    *,
    announces: bool = True,
    events: tuple[EventData, ...] = (),
    idempotency: IdempotencyKey | None = None,
) -> BackupJob:
    """Begin a backup; returns it, or the one that is under way already.

    Raises ``Conflict`` while a restore goes on: one of half a house would be the latest.
    """
    jobs.give_up_abandoned(means, LINE)

    def make() -> BackupJob:
        now = means.clock()
        if restores.goes_on(means.stores, now=now):
            raise Conflict("a restore is under way: back up when it has ended")
        return BackupJob(
            id=backup_id,
            announces=announces,
            containers_left=tuple(topology.load().containers),
            started_at=now,
            updated_at=now,
        )

    return jobs.begin(means, LINE, make, events=events, idempotency=idempotency)


def begin_nightly(means: Means) -> BackupJob | None:
    """Begin the backup of this night; None where there is one already, or a restore goes on."""
    backup_id = f"{means.clock():%Y%m%d}-nightly"
    try:
        jobs.read(means, LINE, backup_id)
    except Missing:
        pass
    else:
        return None
    try:
        read_manifest(means.stores, backup_id)
    except Missing:
        pass
    else:
        return None
    try:
        return begin(means, backup_id)
    except Conflict:
        telemetry.log("backup.put_off", level=logging.WARNING)
        return None


def advance(means: Means, event: Event) -> Outcome:
    """Do the step of a backup that is due, and tell of the next; after the last, remove what is
    no longer to be kept."""
    data = read_data(event, BackupAdvanced)
    outcome = jobs.advance(means, LINE, event, data.backup_id, data.step)
    job, _ = jobs.read(means, LINE, data.backup_id) if outcome != "rejected" else (None, "")
    if job is not None and job.state == "done":
        # also when it comes again: whoever committed the last step may have died before this
        prune(means)
    return outcome


def carry_out(
    means: Means, backup_id: str, *, shown: Callable[[BackupJob], None] = lambda _: None
) -> BackupJob:
    """Do a backup whole, here."""
    job = jobs.carry_out(means, LINE, backup_id, shown=shown)
    prune(means)
    return job


def under_way(means: Means) -> BackupJob | None:
    """The backup that is under way, if one is."""
    return jobs.running(means, LINE)


def read(means: Means, backup_id: str) -> BackupJob:
    """A backup's job. Raises ``Missing``."""
    return jobs.read(means, LINE, backup_id)[0]


def nudge(means: Means) -> int:
    """Lead a backup on that has not moved for a while."""
    return jobs.nudge(means, LINE)


def key_check(means: Means, backup_id: str) -> str:
    """What tells whether somebody has the key by which erased people are told."""
    return means.pseudonyms.of(PLATFORM, "backup", backup_id)


def _stepped(means: Means, job: BackupJob) -> BackupJob:
    if _is_overtaken(means, job):
        return _given_up(means, job)
    known = topology.load().containers
    left = [name for name in job.containers_left if name in known]
    containers, continuation = dict(job.containers), job.continuation
    while left:
        name = left[0]
        held = containers.get(name) or ContainerBackup(partition_key=known[name].partition_key)
        try:
            written = write_part(means, job.id, name, len(held.parts) + 1, continuation)
        except Invalid:
            if continuation is None:
                raise
            # of another version of the store: this container from its beginning
            containers.pop(name, None)
            continuation = None
            continue
        if written.part is not None:
            held = held.model_copy(
                update={
                    "parts": (*held.parts, written.part),
                    "schema_versions": dict(
                        Counter(held.schema_versions) + Counter(written.schema_versions)
                    ),
                }
            )
        containers[name], continuation = held, written.continuation
        if continuation is None:
            left = left[1:]
        if written.part is not None:
            break
    if not left:
        return _finished(means, job, containers)
    return jobs.moved(
        job,
        means.clock(),
        containers_left=tuple(left),
        continuation=continuation,
        containers=containers,
    )


def _finished(means: Means, job: BackupJob, containers: dict[str, ContainerBackup]) -> BackupJob:
    erasure_log = ErasureLog(
        log_id=erasures_logged.begin(means.stores), entries=erasures_logged.entries(means.stores)
    )
    before = max((each.sequence for each in manifests(means.stores)), default=0)
    if _is_overtaken(means, job):  # a step that slept
        return _given_up(means, job)
    now = means.clock()
    manifest = Manifest(
        backup_id=job.id,
        started_at=job.started_at,
        finished_at=now,
        app_version=means.version,
        topology_sha256=hashlib.sha256(topology.load().model_dump_json().encode()).hexdigest(),
        key_check=key_check(means, job.id),
        erasure_log=erasure_log,
        sequence=before + 1,
        containers=containers,
    )
    manifest = _written(means, manifest)
    telemetry.log(
        "backup.finished",
        backup=job.id,
        documents=manifest.documents,
        raw_bytes=manifest.raw_bytes,
        compressed_bytes=manifest.compressed_bytes,
        seconds=round((manifest.finished_at - job.started_at).total_seconds(), 1),
    )
    telemetry.measure("waymark.backups.finished", 1)
    return jobs.moved(
        job,
        now,
        state="done",
        finished_at=manifest.finished_at,
        containers_left=(),
        continuation=None,
        containers=manifest.containers,
    )


def _is_overtaken(means: Means, job: BackupJob) -> bool:
    """Whether a restore goes on, or began and ended within this backup."""
    return restores.began_since(means.stores, job.started_at, now=means.clock())


def _given_up(means: Means, job: BackupJob) -> BackupJob:
    """A backup that a restore has overtaken: what it holds is of two houses."""
    now, why = means.clock(), "a restore began meanwhile"
    telemetry.log("backup.failed", level=logging.ERROR, backup=job.id, reason=why)
    return jobs.moved(job, now, state="failed", failure=why, finished_at=now)


def _written(means: Means, manifest: Manifest) -> Manifest:
    """Write a manifest; returns it, or the one that is there. A step that wakes up late must not
    name files in it that went when another's step had counted."""
    stores, name = means.stores, manifest_name(manifest.backup_id)
    content = manifest.model_dump_json(indent=1).encode()
    try:
        stores.blobs.put(BLOBS, name, content, content_type="application/json", if_absent=True)
    except Exists:
        return read_manifest(stores, manifest.backup_id)
    if read_manifest(stores, manifest.backup_id) != manifest:
        raise Invalid("the manifest was not kept as it was written")
    return manifest


LINE = jobs.Line(
    job="backups",
    model=BackupJob,
    step=_stepped,
    told=lambda job: BackupAdvanced(backup_id=job.id, step=job.step),
)
