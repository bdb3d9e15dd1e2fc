"""One night: every task in turn, and a report of what came of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from functions.retention_timer.rules.documents import CONTAINER, NightReport, Waiting
from functions.retention_timer.rules.periods import (
    EXTRACTS_KEPT,
    ORPHANS_KEPT,
    REPORTS_KEPT,
    SESSIONS_LIVE,
    UNSENT_ALLOWED,
)
from functions.retention_timer.service import archiving, files
from shared import dead_letters, outbox, restores, telemetry
from shared.documents.port import Order, Upsert
from shared.models.audit import month_of, sortable
from shared.models.tenant import PLATFORM
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

LONGEST = timedelta(minutes=8)
"""Less than the ten minutes that the platform gives a function; the next night goes on."""

Clock = Callable[[], datetime]
Found = tuple[dict[str, object], bool]
"""What a task adds to the report, and whether it came to its end."""


def keep_house(
    stores: Stores, pseudonyms: Pseudonyms, *, unmatched_kept: timedelta, clock: Clock
) -> NightReport:
    """Do what is due this night, write down what came of it, and return that.

    A task that breaks does not hold up the others. The longest come last.
    """
    began = clock()

    def is_over() -> bool:
        return clock() - began > LONGEST

    def must_wait() -> bool:
        # what a restore has not brought back yet must not be taken for gone
        return restores.leaves_open(stores, now=clock())

    def dead() -> Found:
        return {"dead_letters": _dead_letters(stores)}, True

    def unsent() -> Found:
        return {"unsent": _unsent(stores, before=began - UNSENT_ALLOWED)}, True

    def erasing() -> Found:
        count, whole = files.erase_unmatched(
            stores, pseudonyms, before=began - unmatched_kept, is_over=is_over, now=began
        )
        return {"files_erased": count}, whole

    def extracts() -> Found:
        count, whole = files.remove_extracts(
            stores, before=began - EXTRACTS_KEPT, is_over=is_over, must_wait=must_wait
        )
        return {"extracts_removed": count}, whole

    def archive() -> Found:
        count, whole = archiving.archive_old(
            stores,
            untouched_since=began - SESSIONS_LIVE,
            is_over=lambda: is_over() or must_wait(),
        )
        return {"archived": count}, whole

    def orphans() -> Found:
        counts, whole = files.remove_orphans(
            stores, before=began - ORPHANS_KEPT, is_over=is_over, must_wait=must_wait, now=began
        )
        return {"orphans_removed": counts}, whole

    found: dict[str, object] = {}
    failed: list[str] = []
    unfinished: list[str] = []
    tasks = {
        "dead_letters": dead,
        "unsent": unsent,
        "files": erasing,
        "extracts": extracts,
        "archive": archive,
        "orphans": orphans,
    }
    for name, task in tasks.items():
        try:
            added, whole = task()
        except Exception as error:
            telemetry.failure("retention.task_broke", error, task=name)
            failed.append(name)
            continue
        found |= added
        if not whole:
            unfinished.append(name)
    report = NightReport.model_validate(
        {
            "id": sortable(began),
            "tenant_id": PLATFORM,
            "period": month_of(began),
            "began_at": began,
            "ended_at": clock(),
            "failed": failed,
            "unfinished": unfinished,
            **found,
        }
    )
    _tell(report)
    ttl = int(REPORTS_KEPT.total_seconds())
    stores.documents.commit(CONTAINER, report.partition, [Upsert(report.stored() | {"ttl": ttl})])
    return report


def reports(
    stores: Stores, *, limit: int, continuation: str | None
) -> tuple[list[NightReport], str | None]:
    """A page of reports, the last first, and where the next begins. Raises ``Invalid`` for a
    continuation that is none."""
    page = stores.documents.query(
        CONTAINER,
        (PLATFORM,),
        order=Order("began_at", descending=True),
        limit=limit,
        continuation=continuation,
    )
    return [NightReport.of(item.body) for item in page.items], page.continuation


def _dead_letters(stores: Stores) -> dict[str, Waiting]:
    return {
        each.entity: Waiting(count=each.count, is_more=each.is_more, oldest_at=each.oldest_at)
        for each in dead_letters.backlogs(stores)
    }


def _unsent(stores: Stores, *, before: datetime) -> dict[str, Waiting]:
    return {
        each.container: Waiting(
            count=each.count,
            is_more=each.count >= outbox.MOST_COUNTED,
            oldest_at=each.oldest_at,
        )
        for each in outbox.unsent(stores, before=before)
    }


def _tell(report: NightReport) -> None:
    for kind, stuck in (
        ("dead_letters.waiting", report.dead_letters),
        ("outbox.stuck", report.unsent),
    ):
        for where, waiting in stuck.items():
            telemetry.log(
                kind,
                level=logging.WARNING,
                where=where,
                count=waiting.count,
                oldest_at=waiting.oldest_at.isoformat(),
            )
    telemetry.log(
        "retention.done",
        archived=report.archived,
        extracts_removed=report.extracts_removed,
        files_erased=report.files_erased,
        orphans_removed=sum(report.orphans_removed.values()),
        failed=list(report.failed),
        unfinished=list(report.unfinished),
    )
