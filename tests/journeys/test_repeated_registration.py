"""Registrations sent again, by the same person and by others, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import requests

from tests.running_host import RunningHost

PASSWORD = "four words nobody guesses"


def registration(email: str, **more: Any) -> dict[str, Any]:
    """A sound body of ``POST /api/v1/users``."""
    consents = [
        {"kind": kind, "version": "2026-09", "granted": True} for kind in ("terms", "privacy")
    ]
    sound = {
        "tenant": "demo",
        "email": email,
        "password": PASSWORD,
        "display_name": "Maya O.",
        "role": "learner",
        "birth_year": 2012,
        "consents": consents,
    }
    return sound | more


def register(host: RunningHost, body: dict[str, Any], key: str) -> requests.Response:
    """Register without a token, with an Idempotency-Key."""
    return host.call("POST", "v1/users", token="", json=body, headers={"Idempotency-Key": key})


def test_strangers_with_one_key_are_two_people(host: RunningHost) -> None:
    """Who sends the Idempotency-Key of somebody else's registration gets no part of theirs."""
    key = str(uuid4())
    first = register(host, registration("same.key.one@example.org", display_name="One"), key)
    second = register(host, registration("same.key.two@example.org", display_name="Two"), key)
    assert (first.status_code, second.status_code) == (201, 201), second.text
    one, two = first.json()["user"], second.json()["user"]
    assert one["user_id"] != two["user_id"]
    assert two["display_name"] == "Two"
    assert two["email"] == "same.key.two@example.org"


def test_a_lost_answer_is_asked_for_again(host: RunningHost) -> None:
    """The same request with the same key signs the same person in again."""
    key, body = str(uuid4()), registration("again@example.org")
    answers = [register(host, body, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["user"]["user_id"] for answer in answers}) == 1
    assert len({answer.json()["refresh_token"] for answer in answers}) == 2


def test_a_key_with_another_request_is_refused(host: RunningHost) -> None:
    """The same person with the same key and another request is told so."""
    key = str(uuid4())
    assert register(host, registration("changed@example.org"), key).status_code == 201
    other = registration("changed@example.org", password="another one nobody guesses")
    answer = register(host, other, key)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]
