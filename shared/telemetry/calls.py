"""Calls that leave the process: each a client span below the hop under way, and measured.

The adapters know nothing of it: the runtime watches what it builds, method by method, when
somebody records. No attribute holds an id of a document, a blob's name or an address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from shared.blobs.port import Blobs
from shared.bus.port import Bus, Message
from shared.documents.port import Documents
from shared.errors import Problem, Throttled, Unavailable
from shared.telemetry.hops import current, is_traceparent
from shared.telemetry.recording import BUS, Attributes, Kind, measure, recorder

_MOST_LINKS = 32

_INSIDE: ContextVar[object | None] = ContextVar("waymark_watched", default=None)


@contextmanager
def calling(
    name: str,
    instrument: str,
    attributes: Attributes,
    *,
    noted: Attributes | None = None,
    kind: Kind = "client",
    is_read: bool = False,
    links: Sequence[str] = (),
) -> Iterator[None]:
    """Measure a call by its attributes, and make it a span with what is ``noted`` as well.

    An answer that refuses (``Missing``, ``Stale``, …) is noted as the outcome; whatever else is
    raised marks the span as failed, by its type.
    """
    recording = recorder()
    if recording is None:
        yield
        return
    here, span = current(), None
    is_shown = here is not None and here.is_sampled and (here.detailed or not is_read)
    if here is not None and is_shown and here.takes_call():
        span = recording.span(
            name, kind, {**attributes, **(noted or {})}, parent=here.traceparent, links=links
        )
    began = time.perf_counter()
    failed = None
    measured = dict(attributes)
    if here is not None and here.flow:
        measured["waymark.flow"] = here.flow
    try:
        yield
    except Exception as error:
        if isinstance(error, Problem) and not isinstance(error, Unavailable | Throttled):
            measured["waymark.outcome"] = type(error).__name__
            if span is not None:
                span.note({"waymark.outcome": type(error).__name__})
        else:
            failed = measured["error.type"] = type(error).__name__
        raise
    finally:
        if span is not None:
            span.end(failed)
        measure(instrument, time.perf_counter() - began, measured)


def watch_documents(documents: Documents, system: str) -> None:
    """Make each call of a document store a span; ``system`` is its ``db.system.name``."""

    def watched(method: str, *, is_read: bool) -> None:
        def around(container: str, *rest: Any, **named: Any) -> AbstractContextManager[None]:
            told = {
                "db.system.name": system,
                "db.operation.name": method,
                "db.collection.name": container,
            }
            size = {} if is_read else {"db.operation.batch.size": _length(rest, named)}
            return calling(
                f"{method} {container}",
                "db.client.operation.duration",
                told,
                noted=size,
                is_read=is_read,
            )

        _watch(documents, method, around)

    for method in ("get", "query", "nearest"):
        watched(method, is_read=True)
    watched("commit", is_read=False)


def _length(rest: tuple[Any, ...], named: dict[str, Any]) -> int:
    """How many operations a commit has: its third argument, or named."""
    return len(rest[1] if len(rest) > 1 else named["operations"])


def watch_blobs(blobs: Blobs, system: str) -> None:
    """Make each call of a blob store a span; reading one is measured up to its first byte."""

    def told(method: str, container: str) -> AbstractContextManager[None]:
        return calling(
            f"{method} {container}",
            "waymark.blob.operation.duration",
            {
                "waymark.blob.system": system,
                "waymark.blob.operation": method,
                "waymark.blob.container": container,
            },
            is_read=method in {"info", "tags", "open"},
        )

    def watched(method: str) -> None:
        _watch(blobs, method, lambda container, *_rest, **_named: told(method, container))

    for method in ("put", "info", "delete", "set_tier", "tags"):
        watched(method)
    opened = blobs.open

    @contextmanager
    def open_watched(container: str, name: str) -> Iterator[Any]:
        with ExitStack() as stack:
            with told("open", container), _inside(blobs):
                blob = stack.enter_context(opened(container, name))
            yield blob

    _put(blobs, "open", open_watched)


def watch_bus(bus: Bus) -> None:
    """Make each call of a bus a span: a sending one is linked to the hops whose events it sends,
    where those are others than the one under way."""
    publish = bus.publish

    def publish_watched(messages: Sequence[Message]) -> None:
        destinations = sorted({message.destination for message in messages})
        destination = destinations[0] if len(destinations) == 1 else ""
        here = current()
        own = here.traceparent if here is not None else ""
        told = {"messaging.system": BUS, "messaging.operation.name": "send"}
        if destination:
            told["messaging.destination.name"] = destination
        with calling(
            f"send {destination}".rstrip(),
            "messaging.client.operation.duration",
            told,
            noted={
                "messaging.operation.type": "send",
                "messaging.batch.message_count": len(messages),
            },
            kind="producer",
            links=_others(messages, own),
        ):
            publish(messages)

    _put(bus, "publish", publish_watched)
    for method in ("dead_letters", "redrive", "discard"):
        _watch_entity(bus, method)


def _watch_entity(bus: Bus, method: str) -> None:
    def around(entity: str, *_rest: Any, **_named: Any) -> AbstractContextManager[None]:
        told = {
            "messaging.system": BUS,
            "messaging.operation.name": method,
            "messaging.destination.name": entity,
        }
        return calling(
            f"{method} {entity}",
            "messaging.client.operation.duration",
            told,
            is_read=method == "dead_letters",
        )

    _watch(bus, method, around)


def _others(messages: Sequence[Message], own: str) -> list[str]:
    """The hops other than ours whose events these messages carry, so many and no more."""
    found = dict.fromkeys(
        message.properties["traceparent"]
        for message in messages
        if "traceparent" in message.properties
    )
    return [each for each in found if each != own and is_traceparent(each)][:_MOST_LINKS]


def watch_peer(client: object, peer: str, methods: Collection[str]) -> None:
    """Make these methods of another system's client spans, named by the system."""

    def watched(method: str) -> None:
        def around(*_rest: Any, **_named: Any) -> AbstractContextManager[None]:
            told = {"waymark.peer": peer, "waymark.peer.operation": method}
            return calling(f"{method} {peer}", "waymark.peer.call.duration", told)

        _watch(client, method, around)

    for method in methods:
        watched(method)


def _watch(
    watched: object, method: str, around: Callable[..., AbstractContextManager[None]]
) -> None:
    """Put a watched method in the place of a method, on this object alone. ``around`` makes the
    span from the arguments. What the object calls of itself meanwhile is a part of the call.
    """
    original = getattr(watched, method)

    @wraps(original)
    def call(*given: Any, **named: Any) -> Any:
        if _INSIDE.get() is watched:
            return original(*given, **named)
        with around(*given, **named), _inside(watched):
            return original(*given, **named)

    _put(watched, method, call)


@contextmanager
def _inside(watched: object) -> Iterator[None]:
    token = _INSIDE.set(watched)
    try:
        yield
    finally:
        _INSIDE.reset(token)


def _put(watched: object, method: str, function: Callable[..., Any]) -> None:
    """Put a function in a method's place, though the object may be frozen."""
    object.__setattr__(watched, method, function)
