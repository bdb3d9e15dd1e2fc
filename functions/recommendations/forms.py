"""What the routes of content and recommendations take and show."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints
from pydantic import model_validator as validates

from functions.recommendations.rules.documents import Action, Engagement, ListedItem, ReasonKind
from functions.recommendations.rules.searching import Hit, Way
from functions.recommendations.service.content import Outcome, StoredItem
from functions.recommendations.service.recommending import Served, summary_of
from functions.recommendations.service.searching import Found
from shared.http.call import Body, PageQuery, Query
from shared.models.content import CONTENT_ID, CONTENT_TYPE, RECIPES, Content
from shared.models.examples import LEARNER, example
from shared.models.learning import GradeLevel
from shared.models.question_bank import Level, Track

MOST_ITEMS = 100
_RECOMMENDATION = "2f1c7f6a-5a0d-4a4e-9d0a-0a9f2d3c4b5a"
_ITEM: dict[str, Any] = {
    "content_type": "lesson",
    "content_id": "net-101",
    "title": "How two machines find each other",
    "text": "Addresses, names and ports: what happens between a click and the first answer.",
    "url": "https://learn.example.org/net-101",
    "language": "en",
    "tracks": ["defender"],
    "skill_codes": ["networking"],
    "skill_ids": ["net.addresses"],
    "level": "novice",
    "grade_levels": ["7", "8", "9"],
    "prerequisites": [],
    "minutes": 25,
}
_SUMMARY = _ITEM["text"]
_LANGUAGE = r"^[a-z]{2,3}(-[A-Z]{2})?$"
_REASON = {
    "kind": "track",
    "about": "defender",
    "text": "It is for Defender, the best track for you with 78 % probability.",
}


def _is_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give one line of text")
    return text


def _is_web_address(url: str) -> str:
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("give a web address in ASCII without spaces")
    return url


ContentType = Annotated[str, StringConstraints(pattern=CONTENT_TYPE)]
ContentId = Annotated[str, StringConstraints(pattern=CONTENT_ID)]
_Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,59}$")]
_SkillId = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ContentBody(Body):
    """An item of content: what it says, and what is said of it."""

    model_config = example(**_ITEM)

    content_type: ContentType = Field(description="lesson, course, video, … but not recipe")
    content_id: ContentId = Field(description="Names it for good among those of its type")
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
                     AfterValidator(_is_one_line)]  # fmt: skip
    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)
    ] = Field(description="What it is about; the first 200 words or so carry its meaning")
    url: Annotated[str, StringConstraints(pattern=r"^https?://", max_length=500),
                   AfterValidator(_is_web_address)] | None = None  # fmt: skip
    language: str = Field(default="en", pattern=_LANGUAGE)
    tracks: list[Track] = Field(default=[], max_length=5, description="The main one first")
    skill_codes: list[_Code] = Field(default=[], max_length=10, description="The profiler's skills")
    skill_ids: list[_SkillId] = Field(
        default=[], max_length=20, description="Skills of learning journeys"
    )
    level: Level | None = None
    grade_levels: list[GradeLevel] = Field(
        default=[], max_length=13, description="Left out it is for every grade"
    )
    prerequisites: list[ContentId] = Field(
        default=[], max_length=20, description="Items of this type that are to be completed before"
    )
    minutes: int | None = Field(default=None, ge=1, le=10_000)
    is_active: bool = Field(default=True, description="Whether it can be found and recommended")

    @validates(mode="after")
    def _is_storable(self) -> ContentBody:
        if self.content_type == RECIPES:
            raise ValueError("recipes are kept by v1/recipes, and follow from there by themselves")
        if self.content_id in self.prerequisites:
            raise ValueError("an item cannot be its own prerequisite")
        return self


class StoreBody(Body):
    """Items of content to be stored with their vectors."""

    items: list[ContentBody] = Field(min_length=1, max_length=MOST_ITEMS)

    @validates(mode="after")
    def _has_each_once(self) -> StoreBody:
        keys = [(each.content_type, each.content_id) for each in self.items]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"{'/'.join(twice[0])} stands there twice")
        return self


class StoredItemView(BaseModel):
    """How storing an item ended."""

    model_config = example(content_type="lesson", content_id="net-101", outcome="created")

    content_type: str
    content_id: str
    outcome: Outcome = Field(description="unchanged: it was there and said the same")


class StoreView(BaseModel):
    """How storing ended, and which model made the vectors."""

    model_config = example(model="all-MiniLM-L6-v2", dimension=384)

    model: str
    dimension: int
    items: list[StoredItemView] = Field(description="In the order given")


class ContentQuery(PageQuery):
    """Which content."""

    content_type: ContentType | None = Field(default=None, description="Of this type alone")


class ContentView(BaseModel):
    """An item of content."""

    model_config = example(**_ITEM, model="all-MiniLM-L6-v2", updated_at="2026-03-01T12:00:00Z")

    content_type: str
    content_id: str
    title: str
    text: str
    url: str | None
    language: str
    tracks: list[Track]
    skill_codes: list[str]
    skill_ids: list[str]
    level: Level | None
    grade_levels: list[GradeLevel]
    prerequisites: list[str]
    minutes: int | None
    model: str = Field(description="That made its vector")
    updated_at: AwareDatetime


class ContentPage(BaseModel):
    """A page of content, by id."""

    items: list[ContentView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class RemovedView(BaseModel):
    """That an item is gone."""

    model_config = example(content_type="lesson", content_id="net-101")

    content_type: str
    content_id: str


class SearchQuery(Query):
    """What is looked for."""

    q: str = Field(min_length=1, max_length=300, description="Words, or a question in a sentence")
    content_type: ContentType | None = Field(default=None, description="Of this type alone")
    language: str | None = Field(
        default=None, pattern=_LANGUAGE, description="In this language alone"
    )
    limit: int = Field(default=20, ge=1, le=50, description="Hits at most")


class HitView(BaseModel):
    """Something that was found."""

    model_config = example(
        content_type="lesson", content_id="net-101", title=_ITEM["title"], summary=_SUMMARY,
        url=_ITEM["url"], minutes=25, score=0.0328, ways=["words", "meaning"], similarity=0.61,
    )  # fmt: skip

    content_type: str
    content_id: str
    title: str
    summary: str
    url: str | None
    minutes: int | None
    score: float = Field(description="By which hits are put in order; it says nothing by itself")
    ways: list[Way] = Field(description="By which ways it was found")
    similarity: float | None = Field(description="Cosine to the question, where it was found so")


class SearchView(BaseModel):
    """What was found, the best first."""

    model_config = example(ways=["words", "meaning"])

    items: list[HitView]
    ways: list[Way] = Field(
        description="How it was looked for: words alone where no text encoder is installed"
    )


class RecommendBody(Body):
    """For whom, and what."""

    model_config = example(user_id=LEARNER, content_type="lesson", language="en", limit=10)

    user_id: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )
    content_type: ContentType | None = Field(default=None, description="Of this type alone")
    language: str | None = Field(
        default=None,
        pattern=_LANGUAGE,
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
        position=1, content_type="lesson", content_id="net-101", title=_ITEM["title"],
        summary=_SUMMARY, url=_ITEM["url"], minutes=25, score=0.42, similarity=0.61,
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


def store_view(stored: list[StoredItem], *, model: str, dimension: int) -> StoreView:
    """How storing ended, as it is shown."""
    return StoreView.model_validate(
        {"model": model, "dimension": dimension, "items": [vars(each) for each in stored]}
    )


def content_view(content: Content) -> ContentView:
    """An item as it is shown: without its vector."""
    return ContentView.model_validate(content.model_dump())


def search_view(found: Found) -> SearchView:
    """What was found, as it is shown."""
    return SearchView(items=[_hit(each) for each in found.hits], ways=list(found.ways))


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


def _hit(hit: Hit) -> HitView:
    content = hit.content
    return HitView(
        content_type=content.content_type,
        content_id=content.content_id,
        title=content.title,
        summary=summary_of(content.text),
        url=content.url,
        minutes=content.minutes,
        score=round(hit.score, 6),
        ways=list(hit.ways),
        similarity=None if hit.similarity is None else round(hit.similarity, 4),
    )
