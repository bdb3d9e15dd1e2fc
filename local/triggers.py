"""The functions of the app, by what triggers them, as their decorators say."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import azure.functions as func


@dataclass(frozen=True)
class HttpFunction:
    """A function on a route, e.g. ``v1/intake/{intake_id}``."""

    name: str
    call: Callable[..., func.HttpResponse]
    route: str
    methods: frozenset[str]
    auth_level: str


@dataclass(frozen=True)
class BusFunction:
    """A function on a queue or subscription, named as in ``Topology.receivers``."""

    name: str
    call: Callable[..., None]
    entity: str


@dataclass(frozen=True)
class QueueFunction:
    """A function on a storage queue."""

    name: str
    call: Callable[..., None]
    queue: str


@dataclass(frozen=True)
class BlobFunction:
    """A function on the blobs of a container."""

    name: str
    call: Callable[..., None]
    container: str


@dataclass(frozen=True)
class TimerFunction:
    """A function on a six-field NCRONTAB schedule."""

    name: str
    call: Callable[..., None]
    schedule: str


Function = HttpFunction | BusFunction | QueueFunction | BlobFunction | TimerFunction


class UnknownTrigger(Exception):
    """A function has a trigger that this host does not drive."""


def load(module: str = "function_app") -> list[Function]:
    """Import the app and return its functions by name. Works once a process."""
    app: func.FunctionApp = importlib.import_module(module).app
    return sorted((_function(built) for built in app.get_functions()), key=lambda f: f.name)


def _function(built: Any) -> Function:
    name = built.get_function_name()
    call = built.get_user_function()
    trigger = built.get_trigger().get_dict_repr()
    kind, argument = trigger["type"], trigger["name"]

    def named(value: object) -> Any:
        return call(**{argument: value})

    if kind == "httpTrigger":
        methods = trigger.get("methods") or ["GET", "POST"]
        return HttpFunction(
            name=name,
            call=named,
            route=(trigger.get("route") or name).strip("/"),
            methods=frozenset(str(getattr(m, "value", m)).upper() for m in methods),
            auth_level=str(getattr(trigger["authLevel"], "value", trigger["authLevel"])).lower(),
        )
    if kind == "serviceBusTrigger":
        queue = trigger.get("queueName")
        entity = queue or f"{trigger['topicName']}/{trigger['subscriptionName']}"
        return BusFunction(name, named, entity)
    if kind == "queueTrigger":
        return QueueFunction(name, named, trigger["queueName"])
    if kind == "blobTrigger":
        container, _, pattern = trigger["path"].partition("/")
        if pattern not in {"{name}", ""}:
            raise UnknownTrigger(f"{name}: this host watches whole containers, not {pattern!r}")
        return BlobFunction(name, named, container)
    if kind == "timerTrigger":
        return TimerFunction(name, named, trigger["schedule"])
    raise UnknownTrigger(f"{name}: this host has no {kind}")
