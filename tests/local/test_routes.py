"""Paths lead to functions as the real host leads them."""

from __future__ import annotations

from typing import Any

import pytest

from local.routes import NotRouted, Routes
from local.triggers import HttpFunction


def routes(*given: str, prefix: str = "api", methods: tuple[str, ...] = ("GET",)) -> Routes:
    """Routes of functions named by their letters: ``a=v1/items``."""

    def never(_: object) -> Any:
        raise AssertionError("called")

    named = [one.split("=", 1) for one in given]
    return Routes(
        [
            HttpFunction(name, never, route, frozenset(methods), "anonymous")
            for name, route in named
        ],
        prefix=prefix,
    )


def found(table: Routes, path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
    try:
        match = table.match(method, path)
    except NotRouted:
        return None
    return match.function.name, match.parameters


GUID = "7b0d6c4e-0f5b-4f0e-9d0a-0123456789ab"


@pytest.mark.parametrize(
    ("route", "path", "parameters"),
    [
        ("v1/items", "/api/v1/items", {}),
        ("v1/items", "/api/v1/items/", {}),
        ("v1/items/", "/api/v1/items", {}),
        ("v1/items", "/API/V1/Items", {}),
        ("v1/items", "/api/v1/items/7", None),
        ("v1/items", "/v1/items", None),
        ("v1/items", "/apis/v1/items", None),
        ("v1/items", "/api", None),
        ("v1/items.json", "/api/v1/itemsXjson", None),
        ("v1/items:batch", "/api/v1/items:batch", {}),
        ("v1/{id}", "/api/v1/seven", {"id": "seven"}),
        ("v1/{id}", "/api/v1/a%20b%2Fc", {"id": "a b/c"}),
        ("v1/{id}", "/api/v1/a%2541", {"id": "a%41"}),
        ("v1/{id}", "/api/v1/ABC", {"id": "ABC"}),
        ("v1/{id}", "/api/v1/", None),
        ("v1/{id:int}", "/api/v1/-7", {"id": "-7"}),
        ("v1/{id:int}", "/api/v1/seven", None),
        ("v1/{id:alpha}", "/api/v1/abc", {"id": "abc"}),
        ("v1/{id:alpha}", "/api/v1/ab1", None),
        ("v1/{id:guid}", f"/api/v1/{GUID}", {"id": GUID}),
        ("v1/{id:guid}", f"/api/v1/{GUID.upper()}", {"id": GUID.upper()}),
        ("v1/{id:guid}", f"/api/v1/{GUID}0", None),
        ("v1/{on:bool}", "/api/v1/TRUE", {"on": "TRUE"}),
        ("v1/{on:bool}", "/api/v1/yes", None),
        ("v1/{id?}", "/api/v1", {}),
        ("v1/{id?}", "/api/v1/7", {"id": "7"}),
        ("v1/{id:int?}", "/api/v1/x", None),
        ("files/{*path}", "/api/files", {}),
        ("files/{*path}", "/api/files/a/b/c.txt", {"path": "a/b/c.txt"}),
        ("{*path}", "/api/a/b", {"path": "a/b"}),
        ("{*path}", "/api", {"path": ""}),
        ("{id}", "/api/x", {"id": "x"}),
        ("{id?}", "/api/x", {"id": "x"}),
        ("v1/{a}/parts/{b:int}", "/api/v1/x/parts/7", {"a": "x", "b": "7"}),
        ("v1/{a}/parts/{b:int}", "/api/v1/x/y/parts/7", None),
    ],
)
def test_a_path_matches_its_route(route: str, path: str, parameters: dict[str, str] | None) -> None:
    """Literals, typed, optional and catch-all parameters match, and give what they hold."""
    expected = None if parameters is None else ("f", parameters)
    assert found(routes(f"f={route}"), path) == expected


def test_the_first_by_name_wins() -> None:
    """Of two routes that match the function that comes first by name is called."""
    assert found(routes("b=v1/recent", "a=v1/{id}"), "/api/v1/recent") == ("a", {"id": "recent"})
    assert found(routes("a=v1/recent", "b=v1/{id}"), "/api/v1/recent") == ("a", {})


def test_a_typed_parameter_shadows_nothing() -> None:
    """A parameter of a type lets other words by."""
    table = routes("a=v1/{id:int}", "b=v1/recent")
    assert found(table, "/api/v1/recent") == ("b", {})
    assert found(table, "/api/v1/7") == ("a", {"id": "7"})


@pytest.mark.parametrize(("prefix", "path"), [("", "/v1"), ("/", "/v1"), ("a/b", "/a/b/v1")])
def test_the_prefix_is_host_jsons(prefix: str, path: str) -> None:
    """The route prefix may be empty, or of several segments."""
    assert found(routes("f=v1", prefix=prefix), path) == ("f", {})


def test_the_wrong_method_names_the_right_ones() -> None:
    """A path that is there for other methods says for which."""
    table = Routes(
        [
            HttpFunction("a", lambda _: None, "v1", frozenset({"GET"}), "anonymous"),  # type: ignore[arg-type, return-value]
            HttpFunction("b", lambda _: None, "v1", frozenset({"POST"}), "anonymous"),  # type: ignore[arg-type, return-value]
        ],
        prefix="api",
    )
    assert found(table, "/api/v1", "POST") == ("b", {})
    assert found(table, "/api/v1", "HEAD") == ("a", {})
    with pytest.raises(NotRouted) as refused:
        table.match("DELETE", "/api/v1")
    assert refused.value.allowed == {"GET", "POST"}
    with pytest.raises(NotRouted) as refused:
        table.match("GET", "/api/v2")
    assert refused.value.allowed == set()


@pytest.mark.parametrize(
    "route", ["{id:regex(a+)}", "{id:uuid}", "{a}-{b}", "x{id}", "{id", "{a=1}"]
)
def test_a_form_that_is_not_matched_is_refused(route: str) -> None:
    """A route this host would match otherwise than the real one is refused at the start."""
    with pytest.raises(ValueError, match="parameter"):
        routes(f"f={route}")
