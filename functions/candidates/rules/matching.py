"""How well a candidate fits a job, with what speaks for it and what is missing.

A weighted mean of what the job asks for: skills 0.55 (what must be had counts twice what may),
meaning 0.25, years 0.12, degree and languages 0.08. What a job does not ask for has no weight. The
weights are set, not learned; who a candidate is, where from or how old plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from functions.candidates.rules.jobs import Job
from shared.models.candidate import CandidateProfile
from shared.models.resume import Value
from shared.profiles.writing import years_of_experience
from shared.skills import taxonomy

_SKILLS, _MEANING, _YEARS, _FORMAL = 0.55, 0.25, 0.12, 0.08
_FAR, _NEAR = 0.2, 0.75
"""Cosines between which meaning counts: texts of any two jobs are as near as the first."""


@dataclass(frozen=True)
class Matched:
    """A skill that a job asks for and a candidate has, with what it was read from."""

    key: str
    name: str
    must: bool
    evidence: Value | None


@dataclass(frozen=True)
class Match:
    """A candidate for a job: the score from 0 to 1, what fits, what does not."""

    profile: CandidateProfile
    score: float
    similarity: float | None
    skills: tuple[Matched, ...]
    missing: tuple[str, ...]
    """Names of skills that must be had and are not read."""
    years: float | None
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]


def match(profile: CandidateProfile, job: Job, similarity: float | None, *, today: date) -> Match:
    """How well a candidate fits; ``similarity`` is the cosine of what both mean, None unknown."""
    has = {skill.key: skill.name for skill in profile.resume.skills if skill.key}
    skills = tuple(
        Matched(key, taxonomy.name_of(key), must, has[key])
        for keys, must in ((job.must, True), (job.may, False))
        for key in keys
        if key in has
    )
    missing = tuple(taxonomy.name_of(key) for key in job.must if key not in has)
    years = years_of_experience(profile, today)
    parts: list[tuple[float, float]] = []
    if job.must or job.may:
        asked = 2 * len(job.must) + len(job.may)
        parts.append((_SKILLS, sum(2 if each.must else 1 for each in skills) / asked))
    if similarity is not None:
        parts.append((_MEANING, min(1.0, max(0.0, (similarity - _FAR) / (_NEAR - _FAR)))))
    if job.least_years:
        parts.append((_YEARS, min(1.0, (years or 0.0) / job.least_years)))
    formal = _formal(profile, job)
    if formal:
        parts.append((_FORMAL, sum(formal.values()) / len(formal)))
    weight = sum(each for each, _ in parts)
    score = sum(each * value for each, value in parts) / weight if weight else 0.0
    reasons, gaps = _said(job, skills, missing, years, formal, similarity)
    return Match(profile, round(score, 4), similarity, skills, missing, years, reasons, gaps)


def ranked(matches: list[Match], limit: int) -> list[Match]:
    """The best first; of two alike, who was changed last."""
    order = sorted(
        matches,
        key=lambda each: (-each.score, -each.profile.updated_at.timestamp(), each.profile.id),
    )
    return order[:limit]


def _formal(profile: CandidateProfile, job: Job) -> dict[str, bool]:
    """What is asked for beside skills, and whether it is there."""
    asked: dict[str, bool] = {}
    if job.level:
        asked[f"a {job.level}'s degree" if job.level != "doctorate" else "a doctorate"] = (
            job.level in profile.levels
        )
    for code in job.languages:
        asked[f"language {code}"] = code in profile.language_codes
    return asked


def _said(
    job: Job,
    skills: tuple[Matched, ...],
    missing: tuple[str, ...],
    years: float | None,
    formal: dict[str, bool],
    similarity: float | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    reasons, gaps = [], []
    must = [each.name for each in skills if each.must]
    may = [each.name for each in skills if not each.must]
    if must:
        reasons.append(f"has {len(must)} of {len(job.must)} skills asked for: {', '.join(must)}")
    if may:
        reasons.append(f"has also: {', '.join(may)}")
    if missing:
        gaps.append(f"not in the résumé: {', '.join(missing)}")
    if job.least_years:
        least = f"{job.least_years:g}"
        if years is None:
            gaps.append(f"{least} years are asked for; the résumé dates no job")
        elif years >= job.least_years:
            reasons.append(f"{years:g} years of experience, {least} asked for")
        else:
            gaps.append(f"{years:g} years of experience, {least} asked for")
    for name, holds in formal.items():
        (reasons if holds else gaps).append(name if holds else f"not in the résumé: {name}")
    if similarity is not None and similarity >= 0.5:
        reasons.append("what they have done is close to what the job is about")
    return tuple(reasons), tuple(gaps)
