"""The routes of the flow, a module a subject, all on one blueprint."""

from __future__ import annotations

import azure.functions as func

from functions.nightly_backup.service.means import Means
from shared import runtime
from shared.serving import VERSION

blueprint = func.Blueprint()


def means() -> Means:
    """What the services work with, of this process."""
    running = runtime.current()
    return Means(running, running.pseudonyms, runtime.now, VERSION, runtime.scratch_documents)
