"""A Bicep file as its syntax tree has it: what it declares, what it uses, what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

INFRA = Path(__file__).resolve().parents[2] / "infra"
_LANGUAGE = Language(tree_sitter_bicep.language())
_DECLARATIONS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}
FUNCTIONS = frozenset({
    "allowed", "base64", "batchSize", "concat", "contains", "description", "empty", "environment",
    "guid", "intersection", "listKeys", "loadJsonContent", "max",
    "maxLength", "maxValue", "minLength", "minValue", "replace", "resourceGroup",
    "resourceId", "secure", "split", "string", "subscription", "subscriptionResourceId", "take",
    "tenant", "toLower", "union", "uniqueString",
})  # fmt: skip


def text(node: Node) -> str:
    """The source of a node."""
    return (node.text or b"").decode()


def literal(node: Node) -> str | None:
    """The value of a string without interpolation, None for anything else."""
    if node.type != "string" or any(child.type == "interpolation" for child in node.children):
        return None
    inner = "".join(text(child) for child in node.named_children)
    return inner.replace("\\'", "'")


@dataclass(frozen=True)
class Declaration:
    """Something that a file declares; ``value`` is its node, loop and condition included."""

    kind: str
    name: str
    node: Node
    value: Node | None
    target: str = ""  # a resource's type with its version, or a module's path
    existing: bool = False
    parent: str = ""  # of a nested resource

    @property
    def body(self) -> Node | None:
        """The object that a resource, module or value is."""
        return body_of(self.value) if self.value is not None else None

    @property
    def is_required(self) -> bool:
        """Whether a parameter is to be given: it has no default and may not be null."""
        kinds = {child.type for child in _descendants(self.node)}
        return self.value is None and "nullable_type" not in kinds


@dataclass
class BicepFile:
    """What a file declares, by name, and where the parser stumbled."""

    path: Path
    root: Node
    declared: dict[str, Declaration] = field(default_factory=dict)
    outputs: dict[str, Declaration] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Declaration]:
        """The declarations of a kind: ``param``, ``var``, ``resource``, ``module``."""
        return [each for each in self.declared.values() if each.kind == kind]


@cache
def read(path: Path) -> BicepFile:
    """Parse a file of the infrastructure."""
    return parse(path.read_bytes(), path)


def parse(source: bytes, path: Path) -> BicepFile:
    """Parse the text of a file."""
    found = BicepFile(path, Parser(_LANGUAGE).parse(source).root_node)
    for node in [found.root, *_descendants(found.root)]:
        if node.is_error or node.is_missing:
            row, column = node.start_point
            found.broken.append(f"{path.name}:{row + 1}:{column + 1}: {text(node)[:60]!r}")
        kind = _DECLARATIONS.get(node.type)
        if kind is None:
            continue
        each = _declaration(node, kind)
        if kind == "output":
            found.outputs[each.name] = each
        else:
            found.declared[each.name] = each
    return found


def files() -> list[Path]:
    """Every Bicep file of the infrastructure."""
    return sorted(INFRA.rglob("*.bicep"))


def _declaration(node: Node, kind: str) -> Declaration:
    named = [child for child in node.named_children if child.type != "decorators"]
    name = text(named[0])
    rest = [child for child in named[1:] if child.type != "type"]
    target, existing, parent = "", False, ""
    if kind in {"resource", "module"}:
        target, rest = literal(rest[0]) or "", rest[1:]
        existing = any(child.type == "existing" for child in node.children)
        parent = _enclosing_resource(node)
    return Declaration(kind, name, node, rest[-1] if rest else None, target, existing, parent)


def _enclosing_resource(node: Node) -> str:
    above = node.parent
    while above is not None:
        if above.type == "resource_declaration":
            return text(next(each for each in above.named_children if each.type == "identifier"))
        above = above.parent
    return ""


def _descendants(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield child
        yield from _descendants(child)


def body_of(node: Node) -> Node | None:
    """The object in a loop or behind a condition, or the node itself if it is one."""
    if node.type == "object":
        return node
    if node.type in {"for_statement", "if_statement"}:
        return body_of(node.named_children[-1])
    return None


def properties(node: Node) -> dict[str, Node]:
    """The properties of an object by name, those with a computed name left out."""
    found = {}
    for each in node.named_children:
        if each.type != "object_property" or len(each.named_children) < 2:
            continue
        key, value = each.named_children[0], each.named_children[-1]
        name = literal(key) if key.type == "string" else text(key)
        if name is not None:
            found[name] = value
    return found


def resource_type(file: BicepFile, declaration: Declaration) -> tuple[str, str]:
    """The full type of a resource and its version, those of a nested one by its parent's."""
    name, _, version = declaration.target.partition("@")
    if declaration.parent:
        above, its_version = resource_type(file, file.declared[declaration.parent])
        return f"{above}/{name}", version or its_version
    return name, version


class Names:
    """Follows every name that a file uses to where it is declared."""

    def __init__(self, file: BicepFile) -> None:
        self.file = file
        self.used: set[str] = set()
        self.unknown: list[str] = []
        self.outputs: list[tuple[str, str]] = []  # (module, output)
        self._look(file.root, frozenset())

    def _complain(self, node: Node, what: str) -> None:
        row, column = node.start_point
        self.unknown.append(f"{self.file.path.name}:{row + 1}:{column + 1}: {what} {text(node)!r}")

    def _name(self, node: Node, local: frozenset[str]) -> None:
        name = text(node)
        if name in local:
            return
        if name in self.file.declared:
            self.used.add(name)
        else:
            self._complain(node, "unknown name")

    def _look(self, node: Node, local: frozenset[str]) -> None:
        kind = node.type
        if kind in {"type", "property_identifier", "string_content", "metadata_declaration"}:
            return
        if kind == "identifier":
            self._name(node, local)
        elif kind in _DECLARATIONS:
            for child in node.named_children:
                if child.type != "identifier" or child != _first_identifier(node):
                    self._look(child, local)
        elif kind == "object_property":
            for position, child in enumerate(node.named_children):
                if position > 0 or child.type != "identifier":
                    self._look(child, local)
        elif kind == "for_statement":
            self._loop(node, local)
        elif kind == "call_expression":
            self._call(node, local)
        elif kind in {"member_expression", "subscript_expression"}:
            self._member(node, local)
        elif kind == "resource_expression":
            owner, *nested = [each for each in node.named_children if each.type == "identifier"]
            self._name(owner, local)
            for each in nested:
                self._name(each, local)
        elif kind == "lambda_expression":
            self._look(node.named_children[-1], local | _lambda_names(node))
        else:
            for child in node.named_children:
                self._look(child, local)

    def _loop(self, node: Node, local: frozenset[str]) -> None:
        names, over, *rest = node.named_children
        own = names.named_children if names.type == "for_loop_parameters" else [names]
        self._look(over, local)
        for child in rest:
            self._look(child, local | {text(each) for each in own})

    def _call(self, node: Node, local: frozenset[str]) -> None:
        called, *arguments = node.named_children
        if called.type == "identifier":
            if text(called) not in FUNCTIONS:
                self._complain(called, "unknown function")
        else:
            self._look(called, local)
        # the grammar ends a lambda at its first name: x => x.name is (x => x).name to it
        names = {
            name
            for each in _descendants(node)
            if each.type == "lambda_expression"
            for name in _lambda_names(each)
        }
        for argument in arguments:
            self._look(argument, local | names)

    def _member(self, node: Node, local: frozenset[str]) -> None:
        first, *rest = node.named_children
        self._look(first, local)
        if node.type == "member_expression":
            self._note_output(first, rest[-1])
        else:
            for each in rest:
                self._look(each, local)

    def _note_output(self, owner: Node, name: Node) -> None:
        """Notes ``name`` of ``module.outputs.name`` and ``module[0]!.outputs.name``."""
        if owner.type != "member_expression" or text(owner.named_children[-1]) != "outputs":
            return
        of = owner.named_children[0]
        while of.type != "identifier" and of.named_children:
            of = of.named_children[0]
        declared = self.file.declared.get(text(of))
        if declared is not None and declared.kind == "module":
            self.outputs.append((declared.name, text(name)))


def _first_identifier(node: Node) -> Node | None:
    return next((each for each in node.named_children if each.type == "identifier"), None)


def _lambda_names(node: Node) -> frozenset[str]:
    first = node.named_children[0]
    if first.type == "identifier":
        return frozenset({text(first)})
    return frozenset(text(each) for each in first.named_children if each.type == "identifier")


def problems(file: BicepFile) -> list[str]:
    """What is wrong with a file by itself and with what it gives its modules."""
    names = Names(file)
    found = [*file.broken, *names.unknown]
    parents = {each.parent for each in file.declared.values()}
    for each in file.declared.values():
        if each.kind in {"param", "var"} and each.name not in names.used:
            found.append(f"{file.path.name}: {each.kind} {each.name} is never used")
        if each.kind == "resource" and each.existing and each.name not in names.used | parents:
            found.append(f"{file.path.name}: existing resource {each.name} is never used")
    for module in file.of("module"):
        path = file.path.parent / module.target
        if not path.is_file():
            found.append(f"{file.path.name}: there is no module {module.target}")
            continue
        found += _given(file, module, read(path.resolve()))
    for module_name, output in names.outputs:
        path = (file.path.parent / file.declared[module_name].target).resolve()
        if path.is_file() and output not in read(path).outputs:
            found.append(f"{file.path.name}: module {module_name} has no output {output}")
    return found


def _given(file: BicepFile, module: Declaration, target: BicepFile) -> list[str]:
    body = properties(module.body) if module.body is not None else {}
    given = properties(body["params"]) if "params" in body else {}
    wanted = {each.name: each for each in target.of("param")}
    found = [
        f"{file.path.name}: module {module.name} takes no parameter {name}"
        for name in given.keys() - wanted.keys()
    ]
    found += [
        f"{file.path.name}: module {module.name} is not given {name}"
        for name, each in wanted.items()
        if each.is_required and name not in given
    ]
    return sorted(found)
