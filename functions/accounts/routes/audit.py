"""Routes of the audit log."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from functions.accounts.routes import blueprint
from functions.accounts.service import audit_log
from shared import runtime
from shared.http.api import Api
from shared.http.call import Call, PageQuery
from shared.models.examples import PSEUDONYM, example
from shared.models.roles import Role
from shared.models.subject import SubjectKind

api = Api("audit", "Who did what to whose data", blueprint)


class AuditQuery(PageQuery):
    """Which entries; everything given must hold."""

    actor_id: str | None = Field(default=None, max_length=255, description="Who did it")
    subject_id: str | None = Field(default=None, max_length=255, description="Whose data it was")
    subject_kind: SubjectKind = Field(default="user", description="What `subject_id` is the id of")
    action: str | None = Field(
        default=None, max_length=64, description="What was done, e.g. `candidate.read`"
    )
    since: AwareDatetime | None = Field(default=None, description="From this moment on")
    until: AwareDatetime | None = Field(default=None, description="Before this moment")


class AuditView(BaseModel):
    """One thing done. People are named by pseudonyms: ask by their ids to find theirs."""

    model_config = example(
        id="f0c2a9d4-7b1e-4d36-9a58-e3b6c71d2f04",
        actor="1e8c5b7a9d3f2046c8e1a5b7d9f30246c8e1a5b7",
        roles=["recruiter"],
        subject_kind="candidate",
        subject=PSEUDONYM,
        reason=None,
        request_id="c2b7f0de-1f5a-4f0b-9a53-2f6f0c7d41aa",
    )

    id: str
    action: str = Field(examples=["candidate.read"])
    actor: str = Field(description="Pseudonym of who did it; `system` for the house itself")
    roles: tuple[Role, ...]
    subject_kind: SubjectKind | None
    subject: str | None = Field(description="Pseudonym of whose data it was")
    reason: str | None
    request_id: str | None
    at: AwareDatetime


class AuditPage(BaseModel):
    """A page of entries, newest first."""

    items: list[AuditView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


@api.get("v1/audit", query=AuditQuery, answer=AuditPage)
def audit_list(call: Call[AuditQuery, None]) -> AuditPage:
    """List what was done to people's data in the tenant, newest first.

    The log holds reads and changes of profiles, overrides, exports, resets and erasures.
    Nothing in it is ever changed; entries go after two years.
    """
    query = call.query
    entries, continuation = audit_log.listed(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal.tenant_id,
        audit_log.Wanted(
            actor_id=_canonical(query.actor_id),
            subject_kind=query.subject_kind,
            subject_id=_canonical(query.subject_id),
            action=query.action,
            since=query.since,
            until=query.until,
        ),
        limit=query.limit,
        continuation=query.continuation,
    )
    items = [AuditView.model_validate(entry, from_attributes=True) for entry in entries]
    return AuditPage(items=items, continuation=continuation)


def _canonical(identity: str | None) -> str | None:
    """A UUID as the house writes it; anything else as it is."""
    try:
        return str(UUID(identity)) if identity else None
    except ValueError:
        return identity
