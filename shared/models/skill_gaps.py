"""The skills in which a track asks more of a learner than there is."""

from __future__ import annotations

from dataclasses import dataclass

from shared.models.profiling import Scores
from shared.models.question_bank import QuestionBank, Track, in_language

MOST_GAPS = 5


@dataclass(frozen=True)
class Gap:
    """A skill that the track asks more of than there is, 0..100 each."""

    skill: str
    title: str
    level: float
    target: float

    @property
    def size(self) -> float:
        """How much is missing, 0..100."""
        return self.target - self.level


def skill_gaps(
    bank: QuestionBank, scores: Scores, track: Track, *, language: str
) -> tuple[Gap, ...]:
    """The skills in which a track asks for more, the widest gap first, at most five."""
    levels = {each.skill: each.level for each in scores.skills}
    titles = {each.code: each.title for each in bank.skills}
    gaps = [
        Gap(each.skill, in_language(titles[each.skill], language), levels[each.skill], each.target)
        for each in bank.track[track].skills
        if each.skill in levels and levels[each.skill] < each.target
    ]
    gaps.sort(key=lambda gap: (-gap.size, gap.skill))
    return tuple(gaps[:MOST_GAPS])
