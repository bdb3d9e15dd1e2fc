"""The routes of the flow, a module a subject, all on one blueprint."""

from __future__ import annotations

import azure.functions as func

blueprint = func.Blueprint()
