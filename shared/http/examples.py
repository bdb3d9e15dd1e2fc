"""Examples of bodies and answers, composed from what their models say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

MOMENT = "2026-11-25T09:30:00Z"


class NoExample(LookupError):
    """A field of which no example can be made; the message says which and what to do."""


def example_of(schema: Schema, definitions: Mapping[str, Schema], at: str = "") -> Any:
    """Compose an example from a JSON schema: the first of its ``examples``, or of its parts'.

    An object has every property; what its own example names goes before what the properties
    say. Raises ``NoExample`` when something in it says too little.
    """
    schema = _resolved(schema, definitions)
    given = schema.get("examples", [])
    if schema.get("properties"):
        own = given[0] if given else {}
        return {
            name: _arranged(own[name], part, definitions)
            if name in own
            else example_of(part, definitions, f"{at}/{name}")
            for name, part in schema["properties"].items()
        } | {name: value for name, value in own.items() if name not in schema["properties"]}
    if given:
        return _arranged(given[0], schema, definitions)
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return MOMENT
    if "anyOf" in schema:
        return _any_of(schema["anyOf"], definitions, at)
    if schema.get("type") == "array" and "items" in schema:
        return [example_of(schema["items"], definitions, f"{at}/0")]
    if schema.get("type") == "null":
        return None
    raise NoExample(f"{at or 'it'}: give the field or its model `examples`")


def _any_of(choices: list[Schema], definitions: Mapping[str, Schema], at: str) -> Any:
    for choice in choices:
        try:
            return example_of(choice, definitions, at)
        except NoExample:
            continue
    raise NoExample(f"{at or 'it'}: give the field or its model `examples`")


def _arranged(value: Any, schema: Schema, definitions: Mapping[str, Schema]) -> Any:
    """A given value with its names in the order of the model's fields; schemas sort them."""
    for choice in schema.get("anyOf", [schema]):
        named = _resolved(choice, definitions)
        parts, rest = named.get("properties", {}), named.get("additionalProperties")
        if isinstance(value, dict) and (parts or isinstance(rest, dict)):
            names = [*(name for name in parts if name in value), *value]
            return {
                name: _arranged(value[name], parts.get(name, rest or {}), definitions)
                for name in dict.fromkeys(names)
            }
        if isinstance(value, list) and "items" in named:
            return [_arranged(each, named["items"], definitions) for each in value]
    return value


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    if "$ref" not in schema:
        return schema
    beside = {name: value for name, value in schema.items() if name != "$ref"}
    return {**definitions[schema["$ref"].rpartition("/")[2]], **beside}
