"""The record of one dropped file on its way to a profile.

States: received → scanning → extracting → parsing → finalizing → completed, or
quarantined, failed, duplicate; an e-mail ends as unpacked, and each file that it brought
has a record of its own. A record lies in the partition
``(tenant_id, intake_id)`` with the parse and the receipts of its file. A retry
begins the next attempt; events carry the attempt they belong to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.examples import DIGEST, FILENAME, example
from shared.models.resume import Resume

CONTAINER = "intake"
PARSE_ID = "parse"

Stage = Literal["received", "scanning", "extracting", "parsing", "finalizing"]
Ending = Literal["completed", "quarantined", "failed", "duplicate", "unpacked"]
State = Stage | Ending
Channel = Literal["drop", "web", "whatsapp", "telegram", "email"]

_FILES = UUID("6f0c2d0c-6a0b-5a1e-9d86-2f6f3f0f6a51")


def intake_id_of(tenant_id: str, blob_name: str, sha256: str) -> str:
    """The id of a file's record: the same bytes at the same place are the same intake."""
    return str(uuid5(_FILES, f"{tenant_id}\n{blob_name}\n{sha256}"))


def content_id_of(tenant_id: str, sha256: str) -> str:
    """The partition in which the first file with these bytes claims them."""
    return str(uuid5(_FILES, f"{tenant_id}\n{sha256}"))


def extract_name(tenant_id: str, intake_id: str, attempt: int) -> str:
    """Where the text of one attempt lies in the blob container ``extracts``."""
    return f"{tenant_id}/{intake_id}/{attempt}.json"


class _Part(BaseModel):
    model_config = READING


class Reason(_Part):
    """Why a file ended where it did: a code for programs, a sentence for people."""

    code: str
    detail: str
    stage: Stage


class Step(_Part):
    """One stage done, or tried, of one attempt."""

    stage: Stage
    attempt: int = Field(ge=1)
    outcome: Literal["done", "failed", "quarantined", "duplicate"]
    at: AwareDatetime = Field(description="When it began")
    duration_ms: int = Field(ge=0)


class Unscanned(_Part):
    """That the scanner has given no verdict on a file, and when it is asked again."""

    model_config = example(
        attempt=1,
        since="2026-03-01T12:00:00Z",
        asked=3,
        due_at="2026-03-01T12:07:00Z",
        why="The scanner does not answer.",
    )

    attempt: int = Field(ge=1)
    since: AwareDatetime = Field(description="When it was first asked in this attempt")
    asked: int = Field(ge=1, description="How often it was asked in this attempt")
    due_at: AwareDatetime = Field(description="When it is asked again, while the file waits")
    why: str


class IntakeFile(_Part):
    """The file as it was dropped."""

    model_config = example(
        name=f"demo/{FILENAME}", size=48213, sha256=DIGEST, media_type="application/pdf"
    )

    container: str = "resumes"
    name: str = Field(description="The blob's name, tenant folder included")
    size: int = Field(ge=0, description="Bytes")
    sha256: str
    media_type: str | None = Field(default=None, description="By content; None when unknown")

    @property
    def filename(self) -> str:
        """The last part of the name."""
        return self.name.rsplit("/", 1)[-1]


class Origin(_Part):
    """From whom a file came over its channel, so that an answer finds the way back.

    Lies beside the file's record, and is erased with it.
    """

    model_config = example(account="104527893", sender="4915112345678", message_id="wamid.HBgN")

    account: str = Field(
        default="", description="Ours on the channel: a phone number's id, a bot, an inbox"
    )
    sender: str = Field(description="Theirs: a phone number, a chat, an e-mail address")
    message_id: str = Field(default="", description="The provider's name for the message")
    mail: str | None = Field(default=None, description="The intake of the e-mail it lay in")


class IntakeRecord(Document):
    """Where one file stands, and how it came there. ``id`` is the intake's id."""

    kind: Literal["record"] = "record"
    intake_id: str
    state: State
    attempt: int = Field(default=1, ge=1)
    nudges: int = Field(default=0, ge=0, description="Times its event was sent again in this stage")
    channel: Channel = "drop"
    origin: Origin | None = Field(default=None, description="None for what was dropped")
    file: IntakeFile
    unscanned: Unscanned | None = Field(
        default=None, description="Null when no verdict of the scanner is wanting"
    )
    reason: Reason | None = None
    duplicate_of: str | None = None
    candidate_id: str | None = None
    erasure_due: bool = Field(
        default=False,
        description="Its time is over: it is being erased, and nothing takes it up again",
    )
    language: str | None = None
    pages: int | None = None
    warnings: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def partition(self) -> tuple[str, str]:
        """The logical partition of the record, its parse and its receipts."""
        return (self.tenant_id, self.intake_id)

    @property
    def ended(self) -> bool:
        """Whether no stage is left to do."""
        return self.state in {"completed", "quarantined", "failed", "duplicate", "unpacked"}

    @property
    def is_announced(self) -> bool:
        """Whether the file came over a channel, and its bytes have not been seen yet."""
        return self.state == "received" and not self.steps

    @property
    def lost_original(self) -> bool:
        """Whether the file failed because its bytes were no longer where they were dropped."""
        return (
            self.state == "failed"
            and self.reason is not None
            and self.reason.code in {"original_gone", "changed"}
        )

    @property
    def released(self) -> bool:
        """Whether nobody will read its bytes: they were lost, infected or never scanned."""
        unread = {"malware", "not_scanned"}
        return self.lost_original or (
            self.ended and self.reason is not None and self.reason.code in unread
        )

    def again(self, now: datetime) -> Self:
        """The record at the beginning of its next attempt."""
        return self.model_copy(
            update={
                "state": "received",
                "attempt": self.attempt + 1,
                "nudges": 0,
                "reason": None,
                "duplicate_of": None,
                "warnings": (),
                "updated_at": now,
            }
        )

    def awaits(self, stage: Stage, attempt: int) -> bool:
        """Whether this stage of this attempt is what comes next.

        Also after the stage failed for want of deliveries, so that redriving its dead
        letter, or a message that was only very late, takes the file on.
        """
        gave_up = (
            self.state == "failed"
            and self.reason is not None
            and self.reason.code in {"exhausted", "stalled"}
            and self.reason.stage == stage
        )
        return self.attempt == attempt and (self.state == stage or gave_up) and not self.erasure_due

    def advanced(
        self,
        stage: Stage,
        to: State,
        *,
        began: datetime,
        ended: datetime,
        reason: Reason | None = None,
        **changes: object,
    ) -> Self:
        """The record after ``stage`` was done, with the step noted."""
        outcome = to if to in {"failed", "quarantined", "duplicate"} else "done"
        step = Step(
            stage=stage,
            attempt=self.attempt,
            outcome=outcome,
            at=began,
            duration_ms=max(0, round((ended - began).total_seconds() * 1000)),
        )
        update = {
            "state": to,
            "reason": reason,
            "nudges": 0,
            "steps": (*self.steps, step),
            "updated_at": ended,
            **changes,
        }
        return self.model_copy(update=update)


class Refinement(_Part):
    """What a language model added to what the rules read, and how much of it was believed."""

    model_config = example(
        model="gpt-5-mini",
        added=3,
        corrected=1,
        dropped={"skills": 2, "work_experience.start": 1},
        reason=None,
    )

    model: str
    added: int = Field(default=0, ge=0, description="Values and entries that the rules lacked")
    corrected: int = Field(default=0, ge=0, description="Values that the rules were unsure of")
    dropped: dict[str, int] = Field(
        default={}, description="Values that the text does not support, by field"
    )
    reason: str | None = Field(
        default=None,
        description="Why the rules' reading stands alone, e.g. `timed_out`, `throttled`, "
        "`over_budget`; null when the model was heard",
    )


class ParseDocument(Document):
    """What was read from one file, beside its record."""

    id: str = PARSE_ID
    kind: Literal["parse"] = "parse"
    intake_id: str
    attempt: int
    resume: Resume
    terms: tuple[str, ...] = Field(default=(), description="Search terms of the whole text")
    refinement: Refinement | None = Field(
        default=None, description="None where no language model is asked"
    )
    created_at: AwareDatetime
