"""What a candidate means, as the text that is encoded for the search by meaning."""

from __future__ import annotations

import hashlib

from shared.models.candidate import CandidateProfile

_MOST_CHARACTERS = 1400
"""The encoder reads 256 tokens; what comes after would only be cut there."""


def meaning_of(profile: CandidateProfile) -> str:
    """What somebody is and can, the most telling first; no name, no address, no place."""
    resume = profile.resume
    said: list[str] = []
    if resume.personal.headline:
        said.append(resume.personal.headline.value)
    jobs = [position.title.value for position in resume.work_experience if position.title]
    said.append(", ".join(dict.fromkeys(jobs[:8])))
    said.append(", ".join(skill.name.value for skill in resume.skills[:40]))
    if resume.personal.summary:
        said.append(resume.personal.summary.value[:400])
    said += [study.degree.value for study in resume.education[:4] if study.degree]
    said += [value.value for value in resume.certifications[:6]]
    for position in resume.work_experience[:3]:
        said += [highlight.value for highlight in position.highlights[:2]]
    return "\n".join(text for text in said if text)[:_MOST_CHARACTERS]


def digest_of(text: str, model: str) -> str:
    """The name of a text's vector: another text or another model makes another."""
    return hashlib.sha256(f"{model}\n{text}".encode()).hexdigest()[:40]
