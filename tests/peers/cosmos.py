"""A peer that speaks Cosmos DB's REST protocol, as a process: ``cosmos.py PORT``.

``cosmos.py PORT CERTIFICATE KEY`` speaks it over TLS and takes tokens alone.
It answers what the documents adapter sends, with the service's semantics, and turns
everything else away. Over ``/_peer/`` a test makes trouble:

- ``POST /_peer/faults`` with ``[{"on": "write" | "read", "do": KIND, "after": 0, "times": 1}]``:
  the next requests of that sort, after so many that pass, meet ``throttle`` (with
  ``retry_after_ms``), ``drop_before`` or ``drop_after`` (the connection ends before or
  after the request is applied), ``truncate`` (applied, the answer breaks off), ``unavailable`` or
  ``unavailable_after`` (503), ``behind`` (the session's data is not there yet), ``gone``
  (the range was split), ``no_right`` (the identity has no role) or
  ``delay`` (applied after ``seconds``)
- ``POST /_peer/clock`` with ``{"seconds": …}``: the clock jumps
- ``POST /_peer/split`` with ``{"database", "container", "tenant"}``: the tenant then lies
  on two physical ranges
- ``POST /_peer/pages`` with ``{"most": …}``: no page is longer
- ``GET /_peer/counts``: how many batches came in, and how many were applied
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# The path is set above, for a start as a program.
from tests.peers.cosmos_query import Query, Unparsable, parse
from tests.peers.cosmos_store import MAX_REQUEST_BYTES, Container, Key, Refused, Store

Answer = tuple[int, Any, dict[str, str]]
_REFUSALS = {"throttle": 429, "unavailable": 503}


class Trouble:
    """The faults that are set, and the count of what came in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[dict[str, Any]] = []
        self.longest_page = 10_000
        self.counts = {"batches": 0, "applied": 0}

    def set(self, faults: list[dict[str, Any]]) -> None:
        with self._lock:
            self._faults = [{"times": 1, "after": 0} | fault for fault in faults]
            self.counts = {"batches": 0, "applied": 0}

    def next(self, kind: str) -> dict[str, Any]:
        with self._lock:
            for fault in self._faults:
                if fault["on"] != kind or fault["times"] == 0:
                    continue
                if fault["after"] > 0:
                    fault["after"] -= 1
                    continue
                fault["times"] -= 1
                return fault
        return {"do": "nothing"}

    def count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


class Peer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, certificate: str | None = None, key: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = Store()
        self.trouble = Trouble()
        self.authorization, self.scheme = "type%3Dmaster", "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.authorization, self.scheme = "type=aad", "https"

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that went away is what the tests are about.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: Peer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it
        """Keep quiet: a test says what went wrong."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        size = int(self.headers.get("content-length") or 0)
        data = self.rfile.read(size)
        parts = [unquote(part) for part in self.path.split("?")[0].strip("/").split("/")]
        fault: dict[str, Any] = {"do": "nothing"}
        try:
            if parts[0] == "_peer":
                answer = self._control(method, parts[1], json.loads(data or b"null"))
            else:
                if len(parts) >= 5 and parts[4] == "docs":
                    fault = self.server.trouble.next("write" if self._is_batch() else "read")
                if fault["do"] == "drop_before":
                    self._hang_up()
                    return
                self._meet(fault)
                answer = self._route(method, parts, data)
        except Refused as refused:
            headers = {} if refused.detail is None else {"x-ms-substatus": str(refused.detail)}
            if refused.status == 429:
                headers["x-ms-retry-after-ms"] = str(fault.get("retry_after_ms", 1))
            answer = (refused.status, {"code": refused.status, "message": refused.message}, headers)
        except (ValueError, KeyError, Unparsable) as error:
            answer = (400, {"code": "BadRequest", "message": repr(error)}, {})
        if fault["do"] == "drop_after":
            self._hang_up()
            return
        if fault["do"] == "unavailable_after":
            answer = (503, {"code": "ServiceUnavailable", "message": "not now"}, {})
        self._send(*answer, cut=fault["do"] == "truncate")

    def _meet(self, fault: dict[str, Any]) -> None:
        if not self.headers.get("authorization", "").startswith(self.server.authorization):
            raise Refused(401, "who are you?")
        if fault["do"] in _REFUSALS:
            if self._is_batch():
                self.server.trouble.count("batches")
            raise Refused(_REFUSALS[fault["do"]], "not now")
        if fault["do"] == "behind":
            raise Refused(404, "the session is not there yet", detail=1002)
        if fault["do"] == "no_right":
            raise Refused(403, "blocked: no role for this", detail=5301)
        if fault["do"] == "gone":
            raise Refused(410, "the range was split", detail=1002)
        if fault["do"] == "delay":
            time.sleep(fault["seconds"])

    def _is_batch(self) -> bool:
        return self.headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true"

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: Any, headers: dict[str, str], *, cut: bool = False) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("x-ms-request-charge", "1")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.wfile.flush()
        if cut:
            self._hang_up()

    def _control(self, method: str, what: str, given: Any) -> Answer:
        store, trouble = self.server.store, self.server.trouble
        if (method, what) == ("GET", "counts"):
            return 200, trouble.counts, {}
        if what == "faults":
            trouble.set(given)
        elif what == "clock":
            store.clock_offset += given["seconds"]
        elif what == "pages":
            trouble.longest_page = given["most"]
        elif what == "split":
            with store.lock:
                store.container(given["database"], given["container"]).split(given["tenant"])
        else:
            raise Refused(404, "no such trouble")
        return 200, {}, {}

    def _route(self, method: str, parts: list[str], data: bytes) -> Answer:
        store = self.server.store
        match (method, *parts):
            case ("GET", ""):
                return self._account()
            case ("POST", "dbs"):
                name = json.loads(data)["id"]
                store.create_database(name)
                return 201, {"id": name, "_rid": name, "_self": f"dbs/{name}"}, {}
            case ("GET", "dbs", database):
                store.containers(database)
                return 200, {"id": database, "_rid": database, "_self": f"dbs/{database}"}, {}
            case ("POST", "dbs", database, "colls"):
                return 201, _described(store.create_container(database, json.loads(data))), {}
            case ("GET", "dbs", database, "colls", name):
                return 200, _described(store.container(database, name)), {}
            case ("GET", "dbs", database, "colls", name, "pkranges"):
                return self._ranges(store.container(database, name))
            case ("GET", "dbs", database, "colls", name, "docs", identity):
                container, key = store.container(database, name), self._key()
                found = store.read(container, key, identity)
                return 200, found.body(), self._session(container, key) | {"etag": found.etag}
            case ("POST", "dbs", database, "colls", name, "docs"):
                container = store.container(database, name)
                if self._is_batch():
                    return self._batch(container, data)
                if self.headers.get("x-ms-documentdb-isquery", "").lower() == "true":
                    return self._query(container, json.loads(data))
        raise Refused(405, "not spoken here")

    def _account(self) -> Answer:
        host = f"{self.server.scheme}://127.0.0.1:{self.server.server_port}/"
        region = [{"name": "Here", "databaseAccountEndpoint": host}]
        return (
            200,
            {
                "id": "peer",
                "_self": "",
                "_rid": "peer",
                "writableLocations": region,
                "readableLocations": region,
                "enableMultipleWriteLocations": False,
                "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"},
            },
            {},
        )

    def _ranges(self, container: Container) -> Answer:
        seen = int(self.headers.get("if-none-match") or 0)
        if seen == container.version:
            return 304, None, {"etag": str(container.version)}
        ranges = [
            {
                "id": one.id,
                "minInclusive": one.low,
                "maxExclusive": one.high,
                "parents": list(one.parents),
                "status": "online",
            }
            for one in container.ranges
            if one.version > seen
        ]
        body = {"_rid": container.rid, "PartitionKeyRanges": ranges, "_count": len(ranges)}
        return 200, body, {"etag": str(container.version)}

    def _batch(self, container: Container, data: bytes) -> Answer:
        self.server.trouble.count("batches")
        if self.headers.get("x-ms-cosmos-batch-atomic", "").lower() != "true":
            raise Refused(400, "only atomic batches are spoken here")
        if len(data) > MAX_REQUEST_BYTES:
            raise Refused(413, "the request is too large")
        key = self._key()
        status, results = self.server.store.batch(container, key, json.loads(data))
        if status == 200:
            self.server.trouble.count("applied")
        return status, results, self._session(container, key)

    def _query(self, container: Container, given: dict[str, Any]) -> Answer:
        values = {one["name"]: one["value"] for one in given.get("parameters", [])}
        query = parse(given["query"], values)
        key = self._key() if "x-ms-documentdb-partitionkey" in self.headers else None
        if key is not None and len(key) != len(container.paths):
            raise Refused(400, "the partition key has another number of components")
        low, high = self._bounds(container) if key is None else ("", "FF")
        if query.distance is not None:
            return self._nearest(container, query, low, high, key)
        found = self.server.store.select(container, query, low, high, key)
        top, token = query.top, self.headers.get("x-ms-continuation")
        if token:
            top, last = json.loads(base64.b64decode(token))
            place = query.sort_key(last)
            found = [body for body in found if place < query.sort_key(query.position(body))]
        asked = int(self.headers.get("x-ms-max-item-count") or 100)
        page = found[: min(top, asked, self.server.trouble.longest_page)]
        headers = {"x-ms-item-count": str(len(page))}
        if len(page) < min(top, len(found)):
            further = [top - len(page), query.position(page[-1])]
            headers["x-ms-continuation"] = base64.b64encode(json.dumps(further).encode()).decode()
        body = {"_rid": container.rid, "Documents": page, "_count": len(page)}
        return 200, body, headers

    def _nearest(
        self, container: Container, query: Query, low: str, high: str, key: Key | None
    ) -> Answer:
        assert query.distance is not None
        path, asked = query.distance
        known = container.definition.get("vectorEmbeddingPolicy", {}).get("vectorEmbeddings", [])
        policy = next((one for one in known if one["path"] == "/" + "/".join(path)), None)
        if policy is None or policy["distanceFunction"] != "cosine":
            raise Refused(400, "the container has no vector policy for this path")
        if policy["dimensions"] != len(asked):
            raise Refused(400, "the vector has another number of dimensions")
        found = self.server.store.select(container, query, low, high, key)
        by_nearness = sorted(found, key=query.similarity, reverse=True)
        shown = [{"document": body, "similarity": query.similarity(body)} for body in by_nearness]
        start = int(self.headers.get("x-ms-continuation") or 0)
        most = int(self.headers.get("x-ms-max-item-count") or 100)
        end = min(start + most, start + self.server.trouble.longest_page, query.top)
        page = shown[start:end]
        headers = {"x-ms-item-count": str(len(page))}
        if end < min(query.top, len(shown)):
            headers["x-ms-continuation"] = str(end)
        body = {"_rid": container.rid, "Documents": page, "_count": len(page)}
        return 200, body, headers

    def _bounds(self, container: Container) -> tuple[str, str]:
        number = self.headers.get("x-ms-documentdb-partitionkeyrangeid")
        if number is None:
            raise Refused(400, "a query names a partition or a range", detail=1004)
        one = next((one for one in container.ranges if one.id == number), None)
        if one is None:
            raise Refused(410, "the range was split", detail=1002)
        low = self.headers.get("x-ms-start-epk", one.low)
        high = self.headers.get("x-ms-end-epk", one.high)
        return max(low, one.low), min(high, one.high)

    def _key(self) -> Key:
        key = json.loads(self.headers["x-ms-documentdb-partitionkey"])
        if not all(isinstance(value, str) for value in key):
            raise Refused(400, "partition keys are text here")
        return tuple(key)

    def _session(self, container: Container, key: Key) -> dict[str, str]:
        number = container.range_of(key).id
        return {"x-ms-session-token": f"{number}:-1#{container.sequence}"}


def _described(container: Container) -> dict[str, Any]:
    link = f"dbs/d/colls/{container.rid}"
    return container.definition | {"_rid": container.rid, "_self": link, "_etag": '"1"', "_ts": 1}


if __name__ == "__main__":
    with Peer(int(sys.argv[1]), *sys.argv[2:4]) as peer:
        peer.serve_forever()
