"""The embedded stores in a folder, on a clock that moves when told to, and the chain on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.accounts.service import audit_log, consents, mailed_codes, registration
from functions.accounts.service.means import Means
from functions.accounts.service.personal_data import erasing, exporting, replaying
from functions.intake_blob_trigger import service as blob_trigger
from functions.intake_blob_trigger.rules import Limits
from functions.intake_extract import service as extraction
from functions.intake_extract.rules.mail import UnpackedMail, unpack
from functions.intake_finalize import service as finalizing
from functions.intake_parse import service as parsing
from shared import topology
from shared.auth import Tokens
from shared.blobs.files import FileBlobs
from shared.bus.sqlite import SqliteBus
from shared.bus.sqlite_rows import Delivery
from shared.delivery import NotHandled, deliver
from shared.documents.port import Create, Equals, Json
from shared.documents.sqlite import SqliteDocuments
from shared.errors import Throttled, Unavailable
from shared.events.audit import AuditNoted
from shared.events.envelope import Event
from shared.events.person import (
    CodeRequested,
    ErasureAdvanced,
    ExportRequested,
    FamilyChanged,
    PersonRegistered,
    ReplayAdvanced,
)
from shared.intake_stages import give_up
from shared.language_model.budgeted import BudgetedModel
from shared.mail.port import Mailer
from shared.messaging import Outcome
from shared.models.intake import IntakeRecord, Stage
from shared.models.text import ExtractedText, TextLine
from shared.pseudonyms import Pseudonyms
from shared.scanning.port import Scanner
from tests.kernel.tokens import settings

TENANT, RIVAL = "acme", "rival"
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LIMITS = Limits()
PSEUDONYMS = Pseudonyms(b"the key of the tests' pseudonyms")

RESUME = """Maya Okafor
maya.okafor@example.com
+49 30 901820

Skills
Python, C++, Node.js

Experience
Software Engineer, Borealis GmbH
2019 - 2023
"""


@dataclass
class Clock:
    """A clock that moves when told to."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


class Lines:
    """Stands for the sandbox: the lines of a text file, and a count of the files it opened."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.opened: list[bytes] = []

    def extract(self, data: bytes, media_type: str) -> ExtractedText:
        self.opened.append(data)
        if self.error:
            raise self.error
        lines = [TextLine(text=line, page=1) for line in data.decode().splitlines() if line]
        return ExtractedText(
            media_type=media_type, page_count=1, lines=tuple(lines), language="en", warnings=("w",)
        )

    def unpack(self, data: bytes) -> UnpackedMail:
        self.opened.append(data)
        if self.error:
            raise self.error
        return unpack(data)


@dataclass
class House:
    """The three stores, and ways to drop files and deliver what waits on the bus."""

    home: Path
    clock: Clock = field(default_factory=Clock)
    lines: Lines = field(default_factory=Lines)
    documents: Any = None
    blobs: Any = None
    bus: Any = None
    scanner: Scanner | None = None
    resume_model: BudgetedModel | None = None
    mailer: Mailer | None = None
    reopened: bool = False
    """Whether the folder holds the stores of a house that was there before."""

    def __post_init__(self) -> None:
        def seconds() -> float:
            return self.clock().timestamp()

        self.documents = SqliteDocuments(self.home / "documents.db", topology.load(), seconds)
        self.blobs = FileBlobs(
            self.home / "blobs", link_base="http://127.0.0.1/blobs", link_key=b"k" * 32
        )
        self.bus = SqliteBus(self.home / "bus.db", topology.load(), seconds)
        for code in () if self.reopened else (TENANT, RIVAL):
            self.add_tenant(code)

    def close(self) -> None:
        self.documents.close()
        self.bus.close()

    def add_tenant(self, code: str) -> None:
        tenant = {"schema_version": 1, "id": "tenant", "kind": "tenant", "tenant_id": code}
        self.documents.commit("tenants", (code,), [Create(tenant | {"name": code})])

    def put(self, name: str, data: str | bytes) -> str:
        """Put a file into ``resumes`` untold; returns its name there."""
        self.blobs.put("resumes", name, data.encode() if isinstance(data, str) else data)
        return name

    def tell(self, name: str) -> None:
        """Tell the blob trigger of a file."""
        blob_trigger.register(
            self, "resumes", name, scanner=self.scanner, limits=LIMITS, clock=self.clock
        )

    def drop(self, filename: str, data: str | bytes = RESUME, *, tenant: str = TENANT) -> str:
        """Drop a file and tell of it; returns its blob's name."""
        name = self.put(f"{tenant}/{filename}", data)
        self.tell(name)
        return name

    def kinds(self, kind: str, *, container: str = "intake", tenant: str = TENANT) -> list[Json]:
        """The documents of one kind of a tenant."""
        page = self.documents.query(container, (tenant,), where=[Equals("kind", kind)], limit=1000)
        return [item.body for item in page.items]

    def records(self, *, tenant: str = TENANT) -> dict[str, IntakeRecord]:
        """The tenant's records by file name."""
        found = [IntakeRecord.of(body) for body in self.kinds("record", tenant=tenant)]
        return {record.file.filename: record for record in found}

    def record(self, filename: str, *, tenant: str = TENANT) -> IntakeRecord:
        return self.records(tenant=tenant)[filename]

    def store(self, record: IntakeRecord) -> IntakeRecord:
        """Write a record as it is given."""
        self.documents.commit("intake", record.partition, [Create(record.stored())])
        return record

    def waiting(self, entity: str) -> list[Event]:
        """Take every message that is due at an entity off the bus, session by session."""
        if not topology.load().receivers[entity].sessions:
            return self._taken(self.bus.receive(entity, limit=1000))
        taken = []
        while lock := self.bus.accept_session(entity):
            taken += self._taken(self.bus.receive(entity, limit=1000, session=lock))
            self.bus.release_session(lock)
        return taken

    def _taken(self, deliveries: Iterable[Delivery]) -> list[Event]:
        found = []
        for delivery in deliveries:
            self.bus.complete(delivery)
            found.append(Event.read(delivery.body))
        return found

    def work(self, entity: str) -> list[Outcome | str]:
        """Deliver what waits at an entity to its handler until it is settled."""
        outcomes: list[Outcome | str] = []
        while deliveries := self.bus.receive(entity, limit=1):
            (delivery,) = deliveries
            try:
                deliver(
                    self,
                    delivery.body,
                    entity=entity,
                    delivery_count=delivery.delivery_count,
                    handle=lambda event: self._noted(outcomes, entity, event),
                    exhausted=lambda event, cause: self.give_up(entity, event, cause),
                    now=self.clock(),
                )
            except NotHandled as error:
                outcomes.append(str(error).partition(" ")[0])
                self.bus.abandon(delivery)
            else:
                self.bus.complete(delivery)
        return outcomes

    def handle(self, entity: str, event: Event) -> Outcome:
        """Give an event to the handler of an entity, past the bus."""
        if entity == "intake_blob_trigger":
            return blob_trigger.rescan(
                self, event, scanner=self.scanner, limits=LIMITS, clock=self.clock
            )
        if entity == "intake_extract":
            return extraction.extract(self, self.lines, event, clock=self.clock)
        if entity == "candidates/intake_finalize":
            return finalizing.complete(self, event, clock=self.clock)
        if entity == "intake_finalize":
            return finalizing.write_profile(self, PSEUDONYMS, event, clock=self.clock)
        if entity == "accounts":
            return self._accounts(event)
        return parsing.parse_text(self, event, model=self.resume_model, clock=self.clock)

    def _accounts(self, event: Event) -> Outcome:
        """What the function ``accounts_hear`` does, on these stores."""
        handlers: dict[str, Callable[[], Outcome]] = {
            AuditNoted.type: lambda: audit_log.write_down(self, event),
            PersonRegistered.type: lambda: registration.complete(self, event),
            CodeRequested.type: lambda: mailed_codes.send(
                self.means, self.mailer, event, now=self.clock()
            ),
            FamilyChanged.type: lambda: consents.judge_again(self, event, now=self.clock()),
            ExportRequested.type: lambda: exporting.make(self.means, event, clock=self.clock),
            ErasureAdvanced.type: lambda: erasing.advance(self.means, event, clock=self.clock),
            ReplayAdvanced.type: lambda: replaying.advance(self.means, event, clock=self.clock),
        }
        return handlers[event.type]()

    @property
    def means(self) -> Means:
        """What the services of accounts work with."""
        return Means(self, Tokens(settings()), PSEUDONYMS)

    def give_up(self, entity: str, event: Event, cause: str) -> None:
        stages: dict[str, Stage] = {
            "intake_blob_trigger": blob_trigger.stage_of(event),
            "intake_extract": "extracting",
            "intake_parse": "parsing",
        }
        stage = stages.get(entity, "finalizing")
        give_up(self, event, cause, stage=stage, source=entity, now=self.clock())

    def work_all(self) -> None:
        """Lead every file on as far as it goes."""
        for entity in CHAIN:
            self.work(entity)

    def _noted(self, outcomes: list[Outcome | str], entity: str, event: Event) -> Outcome:
        try:
            outcome = self.handle(entity, event)
        except (Unavailable, Throttled):
            raise
        except Exception:
            self.clock.advance(seconds=10)  # what is sent again for a defect is due at once
            raise
        outcomes.append(outcome)
        return outcome


CHAIN = (
    "intake_blob_trigger",
    "intake_extract",
    "intake_parse",
    "intake_finalize",
    "candidates/intake_finalize",
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The embedded stores on a new folder, with two tenants."""
    made = House(tmp_path)
    yield made
    made.close()
