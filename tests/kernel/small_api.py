"""A flow of the tests with every kind of route, served over real sockets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import azure.functions as func
import requests
from pydantic import BaseModel, Field

from local.http_server import HttpServer, bound
from local.routes import Routes
from local.triggers import HttpFunction
from shared import runtime, telemetry
from shared.access import Reaches
from shared.blobs.files import FileBlobs
from shared.bus.sqlite import SqliteBus
from shared.documents.port import Create
from shared.documents.sqlite import SqliteDocuments
from shared.errors import (
    Conflict,
    Exists,
    Forbidden,
    Invalid,
    Missing,
    Problem,
    Rejected,
    Stale,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unprocessable,
    Unsupported,
)
from shared.events.intake import IntakeAccepted
from shared.http.api import OPERATIONS, TAGS, Api, Operation, Reply
from shared.http.call import Body, Call, Query
from shared.messaging import Answer, Decision, answer_once
from shared.models.roles import Role
from tests.kernel.tokens import settings

RECRUITERS: Reaches = {"recruiter": "tenant"}
TWO_ROLES: Reaches = {"learner": "own", "recruiter": "tenant"}
TABLE: dict[str, Reaches | None] = {
    "items_list": TWO_ROLES,
    "items_read": RECRUITERS,
    "items_create": TWO_ROLES,
    "items_copy": RECRUITERS,
    "things_remove": RECRUITERS,
    **dict.fromkeys(
        (
            "echo", "me", "trace", "errors_raise", "file_read", "things_put", "things_change",
            "uploads_create", "number_read", "number_send", "endless_read", "waiting_read",
            "caused_raise", "table_read",
        )
    ),
}  # fmt: skip
SECRET = "connection string of anna@example.org"
HOST_KEY = "the host's key"
ERRORS: dict[str, Exception] = {
    "invalid": Invalid("say which"),
    "unauthenticated": Unauthenticated("sign in"),
    "forbidden": Forbidden("not you"),
    "missing": Missing("not there"),
    "conflict": Conflict("not now"),
    "exists": Exists("taken"),
    "stale": Stale("read again"),
    "too-large": TooLarge("shorter"),
    "unsupported": Unsupported("as JSON"),
    "unprocessable": Unprocessable("cannot"),
    "throttled": Throttled("slower", retry_after=2.2),
    "throttled-briefly": Throttled("slower", retry_after=0.0),
    "unavailable": Unavailable("later"),
    "defect": ZeroDivisionError(SECRET),
    "rejected": Rejected(SECRET),
    "unspecific": Problem("ours"),
}


class ItemQuery(Query):
    """Which items."""

    kind: Literal["a", "b"] | None = None
    limit: int = Field(default=10, ge=1, le=100)
    tag: tuple[str, ...] = Field(default=(), max_length=3)


class Part(Body):
    """A part of an item."""

    size: int = Field(ge=1)


class NewItem(Body):
    """An item to make."""

    name: str = Field(min_length=1, max_length=20)
    note: str = ""
    parts: list[Part] = Field(default_factory=list)
    more: dict[str, int] = Field(default_factory=dict)


class Echo(BaseModel):
    """What arrived."""

    got: Any


class NumberQuery(Query):
    """A number."""

    n: float = 0


class StatusQuery(Query):
    """The status to answer with."""

    status: int


class NumberBody(Body):
    """A number."""

    n: float = 0
    more: Any = None


def _build() -> list[HttpFunction]:
    blueprint = func.Blueprint()
    api = Api("small", "The tests' routes", blueprint, TABLE)
    _writing_routes(api)
    _plain_routes(api)

    @api.get("v1/items", query=ItemQuery, answer=Echo)
    def items_list(call: Call[ItemQuery, None]) -> Echo:
        """List items."""
        return Echo(got=call.query.model_dump())

    @api.get("v1/items/{item_id}", answer=Echo, errors=(Missing,))
    def items_read(call: Call[None, None]) -> Reply:
        """Read an item."""
        return Reply(Echo(got=call.uuid("item_id")), headers={"ETag": '"v1"'})

    @api.post("v1/items", body=NewItem, answer=Echo, status=201)
    def items_create(call: Call[None, NewItem]) -> Reply:
        """Make an item and tell of it."""
        tenant = call.principal.tenant_id

        def decide() -> Answer:
            body = {"id": call.body.name, "tenant_id": tenant, "intake_id": "items"}
            body |= {"kind": "item", "by": call.principal.user_id}
            told = IntakeAccepted(intake_id=call.body.name, attempt=1)
            return Answer(201, {"got": call.body.name}, Decision([Create(body)], [told]))

        status, answer = answer_once(
            runtime.stores(),
            call.idempotency,
            source="small",
            container="intake",
            partition=(tenant, "items"),
            decide=decide,
            now=call.now,
        )
        return Reply(answer, status=status)

    @api.post("v1/echo", body=NewItem, answer=Echo, idempotent=False)
    def echo(call: Call[None, NewItem]) -> Echo:
        """Send the body back."""
        return Echo(got=call.body.model_dump())

    @api.get("v1/me", answer=Echo)
    def me(call: Call[None, None]) -> Echo:
        """Say who calls, on a route that anybody may call."""
        return Echo(got=[call.principal.user_id, call.principal.tenant_id])

    @api.get("v1/trace", answer=Echo)
    def trace(call: Call[None, None]) -> Echo:
        """Say in which trace this call is."""
        here = telemetry.current()
        assert here is not None
        return Echo(got=[here.trace_id, here.span_id, here.request_id])

    @api.get("v1/errors/{name}", answer=Echo)
    def errors_raise(call: Call[None, None]) -> Echo:
        """Raise an error of each class."""
        raise ERRORS[call.path["name"]]

    @api.get("v1/file", answer=Echo)
    def file_read(call: Call[None, None]) -> Reply:
        """Answer with content that is not JSON."""
        return Reply(b"\x00\xff", content_type="application/octet-stream")

    @blueprint.route(route="keyed", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
    def keyed(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(b"in")

    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    app.register_functions(blueprint)
    return [_function(built) for built in app.get_functions()]


def _writing_routes(api: Api) -> None:
    @api.post("v1/items/{item_id}/copies", query=ItemQuery, answer=Echo)
    def items_copy(call: Call[ItemQuery, None]) -> Reply:
        """Copy an item."""
        tenant, name = call.principal.tenant_id, f"{call.path['item_id']}-{call.query.limit}"

        def decide() -> Answer:
            body = {"id": name, "tenant_id": tenant, "intake_id": "copies", "kind": "item"}
            return Answer(200, {"got": name}, Decision([Create(body)]))

        status, answer = answer_once(
            runtime.stores(),
            call.idempotency,
            source="small",
            container="intake",
            partition=(tenant, "copies"),
            decide=decide,
            now=call.now,
        )
        return Reply(answer, status=status)

    @api.put("v1/things/{thing}", body=Part, answer=Echo, errors=(Stale,))
    def things_put(call: Call[None, Part]) -> Echo:
        """Say which version is to be replaced."""
        return Echo(got=[call.if_match, call.body.size])

    @api.patch("v1/things/{thing}", body=Part, answer=Echo, status=202)
    def things_change(call: Call[None, Part]) -> Echo:
        """Say what is to be changed."""
        return Echo(got=call.body.size)

    @api.delete("v1/things/{thing}", errors=(Missing,))
    def things_remove(call: Call[None, None]) -> None:
        """Remove nothing."""

    @api.post(
        "v1/uploads",
        answer=Echo,
        raw=True,
        media_types=("application/xml", "multipart/form-data"),
        max_bytes=2_000_000,
        status=201,
        idempotent=False,
    )
    def uploads_create(call: Call[None, None]) -> Echo:
        """Say how much came."""
        return Echo(got=[len(call.content), call.content[:4].decode()])


def _plain_routes(api: Api) -> None:
    @api.get("v1/number", query=NumberQuery, answer=Echo)
    def number_read(call: Call[NumberQuery, None]) -> Echo:
        """Read a number."""
        return Echo(got=call.query.n)

    @api.post("v1/number", body=NumberBody, answer=Echo, idempotent=False)
    def number_send(call: Call[None, NumberBody]) -> Echo:
        """Send a number."""
        return Echo(got=call.body.n)

    @api.get("v1/endless", answer=Echo)
    def endless_read(call: Call[None, None]) -> Reply:
        """Answer with what is no number."""
        return Reply({"got": float("nan")})

    @api.get("v1/waiting", answer=Echo, other_statuses=(202,), query=StatusQuery)
    def waiting_read(call: Call[StatusQuery, None]) -> Reply:
        """Answer with a status, declared or not."""
        return Reply(Echo(got=call.query.status), status=call.query.status)

    @api.get("v1/caused", answer=Echo)
    def caused_raise(call: Call[None, None]) -> Echo:
        """Raise an error that has a cause."""
        try:
            raise ConnectionResetError(SECRET)
        except OSError as error:
            raise Unavailable("later") from error

    @api.get("v1/table", answer="text/csv; charset=utf-8")
    def table_read(call: Call[None, None]) -> Reply:
        """Answer with a table."""
        return Reply("é,1".encode())


def _function(built: Any) -> HttpFunction:
    call = built.get_user_function()
    trigger = built.get_trigger().get_dict_repr()
    return HttpFunction(
        name=built.get_function_name(),
        call=lambda request: call(req=request),
        route=trigger["route"],
        methods=frozenset(str(method.value) for method in trigger["methods"]),
        auth_level=str(trigger["authLevel"].value).lower(),
    )


@dataclass
class SmallHouse:
    """The running routes, and what came of calling them."""

    url: str
    port: int
    operations: list[Operation]
    running: runtime.Runtime
    blobs: FileBlobs
    fired: list[tuple[str, str]]
    refuse: list[Exception]
    server: HttpServer

    def token(self, *roles: Role, tenant: str = "acme", user: str = "anna") -> str:
        given = roles or ("recruiter",)
        return self.running.tokens.issue(
            user_id=user, tenant_id=tenant, roles=given, now=runtime.now()
        )

    def call(self, method: str, path: str, *, token: str = "", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        return requests.request(
            method, f"{self.url}{path}", headers=headers, timeout=30, allow_redirects=False, **more
        )


@contextmanager
def serving(home: Path) -> Iterator[SmallHouse]:
    """Serve the tests' routes on embedded stores in a folder."""
    described, before = set(OPERATIONS), runtime._runtime
    logger = logging.getLogger("waymark")
    level, handlers = logger.level, list(logger.handlers)
    functions = _build()
    added = [operation for name, operation in OPERATIONS.items() if name not in described]
    for operation in added:
        del OPERATIONS[operation.name]
    del TAGS["small"]
    running = runtime.start(settings(WAYMARK_HOME=str(home)))
    blobs, taken = running.blobs, bound(0)
    assert isinstance(blobs, FileBlobs)
    port = taken.getsockname()[1]
    fired: list[tuple[str, str]] = []
    refuse: list[Exception] = []

    def fire(name: str, text: str) -> None:
        if refuse:
            raise refuse.pop()
        fired.append((name, text))

    server = HttpServer(
        Routes(functions, prefix="api"), blobs, fire, taken=taken, host_key=HOST_KEY, threads=4
    )
    url = f"http://127.0.0.1:{port}"
    house = SmallHouse(url, port, added, running, blobs, fired, refuse, server)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield house
    finally:
        server.stop()
        thread.join()
        for store in (running.documents, running.bus):
            assert isinstance(store, SqliteDocuments | SqliteBus)
            store.close()
        runtime._runtime = before
        logger.setLevel(level)
        logger.handlers[:] = handlers
