"""Which function a path and method lead to, as the real host decides it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from local.triggers import HttpFunction

_SEGMENT = re.compile(r"\{(\*?)(\w+)(?::(\w+))?(\??)\}")
_TYPES = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "alpha": r"[A-Za-z]+",
    "guid": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "bool": r"(?i:true|false)",
}


@dataclass(frozen=True)
class Match:
    """The function to call with these route parameters."""

    function: HttpFunction
    parameters: dict[str, str]


class NotRouted(Exception):
    """No function has the path; ``allowed`` names the methods when only the method is wrong."""

    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__()
        self.allowed = allowed


class Routes:
    """The routes of an app, tried in order of function name: the first match wins."""

    def __init__(self, functions: Iterable[HttpFunction], *, prefix: str) -> None:
        self._prefix = prefix.strip("/")
        ordered = sorted(functions, key=lambda function: function.name)
        self._patterns = [(pattern_of(function.route), function) for function in ordered]

    def match(self, method: str, path: str) -> Match:
        """Find the function for a raw path. Raises :class:`NotRouted`."""
        inner = path.strip("/")
        if self._prefix:
            if not f"{inner}/".lower().startswith(f"{self._prefix}/".lower()):
                raise NotRouted(frozenset())
            inner = inner[len(self._prefix) :].strip("/")
        allowed: set[str] = set()
        wanted = "GET" if method == "HEAD" else method
        for pattern, function in self._patterns:
            found = pattern.fullmatch(inner)
            if found is None:
                continue
            if wanted in function.methods:
                parameters = {
                    name: unquote(value)
                    for name, value in found.groupdict().items()
                    if value is not None
                }
                return Match(function, parameters)
            allowed |= function.methods
        raise NotRouted(frozenset(allowed))


def pattern_of(route: str) -> re.Pattern[str]:
    """The pattern of a route such as ``v1/items/{id:int}`` or ``files/{*path}``.

    Raises ``ValueError`` for a parameter type that is not known, or a form that this
    host does not match, such as two parameters in one segment.
    """
    pattern = ""
    for segment in route.strip("/").split("/"):
        slash = "/" if pattern else ""
        found = _SEGMENT.fullmatch(segment)
        if found is None:
            if "{" in segment:
                raise ValueError(f"{route}: a parameter is a segment of its own: {segment!r}")
            pattern += slash + re.escape(segment)
            continue
        catch_all, name, kind, optional = found.groups()
        if kind is not None and kind not in _TYPES:
            raise ValueError(f"{route}: no parameter type {kind!r}")
        body = ".*" if catch_all else _TYPES.get(kind, "[^/]+") if kind else "[^/]+"
        part = f"{slash}(?P<{name}>{body})"
        pattern += f"(?:{part})?" if optional or catch_all else part
    return re.compile(pattern, re.IGNORECASE)
