"""Errors as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import json
import math

import azure.functions as func

from shared.errors import Problem, Throttled, Unauthenticated


def problem_response(error: Exception, *, request_id: str, instance: str) -> func.HttpResponse:
    """The response for an error; anything but a ``Problem`` is a 500 without internals."""
    status = error.status if isinstance(error, Problem) else 500
    body = {
        "type": "about:blank",
        "title": error.title if isinstance(error, Problem) else "Internal error",
        "status": status,
        "detail": error.detail
        if isinstance(error, Problem)
        else f"Something broke on our side. Report it with request id {request_id}.",
        "instance": instance,
        "request_id": request_id,
    }
    if isinstance(error, Problem) and error.fields:
        body["errors"] = [
            {"pointer": field.pointer, "detail": field.detail} for field in error.fields
        ]
    if isinstance(error, Problem):
        body |= error.members
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return func.HttpResponse(
        # what a request quotes may be no valid Unicode
        json.dumps(body, ensure_ascii=False).encode(errors="replace"),
        status_code=status,
        headers=headers,
        mimetype="application/problem+json",
    )
