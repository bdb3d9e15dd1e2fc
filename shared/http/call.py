"""One HTTP call, read and checked, as a handler gets it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, get_origin
from uuid import UUID

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.auth import Principal
from shared.errors import (
    FieldError,
    Forbidden,
    Invalid,
    Missing,
    Problem,
    TooLarge,
    Unauthenticated,
    Unsupported,
)
from shared.messaging import IdempotencyKey

MAX_BODY_BYTES = 1024 * 1024
MAX_FIELD_ERRORS = 50
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class Query(BaseModel):
    """Query parameters. Unknown ones are an error; a list takes values parted by commas."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        lists = {
            field.alias or name
            for name, field in cls.model_fields.items()
            if get_origin(field.annotation) in {list, tuple}
        }
        return {
            name: [part for part in value.split(",") if part]
            if name in lists and isinstance(value, str)
            else value
            for name, value in values.items()
        }


class PageQuery(Query):
    """Which page of a list: how many items, and where the last page ended."""

    limit: int = Field(default=25, ge=1, le=100, description="Items a page")
    continuation: str | None = Field(
        default=None, max_length=4096, description="`continuation` of the page before"
    )


class Body(BaseModel):
    """A JSON request body. Unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


QueryT = TypeVar("QueryT")
BodyT = TypeVar("BodyT")


@dataclass(frozen=True)
class Call(Generic[QueryT, BodyT]):
    """A call whose token, parameters and body all hold. ``now`` is when it came in."""

    path: Mapping[str, str]
    query: QueryT
    body: BodyT
    headers: Mapping[str, str]
    now: datetime
    idempotency: IdempotencyKey | None
    _principal: Principal | None

    @property
    def principal(self) -> Principal:
        """Who calls. Raises ``Unauthenticated`` on a public route called without a token."""
        if self._principal is None:
            raise Unauthenticated("this needs a token")
        return self._principal

    def uuid(self, name: str) -> str:
        """A path parameter that is a UUID, in its canonical form; ``Missing`` for anything else."""
        try:
            return str(UUID(self.path[name]))
        except ValueError:
            raise Missing(f"there is no {name.removesuffix('_id')} with this id") from None


@dataclass(frozen=True)
class Expected:
    """What a route takes: who may call it, and the models of what comes in."""

    operation: str
    roles: frozenset[str] | None
    query: type[Query] | None
    body: type[BaseModel] | None
    idempotent: bool


def read_call(
    request: func.HttpRequest, expected: Expected, principal: Principal | None, now: datetime
) -> Call[Any, Any]:
    """Check a request against what its route expects. Raises the ``Problem`` that fits."""
    if expected.roles is not None:
        if principal is None:
            raise Unauthenticated("send a token: Authorization: Bearer …")
        if not principal.roles & expected.roles:
            raise Forbidden(f"this is for: {', '.join(sorted(expected.roles))}")
    content = request.get_body()
    return Call(
        path=dict(request.route_params),
        query=_read_query(expected.query, request.params),
        body=_read_body(expected.body, request.headers, content),
        headers=request.headers,
        now=now,
        idempotency=_read_idempotency(request, expected, principal, content),
        _principal=principal,
    )


def bearer(headers: Mapping[str, str]) -> str | None:
    """The bearer token of an ``Authorization`` header, None without the header.

    Raises ``Unauthenticated`` for a header of another form.
    """
    header = headers.get("authorization") or headers.get("Authorization")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("the Authorization header is not of the form: Bearer <token>")
    return token.strip()


def _read_query(model: type[Query] | None, params: Mapping[str, str]) -> Query | None:
    if model is None:
        if params:
            unknown = tuple(FieldError(name, "no such parameter") for name in params)
            raise Invalid("this route takes no query parameters", fields=unknown)
        return None
    try:
        return model.model_validate(dict(params))
    except ValidationError as error:
        raise _invalid("a query parameter does not hold", error, _parameter) from None


def _read_body(
    model: type[BaseModel] | None, headers: Mapping[str, str], content: bytes
) -> BaseModel | None:
    if model is None:
        return None
    if len(content) > MAX_BODY_BYTES:
        raise TooLarge(f"a request body is at most {MAX_BODY_BYTES:,} bytes")
    media_type = (headers.get("content-type") or "").split(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Unsupported("send the body as application/json")
    try:
        parsed = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
        if _SURROGATE_ESCAPE.search(content):
            json.dumps(parsed, ensure_ascii=False).encode()  # half a pair is no character
    except (ValueError, RecursionError) as error:
        where = (
            f" (line {error.lineno}, column {error.colno})"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise Invalid(f"the body is not JSON{where}") from None
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        raise _invalid("the body does not hold", error, _pointer) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parameter(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location))


def _pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901); the whole body is the empty one."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def _invalid(
    detail: str, error: ValidationError, name: Callable[[tuple[int | str, ...]], str]
) -> Problem:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    fields = tuple(FieldError(name(item["loc"]), item["msg"]) for item in found[:MAX_FIELD_ERRORS])
    first = fields[0]
    return Invalid(f"{detail}: {first.pointer or 'it'}: {first.detail}", fields=fields)


def _read_idempotency(
    request: func.HttpRequest, expected: Expected, principal: Principal | None, content: bytes
) -> IdempotencyKey | None:
    key = request.headers.get("idempotency-key")
    if not expected.idempotent or key is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid("Idempotency-Key has 1 to 128 visible ASCII characters")
    caller = f"{principal.tenant_id}/{principal.user_id}" if principal else "anonymous"
    digest = hashlib.sha256(content)
    parameters = [dict(request.route_params), dict(request.params)]
    digest.update(json.dumps(parameters, sort_keys=True).encode())
    return IdempotencyKey(f"{caller}/{expected.operation}", key, digest.hexdigest())
