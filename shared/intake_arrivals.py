"""Taking in a file that came over a channel: its record, then its bytes.

The record says over which channel a file came and from whom, which the bytes cannot. It is
written first; then the file goes into the blob container ``resumes``, whose trigger finds the
record and leads the file on as if it had been dropped. Whoever dies between the two sends the
file again, or the record ends as failed when its bytes never come.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from shared.documents.port import Create
from shared.intake_stages import read_record
from shared.messaging import Decision, announce_once
from shared.models.intake import (
    CONTAINER,
    Channel,
    IntakeFile,
    IntakeRecord,
    Origin,
    intake_id_of,
)
from shared.stores import Stores

RESUMES = "resumes"
UNNAMED = "file"
MOST_NAME_BYTES = 120
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\\/:*?\"<>|]+")


@dataclass(frozen=True)
class Arrival:
    """A file as it came in: whose it is, over which channel, and what it is called there."""

    tenant_id: str
    channel: Channel
    filename: str
    content: bytes
    origin: Origin | None = None


def sound_name(given: str) -> str:
    """A file's name as a blob can have it: the last part of a path, at most 120 bytes of UTF-8,
    its extension kept; ``file`` when nothing is left."""
    last = re.split(r"[\\/]", given)[-1]
    text = unicodedata.normalize("NFC", last.encode("utf-8", "ignore").decode())
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl"})
    text = " ".join(_UNUSABLE.sub(" ", text).split()).strip(". ")
    stem, dot, extension = text.rpartition(".")
    if not dot or len(extension.encode()) > 12:
        stem, extension = text, ""
    room = MOST_NAME_BYTES - len(f".{extension}".encode() if extension else b"")
    stem = stem.encode()[:room].decode("utf-8", "ignore").strip(". ")
    return (f"{stem or UNNAMED}.{extension}" if extension else stem) or UNNAMED


def blob_name_of(arrival: Arrival, sha256: str) -> str:
    """Where an arrival's bytes lie: the same bytes of the same name and channel at one place."""
    return f"{arrival.tenant_id}/{arrival.channel}/{sha256[:32]}/{sound_name(arrival.filename)}"


def take_in(stores: Stores, arrival: Arrival, *, now: datetime) -> IntakeRecord:
    """Register a file that came in and put it where files are dropped; returns its record.

    The same bytes over the same channel under the same name are one intake, however often they
    come: the record is then the one that is there, in whatever state it is, and a file that
    failed because its bytes were lost goes on with these. Raises ``Invalid`` for a name that no
    blob can have.
    """
    digest = hashlib.sha256(arrival.content).hexdigest()
    name = blob_name_of(arrival, digest)
    intake_id = intake_id_of(arrival.tenant_id, name, digest)
    record = IntakeRecord(
        id=intake_id,
        tenant_id=arrival.tenant_id,
        intake_id=intake_id,
        state="received",
        channel=arrival.channel,
        origin=arrival.origin,
        file=IntakeFile(container=RESUMES, name=name, size=len(arrival.content), sha256=digest),
        created_at=now,
        updated_at=now,
    )

    def decide() -> Decision:
        if stores.documents.get(CONTAINER, record.partition, intake_id) is not None:
            return Decision()
        return Decision([Create(record.stored())])

    announce_once(
        stores,
        source="intake_arrivals",
        container=CONTAINER,
        partition=record.partition,
        decide=decide,
        now=now,
    )
    present = read_record(stores, arrival.tenant_id, intake_id)[0]
    if present.is_announced or present.lost_original:
        stores.blobs.put(RESUMES, name, arrival.content)
    return present
