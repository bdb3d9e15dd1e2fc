"""Rows of the embedded bus: its tables, and what one message or session is in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.bus.port import Message
from shared.errors import WaymarkError
from shared.topology import Receiver

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    sequence_number INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL, message_id TEXT NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL,
    session_id TEXT, correlation_id TEXT, content_type TEXT NOT NULL, properties TEXT NOT NULL,
    enqueued_at REAL NOT NULL, visible_at REAL NOT NULL,
    lock_token TEXT, locked_until REAL, delivery_count INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0, reason TEXT, description TEXT
);
CREATE INDEX IF NOT EXISTS by_entity ON messages (entity, dead, sequence_number);
CREATE INDEX IF NOT EXISTS by_session ON messages (entity, session_id, sequence_number)
    WHERE session_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_lock ON messages (entity, locked_until)
    WHERE lock_token IS NOT NULL;
CREATE TABLE IF NOT EXISTS seen (
    destination TEXT NOT NULL, message_id TEXT NOT NULL, expires_at REAL NOT NULL,
    PRIMARY KEY (destination, message_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_expiry ON seen (expires_at);
CREATE TABLE IF NOT EXISTS sessions (
    entity TEXT NOT NULL, session_id TEXT NOT NULL, lock_token TEXT NOT NULL,
    locked_until REAL NOT NULL, PRIMARY KEY (entity, session_id)
) WITHOUT ROWID;
"""

COLUMNS = (
    "sequence_number, entity, message_id, subject, body, session_id, correlation_id,"
    " content_type, properties, enqueued_at, delivery_count, locked_until, lock_token"
)


class LockLost(WaymarkError):
    """The lock on a message or session ran out or was taken: somebody else may have it."""


@dataclass(frozen=True)
class SessionLock:
    """Exclusive hold of one session of an entity, until ``locked_until`` (epoch seconds)."""

    entity: str
    session_id: str
    lock_token: str
    locked_until: float


@dataclass(frozen=True)
class Delivery:
    """A message under lock. ``delivery_count`` is 1 the first time; times are epoch seconds."""

    sequence_number: int
    entity: str
    message_id: str
    subject: str
    body: bytes
    session_id: str | None
    correlation_id: str | None
    content_type: str
    properties: Mapping[str, str]
    enqueued_at: float
    delivery_count: int
    locked_until: float
    lock_token: str


def insert(connection: sqlite3.Connection, entity: str, message: Message, now: float) -> None:
    # 0 for at once: a clock that is set back must not hide what is due already
    due = message.not_before.timestamp() if message.not_before else 0.0
    connection.execute(
        "INSERT INTO messages (entity, message_id, subject, body, session_id, correlation_id,"
        " content_type, properties, enqueued_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entity,
            message.message_id,
            message.subject,
            message.body,
            message.session_id,
            message.correlation_id,
            message.content_type,
            json.dumps(dict(message.properties)),
            now,
            due if due > now else 0.0,
        ),
    )


def bury(connection: sqlite3.Connection, entity: str, receiver: Receiver, now: float) -> None:
    """Dead-letter what lost its lock on the last delivery: its process died each time."""
    connection.execute(
        "UPDATE messages SET dead = 1, lock_token = NULL, locked_until = NULL,"
        " reason = 'MaxDeliveryCountExceeded',"
        " description = 'delivered ' || delivery_count || ' times without being settled'"
        " WHERE entity = ? AND dead = 0 AND lock_token IS NOT NULL AND locked_until <= ?"
        " AND delivery_count >= ?",
        (entity, now, receiver.max_delivery),
    )


def check_session(connection: sqlite3.Connection, lock: SessionLock, now: float) -> float:
    """Return until when the session is held: its messages' locks run out with it."""
    held = connection.execute(
        "SELECT locked_until FROM sessions WHERE entity = ? AND session_id = ? AND lock_token = ?"
        " AND locked_until > ?",
        (lock.entity, lock.session_id, lock.lock_token, now),
    ).fetchone()
    if held is None:
        raise LockLost(f"the lock on session {lock.session_id} is gone")
    return float(held[0])


def delivery_of(row: Sequence[Any], token: str, until: float) -> Delivery:
    return Delivery(
        sequence_number=row[0],
        entity=row[1],
        message_id=row[2],
        subject=row[3],
        body=bytes(row[4]),
        session_id=row[5],
        correlation_id=row[6],
        content_type=row[7],
        properties=json.loads(row[8]),
        enqueued_at=row[9],
        delivery_count=row[10] + 1,
        locked_until=until,
        lock_token=token,
    )


def exhausted(delivery: Delivery) -> str:
    return f"delivered {delivery.delivery_count} times without being settled"
