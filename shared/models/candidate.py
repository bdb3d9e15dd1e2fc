"""A candidate's profile, kept in the partition ``(tenant_id, candidate_id)``."""

from __future__ import annotations

from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.examples import DIGEST, FILENAME, INTAKE, example
from shared.models.resume import Resume

CONTAINER = "candidates"

_CANDIDATES = UUID("0b5c1f0e-3a55-5b0d-8a47-3f8f52d5a1f7")


def candidate_id_of(tenant_id: str, key: str) -> str:
    """The id of the candidate with this identifying key (``email:…``, ``phone:…``, ``file:…``).

    Derived, so that whoever hears of the same person finds the same partition.
    """
    return str(uuid5(_CANDIDATES, f"{tenant_id}\n{key}"))


class ProfileSource(BaseModel):
    """A file that a profile was read from."""

    model_config = READING | example(intake_id=INTAKE, attempt=1, filename=FILENAME, sha256=DIGEST)

    intake_id: str
    attempt: int
    filename: str
    sha256: str
    received_at: AwareDatetime


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
    edited_fields: tuple[str, ...] = Field(
        default=(), description="Fields of the résumé that a person set: no file overwrites them"
    )
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the profile and its receipts."""
        return (self.tenant_id, self.candidate_id)

    @property
    def newest_source(self) -> ProfileSource:
        """The file that came in last."""
        return max(self.sources, key=lambda source: (source.received_at, source.intake_id))
