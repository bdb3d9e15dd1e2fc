"""OpenAPI 3.1 from the registered routes and their models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.errors import Problem, Stale
from shared.http.api import Operation

PREFIX = "/api"
_PARAMETER = re.compile(r"\{\*?(\w+)(?::\w+)?\??\}")


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[dict[str, str]] | None = None


def describe(
    operations: Iterable[Operation], tags: dict[str, str], *, version: str
) -> dict[str, Any]:
    """Return the OpenAPI document of these operations, by route."""
    ordered = sorted(operations, key=lambda operation: (operation.route, operation.method))
    models: dict[type[BaseModel], None] = {ProblemDetails: None}
    for operation in ordered:
        for model in (operation.expected.body, operation.answer):
            if model is not None and not isinstance(model, str):
                models[model] = None
    modes: list[tuple[type[BaseModel], Any]] = [(model, "serialization") for model in models]
    references, definitions = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    schemas = {model: references[(model, "serialization")] for model in models}
    paths: dict[str, dict[str, Any]] = {}
    for operation in ordered:
        path = f"{PREFIX}/" + _PARAMETER.sub(r"{\1}", operation.route)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, schemas)
    used = {operation.tag for operation in ordered}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Waymark",
            "version": version,
            "description": "Profiles learners, follows their journey, and turns résumés into "
            "searchable profiles. Errors are RFC 9457 problem details.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": text} for tag, text in tags.items() if tag in used],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _operation(operation: Operation, schemas: dict[type[BaseModel], Any]) -> dict[str, Any]:
    expected = operation.expected
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {str(operation.status): _success(operation, schemas)},
    }
    if operation.description:
        described["description"] = operation.description
    if expected.reaches is not None:
        described["security"] = [{"token": []}]
        described["x-roles"] = dict(sorted(expected.reaches.items()))
    if expected.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[expected.body]}},
        }
    if expected.raw is not None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        described["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(expected.raw.media_types, binary),
        }
    for error in sorted(set(operation.errors), key=lambda kind: kind.status):
        described["responses"].setdefault(str(error.status), _failure(error))
    described["responses"]["500"] = _failure(Problem)
    return described


def _success(operation: Operation, schemas: dict[type[BaseModel], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": operation.summary}
    if isinstance(operation.answer, str):
        binary = {"schema": {"type": "string", "format": "binary"}}
        described["content"] = {operation.answer.partition(";")[0]: binary}
    elif operation.answer is not None:
        described["content"] = {"application/json": {"schema": schemas[operation.answer]}}
    return described


def _failure(error: type[Problem]) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        "description": error.title,
        "content": {"application/problem+json": {"schema": reference}},
    }


def _meaning(name: str) -> str:
    words = name.removesuffix("_id").replace("_", " ")
    return f"The id of the {words}" if name.endswith("_id") else f"The {words}"


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _meaning(name),
            "schema": {"type": "string"},
        }
        for name in _PARAMETER.findall(operation.route)
    ]
    if operation.expected.query is not None:
        schema = operation.expected.query.model_json_schema()
        for name, described in schema.get("properties", {}).items():
            described.pop("title", None)
            parameter: dict[str, Any] = {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", []),
                "schema": described,
            }
            if "description" in described:
                parameter["description"] = described.pop("description")
            if described.get("type") == "array":
                parameter |= {"style": "form", "explode": False}
            found.append(parameter)
    if Stale in operation.errors:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "description": "The ETag that was read; 412 when somebody wrote since",
                "schema": {"type": "string"},
            }
        )
    if operation.expected.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Repeats of this request with the same key get the same answer",
                "schema": {"type": "string", "maxLength": 128},
            }
        )
    return found
