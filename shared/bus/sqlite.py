"""The bus on SQLite: queues and topics for one machine.

Beside the port it has the receiving side that the local host drives: peek-lock,
sessions, delivery counts and dead letters, as Service Bus has them.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from shared.bus.addressing import entities_of
from shared.bus.port import DeadLetter, Message
from shared.bus.sqlite_rows import (
    COLUMNS,
    SCHEMA,
    Delivery,
    LockLost,
    SessionLock,
    bury,
    check_session,
    delivery_of,
    exhausted,
    insert,
)
from shared.errors import Invalid, Missing
from shared.sqlite_connections import Connections
from shared.topology import Receiver, Topology


class SqliteBus:
    """The :class:`~shared.bus.port.Bus` port and its receiving side on one SQLite file.

    ``clock`` gives seconds since the epoch.
    """

    def __init__(self, path: Path, topology: Topology, clock: Callable[[], float]) -> None:
        self._connections = Connections(path)
        self._topology = topology
        self._receivers = topology.receivers
        self._clock = clock
        self._published = threading.Condition()
        self._publications = 0
        connection = self._connections.get()
        for statement in SCHEMA.split(";"):
            connection.execute(statement)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    # The port

    def publish(self, messages: Sequence[Message]) -> None:
        addressed = [(message, entities_of(self._topology, message)) for message in messages]
        now = self._clock()
        with self._connections.transaction() as connection:
            connection.execute("DELETE FROM seen WHERE expires_at <= ?", (now,))
            for message, entities in addressed:
                if not self._is_duplicate(connection, message, now):
                    for entity in entities:
                        insert(connection, entity, message, now)
        self._announce()

    def dead_letters(
        self, entity: str, *, limit: int = 100, after: int = 0
    ) -> tuple[DeadLetter, ...]:
        self._receiver(entity)
        self._bury_exhausted(entity)
        rows = self._connections.get().execute(
            "SELECT sequence_number, message_id, subject, body, reason, description,"
            " delivery_count, enqueued_at FROM messages"
            " WHERE entity = ? AND dead = 1 AND sequence_number > ?"
            " ORDER BY sequence_number LIMIT ?",
            (entity, after, limit),
        )
        return tuple(
            DeadLetter(
                entity=entity,
                sequence_number=row[0],
                message_id=row[1],
                subject=row[2],
                body=bytes(row[3]),
                reason=row[4] or "",
                description=row[5] or "",
                delivery_count=row[6],
                enqueued_at=datetime.fromtimestamp(row[7], UTC),
            )
            for row in rows
        )

    def ping(self, destination: str, *, seconds: float) -> None:  # noqa: ARG002  a file answers at once
        if destination not in self._topology.queues and destination not in self._topology.topics:
            raise Missing(f"{destination!r} is neither a queue nor a topic")
        self._connections.ping("messages")

    def redrive(self, entity: str, sequence_numbers: Sequence[int]) -> int:
        self._receiver(entity)
        found = 0
        now = self._clock()
        with self._connections.transaction() as connection:
            for number in sequence_numbers:
                changed = connection.execute(
                    "INSERT INTO messages (entity, message_id, subject, body, session_id,"
                    " correlation_id, content_type, properties, enqueued_at, visible_at)"
                    " SELECT entity, substr(message_id, 1, 100) || '~' || sequence_number,"
                    " subject, body, session_id, correlation_id, content_type, properties, ?, 0"
                    " FROM messages WHERE entity = ? AND dead = 1 AND sequence_number = ?",
                    (now, entity, number),
                ).rowcount
                if changed:
                    connection.execute("DELETE FROM messages WHERE sequence_number = ?", (number,))
                found += changed
        self._announce()
        return found

    def discard(self, entity: str, sequence_numbers: Sequence[int]) -> int:
        self._receiver(entity)
        with self._connections.transaction() as connection:
            return sum(
                connection.execute(
                    "DELETE FROM messages WHERE entity = ? AND dead = 1 AND sequence_number = ?",
                    (entity, number),
                ).rowcount
                for number in sequence_numbers
            )

    # The receiving side

    def receive(
        self, entity: str, *, limit: int = 1, session: SessionLock | None = None
    ) -> list[Delivery]:
        """Lock and return up to ``limit`` messages that are due, oldest first.

        An entity with sessions needs the session's lock, one without takes none:
        ``Invalid`` otherwise. Raises ``LockLost`` when the session's lock ran out.
        """
        receiver = self._receiver(entity)
        if receiver.sessions != (session is not None):
            raise Invalid(f"{entity} {'needs' if receiver.sessions else 'has no'} sessions")
        if not self._has_due(entity):
            return []
        now = self._clock()
        token = uuid4().hex
        until = now + receiver.lock_seconds
        with self._connections.transaction() as connection:
            bury(connection, entity, receiver, now)
            conditions = "entity = ? AND dead = 0"
            values: list[Any] = [entity]
            if session is not None:
                until = check_session(connection, session, now)
                conditions += " AND session_id = ?"
                values.append(session.session_id)
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM messages WHERE {conditions} AND visible_at <= ?"  # noqa: S608  fixed text
                " AND (lock_token IS NULL OR locked_until <= ?)"
                " ORDER BY sequence_number LIMIT ?",
                (*values, now, now, limit),
            ).fetchall()
            connection.executemany(
                "UPDATE messages SET lock_token = ?, locked_until = ?,"
                " delivery_count = delivery_count + 1 WHERE sequence_number = ?",
                [(token, until, row[0]) for row in rows],
            )
        return [delivery_of(row, token, until) for row in rows]

    def accept_session(self, entity: str) -> SessionLock | None:
        """Lock the session of the oldest message that is due and free, None when there is none."""
        receiver = self._receiver(entity)
        if not self._has_due(entity):
            return None
        now = self._clock()
        with self._connections.transaction() as connection:
            bury(connection, entity, receiver, now)
            row = connection.execute(
                "SELECT session_id FROM messages AS m WHERE entity = ? AND dead = 0"
                " AND visible_at <= ? AND (lock_token IS NULL OR locked_until <= ?)"
                " AND NOT EXISTS (SELECT 1 FROM sessions AS s WHERE s.entity = m.entity"
                "  AND s.session_id = m.session_id AND s.locked_until > ?)"
                " ORDER BY sequence_number LIMIT 1",
                (entity, now, now, now),
            ).fetchone()
            if row is None:
                return None
            lock = SessionLock(entity, row[0], uuid4().hex, now + receiver.lock_seconds)
            connection.execute(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)",
                (entity, lock.session_id, lock.lock_token, lock.locked_until),
            )
            return lock

    def renew_session(self, lock: SessionLock) -> SessionLock:
        """Hold a session, and the messages locked under it, longer. Raises ``LockLost``."""
        now = self._clock()
        until = now + self._receiver(lock.entity).lock_seconds
        with self._connections.transaction() as connection:
            check_session(connection, lock, now)
            connection.execute(
                "UPDATE sessions SET locked_until = ? WHERE entity = ? AND session_id = ?",
                (until, lock.entity, lock.session_id),
            )
            connection.execute(
                "UPDATE messages SET locked_until = ? WHERE entity = ? AND session_id = ?"
                " AND lock_token IS NOT NULL AND locked_until > ?",
                (until, lock.entity, lock.session_id, now),
            )
        return SessionLock(lock.entity, lock.session_id, lock.lock_token, until)

    def release_session(self, lock: SessionLock) -> None:
        """Let a session go; its messages under lock come back at once."""
        with self._connections.transaction() as connection:
            released = connection.execute(
                "DELETE FROM sessions WHERE entity = ? AND session_id = ? AND lock_token = ?",
                (lock.entity, lock.session_id, lock.lock_token),
            ).rowcount
            if released:
                connection.execute(
                    "UPDATE messages SET lock_token = NULL, locked_until = NULL"
                    " WHERE entity = ? AND session_id = ? AND dead = 0",
                    (lock.entity, lock.session_id),
                )
        self._announce()

    def complete(self, delivery: Delivery) -> None:
        """Finish a message for good. Raises ``LockLost``."""
        self._settle(delivery, "DELETE FROM messages")

    def abandon(self, delivery: Delivery) -> None:
        """Give a message back for another try, or to the dead letters after its last.

        Raises ``LockLost``.
        """
        if delivery.delivery_count >= self._receiver(delivery.entity).max_delivery:
            self.dead_letter(delivery, "MaxDeliveryCountExceeded", exhausted(delivery))
            return
        self._settle(delivery, "UPDATE messages SET lock_token = NULL, locked_until = NULL")
        self._announce()

    def dead_letter(self, delivery: Delivery, reason: str, description: str) -> None:
        """Move a message to the dead letters. Raises ``LockLost``."""
        self._settle(
            delivery,
            "UPDATE messages SET dead = 1, lock_token = NULL, locked_until = NULL,"
            " reason = ?, description = ?",
            reason[:4096],
            description[:4096],
        )

    def renew(self, delivery: Delivery) -> Delivery:
        """Hold a message's lock longer. Raises ``LockLost``."""
        until = self._clock() + self._receiver(delivery.entity).lock_seconds
        self._settle(delivery, "UPDATE messages SET locked_until = ?", until)
        return Delivery(**{**vars(delivery), "locked_until": until})

    def expire_locks(self) -> None:
        """Let go of every message and session: for a host that knows it is the only one."""
        with self._connections.transaction() as connection:
            connection.execute("UPDATE messages SET locked_until = 0 WHERE lock_token IS NOT NULL")
            connection.execute("DELETE FROM sessions")

    def scrub(self) -> None:
        """See :meth:`shared.bus.port.Bus.scrub`."""
        self._connections.rebuild()

    def checkpoint(self) -> bool:
        """Leave nothing of what was deleted in the file's log; returns whether it could."""
        return self._connections.checkpoint()

    def count(self, entity: str) -> int:
        """How many messages wait, are scheduled or under lock at an entity, dead letters aside."""
        self._receiver(entity)
        row = (
            self._connections.get()
            .execute("SELECT count(*) FROM messages WHERE entity = ? AND dead = 0", (entity,))
            .fetchone()
        )
        return int(row[0])

    @property
    def publications(self) -> int:
        """How often this process made messages due; see :meth:`wait`."""
        return self._publications

    def wait(self, since: int, timeout: float) -> None:
        """Sleep until this process makes messages due after ``since``, or for ``timeout`` seconds.

        Other processes' messages are found by the next look at the file.
        """
        with self._published:
            self._published.wait_for(lambda: self._publications != since, timeout)

    # Inside

    def _is_duplicate(self, connection: sqlite3.Connection, message: Message, now: float) -> bool:
        name = message.destination
        target = self._topology.topics.get(name) or self._topology.queues[name]
        window = target.duplicate_detection_seconds
        taken = connection.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)",
            (name, message.message_id, now + window),
        ).rowcount
        return taken == 0

    def _receiver(self, entity: str) -> Receiver:
        if entity not in self._receivers:
            raise Missing(f"{entity!r} is neither a queue nor a subscription")
        return self._receivers[entity]

    def _has_due(self, entity: str) -> bool:
        """Look without the write lock, so that idle polling disturbs nobody."""
        now = self._clock()
        row = (
            self._connections.get()
            .execute(
                "SELECT 1 FROM messages WHERE entity = ? AND dead = 0 AND visible_at <= ?"
                " AND (lock_token IS NULL OR locked_until <= ?) LIMIT 1",
                (entity, now, now),
            )
            .fetchone()
        )
        return row is not None

    def _bury_exhausted(self, entity: str) -> None:
        with self._connections.transaction() as connection:
            bury(connection, entity, self._receiver(entity), self._clock())

    def _settle(self, delivery: Delivery, change: str, *values: Any) -> None:
        with self._connections.transaction() as connection:
            settled = connection.execute(
                f"{change} WHERE sequence_number = ? AND lock_token = ? AND locked_until > ?",
                (*values, delivery.sequence_number, delivery.lock_token, self._clock()),
            ).rowcount
        if not settled:
            raise LockLost(f"the lock on message {delivery.message_id} is gone")

    def _announce(self) -> None:
        with self._published:
            self._publications += 1
            self._published.notify_all()
