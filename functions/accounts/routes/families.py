"""Routes of families and consents."""

from __future__ import annotations

import secrets
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from functions.accounts.routes import blueprint
from functions.accounts.routes.forms import ConsentForm, means, note_read, where_from
from functions.accounts.rules.documents import ConsentKind
from functions.accounts.service import consents, families
from shared import runtime
from shared.errors import Conflict, Missing, Throttled
from shared.http.api import Api
from shared.http.call import Body, Call, PageQuery, Query
from shared.models.examples import LEARNER, PARENT, example

api = Api("families", "Parents and their children, and what people agreed to", blueprint)


class NewFamilyCode(Body):
    """For whom the code is."""

    model_config = example(learner_id=LEARNER)

    learner_id: str | None = Field(default=None, max_length=64, description="Yourself without one")


class FamilyCodeAnswer(BaseModel):
    """A code to hand to a parent. It is shown this once."""

    model_config = example(learner_id=LEARNER, expires_at="2026-11-27T09:30:00Z")

    code: str = Field(examples=["7Q2M-X0TV-93KD"])
    learner_id: str
    expires_at: AwareDatetime


class LearnerQuery(Query):
    """Whose codes."""

    learner_id: str | None = Field(
        default=None, max_length=64, description="As an admin: of this learner; else your own"
    )


class RedeemedCode(Body):
    """A code that the learner or the school gave."""

    code: str = Field(min_length=1, max_length=40, examples=["7Q2M-X0TV-93KD"])


class FamilyLinkView(BaseModel):
    """A link between a learner and a parent."""

    model_config = example(
        id="2f8b1c6d-94e0-5a7b-b3c2-60d1e8f7a945",
        learner_id=LEARNER,
        parent_id=PARENT,
        active=True,
        revoked_at=None,
        revoked_by=None,
    )

    id: str
    learner_id: str
    parent_id: str
    active: bool
    linked_at: AwareDatetime
    revoked_at: AwareDatetime | None
    revoked_by: Literal["learner", "parent", "admin"] | None


class FamilyLinkQuery(PageQuery):
    """Whose links."""

    learner_id: str | None = Field(
        default=None, max_length=64, description="As an admin or mentor: of this learner"
    )


class FamilyLinkPage(BaseModel):
    """A page of links, changed last first."""

    items: list[FamilyLinkView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class NewConsent(ConsentForm):
    """A statement about one's own data, or as a parent about a child's."""

    model_config = example(kind="being_shown", granted=True, user_id=LEARNER)

    user_id: str | None = Field(
        default=None, max_length=64, description="Whose data; your own without one"
    )


class ConsentView(BaseModel):
    """A statement. Nothing changes it; a later one on the same matter counts instead."""

    model_config = example(
        id="consent:8d3e5f10-2c4b-4a69-b7d8-91f0e2a3c5b4",
        user_id=LEARNER,
        given_by=PARENT,
        what="being_shown",
        version="2026-09",
        granted=True,
    )

    id: str
    user_id: str
    given_by: str
    what: ConsentKind
    version: str
    granted: bool
    at: AwareDatetime


class ConsentQuery(Query):
    """Whose statements."""

    user_id: str | None = Field(
        default=None, max_length=64, description="Whose data; your own without one"
    )


class ConsentList(BaseModel):
    """Every statement about somebody's data, oldest first."""

    items: list[ConsentView]


@api.post(
    "v1/family-codes",
    body=NewFamilyCode,
    answer=FamilyCodeAnswer,
    status=201,
    errors=(Missing, Conflict),
)
def family_codes_create(call: Call[None, NewFamilyCode]) -> FamilyCodeAnswer:
    """Make a code that links one parent to a learner, good once and for 48 hours."""
    learner_id = call.body.learner_id or call.principal.user_id
    code, expires_at = families.make_code(
        means(),
        call.principal,
        call.reach,
        learner_id,
        entropy=secrets.token_bytes(8),
        idempotency=call.idempotency,
        now=call.now,
    )
    return FamilyCodeAnswer(code=code, learner_id=learner_id, expires_at=expires_at)


@api.delete("v1/family-codes", query=LearnerQuery, errors=(Missing,))
def family_codes_revoke(call: Call[LearnerQuery, None]) -> None:
    """Take back every open code: one that got into the wrong hands links nobody any more."""
    learner_id = call.query.learner_id or call.principal.user_id
    families.revoke_codes(means(), call.principal, call.reach, learner_id, now=call.now)


@api.post(
    "v1/family-links",
    body=RedeemedCode,
    answer=FamilyLinkView,
    status=201,
    errors=(Missing, Conflict, Throttled),
)
def family_links_create(call: Call[None, RedeemedCode]) -> FamilyLinkView:
    """Link yourself as a parent to the learner whose code you have."""
    link = families.link(
        means(), call.principal, call.body.code, idempotency=call.idempotency, now=call.now
    )
    return FamilyLinkView.model_validate(link, from_attributes=True)


@api.get("v1/family-links", query=FamilyLinkQuery, answer=FamilyLinkPage, errors=(Missing,))
def family_links_list(call: Call[FamilyLinkQuery, None]) -> FamilyLinkPage:
    """List your links to your children or parents; as an admin or mentor, a learner's."""
    found, continuation = families.listed(
        runtime.stores(),
        call.principal,
        call.reach,
        learner_id=call.query.learner_id,
        limit=call.query.limit,
        continuation=call.query.continuation,
    )
    if call.query.learner_id is not None:
        note_read(call, "family.list", call.query.learner_id)
    items = [FamilyLinkView.model_validate(link, from_attributes=True) for link in found]
    return FamilyLinkPage(items=items, continuation=continuation)


@api.delete("v1/family-links/{link_id}", errors=(Missing,))
def family_links_revoke(call: Call[None, None]) -> None:
    """End a link. Either side may; the parent sees nothing of the learner from then on."""
    families.revoke(means(), call.principal, call.reach, call.uuid("link_id"), now=call.now)


@api.post("v1/consents", body=NewConsent, answer=ConsentView, status=201, errors=(Missing,))
def consents_record(call: Call[None, NewConsent]) -> ConsentView:
    """Agree to something or refuse it, for yourself or as a parent for a child.

    A parent's `being_shown` is what lets profiles and boards show a minor; each linked
    parent may refuse it.
    """
    statement = consents.record(
        means(),
        call.principal,
        call.reach,
        call.body.user_id or call.principal.user_id,
        call.body.given(),
        where_from(call),
        idempotency=call.idempotency,
        now=call.now,
    )
    return ConsentView.model_validate(statement, from_attributes=True)


@api.get("v1/consents", query=ConsentQuery, answer=ConsentList, errors=(Missing,))
def consents_list(call: Call[ConsentQuery, None]) -> ConsentList:
    """List every statement about your data, a child's, or as an admin anybody's."""
    user_id = call.query.user_id or call.principal.user_id
    found = consents.listed(means(), call.principal, call.reach, user_id)
    note_read(call, "consent.list", user_id)
    items = [ConsentView.model_validate(each, from_attributes=True) for each in found]
    return ConsentList(items=items)
