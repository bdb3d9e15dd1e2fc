"""A candidate's profile, kept in the partition ``(tenant_id, candidate_id)``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.examples import DIGEST, FILENAME, INTAKE, example
from shared.models.intake import Channel
from shared.models.resume import Resume

CONTAINER = "candidates"

_CANDIDATES = UUID("0b5c1f0e-3a55-5b0d-8a47-3f8f52d5a1f7")


def candidate_id_of(tenant_id: str, key: str) -> str:
    """The id of the candidate with this identifying key (``email:…``, ``phone:…``, ``file:…``).

    Derived, so that whoever hears of the same person finds the same partition.
    """
    return str(uuid5(_CANDIDATES, f"{tenant_id}\n{key}"))


NO_END = datetime(9999, 12, 31, tzinfo=UTC)
"""When a profile ends that has no end."""

Basis = Literal["consent", "legitimate_interest", "contract"]


class ProfileSource(BaseModel):
    """A file that a profile was read from, or what else it was made from."""

    model_config = READING | example(intake_id=INTAKE, attempt=1, filename=FILENAME, sha256=DIGEST)

    intake_id: str
    attempt: int
    filename: str
    sha256: str
    received_at: AwareDatetime
    channel: Channel | Literal["api"] = "drop"


class CandidateConsent(BaseModel):
    """On what ground the profile is kept."""

    model_config = READING | example(basis="consent", note="By e-mail, with the application")

    basis: Basis
    given_at: AwareDatetime
    note: str | None = Field(default=None, max_length=500)


class CandidateProfile(Document):
    """Everything known of one candidate. ``id`` is the candidate's id."""

    kind: str = "profile"
    candidate_id: str
    name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    resume: Resume
    skill_keys: tuple[str, ...] = ()
    terms: tuple[str, ...] = Field(default=(), description="Search terms, see search_terms")
    sources: tuple[ProfileSource, ...] = Field(min_length=1)
    said_by: dict[str, str] = Field(
        default_factory=dict,
        description="Which source a single value is from, by its field: the later one wins",
    )
    edited_fields: tuple[str, ...] = Field(
        default=(), description="Fields of the résumé that a person set: no file overwrites them"
    )
    language_codes: tuple[str, ...] = ()
    levels: tuple[str, ...] = Field(
        default=(), description="The highest degree, after all that are below it"
    )
    months_of_experience: int = 0
    channels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    consent: CandidateConsent | None = None
    expires_at: AwareDatetime = Field(
        default=NO_END,
        description="From then on the profile is not found, and is erased",
    )
    absorbed: tuple[str, ...] = Field(
        default=(), description="Ids of profiles that this one stands for"
    )
    merging_into: str | None = Field(
        default=None, description="The profile that stands for this one, whose end is under way"
    )
    revision: int = Field(default=1, ge=1, description="How often the profile was written")
    embedding: tuple[float, ...] | None = Field(
        default=None, repr=False, description="What the profile means, for the search"
    )
    embedded: str | None = Field(default=None, description="Digest of the text of the embedding")
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the profile and its receipts."""
        return (self.tenant_id, self.candidate_id)

    @property
    def level(self) -> str | None:
        """The highest degree, None when none is known."""
        return self.levels[-1] if self.levels else None

    @property
    def newest_source(self) -> ProfileSource:
        """The file that came in last."""
        return max(self.sources, key=lambda source: (source.received_at, source.intake_id))


class CandidateAlias(Document):
    """What is left of a profile that was merged into another: where to find it.

    ``id`` is the id of the profile that it was.
    """

    kind: Literal["alias"] = "alias"
    candidate_id: str
    merged_into: str
    merged_at: AwareDatetime


def read_alias(body: dict[str, Any]) -> str | None:
    """The profile into which the one under this id was merged; None for a profile."""
    return CandidateAlias.of(body).merged_into if body.get("kind") == "alias" else None


def leads_to(body: dict[str, Any]) -> str | None:
    """The profile that stands for the one under this id, be it merged or about to be; None when
    it stands for itself."""
    return read_alias(body) or body.get("merging_into")


Action = Literal["created", "file", "edited", "merged", "imported"]


class CandidateRevision(Document):
    """One writing of a profile: what it changed, and what stood there before.

    Beside the profile, ``id`` is ``revision:`` and the number.
    """

    kind: Literal["revision"] = "revision"
    candidate_id: str
    number: int = Field(ge=1)
    action: Action
    at: AwareDatetime
    by: str | None = Field(default=None, description="The pseudonym of who did, None for a file")
    intake_id: str | None = None
    absorbed: Resume | None = Field(
        default=None, description="What another profile said, that was merged into this one"
    )
    changed: tuple[str, ...]
    before: dict[str, Any] = Field(description="The changed fields as they were; empty at first")
