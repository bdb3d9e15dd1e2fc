"""The local HTTP server: methods, links, the admin route, and hostile requests."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from local.http_server import MAX_REQUEST_BYTES
from shared import runtime
from shared.errors import Invalid, Missing
from tests.kernel.small_api import HOST_KEY, SmallHouse, serving
from tests.local.waiting import wait_until


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHouse]:
    """The tests' routes, running."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def exchanged(house: SmallHouse, raw: bytes) -> bytes:
    """Send bytes as they are, return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", house.port), timeout=30) as connection:
        connection.sendall(raw)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def link(house: SmallHouse, name: str = "acme/a b%ü.txt", *, minutes: int = 5) -> str:
    """A link to a blob, as a path of this server."""
    house.blobs.put("resumes", name, b"content", content_type="text/plain")
    expires = runtime.now() + timedelta(minutes=minutes)
    made = house.blobs.link("resumes", name, expires_at=expires)
    parts = urlsplit(made)
    return f"{parts.path}?{parts.query}"


def is_problem(answer: requests.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_head_is_get_without_a_body(house: SmallHouse) -> None:
    """HEAD has the headers of GET, its length too, and nothing after them."""
    got, head = (house.call(method, "/api/v1/file") for method in ("GET", "HEAD"))
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == "2"


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v2", "/nothing", "/blobs", "/admin", "/api/v1/"]
)
def test_an_address_without_a_function_is_not_found(house: SmallHouse, path: str) -> None:
    """Where there is nothing the answer is a problem, and with HEAD its headers."""
    is_problem(house.call("GET", path), 404)
    assert house.call("HEAD", path).content == b""


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_names_the_right_ones(house: SmallHouse, method: str) -> None:
    """405 says in Allow what the address takes."""
    answer = house.call(method, "/api/v1/items")
    is_problem(answer, 405)
    assert answer.headers["Allow"] == "GET, POST"


def test_a_keyed_function_needs_the_hosts_key(house: SmallHouse) -> None:
    """Above level anonymous the host's key is asked for, in the header or the query."""
    is_problem(house.call("GET", "/api/keyed"), 401)
    is_problem(house.call("GET", "/api/keyed?code=wrong"), 401)
    is_problem(house.call("GET", "/api/keyed", headers={"x-functions-key": "é".encode()}), 401)
    assert house.call("GET", "/api/keyed", headers={"x-functions-key": HOST_KEY}).text == "in"
    assert house.call("GET", "/api/keyed", params={"code": HOST_KEY}).text == "in"


def test_an_empty_key_opens_nothing(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a host whose own key is empty is not opened by sending none."""
    monkeypatch.setattr(house.server, "_host_key", "")
    is_problem(house.call("GET", "/api/keyed"), 401)
    is_problem(house.call("GET", "/api/keyed", headers={"x-functions-key": ""}), 401)


def test_a_link_reads_its_file(house: SmallHouse) -> None:
    """A signed link gives the content to save, never to run in the page's name."""
    answer = house.call("GET", link(house))
    assert (answer.status_code, answer.content) == (200, b"content")
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    head = house.call("HEAD", link(house))
    assert (head.headers["Content-Length"], head.content) == ("7", b"")


def test_a_content_type_adds_no_header(house: SmallHouse) -> None:
    """A type with a line break in it is not stored, and one that somebody wrote beside the file
    by hand is not sent."""
    odd = "text/html\r\nSet-Cookie: a=b"
    with pytest.raises(Invalid):
        house.blobs.put("resumes", "acme/odd.txt", b"content", content_type=odd)
    made = link(house, "acme/odd.txt")
    (properties,) = house.blobs._properties_folder("resumes", "acme/odd.txt").iterdir()
    properties.write_text(json.dumps({"content_type": odd}))
    answer = house.call("GET", made)
    is_problem(answer, 400)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_link_only_reads(house: SmallHouse, method: str) -> None:
    """A link takes no method but GET and HEAD, and the file stays."""
    answer = house.call(method, link(house))
    is_problem(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD"
    assert house.call("GET", link(house)).status_code == 200


def test_an_expired_link_is_refused(house: SmallHouse) -> None:
    """A link past its time reads nothing."""
    is_problem(house.call("GET", link(house, minutes=-1)), 403)


@pytest.mark.parametrize(
    "change",
    [
        ("a%20b", "other"),
        ("signature=", "signature=0"),
        ("expires=", "expires=9"),
        ("signature=", "was="),
        ("/blobs/resumes/", "/blobs/extracts/"),
        ("signature=", "signature=%C3%A9"),
        ("expires=", "expires=" + "9" * 5000),
    ],
)
def test_a_forged_link_is_refused(house: SmallHouse, change: tuple[str, str]) -> None:
    """A signature is of one file and one time: nothing about a link can be changed."""
    forged = link(house).replace(*change)
    assert forged != link(house)
    is_problem(house.call("GET", forged), 403)


@pytest.mark.parametrize(
    "path",
    [
        "/blobs/resumes/../../token.key",
        "/blobs/resumes/%2e%2e/%2e%2e/token.key",
        "/blobs/resumes/..%2f..%2ftoken.key",
        "/blobs/../token.key",
        "/blobs//etc/passwd",
        "/blobs/resumes/%00",
        "/blobs/resumes/\\..\\token.key",
        "/blobs/.properties/x",
        "/blobs/resumes/",
        "/blobs/",
    ],
)
def test_no_path_leads_out_of_the_store(house: SmallHouse, path: str) -> None:
    """However a path is written, without a signature it reads nothing."""
    raw = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    status = exchanged(house, raw).split(b" ", 2)[1]
    assert status in {b"400", b"403", b"404"}


@pytest.mark.parametrize(
    "name", ["../../secret", "a/../../../secret", "\x00", "x" * 2000, "x" * 300]
)
def test_even_a_signed_path_cannot_leave(house: SmallHouse, name: str) -> None:
    """Names that leave the store are refused before the file system sees them."""
    (house.running.settings.home / "secret").write_text("top content")
    expires = str(int(runtime.now().timestamp()) + 60)
    signature = house.blobs._sign("resumes", name, expires)
    target = f"/blobs/resumes/{quote(name)}?expires={expires}&signature={signature}"
    answer = exchanged(
        house, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"top content" not in answer


def test_a_file_that_is_gone_is_not_found(house: SmallHouse) -> None:
    """A sound link to a file that was deleted is a 404."""
    path = link(house, "acme/gone.txt")
    house.blobs.delete("resumes", "acme/gone.txt")
    is_problem(house.call("GET", path), 404)


def test_links_leave_no_file_open(house: SmallHouse) -> None:
    """Whether a file is read to its end, only asked after or left half way, it is closed."""
    house.blobs.put("resumes", "acme/big", b"x" * 3_000_000)
    expires = runtime.now() + timedelta(minutes=5)
    made = urlsplit(house.blobs.link("resumes", "acme/big", expires_at=expires))
    path = f"{made.path}?{made.query}"
    content = house.running.settings.home / "blobs" / "resumes" / "acme" / "big"

    def is_open() -> bool:
        links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
        return any(os.path.realpath(one) == str(content.resolve()) for one in links)

    assert len(house.call("GET", path).content) == 3_000_000
    house.call("HEAD", path)
    with house.call("GET", path, stream=True) as half:
        next(half.iter_content(10))
    wait_until(lambda: not is_open(), "the file to be closed")


def fired(house: SmallHouse, name: str = "probe", **more: Any) -> requests.Response:
    given: dict[str, Any] = {"json": {"input": "x"}} | more
    return house.call("POST", f"/admin/functions/{name}", **given)


def test_a_function_is_fired_by_hand(house: SmallHouse) -> None:
    """The admin route hands the input on, text as it is and anything else as JSON."""
    house.fired.clear()
    assert fired(house).status_code == 202
    assert fired(house, json={"input": {"a": 1}}).status_code == 202
    assert fired(house, json={}).status_code == 202
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert fired(house, json=None, data=b"", headers=headers).status_code == 202
    assert [text for _, text in house.fired] == ["x", '{"a": 1}', "", ""]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"]
)
def test_what_a_form_can_send_fires_nothing(house: SmallHouse, kind: str) -> None:
    """A page in a browser could send other types without asking: they are refused."""
    house.fired.clear()
    answer = fired(house, json=None, data=b'{"input": "x"}', headers={"Content-Type": kind})
    is_problem(answer, 415)
    assert house.fired == []


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil:7071", "", "[::1].x"]
)
def test_a_foreign_host_fires_nothing(house: SmallHouse, host: str) -> None:
    """A name that was pointed at this machine from outside does not reach the admin route."""
    house.fired.clear()
    is_problem(fired(house, headers={"Host": host}), 403)
    assert house.fired == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]", "[::1]:7071"])
def test_loopback_fires_under_any_of_its_names(house: SmallHouse, host: str) -> None:
    """The machine's own names do, with or without a port."""
    assert fired(house, headers={"Host": host}).status_code == 202


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"7", b"null", b"\xff", b"[" * 100_000, b'{"input": "\\ud800"}']
)
def test_a_bad_admin_body_is_invalid(house: SmallHouse, content: bytes) -> None:
    """Whatever is no input of the form is told so, never our defect."""
    headers = {"Content-Type": "application/json"}
    is_problem(fired(house, json=None, data=content, headers=headers), 400)


def test_what_cannot_be_fired_is_told(house: SmallHouse) -> None:
    """A function that is not there, or has a route of its own, is a problem of its class."""
    for error, status in ((Missing("none"), 404), (Invalid("a route"), 400)):
        house.refuse.append(error)
        is_problem(fired(house), status)
    is_problem(fired(house, "a/b"), 404)
    is_problem(house.call("GET", "/admin/functions/probe"), 405)
    is_problem(house.call("POST", "/admin/host", json={}), 404)


def test_a_request_above_the_limit_is_refused_unread(house: SmallHouse) -> None:
    """A declared length above the limit is refused before anything is taken in."""
    raw = (
        "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {MAX_REQUEST_BYTES + 1}\r\n\r\n"
    ).encode()
    assert exchanged(house, raw).startswith(b"HTTP/1.1 413 ")


def test_one_connection_serves_many_requests(house: SmallHouse) -> None:
    """A connection is kept, also after a problem and after a body that nobody read."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
    headers = {"Content-Type": "application/json"}
    for method, path, body, status in (
        ("GET", "/api/v1/trace", None, 200),
        ("GET", "/nothing", None, 404),
        ("POST", "/api/v1/items", json.dumps({"name": "x"}), 401),
        ("POST", "/nothing", "x" * 100_000, 404),
        ("GET", "/api/v1/trace", None, 200),
    ):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /api/v1/trace HTTP/1.1\r\n\r\n",
        b"GET /api/v1/trace HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/trace HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\nConnection: close\r\n\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 600_000 + b"\r\n\r\n",
        b"POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
    ],
)
def test_hostile_bytes_are_no_defect(house: SmallHouse, raw: bytes) -> None:
    """What is no HTTP is refused or cut off; the server lives on and shows no internals."""
    try:
        with socket.create_connection(("127.0.0.1", house.port), timeout=30) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
    except OSError:
        answer = b""  # the server cut it off
    assert not answer.startswith(b"HTTP/1.1 500")
    assert b"Traceback" not in answer
    assert house.call("GET", "/api/v1/trace").status_code == 200
