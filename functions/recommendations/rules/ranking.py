"""Which of the candidates a learner gets, in which order.

Filtered first; then relevance, the cosine to the learner's vector times how near the item is to
the difficulty at which one learns most (about 85 % success: Wilson et al., The Eighty Five Percent
Rule for optimal learning, 2019); then maximal marginal relevance (Carbonell and Goldstein, 1998),
so that no two items say the same; and one place in ten for something else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import exp
from typing import get_args

from functions.recommendations.rules.documents import KnownSkill
from functions.recommendations.rules.taste import Vector, cosine
from shared.models.content import Content
from shared.models.learning import GradeLevel
from shared.models.question_bank import Level

DEFAULT_LANGUAGE = "en"
LAMBDA = 0.7
"""Relevance against difference from what is chosen already."""
BEST_SUCCESS = 0.85
EXPLORES_EACH = 10
"""One place in so many is for something else."""
MOST_WEIGHED = 200
"""Candidates that are held against each other."""
_WIDTH = 0.15
_GUESS, _SLIP = 0.20, 0.10
"""As the learning journeys judge answers."""
_LOGIT_OF_BEST, _LOGIT_A_LEVEL = 1.735, 1.0
_LEVELS: tuple[Level, ...] = get_args(Level)

Key = tuple[str, str]


@dataclass(frozen=True)
class Standing:
    """What is known of the learner who asks."""

    level: Level | None = None
    grade_level: GradeLevel | None = None
    skills: Mapping[str, KnownSkill] = field(default_factory=dict)
    completed: Collection[Key] = ()
    dismissed: Collection[Key] = ()


@dataclass(frozen=True)
class Pick:
    """A chosen item, and by what."""

    content: Content
    score: float
    similarity: float
    predicted_success: float | None
    explored: bool = False


def is_open(content: Content, standing: Standing) -> bool:
    """Whether an item is one that this learner can be offered: in use, for their grade, neither
    completed nor dismissed, with everything completed that it asks for before."""
    if not content.is_active or content.key in standing.completed:
        return False
    if content.key in standing.dismissed:
        return False
    grade = standing.grade_level
    if content.grade_levels and grade is not None and grade not in content.grade_levels:
        return False
    before = {(content.content_type, each) for each in content.prerequisites}
    return before <= set(standing.completed)


def in_language(
    pool: Sequence[Content],
    asked: str | None,
    learners: str | None,
    standing: Standing,
    *,
    enough: int,
) -> list[Content]:
    """The items of the language that was asked for; else those of the learner's own, with English
    beside them where fewer than ``enough`` are open; all where no language is known."""
    wanted = asked or learners
    if wanted is None:
        return list(pool)
    own = [each for each in pool if each.language == wanted]
    if asked or sum(is_open(each, standing) for each in own) >= enough:
        return own
    return [each for each in pool if each.language in (wanted, DEFAULT_LANGUAGE)]


def success(content: Content, standing: Standing) -> float | None:
    """How probably the learner succeeds with an item, 0 to 1; None where nothing tells.

    By the skills that it trains, each answered rightly with ``m(1 - slip) + (1 - m) guess``
    (Corbett and Anderson, Knowledge tracing, 1994); else by the levels between the item's and the
    learner's.
    """
    known = [standing.skills[each] for each in content.skill_ids if each in standing.skills]
    if known:
        chances = [each.mastery * (1 - _SLIP) + (1 - each.mastery) * _GUESS for each in known]
        return sum(chances) / len(chances)
    if content.level is not None and standing.level is not None:
        ahead = _LEVELS.index(standing.level) - _LEVELS.index(content.level)
        return 1 / (1 + exp(-(_LOGIT_OF_BEST + _LOGIT_A_LEVEL * ahead)))
    return None


def fit(chance: float | None) -> float:
    """How near a chance of success is to the best one, 0 to 1; 1 where nothing is known."""
    if chance is None:
        return 1.0
    return exp(-((chance - BEST_SUCCESS) ** 2) / (2 * _WIDTH**2))


def ranked(
    candidates: Sequence[Content],
    user: Vector,
    standing: Standing,
    *,
    limit: int,
    shown: Mapping[Key, int],
    seed: str,
) -> list[Pick]:
    """At most ``limit`` of the candidates that are open to the learner, the best first.

    ``shown`` is how often each item was shown lately: what is new goes before where something
    else is tried. ``seed`` decides among equals there, and whether a short list tries anything.
    """
    weighed = [_Weighed.of(each, user, standing) for each in candidates if is_open(each, standing)]
    weighed.sort(key=lambda each: (-each.relevance, each.content.key))
    places = _places_to_explore(limit, seed)
    found = _diverse(weighed[:MOST_WEIGHED], min(limit, len(weighed)))
    chosen = {each.content.key for each in found}
    rest = [each for each in weighed if each.content.key not in chosen]
    rest.sort(
        key=lambda each: (
            shown.get(each.content.key, 0),
            _draw(f"{seed}|{'/'.join(each.content.key)}"),
        )
    )
    for place, tried in zip((at for at in places if at < len(found)), rest, strict=False):
        found[place] = tried.pick(tried.relevance, explored=True)
    return found


@dataclass(frozen=True)
class _Weighed:
    content: Content
    similarity: float
    chance: float | None
    relevance: float

    @classmethod
    def of(cls, content: Content, user: Vector, standing: Standing) -> _Weighed:
        similarity = cosine(content.embedding, user)
        chance = success(content, standing)
        return cls(content, similarity, chance, max(0.0, similarity) * fit(chance))

    def pick(self, score: float, *, explored: bool = False) -> Pick:
        return Pick(self.content, score, self.similarity, self.chance, explored)


def _diverse(weighed: Sequence[_Weighed], limit: int) -> list[Pick]:
    """The choice of maximal marginal relevance, in its order."""
    if not weighed:
        return []
    import numpy as np

    vectors = np.array([each.content.embedding for each in weighed], dtype=np.float32)
    relevance = np.array([each.relevance for each in weighed], dtype=np.float32)
    closest = np.zeros(len(weighed), dtype=np.float32)
    left = np.ones(len(weighed), dtype=bool)
    picks: list[Pick] = []
    while len(picks) < limit:
        scores = LAMBDA * relevance - (1 - LAMBDA) * closest
        at = int(np.argmax(np.where(left, scores, -np.inf)))
        picks.append(weighed[at].pick(float(scores[at])))
        left[at] = False
        closest = np.maximum(closest, vectors @ vectors[at])
    return picks


def _places_to_explore(limit: int, seed: str) -> list[int]:
    """The last place of each ten; that of a rest of less than ten as often as it is due."""
    places = list(range(EXPLORES_EACH - 1, limit, EXPLORES_EACH))
    rest = limit % EXPLORES_EACH
    if rest and _draw(f"{seed}|explore") < rest / EXPLORES_EACH:
        places.append(limit - 1)
    return places


def _draw(text: str) -> float:
    """A number from 0 to 1 that follows from a text alone."""
    return int.from_bytes(sha256(text.encode()).digest()[:6]) / 2**48
