"""Routes: one decorator that registers, checks, answers and describes.

::

    api = Api("candidates", "Profiles of people who applied")

    @api.get("v1/candidates/{candidate_id}", roles={"recruiter"}, answer=CandidateView)
    def candidates_read(call: Call[None, None]) -> CandidateView:
        \"\"\"Read one candidate's profile.\"\"\"

The function's name is the operation's and the function's in Azure; its docstring
is the summary (first line) and the description in OpenAPI.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func
from pydantic import BaseModel

from shared import runtime, telemetry
from shared.auth import Role
from shared.errors import (
    Forbidden,
    Invalid,
    Problem,
    TooLarge,
    Unauthenticated,
    Unprocessable,
    Unsupported,
)
from shared.http.call import Call, Expected, Query, bearer, read_call
from shared.http.problem import problem_response


@dataclass(frozen=True)
class Reply:
    """An answer with more than a body: status, headers, or content that is not JSON."""

    body: BaseModel | Mapping[str, Any] | bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


Handler = Callable[[Call[Any, Any]], BaseModel | Reply]


@dataclass(frozen=True)
class Operation:
    """A route as OpenAPI describes it."""

    name: str
    method: str
    route: str
    tag: str
    summary: str
    description: str
    expected: Expected
    answer: type[BaseModel] | None
    status: int
    errors: tuple[type[Problem], ...]


OPERATIONS: dict[str, Operation] = {}
TAGS: dict[str, str] = {}


class Api:
    """The HTTP routes of one flow, registered on its blueprint."""

    def __init__(self, tag: str, description: str, blueprint: func.Blueprint) -> None:
        self._tag = tag
        self._blueprint = blueprint
        TAGS[tag] = description

    def get(
        self,
        route: str,
        *,
        roles: set[Role] | None,
        answer: type[BaseModel],
        query: type[Query] | None = None,
        errors: tuple[type[Problem], ...] = (),
    ) -> Callable[[Handler], Any]:
        """A reading route. ``roles`` None makes it public."""
        return self._register("GET", route, roles, answer, 200, query, None, False, errors)

    def post(
        self,
        route: str,
        *,
        roles: set[Role] | None,
        answer: type[BaseModel] | None,
        status: int = 200,
        query: type[Query] | None = None,
        body: type[BaseModel] | None = None,
        idempotent: bool = True,
        errors: tuple[type[Problem], ...] = (),
    ) -> Callable[[Handler], Any]:
        """A writing route; with ``idempotent`` it takes an ``Idempotency-Key``."""
        return self._register("POST", route, roles, answer, status, query, body, idempotent, errors)

    def _register(
        self,
        method: str,
        route: str,
        roles: set[Role] | None,
        answer: type[BaseModel] | None,
        status: int,
        query: type[Query] | None,
        body: type[BaseModel] | None,
        idempotent: bool,
        errors: tuple[type[Problem], ...],
    ) -> Callable[[Handler], Any]:
        def register(handler: Handler) -> Any:
            name = handler.__name__
            expected = Expected(
                operation=name,
                roles=None if roles is None else frozenset(roles),
                query=query,
                body=body,
                idempotent=idempotent,
            )
            summary, _, description = inspect.cleandoc(handler.__doc__ or name).partition("\n\n")
            OPERATIONS[name] = Operation(
                name=name,
                method=method,
                route=route,
                tag=self._tag,
                summary=" ".join(summary.split()).rstrip("."),
                description=description,
                expected=expected,
                answer=answer,
                status=status,
                errors=errors + _implied_errors(expected),
            )
            endpoint = _endpoint(handler, expected)
            return self._blueprint.route(
                route=route, methods=[method], auth_level=func.AuthLevel.ANONYMOUS
            )(endpoint)

        return register


def _implied_errors(expected: Expected) -> tuple[type[Problem], ...]:
    implied: list[type[Problem]] = [Invalid]  # a parameter that is not known, at least
    if expected.idempotent:
        implied.append(Unprocessable)
    if expected.roles is not None:
        implied += [Unauthenticated, Forbidden]
    if expected.body:
        implied += [TooLarge, Unsupported]
    return tuple(implied)


def _endpoint(handler: Handler, expected: Expected) -> Callable[[func.HttpRequest], Any]:
    def endpoint(req: func.HttpRequest) -> func.HttpResponse:
        return respond(req, expected, handler)

    # The runtime reads name and annotations; it must not look through to the handler's.
    endpoint.__name__ = endpoint.__qualname__ = handler.__name__
    endpoint.__doc__ = handler.__doc__
    endpoint.__module__ = handler.__module__
    endpoint.__annotations__ = {"req": func.HttpRequest, "return": func.HttpResponse}
    return endpoint


def respond(request: func.HttpRequest, expected: Expected, handler: Handler) -> func.HttpResponse:
    """Answer one request: token, checks, handler, and whatever goes wrong as a problem."""
    headers = request.headers
    with telemetry.hop(
        traceparent=headers.get("traceparent"), request_id=headers.get("x-request-id")
    ) as here:
        began = time.perf_counter()
        principal = None
        instance = _path_of(request.url)
        try:
            token = bearer(headers)
            now = runtime.now()
            if token is not None:
                principal = runtime.current().tokens.verify(token, now=now)
            response = _encode(handler(read_call(request, expected, principal, now)))
        except Problem as error:
            response = problem_response(error, request_id=here.request_id, instance=instance)
        except Exception as error:
            telemetry.failure("request.broke", error, operation=expected.operation)
            response = problem_response(error, request_id=here.request_id, instance=instance)
        response.headers["X-Request-Id"] = here.request_id
        response.headers["Traceparent"] = here.traceparent
        telemetry.log(
            "request.answered",
            operation=expected.operation,
            status=response.status_code,
            tenant=principal.tenant_id if principal else None,
            duration_ms=round((time.perf_counter() - began) * 1000, 2),
        )
        return response


def _path_of(url: str) -> str:
    """The path of a URL, whatever its host is made of, without the query: that may hold
    what somebody searched for."""
    _, _, rest = url.partition("://")
    return "/" + rest.partition("?")[0].partition("/")[2]


def _encode(answer: BaseModel | Reply) -> func.HttpResponse:
    reply = answer if isinstance(answer, Reply) else Reply(answer)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **reply.headers}
    if isinstance(reply.body, BaseModel):
        content = reply.body.model_dump_json().encode()
    elif isinstance(reply.body, bytes):
        content = reply.body
    elif reply.body is None:
        content = b""
    else:
        content = json.dumps(reply.body, ensure_ascii=False).encode()
    return func.HttpResponse(
        content, status_code=reply.status, headers=headers, mimetype=reply.content_type
    )
