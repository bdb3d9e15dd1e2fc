"""Calls of routes by name, and what is expected of them by the table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import requests

from shared.access import ACCESS, Reach
from shared.models.roles import ROLES, Role
from shared.models.tenant import PLATFORM
from tests.access.recipes import RECIPES, Request
from tests.access.world import Kind

_OWN: frozenset[Kind] = frozenset({"own", "in_hand"})
_LEARNERS: frozenset[Kind] = _OWN | {"child", "former_child", "learner"}
_TENANT: frozenset[Kind] = _LEARNERS | {"colleague", "ours"}
COVERED: Mapping[Reach, frozenset[Kind]] = {
    "own": _OWN,
    "children": _OWN | {"child"},
    "learners": _LEARNERS,
    "tenant": _TENANT,
    "platform": _TENANT | {"foreign", "platform"},
}
"""Which kinds of data each reach covers, as shared/access.py says in words."""

_PARAMETER = re.compile(r"\{\*?(\w+)(?::\w+)?\??\}")


@dataclass(frozen=True)
class Route:
    """Where a function answers."""

    method: str
    route: str


class Caller:
    """Sends requests to the routes of a host, on one connection."""

    def __init__(self, url: str, routes: Mapping[str, Route]) -> None:
        self._url = url
        self._routes = routes
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def __call__(
        self, name: str, request: Request, *, token: str = "", **query: str
    ) -> requests.Response:
        """Call a route; an empty token sends none."""
        to = self._routes[name]
        path = _PARAMETER.sub(lambda found: request.path[found[1]], to.route)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if request.raw is not None:
            headers["Content-Type"] = request.raw[0]
        headers |= request.headers
        return self._session.request(
            to.method,
            f"{self._url}/api/{path}",
            params={**request.query, **query},
            json=request.body,
            data=request.raw[1] if request.raw is not None else None,
            headers=headers,
            timeout=30,
        )

    def once(self, name: str, request: Request, *, token: str) -> Iterator[requests.Response]:
        """The one answer of a route that is no list."""
        yield self(name, request, token=token)

    def pages(self, name: str, request: Request, *, token: str) -> Iterator[requests.Response]:
        """Every page of a list; the last is the first that is no success."""
        query = {"limit": "100"}
        while True:
            page = self(name, request, token=token, **query)
            yield page
            following = page.json().get("continuation")
            if following is None:
                return
            query["continuation"] = following


def home_of(role: Role) -> str:
    """The tenant in which the tests' people of a role are."""
    return PLATFORM if role == "operator" else "demo"


def is_covered(name: str, role: Role, kind: Kind) -> bool:
    """Whether the table lets a role reach data of this kind by this route."""
    reaches = ACCESS[name]
    return reaches is None or (role in reaches and kind in COVERED[reaches[role]])


def way_in(name: str) -> tuple[Role, Kind]:
    """A role, and a kind of data, with which a route that takes a token succeeds."""
    for role in ROLES:
        for kind in RECIPES[name].kinds:
            if role in (ACCESS[name] or {}) and (kind == "list" or is_covered(name, role, kind)):
                return role, kind
    raise AssertionError(f"nobody can call {name}")


def said(answer: requests.Response) -> str:
    """What an answer tells: without ``instance``, which repeats the address that was asked."""
    if answer.headers.get("Content-Type") != "application/problem+json":
        return answer.text
    body: dict[str, Any] = answer.json()
    return json.dumps({name: value for name, value in body.items() if name != "instance"})
