"""What is kept of a learner's recommendations, in the partition ``(tenant_id, user_id)``: what was
shown, what they did with it, and caches that expire. A learner's own vector is never kept."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from shared.models.document import READING, Document
from shared.models.learning import GradeLevel

CONTAINER = "recommendations"
FRESHNESS_ID = "freshness"
PROGRESS_ID = "progress"
PERSONALITY_ID = "personality"

PROGRESS_SECONDS = 5 * 60
LIST_SECONDS = 60 * 60
PERSONALITY_SECONDS = 24 * 60 * 60
IMPRESSION_SECONDS = 90 * 24 * 60 * 60

Cache = Literal["progress", "recommendations", "personality"]
Action = Literal["clicked", "dismissed", "restored"]


class _Part(BaseModel):
    model_config = READING


class Freshness(Document):
    """By which numbers a learner's caches hold. ``id`` is always ``freshness``.

    A cache holds as long as it bears the present number of its kind. ``filled`` is the number
    under which one was last begun: where it is not the present one there is nothing to invalidate.
    """

    id: str = FRESHNESS_ID
    kind: Literal["freshness"] = "freshness"
    user_id: str
    present: dict[Cache, int] = {}
    filled: dict[Cache, int] = {}


class KnownSkill(_Part):
    """A skill of the learning journeys. ``mastery`` is the probability that it is known."""

    mastery: float = Field(ge=0, le=1)
    in_remediation: bool = False


class ProgressCache(Document):
    """Where a learner stands on learning journeys, for :data:`PROGRESS_SECONDS`."""

    id: str = PROGRESS_ID
    kind: Literal["progress"] = "progress"
    user_id: str
    number: int
    grade_level: GradeLevel | None
    skills: dict[str, KnownSkill]
    ttl: int = PROGRESS_SECONDS


class Engagement(Document):
    """What a learner did with an item of content."""

    kind: Literal["engagement"] = "engagement"
    user_id: str
    content_type: str
    content_id: str
    clicked_at: AwareDatetime | None = Field(default=None, description="The first time")
    completed_at: AwareDatetime | None = Field(
        default=None, description="Of a recipe: when it was used first"
    )
    dismissed_at: AwareDatetime | None = None
    recommendation_id: str | None = Field(
        default=None, description="The list that it was first clicked in"
    )
    position: int | None = Field(default=None, description="Its place in that list, from 1 on")
    updated_at: AwareDatetime

    @property
    def key(self) -> tuple[str, str]:
        """Type and id of the item."""
        return (self.content_type, self.content_id)


ReasonKind = Literal["finished", "gap", "practice", "track", "explore", "meaning"]


class Reason(_Part):
    """Why an item is recommended. ``about`` names what it rests on: an item, a skill, a track."""

    kind: ReasonKind
    about: str
    text: str


class ListedItem(_Part):
    """An item of a list as it was recommended."""

    position: int = Field(ge=1)
    content_type: str
    content_id: str
    title: str
    summary: str
    url: str | None
    minutes: int | None
    score: float = Field(description="By which the list was put in order")
    similarity: float = Field(ge=-1.01, le=1.01, description="Cosine to the learner's vector")
    predicted_success: float | None = Field(description="0 to 1; None where nothing tells")
    explored: bool
    reasons: tuple[Reason, ...]


class RecommendationList(Document):
    """A list as it was made, kept for :data:`LIST_SECONDS` and served until it is out of date."""

    kind: Literal["list"] = "list"
    user_id: str
    number: int
    recommendation_id: str
    items: tuple[ListedItem, ...]
    finished: int = Field(description="Completed items that it follows from")
    profiling_complete: bool
    made_at: AwareDatetime
    ttl: int = LIST_SECONDS


class ShownItem(_Part):
    """An item at its place."""

    content_type: str
    content_id: str
    position: int
    explored: bool


class Impressions(Document):
    """That a list was shown to the learner, how often. Kept for :data:`IMPRESSION_SECONDS`."""

    kind: Literal["impressions"] = "impressions"
    user_id: str
    recommendation_id: str
    items: tuple[ShownItem, ...]
    times: int = Field(ge=1)
    first_at: AwareDatetime
    ttl: int = IMPRESSION_SECONDS


class TraitFound(_Part):
    """A trait as it was found; see :class:`functions.recommendations.rules.personality.Trait`."""

    signal: str
    standing: Literal["thin", "average", "high", "low"]
    value: float | None
    observations: int
    shrunk: float | None
    says: str | None
    advice: str | None
    evidence: str
    disputed: bool


class HabitFound(_Part):
    """A habit as it was found."""

    key: str
    says: str
    evidence: str
    observations: int


class PersonalityCache(Document):
    """What a learner's learning says of them, for :data:`PERSONALITY_SECONDS`."""

    id: str = PERSONALITY_ID
    kind: Literal["personality"] = "personality"
    user_id: str
    number: int
    traits: tuple[TraitFound, ...]
    habits: tuple[HabitFound, ...]
    summary: str
    compared_with: int | None = Field(
        description="Learners of the tenant; None where they are fewer than ten"
    )
    made_at: AwareDatetime
    ttl: int = PERSONALITY_SECONDS


class Correction(Document):
    """That a learner says a trait is not so."""

    kind: Literal["correction"] = "correction"
    user_id: str
    signal: str
    comment: str | None
    at: AwareDatetime


def correction_id_of(signal: str) -> str:
    """The document of a learner's word on a signal."""
    return f"correction:{signal}"


def engagement_id_of(content_type: str, content_id: str) -> str:
    """The document of what a learner did with an item."""
    return f"engagement:{content_type}:{content_id}"


def impressions_id_of(recommendation_id: str) -> str:
    """The document of a list's impressions."""
    return f"impressions:{recommendation_id}"


def list_id_of(content_type: str | None, language: str | None, limit: int) -> str:
    """The document of the list that is served to one kind of question."""
    asked = f"{content_type or ''}\n{language or ''}\n{limit}"
    return f"list:{sha256(asked.encode()).hexdigest()[:32]}"
