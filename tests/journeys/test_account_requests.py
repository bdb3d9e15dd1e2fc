"""Requests of accounts that do not hold: each answer is a problem that names the field."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from shared.documents.port import Equals
from tests.journeys.test_repeated_registration import PASSWORD, registration
from tests.running_host import RunningHost


def problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """The problem of an answer, which has this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], bool(body["detail"])) == (status, True)
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert PASSWORD not in answer.text
    return body


def pointers(body: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in body.get("errors", [])]


def consents(*granted: str, refused: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    said = [(kind, True) for kind in granted] + [(kind, False) for kind in refused]
    return [{"kind": kind, "version": "2026-09", "granted": value} for kind, value in said]


BAD_REGISTRATIONS = [
    ({"consents": []}, "/consents"),
    ({"consents": consents("terms")}, "/consents"),
    ({"consents": consents("terms", refused=("privacy",))}, "/consents"),
    ({"consents": consents("terms", "privacy", "terms")}, "/consents/2"),
    ({"consents": consents("terms", "privacy", "world_domination")}, "/consents/2/kind"),
    ({"consents": [{"kind": "terms", "granted": True}]}, "/consents/0/version"),
    ({"consents": consents(*["terms"] * 11)}, "/consents"),
    ({"password": "short"}, "/password"),
    ({"password": ""}, "/password"),
    ({"password": "password123"}, "/password"),
    ({"password": "bad.input@example.org"}, "/password"),
    ({"password": "x" * 129}, "/password"),
    ({"email": "maya at example.org"}, "/email"),
    ({"email": "maya@example"}, "/email"),
    ({"email": "ma\u200bya@example.org"}, "/email"),
    ({"email": "m@" + "x" * 255 + ".org"}, "/email"),
    ({"email": 7}, "/email"),
    ({"time_zone": "Mars/Olympus"}, "/time_zone"),
    ({"time_zone": "../../etc/passwd"}, "/time_zone"),
    ({"time_zone": "x" * 65}, "/time_zone"),
    ({"birth_year": 2999}, "/birth_year"),
    ({"birth_year": 1700}, "/birth_year"),
    ({"birth_year": None}, "/birth_year"),
    ({"birth_year": 2012.5}, "/birth_year"),
    ({"display_name": ""}, "/display_name"),
    ({"display_name": " \t "}, "/display_name"),
    ({"display_name": "\u200b\u200b"}, "/display_name"),
    ({"display_name": "Maya\r\nadmin"}, "/display_name"),
    ({"display_name": "x" * 101}, "/display_name"),
    ({"role": "admin"}, "/role"),
    ({"role": "operator"}, "/role"),
    ({"language": "not a language!"}, "/language"),
    ({"tenant": "x" * 64}, "/tenant"),
    ({"roles": ["admin"]}, "/roles"),
    ({"address_proven": True}, "/address_proven"),
    ({"user_id": "mine"}, "/user_id"),
]


@pytest.mark.parametrize(("changes", "pointer"), BAD_REGISTRATIONS)
def test_a_registration_that_does_not_hold(
    host: RunningHost, changes: dict[str, Any], pointer: str
) -> None:
    """The one field that is wrong is named, and nobody is registered by it."""
    is_credential = Equals("kind", "credential")
    before = list(host.stored("credentials", is_credential))
    body = registration("bad.input@example.org") | changes
    answer = host.call("POST", "v1/users", token="", json=body)
    assert pointers(problem(answer, 400))[0] == pointer
    assert list(host.stored("credentials", is_credential)) == before


@pytest.mark.parametrize("tenant", ["no-such-school", "platform", "../demo", "DEMO", ""])
def test_nobody_registers_where_no_tenant_is(host: RunningHost, tenant: str) -> None:
    """A tenant that is not there, and the operators' own, are told alike."""
    body = registration("stray@example.org", tenant=tenant)
    answer = problem(host.call("POST", "v1/users", token="", json=body), 422)
    assert "no tenant" in answer["detail"]


def test_a_tenant_of_invited_people_takes_no_other(host: RunningHost) -> None:
    """Where registration is closed one is told to ask for an invitation."""
    host.make_tenant("closed")
    admin = host.token("admin", tenant="closed")
    closed = {"registration": "invited"}
    assert host.call("PATCH", "v1/tenants/closed", token=admin, json=closed).ok
    body = registration("stray@example.org", tenant="closed")
    assert "invit" in problem(host.call("POST", "v1/users", token="", json=body), 403)["detail"]


@pytest.mark.parametrize(
    "path", ["v1/users", "v1/token", "v1/token/refresh", "v1/invitations/accept"]
)
def test_bodies_that_are_none(host: RunningHost, path: str) -> None:
    """Too much, no JSON, another type and nothing at all are told apart on public routes."""

    def send(data: bytes, kind: str = "application/json") -> requests.Response:
        return host.call("POST", path, token="", data=data, headers={"Content-Type": kind})

    problem(send(b'{"tenant": "' + b"x" * 1024 * 1024 + b'"}'), 413)
    problem(send(b"{"), 400)
    problem(send(b""), 400)
    problem(send(b"[]"), 400)
    problem(send(b"null"), 400)
    problem(send(b'{"tenant": "\xff"}'), 400)
    problem(send(b"{}", "text/plain"), 415)
    assert len(pointers(problem(send(b"{}"), 400))) >= 1


@pytest.mark.parametrize(
    ("method", "path", "roles", "body", "status", "pointer"),
    [
        ("PATCH", "v1/users/me", ("learner",), {"time_zone": "Mars"}, 404, None),
        ("PATCH", "v1/users/me", ("learner",), {"roles": ["admin"]}, 400, "/roles"),
        ("PATCH", "v1/users/me", ("learner",), {"display_name": "  "}, 400, "/display_name"),
        ("PATCH", "v1/users/me", ("learner",), {"birth_year": 1990}, 400, "/birth_year"),
        ("PATCH", "v1/users/me", ("learner",), {"hidden": "perhaps"}, 400, "/hidden"),
        ("POST", "v1/users/me/password", ("learner",), {}, 400, "/present_password"),
        ("POST", "v1/tenants", ("operator",), {"code": "North", "name": "N"}, 400, "/code"),
        ("POST", "v1/tenants", ("operator",), {"code": "platform", "name": "N"}, 400, "/code"),
        ("POST", "v1/tenants", ("operator",), {"code": "n", "name": "\n"}, 400, "/name"),
        (
            "POST", "v1/tenants", ("operator",), {"code": "n", "name": "N", "consent_age": 40},
            400, "/consent_age",
        ),
        ("PATCH", "v1/tenants/demo", ("admin",), {"time_zone": "Mars"}, 400, "/time_zone"),
        ("PATCH", "v1/tenants/demo", ("admin",), {"code": "other"}, 400, "/code"),
        ("PATCH", "v1/tenants/rival", ("admin",), {"name": "Mine"}, 404, None),
        ("GET", "v1/tenants/rival", ("admin",), None, 404, None),
        (
            "POST", "v1/tenants/demo/invitations", ("admin",), {"email": "x", "roles": ["admin"]},
            400, "/email",
        ),
        (
            "POST", "v1/tenants/demo/invitations", ("admin",), {"email": "a@b.org", "roles": []},
            400, "/roles",
        ),
        (
            "POST", "v1/tenants/demo/invitations", ("admin",),
            {"email": "a@b.org", "roles": ["king"]}, 400, "/roles/0",
        ),
        (
            "POST", "v1/tenants/demo/invitations", ("admin",),
            {"email": "a@b.org", "roles": ["operator"]}, 403, None,
        ),
        ("POST", "v1/family-links", ("parent",), {"code": ""}, 400, "/code"),
        ("POST", "v1/family-links", ("parent",), {"code": "WRNG-WRNG-WRNG"}, 404, None),
        ("POST", "v1/family-codes", ("learner",), {}, 404, None),
        (
            "POST", "v1/consents", ("learner",), {"kind": "x", "version": "1", "granted": True},
            400, "/kind",
        ),
        ("GET", "v1/users?role=king", ("admin",), None, 400, "role"),
        ("GET", "v1/users?limit=0", ("admin",), None, 400, "limit"),
        ("GET", "v1/audit?since=yesterday", ("admin",), None, 400, "since"),
        ("GET", "v1/audit?since=2026-03-01T00:00:00", ("admin",), None, 400, "since"),
        ("GET", "v1/audit?continuation=nonsense", ("admin",), None, 400, None),
        ("GET", "v1/audit?colour=red", ("admin",), None, 400, "colour"),
        ("DELETE", "v1/invitations/not-an-id", ("admin",), None, 404, None),
        ("DELETE", "v1/family-links/not-an-id", ("parent",), None, 404, None),
    ],
)  # fmt: skip
def test_other_requests_that_do_not_hold(
    host: RunningHost, method: str, path: str, roles: Any, body: Any, status: int,
    pointer: str | None,
) -> None:  # fmt: skip
    """Each route names the field or says that nothing is there, and nothing breaks."""
    tenant = "platform" if "operator" in roles else "demo"
    token = host.token(*roles, tenant=tenant, user="of-the-requests")
    answer = problem(host.call(method, path, token=token, json=body), status)
    assert pointers(answer)[:1] == ([pointer] if pointer else [])


def test_a_role_is_named_that_an_admin_leaves_out(host: RunningHost) -> None:
    """Nobody is left without a role, nobody is made an operator, and nobody unknown is changed."""
    made = host.call("POST", "v1/users", token="", json=registration("left.out@example.org"))
    path, admin = f"v1/users/{made.json()['user']['user_id']}", host.token("admin")
    assert pointers(problem(host.call("PATCH", path, token=admin, json={"roles": []}), 400)) == [
        "/roles"
    ]
    problem(host.call("PATCH", path, token=admin, json={"roles": ["operator"]}), 403)
    problem(host.call("PATCH", path, token=admin, json={"status": "erased"}), 400)
    stranger = "v1/users/00000000-0000-4000-8000-000000000000"
    problem(host.call("PATCH", stranger, token=admin, json={"status": "active"}), 404)
    problem(host.call("GET", path, token=host.token("admin", tenant="rival")), 404)


def test_who_waits_is_told_how_long(host: RunningHost) -> None:
    """Too many wrong passwords answer 429 with Retry-After, the right one as well, never 401."""
    email = "attacked@example.org"
    assert host.call("POST", "v1/users", token="", json=registration(email)).status_code == 201

    def sign_in(password: str, address: str = email) -> requests.Response:
        body = {"tenant": "demo", "email": address, "password": password}
        return host.call("POST", "v1/token", token="", json=body)

    unknown = [sign_in("wrong password", "unknown@example.org") for _ in range(7)]
    wrong = [sign_in("wrong password") for _ in range(6)] + [sign_in(PASSWORD)]
    for answers in (wrong, unknown):
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
        assert all(1 <= int(answer.headers["Retry-After"]) <= 15 for answer in answers[5:])
    for one, other in zip(wrong, unknown, strict=True):
        ignored = ("request_id",)
        bodies = [{k: v for k, v in a.json().items() if k not in ignored} for a in (one, other)]
        assert bodies[0] == bodies[1]
