"""Restores a backup, a part a step: tombstones first, what must wait for the rest last.

A part is verified whole before anything of it is written, and written again whole where a process
died: what is written twice is the same. A damaged part ends the restore as failed.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import NAMESPACE_URL, uuid5

from functions.nightly_backup.rules.documents import CONTAINER, Mode, RestoreCount, RestoreJob
from functions.nightly_backup.rules.lines import Json
from functions.nightly_backup.rules.manifest import Manifest
from functions.nightly_backup.service import catalogue, jobs
from functions.nightly_backup.service.backing_up import key_check
from functions.nightly_backup.service.leaving_out import Erased
from functions.nightly_backup.service.means import SOURCE, Means
from functions.nightly_backup.service.parts import fetched, lines_of
from shared import telemetry, topology
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import MAX_LOADED, Create
from shared.erasure_log import logged, mark
from shared.erasures import kept_replay, new_replay
from shared.errors import Conflict, Missing, Rejected, Unprocessable
from shared.events.backup import RestoreAdvanced
from shared.events.envelope import Event, read_data
from shared.events.person import ReplayAdvanced
from shared.messaging import Decision, IdempotencyKey, Outcome, announce_once
from shared.models import tombstone
from shared.models.tenant import PLATFORM
from shared.models.tombstone import REPLAYS, Tombstone

LOAD_BYTES = 4 * 1024 * 1024
LOG_A_STEP = 5000


def begin(
    means: Means,
    restore_id: str,
    manifest: Manifest,
    *,
    only_tenant: str | None,
    mode: Mode,
    by: Principal | None = None,
    announces: bool = True,
    idempotency: IdempotencyKey | None = None,
) -> RestoreJob:
    """Begin a restore; asked for again while it is under way, it is the same one.

    ``mode`` says what happens to documents that are there: ``empty`` allows none in what is
    restored, ``keep`` leaves them, ``overwrite`` writes over those that the backup has. Raises
    ``Conflict`` where the target is not empty, another restore is under way, the backup was made
    with another key of pseudonyms, or a container's partitions are others now.
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
        reason=manifest.backup_id,
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


def is_led_on(means: Means) -> bool:
    """Whether a restore is under way that has done a step of late: the house is half there."""
    return jobs.is_led_on(means, LINE)


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


def _stepped(means: Means, job: RestoreJob) -> RestoreJob:
    try:
        return _restored(means, job)
    except (Unprocessable, Missing) as error:  # damaged, or gone
        telemetry.log(
            "restore.failed", level=40, restore=job.id, backup=job.backup_id, reason=str(error)
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
    parts = manifest.containers[name].parts
    update: dict[str, object] = {}
    if job.part < len(parts):
        count, waits = _restore_part(means, job, manifest, name, job.part, is_last_look=False)
        update["counts"] = job.counts | {name: job.counts.get(name, RestoreCount()).plus(count)}
        if waits:
            update["deferred"] = (*job.deferred, (name, job.part))
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
    seen = 0
    for name, each in logged(means.stores, job.only_tenant, after=after):
        if seen == LOG_A_STEP:
            return jobs.moved(job, means.clock(), log_after=after)
        mark(means.stores, each)
        after, seen = name, seen + 1
    phase = "documents" if job.containers_left else "deferred"
    return jobs.moved(job, means.clock(), log_after=after, phase=phase)


def _at_the_end(means: Means, job: RestoreJob, manifest: Manifest) -> RestoreJob:
    if not job.deferred:
        return _finished(means, job)
    name, number = job.deferred[0]
    count, _ = _restore_part(means, job, manifest, name, number, is_last_look=True)
    counts = job.counts | {name: job.counts.get(name, RestoreCount()).plus(count)}
    return jobs.moved(job, means.clock(), counts=counts, deferred=job.deferred[1:])


class _Loading:
    """Documents on their way into a container, so many at once."""

    def __init__(self, means: Means, job: RestoreJob, name: str, *, overwrite: bool) -> None:
        self._means = means
        self._job = job
        self._documents = means.stores.documents
        self._name = name
        self._overwrite = overwrite
        self._waiting: list[Json] = []
        self._bytes = 0
        self.restored = self.kept = 0

    def add(self, body: Json, size: int) -> None:
        self._waiting.append(body)
        self._bytes += size
        if len(self._waiting) == MAX_LOADED or self._bytes >= LOAD_BYTES:
            self.end()

    def end(self) -> None:
        if self._waiting:
            self._check_due()
            written = self._documents.load(self._name, self._waiting, overwrite=self._overwrite)
            self.restored += written
            self.kept += len(self._waiting) - written
        self._waiting, self._bytes = [], 0

    def _check_due(self) -> None:
        """Raise ``Rejected`` where another has done this step meanwhile: what came after it is
        not written over."""
        job = read(self._means, self._job.id)
        if (job.state, job.step) != ("running", self._job.step):
            raise Rejected("superseded: the job has moved on")


def _restore_part(
    means: Means,
    job: RestoreJob,
    manifest: Manifest,
    name: str,
    number: int,
    *,
    is_last_look: bool,
) -> tuple[RestoreCount, bool]:
    """Write what a part holds, and tell whether some of it waits for the end; at the end, write
    that. Events that were not sent wait too: what they tell of is to be there before them."""
    declared = topology.load().containers[name]
    erased = Erased(means.stores, means.pseudonyms, manifest.started_at, manifest.finished_at)
    is_tombstones = name == tombstone.CONTAINER
    # of erasures the store knows more than any backup; and what stands in a target that was empty
    # is this restore's, or newer
    overwrite = job.mode == "overwrite" and not is_tombstones
    loading = _Loading(means, job, name, overwrite=overwrite)
    expired = left_out = 0
    waits = False
    with fetched(means.stores, job.backup_id, manifest.containers[name].parts[number]) as file:
        for line, size in lines_of(file, job.only_tenant):
            verdict = erased.verdict(declared, line.body)
            is_event = line.body.get("kind") == "outbox"
            waited = verdict == "at_the_end" or (is_event and verdict == "restore")
            if waited != is_last_look:
                waits = waits or waited
                continue
            alive = line.alive(means.clock().timestamp())
            if alive is None:
                expired += 1
            elif verdict == "leave_out" or (
                verdict == "at_the_end" and not erased.stays(declared, line.body)
            ):
                left_out += 1
            elif is_tombstones and alive.get("kind") == "tombstone":
                is_set = mark(means.stores, Tombstone.of(alive))
                loading.restored += is_set
                loading.kept += not is_set
            else:
                loading.add(alive, size)
        loading.end()
    count = RestoreCount(
        restored=loading.restored, kept=loading.kept, expired=expired, erased=left_out
    )
    return count, waits


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
