"""Runs files through the house on the Azure adapters; prints what came of them as JSON.

    python azure_house.py FOLDER

The environment names the services, as in the cloud. This is the host's part of it: it fires the
blob trigger for each file of FOLDER, delivers what Service Bus holds to the functions until
nothing is left, and calls HTTP routes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import azure.functions as func
from azure.functions.blob import InputStream
from azure.functions.servicebus import ServiceBusMessage
from azure.servicebus import (
    NEXT_AVAILABLE_SESSION,
    ServiceBusClient,
    ServiceBusReceivedMessage,
    ServiceBusReceiver,
)
from azure.servicebus.exceptions import OperationTimeoutError

from functions.profiler_complete.rules import statistics
from local.triggers import BlobFunction, BusFunction, Function, HttpFunction, load
from shared import runtime, topology
from shared.documents.port import Create
from shared.models.learning import SUBJECTS
from shared.models.question_bank import MODULES
from shared.models.roles import Role
from shared.models.tenant import PLATFORM, Tenant
from tests.flows.profiling import offers

TENANT = "demo"


def main() -> int:
    """Serve the folder named on the command line."""
    functions = load()
    stores = runtime.stores()
    tenant = Tenant(tenant_id=TENANT, name="Demo")
    stores.documents.commit("tenants", (TENANT,), [Create(tenant.stored())])
    blob_trigger = next(f for f in functions if isinstance(f, BlobFunction))
    for path in sorted(Path(sys.argv[1]).iterdir()):
        name = f"{TENANT}/{path.name}"
        stores.blobs.put("resumes", name, path.read_bytes())
        for _ in range(2):  # the host may tell of a blob twice
            blob_trigger.call(InputStream(data=b"", name=f"resumes/{name}"))
    with listening(functions) as listeners:
        deliver_all(listeners)
        answers = _answers(functions, listeners)
    sys.stdout.write(json.dumps(answers))
    return 0


def _answers(functions: list[Function], listeners: Listeners) -> dict[str, Any]:
    answers = {
        "intake": _get(functions, "intake_list"),
        "candidates": _get(functions, "candidates_search"),
        "notifications": _get(functions, "notifications_list"),
    }
    first = next(item for item in answers["intake"]["items"] if item["candidate_id"])
    answers["report"] = _get(functions, "intake_report", intake_id=first["intake_id"])
    answers["found"] = _get(
        functions,
        "candidates_search",
        query={"email": answers["candidates"]["items"][0]["emails"][0]},
    )
    other = next(
        item
        for item in answers["candidates"]["items"]
        if item["candidate_id"] != first["candidate_id"] and item["files"] == 1
    )
    answers["person"] = _live_and_erase(functions, listeners, other)
    return answers


def _live_and_erase(
    functions: list[Function], listeners: Listeners, candidate: dict[str, Any]
) -> dict[str, Any]:
    """Somebody registers with a candidate's address, signs in, takes their data along, and is
    erased by an admin with the candidate's profile; then what was erased is looked for again."""
    consents = [{"kind": k, "version": "1", "granted": True} for k in ("terms", "privacy")]
    secret = {"tenant": TENANT, "email": candidate["emails"][0], "password": "nobody guesses this"}
    person = _call(
        functions,
        "users_register",
        body={**secret, "display_name": "P", "birth_year": 2001, "consents": consents},
    )
    for _ in range(2):
        signed_in = _call(functions, "token_issue", body=secret)
    refreshed = _call(
        functions, "token_refresh", body={"refresh_token": signed_in["refresh_token"]}
    )
    wrong = _call(functions, "token_issue", body={**secret, "password": "wrong"}, status=401)
    me = _token(person["user"]["user_id"], "learner")
    profile = _profile(functions, listeners, me)
    played = _play(functions, listeners, me)
    led = _lead(functions, listeners, me)
    _call(functions, "users_me_export", token=me, status=202)
    deliver_all(listeners)
    export = _call(functions, "users_me_export", token=me)
    user_id = person["user"]["user_id"]
    _call(
        functions, "users_erase", token=_token("an-admin", "admin"), status=202,
        query={"candidate": "true"}, route={"user_id": user_id},
    )  # fmt: skip
    deliver_all(listeners)
    admin = _token("an-admin", "admin")
    gone = _call(functions, "users_read", token=admin, status=404, route={"user_id": user_id})
    erasure_id = runtime.current().pseudonyms.of(TENANT, "user", user_id)
    erasure = _call(functions, "erasures_read", token=admin, route={"erasure_id": erasure_id})
    operator = _token("op", "operator", tenant=PLATFORM)
    _call(functions, "erasures_replay", token=operator, status=202, body={})
    deliver_all(listeners)
    audit = _call(functions, "audit_list", token=admin, query={"limit": "100"})
    return {
        "refreshed": refreshed["user"],
        "profile": profile,
        "played": played,
        "led": led,
        "wrong": wrong["detail"],
        "export": export,
        "gone": gone["detail"],
        "erasure": erasure,
        "audit": [entry["action"] for entry in audit["items"]],
    }


def _profile(functions: list[Function], listeners: Listeners, me: str) -> dict[str, Any]:
    """Somebody goes through the profiler, and chooses another track than the recommended one."""
    started = _call(functions, "profiling_start", token=me, body={})
    route = {"session_id": started["session_id"]}
    for module in MODULES:
        body = {"answers": [vars(each) for each in offers(module)]}
        _call(functions, "profiling_answer", token=me, body=body, route=route)
    result = _call(functions, "profiling_complete", token=me, route=route)
    other = result["tracks"][1]
    chosen = {"accepted": False, "override_track_id": other["track_id"]}
    _call(functions, "profiler_accept", token=me, body=chosen, route=route)
    deliver_all(listeners)
    admin = _token("an-admin", "admin")
    return {
        "again": _call(functions, "profiling_start", token=me, body={}, status=409)["detail"],
        "chosen": other["track"],
        "plan": _call(functions, "profiling_blueprint", token=admin, route=route)["track"],
        "foundations": _call(functions, "foundations_status", token=me),
        "me": _call(functions, "users_me_read", token=me),
        "items": _call(functions, "profiler_items", token=admin, status=404)["detail"],
        "left_out": _statistics(started["bank_version"])["left_out"],
    }


def _play(functions: list[Function], listeners: Listeners, me: str) -> dict[str, Any]:
    """Somebody answers questions on a journey, and asks for more hints than are free."""
    course = {"grade_level": "5", "career": "Pilot", "companion": "Pip"}
    started = _call(functions, "journeys_start", token=me, body=course)
    route = {"session_id": started["session_id"]}
    answers = [
        {
            "attempt_id": str(uuid4()),
            "question_id": f"q{number}",
            "container": "LEARN",
            "subject": subject,
            "skill_id": f"skill-{number % 2}-{subject[:2]}",
            "correct": True,
            "duration_ms": 3000,
        }
        for subject in SUBJECTS
        for number in range(4)
    ]
    for part in (answers[:9], answers[9:], answers[:9]):
        _call(functions, "journeys_attempt", token=me, body={"attempts": part}, route=route)
    learn = {**route, "container": "LEARN"}
    done = _call(functions, "journeys_complete_container", token=me, route=learn)
    deliver_all(listeners)
    for _ in range(11):
        hint = _call(functions, "game_hint", token=me, body={"question_id": "q1"})
    spent = {"type": "spent"}
    return {
        "container_xp": done["xp"],
        "hint": hint,
        "profile": _call(functions, "game_profile", token=me),
        "spent": _call(functions, "game_transactions", token=me, query=spent)["items"],
        "transactions": _call(functions, "game_transactions", token=me, query={"limit": "100"}),
        "skills": _call(functions, "learning_skills", token=me, query={"limit": "100"}),
        "statements": _call(functions, "xapi_statements", token=me, query={"limit": "100"}),
        "told": _call(functions, "notifications_list", token=me),
    }


def _lead(functions: list[Function], listeners: Listeners, me: str) -> dict[str, Any]:
    """Somebody is recommended content by its vectors, clicks it, and goes on to the next."""
    admin = _token("an-admin", "admin")
    lessons = [
        {"content_type": "lesson", "content_id": f"l{at}", "title": title, "text": title,
         "tracks": ["defender", "grc"]}
        for at, title in enumerate(
            ["Deceptive mails", "Privacy law", "Firewall rules", "Baking sourdough bread"]
        )
    ]  # fmt: skip
    stored = _call(functions, "embeddings_store", token=admin, body={"items": lessons})
    asked = {"content_type": "lesson", "limit": 3}
    first = _call(functions, "recommendations_make", token=me, body=asked)
    top = {"content_type": "lesson", "content_id": first["items"][0]["content_id"]}
    clicked = _call(
        functions, "recommendations_engage", token=me,
        body={**top, "action": "clicked", "recommendation_id": first["recommendation_id"]},
    )  # fmt: skip
    route = {"progress_id": "p1"}
    _call(functions, "progress_update", token=me, body={**top, "percent": 100}, route=route)
    deliver_all(listeners)
    return {
        "stored": [each["outcome"] for each in stored["items"]],
        "first": first,
        "clicked": clicked["position"],
        "next": _call(functions, "recommendations_make", token=me, body=asked),
        "found": _call(
            functions, "content_search", token=me,
            query={"q": "phishing scams", "content_type": "lesson"},
        ),
        "traits": _call(functions, "personality_analyze", token=me, body={}),
    }  # fmt: skip


def _statistics(bank_version: str) -> dict[str, Any]:
    """How a bank's items were answered so far, released or not."""
    key = ("demo", bank_version)
    stored = runtime.stores().documents.get(statistics.CONTAINER, key, statistics.STATISTICS_ID)
    assert stored is not None
    return stored.body


@dataclass(frozen=True)
class Listeners:
    """What Service Bus holds is taken off by: a receiver for each function that has none of its
    own for each session, and the client for those that do."""

    client: ServiceBusClient
    plain: list[tuple[BusFunction, ServiceBusReceiver]]
    in_sessions: list[BusFunction]


@contextmanager
def listening(functions: list[Function]) -> Iterator[Listeners]:
    """A receiver for each function on the bus; opening them takes a while, so it is done once."""
    connection = os.environ["ServiceBus"]  # noqa: SIM112  the trigger's connection name
    receivers = topology.load().receivers
    with ServiceBusClient.from_connection_string(connection) as client:
        heard = [function for function in functions if isinstance(function, BusFunction)]
        plain = [
            (function, _receiver(client, function.entity))
            for function in heard
            if not receivers[function.entity].sessions
        ]
        with ThreadPoolExecutor(len(plain)) as pool:
            # opens the links, which takes longer than a wait below; closing takes a second each
            list(pool.map(lambda one: one[1].peek_messages(), plain))
            yield Listeners(client, plain, [f for f in heard if receivers[f.entity].sessions])
            list(pool.map(lambda one: one[1].close(), plain))


def deliver_all(listeners: Listeners) -> None:
    """Deliver every message to its function, the odd one twice, until none has come for a while."""
    quiet_until = time.monotonic() + 2
    with ThreadPoolExecutor(len(listeners.plain) + len(listeners.in_sessions)) as pool:
        while time.monotonic() < quiet_until:
            # they wait side by side, as a host's listeners do; one after the other takes minutes
            sessions = [
                pool.submit(_deliver_sessions, listeners.client, function)
                for function in listeners.in_sessions
            ]
            batches = list(pool.map(lambda plain: _received(plain[1]), listeners.plain))
            delivered = 0
            for (function, receiver), batch in zip(listeners.plain, batches, strict=True):
                # as long as it has some: what one tells of often comes back to it
                while batch:
                    delivered += _deliver(function, receiver, batch)
                    batch = _received(receiver)
            delivered += sum(session.result() for session in sessions)
            if delivered:
                quiet_until = time.monotonic() + 2


def _received(receiver: ServiceBusReceiver) -> list[ServiceBusReceivedMessage]:
    """What a receiver has at this moment."""
    return receiver.receive_messages(10, max_wait_time=0.2)


def _deliver(
    function: BusFunction, receiver: ServiceBusReceiver, batch: list[ServiceBusReceivedMessage]
) -> int:
    """Give messages to their function; returns how many that was."""
    for number, received in enumerate(batch):
        message = _as_trigger_gets_it(received)
        function.call(message)
        if number % 3 == 0:
            function.call(message)
        receiver.complete_message(received)
    return len(batch)


def _deliver_sessions(client: ServiceBusClient, function: BusFunction) -> int:
    """Deliver what a function's sessions have, one session after the other; returns how much."""
    delivered = 0
    while count := _deliver_session(client, function):
        delivered += count
    return delivered


def _deliver_session(client: ServiceBusClient, function: BusFunction) -> int:
    """Deliver what the next session has; 0 when no session has a message."""
    topic, _, subscription = function.entity.partition("/")
    receiver = client.get_subscription_receiver(
        topic, subscription, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1
    )
    try:
        with receiver:
            return _deliver(function, receiver, _received(receiver))
    except OperationTimeoutError:
        return 0


def _receiver(client: ServiceBusClient, entity: str) -> ServiceBusReceiver:
    topic, _, subscription = entity.partition("/")
    if subscription:
        return client.get_subscription_receiver(topic, subscription)
    return client.get_queue_receiver(entity)


def _as_trigger_gets_it(received: ServiceBusReceivedMessage) -> ServiceBusMessage:
    return ServiceBusMessage(
        body=b"".join(received.body),
        message_id=received.message_id or "",
        subject=received.subject,
        delivery_count=(received.delivery_count or 0) + 1,
        application_properties={},
        user_properties={},
    )


def _get(
    functions: list[Function], name: str, *, query: dict[str, str] | None = None, **route: str
) -> Any:
    token = _token("recruiter", "recruiter")
    return _call(functions, name, token=token, query=query, route=route)


def _token(user_id: str, role: Role, *, tenant: str = TENANT) -> str:
    return runtime.current().tokens.issue(
        user_id=user_id,
        tenant_id=tenant,
        roles=[role],
        now=datetime.now(UTC),
        lifetime=timedelta(minutes=5),
    )


def _call(
    functions: list[Function],
    name: str,
    *,
    token: str | None = None,
    query: dict[str, str] | None = None,
    body: Any = None,
    status: int | None = None,
    route: dict[str, str] | None = None,
) -> Any:
    function = next(f for f in functions if isinstance(f, HttpFunction) and f.name == name)
    headers = {"content-type": "application/json", "x-forwarded-for": "203.0.113.7:4711"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    answer = function.call(
        func.HttpRequest(
            method=next(iter(function.methods)),
            url=f"http://localhost/api/{function.route}",
            headers=headers,
            params=query or {},
            route_params=route or {},
            body=b"" if body is None else json.dumps(body).encode(),
        )
    )
    expected = {status} if status else {200, 201}
    assert answer.status_code in expected, (name, answer.status_code, answer.get_body())
    return json.loads(answer.get_body())


if __name__ == "__main__":
    sys.exit(main())
