"""The routes of candidates, on one blueprint."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from shared import audit, runtime
from shared.http.api import Api
from shared.http.call import Call

blueprint = func.Blueprint()
api = Api(
    "candidates",
    "Profiles of candidates: searched, matched with jobs, edited, merged, handed on",
    blueprint,
)


def noted(call: Call[Any, Any], action: str, *, candidate_id: str | None = None) -> None:
    """Have the audit log hold who looked at a candidate, or over them all."""
    audit.record_read(
        runtime.stores(),
        runtime.current().pseudonyms,
        call.principal,
        action,
        of="candidate" if candidate_id else None,
        target=candidate_id,
        now=call.now,
    )
