"""A person's account, kept in the partition ``(tenant_id, user_id)``."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from shared.models.document import Document
from shared.models.question_bank import Track
from shared.models.roles import Role

CONTAINER = "accounts"
ACCOUNT_ID = "account"


class Account(Document):
    """One person in one tenant. ``id`` is always ``account``."""

    id: str = ACCOUNT_ID
    kind: Literal["account"] = "account"
    user_id: str
    email: str | None = Field(default=None, description="As it was written; None from outside")
    address_id: str | None = Field(default=None, description="The partition it signs in by")
    address_proven: bool = Field(
        default=False, description="Whether somebody vouched that the address is this person's"
    )
    display_name: str
    roles: tuple[Role, ...]
    status: Literal["active", "suspended"] = "active"
    birth_year: int | None = None
    time_zone: str = Field(default="UTC", description="IANA name; a person's days are its days")
    language: str = Field(default="en", description="BCP 47")
    parent_consented: bool = Field(
        default=False, description="A parent's consent to being shown holds at present"
    )
    hidden: bool = Field(default=False, description="Asked not to be shown to other people")
    external: bool = Field(default=False, description="Signs in with an external provider")
    profiling_complete: bool = False
    profiling_completed_at: AwareDatetime | None = None
    profiling_session_id: str | None = None
    track_key: Track | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the account and all that is the person's own in it."""
        return (self.tenant_id, self.user_id)

    def is_minor(self, *, consent_age: int, on: date) -> bool:
        """Whether the person may be younger than the tenant's age of consent.

        Only the year of birth is known, so whoever may not have had their birthday yet
        counts as younger, and so does a learner who gave no year.
        """
        if self.birth_year is None:
            return "learner" in self.roles
        return on.year - self.birth_year <= consent_age

    def may_be_shown(self, *, consent_age: int, on: date) -> bool:
        """Whether a profile or a board may show the person to others."""
        if self.hidden or self.status != "active":
            return False
        return self.parent_consented or not self.is_minor(consent_age=consent_age, on=on)
