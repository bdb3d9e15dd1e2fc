"""Routes of analytics: what apps report, and what admins and mentors see."""

from __future__ import annotations

import azure.functions as func

from shared.http.api import Api

blueprint = func.Blueprint()
api = Api("analytics", "What happened, counted by groups of at least ten people", blueprint)
