"""What every adapter of documents refuses alike, before it asks its store."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from shared.documents.port import (
    MAX_COMMIT_BYTES,
    MAX_COMPONENT,
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_LOADED,
    MAX_OPERATIONS,
    MAX_ORDER_CHARACTERS,
    MIN_COMPONENT,
    STORE_FIELDS,
    Delete,
    Filter,
    Json,
    Operation,
    Order,
    Partition,
    Patch,
    Range,
    document_id,
)
from shared.errors import Invalid, TooLarge

_COMPACT = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_IN_ID = re.compile(r"[/\\?#\x00-\x1f\x7f\ud800-\udfff]")


def checked_path(path: str) -> str:
    """Return a dotted path of plain names; raises ``Invalid`` for anything else."""
    if not _PATH.fullmatch(path) or path.partition(".")[0] in STORE_FIELDS:
        raise Invalid(f"{path!r} is not a dotted path of plain names")
    return path


def is_id(text: str) -> bool:
    """Whether a document can have this id. One that cannot is simply not there for readers.

    Ids travel as a part of a URL's path, where ``..`` and ``/`` would name something else.
    """
    return (
        0 < len(text) <= 255
        and text not in {".", ".."}
        and text == text.strip()
        and not _NOT_IN_ID.search(text)
    )


def check_filters(where: Sequence[Filter]) -> None:
    """Raise ``Invalid`` for a malformed path, or a value that no document can hold."""
    for one in where:
        checked_path(one.path)
        bounds: list[Any]
        if isinstance(one, Range):
            bounds = [bound for bound in (one.at_least, one.below) if bound is not None]
            if not bounds or len({isinstance(bound, str) for bound in bounds}) != 1:
                raise Invalid(f"range over {one.path}: give one or two bounds of one type")
        else:
            bounds = [one.value]
        for value in bounds:
            check_value(value)
            if isinstance(value, str) and "\x00" in value:
                raise Invalid(f"{one.path}: text with a zero character cannot be asked for")


def check_order(ordered_by: Sequence[str], order: Order | None) -> None:
    """Raise ``ValueError`` for a field that topology.json does not order the container by.

    Only those have the indexes that a store needs for it.
    """
    if order is not None and checked_path(order.path) not in ordered_by:
        raise ValueError(f"{order.path} is not in the container's ordered_by")


def checked_vector(vector: Sequence[float], dimensions: int) -> list[float]:
    """Return a vector that can be asked for. Raises ``ValueError`` for another dimension, and
    ``Invalid`` for one that is not finite or has no length."""
    if len(vector) != dimensions:
        raise ValueError(f"vectors here have {dimensions} dimensions; got {len(vector)}")
    found = [float(value) for value in vector]
    if not all(math.isfinite(value) and abs(value) <= MAX_COMPONENT for value in found):
        raise Invalid("a vector's numbers are finite, in single precision")
    if not any(abs(value) >= MIN_COMPONENT for value in found):
        raise Invalid("a vector has a length")
    return found


def check_nearest(
    key_fields: Sequence[str],
    vector: tuple[str, int] | None,
    scope: Partition,
    asked: Sequence[float],
    where: Sequence[Filter],
    limit: int,
) -> list[float]:
    """Hold a question for what is near against the forms that every adapter keeps; returns the
    vector that is asked for. Raises ``ValueError`` and ``Invalid`` as :meth:`Documents.nearest`.
    """
    if vector is None:
        raise ValueError("the container has no vectors")
    if len(scope) not in {1, len(key_fields)}:
        raise ValueError("the scope is a tenant, or a whole partition")
    if not 1 <= limit <= 1000:
        raise Invalid("limit is 1 to 1,000")
    check_filters(where)
    return checked_vector(asked, vector[1])


def load_groups(
    key_fields: Sequence[str],
    ordered_by: Sequence[str],
    vector: tuple[str, int] | None,
    bodies: Sequence[Json],
) -> list[tuple[Partition, list[tuple[Json, str]]]]:
    """Documents that are to be loaded, each with its JSON, in portions that one commit takes: of
    one partition, and within the limits of a commit. Raises as :func:`check_commit`, ``Invalid``
    above :data:`MAX_LOADED` documents and ``ValueError`` for one without its partition key."""
    if len(bodies) > MAX_LOADED:
        raise Invalid(f"at most {MAX_LOADED:,} documents are loaded at once")
    open_groups: dict[Partition, tuple[list[tuple[Json, str]], int]] = {}
    groups: list[tuple[Partition, list[tuple[Json, str]]]] = []
    for body in bodies:
        partition = tuple(
            value for field in key_fields if isinstance(value := body.get(field), str)
        )
        if len(partition) != len(key_fields):
            raise ValueError(f"document {body.get('id')!r} has no partition")
        if partition not in open_groups:
            _check_partition(key_fields, partition)
        _check_document(key_fields, ordered_by, partition, body, vector)
        text = _COMPACT.encode(body)
        # as a commit counts them, which writes a space after each comma and colon; text may hold
        # some as well, so what seems too large is counted again
        size = len(text) + text.count(",") + text.count(":")
        if size > MAX_COMMIT_BYTES:
            size = _size(body)
        if not is_id(body["id"]):
            raise Invalid(f"{body['id']!r} cannot be a document's id")
        if size > MAX_COMMIT_BYTES:
            raise TooLarge(f"a document has at most {MAX_COMMIT_BYTES:,} bytes; got {size:,}")
        group, held = open_groups.get(partition, ([], 0))
        if not group or len(group) == MAX_OPERATIONS or held + size > MAX_COMMIT_BYTES:
            group, held = [], 0
            groups.append((partition, group))
        group.append((body, text))
        open_groups[partition] = (group, held + size)
    return groups


def check_commit(
    key_fields: Sequence[str],
    ordered_by: Sequence[str],
    partition: Partition,
    operations: Sequence[Operation],
    vector: tuple[str, int] | None = None,
) -> None:
    """Hold a commit against the limits and forms that every adapter keeps.

    ``key_fields`` are the container's partition key fields, ``ordered_by`` those that it is
    sorted by, ``vector`` the field and the dimension of its vectors.
    Raises ``ValueError`` for what code got wrong, ``Invalid`` or ``TooLarge`` for what may come
    from a caller.
    """
    _check_partition(key_fields, partition)
    if not operations:
        raise ValueError("a commit needs at least one operation")
    if len(operations) > MAX_OPERATIONS:
        raise TooLarge(f"a commit takes at most {MAX_OPERATIONS} operations")
    seen: set[str] = set()
    size = 0
    for operation in operations:
        if not isinstance(operation, Patch | Delete):
            _check_document(key_fields, ordered_by, partition, operation.body, vector)
            size += _size(operation.body)
        elif isinstance(operation, Patch):
            _check_patch(key_fields, operation)
            for path, value in (operation.set or {}).items():
                _check_sorted(ordered_by, _nested(path, value))
                _check_vector(vector, {path.partition(".")[0]: value if "." not in path else None})
            size += len(json.dumps([dict(operation.set or {}), dict(operation.increment or {})]))
        identity = document_id(operation)
        if not is_id(identity):
            raise Invalid(f"{identity!r} cannot be a document's id")
        if identity in seen:
            raise ValueError(f"document {identity!r} stands in the commit twice")
        seen.add(identity)
    if size > MAX_COMMIT_BYTES:
        raise TooLarge(f"a commit takes at most {MAX_COMMIT_BYTES:,} bytes; got {size:,}")


def _size(body: Json) -> int:
    """The bytes of a document, its ``ttl`` apart: a restore writes one that was not there, and
    what a commit took must fit then."""
    ttl = f', "ttl": {body["ttl"]}' if "ttl" in body else ""
    return len(json.dumps(body)) - len(ttl)


def _check_partition(key_fields: Sequence[str], partition: Partition) -> None:
    if len(partition) != len(key_fields) or not all(partition):
        raise ValueError(
            f"a partition here is {', '.join(key_fields)}; got {len(partition)} value(s)"
        )
    if not all(len(value) <= 255 and _is_text(value) for value in partition):
        raise Invalid("a partition's values have 1 to 255 characters")


def _check_document(
    key_fields: Sequence[str],
    ordered_by: Sequence[str],
    partition: Partition,
    body: Json,
    vector: tuple[str, int] | None,
) -> None:
    _check_body(key_fields, partition, body)
    _check_sorted(ordered_by, body)
    _check_vector(vector, body)


def _check_body(key_fields: Sequence[str], partition: Partition, body: Json) -> None:
    identity = body.get("id")
    if not isinstance(identity, str):
        raise ValueError("a document needs an id of 1 to 255 characters")  # noqa: TRY004  one error for all misuse
    if not STORE_FIELDS.isdisjoint(body):
        raise ValueError(f"document {identity!r} has a field of the store's own")
    check_value(body)
    for field, value in zip(key_fields, partition, strict=True):
        if body.get(field) != value:
            raise ValueError(f"document {identity!r} has another {field} than its partition")
    ttl = body.get("ttl", 1)
    is_whole = isinstance(ttl, int) and not isinstance(ttl, bool)
    if not is_whole or not (ttl == -1 or 1 <= ttl < 2**31):
        raise ValueError(f"document {identity!r}: ttl is whole seconds, at least 1, or -1 for ever")


def _check_patch(key_fields: Sequence[str], patch: Patch) -> None:
    paths = [*(patch.set or {}), *(patch.increment or {})]
    if not 1 <= len(paths) <= 10:
        raise ValueError(f"patch of {patch.id!r}: give one to ten paths")
    if len(set(paths)) != len(paths):
        raise ValueError(f"patch of {patch.id!r}: a path stands there twice")
    for path in paths:
        if checked_path(path) in {"id", "ttl", *key_fields}:
            raise ValueError(f"patch of {patch.id!r}: {path} cannot be patched")
    check_value([*(patch.set or {}).values(), *(patch.increment or {}).values()])


def _nested(path: str, value: Any) -> Json:
    for name in reversed(path.split(".")):
        value = {name: value}
    found: Json = value
    return found


def _check_sorted(ordered_by: Sequence[str], body: Json) -> None:
    for path in ordered_by:
        value: Any = body
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and len(value) > MAX_ORDER_CHARACTERS:
            raise Invalid(f"{path} is sorted by: text of at most {MAX_ORDER_CHARACTERS} characters")


def _check_vector(vector: tuple[str, int] | None, body: Json) -> None:
    if vector is None or body.get(vector[0]) is None:
        return
    path, dimensions = vector
    value = body[path]
    if not isinstance(value, list | tuple) or not all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in value
    ):
        raise ValueError(f"{path} is a vector: a list of numbers")
    checked_vector(value, dimensions)


def _is_text(value: str) -> bool:
    return value.isascii() or not _SURROGATE.search(value)


def check_value(value: Any, depth: int = MAX_DEPTH) -> None:
    """Raise ``Invalid`` for what is no JSON value or would not come back as it was written."""
    if depth == 0:
        raise Invalid(f"a document is nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        if not _is_text(value):
            raise Invalid("a document's text is not valid Unicode")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str) or not _is_text(key):
                raise Invalid("a document's field names are text")
            if depth > 1 and type(member) is str and member.isascii():
                continue  # most are, and a call costs more than all the rest of it
            check_value(member, depth - 1)
    elif isinstance(value, list | tuple):
        for member in value:
            check_value(member, depth - 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Invalid("a document's numbers are finite")
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise Invalid("whole numbers beyond 2^53 - 1 lose digits: write them as text")
    elif value is not None:
        raise Invalid(f"a document holds JSON values, not {type(value).__name__}")
