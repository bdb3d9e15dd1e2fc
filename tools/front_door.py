"""Which path leads to which app: the front door's routes, from the routes of the apps.

Front Door matches whole paths and prefixes (``/x/*``), the longest first, and knows no
parameters in the middle. Where two apps share such a prefix, it belongs to the one with more
routes there, and each route of the other is a rule of its own with a regular expression.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tools.code_needs import triggers
from tools.package import flows

PREFIX = "/api"
# What every app serves of itself. Under the front door one answers for the house.
HOUSE = ("docs", "docs/{asset}", "health", "openapi.json", "ready")
# And what each says of itself, by its name.
OWN = ("health", "ready")
HOUSE_APP = "accounts"
MOST_PATTERNS = 25  # of one route of Front Door


@dataclass
class _Node:
    """One segment of the paths: who serves what ends here, and what goes on below."""

    ends: set[str] = field(default_factory=set)
    parameters: list[tuple[str, str]] = field(default_factory=list)  # (app, whole route)
    below: dict[str, _Node] = field(default_factory=lambda: defaultdict(_Node))

    def apps(self) -> set[str]:
        found = self.ends | {app for app, _ in self.parameters}
        for node in self.below.values():
            found |= node.apps()
        return found


def routes_of_apps() -> dict[str, list[str]]:
    """The routes of each app, without host.json's prefix."""
    found: dict[str, set[str]] = defaultdict(set)
    for trigger in triggers():
        if trigger.kind == "httpTrigger":
            found[trigger.flow].add(trigger.binding["route"])
    for app in flows():
        found[app] |= {f"{route}/{app}" for route in OWN}
    return {app: sorted(routes) for app, routes in sorted(found.items())}


def layout(routes: dict[str, list[str]]) -> dict[str, Any]:
    """What ``infra/routes.json`` holds: ``patterns`` by app, and ``rules`` for what no pattern
    tells apart. ``routes`` are those of each app."""
    root = _Node()
    for app, route in _pairs(routes):
        _insert(root, app, route)
    patterns: dict[str, list[str]] = defaultdict(list)
    rules: list[dict[str, str]] = []
    _walk(root, PREFIX, patterns, rules)
    return {
        "patterns": [
            {"app": app, "number": number, "paths": list(paths)}
            for app, all_paths in sorted(patterns.items())
            for number, paths in enumerate(_chunks(sorted(all_paths)), 1)
        ],
        "rules": sorted(rules, key=lambda rule: rule["path"]),
    }


def _pairs(routes: dict[str, list[str]]) -> Iterable[tuple[str, str]]:
    for app, own in routes.items():
        yield from ((app, route) for route in own)
    yield from ((HOUSE_APP, route) for route in HOUSE)


def _insert(root: _Node, app: str, route: str) -> None:
    node = root
    for segment in route.split("/"):
        if segment.startswith("{"):
            node.parameters.append((app, route))
            return
        node = node.below[segment]
    node.ends.add(app)


def _walk(
    node: _Node, path: str, patterns: dict[str, list[str]], rules: list[dict[str, str]]
) -> None:
    for segment, child in sorted(node.below.items()):
        here = f"{path}/{segment}"
        apps = child.apps()
        if (len(apps) == 1 and here.count("/") > 2) or not child.below:
            _settle(child, here, apps, patterns, rules)
            continue
        _settle(child, here, child.ends | {app for app, _ in child.parameters}, patterns, rules)
        _walk(child, here, patterns, rules)


def _settle(
    node: _Node,
    path: str,
    apps: set[str],
    patterns: dict[str, list[str]],
    rules: list[dict[str, str]],
) -> None:
    """Say whose a path and what lies right below it are."""
    for app in node.ends:
        patterns[app] += [path, f"{path}/"]
    if len(apps) == 1:
        (app,) = apps
        if node.parameters or (node.below and node.apps() == apps):
            patterns[app].append(f"{path}/*")
        return
    if not node.parameters:
        return
    counted = Counter(app for app, _ in node.parameters)
    most = min(counted, key=lambda app: (-counted[app], app))
    patterns[most].append(f"{path}/*")
    rules += [
        {"app": app, "path": expression(route)} for app, route in node.parameters if app != most
    ]


def expression(route: str) -> str:
    """The regular expression of a route; the service lowers the letters of a path first."""
    segments = [
        "[^/]+" if segment.startswith("{") else re.escape(segment).replace(r"\-", "-").lower()
        for segment in f"{PREFIX.lstrip('/')}/{route}".split("/")
    ]
    return f"^/?{'/'.join(segments)}/?$"


def _chunks(paths: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(paths), MOST_PATTERNS):
        yield paths[start : start + MOST_PATTERNS]


def app_for(path: str, laid_out: dict[str, Any]) -> str | None:
    """The app that the front door asks for a path, None where it answers 404 by itself."""
    best: tuple[int, int, str] | None = None
    for entry in laid_out["patterns"]:
        for pattern in entry["paths"]:
            prefix = pattern.removesuffix("*")
            whole = prefix == pattern
            if path == pattern or (not whole and path.startswith(prefix)):
                found = (int(whole), len(pattern), str(entry["app"]))
                best = found if best is None else max(best, found)
    if best is None:
        return None
    for rule in laid_out["rules"]:
        if re.search(rule["path"], path.lower()):
            return str(rule["app"])
    return best[2]
