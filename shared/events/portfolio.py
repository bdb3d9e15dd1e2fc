"""Events of portfolios. They carry ids alone."""

from __future__ import annotations

from typing import ClassVar

from shared.events.envelope import EventData


class _OfItem(EventData):
    """An event of one item of a learner's portfolio."""

    user_id: str
    item_id: str

    @property
    def subject(self) -> str:
        return self.item_id


class PortfolioItemRemoved(_OfItem):
    """An item was removed: its files are to go."""

    type: ClassVar[str] = "waymark.portfolio.item_removed.v1"


class PortfolioFileRemoved(_OfItem):
    """A file was taken off an item: it is to go."""

    type: ClassVar[str] = "waymark.portfolio.file_removed.v1"

    file_id: str


class PortfolioFeedbackGiven(_OfItem):
    """A mentor has said something of an item."""

    type: ClassVar[str] = "waymark.portfolio.feedback_given.v1"

    feedback_id: str
