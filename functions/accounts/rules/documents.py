"""Documents that this flow alone keeps."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.roles import Role

CREDENTIALS = "credentials"
INVITATIONS = "invitations"
THROTTLES = "throttles"
CREDENTIAL_ID = "credential"
JUDGEMENT_ID = "judgement"
NO_PASSWORD = "none"  # noqa: S105  no hash has this form, so no password is ever right

ConsentKind = Literal["terms", "privacy", "profiling", "being_shown", "messages"]


class ConsentGiven(BaseModel):
    """What somebody agreed to or refused, as they said it."""

    model_config = READING

    kind: ConsentKind
    version: str
    granted: bool


class WhereFrom(BaseModel):
    """Where a statement came from, as evidence of it."""

    model_config = READING

    client_address: str | None = None
    user_agent: str | None = None


class NewAccount(BaseModel):
    """What an account is made of, until it is made."""

    model_config = READING

    email: str
    display_name: str
    roles: tuple[Role, ...]
    birth_year: int | None = None
    time_zone: str
    language: str = "en"
    address_proven: bool = False
    consents: tuple[ConsentGiven, ...] = ()
    where_from: WhereFrom = WhereFrom()


class Credential(Document):
    """How somebody signs in, in the partition ``(tenant_id, address_id)``: nobody else there
    can have the address."""

    id: str = CREDENTIAL_ID
    kind: Literal["credential"] = "credential"
    address_id: str
    user_id: str
    password_hash: str
    new_account: NewAccount | None = Field(
        default=None, description="Until the account is made from it"
    )
    invitation_id: str | None = None
    created_at: AwareDatetime
    changed_at: AwareDatetime = Field(description="When the password was changed last")


class MailedCode(Document):
    """That somebody asked for a code by e-mail, in the partition ``(tenant_id, address_id)``,
    whether or not anybody has the address; the code itself stands in the e-mail alone."""

    kind: Literal["mailed_code"] = "mailed_code"
    address_id: str
    purpose: Literal["reset", "registration"]
    code_digest: str | None = Field(default=None, description="None until the e-mail goes out")
    email: str | None = Field(default=None, description="Where to, as who registers wrote it")
    password_hash: str | None = Field(default=None, description="Of who registers")
    new_account: NewAccount | None = Field(default=None, description="Of who registers")
    requested_at: AwareDatetime
    expires_at: AwareDatetime | None = None

    def holds(self, digest: str, now: datetime) -> bool:
        """Whether this is the code's digest, and the code has not run out."""
        if self.code_digest is None or self.expires_at is None or now >= self.expires_at:
            return False
        return hmac.compare_digest(self.code_digest, digest)


class RefreshFamily(Document):
    """The refresh tokens of one sign-in, in the person's partition: only the last one holds."""

    kind: Literal["refresh_family"] = "refresh_family"
    user_id: str
    family_id: str
    current: str = Field(description="Which token of the family holds")
    former: str | None = Field(default=None, description="The one that it replaced")
    repeat_key: str | None = Field(
        default=None, description="Digest of the Idempotency-Key that the former was sent with"
    )
    created_at: AwareDatetime
    rotated_at: AwareDatetime
    revoked_at: AwareDatetime | None = None
    revoked_for: Literal["signed_out", "reused", "password_changed", "suspended"] | None = None


class Invitation(Document):
    """That somebody may join with these roles, in the partition ``(tenant_id, invitation_id)``."""

    kind: Literal["invitation"] = "invitation"
    invitation_id: str
    email: str
    address_id: str
    roles: tuple[Role, ...]
    state: Literal["open", "accepted", "revoked"] = "open"
    expires_at: AwareDatetime
    created_at: AwareDatetime
    updated_at: AwareDatetime

    def is_open(self, now: datetime) -> bool:
        """Whether it can be accepted."""
        return self.state == "open" and now < self.expires_at


class FamilyCode(Document):
    """A code by which a parent is linked, in the learner's partition of ``family``.

    Its id is one of as many places as codes can be open.
    """

    kind: Literal["code"] = "code"
    learner_id: str
    code_digest: str
    state: Literal["open", "used", "revoked"] = "open"
    expires_at: AwareDatetime
    updated_at: AwareDatetime

    def is_open(self, now: datetime) -> bool:
        """Whether it links a parent."""
        return self.state == "open" and now < self.expires_at


class Consent(Document):
    """One statement of consent or refusal. Written once, never changed."""

    kind: Literal["consent"] = "consent"
    user_id: str = Field(description="Whose data it is about")
    given_by: str = Field(description="The person, or the parent who speaks for them")
    what: ConsentKind
    version: str
    granted: bool
    where_from: WhereFrom = WhereFrom()
    at: AwareDatetime


class Judgement(Document):
    """That it was judged whether parents agree, in the learner's partition: it orders judgements
    that are made at the same moment."""

    id: str = JUDGEMENT_ID
    kind: Literal["judgement"] = "judgement"
    user_id: str
    judged_at: AwareDatetime


class Export(Document):
    """An archive of everything held on a person, under way or ready."""

    kind: Literal["export"] = "export"
    user_id: str
    export_id: str
    state: Literal["requested", "ready"] = "requested"
    with_candidate: bool = False
    size: int | None = None
    documents: int | None = None
    files: int | None = None
    requested_at: AwareDatetime
    ready_at: AwareDatetime | None = None


class Throttle(Document):
    """Failures of one account or one client, of late."""

    id: str = "throttle"
    kind: Literal["throttle"] = "throttle"
    bucket: str
    failures: int
    last_at: AwareDatetime
