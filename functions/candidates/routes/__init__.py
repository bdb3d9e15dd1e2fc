"""The routes of candidates, on one blueprint."""

from __future__ import annotations

import azure.functions as func

from shared.http.api import Api

blueprint = func.Blueprint()
api = Api(
    "candidates",
    "Profiles of candidates: searched, matched with jobs, edited, merged, handed on",
    blueprint,
)
