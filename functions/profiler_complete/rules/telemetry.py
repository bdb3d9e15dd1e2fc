"""The telemetry of one session: everything about its course and result, in one payload."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.models.profiling import ProfilerResult, ProfilingSession, utc_text
from shared.models.profiling_times import time_by_module
from shared.models.question_bank import QuestionBank


def telemetry_payload(
    bank: QuestionBank, session: ProfilingSession, result: ProfilerResult
) -> dict[str, Any]:
    """The payload as JSON values; ``docs/profiler-telemetry.schema.json`` describes it.

    Scores are 0..100 with two decimals, the confidence 0..1 with four, times in UTC. The
    recommended track is what was computed, also when the learner chose another.
    """
    scores = result.scores
    spent = time_by_module(bank, session)
    recommendation = scores.recommendation
    override = result.override_track
    return {
        "user_id": session.user_id,
        "session_id": session.session_id,
        "bank_version": scores.bank_version,
        "completion_status": session.status,
        "time_spent_seconds": sum(spent.values()),
        "time_spent_per_module": spent,
        "aptitude_score": round(scores.aptitude.score, 2),
        "aptitude_standard_error": round(scores.aptitude.standard_error, 4),
        "technical_exposure_score": round(scores.exposure.score, 2),
        "work_style_cluster": scores.work_style.cluster,
        "scenario_choices": [each.model_dump() for each in scores.scenario_choices],
        "difficulty_selection": scores.difficulty.selected,
        "difficulty_supported": scores.difficulty.supported,
        "recommended_track": recommendation.primary,
        "recommended_track_id": bank.track[recommendation.primary].track_id,
        "secondary_track": recommendation.secondary,
        "track_confidence": round(recommendation.confidence, 4),
        "track_alignment_percentages": {
            track: round(percent, 2) for track, percent in recommendation.alignment.items()
        },
        "integrity_flags": [flag.code for flag in scores.integrity.flags],
        "value_statement": scores.value_statement,
        "result_accepted": result.accepted,
        "result_accepted_at": _moment(result.accepted_at),
        "override_track_id": bank.track[override].track_id if override else None,
        "device_browser": session.device.model_dump(),
        "attempt_count": session.attempt,
        "reset_at": _moment(session.reset.at if session.reset else None),
        "foundations_transition_at": _moment(result.foundations_transition_at),
        "completed_at": _moment(result.completed_at),
        "started_at": _moment(session.created_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
