"""A part of a backup on its way back into a store, line by line."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pydantic import ValidationError

from functions.nightly_backup.rules.documents import RestoreCount, RestoreJob
from functions.nightly_backup.rules.events import is_outbox, may_have_been_handled
from functions.nightly_backup.rules.manifest import Damaged, Manifest
from functions.nightly_backup.rules.moved_journeys import may_have_moved
from functions.nightly_backup.service import archived_journeys
from functions.nightly_backup.service.leaving_out import Erased
from functions.nightly_backup.service.loading import Loading
from functions.nightly_backup.service.means import Means
from functions.nightly_backup.service.parts import Held
from shared import erasure_log, telemetry, topology
from shared.errors import Rejected
from shared.models import journey, tombstone
from shared.models.tombstone import Tombstone


class RestoringPart:
    """A part of container ``name``; ``part`` is what it is called in errors.

    ``is_due`` says whether this step is still the one to be done. ``waits`` is set when something
    of the part is left for the end, ``tombstones`` are those that :meth:`end` sets.
    """

    def __init__(
        self,
        means: Means,
        job: RestoreJob,
        manifest: Manifest,
        name: str,
        part: str,
        *,
        is_due: Callable[[], bool],
    ) -> None:
        self.part = part
        self.tombstones: list[Tombstone] = []
        self.waits = False
        self._means = means
        self._job = job
        self._manifest = manifest
        self._declared = topology.load().containers[name]
        self._is_due = is_due
        self._erased = Erased(
            means.stores,
            means.pseudonyms,
            manifest.started_at,
            manifest.finished_at,
            only_tenant=job.only_tenant,
        )
        self._is_tombstones = name == tombstone.CONTAINER
        self._loading = Loading(
            means.stores.documents,
            name,
            part,
            # of erasures the store knows more than any backup; and what stands in a target that
            # was empty is this restore's, or newer
            overwrite=job.mode == "overwrite" and not self._is_tombstones,
            before=self._check_due,
            after=self._look_back,
        )
        self._is_journeys = name == journey.CONTAINER
        self._expired = self._erased_count = self._unsent = self._laid_back = 0

    def take(self, held: Held, *, is_last_look: bool) -> None:
        """Do what is to be done with a line in this look at the part. Raises :class:`Damaged`, and
        what writing raises: :class:`Refused`, and ``Rejected`` when the step is another's."""
        line = held.line
        verdict = self._erased.verdict(self._declared, line.body)
        if self._is_journeys and verdict == "restore" and self._may_have_moved(held):
            self.waits = True
            if is_last_look:
                self._lay_back(held)
                return
        waited = verdict == "at_the_end" or (is_outbox(line.body) and verdict == "restore")
        if waited != is_last_look:
            self.waits = self.waits or waited
            return
        now = self._means.clock()
        alive = line.alive(now.timestamp(), since=self._manifest.started_at.timestamp())
        if alive is None:
            self._expired += 1
        elif verdict == "leave_out" or (
            verdict == "at_the_end" and not self._erased.stays(self._declared, line.body)
        ):
            self._erased_count += 1
        elif self._job.mode != "empty" and may_have_been_handled(line.body, now=now):
            self._unsent += 1
        elif self._is_tombstones and alive.get("kind") == "tombstone":
            self.tombstones.append(self._tombstone(held))
        else:
            self._loading.add(alive, held)

    def end(self) -> RestoreCount:
        """Write what waits, and tell what came of all of it. Raises as :meth:`take`."""
        self._loading.end()
        is_set = erasure_log.mark_all(self._means.stores, self.tombstones)
        return RestoreCount(
            restored=self._loading.written + is_set + self._laid_back,
            kept=self._loading.kept + len(self.tombstones) - is_set,
            expired=self._expired,
            erased=self._erased_count,
            unsent=self._unsent,
        )

    def _may_have_moved(self, held: Held) -> bool:
        return may_have_moved(
            held.line.body, began=self._manifest.started_at, ended=self._manifest.finished_at
        )

    def _lay_back(self, held: Held) -> None:
        try:
            self._laid_back += archived_journeys.lay_back(
                self._means.stores, held.line.body, before=self._check_due
            )
        except (ValueError, OSError):
            raise Damaged(f"{self.part}, line {held.number}: its archive cannot be read") from None

    def _tombstone(self, held: Held) -> Tombstone:
        try:
            return Tombstone.of(held.line.body)
        except ValidationError:
            raise Damaged(f"{self.part}, line {held.number}: not a tombstone") from None

    def _check_due(self) -> None:
        """Raise ``Rejected`` where another has done this step meanwhile: what came after it is
        not written over."""
        if not self._is_due():
            raise Rejected("superseded: the job has moved on")

    def _look_back(self) -> None:
        """Say where a write that overwrites slept until its step was another's."""
        if self._job.mode == "overwrite" and not self._is_due():
            telemetry.log(
                "restore.wrote_late", level=logging.ERROR, restore=self._job.id, part=self.part
            )
