"""A family on the running host: from registering to what others see, and out again."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.journeys.test_repeated_registration import PASSWORD, registration
from tests.running_host import RunningHost

NEW_PASSWORD = "five words nobody knows"


class Person:
    """Somebody on the host, with the tokens they have at present."""

    def __init__(self, host: RunningHost, email: str, **more: Any) -> None:
        self.host, self.email = host, email
        body = registration(email, **more)
        self.take(host.call("POST", "v1/users", token="", json=body), 201)

    def take(self, answer: requests.Response, status: int) -> None:
        """Take the tokens of an answer."""
        assert answer.status_code == status, answer.text
        pair = answer.json()
        self.user_id = str(pair["user"]["user_id"])
        self.access, self.refresh = str(pair["access_token"]), str(pair["refresh_token"])

    def sign_in(self, password: str = PASSWORD) -> requests.Response:
        body = {"tenant": "demo", "email": self.email.upper(), "password": password}
        return self.host.call("POST", "v1/token", token="", json=body)

    def renew(self) -> requests.Response:
        body = {"refresh_token": self.refresh}
        return self.host.call("POST", "v1/token/refresh", token="", json=body)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.host.call(method, path, token=self.access, **more)

    def done(self, method: str, path: str, status: int, **more: Any) -> Any:
        """The body of an answer that has this status."""
        answer = self.call(method, path, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def maya(host: RunningHost) -> Person:
    """A minor."""
    return Person(host, "maya.j@example.org", display_name="Maya J.", time_zone="Europe/Berlin")


@pytest.fixture(scope="module")
def parent(host: RunningHost) -> Person:
    """A parent."""
    return Person(host, "parent.j@example.org", role="parent", birth_year=1985)


def seen(host: RunningHost, person: Person, *roles: Any) -> dict[str, Any]:
    """Somebody's account as others see it."""
    found: dict[str, Any] = host.get(f"v1/users/{person.user_id}", token=host.token(*roles))
    return found


def test_a_family_from_registration_to_consent(
    host: RunningHost, maya: Person, parent: Person
) -> None:
    """A minor registers, signs in and refreshes; a parent is linked by code and agrees; from
    then on a mentor sees who the minor is, until the link ends."""
    me = maya.done("GET", "v1/users/me", 200)
    assert (me["display_name"], me["roles"], me["tenant"]) == ("Maya J.", ["learner"], "demo")
    assert "password" not in str(me)
    maya.take(maya.sign_in(), 200)
    used = maya.refresh
    maya.take(maya.renew(), 200)
    assert maya.refresh != used

    assert parent.call("GET", f"v1/users/{maya.user_id}").status_code == 404
    code = maya.done("POST", "v1/family-codes", 201, json={})["code"]
    typed = {"code": code.lower().replace("-", " ").replace("0", "o")}
    link = parent.done("POST", "v1/family-links", 201, json=typed)
    assert (link["learner_id"], link["active"]) == (maya.user_id, True)
    assert parent.call("POST", "v1/family-links", json=typed).status_code == 404
    assert parent.done("GET", f"v1/users/{maya.user_id}", 200)["display_name"] == "Maya J."
    assert [each["id"] for each in maya.done("GET", "v1/family-links", 200)["items"]] == [
        link["id"]
    ]

    unseen = seen(host, maya, "mentor")
    assert [unseen[name] for name in ("display_name", "email", "birth_year")] == [None] * 3
    assert seen(host, maya, "admin")["display_name"] == "Maya J."
    consent = {"user_id": maya.user_id, "kind": "being_shown", "version": "1", "granted": True}
    said = parent.done("POST", "v1/consents", 201, json=consent)
    assert (said["given_by"], said["user_id"]) == (parent.user_id, maya.user_id)
    assert seen(host, maya, "mentor")["display_name"] == "Maya J."
    listed = {p["user_id"]: p for p in host.all_of("v1/users", token=host.token("mentor"))}
    assert listed[maya.user_id]["shown"]
    assert parent.user_id not in listed
    path = f"v1/consents?user_id={maya.user_id}"
    assert [each["what"] for each in parent.done("GET", path, 200)["items"]].count(
        "being_shown"
    ) == 1

    assert maya.call("DELETE", f"v1/family-links/{link['id']}").status_code == 204
    assert parent.call("GET", f"v1/users/{maya.user_id}").status_code == 404
    assert parent.call("POST", "v1/consents", json=consent).status_code == 404
    assert seen(host, maya, "mentor")["display_name"] is None


def test_an_account_is_changed_with_its_etag(maya: Person) -> None:
    """A change with the etag that was read is made once; the same etag again is stale."""
    etag = maya.call("GET", "v1/users/me").headers["ETag"]
    change = {"json": {"hidden": True}, "headers": {"If-Match": etag}}
    answer = maya.call("PATCH", "v1/users/me", **change)
    assert (answer.status_code, answer.json()["hidden"]) == (200, True)
    assert answer.headers["ETag"] != etag
    stale = {"json": {"hidden": False}, "headers": {"If-Match": etag}}
    assert maya.call("PATCH", "v1/users/me", **stale).status_code == 412
    weak = {"json": {"hidden": False}, "headers": {"If-Match": f"W/{answer.headers['ETag']}"}}
    assert maya.call("PATCH", "v1/users/me", **weak).status_code == 412
    now = {"json": {"hidden": False}, "headers": {"If-Match": answer.headers["ETag"]}}
    assert maya.done("PATCH", "v1/users/me", 200, **now)["hidden"] is False


def test_a_refresh_token_that_comes_twice_ends_its_sign_in(maya: Person) -> None:
    """A lost answer is asked for again with the key; a copy without it ends the sign-in."""
    maya.take(maya.sign_in(), 200)
    used, key = {"refresh_token": maya.refresh}, {"Idempotency-Key": "lost-answer-of-maya"}
    answers = [
        maya.host.call("POST", "v1/token/refresh", token="", json=used, headers=key)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    maya.take(answers[1], 200)
    copy = maya.host.call("POST", "v1/token/refresh", token="", json=used)
    assert copy.status_code == 401
    assert copy.headers["WWW-Authenticate"] == "Bearer"
    assert maya.renew().status_code == 401
    maya.take(maya.sign_in(), 200)


@pytest.mark.parametrize("everywhere", [False, True])
def test_signing_out(maya: Person, everywhere: bool) -> None:
    """One sign-in ends, or all; a token that does not hold ends nothing and is no error."""
    maya.take(maya.sign_in(), 200)
    other = maya.refresh
    maya.take(maya.sign_in(), 200)
    body = {"refresh_token": maya.refresh, "everywhere": everywhere}
    for sent in (body, body, {"refresh_token": "nonsense"}, {"refresh_token": maya.access}):
        answer = maya.host.call("POST", "v1/token/revoke", token="", json=sent)
        assert answer.status_code == 204
    assert maya.renew().status_code == 401
    maya.refresh = other
    assert maya.renew().status_code == (401 if everywhere else 200)


def test_a_suspended_person_stays_out(host: RunningHost) -> None:
    """Once suspended nobody signs in, refreshes or registers in again; active again they do."""
    sam = Person(host, "sam.j@example.org")
    path, admin = f"v1/users/{sam.user_id}", host.token("admin")
    body = {"status": "suspended", "reason": "asked to"}
    assert host.call("PATCH", path, token=admin, json=body).json()["status"] == "suspended"
    assert sam.renew().status_code == 401
    refused = sam.sign_in()
    assert (refused.status_code, "suspended" in refused.json()["detail"]) == (403, True)
    assert sam.sign_in("not the password at all").status_code == 401
    assert host.call("PATCH", path, token=admin, json={"status": "active"}).ok
    sam.take(sam.sign_in(), 200)


def test_a_suspended_person_cannot_repeat_the_registration(host: RunningHost) -> None:
    """The request of the registration, sent again with its key, is no way in."""
    body, key = (
        registration("repeat.j@example.org"),
        {"Idempotency-Key": "suspended-1"},
    )
    made = host.call("POST", "v1/users", token="", json=body, headers=key).json()["user"]
    path = f"v1/users/{made['user_id']}"
    assert host.call("PATCH", path, token=host.token("admin"), json={"status": "suspended"}).ok
    again = host.call("POST", "v1/users", token="", json=body, headers=key)
    assert again.status_code == 403


def test_a_password_is_changed(host: RunningHost) -> None:
    """The old password and every sign-in are worth nothing, the new one opens."""
    pat = Person(host, "pat.j@example.org")
    wrong = {"present_password": "not the password at all", "new_password": NEW_PASSWORD}
    assert pat.call("POST", "v1/users/me/password", json=wrong).status_code == 403
    weak = {"present_password": PASSWORD, "new_password": "password123"}
    answer = pat.call("POST", "v1/users/me/password", json=weak)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/new_password"]
    body = {"present_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert pat.call("POST", "v1/users/me/password", json=body).status_code == 204
    assert pat.renew().status_code == 401
    assert pat.sign_in().status_code == 401
    pat.take(pat.sign_in(NEW_PASSWORD), 200)


def test_all_of_it_is_in_the_audit_log(host: RunningHost) -> None:
    """An admin finds what was done to somebody's data, by whom, with the request's id; the log
    holds no id, name or address in clear."""
    zoe = Person(host, "zoe.j@example.org", display_name="Zoe J.")
    other = Person(host, "other.j@example.org", role="parent", birth_year=1985)
    code = zoe.done("POST", "v1/family-codes", 201, json={})["code"]
    link = other.done("POST", "v1/family-links", 201, json={"code": code})
    consent = {"user_id": zoe.user_id, "kind": "being_shown", "version": "1", "granted": True}
    other.done("POST", "v1/consents", 201, json=consent)
    other.done("GET", f"v1/users/{zoe.user_id}", 200)
    zoe.done("PATCH", "v1/users/me", 200, json={"hidden": True})
    zoe.done("DELETE", f"v1/family-links/{link['id']}", 204)
    admin = host.token("admin")
    done = {
        "family.code", "family.link", "consent.record", "account.read", "account.change",
        "family.revoke",
    }  # fmt: skip

    def found() -> list[Any]:
        return host.all_of("v1/audit", token=admin, subject_id=zoe.user_id.upper())

    host.wait_for(lambda: done <= {entry["action"] for entry in found()}, "the audit log")
    log = found()
    assert [entry["action"] for entry in log].count("account.read") == 1
    assert [entry["at"] for entry in log] == sorted((e["at"] for e in log), reverse=True)
    assert all(entry["request_id"] for entry in log)
    for clear in (zoe.user_id, other.user_id, "zoe.j", "Zoe J.", "other.j"):
        assert clear not in str(log)
    by_other = host.all_of("v1/audit", token=admin, actor_id=other.user_id)
    assert {entry["action"] for entry in by_other} == {
        "family.link", "consent.record", "account.read",
    }  # fmt: skip
    later = host.all_of("v1/audit", token=admin, subject_id=zoe.user_id, since=log[1]["at"])
    assert [entry["id"] for entry in later] == [entry["id"] for entry in log[:2]]
    rival = host.token("admin", tenant="rival")
    assert host.all_of("v1/audit", token=rival, subject_id=zoe.user_id) == []
