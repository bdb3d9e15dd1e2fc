"""What the routes of coaching and recipes take and show."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints

from functions.coaching.rules.advice import AreaKind, FeedbackKind
from functions.coaching.rules.catalogue import Recipe
from functions.coaching.rules.documents import RecipeUse
from functions.coaching.rules.matching import Match
from functions.coaching.service.coaching import Coached
from shared.http.call import Body, PageQuery, Query
from shared.models.examples import SESSION, example
from shared.models.question_bank import Level, Track
from shared.models.recipes import MOST_SLUG, SLUG, RecipeContent
from shared.models.skill_gaps import Gap

_SLUG = "read-the-sign-in-log"
_CONTENT = {
    "title": "Read a sign-in log and find the guesser",
    "summary": "Tell a person who mistyped from a machine that guesses, by times and counts.",
    "skill_codes": ["log_analysis", "scripting"],
    "tracks": ["defender"],
    "level": "beginner",
    "minutes": 40,
    "needs": "A Linux machine of your own, or the sample log",
    "steps": [
        "Count failures by address: grep 'Failed password' auth.log | awk '{print $(NF-3)}' | sort"
        " | uniq -c.",
        "Mark which addresses failed more often than a person would, and say why.",
    ],
    "outcome": "A short list of addresses to block, each with its reason",
}
_GAP = {"skill": "log_analysis", "title": "Reading logs and traffic", "level": 35.0, "target": 65.0}
_REASON = "It trains Reading logs and traffic, where you are at 35 and your track asks for 65."


def _is_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give one line of text")
    return text


class AdviceQuery(Query):
    """For which track."""

    track_slug: Track | None = Field(
        default=None, description="As though this were the learner's track; else their own"
    )


class LearnerQuery(Query):
    """For whom."""

    user: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )


class RecipeQuery(PageQuery):
    """Which recipes; everything given must hold."""

    skill: str | None = Field(default=None, max_length=60, description="For this skill's code")
    track: Track | None = Field(default=None, description="For this track")
    level: Level | None = Field(default=None, description="Of this level")
    active: bool = Field(default=True, description="In use; false lists those taken out of use")


class RecipeFields(Body):
    """What a recipe says."""

    model_config = example(**_CONTENT)

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=120),
                     AfterValidator(_is_one_line)]  # fmt: skip
    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=400)]
    skill_codes: list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,59}$")]] = Field(
        min_length=1, max_length=5, description="The main one first"
    )
    tracks: list[Track] = Field(min_length=1, max_length=5, description="The main one first")
    level: Level
    minutes: int = Field(ge=5, le=480)
    needs: str = Field(max_length=200, description="What to have at hand")
    steps: list[Annotated[str, StringConstraints(min_length=1, max_length=1000)]] = Field(
        min_length=1, max_length=12
    )
    outcome: str = Field(max_length=300, description="What one has in hand at the end")

    def content(self) -> RecipeContent:
        """The content that is kept."""
        return RecipeContent.model_validate(
            self.model_dump(include=set(RecipeContent.model_fields))
        )


class RecipeBody(RecipeFields):
    """A new recipe."""

    model_config = example(slug=_SLUG, **_CONTENT)

    slug: str = Field(
        pattern=SLUG, min_length=3, max_length=MOST_SLUG, description="Names it for good"
    )


class RecipeState(Body):
    """Whether a recipe is in use."""

    model_config = example(is_active=False)

    is_active: bool


class UseBody(Body):
    """What the learner thinks of the recipe."""

    model_config = example(rating=5)

    rating: int | None = Field(default=None, ge=1, le=5, description="Left out it stays as it was")


class UseView(BaseModel):
    """That the learner has used a recipe."""

    model_config = example(slug=_SLUG, rating=5)

    slug: str
    rating: int | None
    used_at: AwareDatetime = Field(description="The first time")


class RecipeView(BaseModel):
    """A recipe."""

    model_config = example(
        slug=_SLUG, **_CONTENT, is_active=True, is_seed=True, usage_count=37, avg_rating=4.6
    )

    slug: str
    title: str
    summary: str
    skill_codes: list[str] = Field(description="The main one first")
    tracks: list[Track] = Field(description="The main one first")
    level: Level
    minutes: int
    needs: str
    steps: list[str]
    outcome: str
    is_active: bool
    is_seed: bool = Field(description="Of the catalogue that comes with the product")
    usage_count: int = Field(description="Learners who have used it")
    avg_rating: float | None = Field(description="1 to 5; null before the first rating")


class RecipePage(BaseModel):
    """A page of recipes, by slug."""

    items: list[RecipeView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class SkillGapView(BaseModel):
    """A skill that the track asks more of, 0 to 100 each."""

    model_config = example(**_GAP)

    skill: str
    title: str
    level: float
    target: float


class RecommendedRecipe(BaseModel):
    """A recipe for this learner, and why."""

    model_config = example(reason=_REASON, score=30.0)

    recipe: RecipeView
    for_skill: str = Field(examples=["log_analysis"])
    reason: str
    score: float = Field(description="Points of gaps that it is worth")


class RecipesForProfile(BaseModel):
    """The recipes that close the gaps that the profiler found, those worth most first."""

    model_config = example(session_id=SESSION, track="defender")

    session_id: str
    track: Track
    gaps: list[SkillGapView]
    items: list[RecommendedRecipe]


class FocusAreaView(BaseModel):
    """Something to look at, and why."""

    model_config = example(
        kind="gap",
        key="log_analysis",
        title="Reading logs and traffic",
        reason="You are at 35 and the track asks for 65.",
        recipes=[_SLUG],
    )

    kind: AreaKind
    key: str = Field(description="What it is about: a skill's code or id, a track, a session")
    title: str
    reason: str
    recipes: list[str] = Field(description="Slugs of recipes that help")


class PathStepView(BaseModel):
    """A part of the track's way."""

    model_config = example(
        position=1,
        title="Networks and operating systems: what normal looks like",
        reason="Begin here: your level is beginner.",
    )

    position: int
    title: str
    reason: str


class FeedbackItem(BaseModel):
    """Something that is so, and what it rests on."""

    model_config = example(
        kind="alignment",
        text="Defender fits you clearly best.",
        reason="Alignment 78 of 100, and 61 with Grc.",
    )

    kind: FeedbackKind
    text: str
    reason: str


class CoachingView(BaseModel):
    """What to do next, which way to go, and what is going well."""

    model_config = example(
        profiling_complete=True,
        track="defender",
        track_title="Defender",
        alignment=78.0,
        worded_by=None,
    )

    profiling_complete: bool
    track: Track | None
    track_title: str | None
    alignment: float | None = Field(description="0 to 100")
    focus_areas: list[FocusAreaView] = Field(description="The most pressing first")
    learning_path: list[PathStepView]
    feedback: list[FeedbackItem]
    worded_by: str | None = Field(
        description="The language model that put sentences into words; null for the rules' own"
    )


def recipe_view(recipe: Recipe) -> RecipeView:
    """A recipe as it is shown."""
    rating = recipe.rating
    return RecipeView.model_validate(
        {
            **recipe.content.model_dump(),
            "slug": recipe.slug,
            "is_active": recipe.is_active,
            "is_seed": recipe.is_seed,
            "usage_count": recipe.usage_count,
            "avg_rating": None if rating is None else round(rating, 2),
        }
    )


def use_view(use: RecipeUse) -> UseView:
    """A use as it is shown."""
    return UseView(slug=use.slug, rating=use.rating, used_at=use.used_at)


def recommended(match: Match) -> RecommendedRecipe:
    """A match as it is shown."""
    return RecommendedRecipe(
        recipe=recipe_view(match.recipe),
        for_skill=match.gap.skill,
        reason=match.reason,
        score=round(match.score, 1),
    )


def gap_view(gap: Gap) -> SkillGapView:
    """A gap as it is shown."""
    return SkillGapView(
        skill=gap.skill, title=gap.title, level=round(gap.level, 1), target=gap.target
    )


def coaching_view(coached: Coached) -> CoachingView:
    """What coaching says, with the recipes for each gap."""
    said = coached.advice
    return CoachingView.model_validate(
        {
            "profiling_complete": coached.session_id is not None,
            "track": said.track,
            "track_title": said.track_title,
            "alignment": said.alignment,
            "focus_areas": [
                {
                    **vars(area),
                    "recipes": [
                        match.recipe.slug
                        for match in coached.matches
                        if area.kind == "gap" and match.gap.skill == area.key
                    ],
                }
                for area in said.focus_areas
            ],
            "learning_path": [vars(step) for step in said.learning_path],
            "feedback": [vars(each) for each in said.feedback],
            "worded_by": coached.worded_by,
        }
    )
