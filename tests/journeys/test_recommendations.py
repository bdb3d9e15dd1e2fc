"""Content and recommendations on a running host: stored, found, recommended, clicked, completed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.test_profiler import Learner
from tests.journeys.travellers import Person, link
from tests.running_host import RunningHost

LESSONS: list[dict[str, Any]] = [
    {"content_type": "lesson", "content_id": f"net-{at}", "title": title, "text": text,
     "tracks": ["defender"], "minutes": 20}
    for at, (title, text) in enumerate(
        [("Ports", "What a port is, and who listens there."),
         ("Firewalls", "Rules that let a packet pass or not."),
         ("Captures", "Reading packets that went by."),
         ("Deceptive mails", "How fraud arrives in a mailbox, and how to tell it."),
         ("Privacy law", "What a school may keep about its pupils.")]
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def stored(host: RunningHost) -> Person:
    """An admin whose tenant has five lessons."""
    admin = Person(host, "admin")
    answer = admin.call("POST", "embeddings/store", {"items": LESSONS})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["model"], body["dimension"]) == ("all-MiniLM-L6-v2", 384)
    assert {each["outcome"] for each in body["items"]} <= {"created", "unchanged"}
    return admin


def test_content_is_stored_listed_and_removed(host: RunningHost, stored: Person) -> None:
    """What says the same stays as it is; bad input names what is wrong, and where."""
    again = stored.call("POST", "embeddings/store", {"items": LESSONS}).json()
    assert {each["outcome"] for each in again["items"]} == {"unchanged"}
    other = {**LESSONS[0], "content_id": "to-go"}
    stored.call("POST", "embeddings/store", {"items": [other]})
    path = "content/of-type/lesson/to-go"
    assert stored.get(path)["title"] == "Ports"
    assert "embedding" not in stored.get(path)
    assert stored.call("DELETE", path).json()["content_id"] == "to-go"
    assert stored.call("GET", path).status_code == 404
    ids = [each["content_id"] for each in host.all_of("v1/content", token=stored.token)]
    assert ids == sorted(ids)
    assert {"net-0", "net-4"} <= set(ids)
    for wrong, pointer in (
        ({"items": []}, "/items"),
        ({"items": [{**LESSONS[0], "title": "two\nlines"}]}, "/items/0/title"),
        ({"items": [{**LESSONS[0], "content_id": "a/b"}]}, "/items/0/content_id"),
        ({"items": [{**LESSONS[0], "url": "javascript:alert(1)"}]}, "/items/0/url"),
        ({"items": [{**LESSONS[0], "content_type": "recipe"}]}, "/items/0"),
        ({"items": [LESSONS[0], LESSONS[0]]}, ""),
        ({"items": [{**LESSONS[0], "embedding": [1.0]}]}, "/items/0/embedding"),
        ({"items": LESSONS * 21}, "/items"),
    ):
        answer = stored.call("POST", "embeddings/store", wrong)
        assert answer.status_code == 400, wrong
        assert pointer in [each["pointer"] for each in answer.json()["errors"]], answer.text
    learner = Person(host, "learner")
    assert learner.call("POST", "embeddings/store", {"items": LESSONS}).status_code == 403


def test_it_is_found_by_words_and_meaning(host: RunningHost, stored: Person) -> None:
    """A question that shares no word with the lesson; recipes among what is found."""
    learner = Person(host, "learner")
    found = learner.get("content/search", q="phishing e-mail scams", content_type="lesson")
    assert found["ways"] == ["words", "meaning"]
    assert found["items"][0]["content_id"] == "net-3"
    assert found["items"][0]["ways"] == ["meaning"]
    everything = learner.get("content/search", q="phishing e-mail scams")
    assert "recipe" in {each["content_type"] for each in everything["items"]}
    assert learner.call("GET", "content/search", params={"q": ""}).status_code == 400


def test_a_learner_is_recommended_content_and_goes_through_it(
    host: RunningHost, stored: Person
) -> None:
    """Cold, then by the profile, then by what was completed; clicks and dismissals count."""
    lena = Learner(host)

    def post(path: str, body: dict[str, Any], status: int = 200) -> Any:
        answer = host.call("POST", f"v1/{path}", token=lena.token, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    cold = post("recommendations", {"content_type": "lesson", "limit": 5})
    assert len(cold["items"]) == 5
    assert not cold["profiling_complete"]
    assert all(each["reasons"] for each in cold["items"])
    lena.completed()

    def by_profile() -> Any:
        found = post("recommendations", {"content_type": "lesson", "limit": 3})
        return found if found["profiling_complete"] else None

    served = host.wait_for(by_profile, "recommendations by the profile")
    assert {reason["kind"] for each in served["items"] for reason in each["reasons"]} >= {"track"}
    first = served["items"][0]
    of = {"content_type": "lesson", "content_id": first["content_id"]}
    clicked = post("recommendations/engagements", {
        **of, "action": "clicked", "recommendation_id": served["recommendation_id"],
    })  # fmt: skip
    assert clicked["position"] == 1
    asked = {"content_type": "lesson", "limit": 3}
    host.wait_for(lambda: post("recommendations", asked)["cached"], "a list that is kept")
    report = {
        "content_id": first["content_id"],
        "content_type": "lesson",
        "percent": 100,
        "score": 90,
    }
    host.call("PATCH", "v1/progress/p1", token=lena.token, json=report)

    def follows() -> Any:
        found = post("recommendations", {"content_type": "lesson", "limit": 3})
        return found if found["finished"] == 1 else None

    after = host.wait_for(follows, "recommendations that follow from what was completed")
    ids = [each["content_id"] for each in after["items"]]
    assert first["content_id"] not in ids
    post("recommendations/engagements", {
        "content_type": "lesson", "content_id": ids[0], "action": "dismissed",
    })  # fmt: skip
    left = post("recommendations", {"content_type": "lesson", "limit": 3})
    assert ids[0] not in [each["content_id"] for each in left["items"]]
    post("recommendations/engagements", {**of, "action": "completed"}, 400)
    post("recommendations/engagements", {**of, "content_id": "nowhere", "action": "clicked"}, 404)


def test_others_see_what_they_may(host: RunningHost, stored: Person) -> None:
    """A parent with a link; what they look at is not counted as shown to the child."""
    parent, stranger, child = (Person(host, role) for role in ("parent", "parent", "learner"))
    link(host, child, parent)
    body = {"user_id": child.user, "content_type": "lesson"}
    assert parent.call("POST", "recommendations", body).json()["user_id"] == child.user
    assert stranger.call("POST", "recommendations", body).status_code == 404
    assert Person(host, "recruiter").call("POST", "recommendations", body).status_code == 403
    shown = host.documents.query("recommendations", (child.tenant, child.user)).items
    assert "impressions" not in {each.body["kind"] for each in shown}


def test_a_recipe_of_a_tenant_is_found_by_its_meaning(host: RunningHost, stored: Person) -> None:
    """Once the flow has heard of it; taken out of use it is found no more."""
    recipe = {
        "slug": "watch-the-volcano", "title": "Watch a volcano", "summary": "Lava and tremors.",
        "skill_codes": ["log_analysis"], "tracks": ["defender"], "level": "novice", "minutes": 20,
        "needs": "", "steps": ["Look at Iceland."], "outcome": "A list of eruptions",
    }  # fmt: skip
    stored.post("recipes", recipe, 201)

    def slugs() -> list[str]:
        found = stored.get("content/search", q="eruptions of a burning mountain")
        return [each["content_id"] for each in found["items"]]

    host.wait_for(lambda: "watch-the-volcano" in slugs(), "the recipe to be found")
    stored.call("DELETE", "recipes/by-slug/watch-the-volcano")
    host.wait_for(lambda: "watch-the-volcano" not in slugs(), "the recipe to be gone")


def test_how_somebody_learns_is_said_when_there_is_enough(host: RunningHost) -> None:
    """Of a new learner nothing; their word on a trait is kept."""
    learner = Person(host, "learner")
    said = learner.post("personality/analyze", {}, 200)
    assert "too early" in said["summary"]
    assert {each["standing"] for each in said["traits"]} == {"thin"}
    after = learner.call("PUT", "personality/traits/pace", {"agrees": False}).json()
    assert [each["signal"] for each in after["traits"] if each["disputed"]] == ["pace"]
    assert learner.call("PUT", "personality/traits/zodiac", {"agrees": False}).status_code == 404
