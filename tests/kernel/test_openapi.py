"""The OpenAPI document and its page, as the whole house serves them."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import jsonschema  # type: ignore[import-untyped]
import pytest
import requests
from openapi_spec_validator import validate
from pydantic import BaseModel, Field

import function_app
from shared.http.api import OPERATIONS
from shared.http.examples import NoExample, example_of
from shared.http.openapi import ProblemDetails, describe
from tests.kernel.small_api import serving
from tests.running_host import RunningHost

ROOT = Path(__file__).resolve().parents[2]
ROUTES = """
import json
from local.triggers import HttpFunction, load
print(json.dumps([
    [function.route, sorted(function.methods)]
    for function in load() if isinstance(function, HttpFunction)
]))
"""
assert function_app.app  # registers every route
OF_THE_PAGE = {"openapi.json", "docs", "docs/{asset}", "health"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """The whole house, running."""
    with RunningHost(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def document(host: RunningHost) -> dict[str, Any]:
    """The document it serves."""
    answer = requests.get(f"{host.url}/api/openapi.json", timeout=30)
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    return body


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def test_the_document_is_sound(document: dict[str, Any]) -> None:
    """The document of the whole house is OpenAPI 3.1."""
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_a_document_of_every_kind_of_route_is_sound(tmp_path: Path) -> None:
    """Lists, nested bodies, public and idempotent routes are described soundly too."""
    with serving(tmp_path) as house:
        described = describe(house.operations, {"small": "The tests' routes"}, version="1")
    validate(described)
    created = described["paths"]["/api/v1/items"]["post"]
    assert set(created["responses"]) == {"201", "400", "401", "403", "413", "415", "422", "500"}
    assert created["security"] == [{"token": []}]
    assert "security" not in described["paths"]["/api/v1/echo"]["post"]


def test_writes_and_files_are_described(tmp_path: Path) -> None:
    """Raw bodies, content that is not JSON, removals and conditions are told as they are."""
    with serving(tmp_path) as house:
        paths = describe(house.operations, {"small": "The tests' routes"}, version="1")["paths"]
    upload = paths["/api/v1/uploads"]["post"]
    assert set(upload["requestBody"]["content"]) == {"application/xml", "multipart/form-data"}
    assert {"413", "415"} <= set(upload["responses"])
    assert set(paths["/api/v1/table"]["get"]["responses"]["200"]["content"]) == {"text/csv"}
    removal = paths["/api/v1/things/{thing}"]["delete"]["responses"]
    assert "content" not in removal["204"]
    assert "200" not in removal
    replacement = paths["/api/v1/things/{thing}"]["put"]
    assert "If-Match" in {parameter["name"] for parameter in replacement["parameters"]}
    assert "412" in replacement["responses"]
    assert "202" in paths["/api/v1/things/{thing}"]["patch"]["responses"]
    assert {"200", "202"} <= set(paths["/api/v1/waiting"]["get"]["responses"])


def heeds_its_key(handler: ast.FunctionDef) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "idempotency" for n in ast.walk(handler))


def test_a_route_that_takes_a_key_heeds_it() -> None:
    """The handler of every route that takes an Idempotency-Key reads it, in every flow: a route
    cannot promise what it does not do."""
    claimed = []
    rooms = (*ROOT.glob("functions/*/function_app.py"), *ROOT.glob("functions/*/routes/*.py"))
    for path in sorted(rooms):
        importlib.import_module(f"functions.{path.relative_to(ROOT).parts[1]}.function_app")
        for handler in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            operation = isinstance(handler, ast.FunctionDef) and OPERATIONS.get(handler.name)
            if operation and operation.expected.idempotent:
                assert isinstance(handler, ast.FunctionDef)
                claimed.append(handler.name)
                assert heeds_its_key(handler), f"{path}: {handler.name}"
    assert sorted(claimed) == sorted(
        name for name, operation in OPERATIONS.items() if operation.expected.idempotent
    )
    deaf = ast.parse("def a(call):\n    return call.body").body[0]
    assert isinstance(deaf, ast.FunctionDef)
    assert not heeds_its_key(deaf)


def test_each_route_is_described(document: dict[str, Any]) -> None:
    """What the host serves and what the document tells are the same routes."""
    listed = subprocess.run(
        [sys.executable, "-c", ROUTES], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    served = {
        (f"/api/{re.sub(r':[a-z]+}', '}', route)}", method)
        for route, methods in json.loads(listed.stdout)
        for method in methods
        if route not in OF_THE_PAGE
    }
    assert served
    assert {(path, method) for path, method, _ in operations(document)} == served


def test_each_parameter_is_described(document: dict[str, Any]) -> None:
    """Path parameters are those of the path; each parameter says what it is."""
    for path, method, operation in operations(document):
        parameters = operation["parameters"]
        in_path = [each["name"] for each in parameters if each["in"] == "path"]
        assert in_path == re.findall(r"\{(\w+)\}", path)
        for parameter in parameters:
            assert parameter.get("description"), (method, path, parameter["name"])
            assert parameter["schema"]


def test_each_operation_tells_its_errors(document: dict[str, Any]) -> None:
    """An operation has a name of its own, a summary, a tag, and problems for its errors."""
    names = []
    for _, _, operation in operations(document):
        names.append(operation["operationId"])
        assert operation["summary"]
        assert operation["tags"]
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]
        if "security" in operation:
            assert {"401", "403"} <= set(operation["responses"])
    assert len(names) == len(set(names))


MODELS = sorted(
    {
        model
        for operation in OPERATIONS.values()
        for model in (operation.expected.body, operation.answer)
        if model is not None and not isinstance(model, str)
    },
    key=lambda model: model.__qualname__,
)


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
def test_each_model_has_an_example_that_holds(model: type[BaseModel]) -> None:
    """An example can be made of every body and answer, it is valid, and it has every field of
    the model and no other, as the model itself would write it."""
    schema = model.model_json_schema(mode="serialization")
    example = example_of(schema, schema.get("$defs", {}))
    written = model.model_validate(example).model_dump(mode="json")
    assert example == written
    assert json.dumps(example) == json.dumps(written)  # in the order of the fields, too


def test_each_body_and_answer_shows_its_example(document: dict[str, Any]) -> None:
    """The document has an example of all JSON that a route takes or gives, errors included."""
    shown = 0
    for path, method, operation in operations(document):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media_type, content in part.get("content", {}).items():
                if not media_type.endswith("json"):
                    continue
                shown += 1
                schema = {**content["schema"], "components": document["components"]}
                assert "example" in content, (method, path, media_type)
                jsonschema.validate(content["example"], schema, cls=jsonschema.Draft202012Validator)
    assert shown > len(list(operations(document)))


def test_an_error_shows_its_own_status(document: dict[str, Any]) -> None:
    """The example of an error has the status and the title that it is listed under."""
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                told = ProblemDetails.model_validate(
                    response["content"]["application/problem+json"]["example"]
                )
                assert (told.status, told.title) == (int(status), response["description"])


def test_somebody_joins_by_the_examples_alone(host: RunningHost, document: dict[str, Any]) -> None:
    """Whoever sends the page's examples as they are registers and signs in."""
    host.make_tenant("demo")
    for path, status in (("/api/v1/users", 201), ("/api/v1/token", 200)):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        answer = requests.post(f"{host.url}{path}", json=body["example"], timeout=30)
        assert answer.status_code == status, answer.text


def test_a_field_without_an_example_is_named(tmp_path: Path) -> None:
    """A model that says too little for an example is told by the field; the document is sound
    without one."""

    class Inner(BaseModel):
        told: str = Field(examples=["so"])
        untold: str

    class Outer(BaseModel):
        inner: list[Inner]

    schema = Outer.model_json_schema()
    with pytest.raises(NoExample, match="/inner/0/untold"):
        example_of(schema, schema["$defs"])
    with serving(tmp_path) as house:
        described = describe(house.operations, {"small": "The tests' routes"}, version="1")
    answer = described["paths"]["/api/v1/me"]["get"]["responses"]["200"]["content"]
    assert "example" not in answer["application/json"]


class _Loaded(HTMLParser):
    """Every address that a page loads, and every script that stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("src") or given.get("href")
        if address:
            self.addresses.append(address)
        if tag in {"script", "style"} and not address:
            self.inline += 1


def test_the_page_loads_only_what_is_packaged(host: RunningHost) -> None:
    """Every script, style and icon of the page comes from the same place, and is there."""
    page = requests.get(f"{host.url}/api/docs", timeout=30)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    loaded = _Loaded()
    loaded.feed(page.text)
    assert loaded.inline == 0  # the policy forbids it
    assert len(loaded.addresses) >= 4
    for address in loaded.addresses:
        absolute = urljoin(page.url, address)
        assert urlsplit(absolute).netloc == urlsplit(host.url).netloc
        answer = requests.get(absolute, timeout=30)
        assert answer.status_code == 200, absolute
        assert answer.content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    script = requests.get(f"{host.url}/api/docs/start.js", timeout=30)
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "http" not in script.text


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2f__init__.py", "%2e%2e/__init__.py", "swagger-ui.css%00", "%ff"]
)
def test_the_page_has_no_other_files(host: RunningHost, name: str) -> None:
    """Only the page's own files are served: anything else is a 404 that says so."""
    answer = requests.get(f"{host.url}/api/docs/{name}", timeout=30)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_health_is_never_cached(host: RunningHost) -> None:
    """Health tells the version, fresh each time."""
    answer = requests.get(f"{host.url}/api/health", timeout=30)
    assert answer.json()["status"] == "ok"
    assert answer.headers["Cache-Control"] == "no-store"
