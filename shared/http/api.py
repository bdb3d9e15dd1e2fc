"""Routes: one decorator that registers, checks, answers and describes.

::

    api = Api("candidates", "Profiles of people who applied")

    @api.get("v1/candidates/{candidate_id}", answer=CandidateView)
    def candidates_read(call: Call[None, None]) -> CandidateView:
        \"\"\"Read one candidate's profile.\"\"\"

The function's name is the operation's and the function's in Azure; its docstring
is the summary (first line) and the description in OpenAPI. Who may call it stands in
the one table, :mod:`shared.access`; a route that is not there cannot be registered.
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
from shared.access import ACCESS, Reaches
from shared.errors import (
    Forbidden,
    Invalid,
    NotReady,
    Problem,
    TooLarge,
    Unauthenticated,
    Unprocessable,
    Unsupported,
)
from shared.http.call import MAX_BODY_BYTES, Call, Caller, Expected, Query, Raw, read_call
from shared.http.problem import problem_response


@dataclass(frozen=True)
class Reply:
    """An answer with more than a body: headers, content that is not JSON, or another of the
    statuses that its route declares."""

    body: BaseModel | Mapping[str, Any] | bytes | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


Handler = Callable[[Call[Any, Any]], BaseModel | Reply | None]
Answer = type[BaseModel] | str | None


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
    answer: Answer
    status: int
    other_statuses: tuple[int, ...]
    """Of answers that say the same of something else, such as 200 for what was there already."""
    errors: tuple[type[Problem], ...]
    empty_statuses: tuple[int, ...] = ()
    """Of answers without a body beside those that have one."""
    flow: str = ""
    """Whose route it is; empty for one of the kernel."""


OPERATIONS: dict[str, Operation] = {}
TAGS: dict[str, str] = {}


class Api:
    """The HTTP routes of one flow, registered on its blueprint."""

    def __init__(
        self,
        tag: str,
        description: str,
        blueprint: func.Blueprint,
        access: Mapping[str, Reaches | None] = ACCESS,
    ) -> None:
        self._tag = tag
        self._blueprint = blueprint
        self._access = access
        TAGS[tag] = description

    def get(
        self,
        route: str,
        *,
        answer: type[BaseModel] | str,
        other_statuses: tuple[int, ...] = (),
        query: type[Query] | None = None,
        errors: tuple[type[Problem], ...] = (),
    ) -> Callable[[Handler], Any]:
        """A reading route. ``answer`` is its model, or the media type of content that is not
        JSON."""
        return self._register(
            "GET", route, answer, errors=errors, other_statuses=other_statuses, query=query
        )

    def post(
        self,
        route: str,
        *,
        answer: Answer,
        status: int | None = None,
        other_statuses: tuple[int, ...] = (),
        empty_statuses: tuple[int, ...] = (),
        query: type[Query] | None = None,
        body: type[BaseModel] | None = None,
        raw: bool = False,
        media_types: tuple[str, ...] = (),
        max_bytes: int = MAX_BODY_BYTES,
        idempotent: bool = True,
        errors: tuple[type[Problem], ...] = (),
    ) -> Callable[[Handler], Any]:
        """A writing route; with ``idempotent`` it takes an ``Idempotency-Key``, with ``raw``
        its body, of one of ``media_types``, is ``Call.content``."""
        taken = Raw(media_types, max_bytes) if raw else None
        return self._register(
            "POST", route, answer, status, errors, other_statuses, empty_statuses,
            query=query, body=body, raw=taken, idempotent=idempotent,
        )  # fmt: skip

    def put(
        self,
        route: str,
        *,
        answer: Answer,
        status: int | None = None,
        body: type[BaseModel] | None = None,
        errors: tuple[type[Problem], ...] = (),
    ) -> Callable[[Handler], Any]:
        """A route that writes a whole; list ``Stale`` when it heeds ``Call.if_match``."""
        return self._register("PUT", route, answer, status, errors, body=body)

    def patch(
        self,
        route: str,
        *,
        answer: Answer,
        status: int | None = None,
        body: type[BaseModel] | None = None,
        errors: tuple[type[Problem], ...] = (),
    ) -> Callable[[Handler], Any]:
        """A route that changes a part; list ``Stale`` when it heeds ``Call.if_match``."""
        return self._register("PATCH", route, answer, status, errors, body=body)

    def delete(
        self,
        route: str,
        *,
        answer: Answer = None,
        status: int | None = None,
        query: type[Query] | None = None,
        errors: tuple[type[Problem], ...] = (),
    ) -> Callable[[Handler], Any]:
        """A route that removes; it answers 204 unless it has something to say."""
        return self._register("DELETE", route, answer, status, errors, query=query)

    def _register(
        self,
        method: str,
        route: str,
        answer: Answer,
        status: int | None = None,
        errors: tuple[type[Problem], ...] = (),
        other_statuses: tuple[int, ...] = (),
        empty_statuses: tuple[int, ...] = (),
        **takes: Any,
    ) -> Callable[[Handler], Any]:
        """``status`` None is 200, or 204 where there is no answer."""

        def register(handler: Handler) -> Any:
            name = handler.__name__
            if name not in self._access:
                raise LookupError(f"{name} is not in shared/access.py: say who may call it")
            expected = Expected(name, self._access[name], **takes)
            summary, _, description = inspect.cleandoc(handler.__doc__ or name).partition("\n\n")
            operation = Operation(
                name=name,
                method=method,
                route=route,
                tag=self._tag,
                summary=" ".join(summary.split()).rstrip("."),
                description=description,
                expected=expected,
                answer=answer,
                status=status or (200 if answer is not None else 204),
                other_statuses=other_statuses,
                errors=errors + _implied_errors(expected),
                empty_statuses=empty_statuses,
                flow=telemetry.flow_of(handler),
            )
            OPERATIONS[name] = operation
            return self._blueprint.route(
                route=route, methods=[method], auth_level=func.AuthLevel.ANONYMOUS
            )(_endpoint(handler, operation))

        return register


def _implied_errors(expected: Expected) -> tuple[type[Problem], ...]:
    implied: list[type[Problem]] = [Invalid]  # a parameter that is not known, at least
    if expected.idempotent:
        implied.append(Unprocessable)
    if expected.reaches is not None:
        implied += [Unauthenticated, Forbidden]
    if expected.idempotent:
        implied.append(TooLarge)
    if expected.body or expected.raw:
        implied += [TooLarge, Unsupported]
    return tuple(implied)


def _endpoint(handler: Handler, operation: Operation) -> Callable[[func.HttpRequest], Any]:
    def endpoint(req: func.HttpRequest) -> func.HttpResponse:
        return respond(req, operation, handler)

    # The runtime reads name and annotations; it must not look through to the handler's.
    endpoint.__name__ = endpoint.__qualname__ = handler.__name__
    endpoint.__doc__ = handler.__doc__
    endpoint.__module__ = handler.__module__
    endpoint.__annotations__ = {"req": func.HttpRequest, "return": func.HttpResponse}
    return endpoint


def respond(request: func.HttpRequest, operation: Operation, handler: Handler) -> func.HttpResponse:
    """Answer one request: token, checks, handler, and whatever goes wrong as a problem."""
    headers = request.headers
    told: dict[str, str | int] = {
        "http.request.method": operation.method,
        "http.route": f"/api/{operation.route}",
        "url.scheme": request.url.partition("://")[0],
    }
    with telemetry.hop(
        traceparent=headers.get("traceparent"),
        request_id=headers.get("x-request-id"),
        name=f"{operation.method} /api/{operation.route}",
        kind="server",
        flow=operation.flow,
        attributes={**told, "faas.trigger": "http", "faas.name": operation.name},
    ) as here:
        began = time.perf_counter()
        caller = Caller(headers, runtime.now())
        wrong = None
        try:
            answer = handler(read_call(request, operation.expected, caller))
            response = _encode(answer, operation)
        except Exception as error:
            wrong = type(error).__name__
            status = error.status if isinstance(error, Problem) else 500
            if status >= 500 and not isinstance(error, NotReady):
                cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
                telemetry.failure("request.broke", cause, operation=operation.name)
                here.fail(type(cause).__name__)
                told["error.type"] = type(cause).__name__
            response = problem_response(
                error, request_id=here.request_id, instance=_path_of(request.url)
            )
        response.headers["X-Request-Id"] = here.request_id
        response.headers["Traceparent"] = here.traceparent
        seconds = time.perf_counter() - began
        tenant = caller.known.tenant_id if caller.known else None
        told["http.response.status_code"] = response.status_code
        here.note({"http.response.status_code": response.status_code})
        if tenant:
            here.note({"waymark.tenant": tenant})
        if wrong:
            here.note({"waymark.outcome": wrong})
        if operation.flow:
            told["waymark.flow"] = operation.flow
        telemetry.measure("http.server.request.duration", seconds, told)
        telemetry.log(
            "request.answered",
            operation=operation.name,
            status=response.status_code,
            error=wrong,
            tenant=tenant,
            duration_ms=round(seconds * 1000, 2),
        )
        return response


def _path_of(url: str) -> str:
    """The path of a URL, whatever its host is made of, without the query: that may hold
    what somebody searched for."""
    _, _, rest = url.partition("://")
    return "/" + rest.partition("?")[0].partition("/")[2]


def _encode(answer: BaseModel | Reply | None, operation: Operation) -> func.HttpResponse:
    reply = answer if isinstance(answer, Reply) else Reply(answer)
    status = reply.status or operation.status
    declared = (operation.status, *operation.other_statuses, *operation.empty_statuses)
    if status not in declared:
        raise LookupError(f"{operation.name} does not declare that it answers {status}")
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **reply.headers}
    if isinstance(reply.body, BaseModel):
        content = reply.body.model_dump_json().encode()
    elif isinstance(reply.body, bytes):
        content = reply.body
    elif reply.body is None:
        content = b""
    else:
        content = json.dumps(reply.body, ensure_ascii=False, allow_nan=False).encode()
    return func.HttpResponse(
        content,
        status_code=status,
        headers=headers,
        mimetype=reply.content_type or _media_type(operation),
    )


def _media_type(operation: Operation) -> str:
    return operation.answer if isinstance(operation.answer, str) else "application/json"
