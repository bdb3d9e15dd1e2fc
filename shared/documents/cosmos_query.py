"""Queries of the documents port in Cosmos DB's query language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.documents.checks import checked_path
from shared.documents.port import (
    Contains,
    Equals,
    Filter,
    Json,
    Order,
    Partition,
    Prefix,
)
from shared.topology import Container


def composite_indexes(container: Container) -> list[list[str]]:
    """The fields of each composite index that this adapter's queries sort by.

    The service refuses ``ORDER BY`` over several fields without one. Both directions
    are served by the same index, all fields ascending.
    """
    orders = [None, *(Order(path) for path in container.ordered_by)]
    return [sorting(container, order) for order in orders]


class _Parameters:
    """The values of a statement, each under a name of its own: no value enters its text."""

    def __init__(self) -> None:
        self.given: list[Json] = []

    def add(self, value: Any) -> str:
        name = f"@p{len(self.given)}"
        self.given.append({"name": name, "value": value})
        return name


def statement(
    declared: Container,
    scope: Partition,
    where: Sequence[Filter],
    order: Order | None,
    most: int,
    after: list[Any] | None,
) -> tuple[str, list[Json]]:
    parameters = _Parameters()
    # The partition is given beside the statement as well; as a condition it holds also
    # where a hash is shared by two tenants.
    conditions = [
        f"{_field(path)} = {parameters.add(value)}"
        for path, value in zip(declared.partition_key, scope, strict=False)
    ]
    conditions += [_condition(one, parameters) for one in where]
    if order is not None:
        field = _field(order.path)
        conditions.append(f"(IS_STRING({field}) OR IS_NUMBER({field}))")
    paths = sorting(declared, order)
    descending = order is not None and order.descending
    if after is not None:
        # The first comparison says nothing new, but is one that an index can seek.
        name = parameters.add(after[0])
        conditions.append(f"{_field(paths[0])} {'<=' if descending else '>='} {name}")
        conditions.append(_beyond(paths, after, "<" if descending else ">", parameters))
    way = "DESC" if descending else "ASC"
    text = f"SELECT TOP {most} * FROM c"  # noqa: S608  a number
    if conditions:
        text += f" WHERE {' AND '.join(conditions)}"
    return f"{text} ORDER BY {', '.join(f'{_field(path)} {way}' for path in paths)}", (
        parameters.given
    )


def vector_statement(
    declared: Container,
    scope: Partition,
    asked: Sequence[float],
    where: Sequence[Filter],
    most: int,
) -> tuple[str, list[Json]]:
    """The statement for what is nearest, and its parameters.

    The service puts what is most alike first, and wants no direction there.
    """
    assert declared.vector is not None  # noqa: S101  asked for before
    parameters = _Parameters()
    conditions = [
        f"{_field(path)} = {parameters.add(value)}"
        for path, value in zip(declared.partition_key, scope, strict=False)
    ]
    conditions += [_condition(one, parameters) for one in where]
    field = _field(declared.vector.path)
    conditions.append(f"IS_ARRAY({field})")
    distance = f"VectorDistance({field}, {parameters.add(list(asked))})"
    return (
        f"SELECT TOP {most} c AS document, {distance} AS similarity FROM c"  # noqa: S608  a number and checked names
        f" WHERE {' AND '.join(conditions)} ORDER BY {distance}"
    ), parameters.given


def vector_policies(container: Container) -> tuple[Json, Json] | None:
    """The vector policy of a container and what its indexing policy has of it, as the service
    takes them; None of one without vectors."""
    vector = container.vector
    if vector is None:
        return None
    path = f"/{vector.path}"
    policy = {
        "vectorEmbeddings": [
            {
                "path": path,
                "dataType": vector.data_type,
                "distanceFunction": vector.distance_function,
                "dimensions": vector.dimensions,
            }
        ]
    }
    indexing = {
        "vectorIndexes": [{"path": path, "type": vector.index}],
        "excludedPaths": [{"path": f"{path}/*"}],
    }
    return policy, indexing


def _condition(condition: Filter, parameters: _Parameters) -> str:
    field = _field(condition.path)
    if isinstance(condition, Equals):
        if condition.value is None:
            return f"IS_NULL({field})"
        return f"{field} = {parameters.add(condition.value)}"
    if isinstance(condition, Prefix):
        return f"STARTSWITH({field}, {parameters.add(condition.value)})"
    if isinstance(condition, Contains):
        return f"ARRAY_CONTAINS({field}, {parameters.add(condition.value)})"
    bounds = ((">=", condition.at_least), ("<", condition.below))
    return " AND ".join(
        f"{field} {sign} {parameters.add(bound)}" for sign, bound in bounds if bound is not None
    )


def _beyond(paths: list[str], values: list[Any], sign: str, parameters: _Parameters) -> str:
    field, value = _field(paths[0]), parameters.add(values[0])
    if len(paths) == 1:
        return f"{field} {sign} {value}"
    rest = _beyond(paths[1:], values[1:], sign, parameters)
    return f"({field} {sign} {value} OR ({field} = {value} AND {rest}))"


def _field(path: str) -> str:
    # Quoted, because order, value, top and the like are words of the query language.
    return "c" + "".join(f'["{name}"]' for name in checked_path(path).split("."))


def sorting(declared: Container, order: Order | None) -> list[str]:
    """The paths that put documents in one order: an id is unique in its partition alone."""
    first = [] if order is None else [checked_path(order.path)]
    rest = ["id", *declared.partition_key]
    return first + [path for path in rest if path not in first]


def value_at(item: Any, path: str) -> Any:
    for name in path.split("."):
        item = item[name]
    return item


def position(item: Json, paths: list[str]) -> list[tuple[bool, Any]]:
    """Where a document stands in the order; the service puts numbers before text."""
    values = [value_at(item, path) for path in paths]
    return [(isinstance(value, str), value) for value in values]
