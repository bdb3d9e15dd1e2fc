"""What a request must be like, and what its sender is told when it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from shared.http.call import MAX_BODY_BYTES, MAX_FIELD_ERRORS
from tests.kernel.small_api import NumberBody, NumberQuery, SmallHouse, serving


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHouse]:
    """The tests' routes, running."""
    with serving(tmp_path_factory.mktemp("requests")) as running:
        yield running


def problem(response: requests.Response, status: int) -> dict[str, Any]:
    """The problem of a response, which has this status."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body


def echoed(house: SmallHouse, content: bytes, kind: str | None = "application/json") -> Any:
    headers = {} if kind is None else {"Content-Type": kind}
    return house.call("POST", "/api/v1/echo", data=content, headers=headers)


def test_a_sound_query_is_read(house: SmallHouse) -> None:
    """Parameters arrive typed, with defaults for those left out."""
    answer = house.call("GET", "/api/v1/items?kind=a&limit=5", token=house.token())
    assert answer.json() == {"got": {"kind": "a", "limit": 5, "tag": []}}


@pytest.mark.parametrize("query", ["tag=x&tag=y", "tag=x,y", "tag=x%2Cy", "tag=,x,,y,"])
def test_repeated_values_are_a_list(house: SmallHouse, query: str) -> None:
    """A list takes repeated parameters and values parted by commas alike."""
    answer = house.call("GET", f"/api/v1/items?{query}", token=house.token())
    assert answer.json()["got"]["tag"] == ["x", "y"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("kind=c", "kind"),
        ("Kind=a", "Kind"),
        ("tag=1,2,3,4", "tag"),
        ("%00=1", "\x00"),
    ],
)
def test_a_wrong_parameter_is_named(house: SmallHouse, query: str, parameter: str) -> None:
    """An unknown or wrong query parameter is told by its name, with the reason."""
    told = problem(house.call("GET", f"/api/v1/items?{query}", token=house.token()), 400)
    assert [error["pointer"] for error in told["errors"]] == [parameter]
    assert told["errors"][0]["detail"]


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e400"])
def test_what_is_no_number_does_not_come_in(house: SmallHouse, number: str) -> None:
    """Neither NaN nor infinity is a number, in a query or in any place of a body."""
    told = problem(house.call("GET", f"/api/v1/number?n={number}"), 400)
    assert told["errors"][0]["pointer"] == "n"
    for body in (f'{{"n": {number}}}', f'{{"n": "{number}"}}', f'{{"more": [{number}]}}'):
        headers = {"Content-Type": "application/json"}
        problem(house.call("POST", "/api/v1/number", data=body, headers=headers), 400)


def test_an_error_of_a_model_shows_no_input() -> None:
    """Wherever a model's error ends up, what was sent is not in it."""
    for model in (NumberQuery, NumberBody):
        with pytest.raises(ValidationError) as refused:
            model.model_validate({"n": "anna@example.org"})
        assert "anna" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "etag"), [(None, None), ("*", None), ('"a-1"', "a-1"), ('"x" ', "x")]
)
def test_if_match_is_the_etag(house: SmallHouse, header: str | None, etag: str | None) -> None:
    """A handler gets the etag that its caller read, none when any will do."""
    headers = {} if header is None else {"If-Match": header}
    answer = house.call("PUT", "/api/v1/things/a", json={"size": 1}, headers=headers)
    assert answer.json() == {"got": [etag, 1]}


@pytest.mark.parametrize(
    ("header", "status"), [('W/"a"', 412), ("a", 400), ('"a", "b"', 400), ('""', 400), ('"', 400)]
)
def test_an_odd_if_match_is_refused(house: SmallHouse, header: str, status: int) -> None:
    """A weak etag never matches, and what is no etag is told to be none."""
    headers = {"If-Match": header}
    problem(house.call("PUT", "/api/v1/things/a", json={"size": 1}, headers=headers), status)


def uploaded(house: SmallHouse, content: bytes, kind: str) -> requests.Response:
    headers = {"Content-Type": kind}
    return house.call("POST", "/api/v1/uploads", data=content, headers=headers)


def test_a_raw_body_arrives_as_it_came(house: SmallHouse) -> None:
    """Where a route takes its body raw, the handler gets the bytes, up to the route's limit."""
    content = b"<a/>" * 500_000
    assert uploaded(house, content, "application/xml").json() == {"got": [2_000_000, "<a/>"]}
    assert uploaded(house, b"--b", "Multipart/Form-Data; boundary=b").status_code == 201
    problem(uploaded(house, content + b" ", "application/xml"), 413)
    assert "application/xml" in problem(uploaded(house, b"{}", "application/json"), 415)["detail"]


def test_a_flood_is_refused_before_it_is_digested(house: SmallHouse) -> None:
    """Also where no body is looked at, one above the limit is refused."""
    answer = house.call(
        "POST",
        "/api/v1/items/a/copies",
        token=house.token(),
        data=b"x" * (MAX_BODY_BYTES + 1),
        headers={"Idempotency-Key": "k"},
    )
    problem(answer, 413)


def test_a_route_without_parameters_takes_none(house: SmallHouse) -> None:
    """Where there are no parameters any parameter is an error."""
    told = problem(house.call("GET", "/api/v1/trace?x=1&y=2"), 400)
    assert [error["pointer"] for error in told["errors"]] == ["x", "y"]


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "a/b+json"]
)
def test_a_sound_body_is_read(house: SmallHouse, kind: str) -> None:
    """A JSON body arrives as its model, under any way to say JSON."""
    content = json.dumps({"name": "é", "parts": [{"size": 1}]}).encode()
    got = echoed(house, content, kind).json()["got"]
    assert got == {"name": "é", "note": "", "parts": [{"size": 1}], "more": {}}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 21}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "x", "colour": "red"}, "/colour"),
        ({"name": "x", "a/b~c": 1}, "/a~1b~0c"),
        ({"name": "x", "parts": [{"size": 1}, {"size": 0}]}, "/parts/1/size"),
        ({"name": "x", "parts": {}}, "/parts"),
        ({"name": "x", "more": {"k": "v"}}, "/more/k"),
        ([], ""),
        (None, ""),
        ("text", ""),
    ],
)
def test_a_wrong_field_is_named(house: SmallHouse, body: object, pointer: str) -> None:
    """A wrong field is told by its JSON pointer, with the reason."""
    told = problem(echoed(house, json.dumps(body).encode()), 400)
    assert [error["pointer"] for error in told["errors"]] == [pointer]


def test_all_wrong_fields_are_told_up_to_a_number(house: SmallHouse) -> None:
    """Several wrong fields are told together, but a request cannot ask for a flood."""
    told = problem(echoed(house, b'{"name": "", "note": 1}'), 400)
    assert {error["pointer"] for error in told["errors"]} == {"/name", "/note"}
    flood = json.dumps({f"f{number}": 1 for number in range(5000)}).encode()
    assert len(problem(echoed(house, flood), 400)["errors"]) == MAX_FIELD_ERRORS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"name": "x",}',
        b"\xff\xfe\x00",
        '{"name": "é"}'.encode("latin-1"),
        '{"name": "x"}'.encode("utf-16"),
        b"[" * 200_000,
        b'{"name": "x", "more": {"k": NaN}}',
        b'{"name": "x", "more": {"k": Infinity}}',
        b'{"name": "x", "more": {"k": ' + b"9" * 5000 + b"}}",
        b'{"name": "\\ud800"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"\\udfff": 1}',
    ],
)
def test_what_is_no_json_is_refused(house: SmallHouse, content: bytes) -> None:
    """A body that is no JSON text, or holds what is no character or number, is a 400."""
    assert "JSON" in problem(echoed(house, content), 400)["detail"]


def test_a_byte_order_mark_and_surrogate_pairs_are_fine(house: SmallHouse) -> None:
    """Two halves that make a character, and a mark before the text, are JSON as usual."""
    answer = echoed(house, b'\xef\xbb\xbf{"name": "\\ud83d\\ude00"}')
    assert answer.json()["got"]["name"] == "\U0001f600"


def test_where_json_breaks_is_told(house: SmallHouse) -> None:
    """The line and column at which a body stops being JSON are told."""
    told = problem(echoed(house, b'{"name":\n  oops}'), 400)
    assert "line 2, column 3" in told["detail"]


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/jsonp", "multipart/form-data"]
)
def test_another_content_type_is_unsupported(house: SmallHouse, kind: str | None) -> None:
    """A body that does not say it is JSON is refused, and told how to send it."""
    assert "application/json" in problem(echoed(house, b'{"name": "x"}', kind), 415)["detail"]


def test_a_body_up_to_the_limit_is_read(house: SmallHouse) -> None:
    """A body of exactly the limit passes, one byte more is too large."""
    frame = len(b'{"name": "x", "note": ""}')
    content = b'{"name": "x", "note": "%s"}' % (b"n" * (MAX_BODY_BYTES - frame))
    assert len(content) == MAX_BODY_BYTES
    assert echoed(house, content).status_code == 200
    problem(echoed(house, content + b" "), 413)


def test_a_chunked_body_is_read(house: SmallHouse) -> None:
    """A body without a declared length arrives whole."""
    answer = house.call(
        "POST",
        "/api/v1/echo",
        data=iter([b'{"name"', b': "x"}']),
        headers={"Content-Type": "application/json"},
    )
    assert answer.json()["got"]["name"] == "x"


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 129])
def test_an_odd_idempotency_key_is_refused(house: SmallHouse, key: str) -> None:
    """A key is 1 to 128 visible characters."""
    answer = house.call(
        "POST",
        "/api/v1/items",
        token=house.token(),
        json={"name": "never"},
        headers={"Idempotency-Key": key.encode()},
    )
    problem(answer, 400)


def test_the_longest_key_is_taken(house: SmallHouse) -> None:
    """A key of 128 characters is a key."""
    answer = house.call(
        "POST",
        "/api/v1/items",
        token=house.token(),
        json={"name": "long"},
        headers={"Idempotency-Key": "x" * 128},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("host", ["[evil", "a]b", "[::1", "", "x" * 300, "a@b:c"])
def test_an_odd_host_header_is_no_defect(house: SmallHouse, host: str) -> None:
    """Whatever stands in the Host header, the route answers."""
    answer = house.call("GET", "/api/v1/trace", headers={"Host": host})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "identity",
    ["7", "%00", "%ed%a0%80", "..%2f..", "'", "x" * 2000, "%F0%9F%98%80"],
)
def test_an_odd_id_is_not_found(house: SmallHouse, identity: str) -> None:
    """An id that cannot be one is simply not there."""
    problem(house.call("GET", f"/api/v1/items/{identity}", token=house.token()), 404)


def test_an_id_has_one_form(house: SmallHouse) -> None:
    """A UUID is read in its canonical form, however it was written."""
    written = "7B0D6C4E-0F5B-4F0E-9D0A-0123456789AB"
    answer = house.call("GET", f"/api/v1/items/{written}", token=house.token())
    assert answer.json() == {"got": written.lower()}
