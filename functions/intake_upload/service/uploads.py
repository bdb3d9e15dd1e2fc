"""Files that come by HTTP: forms of a browser, and e-mails that a gateway posts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from functions.intake_upload.uploads import MOST_FILE_BYTES, Uploaded
from shared.errors import Invalid, Missing
from shared.intake_arrivals import Arrival, take_in
from shared.models.intake import IntakeRecord, Origin
from shared.stores import Stores

MOST_MAIL_BYTES = 36 * 1024 * 1024


@dataclass(frozen=True)
class Taken:
    """What became of one uploaded file: its record, or why there is none."""

    filename: str
    record: IntakeRecord | None
    refusal: str | None = None


def upload(
    stores: Stores, tenant_id: str, files: Iterable[Uploaded], *, by: str, now: datetime
) -> list[Taken]:
    """Take uploaded files in, each by itself; ``by`` is the pseudonym of who uploads.

    One that is refused does not hold up the others.
    """
    return [_taken(stores, tenant_id, file, by, now) for file in files]


def _taken(stores: Stores, tenant_id: str, file: Uploaded, by: str, now: datetime) -> Taken:
    if file.content is None:
        most = MOST_FILE_BYTES // 1024**2
        return Taken(file.filename, None, f"The file is larger than {most} MiB.")
    if not file.content:
        return Taken(file.filename, None, "The file is empty.")
    origin = Origin(sender=by)
    try:
        arrival = Arrival(tenant_id, "web", file.filename, file.content, origin)
        return Taken(file.filename, take_in(stores, arrival, now=now))
    except Invalid as error:
        return Taken(file.filename, None, f"The file cannot be kept: {error.detail}.")


def take_mail(
    stores: Stores, tenant_id: str, content: bytes, *, recipient: str, now: datetime
) -> IntakeRecord:
    """Take in an e-mail as it came (RFC 5322), attachments and all; returns its record.

    Its attachments become intakes of their own once it is checked. Raises ``Missing`` when there
    is no such tenant.
    """
    if stores.documents.get("tenants", (tenant_id,), "tenant") is None:
        raise Missing("there is no tenant for this inbox")
    arrival = Arrival(
        tenant_id, "email", "message.eml", content, Origin(account=recipient, sender="")
    )
    return take_in(stores, arrival, now=now)
