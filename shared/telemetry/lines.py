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
from pathlib import Path
from types import TracebackType

from shared.telemetry.hops import current
from shared.telemetry.recording import recorder

MOST_TRACEBACK = 6000
"""Characters of a traceback: Application Insights keeps 8,192 of a field."""
_LOGGER = logging.getLogger("waymark")
_ROOT = Path(__file__).resolve().parents[2]


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
        told = {name: _plain(value) for name, value in fields.items() if value is not None}
        if here is not None:
            told["request_id"] = here.request_id
        recording.line(outcome, level, told, traceparent=here.traceparent if here else None)


def failure(outcome: str, error: Exception, /, **fields: object) -> None:
    """Write one error line with the traceback. The error's own words stay out of it: they
    may quote what somebody sent."""
    where = _where(error.__traceback__)
    log(outcome, level=logging.ERROR, error=type(error).__name__, traceback=where, **fields)


def _plain(value: object) -> str | int | float:
    if isinstance(value, str | int | float):
        return value
    try:
        return json.dumps(value, default=str, ensure_ascii=False)
    except (TypeError, ValueError):  # keys that are no text, or a value within itself
        return str(value)


def _where(raised: TracebackType | None) -> str:
    """A traceback whose files are named within the app or their package, never by the folders of a
    machine; of a long one the frames next to the error, for who takes a line may cut its end."""
    shown: list[str] = []
    for frame in reversed(traceback.extract_tb(raised)):
        path = Path(frame.filename)
        _, installed, name = frame.filename.rpartition("site-packages/")
        if not installed:
            name = str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else path.name
        told = traceback.FrameSummary(name, frame.lineno, frame.name, line=frame.line)
        shown += traceback.format_list([told])
        if sum(map(len, shown)) > MOST_TRACEBACK:
            break
    return "".join(reversed(shown))


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
            line["traceback"] = _where(record.exc_info[2])
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
