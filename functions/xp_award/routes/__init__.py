"""The routes of the flow, a module a subject, all on one blueprint."""

from __future__ import annotations

import azure.functions as func

from shared.http.api import Api

blueprint = func.Blueprint()
api = Api("game", "XP, levels, streaks, achievements and hints", blueprint)
