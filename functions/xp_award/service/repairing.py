"""Covers the days of an outage in the streaks of a tenant's learners, a page after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from functions.xp_award.rules.documents import REPAIR_ID, REPAIRS, StreakRepair
from functions.xp_award.service import books
from shared import audit
from shared.auth import Principal
from shared.documents.port import Create, Equals, Replace
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.game import StreaksRepaired
from shared.messaging import (
    Answer,
    Decision,
    IdempotencyKey,
    Outcome,
    announce_once,
    answer_once,
    handle_once,
)
from shared.models.game import CONTAINER
from shared.models.streaks import with_outage
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

PAGE = 50


def begin(
    stores: Stores,
    pseudonyms: Pseudonyms,
    by: Principal,
    repair_id: str,
    *,
    first_day: date,
    last_day: date,
    reason: str,
    shown: Callable[[StreakRepair], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Begin to cover these days for every learner of the caller's tenant."""
    repair = StreakRepair(
        tenant_id=by.tenant_id,
        repair_id=repair_id,
        first_day=first_day,
        last_day=last_day,
        reason=reason,
        requested_by=pseudonyms.of(by.tenant_id, "user", by.user_id),
        created_at=now,
        updated_at=now,
    )
    note = audit.noted(pseudonyms, by, "streaks.repaired", tenant_id=by.tenant_id, reason=reason)

    def decide() -> Answer:
        told = [StreaksRepaired(repair_id=repair_id, step=0), note]
        return Answer(202, shown(repair), Decision([Create(repair.stored())], told))

    return answer_once(
        stores,
        idempotency,
        source=books.SOURCE,
        container=REPAIRS,
        partition=repair.partition,
        decide=decide,
        now=now,
    )


def read(stores: Stores, tenant_id: str, repair_id: str) -> tuple[StreakRepair, str]:
    """A repair of a tenant's and its etag. Raises ``Missing``."""
    stored = stores.documents.get(REPAIRS, (tenant_id, repair_id), REPAIR_ID)
    if stored is None:
        raise Missing("there is no repair with this id")
    return StreakRepair.of(stored.body), stored.etag


def advance(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """Cover the days for the next page of learners.

    A page that is done again, after a crash, finds its days covered and changes nothing.
    """
    data = read_data(event, StreaksRepaired)

    def decide() -> Decision:
        try:
            repair, etag = read(stores, event.tenantid, data.repair_id)
        except Missing:
            raise Rejected("the repair is gone") from None
        if repair.state == "done" or repair.step != data.step:
            raise Rejected("the repair has moved on")
        page = stores.documents.query(
            CONTAINER,
            (event.tenantid,),
            where=[Equals("kind", "profile")],
            limit=PAGE,
            continuation=repair.continuation,
        )
        for item in page.items:
            _cover(stores, (event.tenantid, str(item.body["user_id"])), repair, now)
        is_last = page.continuation is None
        later = repair.model_copy(
            update={
                "state": "done" if is_last else "running",
                "step": repair.step + 1,
                "learners": repair.learners + len(page.items),
                "continuation": page.continuation,
                "updated_at": now,
            }
        )
        following = StreaksRepaired(repair_id=repair.repair_id, step=later.step)
        return Decision([Replace(later.stored(), etag)], [] if is_last else [following])

    return handle_once(
        stores,
        event,
        handler="xp_repair",
        container=REPAIRS,
        partition=(event.tenantid, data.repair_id),
        decide=decide,
        now=now,
    )


def _cover(stores: Stores, partition: tuple[str, str], repair: StreakRepair, now: datetime) -> None:
    count = (repair.last_day - repair.first_day).days + 1
    days = [repair.first_day + timedelta(days=n) for n in range(count)]

    def decide() -> Decision:
        held = books.read_profile(stores, partition)
        if held is None:  # erased meanwhile
            return Decision()
        profile, etag = held
        streak = with_outage(profile.streak, days)
        if streak == profile.streak:
            return Decision()
        later = profile.model_copy(update={"streak": streak, "updated_at": now})
        return Decision([books.written(later, etag)])

    announce_once(
        stores,
        source=books.SOURCE,
        container=CONTAINER,
        partition=partition,
        decide=decide,
        now=now,
    )
