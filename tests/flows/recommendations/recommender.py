"""A tenant with content, on the embedded stores of a house, with the real text encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from functions.journey_tracking.rules.progress import Report
from functions.journey_tracking.service import learning
from functions.recommendations.rules.documents import Action, Engagement
from functions.recommendations.service import content, engagement, hearing, recipes
from functions.recommendations.service.recommending import Served, recommend
from shared.auth import Principal
from shared.encoding import Encoder, MiniLmEncoder, Vector
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.messaging import Outcome
from tests.flows.profiling import learner
from tests.flows.stores import PSEUDONYMS, TENANT, House

ADMIN = Principal("ada", TENANT, frozenset({"admin"}))
_ENCODER = MiniLmEncoder()
"""Loaded once a process: that takes seconds."""


@dataclass
class Counting:
    """The real encoder, and how many texts it was given."""

    encoder: Encoder = field(default_factory=lambda: _ENCODER)
    texts: int = 0
    fails: list[Exception] = field(default_factory=list)
    """What the next calls raise."""
    dies_at: str | None = None
    """A text with this in it finds no encoder."""

    @property
    def model(self) -> str:
        return self.encoder.model

    @property
    def dimension(self) -> int:
        return self.encoder.dimension

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        if self.fails and texts:
            raise self.fails.pop(0)
        if self.dies_at and any(self.dies_at in text for text in texts):
            raise Unavailable("the encoder is gone")
        self.texts += len(texts)
        return self.encoder.encode(texts)


def lesson(content_id: str, text: str = "About it.", **more: Any) -> dict[str, Any]:
    """An item as an admin sends it."""
    fields = {
        "content_type": "lesson", "content_id": content_id, "title": content_id.replace("-", " "),
        "text": text,
    }  # fmt: skip
    return fields | more


@dataclass
class Recommender:
    """The flow as admins, learners and the bus use it."""

    house: House
    encoder: Counting = field(default_factory=Counting)

    def store(self, *items: dict[str, Any], by: Principal = ADMIN) -> list[str]:
        """Store items; returns how each ended."""
        stored = content.store(
            self.house, PSEUDONYMS, self.encoder, by, items, now=self.house.clock()
        )
        return [each.outcome for each in stored]

    def keep_seed(self) -> None:
        recipes.keep_seed(self.house, self.encoder, now=self.house.clock())

    def recommend(
        self, user: str = "lena", *, content_type: str | None = "lesson", limit: int = 10,
        language: str | None = None, shown: bool = True, tenant: str = TENANT,
    ) -> Served:  # fmt: skip
        return recommend(
            self.house, PSEUDONYMS, (tenant, user), recommendation_id=str(uuid4()),
            content_type=content_type, language=language, limit=limit, is_shown=shown,
            now=self.house.clock(),
        )  # fmt: skip

    def ids(self, user: str = "lena", **more: Any) -> list[str]:
        """The ids of what is recommended."""
        return [each.content_id for each in self.recommend(user, **more).made.items]

    def complete(
        self, content_id: str, *, user: str = "lena", score: float | None = None,
        content_type: str = "lesson",
    ) -> None:  # fmt: skip
        """Report that a piece of content is completed; nobody hears of it yet."""
        learning.report_progress(
            self.house, PSEUDONYMS, learner(user), f"p-{content_type}-{content_id}",
            Report(content_id=content_id, content_type=content_type, percent=100, score=score),
            if_match=None, now=self.house.clock(),
        )  # fmt: skip

    def hear(self, entity: str) -> list[Outcome]:
        """Deliver what waits there."""
        return [self.handle(event) for event in self.house.waiting(f"{entity}/recommendations")]

    def handle(self, event: Event) -> Outcome:
        if event.type == "waymark.recipe.written.v1":
            return recipes.follow(self.house, self.encoder, event, now=self.house.clock())
        return hearing.hear(self.house, PSEUDONYMS, event, now=self.house.clock())

    def act(
        self, content_id: str, action: Action, *, user: str = "lena", of: str | None = None,
        content_type: str = "lesson",
    ) -> Engagement:  # fmt: skip
        return engagement.act(
            self.house, PSEUDONYMS, learner(user), content_type, content_id, action,
            recommendation_id=of, now=self.house.clock(),
        )  # fmt: skip
