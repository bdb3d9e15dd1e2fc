"""The routes of the intake, on one blueprint."""

from __future__ import annotations

import azure.functions as func

from shared.http.api import Api

blueprint = func.Blueprint()
api = Api(
    "intake", "Files on their way to profiles: uploads, channels, where they stand", blueprint
)
