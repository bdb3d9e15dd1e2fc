"""What the routes of recommendations take and show."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from functions.recommendations.routes.content_forms import (
    ITEM,
    LANGUAGE,
    SUMMARY,
    ContentId,
    ContentType,
)
from functions.recommendations.rules.documents import (
    Action,
    Engagement,
    ListedItem,
    ReasonKind,
)
from functions.recommendations.service.recommending import Served
from shared.http.call import Body
from shared.models.examples import LEARNER, example

_RECOMMENDATION = "2f1c7f6a-5a0d-4a4e-9d0a-0a9f2d3c4b5a"
_REASON = {
    "kind": "track",
    "about": "defender",
    "text": "It is for Defender, the best track for you with 78 % probability.",
}


class RecommendBody(Body):
    """For whom, and what."""

    model_config = example(user_id=LEARNER, content_type="lesson", language="en", limit=10)

    user_id: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )
    content_type: ContentType | None = Field(default=None, description="Of this type alone")
    language: str | None = Field(
        default=None,
        pattern=LANGUAGE,
        description="In this language alone; else the learner's, with English where that is little",
    )
    limit: int = Field(default=10, ge=1, le=50)


class RecommendReasonView(BaseModel):
    """Why an item is recommended."""

    model_config = example(**_REASON)

    kind: ReasonKind
    about: str = Field(description="What it rests on: an item, a skill, a track")
    text: str


class RecommendedItemView(BaseModel):
    """A recommended item."""

    model_config = example(
        position=1, content_type="lesson", content_id="net-101", title=ITEM["title"],
        summary=SUMMARY, url=ITEM["url"], minutes=25, score=0.42, similarity=0.61,
        predicted_success=0.85, explored=False, reasons=[_REASON],
    )  # fmt: skip

    position: int
    content_type: str
    content_id: str
    title: str
    summary: str
    url: str | None
    minutes: int | None
    score: float = Field(description="By which the list was put in order")
    similarity: float = Field(description="Cosine to what the learner has finished and their track")
    predicted_success: float | None = Field(description="0 to 1; null where nothing tells")
    explored: bool = Field(description="Something else than usual, one in ten")
    reasons: list[RecommendReasonView]


class RecommendView(BaseModel):
    """What is recommended to a learner, the best first."""

    model_config = example(
        recommendation_id=_RECOMMENDATION, user_id=LEARNER, profiling_complete=True, finished=3,
        made_at="2026-03-01T12:00:00Z", cached=False,
    )  # fmt: skip

    recommendation_id: str = Field(description="Name it with clicks")
    user_id: str
    profiling_complete: bool
    finished: int = Field(description="Completed items that the list follows from")
    made_at: AwareDatetime
    cached: bool = Field(description="Made before, and nothing changed since")
    items: list[RecommendedItemView]


class EngagementBody(Body):
    """What you did with an item."""

    model_config = example(
        content_type="lesson", content_id="net-101", action="clicked",
        recommendation_id=_RECOMMENDATION,
    )  # fmt: skip

    content_type: ContentType
    content_id: ContentId
    action: Action = Field(description="restored takes a dismissal back")
    recommendation_id: str | None = Field(
        default=None, min_length=1, max_length=100, description="The list that it stood in"
    )


class EngagementView(BaseModel):
    """What you have done with an item."""

    model_config = example(
        content_type="lesson", content_id="net-101", clicked_at="2026-03-01T12:00:00Z",
        dismissed_at=None, recommendation_id=_RECOMMENDATION, position=1,
    )  # fmt: skip

    content_type: str
    content_id: str
    clicked_at: AwareDatetime | None = Field(description="The first time")
    dismissed_at: AwareDatetime | None
    recommendation_id: str | None = Field(description="The list that it was first clicked in")
    position: int | None = Field(description="Its place there")


def recommend_view(served: Served) -> RecommendView:
    """A list as it is shown."""
    made = served.made
    return RecommendView.model_validate(
        {
            **made.model_dump(include=set(RecommendView.model_fields) - {"items"}),
            "cached": served.is_cached,
            "items": [_item(each) for each in made.items],
        }
    )


def engagement_view(engagement: Engagement) -> EngagementView:
    """What was done with an item, as it is shown."""
    return EngagementView.model_validate(engagement.model_dump())


def _item(item: ListedItem) -> dict[str, Any]:
    return item.model_dump()
