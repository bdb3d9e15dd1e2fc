"""Structured logs, with the ids of the hop that wrote them.

A log line is one JSON object with the outcome of one thing done. Fields are ids,
counts, durations and status words; personal data never goes in.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from shared.telemetry.hops import current
from shared.telemetry.recording import recorder

_LOGGER = logging.getLogger("waymark")


def log(outcome: str, /, *, level: int = logging.INFO, **fields: object) -> None:
    """Write one line: an outcome in ``noun.past_tense`` words, with ids and counts.

    It goes to the process's log, and to whoever records: where an app's worker exports telemetry
    the Functions host no longer takes the lines that it writes.
    """
    if not _LOGGER.isEnabledFor(level):
        return
    _LOGGER.log(level, outcome, extra={"waymark": fields})
    recording, here = recorder(), current()
    if recording is not None:
        told = {
            name: value if isinstance(value, str | int | float) else json.dumps(value, default=str)
            for name, value in fields.items()
            if value is not None
        }
        if here is not None:
            told["request_id"] = here.request_id
        recording.line(outcome, level, told, traceparent=here.traceparent if here else None)


def failure(outcome: str, error: Exception, /, **fields: object) -> None:
    """Write one error line with the traceback. The error's own words stay out of it: they
    may quote what somebody sent."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log(outcome, level=logging.ERROR, error=type(error).__name__, traceback=where, **fields)


@contextmanager
def timed(outcome: str, /, **fields: object) -> Iterator[dict[str, object]]:
    """Log ``outcome`` with ``duration_ms`` when the block ends, also when it raises.

    The block may add fields to the yielded mapping.
    """
    began = time.perf_counter()
    try:
        yield fields
    except Exception as error:
        fields.setdefault("error", type(error).__name__)
        raise
    finally:
        duration = round((time.perf_counter() - began) * 1000, 2)
        level = logging.ERROR if fields.get("error") else logging.INFO
        log(outcome, level=level, **fields, duration_ms=duration)


class JsonLines(logging.Formatter):
    """Log records as JSON lines with the current hop's ids."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        here = current()
        if here is not None:
            line |= {
                "request_id": here.request_id,
                "trace_id": here.trace_id,
                "span_id": here.span_id,
            }
        line |= getattr(record, "waymark", {})
        if record.exc_info and record.exc_info[0] is not None:
            # without the exception's words, as in failure()
            line["error"] = record.exc_info[0].__name__
            line["traceback"] = "".join(traceback.format_tb(record.exc_info[2]))
        return json.dumps(line, default=str)


def configure(level: str = "INFO") -> None:
    """Write our lines as JSON to whatever handles this process's log: the Functions worker's
    own handler, which must stay, or standard error where nobody does.

    Quiets the SDKs to warnings.
    """
    if _LOGGER.hasHandlers():
        for handler in logging.getLogger().handlers:
            if handler.formatter is None:  # it would write the outcome without its fields
                handler.setFormatter(JsonLines())
    else:
        ours = logging.StreamHandler(sys.stderr)
        ours.setFormatter(JsonLines())
        _LOGGER.addHandler(ours)
    _LOGGER.setLevel(level)
    for name in ("azure", "uamqp", "urllib3", "openai", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
