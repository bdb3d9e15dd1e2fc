"""A learner's journey by HTTP: answers, completion, XP that shows, what parents and admins do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.models.learning import CONTAINERS, SUBJECTS
from tests.journeys.travellers import Learner, Person, link
from tests.peers.lrs import KEY, SECRET, RecordStorePeer, record_store
from tests.running_host import RunningHost

VERBS = "http://adlnet.gov/expapi/verbs/"


@pytest.fixture(scope="module")
def store() -> Iterator[RecordStorePeer]:
    with record_store() as peer:
        yield peer


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, store: RecordStorePeer) -> Iterator[RunningHost]:
    """A running host that passes statements on to a record store."""
    settings = {
        "WAYMARK_LRS_ENDPOINT": store.endpoint,
        "WAYMARK_LRS_KEY": KEY,
        "WAYMARK_LRS_SECRET": SECRET,
    }
    made = RunningHost(tmp_path_factory.mktemp("home"), environment=settings)
    made.make_tenant("demo")
    made.make_tenant("rival")
    with made:
        yield made


def test_a_whole_journey_pays_what_was_foretold(host: RunningHost, store: RecordStorePeer) -> None:
    """Every answer, lesson and perfect score; the profile shows it, the store has it stated."""
    learner = Learner(host)
    foretold = 0
    for container in CONTAINERS:
        foretold += learner.lessons(container)
        foretold += learner.complete(container)["xp"]
    done = learner.complete()
    assert done["total"]["score"] == 100
    summary = learner.get(f"journeys/{learner.session}/summary")
    assert summary["xp"] == foretold == 36 * 10 + 12 * (20 + 50)
    assert {each["subject"] for each in summary["mastered"]} == set(SUBJECTS)
    learner.wait_for_xp(foretold)
    expected = {"journey_1", "perfect_10", "skill_1", "level_5"}
    host.wait_for(lambda: expected <= learner.badges(), "the achievements", 30)
    profile = learner.profile()
    more = sum(
        row["amount"]
        for category in ("achievement", "streak")
        for row in host.all_of("v1/game/transactions", token=learner.token, category=category)
    )
    assert learner.profile() == profile, "something was earned after all that is expected"
    assert profile["xp"] == profile["balance"] == foretold + more
    assert profile["level_xp"] <= profile["xp"] < profile["next_level_xp"]
    assert profile["tier"] == "silver"
    assert profile["streak"]["days"] in {1, 2}  # its two hours may lie about midnight
    assert profile["time_zone"] == "Europe/Berlin"

    def stated() -> bool:
        found = learner.get("xapi/statements", verb=f"{VERBS}completed")["statements"]
        return len(found) == 4 and all(each["id"] in store.statements for each in found)

    host.wait_for(stated, "the statements to be passed on", 30)

    def told() -> bool:
        return any(
            "You reached level" in each["text"] for each in learner.get("notifications")["items"]
        )

    host.wait_for(told, "the learner to be told", 30)


def test_answers_are_counted_once(host: RunningHost) -> None:
    """By attempt, by try, and by request."""
    learner = Learner(host)
    wrong, right = learner.answer("q", correct=False), learner.answer("q")
    first = learner.send(wrong, right)
    assert [each["xp"] for each in first["results"]] == [0, 5]
    again = learner.send(wrong, right, learner.answer("q"))
    assert [each["outcome"] for each in again["results"]] == ["repeated", "repeated", "new"]
    assert again["results"][2]["practice"]
    assert again["xp"] == 0
    learner.wait_for_xp(5)
    history = learner.get(f"journeys/{learner.session}/attempts")["items"]
    assert [(each["attempt"], each["correct"]) for each in history] == [
        (1, False), (2, True), (3, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"container": "PLAY"}, "/attempts/0/container"),
        ({"subject": "Art"}, "/attempts/0/subject"),
        ({"duration_ms": -1}, "/attempts/0/duration_ms"),
        ({"attempt_id": "1"}, "/attempts/0/attempt_id"),
        ({"answered_at": "2026-01-01T00:00:00"}, "/attempts/0/answered_at"),
        ({"question_id": "a b"}, "/attempts/0/question_id"),
        ({"xp": 1000}, "/attempts/0/xp"),
    ],
)
def test_a_wrong_answer_form_names_its_field(
    host: RunningHost, change: dict[str, Any], where: str
) -> None:
    """400 says which field of which answer, and nothing is taken."""
    learner = Learner(host)
    sent = [learner.answer("q") | change]
    answer = learner.call("POST", f"journeys/{learner.session}/attempts", {"attempts": sent})
    assert answer.status_code == 400
    assert where in {each["pointer"] for each in answer.json()["errors"]}
    assert learner.get(f"journeys/{learner.session}")["answers"] == 0


def test_too_many_answers_and_none_are_refused(host: RunningHost) -> None:
    """One to twenty a request."""
    learner = Learner(host)
    learner.send(status=400)
    learner.send(*(learner.answer(f"q{n}") for n in range(21)), status=400)
    assert learner.send(*(learner.answer(f"q{n}") for n in range(20)))["xp"] == 200


def test_what_cannot_be_completed_says_what_is_missing(host: RunningHost) -> None:
    """The subjects of a container, the containers of a journey; a container that is none."""
    learner = Learner(host)
    learner.send(learner.answer("q"))
    path = f"journeys/{learner.session}"
    missing = learner.post(f"{path}/containers/LEARN/complete", status=409)["detail"]
    assert missing.endswith("ELA, Science, Social Studies")
    assert "LEARN, EXPERIENCE, DISCOVER" in learner.post(f"{path}/complete", status=409)["detail"]
    assert "LEARN" in learner.post(f"{path}/containers/PLAY/complete", status=404)["detail"]


def test_hints_are_free_and_then_cost(host: RunningHost) -> None:
    """Ten, then five XP each; a request that comes again costs once."""
    learner = Learner(host)
    learner.send(learner.answer("q"))
    learner.wait_for_xp(10)
    body = {"question_id": "q"}
    for left in range(9, -1, -1):
        assert learner.post("game/hints", body)["free_hints_remaining"] == left
    before = learner.profile()
    key = {"Idempotency-Key": "one"}
    paid = learner.post("game/hints", body, headers=key)
    assert (paid["price"], paid["balance"]) == (5, before["balance"] - 5)
    assert learner.post("game/hints", body, headers=key) == paid
    after = learner.profile()
    assert (after["xp"], after["balance"]) == (before["xp"], before["balance"] - 5)
    while learner.profile()["balance"] >= 5:
        learner.post("game/hints", body)
    assert "free" in learner.post("game/hints", body, 409)["detail"]


def test_a_held_award_is_paid_by_a_mentor(host: RunningHost) -> None:
    """It is listed, approved once, and shows in the ledger."""
    learner, mentor = Learner(host), Person(host, "mentor")
    learner.send(learner.answer("fast", duration_ms=200), learner.answer("slow"))
    learner.wait_for_xp(10)
    (review,) = [
        each for each in mentor.get("game/reviews", limit="100")["items"]
        if each["user"] == learner.user
    ]  # fmt: skip
    assert review["held"] == "too_fast"
    path = f"game/reviews/{review['review_id']}/decision"
    body = {"user": learner.user, "decision": "approved"}
    assert mentor.post(path, body)["transaction"]["amount"] == 10
    assert "before" in mentor.post(path, body, 409)["detail"]
    learner.wait_for_xp(20)
    learner.call("POST", path, body)
    assert learner.call("POST", path, body).status_code == 403


def test_an_admin_corrects_and_reconciles(host: RunningHost) -> None:
    """The entry and its bonuses are taken back; the ledger adds up before and after."""
    learner, admin = Learner(host), Person(host, "admin")
    learner.send(*(learner.answer(f"q{n}") for n in range(3)))
    learner.wait_for_xp(30)
    entry = next(
        row
        for row in learner.get("game/transactions", category="learning")["items"]
        if row["sequence"] == 1
    )
    body = {
        "user": learner.user,
        "transaction_id": entry["transaction_id"],
        "reason": "a wrong key",
    }
    done = admin.post("game/corrections", body)
    assert done["transactions"][0]["amount"] == -10
    assert done["transactions"][0]["reverses"] == entry["transaction_id"]
    assert "before" in admin.post("game/corrections", body, 409)["detail"]
    found = admin.post("game/reconciliations", {"user": learner.user, "repair": True})
    assert (found["drifts"], found["breaks"], found["repaired"]) == ([], [], False)
    assert found["balance"] == done["balance"] == learner.profile()["balance"]
    own = {"user": admin.user, "repair": True}
    assert "own XP" in admin.post("game/reconciliations", own, 403)["detail"]


def test_parents_see_their_children_and_override(host: RunningHost) -> None:
    """While the link holds; strangers see nothing of it."""
    learner, parent, stranger = Learner(host), Person(host, "parent"), Person(host, "parent")
    link(host, learner, parent)
    learner.send(learner.answer("a", correct=False), learner.answer("b", correct=False))
    (skill,) = parent.get("learning/remediation", user=learner.user)["items"]
    assert skill["remediation"]["why"] == "wrong_in_a_row"
    assert parent.get(f"journeys/{learner.session}")["answers"] == 2
    body = {
        "user": learner.user,
        "what": "skill_mastered",
        "skill_id": skill["skill_id"],
        "reason": "practised at home",
    }
    stranger.post("learning/overrides", body, 404)
    stranger.get(f"journeys/{learner.session}", 404)
    done = parent.post("learning/overrides", body, 201)
    assert (done["before"], done["by_role"]) == ("not mastered", "parent")
    assert learner.get("learning/remediation")["items"] == []
    assert learner.get("learning/overrides")["items"] == [done]
    link(host, learner, parent, active=False)
    parent.post("learning/overrides", body, 404)
    parent.get("game/profile", 404, user=learner.user)


def test_progress_is_kept_with_its_etag(host: RunningHost) -> None:
    """A record is made, grows, and refuses a report on what it no longer is."""
    learner = Learner(host)
    path = "progress/intro-video"
    made = learner.call("PATCH", path, {"content_type": "video", "percent": 40})
    assert made.status_code == 200
    assert made.json()["status"] == "in_progress"
    match = {"If-Match": made.headers["ETag"]}
    body = {"percent": 100, "time_spent_seconds": 60}
    done = learner.call("PATCH", path, body, headers=match)
    assert (done.json()["status"], done.json()["time_spent_seconds"]) == ("completed", 60)
    assert learner.call("PATCH", path, body, headers=match).status_code == 412
    assert learner.call("PATCH", "progress/new", {"percent": 1}).status_code == 400
    assert learner.call("PATCH", "progress/a%20b", body).status_code == 400
    (listed,) = learner.get("progress", user=learner.user)["items"]
    assert listed == done.json()


def test_devices_share_what_they_changed(host: RunningHost) -> None:
    """The latest write wins, and the other device is told of the conflict."""
    learner = Learner(host)
    path = f"journeys/{learner.session}/sync"
    now = datetime.now(UTC)

    def sync(device: str, value: Any, ago: int, base: int = 0) -> Any:
        moment = (now - timedelta(seconds=ago)).isoformat()
        field = {"value": value, "changed_at": moment}
        body = {"device_id": device, "base_version": base, "fields": {"position": field}}
        return learner.post(path, body)

    assert sync("phone", {"question": 7}, 10)["version"] == 1
    late = sync("tablet", {"question": 4}, 60)
    assert late["fields"]["position"]["value"] == {"question": 7}
    assert late["conflicts"] == [
        {
            "field": "position",
            "kept": {"question": 7},
            "discarded": {"question": 4},
            "winner_device": "phone",
        }
    ]
    large = {"device_id": "p", "fields": {"draft": {"value": "x" * 3000, "changed_at": str(now)}}}
    learner.post(path, large, 400)


def test_a_streak_repair_runs_in_the_background(host: RunningHost) -> None:
    """It is asked for once, and can be followed."""
    admin = Person(host, "admin")
    body = {"first_day": "2026-11-02", "last_day": "2026-11-03", "reason": "the house was down"}
    key = {"Idempotency-Key": "repair"}
    begun = admin.post("game/streak-repairs", body, 202, headers=key)
    assert admin.post("game/streak-repairs", body, 202, headers=key) == begun
    path = f"game/streak-repairs/{begun['repair_id']}"
    host.wait_for(lambda: admin.get(path)["state"] == "done", "the repair", 30)
    admin.post("game/streak-repairs", body | {"last_day": "2026-12-03"}, 400)


def test_pages_of_statements_follow_each_other(host: RunningHost) -> None:
    """`more` leads from page to page to the end, with the filters it was asked with."""
    learner = Learner(host)
    learner.send(*(learner.answer(f"q{n}") for n in range(7)))

    def stated() -> bool:
        found = learner.get("xapi/statements", limit="100", verb=f"{VERBS}answered")
        return len(found["statements"]) == 7

    host.wait_for(stated, "the statements", 30)
    answer = learner.call(
        "GET",
        "xapi/statements",
        params={"limit": "3", "verb": f"{VERBS}answered", "ascending": "true"},
    )
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    page, seen = answer.json(), []
    while True:
        seen += [each["object"]["definition"]["name"]["en"] for each in page["statements"]]
        if not page["more"]:
            break
        page = learner.call("GET", page["more"].removeprefix("/api/v1/")).json()
    assert sorted(seen) == [f"q{n}" for n in range(7)]
