"""Makes tenants and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.accounts.rules.times import check_time_zone
from functions.accounts.service.means import SOURCE, Means, read_tenant
from shared.audit import noted
from shared.auth import Principal
from shared.documents.port import Create, Equals, Replace
from shared.errors import Conflict, FieldError, Invalid, Stale
from shared.messaging import Answer, Decision, IdempotencyKey, announce_once, reply_once
from shared.models.tenant import CONTAINER, TENANT_ID, Tenant, is_tenant_code
from shared.stores import Stores


def create(
    means: Means,
    operator: Principal,
    tenant: Tenant,
    *,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> Tenant:
    """Make a tenant. Raises ``Conflict`` when its code is taken and ``Invalid``."""
    code = tenant.tenant_id
    if not is_tenant_code(code):
        raise Invalid(
            "the code does not hold",
            fields=(FieldError("/code", "1 to 63 of a-z, 0-9 and -, none at an end"),),
        )
    check_time_zone(tenant.time_zone)

    def decide() -> Answer:
        if means.stores.documents.get(CONTAINER, (code,), TENANT_ID) is not None:
            raise Conflict("there is a tenant with this code already")
        note = noted(means.pseudonyms, operator, "tenant.create", tenant_id=code)
        return Answer(201, tenant.stored(), Decision([Create(tenant.stored())], [note]))

    answer = reply_once(
        means.stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=(code,),
        decide=decide,
        now=now,
    )
    return Tenant.of(answer.body)


def change(
    means: Means,
    by: Principal,
    code: str,
    changes: Mapping[str, Any],
    *,
    if_match: str | None,
    now: datetime,
) -> tuple[Tenant, str]:
    """Change a tenant's settings; returns it with its new etag.

    Raises ``Missing``, ``Stale`` when somebody wrote since ``if_match``, and ``Invalid``.
    """
    if changes.get("time_zone") is not None:
        check_time_zone(changes["time_zone"])

    def decide() -> Decision:
        present, etag = read_tenant(means.stores, code)
        if if_match is not None and if_match != etag.strip('"'):
            raise Stale("somebody changed the tenant since you read it; read it again")
        changed = present.model_copy(update=dict(changes))
        if changed == present:
            return Decision()
        note = noted(means.pseudonyms, by, "tenant.change", tenant_id=code)
        return Decision([Replace(changed.stored(), etag)], [note])

    announce_once(
        means.stores, source=SOURCE, container=CONTAINER, partition=(code,), decide=decide, now=now
    )
    return read_tenant(means.stores, code)


def listed(
    stores: Stores, *, limit: int, continuation: str | None
) -> tuple[list[Tenant], str | None]:
    """Return a page of all tenants: for operators alone."""
    page = stores.documents.query(
        CONTAINER, (), where=[Equals("kind", "tenant")], limit=limit, continuation=continuation
    )
    return [Tenant.of(item.body) for item in page.items], page.continuation
