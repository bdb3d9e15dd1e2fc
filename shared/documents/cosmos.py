"""Documents on Azure Cosmos DB.

A commit is a transactional batch. The SDK sends some writes again by itself: a
batch that may have happened must not be, for the second try would meet its own
documents and report ``Exists`` for a commit that succeeded. Such a commit ends in
``Unavailable`` instead.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from shared.documents.checks import (
    check_commit,
    check_filters,
    check_nearest,
    check_order,
    is_id,
    load_groups,
)
from shared.documents.continuation import read_continuation, shape_of, write_continuation
from shared.documents.cosmos_errors import (
    Sending,
    after_answer,
    before_sending,
    commit_under_way,
    refusal,
    translated,
)
from shared.documents.cosmos_query import (
    position,
    sorting,
    statement,
    value_at,
    vector_statement,
)
from shared.documents.cosmos_transfer import Place, next_place, read_place, scanned
from shared.documents.port import (
    STORE_FIELDS,
    Create,
    Delete,
    Filter,
    Json,
    Neighbour,
    Operation,
    Order,
    Page,
    Partition,
    Replace,
    ScanPage,
    Stored,
    Upsert,
)
from shared.errors import (
    Exists,
    Invalid,
    Missing,
    Unavailable,
)
from shared.topology import Container, Topology

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.cosmos import ContainerProxy, CosmosClient

_THROTTLE_RETRIES, _THROTTLE_SECONDS = 5, 10
_CONNECT_RETRIES, _READ_RETRIES = 1, 1
_LOADERS = 8
"""Commits of a load that are under way at once."""


class CosmosDocuments:
    """The :class:`~shared.documents.port.Documents` port on one Cosmos DB database.

    ``credential`` is an account key or a token credential. Nothing is sent before the
    first use. ``endpoint_discovery`` is to be off for an emulator, which names itself
    by an address that only it can reach. ``read_timeout`` bounds the wait for one answer.
    """

    def __init__(
        self,
        endpoint: str,
        credential: str | TokenCredential,
        database: str,
        topology: Topology,
        *,
        endpoint_discovery: bool = True,
        read_timeout: float = 20.0,
    ) -> None:
        self._endpoint = endpoint
        self._credential = credential
        self._database = database
        self._topology = topology
        self._endpoint_discovery = endpoint_discovery
        self._read_timeout = read_timeout
        self._lock = threading.Lock()
        self._client: CosmosClient | None = None
        self._proxies: dict[str, ContainerProxy] = {}

    @classmethod
    def from_connection_string(
        cls,
        connection_string: str,
        database: str,
        topology: Topology,
        *,
        endpoint_discovery: bool = True,
        read_timeout: float = 20.0,
    ) -> CosmosDocuments:
        """Connect by ``AccountEndpoint=…;AccountKey=…;``. Raises ``ValueError`` otherwise."""
        parts = dict(
            part.split("=", 1) for part in connection_string.strip().split(";") if "=" in part
        )
        if not {"AccountEndpoint", "AccountKey"} <= parts.keys():
            raise ValueError("a Cosmos connection string names AccountEndpoint and AccountKey")
        return cls(
            parts["AccountEndpoint"],
            parts["AccountKey"],
            database,
            topology,
            endpoint_discovery=endpoint_discovery,
            read_timeout=read_timeout,
        )

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None
            self._proxies = {}

    def get(self, container: str, partition: Partition, document_id: str) -> Stored | None:
        declared = self._container(container)
        if len(partition) != len(declared.partition_key):
            raise ValueError(f"a partition here is {', '.join(declared.partition_key)}")
        if not is_id(document_id) or not all(partition):
            return None
        from azure.cosmos.exceptions import CosmosResourceNotFoundError

        try:
            with translated(container):
                item = self._proxy(container).read_item(document_id, _key(declared, partition))
        except CosmosResourceNotFoundError as error:
            if error.sub_status:
                raise
            return None
        return _stored(item)

    def commit(
        self, container: str, partition: Partition, operations: Sequence[Operation]
    ) -> tuple[str | None, ...]:
        declared = self._container(container)
        check_commit(
            declared.partition_key,
            declared.ordered_by,
            partition,
            operations,
            declared.vector_field,
        )
        from azure.cosmos.exceptions import CosmosBatchOperationError

        batch = [_batch_operation(operation) for operation in operations]
        sending = commit_under_way.set(Sending())
        try:
            with translated(container):
                results = self._proxy(container).execute_item_batch(
                    batch, _key(declared, partition)
                )
        except CosmosBatchOperationError as error:
            problem = refusal(error, operations)
            if problem is None:
                raise
            raise problem from error
        finally:
            commit_under_way.reset(sending)
        return tuple(
            None if isinstance(operation, Delete) else str(result["eTag"])
            for operation, result in zip(operations, results, strict=True)
        )

    def ping(self, container: str, *, seconds: float) -> None:
        declared = self._container(container)
        from azure.cosmos.exceptions import CosmosHttpResponseError, CosmosResourceNotFoundError

        # the rights of a read of data are those that are needed, and no more are asked for
        try:
            with translated(container):
                self._proxy(container).read_item(
                    "ping",
                    _key(declared, ("ping",) * len(declared.partition_key)),
                    read_timeout=seconds,
                )
        except CosmosResourceNotFoundError as error:
            if error.sub_status:
                raise Missing(f"the store has no container {container}") from error
        except CosmosHttpResponseError as error:
            raise Unavailable("the document store does not let us in") from error

    def query(
        self,
        container: str,
        scope: Partition,
        *,
        where: Sequence[Filter] = (),
        order: Order | None = None,
        limit: int = 50,
        continuation: str | None = None,
    ) -> Page:
        declared = self._container(container)
        if len(scope) not in {0, 1, len(declared.partition_key)}:
            raise ValueError("a scope is empty, a tenant, or a whole partition")
        if not 1 <= limit <= 1000:
            raise Invalid("limit is 1 to 1,000")
        check_filters(where)
        check_order(declared.ordered_by, order)
        paths = sorting(declared, order)
        descending = order is not None and order.descending
        shape = shape_of(container, scope, where, order)
        after = None if continuation is None else read_continuation(continuation, shape, len(paths))
        text, parameters = statement(declared, scope, where, order, limit + 1, after)
        with translated(container):
            found = self._run(container, declared, scope, text, parameters, limit + 1)
        # A tenant may lie on several physical ranges: the SDK hands over the answer of one
        # after that of the other, each cut to the limit. And when a range splits meanwhile,
        # it begins again and repeats what it gave. So no document twice, sort, cut again.
        found = list({_identity(declared, item): item for item in found}.values())
        found.sort(key=lambda item: position(item, paths), reverse=descending)
        items = tuple(_stored(item) for item in found[:limit])
        if len(found) <= limit:
            return Page(items, None)
        last = [value_at(found[limit - 1], path) for path in paths]
        return Page(items, write_continuation(shape, last))

    def nearest(
        self,
        container: str,
        scope: Partition,
        vector: Sequence[float],
        *,
        where: Sequence[Filter] = (),
        limit: int = 50,
    ) -> tuple[Neighbour, ...]:
        declared = self._container(container)
        asked = check_nearest(
            declared.partition_key, declared.vector_field, scope, vector, where, limit
        )
        text, parameters = vector_statement(declared, scope, asked, where, limit)
        with translated(container):
            found = self._run(container, declared, scope, text, parameters, limit)
        # of each physical range its own nearest, and once more where a range was split meanwhile
        once = {_identity(declared, item["document"]): item for item in found}.values()
        nearest = sorted(
            once, key=lambda item: (-item["similarity"], _identity(declared, item["document"]))
        )
        return tuple(
            Neighbour(_stored(item["document"]), float(item["similarity"]))
            for item in nearest[:limit]
        )

    def scan(
        self, container: str, *, limit: int = 1000, continuation: str | None = None
    ) -> ScanPage:
        declared = self._container(container)
        if not 1 <= limit <= 1000:
            raise Invalid("limit is 1 to 1,000")
        paths = sorting(declared, None)
        if continuation is None:
            with translated(container):
                place = Place(list(self._proxy(container).read_feed_ranges()), None)
        else:
            place = read_place(container, continuation, len(paths))
        text, parameters = statement(declared, (), (), None, limit + 1, place.after)
        with translated(container):
            items = list(
                self._proxy(container).query_items(
                    query=text,
                    parameters=parameters,
                    max_item_count=limit + 1,
                    feed_range=place.ranges[0],
                )
            )
        # as in a query: a range may have become several, or begun again
        found = list({_identity(declared, item): item for item in items}.values())
        found.sort(key=lambda item: position(item, paths))
        shown = tuple(scanned(declared, item) for item in found[:limit])
        last = [value_at(found[limit - 1], path) for path in paths] if len(found) > limit else None
        return ScanPage(shown, next_place(place, last).written(container))

    def load(self, container: str, bodies: Sequence[Json], *, overwrite: bool) -> int:
        declared = self._container(container)
        groups = load_groups(
            declared.partition_key, declared.ordered_by, declared.vector_field, bodies
        )

        def write(group: tuple[Partition, list[tuple[Json, str]]]) -> int:
            partition, documents = group[0], [body for body, _ in group[1]]
            if overwrite:
                self.commit(container, partition, [Upsert(body) for body in documents])
                return len(documents)
            try:
                self.commit(container, partition, [Create(body) for body in documents])
            except Exists:
                return sum(self._created(container, partition, body) for body in documents)
            return len(documents)

        with ThreadPoolExecutor(min(_LOADERS, len(groups) or 1)) as pool:
            return sum(pool.map(write, groups))

    def _created(self, container: str, partition: Partition, body: Json) -> bool:
        try:
            self.commit(container, partition, [Create(body)])
        except Exists:
            return False
        return True

    def scrub(self) -> None:
        """Nothing: the service keeps its disks, and nobody reads them."""

    def _run(
        self,
        container: str,
        declared: Container,
        scope: Partition,
        text: str,
        parameters: list[Json],
        most: int,
    ) -> list[Json]:
        proxy = self._proxy(container)
        scopes: Iterable[dict[str, Any]] = (
            [{"partition_key": _key(declared, scope)}]
            if scope
            else [{"feed_range": feed_range} for feed_range in proxy.read_feed_ranges()]
        )
        return [
            item
            for one in scopes
            for item in proxy.query_items(
                query=text, parameters=parameters, max_item_count=most, **one
            )
        ]

    def _container(self, name: str) -> Container:
        if name not in self._topology.containers:
            raise ValueError(f"{name!r} is not a container of topology.json")
        return self._topology.containers[name]

    def _proxy(self, container: str) -> ContainerProxy:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            if container not in self._proxies:
                database = self._client.get_database_client(self._database)
                self._proxies[container] = database.get_container_client(container)
            return self._proxies[container]

    def _connect(self) -> CosmosClient:
        from azure.cosmos import CosmosClient

        return CosmosClient(
            self._endpoint,
            self._credential,
            retry_connect=_CONNECT_RETRIES,
            retry_read=_READ_RETRIES,
            retry_throttle_total=_THROTTLE_RETRIES,
            retry_throttle_backoff_max=_THROTTLE_SECONDS,
            read_timeout=self._read_timeout,
            enable_endpoint_discovery=self._endpoint_discovery,
            raw_request_hook=before_sending,
            raw_response_hook=after_answer,
        )


def _batch_operation(operation: Operation) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    if isinstance(operation, Create):
        return "create", (operation.body,), {}
    if isinstance(operation, Upsert):
        return "upsert", (operation.body,), {}
    condition = {} if operation.etag is None else {"if_match_etag": operation.etag}
    if isinstance(operation, Replace):
        return "replace", (operation.body["id"], operation.body), condition
    if isinstance(operation, Delete):
        return "delete", (operation.id,), condition
    changes = [
        {"op": kind, "path": "/" + path.replace(".", "/"), "value": value}
        for kind, values in (("set", operation.set), ("incr", operation.increment))
        for path, value in (values or {}).items()
    ]
    return "patch", (operation.id, changes), condition


def _key(declared: Container, partition: Partition) -> str | list[str]:
    # The SDK takes text alone for a complete key, also where the key is hierarchical.
    return partition[0] if len(declared.partition_key) == 1 else list(partition)


def _identity(declared: Container, item: Json) -> tuple[str, ...]:
    return (item["id"], *(item[path] for path in declared.partition_key))


def _stored(item: Json) -> Stored:
    body = {name: value for name, value in item.items() if name not in STORE_FIELDS}
    return Stored(body, str(item["_etag"]))
