"""Events of the reports of journeys. They carry ids, and no name."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.events.envelope import EventData


class _OfSummary(EventData):
    """An event of one version of a journey's report."""

    user_id: str
    session_id: str
    version: int = Field(ge=1)

    @property
    def subject(self) -> str:
        return self.session_id


class SummaryRequested(_OfSummary):
    """A version of a report is to be made."""

    type: ClassVar[str] = "waymark.summary.requested.v1"


class SummaryPublished(_OfSummary):
    """A version of a report can be read from now on."""

    type: ClassVar[str] = "waymark.summary.published.v1"


class SummaryMailDue(EventData):
    """A parent was told of a report in the product, and may be told by e-mail."""

    type: ClassVar[str] = "waymark.summary.mail_due.v1"

    parent_id: str
    learner_id: str

    @property
    def subject(self) -> str:
        return self.parent_id
