"""What is decided about a dropped file before anything opens it."""

from functions.intake_blob_trigger.rules.inspection import inspect_file
from functions.intake_blob_trigger.rules.limits import Limits
from functions.intake_blob_trigger.rules.verdict import Code, Outcome, Verdict
from functions.intake_blob_trigger.rules.waiting import LONGEST_DELAY, is_over, still_waiting

__all__ = [
    "LONGEST_DELAY",
    "Code",
    "Limits",
    "Outcome",
    "Verdict",
    "inspect_file",
    "is_over",
    "still_waiting",
]
