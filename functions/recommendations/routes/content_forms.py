"""What the routes of content take and show."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints
from pydantic import model_validator as validates

from functions.recommendations.rules.searching import Hit, Way
from functions.recommendations.service.content import Outcome, StoredItem
from functions.recommendations.service.recommending import summary_of
from functions.recommendations.service.searching import Found
from shared.http.call import Body, PageQuery, Query
from shared.models.content import CONTENT_ID, CONTENT_TYPE, RECIPES, Content
from shared.models.examples import example
from shared.models.learning import GradeLevel
from shared.models.question_bank import Level, Track

MOST_ITEMS = 100
ITEM: dict[str, Any] = {
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
SUMMARY = ITEM["text"]
LANGUAGE = r"^[a-z]{2,3}(-[A-Z]{2})?$"


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

    model_config = example(**ITEM)

    content_type: ContentType = Field(description="lesson, course, video, … but not recipe")
    content_id: ContentId = Field(description="Names it for good among those of its type")
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
                     AfterValidator(_is_one_line)]  # fmt: skip
    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)
    ] = Field(description="What it is about; the first 200 words or so carry its meaning")
    url: Annotated[str, StringConstraints(pattern=r"^https?://", max_length=500),
                   AfterValidator(_is_web_address)] | None = None  # fmt: skip
    language: str = Field(default="en", pattern=LANGUAGE)
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

    model_config = example(**ITEM, model="all-MiniLM-L6-v2", updated_at="2026-03-01T12:00:00Z")

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
        default=None, pattern=LANGUAGE, description="In this language alone"
    )
    limit: int = Field(default=20, ge=1, le=50, description="Hits at most")


class HitView(BaseModel):
    """Something that was found."""

    model_config = example(
        content_type="lesson", content_id="net-101", title=ITEM["title"], summary=SUMMARY,
        url=ITEM["url"], minutes=25, score=0.0328, ways=["words", "meaning"], similarity=0.61,
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
