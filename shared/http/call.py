"""One HTTP call, read and checked, as a handler gets it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, get_origin
from uuid import UUID

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared import runtime
from shared.access import Reach, Reaches
from shared.auth import Principal
from shared.errors import (
    FieldError,
    Forbidden,
    Invalid,
    Missing,
    Problem,
    Stale,
    TooLarge,
    Unauthenticated,
    Unsupported,
)
from shared.http.client import client_address_of
from shared.messaging import IdempotencyKey
from shared.people import check_standing

MAX_BODY_BYTES = 1024 * 1024
MAX_FIELD_ERRORS = 50
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_ETAG = re.compile(r'"([\x21\x23-\x7e]{1,256})"')
_CONFIG = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class Query(BaseModel):
    """Query parameters. Unknown ones are an error; a list takes values parted by commas."""

    model_config = _CONFIG

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

    model_config = _CONFIG


QueryT = TypeVar("QueryT")
BodyT = TypeVar("BodyT")


@dataclass
class Caller:
    """Who calls, verified when first asked: a public route takes whatever header comes."""

    headers: Mapping[str, str]
    now: datetime
    known: Principal | None = None

    def identify(self) -> Principal:
        """Raises ``Unauthenticated`` without a token that holds, and ``Forbidden`` to somebody of
        the external provider who is suspended here."""
        if self.known is None:
            token = bearer(self.headers)
            if token is None:
                raise Unauthenticated("send a token: Authorization: Bearer …")
            known = runtime.current().tokens.verify(token, now=self.now)
            if known.external:
                check_standing(runtime.stores(), runtime.current().pseudonyms, known)
            self.known = known
        return self.known


@dataclass(frozen=True)
class Call(Generic[QueryT, BodyT]):
    """A call whose token, parameters and body all hold. ``now`` is when it came in.

    ``content`` is the body as it came, for routes that take it raw.
    """

    path: Mapping[str, str]
    query: QueryT
    body: BodyT
    headers: Mapping[str, str]
    now: datetime
    idempotency: IdempotencyKey | None
    content: bytes = field(repr=False)
    caller: Caller = field(repr=False)
    reaches: Reaches = field(default_factory=dict, repr=False)

    @property
    def principal(self) -> Principal:
        """Who calls. Raises ``Unauthenticated`` on a public route called without a token."""
        return self.caller.identify()

    @property
    def reach(self) -> frozenset[Reach]:
        """How far the caller's roles reach on this route, by the table of :mod:`shared.access`."""
        return frozenset(
            reach for role, reach in self.reaches.items() if role in self.principal.roles
        )

    @property
    def client_address(self) -> str:
        """The network address of who calls, ``unknown`` when nobody sound names it."""
        proxies = runtime.current().settings.trusted_proxies
        return client_address_of(self.headers, proxies=proxies)

    @property
    def if_match(self) -> str | None:
        """The etag that the caller read, None when any will do.

        Raises ``Stale`` for a weak one, which never matches, and ``Invalid`` for what is none.
        """
        header = (self.headers.get("if-match") or "").strip()
        if header in {"", "*"}:
            return None
        if header.startswith("W/"):
            raise Stale("a weak etag never matches; read again and send the one in ETag")
        found = _ETAG.fullmatch(header)
        if found is None:
            raise Invalid('If-Match is one etag in quotes, as in ETag, or "*"')
        return found[1]

    def uuid(self, name: str) -> str:
        """A path parameter that is a UUID, in its canonical form; ``Missing`` for anything else."""
        try:
            return str(UUID(self.path[name]))
        except ValueError:
            raise Missing(f"there is no {name.removesuffix('_id')} with this id") from None


@dataclass(frozen=True)
class Raw:
    """A body that a handler gets as it came: its media types and how long it may be."""

    media_types: tuple[str, ...]
    max_bytes: int


@dataclass(frozen=True)
class Expected:
    """What a route takes: who may call it and how far that reaches (None: anybody, without a
    token), and the models of what comes in."""

    operation: str
    reaches: Reaches | None
    query: type[Query] | None = None
    body: type[BaseModel] | None = None
    idempotent: bool = False
    raw: Raw | None = None


def read_call(request: func.HttpRequest, expected: Expected, caller: Caller) -> Call[Any, Any]:
    """Check a request against what its route expects. Raises the ``Problem`` that fits."""
    if expected.reaches is not None and not caller.identify().roles & expected.reaches.keys():
        raise Forbidden(f"this is for: {', '.join(sorted(expected.reaches))}")
    content = request.get_body()
    most = expected.raw.max_bytes if expected.raw else MAX_BODY_BYTES
    if (expected.body or expected.raw or expected.idempotent) and len(content) > most:
        raise TooLarge(f"a request body is at most {most:,} bytes")
    if expected.raw is not None and _media_type(request.headers) not in expected.raw.media_types:
        raise Unsupported(f"send the body as {' or '.join(expected.raw.media_types)}")
    return Call(
        path=dict(request.route_params),
        query=_read_query(expected.query, request.params),
        body=_read_body(expected.body, request.headers, content),
        headers=request.headers,
        now=caller.now,
        idempotency=_read_idempotency(request, expected, caller, content),
        content=content if expected.raw else b"",
        caller=caller,
        reaches=expected.reaches or {},
    )


def etag_header(etag: str) -> dict[str, str]:
    """The header that says which version was answered; a store may quote its etags itself."""
    return {"ETag": f'"{etag.strip(chr(34))}"'}


def bearer(headers: Mapping[str, str]) -> str | None:
    """The bearer token of an ``Authorization`` header, None without the header.

    Raises ``Unauthenticated`` for a header of another form.
    """
    header = headers.get("authorization")
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
    media_type = _media_type(headers)
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Unsupported("send the body as application/json")
    try:
        parsed = json.loads(
            content.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite
        )
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


def _media_type(headers: Mapping[str, str]) -> str:
    return (headers.get("content-type") or "").split(";")[0].strip().lower()


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is beyond what a number holds")
    return number


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
    request: func.HttpRequest, expected: Expected, caller: Caller, content: bytes
) -> IdempotencyKey | None:
    key = request.headers.get("idempotency-key")
    if not expected.idempotent or key is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid("Idempotency-Key has 1 to 128 visible ASCII characters")
    if expected.reaches is not None:
        principal = caller.identify()
        scope = f"{principal.tenant_id}/{principal.user_id}"
    else:  # the header stands for whoever it is, unverified as it may be
        given = request.headers.get("authorization") or ""
        scope = f"anonymous/{hashlib.sha256(given.encode(errors='replace')).hexdigest()}"
    parameters = [dict(request.route_params), dict(request.params)]
    # keyed: a body may hold a password, which a plain digest would let somebody try out
    sent = json.dumps(parameters, sort_keys=True).encode() + b"\n" + content
    fingerprint = runtime.current().pseudonyms.digest(sent)
    return IdempotencyKey(f"{scope}/{expected.operation}", key, fingerprint)
