"""The routes of the flow, a module a subject, all on one blueprint."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from shared.errors import Missing
from shared.http.api import Api
from shared.http.call import Call

READ = "learning.read"
"""How the audit log calls the reading of what is somebody else's here."""

blueprint = func.Blueprint()
api = Api("journeys", "Learning journeys: attempts, progress, skills, statements", blueprint)


def session_id_of(call: Call[Any, Any]) -> str:
    """The id of the journey that a call names. Raises ``Missing`` for what cannot be one."""
    try:
        return call.uuid("session_id")
    except Missing:
        raise Missing("there is no journey with this id") from None
