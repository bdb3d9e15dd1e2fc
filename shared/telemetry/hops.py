"""Hops: what one trigger does, with the ids that follow a request to its last message.

A hop is a span of its caller's trace. Events that it commits carry its ``traceparent``, so the
hops that hear of them are its children, however late and however often they are delivered.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from shared.telemetry.recording import Attributes, Kind, Span, measure, recorder

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_FLOW = re.compile(r"functions\.(\w+)(\.|$)")
_SAMPLED = 0x01
MOST_CALLS = 200
"""Calls of stores and others in one hop that are spans; what comes after is measured alone."""


@dataclass(frozen=True)
class Hop:
    """Where we are: the request that began it all, its trace, and this hop's own span.

    ``flow`` is whose code runs, empty where nobody said. In a hop that is not ``detailed`` only
    calls that change something have spans of their own.
    """

    request_id: str
    trace_id: str
    span_id: str
    flags: str = "01"
    flow: str = ""
    detailed: bool = True
    span: Span | None = field(default=None, compare=False, repr=False)
    _failed: list[str] = field(default_factory=list, compare=False, repr=False)
    _calls: list[int] = field(default_factory=lambda: [0], compare=False, repr=False)

    @property
    def traceparent(self) -> str:
        """The W3C ``traceparent`` to send onward."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    @property
    def is_sampled(self) -> bool:
        """Whether its spans are to be recorded, as the trace's first hop decided."""
        return bool(int(self.flags, 16) & _SAMPLED)

    def takes_call(self) -> bool:
        """Whether one more call in it is to be a span: a night that removes ten thousand
        documents is no trace that anybody reads."""
        self._calls[0] += 1
        return self._calls[0] <= MOST_CALLS

    def note(self, attributes: Attributes) -> None:
        """Add attributes to its span, if it has one."""
        if self.span is not None:
            self.span.note(attributes)

    @property
    def error_type(self) -> str | None:
        """What it was marked as failed by, None where it was not."""
        return self._failed[0] if self._failed else None

    def fail(self, error_type: str) -> None:
        """Mark it as failed by a type of error; the first one counts."""
        self._failed.append(error_type)


_CURRENT: ContextVar[Hop | None] = ContextVar("waymark_hop", default=None)


@contextmanager
def hop(
    *,
    traceparent: str | None,
    request_id: str | None,
    name: str = "hop",
    kind: Kind = "internal",
    flow: str = "",
    detailed: bool = True,
    attributes: Attributes | None = None,
) -> Iterator[Hop]:
    """Begin a hop: a new span in the caller's trace, or a new trace without a sound one.

    A request id that is not 1 to 64 plain characters is replaced, so that nobody
    writes into our logs through a header. What leaves the block as an exception marks the
    hop as failed.
    """
    parent = traceparent if is_traceparent(traceparent) else None
    span, recording = None, recorder()
    if recording is not None:
        # the Functions host's own span stands in for a caller that sent none
        parent = parent or recording.ambient()
        given = {**(attributes or {}), "waymark.flow": flow} if flow else attributes or {}
        span = recording.span(name, kind, given, parent=parent)
        trace_id, span_id, flags = span.trace_id, span.span_id, span.flags
    else:
        trace_id = parent[3:35] if parent else secrets.token_hex(16)
        span_id = secrets.token_hex(8)
        flags = parent[53:] if parent else "01"
    here = Hop(
        request_id=request_id if request_id and _REQUEST_ID.fullmatch(request_id) else str(uuid4()),
        trace_id=trace_id,
        span_id=span_id,
        flags=flags,
        flow=flow,
        detailed=detailed,
        span=span,
    )
    token = _CURRENT.set(here)
    try:
        yield here
    except Exception as error:
        here.fail(type(error).__name__)
        raise
    finally:
        _CURRENT.reset(token)
        if span is not None:
            left_out = here._calls[0] - MOST_CALLS
            if left_out > 0:
                span.note({"waymark.calls_left_out": left_out})
            span.end(here.error_type)


def is_traceparent(text: str | None) -> bool:
    """Whether it is a ``traceparent`` of version 00 whose ids are not all zero."""
    found = _TRACEPARENT.fullmatch(text or "")
    return found is not None and set(found[1]) != {"0"} and set(found[2]) != {"0"}


@contextmanager
def triggered(
    trigger: Literal["timer", "datasource", "pubsub"], function: str, *, flow: str
) -> Iterator[Hop]:
    """Begin a hop that no caller began: a run of a timer, a dropped file, a queue's message.

    It is measured by trigger and function. A timer that sweeps the stores reads a lot and often
    finds nothing: its reads have no spans of their own, only what it writes and sends.
    """
    told: Attributes = {"faas.trigger": trigger, "faas.name": function}
    began = time.perf_counter()
    with hop(
        traceparent=None,
        request_id=None,
        name=function,
        kind="server",
        flow=flow,
        detailed=trigger != "timer",
        attributes=told,
    ) as here:
        try:
            yield here
        except Exception as error:
            here.fail(type(error).__name__)
            raise
        finally:
            failed = {"error.type": here.error_type} if here.error_type else {}
            measured = {**told, **failed, "waymark.flow": flow}
            measure("faas.invoke_duration", time.perf_counter() - began, measured)


def current() -> Hop | None:
    """The hop under way, if any."""
    return _CURRENT.get()


def flow_of(function: Callable[..., Any]) -> str:
    """The flow whose code a function is, empty for what is nobody's."""
    module = getattr(getattr(function, "func", function), "__module__", None) or ""
    found = _FLOW.match(module)
    return found[1] if found else ""
