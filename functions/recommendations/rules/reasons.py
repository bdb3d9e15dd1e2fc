"""Why an item is recommended: each reason from something that is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from functions.recommendations.rules.documents import Reason
from functions.recommendations.rules.ranking import Pick, Standing
from functions.recommendations.rules.taste import Finished, cosine, weight
from shared.models.question_bank import Track
from shared.models.skill_gaps import Gap

MOST_REASONS = 3
LIKELY_FROM = 0.2
"""Probability from which a track is worth naming."""
CLOSE_FROM = 0.35
"""Cosine from which one item is said to follow from another."""


def reasons(
    pick: Pick,
    standing: Standing,
    *,
    finished: Sequence[Finished],
    gaps: Sequence[Gap],
    probabilities: Mapping[Track, float],
    track_titles: Mapping[Track, str],
    now: datetime,
) -> tuple[Reason, ...]:
    """One to three reasons, the strongest first.

    What was finished and is close in meaning, the widest gap that the item closes, a skill of it
    that waits to be practised, the track that it is for; without any of these that it is something
    else, or near in meaning to what fits the learner.
    """
    content = pick.content
    found = [
        *_finished(pick, finished, now),
        *_gaps(content.skill_codes, gaps),
        *(
            Reason(
                kind="practice",
                about=skill_id,
                text=f"It practises {skill_id}, which waits in your queue.",
            )
            for skill_id in content.skill_ids
            if skill_id in standing.skills and standing.skills[skill_id].in_remediation
        ),
        *_track(content.tracks, probabilities, track_titles),
    ]
    if pick.explored:
        text = "Something else than usual, to find out whether you like it."
        found.insert(0, Reason(kind="explore", about=content.content_id, text=text))
    if not found:
        is_known = bool(finished or probabilities)
        text = (
            "Its subject is near to what fits you."
            if is_known
            else "A place to begin: it is near to the middle of all tracks."
        )
        found.append(Reason(kind="meaning", about=content.content_id, text=text))
    return tuple(found[:MOST_REASONS])


def _finished(pick: Pick, finished: Sequence[Finished], now: datetime) -> list[Reason]:
    close = [
        (weight(each, now) * near, each)
        for each in finished
        if (near := cosine(each.vector, pick.content.embedding)) >= CLOSE_FROM
    ]
    if not close:
        return []
    _, best = max(close, key=lambda each: (each[0], each[1].key))
    text = f"Because you finished “{best.title}”."
    return [Reason(kind="finished", about="/".join(best.key), text=text)]


def _gaps(skill_codes: Sequence[str], gaps: Sequence[Gap]) -> list[Reason]:
    closed = [gap for gap in gaps if gap.skill in skill_codes]
    if not closed:
        return []
    gap = max(closed, key=lambda each: each.size)
    text = (
        f"It trains {gap.title}, where you are at {gap.level:.0f} and your track asks for"
        f" {gap.target:.0f}."
    )
    return [Reason(kind="gap", about=gap.skill, text=text)]


def _track(
    tracks: Sequence[Track],
    probabilities: Mapping[Track, float],
    titles: Mapping[Track, str],
) -> list[Reason]:
    fitting = [each for each in tracks if probabilities.get(each, 0.0) >= LIKELY_FROM]
    if not fitting:
        return []
    best = max(fitting, key=lambda each: (probabilities[each], each))
    share = 100 * probabilities[best]
    title = titles.get(best, best)
    text = f"It is for {title}, the best track for you with {share:.0f} % probability."
    return [Reason(kind="track", about=best, text=text)]
