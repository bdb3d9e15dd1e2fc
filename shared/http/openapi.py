"""OpenAPI 3.1 from the registered routes and their models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Problem,
    Stale,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unprocessable,
    Unsupported,
)
from shared.http.api import Operation
from shared.http.call import Expected
from shared.http.examples import NoExample, example_of
from shared.models.examples import example

PREFIX = "/api"
_PARAMETER = re.compile(r"\{\*?(\w+)(?::\w+)?\??\}")

_REQUEST_ID = "c2b7f0de-1f5a-4f0b-9a53-2f6f0c7d41aa"
_DETAILS: Mapping[type[Problem], str] = {
    Problem: f"Something broke on our side. Report it with request id {_REQUEST_ID}.",
    Invalid: "a query parameter does not hold: colour: Extra inputs are not permitted",
    Unauthenticated: "the token has expired; refresh it or sign in again",
    Forbidden: "your role or the present state does not allow it",
    Missing: "there is no such thing, or it is not yours",
    Conflict: "the present state forbids it; read it again",
    Stale: "somebody changed it since you read it; read it again",
    TooLarge: "a request body is at most 1,048,576 bytes",
    Unsupported: "send the body as application/json",
    Unprocessable: "the Idempotency-Key was used with another request",
    Throttled: "too many failures; wait and try again",
}


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    model_config = example(
        type="about:blank",
        title=Invalid.title,
        status=Invalid.status,
        detail=_DETAILS[Invalid],
        instance=f"{PREFIX}/v1/users",
        request_id=_REQUEST_ID,
        errors=[{"pointer": "colour", "detail": "Extra inputs are not permitted"}],
    )

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
    described = definitions.get("$defs", {})
    contents = {
        model: _content(references[(model, "serialization")], described) for model in models
    }
    paths: dict[str, dict[str, Any]] = {}
    for operation in ordered:
        path = f"{PREFIX}/" + _PARAMETER.sub(r"{\1}", operation.route)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, contents)
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
            "schemas": described,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _content(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """JSON content of a model, with its example if it says enough for one."""
    try:
        return {"schema": schema, "example": example_of(schema, definitions)}
    except NoExample:
        return {"schema": schema}


def _operation(operation: Operation, contents: dict[type[BaseModel], Any]) -> dict[str, Any]:
    expected = operation.expected
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            str(status): _success(operation, contents)
            for status in (operation.status, *operation.other_statuses)
        },
    }
    for status in operation.empty_statuses:
        described["responses"][str(status)] = {"description": operation.summary}
    if operation.description:
        described["description"] = operation.description
    if expected.reaches is not None:
        described["security"] = [{"token": []}]
        described["x-roles"] = dict(sorted(expected.reaches.items()))
    if expected.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": contents[expected.body]},
        }
    if expected.raw is not None:
        described["requestBody"] = {
            "required": True,
            "content": {name: _raw_content(name) for name in expected.raw.media_types},
        }
    for error in sorted(set(operation.errors), key=lambda kind: kind.status):
        described["responses"].setdefault(str(error.status), _failure(error, operation))
    described["responses"]["500"] = _failure(Problem, operation)
    return described


def _raw_content(media_type: str) -> dict[str, Any]:
    """What a body that a handler reads by itself looks like."""
    binary = {"type": "string", "format": "binary"}
    if media_type == "multipart/form-data":
        files = {"type": "array", "items": binary}
        return {"schema": {"type": "object", "properties": {"files": files}}}
    if media_type == "application/json":  # in a provider's own form
        return {"schema": {"type": "object"}, "example": {}}
    return {"schema": binary}


def _success(operation: Operation, contents: dict[type[BaseModel], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": operation.summary}
    if isinstance(operation.answer, str):
        binary = {"schema": {"type": "string", "format": "binary"}}
        described["content"] = {operation.answer.partition(";")[0]: binary}
    elif operation.answer is not None:
        described["content"] = {"application/json": contents[operation.answer]}
    return described


def _failure(error: type[Problem], operation: Operation) -> dict[str, Any]:
    told = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": _detail(error, operation.expected),
        "instance": f"{PREFIX}/" + _PARAMETER.sub("…", operation.route),
        "request_id": _REQUEST_ID,
    }
    reference = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        "description": error.title,
        "content": {"application/problem+json": {"schema": reference, "example": told}},
    }


def _detail(error: type[Problem], expected: Expected) -> str:
    """What an error may say on a route that expects this."""
    if error is Forbidden and expected.reaches is not None:
        return f"this is for: {', '.join(sorted(expected.reaches))}"
    if error is Invalid and expected.body is not None:
        return "the body is not JSON (line 3, column 17)"
    if error is Invalid and expected.query is None:
        return "this route takes no query parameters"
    return _DETAILS.get(error, _DETAILS[Problem])


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
