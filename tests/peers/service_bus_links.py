"""The AMQP side of the Service Bus peer: links, transfers, dispositions and faults.

Everything here runs on the proton container's one thread.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Literal
from uuid import UUID, uuid4

from proton import Condition, Delivery, Link, Message, symbol
from proton.handlers import Handshaker

from tests.peers.service_bus_entities import (
    Destination,
    Entity,
    LockLost,
    Namespace,
    Outcome,
    Refused,
)
from tests.peers.service_bus_faults import REFUSALS, Faults, hang_up
from tests.peers.service_bus_management import answer, authorize
from tests.peers.service_bus_wire import messages_in, net_ticks, owned

# What the Standard tier takes.
MAX_MESSAGE_BYTES = 256 * 1024
_SEND_CREDIT = 1000
_TICK_SECONDS = 0.02
_SESSION_FILTER = "com.microsoft:session-filter"

Role = Literal["cbs", "management", "send", "receive", "unknown"]


@dataclass
class Attachment:
    """What the broker knows of one open link."""

    role: Role
    address: str
    entity: Entity | None = None
    destination: Destination | None = None
    session: str | None = None
    tokens: dict[Delivery, UUID] = field(default_factory=dict)


def _survives(callback: Callable[..., None]) -> Callable[..., None]:
    """Log what a callback raises: left to escape, it would end the container for good."""

    @functools.wraps(callback)
    def guarded(self: Broker, event: Any) -> None:
        try:
            callback(self, event)
        except Exception:
            logging.exception("%s failed", callback.__name__)

    return guarded


class Broker(Handshaker):  # type: ignore[misc]
    """Answers AMQP clients from a namespace's entities."""

    def __init__(self, namespace: Namespace) -> None:
        super().__init__()
        self.namespace = namespace
        self.faults = Faults()
        self._links: dict[Link, Attachment] = {}
        self._waiting: list[tuple[Link, Attachment, float]] = []
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()

    def call(self, action: Callable[[], Any]) -> Any:
        """Run ``action`` on the container's thread, from any other; returns what it returns."""
        done: Future[Any] = Future()
        self._calls.put((action, done))
        return done.result(timeout=10)

    def reset(self) -> list[str]:
        """Forget all messages and faults. Hang up on who holds messages or a session, as the
        client may have them buffered; returns the addresses of their links."""
        self.faults = Faults()
        addresses = []
        for link, attachment in list(self._links.items()):
            if attachment.tokens or attachment.session is not None:
                addresses.append(attachment.address)
                hang_up(link)
        self.namespace.clear()
        return addresses

    def hang_up(self) -> None:
        """Break all connections without a word."""
        for link in list(self._links):
            hang_up(link)

    # Time

    def on_reactor_init(self, event: Any) -> None:
        event.reactor.schedule(_TICK_SECONDS, self)

    def on_timer_task(self, event: Any) -> None:
        self._tick(event)
        event.reactor.schedule(_TICK_SECONDS, self)

    @_survives
    def _tick(self, _event: Any) -> None:
        self._run_calls()
        for entity in self.namespace.entities.values():
            for session in entity.tick():
                for link, attachment in list(self._links.items()):
                    if attachment.entity is entity and attachment.session == session:
                        self._forget(link)
                        _refuse(link, "com.microsoft:session-lock-lost", "the lock ran out")
            self._pump(entity)
        now = self.namespace.clock.now()
        for waiter in [waiter for waiter in self._waiting if waiter[2] <= now]:
            self._waiting.remove(waiter)
            link = waiter[0]
            _open(link)
            _refuse(link, "com.microsoft:timeout", "no session came up in time")

    def _run_calls(self) -> None:
        while True:
            try:
                action, done = self._calls.get_nowait()
            except Empty:
                return
            try:
                done.set_result(action())
            except Exception as error:
                done.set_exception(error)

    # Links

    @_survives
    def on_link_remote_open(self, event: Any) -> None:
        link = event.link
        if link.state & link.LOCAL_ACTIVE:
            return
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.rcv_settle_mode = link.remote_rcv_settle_mode
        attachment = self._attachment(link)
        if attachment.role == "unknown":
            # The SDK may transfer before it reads the detach, so the link stays known.
            self._links[link] = attachment
            link.open()
            _refuse(link, "amqp:not-found", f"no entity {attachment.address!r}")
        elif attachment.role == "receive" and attachment.entity and attachment.entity.sessions:
            self._attach_session(link, attachment)
        else:
            self._links[link] = attachment
            if link.is_receiver:
                link.max_message_size = MAX_MESSAGE_BYTES
            _open(link)
            if link.is_receiver:
                link.flow(_SEND_CREDIT)

    def _attachment(self, link: Link) -> Attachment:
        source_or_target = link.remote_source if link.is_sender else link.remote_target
        address = _path(source_or_target.address or "")
        if address == "$cbs":
            return Attachment("cbs", address)
        path, slash, node = address.rpartition("/")
        if node == "$management" and slash:
            entity = self.namespace.entity(path)
            return Attachment("management" if entity else "unknown", address, entity)
        entity, destination = self.namespace.entity(address), self.namespace.destination(address)
        if link.is_sender:
            return Attachment("receive" if entity else "unknown", address, entity)
        return Attachment("send" if destination else "unknown", address, destination=destination)

    def _attach_session(self, link: Link, attachment: Attachment) -> None:
        filters = link.remote_source.filter
        filters.rewind()
        wanted = filters.get_object() if filters.next() else {}
        if _SESSION_FILTER not in wanted:
            _open(link)
            _refuse(link, "amqp:not-allowed", "an entity with sessions needs a session receiver")
        elif wanted[_SESSION_FILTER] is None:
            patience = (link.remote_properties or {}).get("com.microsoft:timeout", 60_000) / 1000
            self._waiting.append((link, attachment, self.namespace.clock.now() + patience))
            self._offer_sessions()
        elif not self._open_session(link, attachment, wanted[_SESSION_FILTER]):
            _open(link)
            _refuse(link, "com.microsoft:session-cannot-be-locked", "somebody else holds it")

    def _offer_sessions(self) -> None:
        for waiter in list(self._waiting):
            link, attachment, _ = waiter
            session = attachment.entity.free_session() if attachment.entity else None
            if session is not None and self._open_session(link, attachment, session):
                self._waiting.remove(waiter)

    def _open_session(self, link: Link, attachment: Attachment, session: str) -> bool:
        until = attachment.entity.lock_session(session) if attachment.entity else None
        if until is None:
            return False
        attachment.session = session
        self._links[link] = attachment
        link.properties = {symbol("com.microsoft:locked-until-utc"): net_ticks(until)}
        _open(link, session)
        return True

    def _forget(self, link: Link) -> None:
        """A link is gone. Its session is free at once; locks on messages outlive it."""
        self._waiting = [waiter for waiter in self._waiting if waiter[0] != link]
        attachment = self._links.pop(link, None)
        if attachment and attachment.entity and attachment.session is not None:
            attachment.entity.release_session(attachment.session, expired=False)

    @_survives
    def on_link_remote_close(self, event: Any) -> None:
        self._forget(event.link)
        super().on_link_remote_close(event)

    on_link_remote_detach = on_link_remote_close

    @_survives
    def on_session_remote_close(self, event: Any) -> None:
        for link in [link for link in self._links if link.session == event.session]:
            self._forget(link)
        super().on_session_remote_close(event)

    @_survives
    def on_transport_closed(self, event: Any) -> None:
        gone = [link for link in self._links if link.connection == event.connection]
        gone += [link for link, _, _ in self._waiting if link.connection == event.connection]
        for link in gone:
            self._forget(link)

    @_survives
    def on_link_flow(self, event: Any) -> None:
        link = event.link
        attachment = self._links.get(link)
        if attachment and attachment.role == "receive" and attachment.entity:
            self._pump(attachment.entity)
            if link.drain_mode:
                link.drained()

    # To receivers

    def _pump(self, entity: Entity) -> None:
        if entity.sessions:
            self._offer_sessions()
        for link, attachment in list(self._links.items()):
            if attachment.entity is not entity or attachment.role != "receive":
                continue
            while link.credit > 0 and (held := entity.take(attachment.session)):
                token = held.token
                if token is None:
                    raise LockLost
                # The SDK reads the lock token off the delivery tag in .NET's byte order.
                delivery = link.delivery(token.bytes_le)
                attachment.tokens[delivery] = token
                link.stream(held.encode())
                link.advance()
                if link.remote_snd_settle_mode == Link.SND_SETTLED:
                    entity.settle(token, "complete")
                    delivery.settle()

    def _settle(self, delivery: Delivery, attachment: Attachment) -> None:
        state = delivery.remote_state
        outcome, reason, description = _outcome(delivery)
        token = attachment.tokens.pop(delivery, None)
        if outcome is None or attachment.entity is None:
            return
        lost = token is None
        try:
            if token is not None:
                attachment.entity.settle(token, outcome, reason, description)
        except LockLost:
            lost = True
        if not delivery.settled:
            # The SDK waits for the echo of the outcome it asked for.
            if lost:
                delivery.local.condition = Condition(
                    "com.microsoft:message-lock-lost", "the lock is invalid"
                )
                delivery.update(Delivery.REJECTED)
            else:
                delivery.update(state)
        delivery.settle()
        self._pump(attachment.entity)
        if attachment.entity.dead_letters:
            self._pump(attachment.entity.dead_letters)

    # From senders

    @_survives
    def on_delivery(self, event: Any) -> None:
        link, delivery = event.link, event.delivery
        attachment = self._links.get(link)
        if link.is_receiver:
            if delivery.readable and not delivery.partial:
                payload = bytes(link.recv(delivery.pending) or b"")
                link.advance()
                self._incoming(link, delivery, payload, attachment)
                link.flow(1)
        elif delivery.updated:
            if attachment and attachment.role == "receive":
                self._settle(delivery, attachment)
            else:
                delivery.settle()

    def _incoming(
        self, link: Link, delivery: Delivery, payload: bytes, attachment: Attachment | None
    ) -> None:
        if attachment is None or attachment.role == "unknown":
            delivery.settle()
        elif attachment.role in ("cbs", "management"):
            delivery.update(Delivery.ACCEPTED)
            delivery.settle()
            self._reply(link, payload, attachment)
        elif attachment.destination is not None:
            self._take(link, delivery, payload, attachment.destination)

    def _take(
        self, link: Link, delivery: Delivery, payload: bytes, destination: Destination
    ) -> None:
        fault = self.faults.next()
        if fault == "drop before":
            hang_up(link)
        if fault in ("drop before", "ignore"):
            return
        refusal = REFUSALS.get(fault) or _stored(destination, payload)
        if fault == "drop after":
            hang_up(link)
            return
        if refusal:
            # The SDK reads a rejection's third field: without one it waits for ever.
            info = None if fault == "refuse bluntly" else {symbol("tracking-id"): "peer"}
            delivery.local.condition = Condition(*refusal, info)
        delivery.update(Delivery.REJECTED if refusal else Delivery.ACCEPTED)
        delivery.settle()
        for entity in destination.entities:
            self._pump(entity)

    def _reply(self, link: Link, payload: bytes, attachment: Attachment) -> None:
        request = Message()
        request.decode(payload)
        if attachment.entity is None:
            audience = str((request.properties or {}).get("name", ""))
            reply = authorize(_path(audience), self.namespace)
        else:
            operation = str((request.properties or {}).get("operation", ""))
            held = {
                other.session
                for near, other in self._links.items()
                if near.connection == link.connection and other.entity is attachment.entity
            }
            reply = answer(operation, owned(request.body or {}), attachment.entity, held)
        message = Message(correlation_id=request.id, body=reply.body)
        message.properties = reply.amqp_properties()
        for back, other in self._links.items():
            if (
                back.is_sender
                and back.session == link.session
                and other.address == attachment.address
            ):
                delivery = back.delivery(uuid4().bytes)
                back.stream(message.encode())
                back.advance()
                delivery.settle()
                break
        if attachment.entity is not None:
            self._pump(attachment.entity)


def _outcome(delivery: Delivery) -> tuple[Outcome | None, str, str]:
    """What a receiver wants done with a message, with reason and description."""
    match delivery.remote_state:
        case Delivery.ACCEPTED:
            return "complete", "", ""
        case Delivery.RELEASED:
            return "release", "", ""
        case Delivery.MODIFIED:
            return ("defer" if delivery.remote.undeliverable else "abandon"), "", ""
        case Delivery.REJECTED:
            condition = delivery.remote.condition
            info = (condition.info if condition else None) or {}
            return (
                "dead-letter",
                info.get("DeadLetterReason") or "",
                info.get("DeadLetterErrorDescription") or "",
            )
    return ("release" if delivery.settled else None), "", ""


def _stored(destination: Destination, payload: bytes) -> tuple[str, str] | None:
    """Put a transfer's messages where they go; returns condition and reason of a refusal."""
    if len(payload) > MAX_MESSAGE_BYTES:
        return "amqp:link:message-size-exceeded", f"over {MAX_MESSAGE_BYTES} bytes"
    try:
        destination.send(messages_in(payload))
    except Refused as refused:
        return refused.condition, refused.description
    except ValueError as error:
        return "amqp:decode-error", str(error)
    return None


def _open(link: Link, session: str | None = None) -> None:
    """Attach with source and target as asked, the session that was chosen filled in."""
    link.source.copy(link.remote_source)
    link.target.copy(link.remote_target)
    if session is not None:
        link.source.filter.clear()
        link.source.filter.put_object({symbol(_SESSION_FILTER): session})
    link.open()


def _refuse(link: Link, condition: str, description: str) -> None:
    link.condition = Condition(condition, description)
    link.close()


def _path(address: str) -> str:
    """The entity's path in an address that may be a whole URL."""
    return address.split("//", 1)[1].partition("/")[2] if "//" in address else address
