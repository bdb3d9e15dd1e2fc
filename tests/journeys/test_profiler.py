"""A learner's way by HTTP: from the first question to a track, and what others may see of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from functions.profiler_complete.rules import statistics
from functions.profiler_complete.rules.statistics import ItemCount, ItemStatistics, Released
from shared.documents.port import Create, Upsert
from shared.models import account, family
from shared.models.account import Account
from shared.models.family import FamilyLink
from shared.models.question_bank import MODULES
from tests.flows.profiling import BANK, offers
from tests.running_host import RunningHost

ENHANCED = "v1/profiling/enhanced/session"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Learner:
    """A learner with an account, who calls the running host."""

    def __init__(self, host: RunningHost, *, tenant: str = "demo") -> None:
        self.host, self.tenant, self.user = host, tenant, str(uuid4())
        self.token = host.token("learner", tenant=tenant, user=self.user)
        made = Account(
            tenant_id=tenant,
            user_id=self.user,
            display_name="Lena",
            roles=("learner",),
            created_at=NOW,
            updated_at=NOW,
        )
        host.documents.commit(account.CONTAINER, made.partition, [Create(made.stored())])

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        sent = {"token": self.token} | more
        return self.host.call(method, path, json=body, **sent)

    def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        answer = self.call("POST", path, body, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def start(self, status: int = 201, **body: Any) -> str:
        return str(self.post(ENHANCED, body, status)["session_id"])

    def answer(self, session_id: str, *modules: Any) -> Any:
        sent = [vars(each) for each in offers(*modules)]
        return self.post(f"{ENHANCED}/{session_id}/answers", {"answers": sent})

    def completed(self) -> str:
        session_id = self.start()
        self.answer(session_id)
        self.post(f"{ENHANCED}/{session_id}/complete")
        return session_id

    def account(self) -> Account:
        stored = self.host.documents.get(
            account.CONTAINER, (self.tenant, self.user), account.ACCOUNT_ID
        )
        assert stored is not None
        return Account.of(stored.body)


@pytest.fixture
def lena(host: RunningHost) -> Learner:
    return Learner(host)


def test_the_whole_way(host: RunningHost, lena: Learner) -> None:
    """Start, answer module by module, report time, complete, plan, accept, Foundations."""
    started = lena.call(
        "POST",
        ENHANCED,
        {"device_fingerprint": "f-1"},
        headers={"User-Agent": "Waymark tests", "X-Forwarded-For": "203.0.113.7, made up"},
    )
    assert started.status_code == 201
    session = started.json()
    path = f"{ENHANCED}/{session['session_id']}"
    assert (session["status"], session["attempt_count"]) == ("started", 1)
    for module in MODULES:
        served = host.get(f"{path}/questions", token=lena.token)
        assert (served["module"], served["state"]) == (module, "open")
        assert served["title"]
        assert served["introduction"]
        assert {each["question_id"] for each in served["questions"]} == {
            question.id for question in BANK.by_module[module]
        }
        assert "weight" not in str(served)
        assert "'key'" not in str(served)
        lena.answer(session["session_id"], module)
        spent = lena.post(
            "v1/profiler/update-progress",
            {
                "session_token": session["session_token"],
                "module_name": module,
                "time_spent_seconds": 3,
                "current_section": "end",
                "current_question_index": 5,
            },
        )
        assert spent["time_spent_per_module"][module] == 3
    assert host.get(path, token=lena.token)["status"] == "finished"

    result = lena.post(f"{path}/complete")
    assert (result["status"], result["recommended_track"]) == ("locked", "defender")
    assert 0 <= result["aptitude_score"] <= 100
    for track, percent in result["track_alignment_percentages"].items():
        explained = result["explanation"]
        total = explained["start"] + explained["baseline"][track]
        total += sum(each["points"][track] for each in explained["contributions"])
        assert total == pytest.approx(percent)
    assert host.get(f"{path}/result", token=lena.token) == result
    assert result["tracks"][0]["track"] == "defender"
    assert {each["track_id"] for each in result["tracks"]} == {
        track.track_id for track in BANK.tracks
    }

    plan = host.get(f"{path}/blueprint", token=lena.token)
    assert plan["track"] == "defender"
    assert plan["recommended"]
    assert plan["next_steps"]
    assert plan["value_statement"] == result["value_statement"]

    accepted = lena.post(
        f"v1/profiler/sessions/{session['session_id']}/accept-result", {"accepted": True}
    )
    assert (accepted["result_accepted"], accepted["track_key"]) == (True, "defender")

    first = host.get("v1/foundations/status", token=lena.token)
    assert first["foundations_available"]
    assert first["foundations_transition_at"] is not None
    assert host.get("v1/foundations/status", token=lena.token) == first

    host.wait_for(lambda: lena.account().profiling_complete, "the account to follow")
    followed = lena.account()
    assert (followed.profiling_session_id, followed.track_key) == (
        session["session_id"],
        "defender",
    )
    (telemetry,) = (
        body["payload"]
        for body in host.stored("profiling")
        if body["kind"] == "telemetry" and body["user_id"] == lena.user
    )
    assert telemetry["device_browser"] == {
        "user_agent": "Waymark tests",
        "device_fingerprint": "f-1",
        "ip_address": "127.0.0.1",
    }
    assert telemetry["time_spent_seconds"] > 0
    assert telemetry["integrity_flags"] == ["impossible_times"]
    assert telemetry["foundations_transition_at"] is not None


def test_a_session_goes_on_on_another_device(host: RunningHost, lena: Learner) -> None:
    """The second start answers 200 with what was answered, and where the learner was."""
    session_id = lena.start()
    lena.answer(session_id, "identity_value")
    again = lena.call("POST", ENHANCED, {})
    assert again.status_code == 200
    body = again.json()
    assert body["session_id"] == session_id
    assert len(body["answers"]) == len(BANK.by_module["identity_value"])
    assert body["current_module"] == "cyber_aptitude"


def test_two_devices_at_once_lose_nothing(host: RunningHost, lena: Learner) -> None:
    """Two clients that send their answers in the same moments are both heard."""
    session_id = lena.start()
    sent = [vars(each) for each in offers("identity_value")]

    def device(half: list[dict[str, Any]]) -> None:
        for each in half:
            lena.post(f"{ENHANCED}/{session_id}/answers", each)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(device, (sent[0::2], sent[1::2])))
    session = host.get(f"{ENHANCED}/{session_id}", token=lena.token)
    assert {each["question_id"] for each in session["answers"]} == {
        each["question_id"] for each in sent
    }


def test_bad_answers_say_what_is_wrong(lena: Learner) -> None:
    """400 with the place of each fault, 409 for a module that is not open yet."""
    session_id = lena.start()
    path = f"{ENHANCED}/{session_id}/answers"

    def pointers(*answers: dict[str, Any]) -> list[str]:
        problem = lena.post(path, {"answers": answers}, 400)
        return [each["pointer"] for each in problem["errors"]]

    good = {"question_id": "identity_traces", "selected_option": "agree", "response_time_ms": 5000}
    assert pointers(good | {"question_id": "nothing"}) == ["/answers/0/question_id"]
    assert pointers(good, good | {"question_id": "identity_stubborn", "selected_option": "x"}) == [
        "/answers/1/selected_option"
    ]
    assert pointers(good | {"response_time_ms": -1}) == ["/answers/0/response_time_ms"]
    for time in (True, "5000", 5000.5):
        assert pointers(good | {"response_time_ms": time})[0] == "/answers/0/response_time_ms"
    assert pointers(good | {"response_time_ms": 10**9}) == ["/answers/0/response_time_ms"]
    assert lena.post(path, {"answers": []}, 400)["errors"]
    assert lena.post(path, good | {"extra": 1}, 400)["errors"]
    later = {"question_id": "scenario_award", "selected_option": "a", "response_time_ms": 5000}
    assert "not open yet" in lena.post(path, later, 409)["detail"]
    assert lena.post(path, good)["new"] == ["identity_traces"]


def test_three_rapid_guesses_are_warned_of_live(lena: Learner) -> None:
    """The third answer that came too fast brings the warning."""
    session_id = lena.start()
    lena.answer(session_id, "identity_value")
    warnings = []
    for question in BANK.by_module["cyber_aptitude"][:3]:
        sent = {"question_id": question.id, "selected_option": "a", "response_time_ms": 700}
        answer = lena.post(f"{ENHANCED}/{session_id}/answers", sent)
        warnings.append(answer["warning"]["code"] if answer["warning"] else None)
    assert warnings == [None, None, "slow_down"]


def test_completing_too_early_names_the_open_modules(lena: Learner) -> None:
    """409, with a pointer for each module and its missing questions."""
    session_id = lena.start()
    lena.answer(session_id, *MODULES[:6])
    problem = lena.post(f"{ENHANCED}/{session_id}/complete", status=409)
    assert [each["pointer"] for each in problem["errors"]] == ["/modules/reflection"]


def test_what_is_locked_stays_locked(lena: Learner) -> None:
    """Answers, times, completion and a new start are 409; a keyed repeat gets its answer."""
    session_id = lena.start()
    lena.answer(session_id)
    path = f"{ENHANCED}/{session_id}"
    key = {"Idempotency-Key": str(uuid4())}
    first = lena.post(f"{path}/complete", headers=key)
    assert lena.post(f"{path}/complete", headers=key) == first
    lena.post(f"{path}/complete", status=409)
    good = {"question_id": "identity_traces", "selected_option": "agree", "response_time_ms": 5000}
    lena.post(f"{path}/answers", good, 409)
    assert session_id in lena.post(ENHANCED, {}, 409)["detail"]
    report = {"session_token": session_id, "module_name": "reflection", "time_spent_seconds": 1}
    lena.post("v1/profiler/update-progress", report, 409)


def test_another_learner_finds_nothing(host: RunningHost, lena: Learner) -> None:
    """404 for a classmate, a learner of another tenant, and another tenant's admin."""
    session_id = lena.completed()
    good = {"question_id": "identity_traces", "selected_option": "agree", "response_time_ms": 5000}
    for stranger in (Learner(host), Learner(host, tenant="rival")):
        for method, path, body in (
            ("GET", f"{ENHANCED}/{session_id}", None),
            ("GET", f"{ENHANCED}/{session_id}/questions", None),
            ("POST", f"{ENHANCED}/{session_id}/answers", good),
            ("POST", f"{ENHANCED}/{session_id}/complete", None),
            ("GET", f"{ENHANCED}/{session_id}/result", None),
            ("GET", f"{ENHANCED}/{session_id}/blueprint", None),
            ("POST", "v1/profiler/sync-fastapi", {"session_id": session_id}),
            ("POST", f"v1/profiler/sessions/{session_id}/accept-result", {"accepted": True}),
        ):
            assert stranger.call(method, path, body).status_code == 404, path
    foreign = host.token("admin", tenant="rival")
    reset = f"v1/profiler/sessions/{session_id}/reset"
    assert lena.call("POST", reset, {"reason": "why"}, token=foreign).status_code == 404
    assert host.call("GET", f"{ENHANCED}/{session_id}", token=foreign).status_code == 404
    assert host.call("GET", f"{ENHANCED}/not-a-uuid", token=lena.token).status_code == 404


def test_others_read_as_far_as_they_reach_and_are_written_down(
    host: RunningHost, lena: Learner
) -> None:
    """Mentor and admin read a learner's plan, a parent a linked child's; answers stay private."""
    session_id = lena.completed()
    path = f"{ENHANCED}/{session_id}"
    parent, mentor = str(uuid4()), str(uuid4())
    tokens = {
        "parent": host.token("parent", user=parent),
        "mentor": host.token("mentor", user=mentor),
        "admin": host.token("admin", user=str(uuid4())),
    }
    assert host.call("GET", f"{path}/blueprint", token=tokens["parent"]).status_code == 404
    link = FamilyLink(
        id=family.link_id_of("demo", lena.user, parent),
        tenant_id="demo",
        learner_id=lena.user,
        parent_id=parent,
        active=True,
        linked_at=NOW,
        updated_at=NOW,
    )
    host.documents.commit(family.CONTAINER, ("demo", lena.user), [Create(link.stored())])
    for token in tokens.values():
        assert host.get(f"{path}/blueprint", token=token)["track"] == "defender"
        result = host.get(f"{path}/result", token=token)
        assert result["session_id"] == session_id
        assert result["scenario_choices"] == result["explanation"]["contributions"] == []
        seen = host.get(path, token=token)
        assert (seen["status"], seen["answers"]) == ("locked", [])
    admin = tokens["admin"]
    entries = host.all_of("v1/audit", token=admin, subject_id=lena.user)
    assert sorted(entry["action"] for entry in entries) == [
        "profiling.blueprint", "profiling.blueprint", "profiling.blueprint", "profiling.read",
        "profiling.read", "profiling.read", "profiling.result", "profiling.result",
        "profiling.result",
    ]  # fmt: skip
    for role in ("mentor", "parent"):
        denied = lena.call(
            "POST", f"v1/profiler/sessions/{session_id}/reset", {"reason": "why"},
            token=tokens[role],
        )  # fmt: skip
        assert denied.status_code == 403


def test_an_older_client_is_served(host: RunningHost, lena: Learner) -> None:
    """Sync completes what is answered, reads no score of the client, and can be repeated."""
    session_id = lena.start()
    lena.answer(session_id)
    sent = {
        "session_id": session_id,
        "primary_track": "leadership",
        "track_alignment_percentages": {"leadership": 100},
        "recommendations": [{"track_id": "leadership", "score": 1.0}],
    }
    first = lena.post("v1/profiler/sync-fastapi", sent)
    assert (first["status"], first["track_key"]) == ("synced", "defender")
    assert first["profiling_complete"]
    assert lena.post("v1/profiler/sync-fastapi", sent) == first
    host.wait_for(lambda: lena.account().profiling_complete, "the account to follow")


def test_a_track_is_overridden_and_a_profile_reset(host: RunningHost, lena: Learner) -> None:
    """The learner's choice holds until an admin opens the next attempt, which is the second."""
    session_id = lena.completed()
    accept = f"v1/profiler/sessions/{session_id}/accept-result"
    grc = BANK.track["grc"].track_id
    lena.post(accept, {"accepted": True, "override_track_id": grc}, 400)
    lena.post(accept, {"accepted": False, "override_track_id": "nowhere"}, 400)
    assert lena.post(accept, {"accepted": False})["track_key"] is None
    chosen = lena.post(accept, {"accepted": False, "override_track_id": grc})
    assert (chosen["track_key"], chosen["recommended_track"]) == ("grc", "defender")
    plan = host.get(f"{ENHANCED}/{session_id}/blueprint", token=lena.token)
    assert (plan["track"], plan["recommended"]) == ("grc", False)
    host.wait_for(lambda: lena.account().track_key == "grc", "the account to follow")

    admin = host.token("admin", user=str(uuid4()))
    reset = f"v1/profiler/sessions/{session_id}/reset"
    lena.post(reset, {"reason": ""}, 400, token=admin)
    told = lena.post(reset, {"reason": "was ill on the day"}, token=admin)
    assert (told["attempt_count"], told["next_attempt"]) == (1, 2)
    lena.post(reset, {"reason": "again"}, 409, token=admin)
    host.wait_for(lambda: not lena.account().profiling_complete, "the account to follow")
    assert not host.get("v1/foundations/status", token=lena.token)["profiling_complete"]
    second = lena.start()
    assert second != session_id
    assert host.get(f"{ENHANCED}/{second}", token=lena.token)["attempt_count"] == 2
    assert host.get(f"{ENHANCED}/{session_id}", token=lena.token)["reset_at"] is not None
    entries = host.all_of("v1/audit", token=admin, subject_id=lena.user)
    noted = {(entry["action"], entry["reason"]) for entry in entries}
    assert ("profiling.override", "defender to grc") in noted
    assert ("profiling.reset", "was ill on the day") in noted


def test_editors_see_how_items_are_answered(host: RunningHost) -> None:
    """An admin reads counts of the tenant's own sessions once they are ten; a learner does not."""
    lena = Learner(host, tenant="rival")
    lena.completed()
    admin = host.token("admin", tenant="rival")
    of = {"bank_version": BANK.bank_version}

    def counted() -> ItemStatistics | None:
        stored = host.documents.get(statistics.CONTAINER, key, statistics.STATISTICS_ID)
        return None if stored is None else ItemStatistics.of(stored.body)

    key = ("rival", BANK.bank_version)
    host.wait_for(counted, "the items to be counted")
    assert host.call("GET", "v1/profiler/items", token=admin).status_code == 404
    found = counted()
    assert found is not None
    assert (found.sessions, found.left_out) == (0, 1)  # done in seconds, and so flagged
    ten = ItemCount(answers=10, seconds=400, options={"a": 4, "b": 6})
    released = Released(sessions=10, left_out=1, items={"aptitude_loop": ten}, at=NOW)
    body = found.model_copy(update={"released": released}).stored()
    host.documents.commit(statistics.CONTAINER, key, [Upsert(body)])
    shown = host.get("v1/profiler/items", token=admin, **of)
    assert (shown["sessions"], shown["left_out"]) == (10, 1)
    by_id = {each["question_id"]: each for each in shown["items"]}
    keyed = by_id["aptitude_loop"]
    assert (keyed["answers"], keyed["mean_seconds"]) == (10, 40)
    assert keyed["shares"] == {"a": 0.4, "b": 0.6}
    assert keyed["right"] == keyed["shares"].get(BANK.by_id["aptitude_loop"].key or "", 0)
    assert by_id["identity_matters"]["right"] is None
    assert lena.call("GET", "v1/profiler/items").status_code == 403


@pytest.fixture
def frail_host(tmp_path: Path) -> Iterator[RunningHost]:
    """A host of its own, to be killed."""
    running = RunningHost(tmp_path)
    running.make_tenant("demo")
    with running:
        yield running


def test_a_killed_host_has_lost_no_answer(frail_host: RunningHost) -> None:
    """What was answered before a kill -9 is there after it, and the session goes on to its end."""
    lena = Learner(frail_host)
    session_id = lena.start()
    for module in MODULES[:4]:
        lena.answer(session_id, module)
    frail_host.kill()
    frail_host.start()
    assert lena.start(200) == session_id
    session = frail_host.get(f"{ENHANCED}/{session_id}", token=lena.token)
    assert session["current_module"] == "work_style"
    lena.answer(session_id, *MODULES[4:])
    lena.post(f"{ENHANCED}/{session_id}/complete")
    frail_host.kill()
    frail_host.start()
    frail_host.wait_for(lambda: lena.account().profiling_complete, "the account to follow")
    assert frail_host.get(f"{ENHANCED}/{session_id}/result", token=lena.token)["status"] == "locked"
