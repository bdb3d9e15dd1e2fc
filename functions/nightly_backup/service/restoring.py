"""Restores a backup, a part a step: tombstones first, what must wait for the rest last.

A part is verified whole before anything of it is written, and written again whole where a process
died: what is written twice is the same. A damaged part ends the restore as failed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from uuid import NAMESPACE_URL, uuid5

from functions.nightly_backup.rules.documents import Mode, RestoreCount, RestoreJob
from functions.nightly_backup.rules.manifest import Damaged, Manifest, Part
from functions.nightly_backup.service import catalogue, jobs
from functions.nightly_backup.service.backing_up import key_check
from functions.nightly_backup.service.means import SOURCE, Means
from functions.nightly_backup.service.parts import fetched, lines_of
from functions.nightly_backup.service.restoring_part import RestoringPart
from shared import erasure_log, telemetry, topology
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create
from shared.erasures import kept_replay, new_replay
from shared.errors import Conflict, Missing, Unprocessable
from shared.events.backup import RestoreAdvanced
from shared.events.envelope import Event, read_data
from shared.events.person import ReplayAdvanced
from shared.messaging import Decision, IdempotencyKey, Outcome, announce_once
from shared.models import tenant, tombstone
from shared.models.backup_job import CONTAINER
from shared.models.tenant import PLATFORM
from shared.models.tombstone import REPLAYS

ERASURES_A_STEP = 5000
"""Tombstones that a step sets: each takes several calls of the stores."""


def begin(
    means: Means,
    restore_id: str,
    manifest: Manifest,
    *,
    only_tenant: str | None,
    mode: Mode,
    by: Principal | None = None,
    without_erasure_log: bool = False,
    announces: bool = True,
    idempotency: IdempotencyKey | None = None,
) -> RestoreJob:
    """Begin a restore; asked for again while it is under way, it is the same one.

    ``mode`` says what happens to documents that are there: ``empty`` allows none in what is
    restored, ``keep`` leaves them, ``overwrite`` writes over those that the backup has. Raises
    ``Conflict`` where the target is not empty, another restore is under way, the backup was made
    with another key of pseudonyms, a container's partitions are others now, or the log of erasures
    is not the one of then, unless ``without_erasure_log`` says that somebody knows; ``Missing``
    where the backup has nothing of ``only_tenant``, and :class:`Damaged` where nobody can tell.
    """
    if key_check(means, manifest.backup_id) != manifest.key_check:
        raise Conflict(
            "this backup was made with another WAYMARK_PSEUDONYM_KEY: who was erased since could"
            " not be told from who was not. Set the key that it was made with"
        )
    _check_containers(manifest)
    present = jobs.running(means, LINE)
    if present is not None and not _is_same(present, manifest, only_tenant, mode):
        jobs.give_up_abandoned(means, LINE)

    def make() -> RestoreJob:
        if only_tenant is not None:
            _check_tenant(means, manifest, only_tenant)
        if not without_erasure_log:
            _check_log(means, manifest)
        if mode == "empty":
            _check_empty(means, only_tenant)
        now = means.clock()
        known = topology.load().containers
        names = [name for name in manifest.containers if name in known and name != CONTAINER]
        first = [name for name in names if name == tombstone.CONTAINER]
        return RestoreJob(
            id=restore_id,
            backup_id=manifest.backup_id,
            only_tenant=only_tenant,
            mode=mode,
            announces=announces,
            phase="tombstones" if first else "log",
            containers_left=(*first, *(name for name in names if name not in first)),
            unknown={
                name: held.documents
                for name, held in manifest.containers.items()
                if name not in known
            },
            started_at=now,
            updated_at=now,
        )

    def otherwise(job: RestoreJob) -> RestoreJob:
        if not _is_same(job, manifest, only_tenant, mode):
            raise Conflict(f"a restore of backup {job.backup_id} is under way")
        return job

    note = noted(
        means.pseudonyms,
        by,
        "backup.restore",
        tenant_id=only_tenant or PLATFORM,
        reason=manifest.backup_id
        + (", without the log of erasures" if without_erasure_log else ""),
    )
    return jobs.begin(
        means, LINE, make, events=[note], otherwise=otherwise, idempotency=idempotency
    )


def advance(means: Means, event: Event) -> Outcome:
    """Do the step of a restore that is due, and tell of the next."""
    data = read_data(event, RestoreAdvanced)
    return jobs.advance(means, LINE, event, data.restore_id, data.step)


def carry_out(
    means: Means, restore_id: str, *, shown: Callable[[RestoreJob], None] = lambda _: None
) -> RestoreJob:
    """Do a restore whole, here."""
    return jobs.carry_out(means, LINE, restore_id, shown=shown)


def under_way(means: Means) -> RestoreJob | None:
    """The restore that is under way, if one is."""
    return jobs.running(means, LINE)


def read(means: Means, restore_id: str) -> RestoreJob:
    """A restore. Raises ``Missing``."""
    return jobs.read(means, LINE, restore_id)[0]


def nudge(means: Means) -> int:
    """Lead a restore on that has not moved for a while."""
    return jobs.nudge(means, LINE)


def _is_same(job: RestoreJob, manifest: Manifest, only_tenant: str | None, mode: Mode) -> bool:
    return (job.backup_id, job.only_tenant, job.mode) == (manifest.backup_id, only_tenant, mode)


def _check_containers(manifest: Manifest) -> None:
    known = topology.load().containers
    for name, held in manifest.containers.items():
        if name in known and held.partition_key != known[name].partition_key:
            raise Conflict(
                f"the partitions of {name} are others than when backup {manifest.backup_id} was"
                f" made ({', '.join(held.partition_key)}): restore it with the version of then"
            )


def _check_empty(means: Means, only_tenant: str | None) -> None:
    scope = () if only_tenant is None else (only_tenant,)
    for name in topology.load().containers:
        if name != CONTAINER and means.stores.documents.query(name, scope, limit=1).items:
            whose = "the store" if only_tenant is None else f"tenant {only_tenant}"
            raise Conflict(
                f"{whose} is not empty: {name} has documents. Say whether those that are there"
                " are to be kept or overwritten"
            )


def _check_tenant(means: Means, manifest: Manifest, tenant_id: str) -> None:
    """Raise ``Missing`` for a tenant that a backup does not know."""
    held = manifest.containers.get(tenant.CONTAINER)
    for part in held.parts if held is not None and tenant_id != PLATFORM else ():
        name = f"{manifest.backup_id}/{part.name}"
        with fetched(means.stores, manifest.backup_id, part) as file:
            if next(lines_of(file, name, tenant_id), None) is not None:
                return
    if tenant_id != PLATFORM:
        raise Missing(f"backup {manifest.backup_id} has nothing of tenant {tenant_id}")


def _check_log(means: Means, manifest: Manifest) -> None:
    """Raise ``Conflict`` where the log of erasures is not the one that a backup knew, or has lost
    some of it: who was erased since would come back."""
    known = manifest.erasure_log
    if known is None:
        return
    held, what = erasure_log.entries(means.stores), None
    present = erasure_log.log_id(means.stores)
    if present is None:
        what = "is not there"
    elif present != known.log_id:
        what = "is another than then"
    elif held < known.entries:
        what = f"holds {held:,} erasures; then it held {known.entries:,}"
    if what is not None:
        raise Conflict(
            f"the log of erasures that backup {manifest.backup_id} knew {what}: who was erased"
            f" since would come back. Bring the files of {erasure_log.LOG} back first; where they"
            " are lost, say that you restore without that log"
        )


def _stepped(means: Means, job: RestoreJob) -> RestoreJob:
    try:
        return _restored(means, job)
    except (Unprocessable, Missing) as error:  # damaged, or gone
        telemetry.log(
            "restore.failed",
            level=logging.ERROR,
            restore=job.id,
            backup=job.backup_id,
            error=type(error).__name__,  # the job has the words, which may name somebody's file
        )
        now = means.clock()
        return jobs.moved(job, now, state="failed", failure=str(error), finished_at=now)


def _restored(means: Means, job: RestoreJob) -> RestoreJob:
    """The restore after the step that is due."""
    if job.phase == "log":
        return _from_log(means, job)
    manifest = catalogue.read(means.stores, job.backup_id)
    if job.phase == "deferred":
        return _at_the_end(means, job, manifest)
    name = job.containers_left[0]
    parts = _parts_of(manifest, name)
    update: dict[str, object] = {"line": 0}
    if job.part < len(parts):
        done = _restore_part(means, job, manifest, name, job.part, is_last_look=False)
        update["counts"] = _counted(job, name, done)
        if done.waits and (name, job.part) not in job.deferred:
            update["deferred"] = (*job.deferred, (name, job.part))
        if done.line is not None:
            return jobs.moved(job, means.clock(), **(update | {"line": done.line}))
    if job.part + 1 < len(parts):
        return jobs.moved(job, means.clock(), part=job.part + 1, **update)
    left = job.containers_left[1:]
    if job.phase == "tombstones":
        update["phase"] = "log"
    elif not left:
        update["phase"] = "deferred"
    return jobs.moved(job, means.clock(), part=0, containers_left=left, **update)


def _from_log(means: Means, job: RestoreJob) -> RestoreJob:
    """Set the tombstones of erasures that no document store has, some a step."""
    after = job.log_after
    found = erasure_log.logged(means.stores, job.only_tenant, after=after)
    batch = list(islice(found, ERASURES_A_STEP))
    erasure_log.mark_all(means.stores, [each for _, each in batch])
    after = batch[-1][0] if batch else after
    if len(batch) == ERASURES_A_STEP:
        return jobs.moved(job, means.clock(), log_after=after)
    phase = "documents" if job.containers_left else "deferred"
    return jobs.moved(job, means.clock(), log_after=after, phase=phase)


def _at_the_end(means: Means, job: RestoreJob, manifest: Manifest) -> RestoreJob:
    if not job.deferred:
        return _finished(means, job)
    name, number = job.deferred[0]
    counts = _counted(
        job, name, _restore_part(means, job, manifest, name, number, is_last_look=True)
    )
    return jobs.moved(job, means.clock(), counts=counts, deferred=job.deferred[1:])


def _counted(job: RestoreJob, name: str, done: _Done) -> dict[str, RestoreCount]:
    return job.counts | {name: job.counts.get(name, RestoreCount()).plus(done.count)}


def _parts_of(manifest: Manifest, name: str) -> tuple[Part, ...]:
    held = manifest.containers.get(name)
    if held is None:
        raise Damaged(f"the manifest of backup {manifest.backup_id} has changed: {name} is gone")
    return held.parts


@dataclass(frozen=True)
class _Done:
    """What came of a part: counts, whether some of it waits for the end, and the line to go on
    behind where the step had enough (None: the part is done)."""

    count: RestoreCount
    waits: bool
    line: int | None


def _restore_part(
    means: Means,
    job: RestoreJob,
    manifest: Manifest,
    name: str,
    number: int,
    *,
    is_last_look: bool,
) -> _Done:
    """Write what a part holds, but for what waits for the end; at the end, write that. Events
    that were not sent wait too: what they tell of is to be there before them. Of tombstones a
    step sets so many."""
    parts = _parts_of(manifest, name)
    if number >= len(parts):
        raise Damaged(f"the manifest of backup {manifest.backup_id} has changed: {name} is shorter")

    def is_due() -> bool:
        present = read(means, job.id)
        return (present.state, present.step) == ("running", job.step)

    title = f"{job.backup_id}/{parts[number].name}"
    going = RestoringPart(means, job, manifest, name, title, is_due=is_due)
    line: int | None = None
    with fetched(means.stores, job.backup_id, parts[number]) as file:
        for held in lines_of(file, title, job.only_tenant):
            if not is_last_look and held.number <= job.line:
                continue
            if len(going.tombstones) == ERASURES_A_STEP:
                line = held.number - 1
                break
            going.take(held, is_last_look=is_last_look)
        count = going.end()
    return _Done(count, going.waits, line)


def _finished(means: Means, job: RestoreJob) -> RestoreJob:
    """The restore at its end, with a replay of erasures begun: files may lie about, and whatever
    was written meanwhile is looked through as well."""
    replay_id = str(uuid5(NAMESPACE_URL, f"replay after restore {job.id}"))
    now = means.clock()

    def decide() -> Decision:
        if means.stores.documents.get(tombstone.CONTAINER, REPLAYS, replay_id) is not None:
            return Decision()
        replay = kept_replay(new_replay(replay_id, now=now))
        return Decision([Create(replay)], [ReplayAdvanced(replay_id=replay_id, step=0)])

    announce_once(
        means.stores,
        source=SOURCE,
        container=tombstone.CONTAINER,
        partition=REPLAYS,
        decide=decide,
        now=now,
    )
    total = RestoreCount()
    for each in job.counts.values():
        total = total.plus(each)
    telemetry.log(
        "restore.finished",
        restore=job.id,
        backup=job.backup_id,
        unknown=sum(job.unknown.values()),
        seconds=round((now - job.started_at).total_seconds(), 1),
        **total.model_dump(),
    )
    return jobs.moved(job, now, state="done", finished_at=now, replay_id=replay_id)


LINE = jobs.Line(
    job="restores",
    model=RestoreJob,
    step=_stepped,
    told=lambda job: RestoreAdvanced(restore_id=job.id, step=job.step),
)
