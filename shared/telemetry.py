"""Structured logs, and the ids that follow one request through every hop.

A log line is one JSON object with the outcome of one thing done. Fields are ids,
counts, durations and status words; personal data never goes in.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_LOGGER = logging.getLogger("waymark")


@dataclass(frozen=True)
class Hop:
    """Where we are: the request that began it all, its trace, and this hop's own span."""

    request_id: str
    trace_id: str
    span_id: str
    flags: str = "01"

    @property
    def traceparent(self) -> str:
        """The W3C ``traceparent`` to send onward."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


_CURRENT: ContextVar[Hop | None] = ContextVar("waymark_hop", default=None)


@contextmanager
def hop(*, traceparent: str | None, request_id: str | None) -> Iterator[Hop]:
    """Begin a hop: a new span in the caller's trace, or a new trace without a sound one.

    A request id that is not 1 to 64 plain characters is replaced, so that nobody
    writes into our logs through a header.
    """
    caller = _TRACEPARENT.fullmatch(traceparent or "")
    sound = caller is not None and set(caller[1]) != {"0"} and set(caller[2]) != {"0"}
    here = Hop(
        request_id=request_id
        if _REQUEST_ID.fullmatch(request_id or "") and request_id
        else str(uuid4()),
        trace_id=caller[1] if caller and sound else secrets.token_hex(16),
        span_id=secrets.token_hex(8),
        flags=caller[3] if caller and sound else "01",
    )
    token = _CURRENT.set(here)
    try:
        yield here
    finally:
        _CURRENT.reset(token)


def current() -> Hop | None:
    """The hop under way, if any."""
    return _CURRENT.get()


def log(outcome: str, /, *, level: int = logging.INFO, **fields: object) -> None:
    """Write one line: an outcome in ``noun.past_tense`` words, with ids and counts."""
    _LOGGER.log(level, outcome, extra={"waymark": fields})


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
