"""Drives queue and subscription triggers from the embedded bus."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

from azure.functions.servicebus import ServiceBusMessage

from local.triggers import BusFunction
from local.work import Work
from shared import telemetry
from shared.bus.sqlite import SqliteBus
from shared.bus.sqlite_rows import Delivery, LockLost, SessionLock
from shared.topology import Receiver

POLL_SECONDS = 0.25
SESSION_IDLE_SECONDS = 0.5


class BusDriver:
    """Feeds one function from one entity, so many messages (or sessions) at a time."""

    def __init__(
        self,
        function: BusFunction,
        receiver: Receiver,
        bus: SqliteBus,
        work: Work,
        *,
        concurrency: int,
    ) -> None:
        self._function = function
        self._receiver = receiver
        self._bus = bus
        self._work = work
        self._slots = threading.Semaphore(concurrency)
        self._thread = threading.Thread(
            target=self._loop, name=f"bus:{function.entity}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait until it takes no more messages."""
        self._thread.join()

    def _loop(self) -> None:
        stopping = self._work.stopping
        while not stopping.is_set():
            if not self._slots.acquire(timeout=POLL_SECONDS):
                continue
            seen = self._bus.publications
            try:
                taken = not stopping.is_set() and self._take()
            except Exception as error:
                telemetry.failure("bus.not_read", error, entity=self._function.entity)
                taken = False
            if not taken:
                self._slots.release()
                self._bus.wait(seen, POLL_SECONDS)

    def _take(self) -> bool:
        entity = self._function.entity
        if self._receiver.sessions:
            lock = self._bus.accept_session(entity)
            if lock is None:
                return False
            self._work.submit(lambda: self._session(lock))
            return True
        deliveries = self._bus.receive(entity)
        if not deliveries:
            return False
        self._work.submit(lambda: self._single(deliveries[0]))
        return True

    def _single(self, delivery: Delivery) -> None:
        try:
            with _Renewal(self._bus, delivery, self._receiver.lock_seconds):
                self._deliver(delivery)
        finally:
            self._slots.release()

    def _session(self, lock: SessionLock) -> None:
        """Handle a session's messages in order until none has come for a while, or at once where
        all slots are taken."""
        idle_until = time.monotonic() + SESSION_IDLE_SECONDS
        try:
            with _Renewal(self._bus, lock, self._receiver.lock_seconds) as renewal:
                while time.monotonic() < idle_until and not self._work.stopping.is_set():
                    seen = self._bus.publications
                    held = renewal.held
                    if not isinstance(held, SessionLock):
                        break
                    deliveries = self._bus.receive(lock.entity, session=held)
                    if not deliveries:
                        if not self._has_free_slot():
                            break  # another session may be waiting for this one's
                        self._bus.wait(seen, POLL_SECONDS / 2)
                        continue
                    self._deliver(deliveries[0])
                    idle_until = time.monotonic() + SESSION_IDLE_SECONDS
        except LockLost:
            telemetry.log("session.lock_lost", entity=lock.entity)
        finally:
            try:
                self._bus.release_session(lock)
            finally:
                self._slots.release()

    def _has_free_slot(self) -> bool:
        if not self._slots.acquire(blocking=False):
            return False
        self._slots.release()
        return True

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._function.call(_message(delivery))
        except Exception as error:
            telemetry.failure(
                "message.not_handled",
                error,
                entity=delivery.entity,
                message_id=delivery.message_id,
                delivery=delivery.delivery_count,
            )
            with suppress(LockLost):
                if delivery.delivery_count >= self._receiver.max_delivery:
                    self._bus.dead_letter(delivery, type(error).__name__, str(error))
                else:
                    self._bus.abandon(delivery)
            return
        try:
            self._bus.complete(delivery)
        except LockLost:
            telemetry.log("message.lock_lost", entity=delivery.entity, id=delivery.message_id)


class _Renewal:
    """Keeps a message or session locked while it is being handled."""

    def __init__(self, bus: SqliteBus, held: Delivery | SessionLock, lock_seconds: float) -> None:
        self._bus = bus
        self._every = lock_seconds / 2
        self._timer: threading.Timer | None = None
        self._over = False
        self.held = held

    def __enter__(self) -> _Renewal:
        self._schedule(self._every)
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self, after: float) -> None:
        self._timer = threading.Timer(after, self._renew)
        self._timer.daemon = True
        self._timer.start()

    def _renew(self) -> None:
        if self._over:
            return
        try:
            if isinstance(self.held, SessionLock):
                self.held = self._bus.renew_session(self.held)
            else:
                self.held = self._bus.renew(self.held)
        except LockLost:
            return  # whoever settles it finds out
        except Exception as error:
            telemetry.failure("lock.not_renewed", error, entity=self.held.entity)
            self._schedule(self._every / 8)  # the lock holds for a while yet
        else:
            self._schedule(self._every)


def _message(delivery: Delivery) -> ServiceBusMessage:
    return ServiceBusMessage(
        body=delivery.body,
        application_properties=dict(delivery.properties),
        user_properties=dict(delivery.properties),
        content_type=delivery.content_type,
        correlation_id=delivery.correlation_id,
        delivery_count=delivery.delivery_count,
        enqueued_time_utc=datetime.fromtimestamp(delivery.enqueued_at, UTC),
        label=delivery.subject,
        subject=delivery.subject,
        locked_until=datetime.fromtimestamp(delivery.locked_until, UTC),
        lock_token=delivery.lock_token,
        message_id=delivery.message_id,
        sequence_number=delivery.sequence_number,
        session_id=delivery.session_id,
    )
