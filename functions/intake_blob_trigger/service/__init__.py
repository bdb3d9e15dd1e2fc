"""Registers dropped files, checks and scans them, nudges those that stall."""

from functions.intake_blob_trigger.service.registering import (
    record_poison,
    register,
    rescan,
    stage_of,
)
from functions.intake_blob_trigger.service.stalled import nudge_stalled

__all__ = ["nudge_stalled", "record_poison", "register", "rescan", "stage_of"]
