"""What each writing of a profile changed."""

from __future__ import annotations

from datetime import datetime

from shared.models.candidate import Action, CandidateProfile, CandidateRevision
from shared.models.resume import PersonalInfo, Resume

_OF_THE_RESUME = (
    "work_experience", "education", "skills", "certifications", "languages", "projects",
    "achievements",
)  # fmt: skip
_BESIDE = ("tags", "consent", "expires_at", "absorbed", "sources")


def revision_of(
    before: CandidateProfile | None,
    after: CandidateProfile,
    action: Action,
    *,
    by: str | None = None,
    intake_id: str | None = None,
    absorbed: Resume | None = None,
    now: datetime,
) -> CandidateRevision:
    """The revision that leads from one state of a profile to the next, with what it overwrote."""
    was, is_now = _fields(before), _fields(after)
    changed = tuple(name for name, value in is_now.items() if was.get(name) != value)
    return CandidateRevision(
        id=f"revision:{after.revision:06d}",
        tenant_id=after.tenant_id,
        candidate_id=after.candidate_id,
        number=after.revision,
        action=action,
        at=now,
        by=by,
        intake_id=intake_id,
        absorbed=absorbed,
        changed=changed,
        before={name: was[name] for name in changed if name in was},
    )


def _fields(profile: CandidateProfile | None) -> dict[str, object]:
    if profile is None:
        return {}
    dumped = profile.model_dump(mode="json", include={"resume", *_BESIDE})
    resume = dumped["resume"]
    personal = {f"personal.{name}": resume["personal"][name] for name in PersonalInfo.model_fields}
    return (
        personal
        | {name: resume[name] for name in _OF_THE_RESUME}
        | {name: dumped[name] for name in _BESIDE}
    )
