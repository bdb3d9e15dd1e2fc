"""What analytics keeps and counts of a profiling session.

The whole payload stays in ``profiling``. What analytics has no use for is not copied: the value
statement, the address, the fingerprint, the user agent beyond its family and class of device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Literal, get_args

from pydantic import AwareDatetime, BaseModel

from functions.analytics.rules.facts import Fact, day_of, hundredths
from functions.analytics.rules.histograms import bucket_of, tenth_of
from shared.models.document import READING
from shared.models.question_bank import Level, ModuleName, Track

Device = Literal["phone", "tablet", "desktop", "other"]
DEVICES: tuple[Device, ...] = get_args(Device)

_FAMILIES = (
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("crios", "Chrome"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
)
"""What a user agent holds, and whose it is then: the first that is found. Browsers claim to be
those of before as well, so the order counts."""


def browser_of(user_agent: str | None) -> str:
    """The family of a browser, ``other`` for one that is not known."""
    text = (user_agent or "").casefold()
    return next((family for part, family in _FAMILIES if part in text), "other")


def device_of(user_agent: str | None) -> Device:
    """The class of a device by its user agent."""
    text = (user_agent or "").casefold()
    if "ipad" in text or "tablet" in text or ("android" in text and "mobile" not in text):
        return "tablet"
    if "mobi" in text or "iphone" in text:
        return "phone"
    if any(system in text for system in ("windows", "macintosh", "x11", "cros")):
        return "desktop"
    return "other"


class KeptTelemetry(BaseModel):
    """A session's telemetry as analytics keeps it."""

    model_config = READING

    session_id: str
    bank_version: str
    completion_status: str
    time_spent_seconds: int
    time_spent_per_module: dict[ModuleName, int]
    aptitude_score: float
    aptitude_standard_error: float
    technical_exposure_score: float
    work_style_cluster: str
    scenario_choices: tuple[dict[str, str], ...]
    difficulty_selection: Level
    difficulty_supported: bool
    recommended_track: Track
    recommended_track_id: str
    secondary_track: Track
    track_confidence: float
    track_alignment_percentages: dict[Track, float]
    integrity_flags: tuple[str, ...]
    result_accepted: bool | None
    result_accepted_at: AwareDatetime | None
    override_track_id: str | None
    attempt_count: int
    reset_at: AwareDatetime | None
    foundations_transition_at: AwareDatetime | None
    completed_at: AwareDatetime
    started_at: AwareDatetime
    device: Device
    browser: str


def kept(payload: Mapping[str, Any]) -> KeptTelemetry:
    """What is kept of a payload. Raises ``pydantic.ValidationError`` for what is none."""
    agent = payload.get("device_browser", {}).get("user_agent")
    return KeptTelemetry.model_validate(
        {**payload, "device": device_of(agent), "browser": browser_of(agent)}
    )


def completed(told: KeptTelemetry) -> Iterator[Fact]:
    """A session was scored."""
    counts = {
        "sessions": 1,
        "ms": told.time_spent_seconds * 1000,
        f"h_minutes_{bucket_of(told.time_spent_seconds)}": 1,
        "aptitude": hundredths(told.aptitude_score),
        f"aptitude_{tenth_of(told.aptitude_score)}": 1,
        "exposure": hundredths(told.technical_exposure_score),
        f"exposure_{tenth_of(told.technical_exposure_score)}": 1,
        "confidence": hundredths(told.track_confidence * 100),
        f"confidence_{tenth_of(told.track_confidence * 100)}": 1,
        f"style_{told.work_style_cluster}": 1,
        f"level_{told.difficulty_selection}": 1,
        "level_supported": int(told.difficulty_supported),
        "level_unsupported": int(not told.difficulty_supported),
        "flagged": int(bool(told.integrity_flags)),
        "unflagged": int(not told.integrity_flags),
        **{f"flag_{code}": 1 for code in told.integrity_flags},
        **{
            f"align_{track}": hundredths(p) for track, p in told.track_alignment_percentages.items()
        },
        **{f"module_{name}": spent for name, spent in told.time_spent_per_module.items()},
    }
    own = told.track_alignment_percentages[told.recommended_track]
    counts[f"alignment_{tenth_of(own)}"] = 1
    yield Fact("profiler", _group(told), day_of(told.completed_at), counts)


def decided(told: KeptTelemetry, *, accepted: bool, track: Track, day: date) -> Iterator[Fact]:
    """A learner accepted the recommendation, chose another track, or declined it."""
    if track != told.recommended_track:
        counts = {"overridden": 1}
    else:
        counts = {"accepted": 1} if accepted else {"declined": 1}
    yield Fact("profiler", _group(told), day, counts)


def other(told: KeptTelemetry, what: str, at: datetime) -> Iterator[Fact]:
    """Something else became of a session: it was reset, synced, or led into Foundations."""
    yield Fact("profiler", _group(told), day_of(at), {what: 1})


def _group(told: KeptTelemetry) -> tuple[str, str]:
    return (told.recommended_track, told.device)
