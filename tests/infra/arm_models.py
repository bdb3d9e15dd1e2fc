"""Resources held against the models of Azure's management packages: names, words, kinds."""

from __future__ import annotations

import enum
import importlib
import re
import sys
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tree_sitter import Node

from tests.infra.bicep import BicepFile, literal, properties, resource_type, text

_STORAGE, _WEB, _CDN = "azure.mgmt.storage.models", "azure.mgmt.web.models", "azure.mgmt.cdn.models"
_COSMOS, _BUS = "azure.mgmt.cosmosdb.models", "azure.mgmt.servicebus.models"
_NETWORK, _NAMES = "azure.mgmt.network.models", "azure.mgmt.privatedns.models"
MODELS: dict[str, tuple[str, str]] = {
    "Microsoft.Authorization/roleAssignments": (
        "azure.mgmt.authorization.v2022_04_01.models", "RoleAssignmentCreateParameters"),
    "Microsoft.Cdn/profiles": (_CDN, "Profile"),
    "Microsoft.Cdn/profiles/afdEndpoints": (_CDN, "AFDEndpoint"),
    "Microsoft.Cdn/profiles/afdEndpoints/routes": (_CDN, "Route"),
    "Microsoft.Cdn/profiles/customDomains": (_CDN, "AFDDomain"),
    "Microsoft.Cdn/profiles/originGroups": (_CDN, "AFDOriginGroup"),
    "Microsoft.Cdn/profiles/originGroups/origins": (_CDN, "AFDOrigin"),
    "Microsoft.Cdn/profiles/securityPolicies": (_CDN, "SecurityPolicy"),
    "Microsoft.Cdn/profiles/ruleSets": (_CDN, "RuleSet"),
    "Microsoft.Cdn/profiles/ruleSets/rules": (_CDN, "Rule"),
    "Microsoft.DocumentDB/databaseAccounts": (_COSMOS, "DatabaseAccountCreateUpdateParameters"),
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases": (
        _COSMOS, "SqlDatabaseCreateUpdateParameters"),
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": (
        _COSMOS, "SqlContainerCreateUpdateParameters"),
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments": (
        _COSMOS, "SqlRoleAssignmentCreateUpdateParameters"),
    "Microsoft.EventGrid/systemTopics": ("azure.mgmt.eventgrid.models", "SystemTopic"),
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": (
        "azure.mgmt.eventgrid.models", "EventSubscription"),
    "Microsoft.Insights/actionGroups": (
        "azure.mgmt.monitor.v2023_01_01.models", "ActionGroupResource"),
    "Microsoft.Insights/components": (
        "azure.mgmt.applicationinsights.v2020_02_02.models", "ApplicationInsightsComponent"),
    "Microsoft.Insights/diagnosticSettings": (
        "azure.mgmt.monitor.v2021_05_01_preview.models", "DiagnosticSettingsResource"),
    "Microsoft.Insights/metricAlerts": (
        "azure.mgmt.monitor.v2018_03_01.models", "MetricAlertResource"),
    "Microsoft.Insights/scheduledQueryRules": (
        "azure.mgmt.monitor.v2022_08_01_preview.models", "ScheduledQueryRuleResource"),
    "Microsoft.KeyVault/vaults": ("azure.mgmt.keyvault.models", "VaultCreateOrUpdateParameters"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": (
        "azure.mgmt.msi.v2024_11_30.models", "Identity"),
    "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies": (
        "azure.mgmt.frontdoor.models", "WebApplicationFirewallPolicy"),
    "Microsoft.Network/networkSecurityGroups": (_NETWORK, "NetworkSecurityGroup"),
    "Microsoft.Network/privateDnsZones": (_NAMES, "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": (_NAMES, "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": (_NETWORK, "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": (_NETWORK, "PrivateDnsZoneGroup"),
    "Microsoft.Network/virtualNetworks": (_NETWORK, "VirtualNetwork"),
    "Microsoft.OperationalInsights/workspaces": ("azure.mgmt.loganalytics.models", "Workspace"),
    "Microsoft.Security/defenderForStorageSettings": (
        "azure.mgmt.security.v2022_12_01_preview.models", "DefenderForStorageSetting"),
    "Microsoft.ServiceBus/namespaces": (_BUS, "SBNamespace"),
    "Microsoft.ServiceBus/namespaces/queues": (_BUS, "SBQueue"),
    "Microsoft.ServiceBus/namespaces/topics": (_BUS, "SBTopic"),
    "Microsoft.ServiceBus/namespaces/topics/subscriptions": (_BUS, "SBSubscription"),
    "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules": (_BUS, "Rule"),
    "Microsoft.Storage/storageAccounts": (_STORAGE, "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": (_STORAGE, "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (_STORAGE, "BlobContainer"),
    "Microsoft.Storage/storageAccounts/managementPolicies": (_STORAGE, "ManagementPolicy"),
    "Microsoft.Storage/storageAccounts/queueServices": (_STORAGE, "QueueServiceProperties"),
    "Microsoft.Storage/storageAccounts/queueServices/queues": (_STORAGE, "StorageQueue"),
    "Microsoft.Web/serverfarms": (_WEB, "AppServicePlan"),
    "Microsoft.Web/sites": (_WEB, "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": (
        _WEB, "CsmPublishingCredentialsPoliciesEntity"),
    "Microsoft.Web/sites/config": (_WEB, "StringDictionary"),
}  # fmt: skip
# Types without a model here, each with the properties that it may have.
WITHOUT_MODEL = {"Microsoft.Resources/resourceGroups": {"name", "location", "tags"}}
_BICEPS_OWN = {"name", "parent", "scope", "dependsOn", "location", "tags", "properties"}


@dataclass(frozen=True)
class Shape:
    """What is expected at a place: a model, a list or map of something, a word, a plain kind."""

    model: type | None = None
    items: Shape | None = None
    values: Shape | None = None
    words: tuple[str, ...] = ()
    plain: str = ""  # str, bool, int
    fields: tuple[tuple[str, Shape], ...] = ()  # of a flattened object
    read_only: bool = False


ANYTHING = Shape()


def problems(file: BicepFile) -> list[str]:
    """Properties that no model has, words that are not among its words, values of a wrong kind."""
    found: list[str] = []
    for resource in file.of("resource"):
        kind, _ = resource_type(file, resource)
        place = f"{file.path.name}: {resource.name}"
        if resource.existing or resource.body is None:
            continue
        if kind in WITHOUT_MODEL:
            extra = properties(resource.body).keys() - WITHOUT_MODEL[kind]
            found += [f"{place}.{name}: unknown property" for name in sorted(extra)]
        elif kind not in MODELS:
            found.append(f"{place}: no model of {kind}")
        else:
            module, name = MODELS[kind]
            shape = Shape(model=getattr(importlib.import_module(module), name))
            found += _Walk(file).check(resource.body, shape, place, top=True)
    return found


class _Walk:
    """Goes through the values of one file beside the models."""

    def __init__(self, file: BicepFile) -> None:
        self.file = file

    def check(self, node: Node, shape: Shape, place: str, *, top: bool = False) -> list[str]:
        if shape == ANYTHING:
            return []
        values = list(self._values(node))
        if len(values) != 1 or values[0] is not node:
            return [line for value in values for line in self.check(value, shape, place, top=top)]
        if node.type == "for_statement":
            if shape.items is None:
                return [f"{place}: is no list"]
            return self.check(node.named_children[-1], shape.items, f"{place}[]")
        if node.type == "array":
            if shape.items is None:
                return [] if not (shape.plain or shape.model) else [f"{place}: is no list"]
            return [
                line
                for position, item in enumerate(node.named_children)
                for line in self.check(item, shape.items, f"{place}[{position}]")
            ]
        if node.type == "object":
            return self._object(node, shape, place, top=top)
        return _plain(node, shape, place)

    def _object(self, node: Node, shape: Shape, place: str, *, top: bool) -> list[str]:
        if shape.values is not None:
            return [
                line
                for name, value in properties(node).items()
                for line in self.check(value, shape.values, f"{place}.{name}")
            ]
        if shape.model is None and not shape.fields:
            return [f"{place}: is no object"] if shape.plain or shape.words or shape.items else []
        given = properties(node)
        known = dict(shape.fields) if shape.fields else dict(_fields_for(shape.model, given))
        found = _unknown_kind(shape.model, given, place) if shape.model else []
        for name, value in given.items():
            if top and name in _BICEPS_OWN - {"properties", "location", "tags"}:
                continue
            if name not in known:
                if top and name in _BICEPS_OWN:
                    found.append(f"{place}.{name}: this resource has none")
                    continue
                found.append(f"{place}.{name}: unknown property")
            elif known[name].read_only and not (top and name in _BICEPS_OWN):
                found.append(f"{place}.{name}: can only be read")
            else:
                found += self.check(value, known[name], f"{place}.{name}")
        return found

    def _values(self, node: Node) -> Iterator[Node]:
        """What a value may come to be: branches, parts of a union, the items of a loop."""
        if node.type == "ternary_expression":
            for branch in node.named_children[1:]:
                yield from self._values(branch)
        elif node.type == "parenthesized_expression":
            yield from self._values(node.named_children[0])
        elif node.type == "call_expression" and text(node.named_children[0]) in {"union", "concat"}:
            for argument in node.named_children[1].named_children:
                yield from self._values(argument)
        elif node.type == "identifier" and text(node) in self.file.declared:
            declared = self.file.declared[text(node)]
            if declared.kind == "var" and declared.value is not None:
                yield from self._values(declared.value)
        elif node.type == "null":
            return
        else:
            yield node


def _plain(node: Node, shape: Shape, place: str) -> list[str]:
    said = {"string": "str", "number": "int", "boolean": "bool"}.get(node.type)
    if said is None:
        return []
    if shape.words:
        word = literal(node)
        if said != "str":
            return [f"{place}: {text(node)} is no word"]
        # the services take words in any case
        if word is not None and word.casefold() not in {each.casefold() for each in shape.words}:
            return [f"{place}: {word!r} is none of {', '.join(shape.words[:9])}"]
        return []
    if shape.items is not None or shape.values is not None or shape.model is not None:
        return [f"{place}: {text(node)} is no list or object"]
    if shape.plain and shape.plain != said:
        return [f"{place}: {text(node)} is no {shape.plain}"]
    return []


def _fields_for(model: type | None, given: dict[str, Node]) -> dict[str, Shape]:
    """The fields of a model, of the kind that the object says it is where there are several."""
    assert model is not None
    found = dict(fields(model))
    kinds = list(_kinds(model))
    for name, word, kind in kinds:
        said = literal(given[name]) if name in given else None
        if said is not None and said == word:
            found.update(fields(kind))
    if kinds and not any(name in given for name, _, _ in kinds):
        for _, _, kind in kinds:
            found.update({name: shape for name, shape in fields(kind).items() if name not in found})
    return found


def _unknown_kind(model: type, given: dict[str, Node], place: str) -> list[str]:
    words: dict[str, list[str]] = {}
    for name, word, _ in _kinds(model):
        words.setdefault(name, []).append(word)
    return [
        f"{place}.{name}: {said!r} is none of {', '.join(words[name])}"
        for name in words.keys() & given.keys()
        if (said := literal(given[name])) is not None and said not in words[name]
    ]


def _kinds(model: type) -> Iterator[tuple[str, str, type]]:
    """(discriminator, its word, model) of each kind of a model."""
    mapping = getattr(model, "__mapping__", None)
    if mapping:
        name = next(
            (
                field._rest_name_input or attribute
                for attribute, field in vars(model).items()
                if type(field).__name__ == "_RestField" and field._is_discriminator
            ),
            None,
        )
        if name is not None:
            yield from ((name, word, kind) for word, kind in mapping.items())
    for attribute, kinds in getattr(model, "_subtype_map", {}).items():
        key = model._attribute_map[attribute]["key"].replace("\\.", ".")  # type: ignore[attr-defined]
        module = sys.modules[model.__module__]
        yield from ((key, word, getattr(module, kind)) for word, kind in kinds.items())


@cache
def fields(model: type) -> types.MappingProxyType[str, Shape]:
    """The properties of a model by the names that the service has for them."""
    if hasattr(model, "_attribute_map"):
        return types.MappingProxyType(_older_fields(model))
    found: dict[str, Shape] = {}
    for base in reversed(model.__mro__):
        for name, rest in vars(base).items():
            if type(rest).__name__ != "_RestField":
                continue
            shape = _shape(base.__annotations__.get(name), base.__module__)
            visible = rest._visibility
            only_read = visible == ["read"] and not rest._is_discriminator
            found[rest._rest_name_input or name] = _marked(shape, only_read)
    return types.MappingProxyType(found)


def _marked(shape: Shape, read_only: bool) -> Shape:
    return Shape(**{**vars(shape), "read_only": True}) if read_only else shape


def _shape(annotation: Any, module: str) -> Shape:
    if isinstance(annotation, str):
        annotation = _named(annotation, module)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union or origin is types.UnionType:
        shapes = [_shape(each, module) for each in arguments if each is not type(None)]
        words = [each for each in shapes if each.words]
        return words[0] if words else shapes[0] if shapes else ANYTHING
    if origin is typing.Literal:
        values = [str(getattr(each, "value", each)) for each in arguments]
        return Shape(words=tuple(values))
    if origin is list:
        return Shape(items=_shape(arguments[0], module))
    if origin is dict:
        return Shape(values=_shape(arguments[1], module))
    if isinstance(annotation, typing.ForwardRef):
        return _shape(annotation.__forward_arg__, module)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return Shape(words=tuple(str(each.value) for each in annotation))
    if annotation in (str, bool, int):
        return Shape(plain=annotation.__name__)
    if isinstance(annotation, type) and annotation.__module__.startswith("azure.mgmt"):
        return Shape(model=annotation)
    return ANYTHING


def _named(name: str, module: str) -> Any:
    """What an annotation that is text stands for; Any where it cannot be told."""
    home = sys.modules[module]
    package = importlib.import_module(module.rsplit(".", 1)[0])
    spaces = {**vars(typing), **vars(package), **vars(home), "_models": package}
    try:
        return eval(name, spaces)
    except NameError:
        return Any


def _older_fields(model: type) -> dict[str, Shape]:
    """Fields of the older kind of model, in which ``a.b`` is the field b of a flattened a."""
    tree: dict[str, Any] = {}
    module = sys.modules[model.__module__]
    for attribute, about in model._attribute_map.items():  # type: ignore[attr-defined]
        shape = _older_shape(about["type"], module)
        rules = model._validation.get(attribute, {})  # type: ignore[attr-defined]
        shape = _marked(shape, bool(rules.get("readonly")))
        steps = re.split(r"(?<!\\)\.", about["key"])
        place, *rest = (each.replace("\\.", ".") for each in steps)
        below = tree
        for step in rest:
            below = below.setdefault(place, {})
            place = step
        below[place] = shape
    return {name: _folded(value) for name, value in tree.items()}


def _folded(value: Any) -> Shape:
    if isinstance(value, Shape):
        return value
    return Shape(fields=tuple((name, _folded(each)) for name, each in value.items()))


def _older_shape(kind: str, module: types.ModuleType) -> Shape:
    if kind.startswith("["):
        return Shape(items=_older_shape(kind[1:-1], module))
    if kind.startswith("{"):
        return Shape(values=_older_shape(kind[1:-1], module))
    if kind in {"str", "bool", "int"}:
        return Shape(plain=kind)
    model = getattr(module, kind, None)
    return Shape(model=model) if isinstance(model, type) else ANYTHING
