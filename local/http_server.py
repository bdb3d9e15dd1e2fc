"""Serves HTTP triggers, the admin route and the embedded store's links, on loopback."""

from __future__ import annotations

import hmac
import json
import logging
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qsl, quote

import azure.functions as func
from cheroot.wsgi import Server

from local.routes import NotRouted, Routes
from shared import runtime, telemetry
from shared.blobs.files import FileBlobs
from shared.blobs.port import BlobReader, check_content_type
from shared.errors import (
    Forbidden,
    Invalid,
    Missing,
    Problem,
    TooLarge,
    Unauthenticated,
    Unsupported,
)
from shared.http.problem import problem_response

MAX_REQUEST_BYTES = 100 * 1024 * 1024
_CHUNK = 256 * 1024
_PLAIN_IN_PATHS = "/:@!$&'()*+,;="
_REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large",
    415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)

Environ = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class MethodNotAllowed(Problem):
    """The path is there, the method is not."""

    status, title = 405, "Method not allowed"


def bound(port: int) -> socket.socket:
    """A socket that has this port of the loopback (0: any free one), not yet listening.

    Raises ``OSError`` when it is taken and ``OverflowError`` when there is no such port.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # or a restart would wait for the last connections of the process before
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        taken.bind(("127.0.0.1", port))
    except BaseException:
        taken.close()
        raise
    return taken


class _Server(Server):
    """The server on a socket that is bound already, with its own messages in our log."""

    def __init__(self, taken: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(taken.getsockname(), *arguments, **options)
        self._taken = taken

    def bind(self, *_: object, **__: object) -> socket.socket:
        self.socket = self._taken
        return self._taken

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        logging.getLogger("waymark.http").log(level, msg, exc_info=traceback)


class HttpServer:
    """One WSGI application in front of the app's HTTP functions.

    ``fire(name, input)`` runs a function that has another trigger; it raises
    ``Missing`` or ``Invalid``.
    """

    def __init__(
        self,
        routes: Routes,
        blobs: FileBlobs,
        fire: Callable[[str, str], None],
        *,
        taken: socket.socket,
        host_key: str,
        threads: int = 16,
    ) -> None:
        self._routes = routes
        self._blobs = blobs
        self._fire = fire
        self._host_key = host_key
        self._server = _Server(
            taken, self._answer, numthreads=threads, server_name="waymark", shutdown_timeout=10
        )
        self._server.max_request_body_size = MAX_REQUEST_BYTES

    @property
    def port(self) -> int:
        """The port it has."""
        return int(self._server.bind_addr[1])

    def prepare(self) -> None:
        """Begin to listen. Raises ``OSError`` when somebody else does so on the port."""
        self._server.prepare()

    def serve(self) -> None:
        """Serve until stopped."""
        self._server.serve()

    def stop(self) -> None:
        """Finish the requests under way and stop."""
        self._server.stop()

    def _answer(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        try:
            if path.startswith("/blobs/"):
                return self._blob(environ, path, start)
            if path.startswith("/admin/"):
                response = self._admin(environ, path)
            else:
                response = self._function(environ, path)
        except Exception as error:
            if not isinstance(error, Problem):
                telemetry.failure("host.request_broke", error)
            response = problem_response(error, request_id="-", instance=path)
            if isinstance(error, MethodNotAllowed):
                response.headers["Allow"] = error.detail.rpartition(": ")[2]
        return _send(response, environ, start)

    def _function(self, environ: Environ, path: str) -> func.HttpResponse:
        method = environ["REQUEST_METHOD"]
        try:
            match = self._routes.match(method, quote(path, safe=_PLAIN_IN_PATHS))
        except NotRouted as error:
            if error.allowed:
                allowed = ", ".join(sorted(error.allowed))
                raise MethodNotAllowed(f"this address takes: {allowed}") from None
            raise Missing("there is nothing at this address") from None
        self._check_key(match.function.auth_level, environ)
        request = func.HttpRequest(
            method=method,
            url=f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}{path}"
            + (f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""),
            headers=_headers(environ),
            params=_query(environ),
            route_params=match.parameters,
            body=_body(environ),
        )
        return match.function.call(request)

    def _check_key(self, level: str, environ: Environ) -> None:
        """Functions above level anonymous need the host's key, as in the cloud."""
        if level == "anonymous":
            return
        given = environ.get("HTTP_X_FUNCTIONS_KEY") or _query(environ).get("code") or ""
        if not given or not hmac.compare_digest(given.encode(), self._host_key.encode()):
            raise Unauthenticated("this function needs the host's key in x-functions-key")

    def _admin(self, environ: Environ, path: str) -> func.HttpResponse:
        """``POST /admin/functions/<name>`` with ``{"input": …}``.

        JSON is demanded and foreign hosts are refused, so that no page in a browser can
        reach it.
        """
        name = path.removeprefix("/admin/functions/")
        if name == path or "/" in name:
            raise Missing("there is nothing at this address")
        if environ["REQUEST_METHOD"] != "POST":
            raise MethodNotAllowed("this address takes: POST")
        if not _LOOPBACK.fullmatch(str(environ.get("HTTP_HOST", ""))):
            raise Forbidden("the admin route answers on loopback only")
        media_type = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Unsupported("send the body as application/json")
        try:
            given = json.loads(_body(environ) or b"{}")
            text = given.get("input", "")
            text = text if isinstance(text, str) else json.dumps(text)
            text.encode()
        except (ValueError, AttributeError, RecursionError):
            raise Invalid('the body is not of the form {"input": "…"}') from None
        self._fire(name, text)
        return func.HttpResponse(status_code=202)

    def _blob(self, environ: Environ, path: str, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed("this address takes: GET, HEAD")
        container, _, name = path.removeprefix("/blobs/").partition("/")
        query = _query(environ)
        self._blobs.check_link(
            container,
            name,
            expires=query.get("expires", ""),
            signature=query.get("signature", ""),
            now=runtime.now(),
        )
        # held open from here: what is announced below is what is sent
        opened = ExitStack()
        blob = opened.enter_context(self._blobs.open(container, name))
        info = blob.info
        try:
            check_content_type(info.content_type)  # it may have been written by hand
        except Invalid:
            opened.close()
            raise
        start(
            "200 OK",
            [
                ("Content-Type", info.content_type),
                ("Content-Length", str(info.size)),
                (
                    "Content-Disposition",
                    f"attachment; filename*=UTF-8''{quote(name.rsplit('/')[-1])}",
                ),
                ("Cache-Control", "private, no-store"),
                ("Content-Security-Policy", "sandbox"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
        return _Content(blob, opened, is_wanted=environ["REQUEST_METHOD"] != "HEAD")


class _Content:
    """The chunks of an open blob; the server closes it, read to its end or not."""

    def __init__(self, blob: BlobReader, opened: ExitStack, *, is_wanted: bool) -> None:
        self._blob = blob
        self._opened = opened
        self._is_wanted = is_wanted

    def __iter__(self) -> Iterator[bytes]:
        while self._is_wanted and (chunk := self._blob.read(_CHUNK)):
            yield chunk

    def close(self) -> None:
        self._opened.close()


def _send(response: func.HttpResponse, environ: Environ, start: StartResponse) -> Iterable[bytes]:
    content = response.get_body()
    headers = [(name, value) for name, value in response.headers.items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        kind = response.mimetype
        is_bare = kind.startswith("text/") and "charset=" not in kind.lower()
        headers.append(("Content-Type", f"{kind}; charset={response.charset}" if is_bare else kind))
    status = response.status_code
    if status != 204:
        headers.append(("Content-Length", str(len(content))))
    start(f"{status} {_REASONS.get(status, 'Status')}", headers)
    return [content] if environ["REQUEST_METHOD"] != "HEAD" else []


def _headers(environ: Environ) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    # as the front end in the cloud does
    seen = (headers.get("x-forwarded-for"), environ.get("REMOTE_ADDR"))
    headers["x-forwarded-for"] = ", ".join(str(each) for each in seen if each)
    return headers


def _query(environ: Environ) -> dict[str, str]:
    """Query parameters; repeated ones arrive joined by commas, as from the real host."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body(environ: Environ) -> bytes:
    try:
        content: bytes = environ["wsgi.input"].read()
    except Exception as error:
        if type(error).__name__ == "MaxSizeExceeded":
            raise TooLarge(f"a request is at most {MAX_REQUEST_BYTES:,} bytes") from None
        raise Invalid("the request body did not arrive whole") from error
    return content
