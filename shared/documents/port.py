"""Documents in containers, in logical partitions, written by atomic commits.

A partition is the tuple of values of the container's partition key paths
(``shared/topology.json``), the tenant first. A document is a JSON object with
a string ``id``, unique in its partition; the partition key fields inside it
must agree with the partition it is committed to. A document may carry ``ttl``
(seconds after its last write): past that it is gone for every reader. A ``ttl``
of -1 is for ever, whatever the container's default. Whole numbers are exact up
to 2^53 - 1 and refused beyond it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

MAX_OPERATIONS = 100
MAX_COMMIT_BYTES = 2 * 1024 * 1024
MAX_LOADED = 5000
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 64
MAX_ORDER_CHARACTERS = 200
MAX_COMPONENT, MIN_COMPONENT = 1e15, 1e-15
"""A vector's numbers stay where their squares do in single precision."""
STORE_FIELDS = frozenset({"_rid", "_self", "_etag", "_attachments", "_ts"})

Partition = tuple[str, ...]
Json = dict[str, Any]
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Create:
    """Write a new document; ``Exists`` when its id is taken."""

    body: Json


@dataclass(frozen=True)
class Upsert:
    """Write a document whether or not its id is taken."""

    body: Json


@dataclass(frozen=True)
class Replace:
    """Overwrite a document as it was read; ``Missing`` when gone, ``Stale`` when changed."""

    body: Json
    etag: str


@dataclass(frozen=True)
class Patch:
    """Change fields of a document; ``Missing`` when gone, ``Stale`` when ``etag`` differs.

    ``set`` maps dotted paths to new values, ``increment`` dotted paths to numbers
    added (a path that is not there counts as 0). Parents must exist; at most ten
    paths in all. Keep sums below 2^53: the embedded store refuses a larger one,
    Cosmos DB, which adds doubles, loses digits.
    """

    id: str
    set: Mapping[str, Any] | None = None
    increment: Mapping[str, int | float] | None = None
    etag: str | None = None


@dataclass(frozen=True)
class Delete:
    """Remove a document; ``Missing`` when gone, ``Stale`` when ``etag`` differs."""

    id: str
    etag: str | None = None


Operation = Create | Upsert | Replace | Patch | Delete


@dataclass(frozen=True)
class Equals:
    """The field is there and equals ``value`` (``None``: the field is JSON null)."""

    path: str
    value: Scalar


@dataclass(frozen=True)
class Range:
    """``at_least <= field < below``; either bound may be absent. Bounds are of one type."""

    path: str
    at_least: str | int | float | None = None
    below: str | int | float | None = None


@dataclass(frozen=True)
class Prefix:
    """The field is a string that begins with ``value``, case counts."""

    path: str
    value: str


@dataclass(frozen=True)
class Contains:
    """The field is an array with ``value`` among its members."""

    path: str
    value: str | int | float | bool


Filter = Equals | Range | Prefix | Contains


@dataclass(frozen=True)
class Order:
    """Sort by a field that is text (by code point) or a number, one of them throughout.

    Ties go by id, then by partition, in the same direction. Documents in which the
    field is absent or null drop out. The field is one of topology.json's ``ordered_by``;
    text in such a field has at most 200 characters, so that a continuation, which holds
    it, stays short: cut it before it is written, or keep a cut copy to sort by.
    """

    path: str
    descending: bool = False


@dataclass(frozen=True)
class Stored:
    """A document as read: its body without the store's own fields, and its etag."""

    body: Json
    etag: str


@dataclass(frozen=True)
class Page:
    """One page of a query; ``continuation`` is None when there is no further page."""

    items: tuple[Stored, ...]
    continuation: str | None


@dataclass(frozen=True)
class Scanned:
    """A document as a scan gives it: its body as JSON text without line breaks, for a backup
    reads none of it, and when it expires, in seconds since the epoch (None: never)."""

    text: str
    expires_at: float | None

    @property
    def body(self) -> Json:
        """The document itself."""
        found: Json = json.loads(self.text)
        return found


@dataclass(frozen=True)
class ScanPage:
    """One page of a scan; ``continuation`` is None when there is no further page."""

    items: tuple[Scanned, ...]
    continuation: str | None


@dataclass(frozen=True)
class Neighbour:
    """A document found by its vector, and the cosine of that to what was asked, -1 to 1."""

    stored: Stored
    similarity: float


class Documents(Protocol):
    """Where documents live. Safe to use from several threads and processes."""

    def get(self, container: str, partition: Partition, document_id: str) -> Stored | None:
        """Point-read one document, None when it is not there (or has expired)."""

    def commit(
        self, container: str, partition: Partition, operations: Sequence[Operation]
    ) -> tuple[str | None, ...]:
        """Apply all operations to one logical partition, or none of them.

        Returns the new etag of each operation's document (None for a delete).
        An id stands in a commit once at most.

        Raises ``Exists``, ``Missing`` or ``Stale`` naming the operation; ``Invalid``
        for a value, an id or a path that no document can have, which may come from a
        caller; ``TooLarge`` above 100 operations or 2 MB, a ``ttl`` not counted;
        ``Throttled`` when the store keeps refusing; ``Unavailable`` when it gave no answer
        (the commit may have happened: read first, or carry a receipt). Misuse by code is a
        ``ValueError``: an
        unknown container, a body of another partition, a document that stands there
        twice, a patch that has no place.
        """

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
        """Read documents of a partition, of a tenant (the first value alone) or, for
        operators' sweeps only, of all tenants (an empty scope).

        All filters hold. Without ``order`` the order is stable but unspecified.
        ``limit`` is 1 to 1,000. A page may hold fewer and still be followed by
        another. Raises ``Invalid`` for a malformed path, value, limit or continuation,
        which may come from a caller, and ``ValueError`` for misuse by code: an unknown
        container, a scope of another form, an order without an index.
        """

    def nearest(
        self,
        container: str,
        scope: Partition,
        vector: Sequence[float],
        *,
        where: Sequence[Filter] = (),
        limit: int = 50,
    ) -> tuple[Neighbour, ...]:
        """Read the documents of a partition or of a tenant whose vectors are nearest to one, the
        nearest first, in any order where they are alike.

        All filters hold; a document without a vector is not found. Similarity is computed in
        single precision. ``limit`` is 1 to 1,000. Raises ``Invalid`` for a vector that is not
        finite or has no length, a malformed filter or limit, and ``ValueError`` for misuse by
        code: a container without vectors, a vector of another dimension, a scope of another form.
        """

    def ping(self, container: str, *, seconds: float) -> None:
        """Ask whether it answers, as it does to reads of a container. Changes nothing.

        Raises ``Missing`` for a container that is not there, ``Throttled`` or ``Unavailable``
        where it does not let us in or gives no answer; it may take longer than ``seconds``,
        which bound each of its own attempts.
        """

    def scan(
        self, container: str, *, limit: int = 1000, continuation: str | None = None
    ) -> ScanPage:
        """Read every document of a container, of all tenants, page by page: for backups alone.

        What is there from the first page to the last comes once; what comes, goes or changes
        meanwhile may or may not, and never twice. ``limit`` is 1 to 1,000; a page may hold
        fewer, or none, and still be followed by another; the embedded store ends one at 4 MB.
        A continuation holds for as long as the container is there, in any process. Raises
        ``Invalid`` for another limit, or a continuation that is not one of this container's,
        and ``ValueError`` for an unknown container.
        """

    def load(self, container: str, bodies: Sequence[Json], *, overwrite: bool) -> int:
        """Write documents of any partitions, each id of a partition once: for restores alone.

        What is there already is written over, or left as it is without ``overwrite``; returns
        how many were written. It is no commit: when it raises, some may be written and some
        not; done again, the end is the same. Takes 5,000 documents at the most. Raises as
        :meth:`commit` does for what no document can be.
        """

    def scrub(self) -> None:
        """Leave nothing of what was deleted readable in what the store itself keeps on disk.

        The embedded store writes its file anew; a service does it by itself. Raises
        ``Unavailable`` when it could not be done; asked again, it is.
        """


def document_id(operation: Operation) -> str:
    """The id of the document an operation concerns."""
    if isinstance(operation, Patch | Delete):
        return operation.id
    return str(operation.body["id"])
