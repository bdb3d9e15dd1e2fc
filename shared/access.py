"""Who may call which route, on whose data: the one table.

A route stands here under its function's name, or it cannot be registered. For each role
the table says how far a call of it reaches:

- ``own``: what is the caller's own;
- ``children``: of learners to whom the caller is linked as a parent, by an active link;
- ``learners``: of every learner of the caller's tenant;
- ``tenant``: of everybody and everything in the caller's tenant;
- ``platform``: of every tenant.

:data:`PUBLIC` is for routes that take no token. Who may reach one person is checked by
:func:`shared.people.check_reach`; what is not a person's, a service looks for in the
caller's tenant alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from shared.models.roles import ROLES, Role

Reach = Literal["own", "children", "learners", "tenant", "platform"]
Reaches = Mapping[Role, Reach]

PUBLIC: None = None
_EVERYBODY_OWN: Reaches = dict.fromkeys(ROLES, "own")

ACCESS: Mapping[str, Reaches | None] = {
    # the kernel
    "openapi": PUBLIC,
    "docs": PUBLIC,
    "docs_asset": PUBLIC,
    "health": PUBLIC,
    # accounts
    "audit_list": {"admin": "tenant"},
    # candidates
    "candidates_search": {"recruiter": "tenant", "admin": "tenant"},
    "candidates_read": {"recruiter": "tenant", "admin": "tenant"},
    # intake_upload
    "intake_list": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    "intake_read": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    "intake_report": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    "intake_retry": {"recruiter": "tenant", "admin": "tenant", "operator": "tenant"},
    # intake_notify
    "notifications_list": {"recruiter": "tenant", "admin": "tenant"},
}
