"""What a caller gets: problems of each class, ids, traces, and once per key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests

from shared import runtime
from shared.bus.sqlite import SqliteBus
from shared.errors import Invalid, Problem, Throttled
from shared.events.envelope import Event
from shared.http.problem import problem_response
from shared.telemetry import JsonLines
from tests.kernel.small_api import ERRORS, SECRET, SmallHouse, serving
from tests.kernel.tokens import signed

PARENT = f"00-{'ab' * 16}-{'cd' * 8}-01"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHouse]:
    """The tests' routes, running."""
    with serving(tmp_path_factory.mktemp("answers")) as running:
        yield running


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_has_its_problem(house: SmallHouse, name: str) -> None:
    """An error of each class becomes the status, title and detail that it stands for."""
    error = ERRORS[name]
    answer = house.call("GET", f"/api/v1/errors/{name}")
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    status = error.status if isinstance(error, Problem) else 500
    assert answer.status_code == body["status"] == status
    assert body["type"] == "about:blank"
    assert body["instance"] == f"/api/v1/errors/{name}"
    if isinstance(error, Problem):
        assert (body["title"], body["detail"]) == (error.title, error.detail)


@pytest.mark.parametrize("name", ["defect", "rejected"])
def test_a_defect_shows_no_internals(
    house: SmallHouse, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Of a defect of ours the caller gets a request id, and neither they nor the log its words."""
    answer = house.call("GET", f"/api/v1/errors/{name}")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert type(ERRORS[name]).__name__ not in answer.text
    assert answer.headers["X-Request-Id"] in answer.json()["detail"]
    written = [JsonLines().format(record) for record in caplog.records]
    assert any("request.broke" in line for line in written)
    assert not any(SECRET in line for line in written)


def test_a_problem_that_quotes_half_a_character_is_sent() -> None:
    """A problem can always be sent, whatever it quotes of a request."""
    answer = problem_response(Invalid("no \ud800"), request_id="r", instance="/\udfff")
    assert json.loads(answer.get_body())["detail"] == "no ?"


def test_throttled_says_when_to_come_back(house: SmallHouse) -> None:
    """Retry-After is whole seconds, at least one."""
    assert isinstance(ERRORS["throttled"], Throttled)
    for name, seconds in (("throttled", "3"), ("throttled-briefly", "1")):
        assert house.call("GET", f"/api/v1/errors/{name}").headers["Retry-After"] == seconds


def test_no_token_asks_for_one(house: SmallHouse) -> None:
    """Without a token the answer is 401 and names the scheme."""
    answer = house.call("GET", "/api/v1/items")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["Basic abc", "Bearer", "Bearer ", "bearer  ", "Bearer a b", "Token x", signed()]
)
def test_an_odd_authorization_header_is_refused(house: SmallHouse, header: str) -> None:
    """A header that is no bearer token is a 401 wherever it is asked who calls, and nowhere
    else: a public route may be called with any, so that a lapsed token can be refreshed."""
    for path, status in (("/api/v1/items", 401), ("/api/v1/me", 401), ("/api/v1/trace", 200)):
        answer = house.call("GET", path, headers={"Authorization": header})
        assert answer.status_code == status, (path, answer.text)


def test_an_expired_token_is_refused(house: SmallHouse) -> None:
    """A token past its end is a 401 that says so."""
    old = runtime.now() - timedelta(hours=2)
    token = house.running.tokens.issue(user_id="a", tenant_id="acme", roles=["recruiter"], now=old)
    answer = house.call("GET", "/api/v1/items", token=token)
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_the_wrong_role_is_forbidden_before_anything_is_read(house: SmallHouse) -> None:
    """Who may not call is told so, and not what was wrong with the request."""
    token = house.token("parent")
    assert house.call("GET", "/api/v1/items?limit=0", token=token).status_code == 403
    assert house.call("POST", "/api/v1/items", token=token, data=b"{").status_code == 403
    assert house.call("POST", "/api/v1/items", data=b"{").status_code == 401


def test_a_public_route_may_still_ask_who_calls(house: SmallHouse) -> None:
    """On a public route a token is read when there is one, and missed when it is needed."""
    assert house.call("GET", "/api/v1/me", token=house.token()).json() == {"got": ["anna", "acme"]}
    assert house.call("GET", "/api/v1/me").status_code == 401


def test_a_request_id_is_kept_and_given_back(house: SmallHouse) -> None:
    """A plain request id goes through the call and back to the caller."""
    answer = house.call("GET", "/api/v1/trace", headers={"X-Request-Id": "r-1"})
    assert answer.headers["X-Request-Id"] == answer.json()["got"][2] == "r-1"


@pytest.mark.parametrize("odd", ["", "a b", "x" * 65, '{"a":1}', "é"])
def test_an_odd_request_id_is_replaced(house: SmallHouse, odd: str) -> None:
    """An id that is not plain never comes back, nor into a log."""
    headers = {"X-Request-Id": odd.encode("latin-1")}
    answer = house.call("GET", "/api/v1/trace", headers=headers)
    assert answer.headers["X-Request-Id"] not in {odd, ""}
    assert answer.headers["X-Request-Id"].isascii()


def test_a_trace_goes_on(house: SmallHouse) -> None:
    """The caller's trace is kept, under a span of our own that the caller is told."""
    answer = house.call("GET", "/api/v1/trace", headers={"traceparent": PARENT})
    trace, span, _ = answer.json()["got"]
    assert trace == "ab" * 16
    assert span != "cd" * 8
    assert answer.headers["Traceparent"] == f"00-{trace}-{span}-01"


def test_a_trace_goes_into_the_event(house: SmallHouse) -> None:
    """The event a call causes carries its trace, its request id and the caller's tenant."""
    house.call(
        "POST",
        "/api/v1/items",
        token=house.token(tenant="traced"),
        json={"name": "traced"},
        headers={"traceparent": PARENT, "X-Request-Id": "r-2"},
    )
    bus = house.running.bus
    assert isinstance(bus, SqliteBus)
    told = [Event.read(delivery.body) for delivery in bus.receive("intake_extract", limit=100)]
    (event,) = [each for each in told if each.tenantid == "traced"]
    assert event.requestid == "r-2"
    assert (event.traceparent or "").startswith(f"00-{'ab' * 16}-")


def test_headers_of_an_answer(house: SmallHouse) -> None:
    """An answer carries the handler's ETag, is not cached and not guessed at."""
    path = "/api/v1/items/7b0d6c4e-0f5b-4f0e-9d0a-0123456789ab"
    headers = house.call("GET", path, token=house.token()).headers
    assert headers["ETag"] == '"v1"'
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/json"


def test_content_that_is_not_json(house: SmallHouse) -> None:
    """Bytes are sent as they are, under their own type."""
    answer = house.call("GET", "/api/v1/file")
    assert answer.content == b"\x00\xff"
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_the_declared_status_is_sent(house: SmallHouse) -> None:
    """A handler that says nothing of a status answers with the one its route declares."""
    headers = {"Content-Type": "application/xml"}
    assert house.call("POST", "/api/v1/uploads", data=b"<a/>", headers=headers).status_code == 201
    assert house.call("PATCH", "/api/v1/things/a", json={"size": 2}).status_code == 202


def test_a_status_has_to_be_declared(house: SmallHouse) -> None:
    """Another status is sent if the route declares it, so that OpenAPI names each there is."""
    for status, sent in ((200, 200), (202, 202), (201, 500)):
        answer = house.call("GET", f"/api/v1/waiting?status={status}")
        assert answer.status_code == sent


def test_a_removal_answers_with_nothing(house: SmallHouse) -> None:
    """204 has no body, no length and no more; who may not remove is told so."""
    answer = house.call("DELETE", "/api/v1/things/a", token=house.token())
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    assert house.call("DELETE", "/api/v1/things/a").status_code == 401


def test_content_has_the_declared_type(house: SmallHouse) -> None:
    """Content that is not JSON is sent under the media type of its route, charset once."""
    answer = house.call("GET", "/api/v1/table")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.decode() == "é,1"


def test_what_is_no_number_is_not_sent(house: SmallHouse) -> None:
    """An answer that would be no JSON is a defect of ours, never sent."""
    assert house.call("GET", "/api/v1/endless").status_code == 500


def answered(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(JsonLines().format(record)) for record in caplog.records]


@pytest.mark.parametrize(
    ("name", "error"), [("missing", "Missing"), ("defect", "ZeroDivisionError")]
)
def test_the_line_of_a_request_names_its_error(
    house: SmallHouse, caplog: pytest.LogCaptureFixture, name: str, error: str
) -> None:
    """The one line of a request says of which kind the error was that it ended in."""
    house.call("GET", f"/api/v1/errors/{name}")
    (line,) = [each for each in answered(caplog) if each["message"] == "request.answered"]
    assert line["error"] == error


def test_the_cause_of_a_failure_of_ours_is_logged(
    house: SmallHouse, caplog: pytest.LogCaptureFixture
) -> None:
    """Of an answer from 500 up the log has the cause's kind and place, and not its words."""
    assert house.call("GET", "/api/v1/caused").status_code == 503
    (line,) = [each for each in answered(caplog) if each["message"] == "request.broke"]
    assert line["error"] == "ConnectionResetError"
    assert "caused_raise" in line["traceback"]
    assert SECRET not in json.dumps(answered(caplog))


def create(
    house: SmallHouse, name: str, key: str, *, tenant: str = "acme", user: str = "anna"
) -> requests.Response:
    return house.call(
        "POST",
        "/api/v1/items",
        token=house.token(tenant=tenant, user=user),
        json={"name": name},
        headers={"Idempotency-Key": key},
    )


def test_a_repeat_gets_the_first_answer(house: SmallHouse) -> None:
    """The same request with the same key is answered as before, without a second effect."""
    first, second = create(house, "once", "k-1"), create(house, "once", "k-1")
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert create(house, "once", "k-2").status_code == 409  # the item is there


def test_a_key_with_another_body_is_refused(house: SmallHouse) -> None:
    """A key that came with another body is unprocessable."""
    create(house, "one", "k-3")
    assert create(house, "two", "k-3").status_code == 422


def test_keys_of_two_callers_never_meet(house: SmallHouse) -> None:
    """The same key of another person or tenant is another key."""
    assert create(house, "mine", "k-4").status_code == 201
    assert create(house, "yours", "k-4", user="bert").status_code == 201
    assert create(house, "mine", "k-4", tenant="other").status_code == 201


def test_repeats_at_once_have_one_effect(house: SmallHouse) -> None:
    """Repeats that arrive at the same moment are answered alike."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: create(house, "together", "k-5"), range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({json.dumps(answer.json()) for answer in answers}) == 1


@pytest.mark.parametrize("other", ["two/copies?limit=1", "one/copies?limit=2"])
def test_a_key_with_another_path_or_query_is_refused(house: SmallHouse, other: str) -> None:
    """A key belongs to one request as a whole: what stands in its address is part of it."""

    def copy(path: str) -> requests.Response:
        headers = {"Idempotency-Key": f"k-{other}"}
        token = house.token(tenant="copying" + other[:3])
        return house.call("POST", f"/api/v1/items/{path}", token=token, headers=headers)

    assert copy("one/copies?limit=1").status_code == 200
    assert copy("one/copies?limit=1").status_code == 200
    assert copy(other).status_code == 422
