"""A parent's way to the report of a journey, on a running host: told, listed, opened, closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import requests
from pypdf import PdfReader

from shared.models.learning import CONTAINERS
from tests.journeys.travellers import Learner, Person, link
from tests.running_host import RunningHost

NAME = "Jos\u00e9 O\u2019Neill-Wi\u015bniewski"


def ready(who: Person, session: str, version: int = 1) -> Any:
    """The report of a journey, once a version of it is ready."""
    found: list[Any] = []

    def is_ready() -> bool:
        answer = who.call("GET", f"journey-summaries/{session}")
        found[:] = [answer.json()]
        return answer.ok and answer.json()["version"] == version

    who.host.wait_for(is_ready, f"version {version} of a report")
    return found[0]


def opened(who: Person, session: str) -> requests.Response:
    """What a browser without a token gets by a link made just now."""
    url = who.post(f"journey-summaries/{session}/links", None, 201)["url"]
    return requests.get(url, timeout=30)


def words_of(answer: requests.Response) -> str:
    """What a report says, on one line."""
    pages = PdfReader(BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def travelled(host: RunningHost, **more: Any) -> Learner:
    """A learner who has completed a journey."""
    learner = Learner(host, **more)
    for container in CONTAINERS:
        learner.lessons(container)
        learner.complete(container)
    learner.complete()
    return learner


@pytest.fixture(scope="module")
def learner(host: RunningHost) -> Learner:
    return travelled(host, name=NAME)


@pytest.fixture(scope="module")
def parent(host: RunningHost, learner: Learner) -> Person:
    made = Person(host, "parent")
    link(host, learner, made)
    return made


def test_a_parent_finds_and_opens_the_report(
    host: RunningHost, learner: Learner, parent: Person
) -> None:
    """Completing the journey is all the learner does."""
    shown = ready(parent, learner.session)
    assert (shown["state"], shown["score"], shown["career"]) == ("ready", 100.0, "Pilot")
    (version,) = shown["versions"]
    answer = opened(parent, learner.session)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "inline" in answer.headers["Content-Disposition"]
    assert len(answer.content) == version["size"] < 300_000
    document = PdfReader(BytesIO(answer.content))
    assert len(document.pages) == version["pages"] in {2, 3, 4}
    assert document.metadata is not None
    assert document.metadata.title == f"Learning journey of {NAME}"
    text = words_of(answer)
    for said in (NAME, "Pilot", "100 %", "36 / 36", "Page 1 of", "Next week, day by day"):
        assert said in text


def test_the_report_has_what_the_journey_earned(learner: Learner) -> None:
    """XP, level and achievements are those that the game shows: the report waits for them."""
    ready(learner, learner.session)
    text = words_of(opened(learner, learner.session))
    profile = learner.profile()
    assert f"{learner.learning_xp():,} XP earned" in text
    assert f"{profile['level']} level, {profile['tier']}" in text
    told = learner.get("game/achievements")["items"]
    names = {each["key"]: each["name"] for each in told}
    latest = [names[each["key"]] for each in profile["achievements"]]
    assert sum(name in text for name in latest) == min(12, len(latest))


def test_parents_are_told(host: RunningHost, learner: Learner, parent: Person) -> None:
    """Once, with the child's name; the learner and a stranger are not."""
    ready(parent, learner.session)
    host.wait_for(lambda: parent.get("notifications")["items"], "a notification")
    (told,) = parent.get("notifications")["items"]
    assert (told["title"], told["session_id"]) == ("Journey report ready", learner.session)
    assert NAME in told["text"]
    titles = {each["title"] for each in learner.get("notifications")["items"]}
    assert "Journey report ready" not in titles


def test_a_parent_sees_all_children_in_one_list(
    host: RunningHost, learner: Learner, parent: Person
) -> None:
    """The journeys that ended last first, a page at a time."""
    second = travelled(host, name="Younger")
    link(host, second, parent)
    ready(parent, second.session)
    first = parent.get("journey-summaries", limit="1")
    rest = parent.get("journey-summaries", limit="1", continuation=first["continuation"])
    found = [each["session_id"] for each in first["items"] + rest["items"]]
    assert (found, rest["continuation"]) == ([second.session, learner.session], None)
    only = parent.get("journey-summaries", user=learner.user)["items"]
    assert [each["user_id"] for each in only] == [learner.user]
    assert learner.get("journey-summaries")["items"] == only


def test_who_may_not_see_it(host: RunningHost, learner: Learner) -> None:
    """Another parent, another learner and another tenant find nothing there."""
    ready(learner, learner.session)
    for other in (
        Person(host, "parent"),
        Person(host, "learner"),
        Person(host, "admin", tenant="rival"),
        Person(host, "mentor", tenant="rival"),
    ):
        for method, path in (("GET", ""), ("POST", "/links"), ("POST", "/versions")):
            answer = other.call(method, f"journey-summaries/{learner.session}{path}")
            assert answer.status_code == 404, (other.tenant, path, answer.text)
        other.get("journey-summaries", 404, user=learner.user)
        assert other.get("journey-summaries")["items"] == []
    for role in ("mentor", "admin"):
        staff = Person(host, role)
        assert opened(staff, learner.session).status_code == 200
    assert Person(host, "recruiter").call("GET", "journey-summaries").status_code == 403


def test_a_link_closes_with_the_family_link(
    host: RunningHost, learner: Learner, parent: Person
) -> None:
    """At once, though it has not expired; linked again it opens again."""
    ready(parent, learner.session)
    url = parent.post(f"journey-summaries/{learner.session}/links", None, 201)["url"]
    assert requests.get(url, timeout=30).status_code == 200
    link(host, learner, parent, active=False)
    closed = requests.get(url, timeout=30)
    assert (closed.status_code, closed.headers["Content-Type"]) == (404, "application/problem+json")
    parent.get(f"journey-summaries/{learner.session}", 404)
    link(host, learner, parent)
    assert requests.get(url, timeout=30).status_code == 200


def test_a_link_is_bound_to_its_report(host: RunningHost, learner: Learner) -> None:
    """It opens no other report, not even of the same learner, and a forged one opens nothing."""
    other = travelled(host)
    ready(learner, learner.session)
    ready(other, other.session)
    mine = learner.post(f"journey-summaries/{learner.session}/links", None, 201)
    ends = datetime.fromisoformat(mine["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < ends <= timedelta(minutes=15)
    swapped = mine["url"].replace(learner.session, other.session)
    assert requests.get(swapped, timeout=30).status_code == 401
    assert requests.get(mine["url"][:-3] + "AAA", timeout=30).status_code == 401
    path = f"v1/journey-summaries/{learner.session}/file"
    with_token = host.call("GET", path, token="", params={"ticket": learner.token})
    assert with_token.status_code == 401


def test_made_anew_it_replaces_the_former(host: RunningHost) -> None:
    """The version is counted and kept, its link takes the place of the old one's."""
    learner = travelled(host)
    ready(learner, learner.session)
    old = learner.post(f"journey-summaries/{learner.session}/links", None, 201)["url"]
    asked = learner.post(f"journey-summaries/{learner.session}/versions", None, 202)
    assert (asked["state"], asked["version"]) == ("preparing", 1)
    shown = ready(learner, learner.session, 2)
    made = [(each["number"], each["because"]) for each in shown["versions"]]
    assert made == [(1, "completed"), (2, "asked")]
    assert requests.get(old, timeout=30).status_code == 404
    assert "version 2" in words_of(opened(learner, learner.session))
    names = [each.name for each in host.blobs.list("journey-summaries", f"demo/{learner.user}/")]
    assert names == [f"demo/{learner.user}/{learner.session}/summary.pdf"]


def test_every_download_is_in_the_audit_log(host: RunningHost) -> None:
    """Who opened whose report, by pseudonyms, one's own included."""
    learner, parent = travelled(host), Person(host, "parent")
    link(host, learner, parent)
    ready(parent, learner.session)
    url = parent.post(f"journey-summaries/{learner.session}/links", None, 201)["url"]
    began = datetime.now(UTC)
    for _ in range(2):
        assert requests.get(url, timeout=30).status_code == 200
    assert opened(learner, learner.session).status_code == 200
    admin = host.token("admin")
    entries = [
        each
        for each in host.all_of("v1/audit", token=admin, action="summary.download")
        if datetime.fromisoformat(each["at"]) >= began
    ]
    assert [each["roles"] for each in reversed(entries)] == [["parent"], ["parent"], ["learner"]]
    assert len({each["subject"] for each in entries}) == 1
