"""Serves HTTP triggers, the admin route and the embedded store's links, on loopback."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

import azure.functions as func
from cheroot.wsgi import Server

from local.routes import NotRouted, Routes
from shared import runtime
from shared.blobs.files import FileBlobs
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
_REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large",
    415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip

Environ = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class MethodNotAllowed(Problem):
    """The path is there, the method is not."""

    status, title = 405, "Method not allowed"


class _Server(Server):
    """The server, with its own messages in our log."""

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
        address: tuple[str, int],
        host_key: str,
        threads: int = 16,
    ) -> None:
        self._routes = routes
        self._blobs = blobs
        self._fire = fire
        self._host_key = host_key
        self._server = _Server(
            address, self._answer, numthreads=threads, server_name="waymark", shutdown_timeout=10
        )
        self._server.max_request_body_size = MAX_REQUEST_BYTES

    @property
    def port(self) -> int:
        """The port it listens on, once prepared."""
        return int(self._server.bind_addr[1])

    def prepare(self) -> None:
        """Bind the address. Raises ``OSError`` when it is taken."""
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
                logging.getLogger("waymark").exception("host.request_broke")
            response = problem_response(error, request_id="-", instance=path)
            if isinstance(error, MethodNotAllowed):
                response.headers["Allow"] = error.detail.rpartition(": ")[2]
        return _send(response, environ, start)

    def _function(self, environ: Environ, path: str) -> func.HttpResponse:
        method = environ["REQUEST_METHOD"]
        try:
            match = self._routes.match(method, environ.get("RAW_PATH", quote(path)))
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
        if not hmac.compare_digest(given.encode(), self._host_key.encode()):
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
        host = str(environ.get("HTTP_HOST", "")).rpartition(":")[0]
        if host not in {"127.0.0.1", "localhost", "[::1]"}:
            raise Forbidden("the admin route answers on loopback only")
        if not str(environ.get("CONTENT_TYPE", "")).startswith("application/json"):
            raise Unsupported("send the body as application/json")
        try:
            given = json.loads(_body(environ) or b"{}")
            text = given.get("input", "")
        except (ValueError, AttributeError):
            raise Invalid('the body is not of the form {"input": "…"}') from None
        self._fire(name, text if isinstance(text, str) else json.dumps(text))
        return func.HttpResponse(status_code=202)

    def _blob(self, environ: Environ, path: str, start: StartResponse) -> Iterable[bytes]:
        container, _, name = path.removeprefix("/blobs/").partition("/")
        query = _query(environ)
        self._blobs.check_link(
            container,
            name,
            expires=query.get("expires", ""),
            signature=query.get("signature", ""),
            now=runtime.now(),
        )
        info = self._blobs.info(container, name)
        if info is None:
            raise Missing("the file is gone")
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
        return self._stream(container, name) if environ["REQUEST_METHOD"] != "HEAD" else []

    def _stream(self, container: str, name: str) -> Iterator[bytes]:
        with self._blobs.open(container, name) as blob:
            while chunk := blob.read(_CHUNK):
                yield chunk


def _send(response: func.HttpResponse, environ: Environ, start: StartResponse) -> Iterable[bytes]:
    content = response.get_body()
    headers = [(name, value) for name, value in response.headers.items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        charset = f"; charset={response.charset}" if response.mimetype.startswith("text/") else ""
        headers.append(("Content-Type", response.mimetype + charset))
    headers.append(("Content-Length", str(len(content))))
    status = response.status_code
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
