"""Routes of tenants, and of invitations to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from functions.accounts.routes import blueprint
from functions.accounts.routes.forms import (
    LANGUAGE,
    PASSWORD,
    ConsentForm,
    PersonName,
    TenantName,
    means,
    where_from,
)
from functions.accounts.routes.tokens import SignedIn, signed_in
from functions.accounts.rules.consents import check_required
from functions.accounts.rules.documents import Invitation, NewAccount
from functions.accounts.rules.times import check_birth_year
from functions.accounts.service import invitations, sign_in, tenants
from functions.accounts.service.means import read_tenant
from shared import runtime
from shared.errors import Conflict, Forbidden, Missing, Stale, Throttled, Unauthenticated
from shared.http.api import Api, Reply
from shared.http.call import Body, Call, PageQuery, etag_header
from shared.models.examples import example
from shared.models.roles import Role
from shared.models.tenant import Tenant

api = Api("tenants", "Tenants, and who is invited to them", blueprint)


_INVITATION = {
    "invitation_id": "7e4c9a12-5d8f-4b30-8a6e-f1c2d3b49075",
    "email": "ada@example.org",
    "roles": ["recruiter"],
    "state": "open",
    "expires_at": "2026-12-02T09:30:00Z",
}


class NewTenant(Body):
    """A tenant to make."""

    code: str = Field(
        max_length=63, description="What people type to sign in", examples=["north-school"]
    )
    name: TenantName = Field(examples=["North School"])
    consent_age: int = Field(default=16, ge=0, le=21)
    time_zone: str = Field(default="UTC", max_length=64, examples=["Europe/Berlin"])
    registration: Literal["open", "invited"] = "open"


class TenantChanges(Body):
    """What changes of a tenant; what is left out stays."""

    model_config = example(
        name="North School", consent_age=16, time_zone="Europe/Berlin", registration="invited"
    )

    name: TenantName | None = None
    consent_age: int | None = Field(
        default=None, ge=0, le=21, description="Who is younger needs a parent's consent"
    )
    time_zone: str | None = Field(default=None, max_length=64)
    registration: Literal["open", "invited"] | None = None


class TenantView(BaseModel):
    """A tenant."""

    model_config = example(
        name="North School", consent_age=16, time_zone="Europe/Berlin", registration="open"
    )

    code: str = Field(examples=["north-school"])
    name: str
    consent_age: int
    time_zone: str
    registration: Literal["open", "invited"]


class TenantPage(BaseModel):
    """A page of tenants."""

    items: list[TenantView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class NewInvitation(Body):
    """Whom to invite, and as what."""

    email: str = Field(max_length=254, examples=["ada@example.org"])
    roles: list[Role] = Field(min_length=1, max_length=6, examples=[["recruiter"]])


class InvitationView(BaseModel):
    """An invitation."""

    model_config = example(**_INVITATION)

    invitation_id: str
    email: str
    roles: tuple[Role, ...]
    state: Literal["open", "accepted", "revoked"]
    expires_at: AwareDatetime
    created_at: AwareDatetime


class NewInvitationView(InvitationView):
    """An invitation with the token that accepts it, which is shown this once."""

    model_config = example(**_INVITATION)

    token: str = Field(
        description="Hand it over so that only the person invited reads it",
        examples=["eyJhbGciOiJIUzI1NiIs…"],
    )


class InvitationPage(BaseModel):
    """A page of invitations, newest first."""

    items: list[InvitationView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class AcceptedInvitation(Body):
    """Somebody who accepts an invitation. Address and roles are the invitation's."""

    model_config = example(
        consents=[
            {"kind": "terms", "version": "2026-09", "granted": True},
            {"kind": "privacy", "version": "2026-09", "granted": True},
        ],
    )

    token: str = Field(max_length=4096, examples=["eyJhbGciOiJIUzI1NiIs…"])
    password: str = PASSWORD
    display_name: PersonName = Field(examples=["Ada L."])
    birth_year: int | None = Field(default=None, description="Learners should give it")
    time_zone: str = Field(default="UTC", max_length=64, examples=["Europe/London"])
    language: Annotated[str, LANGUAGE] = "en"
    consents: list[ConsentForm] = Field(max_length=10)


@api.post("v1/tenants", body=NewTenant, answer=TenantView, status=201, errors=(Conflict,))
def tenants_create(call: Call[None, NewTenant]) -> TenantView:
    """Make a tenant."""
    made = tenants.create(
        means(),
        call.principal,
        Tenant(tenant_id=call.body.code, **call.body.model_dump(exclude={"code"})),
        idempotency=call.idempotency,
        now=call.now,
    )
    return _view(made)


@api.get("v1/tenants", query=PageQuery, answer=TenantPage)
def tenants_list(call: Call[PageQuery, None]) -> TenantPage:
    """List all tenants."""
    found, continuation = tenants.listed(
        runtime.stores(), limit=call.query.limit, continuation=call.query.continuation
    )
    return TenantPage(items=[_view(each) for each in found], continuation=continuation)


@api.get("v1/tenants/{code}", answer=TenantView, errors=(Missing,))
def tenants_read(call: Call[None, None]) -> Reply:
    """Read a tenant's settings: your own as an admin, any as an operator."""
    tenant, etag = read_tenant(runtime.stores(), _code(call))
    return Reply(_view(tenant), headers=etag_header(etag))


@api.patch("v1/tenants/{code}", body=TenantChanges, answer=TenantView, errors=(Missing, Stale))
def tenants_update(call: Call[None, TenantChanges]) -> Reply:
    """Change a tenant's settings: your own as an admin, any as an operator."""
    tenant, etag = tenants.change(
        means(),
        call.principal,
        _code(call),
        call.body.model_dump(exclude_none=True),
        if_match=call.if_match,
        now=call.now,
    )
    return Reply(_view(tenant), headers=etag_header(etag))


@api.post(
    "v1/tenants/{code}/invitations",
    body=NewInvitation,
    answer=NewInvitationView,
    status=201,
    errors=(Missing, Conflict),
)
def invitations_create(call: Call[None, NewInvitation]) -> NewInvitationView:
    """Invite somebody to a tenant: to your own as an admin, to any as an operator.

    An invitation is good once and for 7 days. Who brings its token has its address.
    """
    invitation, token = invitations.invite(
        means(),
        call.principal,
        _code(call),
        call.body.email,
        call.body.roles,
        idempotency=call.idempotency,
        now=call.now,
    )
    return NewInvitationView(**_invitation(invitation).model_dump(), token=token)


@api.get("v1/invitations", query=PageQuery, answer=InvitationPage)
def invitations_list(call: Call[PageQuery, None]) -> InvitationPage:
    """List the invitations to your tenant, newest first."""
    found, continuation = invitations.listed(
        runtime.stores(),
        call.principal.tenant_id,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    return InvitationPage(items=[_invitation(each) for each in found], continuation=continuation)


@api.delete("v1/invitations/{invitation_id}", errors=(Missing, Conflict))
def invitations_revoke(call: Call[None, None]) -> None:
    """Take an open invitation back."""
    invitations.revoke(means(), call.principal, call.uuid("invitation_id"), now=call.now)


@api.post(
    "v1/invitations/accept",
    body=AcceptedInvitation,
    answer=SignedIn,
    status=201,
    idempotent=False,
    errors=(Unauthenticated, Forbidden, Conflict, Throttled),
)
def invitations_accept(call: Call[None, AcceptedInvitation]) -> SignedIn:
    """Accept an invitation, and sign in. Sent again with the same password, it is the same."""
    body, house = call.body, means()
    given = [consent.given() for consent in body.consents]
    check_required(given)
    check_birth_year(body.birth_year, this_year=call.now.year)
    person = invitations.accept(
        house,
        body.token,
        password=body.password,
        new=NewAccount(
            email="",
            display_name=body.display_name,
            roles=(),
            birth_year=body.birth_year,
            time_zone=body.time_zone,
            language=body.language,
            consents=tuple(given),
            where_from=where_from(call),
        ),
        client=call.client_address,
        now=call.now,
    )
    return signed_in(sign_in.open_family(house, person, now=call.now))


def _code(call: Call[None, Any]) -> str:
    """The tenant of the path, if the caller reaches it; any other is not there for them."""
    code = call.path["code"]
    if code != call.principal.tenant_id and "platform" not in call.reach:
        raise Missing("there is no tenant with this code")
    return code


def _view(tenant: Tenant) -> TenantView:
    return TenantView.model_validate(tenant.model_dump() | {"code": tenant.tenant_id})


def _invitation(invitation: Invitation) -> InvitationView:
    return InvitationView.model_validate(invitation, from_attributes=True)
