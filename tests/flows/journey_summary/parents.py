"""Reports on the embedded stores of a house: learners who end journeys, parents who look."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.journey_summary.rules.documents import BLOBS, CONTAINER, Summary, blob_name_of
from functions.journey_summary.rules.report import Report
from functions.journey_summary.service import making, reading
from functions.xp_award.service import awarding
from shared import messaging
from shared.access import ACCESS, Reach
from shared.auth import Principal, Tokens
from shared.documents.port import Create, Upsert
from shared.events.envelope import Event
from shared.models import account, family
from shared.models.account import Account
from shared.models.family import FamilyLink, link_id_of
from shared.models.roles import Role
from tests.flows.journeying import Journeyer
from tests.flows.stores import PSEUDONYMS, TENANT, House
from tests.kernel.tokens import settings

REACHES = ACCESS["summaries_link"] or {}
OWN: frozenset[Reach] = frozenset({"own"})
CHILDREN: frozenset[Reach] = frozenset({"children"})


def person(house: House, user: str, role: Role = "parent", **more: Any) -> Principal:
    """Somebody with an account."""
    made = Account(
        tenant_id=more.pop("tenant", TENANT), user_id=user, display_name=more.pop("name", user),
        roles=(role,), created_at=house.clock(), updated_at=house.clock(), **more,
    )  # fmt: skip
    house.documents.commit(account.CONTAINER, made.partition, [Upsert(made.stored())])
    return Principal(user, made.tenant_id, frozenset({role}))


def link(house: House, learner: str, parent: str, *, active: bool = True) -> None:
    made = FamilyLink(
        id=link_id_of(TENANT, learner, parent), tenant_id=TENANT, learner_id=learner,
        parent_id=parent, active=active, linked_at=house.clock(), updated_at=house.clock(),
    )  # fmt: skip
    house.documents.commit(family.CONTAINER, (TENANT, learner), [Upsert(made.stored())])


@dataclass
class Drawer:
    """Draws in words, and counts how often."""

    drawn: list[Report] = field(default_factory=list)

    def __call__(self, report: Report) -> tuple[bytes, int]:
        self.drawn.append(report)
        return f"{report.learner} {report.xp} version {report.version}".encode(), 2


@dataclass
class Reporting:
    """The flow on the stores of a house, or on others that stand before them."""

    house: House
    draw: Drawer = field(default_factory=Drawer)
    stores: Any = None

    def __post_init__(self) -> None:
        self.stores = self.stores or self.house
        self.tokens = Tokens(settings())

    @property
    def now(self) -> datetime:
        return self.house.clock()

    def ended(self, user: str = "lena", **more: Any) -> Event:
        """Somebody completes a journey; the event that tells of it."""
        journeyer = Journeyer(self.house, user, **more)
        journeyer.whole()
        (event,) = self.house.waiting("journeys/journey_summary")
        return event

    def note(self, event: Event) -> messaging.Outcome:
        return making.note(self.stores, PSEUDONYMS, event, now=self.now)

    def wanted(self) -> list[Event]:
        """The events that ask for a version, taken off the queue."""
        return self.house.waiting("journey_summary")

    def make(self, event: Event) -> messaging.Outcome:
        return making.make(self.stores, PSEUDONYMS, event, self.draw, now=self.now)

    def pay(self) -> None:
        for event in self.house.waiting("journeys/xp_award"):
            awarding.award(self.house, PSEUDONYMS, event, now=self.now)

    def published(self) -> list[Event]:
        return self.house.waiting("summaries/intake_notify")

    def made(self, user: str = "lena", **more: Any) -> Summary:
        """The report of a journey that somebody completes now."""
        event = self.ended(user, **more)
        self.pay()
        self.note(event)
        for each in self.wanted():
            self.make(each)
        return self.summary(event)

    def ask(self, by: Principal, summary: Summary, reach: frozenset[Reach] = OWN) -> Any:
        _, body = making.ask(
            self.stores, PSEUDONYMS, by, reach, summary.session_id,
            shown=lambda shown: shown.stored(), idempotency=None, now=self.now,
        )  # fmt: skip
        return body

    def link(self, by: Principal, summary: Summary) -> str:
        return reading.link(self.stores, self.tokens, PSEUDONYMS, by, summary, now=self.now).ticket

    def open(self, summary: Summary, ticket: str) -> bytes:
        return reading.download(
            self.stores, self.tokens, PSEUDONYMS, summary.session_id, ticket, REACHES,
            now=self.now,
        )[1]  # fmt: skip

    def summary(self, event: Event) -> Summary:
        """The report that an event is about, as it is kept."""
        partition = (event.tenantid, event.data["user_id"])
        return reading.read(self.house, partition, event.data["session_id"])[0]

    def file(self, summary: Summary) -> bytes | None:
        name = blob_name_of(*summary.partition, summary.session_id)
        if self.house.blobs.info(BLOBS, name) is None:
            return None
        with self.house.blobs.open(BLOBS, name) as file:
            return bytes(file.read())

    def keep(self, summary: Summary) -> Summary:
        """Write a report as it is given."""
        self.house.documents.commit(CONTAINER, summary.partition, [Create(summary.stored())])
        return summary
