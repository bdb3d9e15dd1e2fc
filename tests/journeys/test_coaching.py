"""Coaching on a running host: from the profiler to a recipe that was used and rated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.recipes.coaching import CONTENT
from tests.journeys.test_profiler import Learner
from tests.journeys.travellers import Person, link
from tests.running_host import RunningHost


@pytest.fixture
def lena(host: RunningHost) -> Learner:
    """A learner who has completed the profiler."""
    made = Learner(host)
    made.completed()
    return made


def get(who: Any, path: str, status: int = 200, **params: str) -> Any:
    answer = who.host.call("GET", path, token=who.token, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_learner_is_told_what_to_do_next(host: RunningHost, lena: Learner) -> None:
    """Each with its reason, and with recipes that are there."""
    said = get(lena, f"users/{lena.user}/coaching/recommendations")
    assert said["profiling_complete"]
    assert said["focus_areas"]
    parts = [*said["focus_areas"], *said["learning_path"], *said["feedback"]]
    assert all(part["reason"] for part in parts)
    slugs = [slug for area in said["focus_areas"] for slug in area["recipes"]]
    for slug in slugs:
        assert get(lena, f"v1/recipes/by-slug/{slug}")["is_active"]
    other = get(lena, f"users/{lena.user}/coaching/recommendations", track_slug="grc")
    assert other["track"] == "grc"
    get(lena, f"users/{lena.user}/coaching/recommendations", 400, track_slug="cooking")


def test_recipes_close_the_gaps_and_are_counted(host: RunningHost, lena: Learner) -> None:
    """Recommended, used, rated; then more used than before."""
    shown = get(lena, "v1/recipes/profiler-recommendations")
    gaps = {each["skill"] for each in shown["gaps"]}
    assert 1 <= len(shown["items"]) <= 10
    assert {each["for_skill"] for each in shown["items"]} <= gaps
    recipe = shown["items"][0]["recipe"]
    path = f"v1/recipes/by-slug/{recipe['slug']}"
    for rating in (3, 5):
        answer = host.call("PUT", f"{path}/use", token=lena.token, json={"rating": rating})
        assert answer.json()["rating"] == rating
    after = get(lena, path)
    assert after["usage_count"] == recipe["usage_count"] + 1
    wrong = host.call("PUT", f"{path}/use", token=lena.token, json={"rating": 6})
    assert wrong.json()["errors"][0]["pointer"] == "/rating"


def test_others_see_what_they_may(host: RunningHost, lena: Learner) -> None:
    """A parent with a link and a mentor; nobody else. Before the profiler it is a 409."""
    path = f"users/{lena.user}/coaching/recommendations"
    parent, stranger = Person(host, "parent"), Person(host, "parent")
    child = Person(host, "learner")
    link(host, child, parent)
    assert not get(parent, f"users/{child.user}/coaching/recommendations")["profiling_complete"]
    get(child, "v1/recipes/profiler-recommendations", 409)
    get(stranger, path, 404)
    get(Person(host, "recruiter"), path, 403)
    get(lena, "users/not-a-person/coaching/recommendations", 404)


def test_an_admin_keeps_the_catalogue(host: RunningHost) -> None:
    """Adds, changes by etag, takes out of use and brings back."""
    admin, learner = Person(host, "admin"), Person(host, "learner")
    made = admin.post("recipes", {**CONTENT, "slug": "our-own-lab"}, 201)
    assert (made["is_seed"], made["usage_count"]) == (False, 0)
    taken = admin.call("POST", "recipes", {**CONTENT, "slug": "our-own-lab"})
    assert taken.status_code == 409
    path = "recipes/by-slug/our-own-lab"
    etag = learner.call("GET", path).headers["ETag"]
    changed = admin.call(
        "PUT", path, {**CONTENT, "title": "A better lab"}, headers={"If-Match": etag}
    )
    assert (changed.status_code, changed.json()["title"]) == (200, "A better lab")
    late = admin.call("PUT", path, CONTENT, headers={"If-Match": etag})
    assert late.status_code == 412
    assert admin.call("DELETE", path).json()["is_active"] is False
    learner.get(path, 404)
    out = admin.get("recipes", active="false")["items"]
    assert "our-own-lab" in {each["slug"] for each in out}
    assert learner.call("GET", "recipes", params={"active": "false"}).status_code == 403
    assert admin.call("PATCH", path, {"is_active": True}).json()["is_active"] is True
    assert learner.get(path)["title"] == "A better lab"
    wrong = admin.call("POST", "recipes", {**CONTENT, "slug": "No Slug", "level": "expert"})
    assert {each["pointer"] for each in wrong.json()["errors"]} == {"/slug", "/level"}


def test_the_list_is_narrowed_down_and_paged(host: RunningHost) -> None:
    """By skill, track and level together; page by page everything once."""
    learner = Person(host, "learner")
    found = host.all_of("v1/recipes", token=learner.token, track="grc", skill="privacy_law")
    assert found
    assert all("grc" in each["tracks"] and "privacy_law" in each["skill_codes"] for each in found)
    first = learner.get("recipes", limit="7")
    slugs = [each["slug"] for each in first["items"]]
    while first["continuation"]:
        first = learner.get("recipes", limit="7", continuation=first["continuation"])
        slugs += [each["slug"] for each in first["items"]]
    assert slugs == sorted(set(slugs))
    assert len(slugs) >= 40
