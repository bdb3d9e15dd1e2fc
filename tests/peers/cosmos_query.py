"""The part of Cosmos DB's query language that the adapter speaks, parsed and evaluated.

::

    query     := SELECT TOP number * FROM c [WHERE any] ORDER BY sort {, sort}
               | SELECT TOP number c AS document, distance AS similarity FROM c [WHERE any]
                 ORDER BY distance
    distance  := VectorDistance ( field , @name )
    sort      := field [ASC | DESC]
    any       := all {OR all}
    all       := one {AND one}
    one       := ( any ) | function ( field [, @name] ) | field operator @name
    field     := c["name"]{["name"]}

Everything else raises :class:`Unparsable`, which the peer answers with 400: a value
that found its way into the text would not get through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r'\s+|([A-Za-z_]+|@\w+|\d+|<=|>=|[<>=*,()\[\]]|"[A-Za-z0-9_]+")')
_OPERATORS = {"=", "<", "<=", ">", ">="}
_WITH_VALUE = {"STARTSWITH", "ARRAY_CONTAINS"}
_WITHOUT_VALUE = {"IS_DEFINED", "IS_NULL", "IS_STRING", "IS_NUMBER", "IS_ARRAY"}
_UNDEFINED = object()

Path = tuple[str, ...]
Test = Callable[[Any], bool]


class Unparsable(Exception):
    """The text is not of this grammar."""


@dataclass(frozen=True)
class Query:
    """A parsed statement: how many, which, and in what order (path, descending); or by the
    distance of a field to a vector."""

    top: int
    matches: Test
    order: tuple[tuple[Path, bool], ...]
    distance: tuple[Path, list[float]] | None = None

    def similarity(self, body: Any) -> float:
        """The cosine of a document's vector to the one that is asked for."""
        assert self.distance is not None
        path, asked = self.distance
        vector = value_at(body, path)
        product = sum(a * b for a, b in zip(vector, asked, strict=True))
        return float(product / (_length(vector) * _length(asked)))

    def position(self, body: Any) -> list[Any]:
        """The values a document is sorted by; JSON-ready, for a continuation."""
        return [value_at(body, path) for path, _ in self.order]

    def has_position(self, body: Any) -> bool:
        """Whether a document has all the fields that the order asks for."""
        return all(value is not _UNDEFINED for value in self.position(body))

    def sort_key(self, position: list[Any]) -> tuple[_Directed, ...]:
        """What puts positions into the order of the statement."""
        return tuple(
            _Directed(_rank(value), descending)
            for value, (_, descending) in zip(position, self.order, strict=True)
        )


@dataclass(frozen=True)
class _Directed:
    rank: tuple[int, Any]
    descending: bool

    def __lt__(self, other: _Directed) -> bool:
        return other.rank < self.rank if self.descending else self.rank < other.rank


def _length(vector: list[float]) -> float:
    return float(sum(value * value for value in vector) ** 0.5)


def value_at(body: Any, path: Path) -> Any:
    """The value at a path, or a mark that there is none."""
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return _UNDEFINED
        body = body[name]
    return body


def parse(text: str, parameters: Mapping[str, Any]) -> Query:
    """Read a statement. Raises :class:`Unparsable`."""
    return _Parser(text, parameters).query()


def _kind(value: Any) -> int:
    """The type of a value, in the order in which the service sorts types."""
    if value is None:
        return 1
    if isinstance(value, bool):
        return 2
    if isinstance(value, int | float):
        return 3
    return 4 if isinstance(value, str) else 5


def _rank(value: Any) -> tuple[int, Any]:
    return (_kind(value), value if _kind(value) in {2, 3, 4} else json.dumps(value))


def _equal(one: Any, other: Any) -> bool:
    if one is _UNDEFINED or other is _UNDEFINED or _kind(one) != _kind(other):
        return False
    return bool(one == other)


def _holds(operator: str, one: Any, other: Any) -> bool:
    if operator == "=":
        return _equal(one, other)
    if one is _UNDEFINED or _kind(one) != _kind(other) or _kind(one) not in {3, 4}:
        return False
    if operator in {"<=", ">="} and one == other:
        return True
    return bool(one < other) if operator[0] == "<" else bool(one > other)


def _function(name: str, field: Any, value: Any) -> bool:
    if name == "IS_DEFINED":
        return field is not _UNDEFINED
    if name == "IS_NULL":
        return field is None
    if name == "IS_STRING":
        return isinstance(field, str)
    if name == "IS_ARRAY":
        return isinstance(field, list)
    if name == "IS_NUMBER":
        return field is not _UNDEFINED and _kind(field) == 3
    if name == "STARTSWITH":
        return isinstance(field, str) and isinstance(value, str) and field.startswith(value)
    return isinstance(field, list) and any(_equal(member, value) for member in field)


class _Parser:
    def __init__(self, text: str, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters
        self._tokens: list[str] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise Unparsable(f"unexpected {text[at : at + 20]!r}")
            if found.group(1):
                self._tokens.append(found.group(1))
            at = found.end()
        self._at = 0

    def query(self) -> Query:
        self._words("SELECT", "TOP")
        top = self._next()
        if not top.isdecimal():
            raise Unparsable("TOP takes a number")
        if self._peek() == "c":
            return self._nearest(int(top))
        self._words("*", "FROM", "c")
        matches: Test = lambda _: True  # noqa: E731  the default of a condition
        if self._peek() == "WHERE":
            self._next()
            matches = self._any()
        self._words("ORDER", "BY")
        order = [self._sort()]
        while self._peek() == ",":
            self._next()
            order.append(self._sort())
        if self._peek() is not None:
            raise Unparsable(f"unexpected {self._peek()}")
        return Query(int(top), matches, tuple(order))

    def _nearest(self, top: int) -> Query:
        self._words("c", "AS", "document", ",")
        distance = self._distance()
        self._words("AS", "similarity", "FROM", "c")
        matches: Test = lambda _: True  # noqa: E731  the default of a condition
        if self._peek() == "WHERE":
            self._next()
            matches = self._any()
        self._words("ORDER", "BY")
        if self._distance() != distance or self._peek() is not None:
            raise Unparsable("the order is by the distance that is shown")
        return Query(top, matches, (), distance)

    def _distance(self) -> tuple[Path, list[float]]:
        self._words("VectorDistance", "(")
        path = self._field()
        self._words(",")
        vector = self._value()
        self._words(")")
        if not isinstance(vector, list):
            raise Unparsable("a distance is one to a vector")
        return path, vector

    def _any(self) -> Test:
        tests = [self._all()]
        while self._peek() == "OR":
            self._next()
            tests.append(self._all())
        return lambda body: any(test(body) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() == "AND":
            self._next()
            tests.append(self._one())
        return lambda body: all(test(body) for test in tests)

    def _one(self) -> Test:
        word = self._peek()
        if word == "(":
            self._next()
            inner = self._any()
            self._words(")")
            return inner
        if word in _WITH_VALUE or word in _WITHOUT_VALUE:
            name = self._next()
            self._words("(")
            path = self._field()
            value: Any = None
            if name in _WITH_VALUE:
                self._words(",")
                value = self._value()
            self._words(")")
            return lambda body: _function(name, value_at(body, path), value)
        path = self._field()
        operator = self._next()
        if operator not in _OPERATORS:
            raise Unparsable(f"unexpected {operator}")
        bound = self._value()
        return lambda body: _holds(operator, value_at(body, path), bound)

    def _sort(self) -> tuple[Path, bool]:
        path = self._field()
        if self._peek() in {"ASC", "DESC"}:
            return path, self._next() == "DESC"
        return path, False

    def _field(self) -> Path:
        self._words("c")
        names: list[str] = []
        while self._peek() == "[":
            self._next()
            name = self._next()
            if not name.startswith('"'):
                raise Unparsable("a field's name is quoted")
            names.append(name[1:-1])
            self._words("]")
        if not names:
            raise Unparsable("c alone is no field")
        return tuple(names)

    def _value(self) -> Any:
        name = self._next()
        if name not in self._parameters:
            raise Unparsable(f"{name} is not a parameter that was given")
        return self._parameters[name]

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise Unparsable("the statement ends too soon")
        self._at += 1
        return token

    def _words(self, *expected: str) -> None:
        for word in expected:
            if self._next() != word:
                raise Unparsable(f"{word} is expected")
