"""The bus on Azure Service Bus.

What an operator should know of it:

- Retries are the SDK's alone, bounded by the numbers below; nothing here retries again.
- A send that was repeated after a lost connection carries the same message ids, so the
  destination's duplicate detection drops what it had taken before.
- Entities are not partitioned: order and sequence numbers are those of one broker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Self

from shared.bus.addressing import entities_of
from shared.bus.port import DeadLetter, Message
from shared.bus.service_bus_translation import dead_letter, outgoing, redriven, translated
from shared.errors import Missing, Unavailable
from shared.topology import Receiver, Topology

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.servicebus import (
        ServiceBusClient,
        ServiceBusMessage,
        ServiceBusMessageBatch,
        ServiceBusReceivedMessage,
        ServiceBusReceiver,
        ServiceBusSender,
    )

ATTEMPT_SECONDS = 10.0
OPERATION_SECONDS = 30.0
_GRACE_SECONDS = 1.0
SILENCE_SECONDS = 10.0
_RETRIES = {
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    "retry_backoff_max": 5.0,
    "try_timeout": ATTEMPT_SECONDS,
}

_REDRIVE_BATCH = 50
_REDRIVE_WAIT_SECONDS = 5.0
_PEEK_BATCH = 100


class ServiceBus:
    """The :class:`~shared.bus.port.Bus` port on ``azure-servicebus``.

    One instance serves all threads of a process. ``client`` is a ready ``ServiceBusClient``
    with bounded retries, which the instance closes; the class methods make one. A send has
    ``patience`` seconds, opening and all attempts together; a broker that gave no answer
    in that time is left alone for ``silence`` seconds.
    """

    def __init__(
        self,
        client: ServiceBusClient,
        topology: Topology,
        *,
        patience: float = OPERATION_SECONDS,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._client = client
        self._topology = topology
        self._receivers = topology.receivers
        # The SDK promises thread safety neither for the client nor for its senders.
        self._client_lock = threading.Lock()
        self._outlets = {
            name: _Outlet(partial(self._open_sender, name), patience, silence)
            for name in (*topology.queues, *topology.topics)
        }

    @classmethod
    def from_connection_string(cls, connection_string: str, topology: Topology) -> Self:
        """Connect with a key: for tests and emulators. Nothing is sent before the first call."""
        from azure.servicebus import ServiceBusClient

        client = ServiceBusClient.from_connection_string(connection_string, **_RETRIES)  # type: ignore[arg-type]
        return cls(client, topology)

    @classmethod
    def from_namespace(
        cls, namespace: str, credential: TokenCredential, topology: Topology
    ) -> Self:
        """Connect with an identity to ``<name>.servicebus.windows.net``."""
        from azure.servicebus import ServiceBusClient

        client = ServiceBusClient(namespace, credential, **_RETRIES)  # type: ignore[arg-type]
        return cls(client, topology)

    def close(self) -> None:
        """Close all senders and the client; waits for sends that are under way."""
        # Closing a sender waits up to a second for its thread, so all are closed at once.
        with ThreadPoolExecutor(len(self._outlets)) as threads:
            list(threads.map(_Outlet.close, self._outlets.values()))
        with self._client_lock:
            self._client.close()

    def publish(self, messages: Sequence[Message]) -> None:
        """See :meth:`shared.bus.port.Bus.publish`.

        What does not fit one batch goes in several: when a later one fails, the earlier
        ones are there already, and publishing all of them again within the
        duplicate-detection window doubles none.
        """
        for message in messages:
            entities_of(self._topology, message)
        by_destination: dict[str, list[Message]] = {}
        for message in messages:
            by_destination.setdefault(message.destination, []).append(message)
        for destination, group in by_destination.items():
            self._outlets[destination].send([outgoing(message) for message in group])

    def ping(self, destination: str, *, seconds: float) -> None:
        """See :meth:`shared.bus.port.Bus.ping`. Opens a link of its own, as a sender does."""
        if destination not in self._outlets:
            raise Missing(f"{destination!r} is neither a queue nor a topic")
        outlet = _Outlet(partial(self._open_sender, destination), seconds, 0.0)
        try:
            outlet.send(())
        finally:
            outlet.leave()

    def dead_letters(
        self, entity: str, *, limit: int = 100, after: int = 0
    ) -> tuple[DeadLetter, ...]:
        """See :meth:`shared.bus.port.Bus.dead_letters`. Peeks, so nothing gets locked."""
        self._receiver(entity)
        found: list[DeadLetter] = []
        with translated(entity), _browsing(self._dead_letter_receiver(entity)) as receiver:
            while len(found) < limit:
                peeked = receiver.peek_messages(
                    min(limit - len(found), _PEEK_BATCH),
                    sequence_number=after + 1,
                    timeout=OPERATION_SECONDS,
                )
                if not peeked:
                    break
                found += [dead_letter(entity, message) for message in peeked]
                after = found[-1].sequence_number
        return tuple(found)

    def redrive(self, entity: str, sequence_numbers: Sequence[int]) -> int:
        """See :meth:`shared.bus.port.Bus.redrive`.

        Service Bus hands out dead letters oldest first and not by number, so those before
        the last one wanted are locked in passing and given back, which adds one to their
        delivery count. A dead letter under somebody else's lock counts as not found.

        A subscription's dead letter goes to its topic, since nobody can send to a
        subscription: **every** subscription that filters for it hears it again. Their
        receipts make that harmless.
        """

        def send_again(letters: list[ServiceBusReceivedMessage]) -> None:
            self._outlets[entity.partition("/")[0]].send([redriven(each) for each in letters])

        # Sent before it is completed: a crash in between leaves two, not none.
        return self._complete(entity, sequence_numbers, before=send_again)

    def scrub(self) -> None:
        """Nothing: the service keeps its disks, and nobody reads them."""

    def discard(self, entity: str, sequence_numbers: Sequence[int]) -> int:
        """See :meth:`shared.bus.port.Bus.discard`, and :meth:`redrive` for what is locked."""
        return self._complete(entity, sequence_numbers, before=lambda _letters: None)

    def _complete(
        self,
        entity: str,
        sequence_numbers: Sequence[int],
        *,
        before: Callable[[list[ServiceBusReceivedMessage]], None],
    ) -> int:
        """Take these dead letters out of their queue, each after ``before`` was told of it."""
        self._receiver(entity)
        if not sequence_numbers:
            return 0
        found = 0
        with translated(entity), self._dead_letter_receiver(entity) as receiver:
            wanted = _present(receiver, sequence_numbers)
            held: dict[int, ServiceBusReceivedMessage] = {}
            try:
                while wanted:
                    received = _by_number(
                        receiver.receive_messages(
                            _REDRIVE_BATCH, max_wait_time=_REDRIVE_WAIT_SECONDS
                        )
                    )
                    held |= received
                    chosen = [number for number in received if number in wanted]
                    if chosen:
                        before([received[number] for number in chosen])
                    for number in chosen:
                        receiver.complete_message(held.pop(number))
                        wanted.discard(number)
                    found += len(chosen)
                    if not received or min(received) > max(wanted, default=0):
                        break
            finally:
                _give_back(receiver, held.values())
        return found

    def _receiver(self, entity: str) -> Receiver:
        if entity not in self._receivers:
            raise Missing(f"{entity!r} is neither a queue nor a subscription")
        return self._receivers[entity]

    def _open_sender(self, destination: str) -> ServiceBusSender:
        with self._client_lock:
            if destination in self._topology.topics:
                return self._client.get_topic_sender(destination)
            return self._client.get_queue_sender(destination)

    def _dead_letter_receiver(self, entity: str) -> ServiceBusReceiver:
        from azure.servicebus import ServiceBusSubQueue

        name, _, subscription = entity.partition("/")
        with self._client_lock:
            if subscription:
                return self._client.get_subscription_receiver(
                    name, subscription, sub_queue=ServiceBusSubQueue.DEAD_LETTER
                )
            return self._client.get_queue_receiver(name, sub_queue=ServiceBusSubQueue.DEAD_LETTER)


class _Outlet:
    """One destination's sender: kept open, because opening costs half a second, used by one
    thread at a time, and replaced after a failure, since nobody says what state it is in."""

    def __init__(
        self, open_sender: Callable[[], ServiceBusSender], patience: float, silence: float
    ) -> None:
        self._open_sender = open_sender
        self._patience = patience
        self._silence = silence
        self._sender: ServiceBusSender | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._silent_until = 0.0

    def send(self, messages: Sequence[ServiceBusMessage]) -> None:
        """Send in order, in as few transfers as fit; raises as ``publish`` does. With no
        messages a link is opened all the same.

        A broker that let somebody wait in vain is not asked again for a moment, so that
        a silent one does not hold up every thread in turn.
        """
        if time.monotonic() < self._silent_until:
            raise Unavailable("the broker gave no answer a moment ago")
        if not self._lock.acquire(timeout=self._patience):
            raise Unavailable("the broker is slow: others still wait for it to take theirs")
        try:
            if self._closed:
                raise Unavailable("the bus is closed")
            self._send(messages)
        finally:
            self._lock.release()

    def _send(self, messages: Sequence[ServiceBusMessage]) -> None:
        attempt = _Attempt(self._sender, self._open_sender, messages, self._patience)
        self._sender = None
        attempt.start()
        attempt.join(self._patience + _GRACE_SECONDS)
        if not attempt.ended.is_set():
            self._silent_until = time.monotonic() + self._silence
            attempt.abandon()
            raise Unavailable("no answer from the broker in time")
        if attempt.error is not None:
            raise attempt.error
        self._sender = attempt.sender

    def leave(self) -> None:
        """Close it without waiting."""
        if self._sender is not None:
            _close_aside(self._sender)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._sender is not None:
                # A sender whose connection broke may fail once more on the way out.
                with suppress(Exception):
                    self._sender.close()


class _Attempt(threading.Thread):
    """One send on a thread of its own, which can be left behind.

    The SDK's timeouts do not hold everywhere: opening a link to a broker that takes the
    connection and says nothing, and a rejection without details, wait for ever. A thread
    left behind ends with its connection; whatever it may still send is a duplicate.
    """

    def __init__(
        self,
        sender: ServiceBusSender | None,
        open_sender: Callable[[], ServiceBusSender],
        messages: Sequence[ServiceBusMessage],
        patience: float,
    ) -> None:
        super().__init__(name="service-bus-send", daemon=True)
        self.sender = sender
        self.error: Exception | None = None
        self.ended = threading.Event()
        self._open_sender = open_sender
        self._messages = messages
        self._patience = patience
        self._abandoned = threading.Event()

    def run(self) -> None:
        try:
            self._send()
        except Exception as error:  # handed to the thread that waits
            self.error = error
            self._drop()
        self.ended.set()
        if self._abandoned.is_set():
            self._drop()

    def abandon(self) -> None:
        """Let it go: what it holds is closed, now or when it comes back."""
        self._abandoned.set()
        self._drop()

    def _send(self) -> None:
        if self.sender is None:
            self.sender = self._open_sender()
        with translated(self.sender.entity_name):
            if not self._messages:
                self.sender.create_message_batch()  # opens the link
            for transfer in _transfers(self.sender, self._messages):
                self.sender.send_messages(transfer, timeout=self._patience)

    def _drop(self) -> None:
        if self.sender is not None:
            _close_aside(self.sender)


def _transfers(
    sender: ServiceBusSender, messages: Sequence[ServiceBusMessage]
) -> Iterator[ServiceBusMessage | ServiceBusMessageBatch]:
    """Pack messages, in their order, into batches that the link takes.

    A batch holds one session's messages, as its envelope carries one session id.
    """
    from azure.servicebus.exceptions import MessageSizeExceededError

    for _, run in groupby(messages, key=lambda message: message.session_id):
        batch = sender.create_message_batch()
        for message in run:
            try:
                batch.add_message(message)
            except MessageSizeExceededError:
                if len(batch):
                    yield batch
                    batch = sender.create_message_batch()
                try:
                    batch.add_message(message)
                except MessageSizeExceededError:
                    # Too large for any batch; alone it may still be within the link's limit.
                    yield message
        if len(batch):
            yield batch


@contextmanager
def _browsing(receiver: ServiceBusReceiver) -> Iterator[ServiceBusReceiver]:
    """A receiver that only peeks, and so holds nothing that closing must give back."""
    try:
        yield receiver
    finally:
        _close_aside(receiver)


def _close_aside(handler: ServiceBusSender | ServiceBusReceiver) -> None:
    """Close without waiting: it takes the SDK up to a second, and fails on broken connections."""

    def close() -> None:
        with suppress(Exception):
            handler.close()

    threading.Thread(target=close, daemon=True).start()


def _by_number(
    messages: Iterable[ServiceBusReceivedMessage],
) -> dict[int, ServiceBusReceivedMessage]:
    return {one.sequence_number: one for one in messages if one.sequence_number is not None}


def _present(receiver: ServiceBusReceiver, sequence_numbers: Sequence[int]) -> set[int]:
    """Those numbers that are there, so that a missing one does not cost a walk to the end."""
    present = set()
    for number in set(sequence_numbers):
        peeked = receiver.peek_messages(1, sequence_number=number, timeout=OPERATION_SECONDS)
        if peeked and peeked[0].sequence_number == number:
            present.add(number)
    return present


def _give_back(receiver: ServiceBusReceiver, messages: Iterable[ServiceBusReceivedMessage]) -> None:
    from azure.servicebus.exceptions import ServiceBusError

    for message in messages:
        # What cannot be given back comes back by itself when its lock runs out.
        with suppress(ServiceBusError):
            receiver.abandon_message(message)
