"""What the routes of personality take and show."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from functions.recommendations.rules.documents import (
    PersonalityCache,
)
from functions.recommendations.rules.personality import Standing
from functions.recommendations.rules.signals import Signal
from shared.http.call import Body
from shared.models.examples import LEARNER, example

_EVIDENCE = "91 % over 240 questions; usual is 70 %."
_SAYS = "You look before you leap: most questions are right at the first try."


class PersonalityBody(Body):
    """Whose learning."""

    model_config = example(user_id=LEARNER)

    user_id: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )


class TraitBody(Body):
    """What you say of a trait."""

    model_config = example(agrees=False, comment="Only since I got a slow tablet")

    agrees: bool
    comment: str | None = Field(default=None, max_length=500)


class TraitView(BaseModel):
    """A trait, or why nothing is said of it."""

    model_config = example(
        signal="first_try", standing="high", value=0.91, observations=240, shrunk=1.6, says=_SAYS,
        advice="Take harder questions; what comes easily teaches little.", evidence=_EVIDENCE,
        disputed=False,
    )  # fmt: skip

    signal: Signal
    standing: Standing = Field(description="thin: too little to say anything")
    value: float | None
    observations: int
    shrunk: float | None = Field(
        description="Deviations from the mean, drawn towards it where there is little"
    )
    says: str | None = Field(description="null where it does not stand out")
    advice: str | None
    evidence: str
    disputed: bool = Field(description="The learner says that it is not so")


class HabitView(BaseModel):
    """Something about when or what somebody learns."""

    model_config = example(
        key="part_of_day", says="You learn mostly in the evening.",
        evidence="71 % of 240 answers.", observations=240,
    )  # fmt: skip

    key: str
    says: str
    evidence: str
    observations: int


class PersonalityView(BaseModel):
    """What somebody's learning says of them."""

    model_config = example(summary=_SAYS, compared_with=48, made_at="2026-03-01T12:00:00Z")

    summary: str
    traits: list[TraitView]
    habits: list[HabitView]
    compared_with: int | None = Field(
        description="Learners of the tenant; null where they are fewer than ten"
    )
    made_at: AwareDatetime


def personality_view(found: PersonalityCache) -> PersonalityView:
    """What was found of a learner, as it is shown."""
    return PersonalityView.model_validate(
        found.model_dump(include=set(PersonalityView.model_fields))
    )
