"""The management node of an entity: peek, renew, settle and fetch over request and reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proton import Array, Data, int32, symbol, timestamp

from tests.peers.service_bus_entities import Entity, LockLost, Namespace, Outcome
from tests.peers.service_bus_wire import milliseconds

_OUTCOMES: dict[str, Outcome] = {
    "completed": "complete",
    "abandoned": "abandon",
    "defered": "defer",
    "suspended": "dead-letter",
}


@dataclass
class Answer:
    """A reply: its status fields and its body."""

    status: dict[str, Any]
    body: Any = field(default_factory=dict)

    def amqp_properties(self) -> dict[str, Any]:
        """The status as application properties, with numbers and symbols typed for AMQP."""
        return {
            name: int32(value) if isinstance(value, int) else value
            for name, value in self.status.items()
        }


def answer(
    operation: str, body: dict[str, Any], entity: Entity, sessions_held: set[str | None]
) -> Answer:
    """Do what ``operation`` (``com.microsoft:…``) asks of an entity.

    ``sessions_held`` are the sessions that the asking connection has under lock.
    """
    if "session-id" in body and body["session-id"] not in sessions_held:
        return _failed(410, "com.microsoft:session-lock-lost")
    action = _OPERATIONS.get(operation.removeprefix("com.microsoft:"))
    if action is None:
        return _failed(501, "amqp:not-implemented")
    try:
        result = action(entity, body)
    except LockLost:
        return _failed(410, "com.microsoft:message-lock-lost")
    except LookupError as error:
        return _failed(410, str(error.args[0]))
    if result is None:
        return Answer({"statusCode": 204, "statusDescription": "nothing"})
    return Answer({"statusCode": 200, "statusDescription": "OK"}, result)


def authorize(path: str, namespace: Namespace) -> Answer:
    """Take any token for an entity that is there; the service says here that one is not."""
    if namespace.entity(path) or namespace.destination(path):
        return Answer({"status-code": 200, "status-description": "OK"})
    return Answer({"status-code": 404, "status-description": f"no entity {path!r}"})


def _failed(code: int, condition: str) -> Answer:
    return Answer(
        {
            "statusCode": code,
            "statusDescription": condition,
            "errorCondition": symbol(condition),
        }
    )


def _peek(entity: Entity, body: dict[str, Any]) -> dict[str, Any] | None:
    found = entity.peek(body["from-sequence-number"], body["message-count"], body.get("session-id"))
    return {"messages": [{"message": one.encode()} for one in found]} if found else None


def _renew(entity: Entity, body: dict[str, Any]) -> dict[str, Any]:
    until: list[timestamp] = [milliseconds(entity.renew(token)) for token in body["lock-tokens"]]
    return {"expirations": Array(None, Data.TIMESTAMP, *until)}


def _renew_session(entity: Entity, body: dict[str, Any]) -> dict[str, Any]:
    return {"expiration": milliseconds(entity.renew_session(body["session-id"]))}


def _settle(entity: Entity, body: dict[str, Any]) -> dict[str, Any]:
    for token in body["lock-tokens"]:
        entity.settle(
            token,
            _OUTCOMES[body["disposition-status"]],
            body.get("deadletter-reason", ""),
            body.get("deadletter-description", ""),
        )
    return {}


def _receive_deferred(entity: Entity, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "messages": [
            {"message": held.encode(), "lock-token": held.token}
            for held in entity.take_deferred(list(body["sequence-numbers"]))
        ]
    }


_OPERATIONS: dict[str, Callable[[Entity, dict[str, Any]], dict[str, Any] | None]] = {
    "peek-message": _peek,
    "renew-lock": _renew,
    "renew-session-lock": _renew_session,
    "update-disposition": _settle,
    "receive-by-sequence-number": _receive_deferred,
}
