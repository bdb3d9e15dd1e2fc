"""What the Cosmos DB service keeps and promises, in memory: containers, batches, expiry."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.peers.cosmos_keys import effective_key
from tests.peers.cosmos_query import Query

Key = tuple[str, ...]
MAX_REQUEST_BYTES = 2 * 1024 * 1024
MAX_OPERATIONS = 100
_SUCCESS = {"Create": 201, "Upsert": 200, "Replace": 200, "Patch": 200, "Delete": 204}


class Refused(Exception):
    """A request that the service answers with an error status."""

    def __init__(self, status: int, message: str, *, detail: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.detail = status, message, detail


@dataclass(frozen=True)
class Document:
    """One version of a document: its JSON text, so that nobody shares its parts."""

    text: str
    etag: str
    written_at: float
    ttl: int | None

    def alive(self, now: float) -> bool:
        return self.ttl is None or now < self.written_at + self.ttl

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found | {
            "_rid": f"r{self.etag}",
            "_self": "dbs/self",
            "_etag": self.etag,
            "_attachments": "attachments/",
            "_ts": int(self.written_at),
        }


@dataclass(frozen=True)
class KeyRange:
    """A physical range of effective keys: low inclusive, high exclusive."""

    id: str
    low: str
    high: str
    parents: tuple[str, ...] = ()
    version: int = 1

    def holds(self, key: str) -> bool:
        return self.low <= key < self.high


@dataclass
class Container:
    """One container: its definition, its documents by partition, its physical ranges."""

    rid: str
    definition: dict[str, Any]
    documents: dict[Key, dict[str, Document]] = field(default_factory=dict)
    ranges: list[KeyRange] = field(default_factory=lambda: [KeyRange("0", "", "FF")])
    version: int = 1
    sequence: int = 0

    @property
    def paths(self) -> list[str]:
        return [path.strip("/") for path in self.definition["partitionKey"]["paths"]]

    def range_of(self, key: Key) -> KeyRange:
        place = effective_key(key)
        return next(one for one in self.ranges if one.holds(place))

    def split(self, tenant: str) -> None:
        """Split the range in which a tenant lies, in the middle of the tenant."""
        boundary = effective_key([tenant]) + "20" + "0" * 30
        old = next(one for one in self.ranges if one.holds(boundary))
        self.version += 1
        number = 1 + max(int(one.id) for one in self.ranges)
        children = [
            KeyRange(f"{number}", old.low, boundary, (*old.parents, old.id), self.version),
            KeyRange(f"{number + 1}", boundary, old.high, (*old.parents, old.id), self.version),
        ]
        at = self.ranges.index(old)
        self.ranges[at : at + 1] = children


class Store:
    """All containers of one account. Safe to use from several threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.databases: dict[str, dict[str, Container]] = {}
        self.clock_offset = 0.0
        self._numbers = count(1)

    def now(self) -> float:
        return time.time() + self.clock_offset

    def create_database(self, name: str) -> None:
        if name in self.databases:
            raise Refused(409, "the database exists")
        self.databases[name] = {}

    def containers(self, database: str) -> dict[str, Container]:
        if database not in self.databases:
            raise Refused(404, "no such database", detail=1003)
        return self.databases[database]

    def container(self, database: str, name: str) -> Container:
        found = self.containers(database)
        if name not in found:
            raise Refused(404, "no such container", detail=1003)
        return found[name]

    def create_container(self, database: str, definition: dict[str, Any]) -> Container:
        found = self.containers(database)
        if definition["id"] in found:
            raise Refused(409, "the container exists")
        rid = f"rid{next(self._numbers)}=="
        found[definition["id"]] = Container(rid, definition)
        return found[definition["id"]]

    def read(self, container: Container, key: Key, identity: str) -> Document:
        self._check_key(container, key)
        found = container.documents.get(key, {}).get(identity)
        if found is None or not found.alive(self.now()):
            raise Refused(404, "no such document")
        return found

    def batch(
        self, container: Container, key: Key, operations: list[dict[str, Any]]
    ) -> tuple[int, list[dict[str, Any]]]:
        """Apply all operations or none: a status for the whole and one for each."""
        self._check_key(container, key)
        if not 1 <= len(operations) <= MAX_OPERATIONS:
            raise Refused(400, "a batch has 1 to 100 operations")
        with self.lock:
            before = container.documents.get(key, {})
            container.documents[key] = dict(before)
            results: list[dict[str, Any]] = []
            for at, operation in enumerate(operations):
                try:
                    results.append(self._apply(container, key, operation))
                except Refused as refused:
                    container.documents[key] = before
                    failed = [{"statusCode": 424, "requestCharge": 0} for _ in operations]
                    failed[at] = {"statusCode": refused.status, "requestCharge": 1}
                    return 207, failed
            container.sequence += 1
            return 200, results

    def select(
        self, container: Container, query: Query, low: str, high: str, key: Key | None
    ) -> list[dict[str, Any]]:
        """The bodies that match, sorted, within effective keys or one partition."""
        self._check_order(container, query)
        with self.lock:
            partitions = [
                documents
                for one, documents in container.documents.items()
                if (one == key if key is not None else low <= effective_key(one) < high)
            ]
            bodies = [
                document.body()
                for documents in partitions
                for document in documents.values()
                if document.alive(self.now())
            ]
        found = [body for body in bodies if query.matches(body) and query.has_position(body)]
        return sorted(found, key=lambda body: query.sort_key(query.position(body)))

    def _check_key(self, container: Container, key: Key) -> None:
        if len(key) != len(container.paths):
            raise Refused(400, "the partition key has another number of components")

    def _check_order(self, container: Container, query: Query) -> None:
        if len(query.order) < 2:
            return
        wanted = [("/" + "/".join(path), descending) for path, descending in query.order]
        turned = [(path, not descending) for path, descending in wanted]
        policy = container.definition.get("indexingPolicy", {})
        for index in policy.get("compositeIndexes", []):
            declared = [(one["path"], one.get("order") == "descending") for one in index]
            if declared in (wanted, turned):
                return
        raise Refused(400, "the order by has no composite index that serves it")

    def _apply(self, container: Container, key: Key, operation: dict[str, Any]) -> dict[str, Any]:
        kind = operation["operationType"]
        identity = operation.get("id") or operation["resourceBody"].get("id")
        if not isinstance(identity, str) or any(c in identity for c in "/\\?#") or not identity:
            raise Refused(400, "not an id")
        documents = container.documents[key]
        present = documents.get(identity)
        if present is not None and not present.alive(self.now()):
            present = None
        if kind == "Create" and present is not None:
            raise Refused(409, "the document exists")
        if kind in {"Replace", "Patch", "Delete"}:
            if present is None:
                raise Refused(404, "no such document")
            if operation.get("ifMatch") not in {None, "*", present.etag}:
                raise Refused(412, "the etag is another")
        if kind == "Delete":
            del documents[identity]
            return {"statusCode": 204, "requestCharge": 1}
        if kind == "Patch":
            assert present is not None
            body = json.loads(present.text)
            patch(body, operation["resourceBody"]["operations"])
        else:
            body = operation["resourceBody"]
        documents[identity] = self._document(container, key, body)
        status = 201 if kind == "Upsert" and present is None else _SUCCESS[kind]
        return {
            "statusCode": status,
            "requestCharge": 1,
            "eTag": documents[identity].etag,
            "resourceBody": documents[identity].body(),
        }

    def _document(self, container: Container, key: Key, body: dict[str, Any]) -> Document:
        if tuple(body.get(path) for path in container.paths) != key:
            raise Refused(400, "the document has another partition key")
        own = body.get("ttl", container.definition.get("defaultTtl"))
        if type(own) not in {int, type(None)} or own == 0:
            raise Refused(400, "not a ttl")
        ttl = None if own in {None, -1} or "defaultTtl" not in container.definition else own
        text = json.dumps(body)
        if len(text) > MAX_REQUEST_BYTES:
            raise Refused(413, "the document is too large")
        return Document(text, f'"{next(self._numbers):032x}"', self.now(), ttl)


def patch(body: dict[str, Any], operations: Iterable[dict[str, Any]]) -> None:
    """Apply set and incr as the service does: parents must exist, an absent number is 0."""
    steps = list(operations)
    if not 1 <= len(steps) <= 10:
        raise Refused(400, "a patch has 1 to 10 operations")
    for step in steps:
        *parents, last = step["path"].strip("/").split("/")
        at: Any = body
        for name in parents:
            at = at.get(name) if isinstance(at, dict) else None
        if not isinstance(at, dict) or (not parents and last in {"id", "_etag", "_ts"}):
            raise Refused(400, "no such parent")
        if step["op"] == "set":
            at[last] = step["value"]
        elif step["op"] == "incr":
            present = at.get(last, 0)
            if isinstance(present, bool) or not isinstance(present, int | float):
                raise Refused(400, "not a number")
            at[last] = present + step["value"]
        else:
            raise Refused(400, "an operation that is not spoken here")
