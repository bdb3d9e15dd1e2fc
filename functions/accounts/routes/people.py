"""Routes of people: registering, one's own account, and other people's."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, Field

from functions.accounts.routes import blueprint
from functions.accounts.routes.forms import (
    LANGUAGE,
    MAILED_CODE,
    PASSWORD,
    ConsentForm,
    PersonName,
    PersonView,
    means,
    note_read,
    person_view,
    where_from,
)
from functions.accounts.routes.tokens import SignedIn, signed_in
from functions.accounts.rules.consents import check_required
from functions.accounts.rules.documents import NewAccount
from functions.accounts.rules.passwords import check_password
from functions.accounts.rules.times import check_birth_year, check_time_zone
from functions.accounts.service import passwords, persons, registration, sign_in, verifying
from functions.accounts.service.means import read_tenant
from shared import runtime
from shared.errors import (
    Conflict,
    Forbidden,
    Missing,
    Stale,
    Throttled,
    Unprocessable,
)
from shared.http.api import Api, Reply
from shared.http.call import Body, Call, PageQuery, etag_header
from shared.models.examples import LEARNER, example
from shared.models.roles import Role
from shared.models.tenant import PLATFORM, is_tenant_code

api = Api("people", "People: who they are, and what they may", blueprint)


class NewPerson(Body):
    """Somebody who registers."""

    model_config = example(
        language="de",
        consents=[
            {"kind": "terms", "version": "2026-09", "granted": True},
            {"kind": "privacy", "version": "2026-09", "granted": True},
        ],
    )

    tenant: str = Field(max_length=63, description="The tenant's code", examples=["demo"])
    email: str = Field(max_length=254, examples=["maya@example.org"])
    password: str = PASSWORD
    display_name: PersonName = Field(examples=["Maya O."])
    role: Literal["learner", "parent"] = "learner"
    birth_year: int = Field(
        description="Tells who needs a parent's consent, and who may speak for a child",
        examples=[2011],
    )
    time_zone: str = Field(default="UTC", max_length=64, examples=["Europe/Berlin"])
    language: Annotated[str, LANGUAGE] = "en"
    consents: list[ConsentForm] = Field(
        max_length=10, description="`terms` and `privacy` at least, granted"
    )


class ConfirmedAddress(Body):
    """The code that was sent to somebody who registered."""

    tenant: str = Field(max_length=63, description="The tenant's code", examples=["demo"])
    email: str = Field(max_length=254, examples=["maya@example.org"])
    code: str = MAILED_CODE
    password: str = Field(
        max_length=128,
        description="The one that you registered with: a stranger's code makes no account of yours",
        examples=["four words nobody guesses"],
    )


class OwnChanges(Body):
    """What somebody changes of their own account; what is left out stays."""

    model_config = example(display_name="Maya", language="es", hidden=False)

    display_name: PersonName | None = None
    time_zone: str | None = Field(default=None, max_length=64, examples=["America/Lima"])
    language: Annotated[str, LANGUAGE] | None = None
    hidden: bool | None = Field(default=None, description="Not to be shown to other people")


class AdminChanges(Body):
    """What an admin changes of somebody's account; what is left out stays."""

    model_config = example(
        roles=["learner"],
        status="active",
        birth_year=2011,
        address_proven=True,
        reason="showed an identity card at the school office",
    )

    roles: list[Role] | None = Field(default=None, max_length=6)
    status: Literal["active", "suspended"] | None = None
    birth_year: int | None = None
    address_proven: bool | None = Field(
        default=None, description="You vouch that the e-mail address is this person's"
    )
    reason: str | None = Field(
        default=None, max_length=200, description="For the audit log; no personal data"
    )


class NewPassword(Body):
    """A change of password."""

    present_password: str = Field(max_length=128, examples=["what it was so far"])
    new_password: str = PASSWORD


class PeopleQuery(PageQuery):
    """Which people."""

    role: Role | None = Field(default=None, description="Only who has this role")


class PersonSummary(BaseModel):
    """Somebody as other people see them."""

    model_config = example(
        user_id=LEARNER,
        display_name="Maya O.",
        roles=["learner"],
        status="active",
        shown=True,
        track_key="defender",
    )

    user_id: str
    display_name: str | None = Field(description="Null while a minor has no parent's consent")
    roles: tuple[Role, ...]
    status: Literal["active", "suspended"]
    shown: bool = Field(description="Whether profiles and boards may show the person")
    track_key: str | None
    created_at: AwareDatetime


class PeoplePage(BaseModel):
    """A page of people, newest first."""

    items: list[PersonSummary]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


@api.post(
    "v1/users",
    body=NewPerson,
    answer=SignedIn,
    status=201,
    empty_statuses=(202,),
    errors=(Conflict, Forbidden, Unprocessable, Throttled),
)
def users_register(call: Call[None, NewPerson]) -> SignedIn | Reply:
    """Register as a learner or a parent, and sign in.

    Nobody else in the tenant can have the address, however its letters are cased. Where a mail
    server is set, the answer is 202, whether or not the address has an account: a code goes
    there, to be confirmed by `POST v1/users/confirm`; who has an account is told of that
    instead. Without one the account is made at once, and repeats with the same
    Idempotency-Key sign in again.
    """
    body = call.body
    house = means()
    client = call.client_address
    registration.check_pace(house, client, now=call.now)
    if not is_tenant_code(body.tenant):
        raise Unprocessable("there is no tenant with this code")
    try:
        tenant, _ = read_tenant(house.stores, body.tenant)
    except Missing:
        raise Unprocessable("there is no tenant with this code") from None
    if tenant.registration != "open":
        raise Forbidden("this tenant takes invited people only; ask for an invitation")
    check_birth_year(body.birth_year, this_year=call.now.year)
    check_time_zone(body.time_zone)
    given = [consent.given() for consent in body.consents]
    check_required(given)
    check_password(
        body.password,
        common=passwords.common_passwords(),
        personal=[body.email, body.email.partition("@")[0], body.display_name],
    )
    joining = registration.Joining(
        tenant_id=tenant.tenant_id,
        # never from the Idempotency-Key: two strangers may send the same one
        user_id=str(uuid4()),
        password_hash=passwords.hashed(body.password),
        new_account=NewAccount(
            email=body.email.strip(),
            display_name=body.display_name,
            roles=(body.role,),
            birth_year=body.birth_year,
            time_zone=body.time_zone,
            language=body.language,
            consents=tuple(given),
            where_from=where_from(call),
        ),
    )
    if runtime.current().mailer is not None:
        verifying.begin(house, joining, client=client, idempotency=call.idempotency, now=call.now)
        return Reply(status=202)
    person = registration.join(house, joining, idempotency=call.idempotency, now=call.now)
    return signed_in(sign_in.open_family(house, person, now=call.now))


@api.post(
    "v1/users/confirm",
    body=ConfirmedAddress,
    answer=SignedIn,
    status=201,
    idempotent=False,
    errors=(Conflict, Unprocessable, Throttled),
)
def users_confirm(call: Call[None, ConfirmedAddress]) -> SignedIn:
    """Finish registering by the code that was sent to your address, and sign in."""
    body, house = call.body, means()
    person = verifying.confirm(
        house,
        body.tenant,
        body.email,
        body.code,
        body.password,
        client=call.client_address,
        now=call.now,
    )
    return signed_in(sign_in.open_family(house, person, now=call.now))


@api.get("v1/users/me", answer=PersonView, errors=(Missing, Conflict))
def users_me_read(call: Call[None, None]) -> Reply:
    """Read your own account.

    Somebody who signs in with an external provider gets one at the first call.
    """
    person, etag = persons.read_own(means(), call.principal, now=call.now)
    return Reply(person_view(person), headers=etag_header(etag))


@api.patch("v1/users/me", body=OwnChanges, answer=PersonView, errors=(Missing, Conflict, Stale))
def users_me_update(call: Call[None, OwnChanges]) -> Reply:
    """Change your own account."""
    person, etag = persons.change_own(
        means(),
        call.principal,
        call.body.model_dump(exclude_none=True),
        if_match=call.if_match,
        now=call.now,
    )
    return Reply(person_view(person), headers=etag_header(etag))


@api.post(
    "v1/users/me/password",
    body=NewPassword,
    answer=None,
    idempotent=False,
    errors=(Missing, Conflict, Throttled),
)
def users_me_password(call: Call[None, NewPassword]) -> None:
    """Change your password. Every sign-in ends, this one when its access token does."""
    sign_in.change_password(
        means(),
        call.principal,
        call.body.present_password,
        call.body.new_password,
        client=call.client_address,
        now=call.now,
    )


@api.get("v1/users", query=PeopleQuery, answer=PeoplePage)
def users_list(call: Call[PeopleQuery, None]) -> PeoplePage:
    """List the people of the tenant, newest first. Mentors see learners alone.

    The audit log holds who did.
    """
    role = call.query.role
    if "tenant" not in call.reach:
        role = "learner"
    tenant_id = call.principal.tenant_id
    found, continuation = persons.listed(
        runtime.stores(),
        tenant_id,
        role=role,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    note_read(call, "account.list")
    consent_age = _consent_age(tenant_id)
    names_all = "tenant" in call.reach
    items = []
    for person in found:
        shown = person.may_be_shown(consent_age=consent_age, on=call.now.date())
        items.append(
            PersonSummary(
                user_id=person.user_id,
                display_name=person.display_name if names_all or shown else None,
                roles=person.roles,
                status=person.status,
                shown=shown,
                track_key=person.track_key,
                created_at=person.created_at,
            )
        )
    return PeoplePage(items=items, continuation=continuation)


@api.get("v1/users/{user_id:guid}", answer=PersonView, errors=(Missing,))
def users_read(call: Call[None, None]) -> Reply:
    """Read somebody's account: your own, a linked child's, a learner's, anybody's as an admin.

    A mentor sees a minor's name and address only with a parent's consent. The audit log
    holds who read.
    """
    house, user_id = means(), call.uuid("user_id")
    person, etag = persons.read_other(house, call.principal, call.reach, user_id)
    note_read(call, "account.read", user_id)
    shown = person.may_be_shown(consent_age=_consent_age(person.tenant_id), on=call.now.date())
    is_close = persons.is_close(house.stores, call.principal, call.reach, user_id)
    return Reply(person_view(person, withheld=not (shown or is_close)), headers=etag_header(etag))


@api.patch("v1/users/{user_id:guid}", body=AdminChanges, answer=PersonView, errors=(Missing, Stale))
def users_update(call: Call[None, AdminChanges]) -> Reply:
    """Change somebody's roles, status or facts as an admin of their tenant.

    Whoever is suspended cannot sign in or refresh; an access token holds until it runs out.
    """
    changes = call.body.model_dump(exclude_none=True, exclude={"reason"})
    if "roles" in changes:
        changes["roles"] = tuple(dict.fromkeys(changes["roles"]))
    person, etag = persons.change_other(
        means(),
        call.principal,
        call.uuid("user_id"),
        changes,
        reason=call.body.reason,
        if_match=call.if_match,
        now=call.now,
    )
    return Reply(person_view(person), headers=etag_header(etag))


def _consent_age(tenant_id: str) -> int:
    """The tenant's age of consent; the highest there is for one that is not there."""
    if tenant_id == PLATFORM:
        return 0
    try:
        return read_tenant(runtime.stores(), tenant_id)[0].consent_age
    except Missing:
        return 21
