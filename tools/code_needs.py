"""What each flow needs of the cloud, read from its code: messages, blobs, settings, routes.

Read from the syntax trees of a flow's own modules and of the shared modules they lead to, so
nothing is started. The infrastructure is held against it, and written from it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared import topology
from tools.package import ROOT, flows

# These know of every port and setting without using them for a flow.
_NOT_FOLLOWED = ("runtime", "settings", "topology", "readiness", "telemetry")
READS = {"open", "info", "list", "tags"}
WRITES = {"put", "delete", "set_tier"}
# What a runtime builds, and the group of settings it is built from.
_BUILT = {
    "mailer": "mail",
    "messengers": "channels",
    "reworder": "language_model",
    "resume_model": "language_model",
    "scanner": "scanner",
}
_GROUP_OF_PREFIX = {
    "whatsapp_": "channels",
    "telegram_": "channels",
    "mail_secret": "mail_gateway",
    "mail_inboxes": "mail_gateway",
    "smtp_": "mail",
    "mail_from": "mail",
    "lrs_": "lrs",
    "openai_": "language_model",
    "unmatched_": "retention",
    "clamd": "scanner",
    "scanner": "scanner",
}


@dataclass(frozen=True)
class Trigger:
    """A trigger of a flow: its kind (``httpTrigger``, …) and what its decorator says."""

    flow: str
    function: str
    kind: str
    binding: dict[str, Any]

    @property
    def entity(self) -> str:
        """The queue, or the subscription as ``topic/subscription``, of a Service Bus trigger."""
        if "queueName" in self.binding:
            return str(self.binding["queueName"])
        return f"{self.binding['topicName']}/{self.binding['subscriptionName']}"


@cache
def triggers() -> tuple[Trigger, ...]:
    """Every trigger of every flow, from the decorators."""
    found = []
    for flow in flows():
        blueprint = importlib.import_module(f"functions.{flow}.function_app").blueprint
        # get_functions() works once in a process, and the app has called it where there is one
        for builder in blueprint._function_builders:
            function = builder._function
            trigger = function.get_trigger()
            said = dict(trigger.get_dict_repr())
            found.append(Trigger(flow, function.get_function_name(), said["type"], said))
    return tuple(found)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _path_of(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@dataclass(frozen=True)
class _Facts:
    """What one file says, as far as it matters here."""

    imported: frozenset[str]
    called: frozenset[str]
    uses: frozenset[tuple[str, str]]  # (owner, name): ("bus", "publish") for stores.bus.publish
    texts: frozenset[str]
    speaks_of_blobs: bool


@cache
def _facts(path: Path) -> _Facts:
    tree = _tree(path)
    nodes = list(ast.walk(tree))
    return _Facts(
        imported=frozenset(_imported(tree)),
        called=frozenset(_last_name(node.func) for node in nodes if isinstance(node, ast.Call)),
        uses=frozenset(
            (_last_name(node.value), node.attr) for node in nodes if isinstance(node, ast.Attribute)
        ),
        texts=frozenset(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
        speaks_of_blobs="blobs" in path.read_text(encoding="utf-8").casefold(),
    )


def _last_name(node: ast.expr) -> str:
    """``bus`` of ``stores.bus`` and of ``self._bus``; nothing of what has no name."""
    return str(getattr(node, "attr", "") or getattr(node, "id", "")).lstrip("_")


@cache
def modules_of(flow: str) -> tuple[Path, ...]:
    """The files of a flow, and those of the kernel that they lead to."""
    todo = sorted((ROOT / "functions" / flow).rglob("*.py"))
    seen = dict.fromkeys(todo)
    while todo:
        for name in sorted(_facts(todo.pop()).imported):
            room, _, rest = name.partition(".")
            if room != "shared" or rest.split(".")[0] in _NOT_FOLLOWED:
                continue
            path = _path_of(name)
            if path is not None and path not in seen:
                seen[path] = None
                todo.append(path)
    return tuple(seen)


@cache
def _event_types() -> dict[str, str]:
    """Event types by the name of their class."""
    found = {}
    for path in (ROOT / "shared" / "events").glob("*.py"):
        for node in (each for each in _tree(path).body if isinstance(each, ast.ClassDef)):
            for line in node.body:
                if (
                    isinstance(line, ast.AnnAssign)
                    and getattr(line.target, "id", "") == "type"
                    and isinstance(line.value, ast.Constant)
                ):
                    found[node.name] = str(line.value.value)
    return found


def _uses(flow: str) -> set[tuple[str, str]]:
    """Every ``owner.name`` in the modules of a flow."""
    return {use for path in modules_of(flow) for use in _facts(path).uses}


def receives(flow: str) -> list[str]:
    """The queues and subscriptions that a flow's triggers listen to."""
    return sorted(
        each.entity for each in triggers() if each.flow == flow and each.kind == "serviceBusTrigger"
    )


def takes_dead_letters(flow: str) -> bool:
    """Whether it reads the dead letters of every entity: to show, to count or to remove them."""
    return ("bus", "dead_letters") in _uses(flow)


def sends_everywhere(flow: str) -> bool:
    """Whether it sends what other flows left unsent, or dead letters back where they came from."""
    return bool(_uses(flow) & {("outbox", "relay"), ("dead_letters", "act")})


def sends(flow: str) -> list[str]:
    """The queues and topics that a flow sends to: those of the events that its code makes, and
    those it listens to, for what cannot be handled now is sent again later."""
    declared = topology.load()
    called = {name for path in modules_of(flow) for name in _facts(path).called}
    types = [type_ for name, type_ in _event_types().items() if name in called]
    found = {declared.events[type_].to for type_ in types if type_ in declared.events}
    return sorted(found | {entity.partition("/")[0] for entity in receives(flow)})


def blob_methods(flow: str) -> set[str]:
    """The methods of the blob port that a flow's code calls."""
    asked = READS | WRITES | {"link"}
    return {name for owner, name in _uses(flow) if owner == "blobs" and name in asked}


def blob_containers_named(flow: str) -> set[str]:
    """The blob containers whose names stand in a module that uses blobs."""
    known = topology.load().blob_containers.keys()
    facts = [_facts(path) for path in modules_of(flow)]
    return {name for each in facts if each.speaks_of_blobs for name in each.texts & known}


def groups(flow: str) -> list[str]:
    """The groups of settings that a flow's code uses, beside those that every app has."""
    found = set()
    for owner, name in _uses(flow):
        if name in _BUILT:
            found.add(_BUILT[name])
        group = group_of(name) if owner == "settings" else None
        if group is not None:
            found.add(group)
    return sorted(found)


def group_of(field: str) -> str | None:
    """The group of a setting, by its field in ``shared/settings.py``; None where all have it."""
    return next(
        (group for prefix, group in _GROUP_OF_PREFIX.items() if field.startswith(prefix)), None
    )
