"""A learner's portfolio on a running host: written, shown, spoken of."""

from __future__ import annotations

from typing import Any

import requests

from tests.journeys.travellers import Person, link
from tests.running_host import RunningHost

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def item_of(learner: Person, **more: Any) -> Any:
    body = {"type": "project", "title": "A scanner", "visibility": "mentors", **more}
    return learner.post("portfolio/items", body, 201)


def add_file(learner: Person, item_id: str, content: bytes, media: str, **more: Any) -> Any:
    return learner.host.call(
        "POST",
        f"v1/portfolio/items/{item_id}/files",
        token=learner.token,
        params={"filename": "shot.png"},
        data=content,
        headers={"Content-Type": media, **more},
    )


def test_an_item_from_its_writing_to_its_end(host: RunningHost) -> None:
    """Added, read with its etag, changed, refused to who read an older one, removed."""
    learner = Person(host, "learner")
    link_body = {"url": "https://example.org/scanner", "title": "Source"}
    made = item_of(learner, links=[link_body], tags=["python"], text="Line\nby line")
    path = f"portfolio/items/{made['item_id']}"
    read = learner.call("GET", path)
    assert read.json() == made
    first = read.headers["ETag"]
    changes = {"title": "A better scanner", "visibility": "private"}
    changed = learner.call("PATCH", path, changes, headers={"If-Match": first})
    assert (changed.status_code, changed.json()["title"]) == (200, "A better scanner")
    assert changed.headers["ETag"] != first
    late = learner.call("PATCH", path, {"title": "Lost"}, headers={"If-Match": first})
    assert late.status_code == 412
    assert learner.call("DELETE", path, headers={"If-Match": first}).status_code == 412
    assert [each["item_id"] for each in learner.get("portfolio/items")["items"]] == [
        made["item_id"]
    ]
    assert learner.call("DELETE", path).status_code == 204
    learner.get(path, 404)


def test_a_repeated_request_adds_one_item(host: RunningHost) -> None:
    """And one file, by the key."""
    learner = Person(host, "learner")
    body = {"type": "artifact", "title": "Once"}
    made = [
        learner.call("POST", "portfolio/items", body, headers={"Idempotency-Key": "k1"}).json()
        for _ in range(2)
    ]
    assert made[0] == made[1]
    item_id = made[0]["item_id"]
    for _ in range(2):
        answer = add_file(learner, item_id, PNG, "image/png", **{"Idempotency-Key": "k2"})
        assert (answer.status_code, len(answer.json()["files"])) == (201, 1)
    other = add_file(learner, item_id, PNG + b"x", "image/png", **{"Idempotency-Key": "k2"})
    assert other.status_code == 422


def test_evidence_is_read_by_a_link(host: RunningHost) -> None:
    """Whole, as what it is; what is not what it says is refused."""
    learner, parent = Person(host, "learner"), Person(host, "parent")
    link(host, learner, parent)
    item = item_of(learner)
    shown = add_file(learner, item["item_id"], PNG, "image/png").json()
    (file,) = shown["files"]
    found = parent.get(f"portfolio/items/{item['item_id']}/files/{file['file_id']}")
    answer = requests.get(found["url"], timeout=30)
    assert (answer.content, answer.headers["Content-Type"]) == (PNG, "image/png")
    assert add_file(learner, item["item_id"], b"MZ\x90\x00", "image/png").status_code == 415
    assert add_file(learner, item["item_id"], PNG, "application/pdf").status_code == 415
    assert add_file(learner, item["item_id"], b"", "text/plain").status_code == 400
    big = add_file(learner, item["item_id"], bytes(10 * 1024 * 1024 + 1), "image/png")
    assert big.status_code == 413
    path = f"portfolio/items/{item['item_id']}/files/{file['file_id']}"
    assert learner.call("DELETE", path).status_code == 204
    host.wait_for(
        lambda: not list(host.blobs.list("portfolio-files", f"demo/{learner.user}/")), "the file"
    )
    learner.get(path, 404)


def test_a_mentor_speaks_and_the_learner_hears(host: RunningHost) -> None:
    """By name; a private item is not there for a mentor."""
    learner, mentor = Person(host, "learner"), Person(host, "mentor", name="Dr. Nwosu")
    item, private = item_of(learner), item_of(learner, visibility="family")
    mentor.get(f"portfolio/items/{private['item_id']}", 404)
    listed = mentor.get("portfolio/items", user=learner.user)["items"]
    assert [each["item_id"] for each in listed] == [item["item_id"]]
    path = f"portfolio/items/{item['item_id']}/feedback"
    given = mentor.post(path, {"text": "Clear and complete."}, 201)
    mentor.post(f"portfolio/items/{private['item_id']}/feedback", {"text": "?"}, 404)
    (read,) = learner.get(path)["items"]
    assert (read["by"], read["mine"], read["text"]) == ("Dr. Nwosu", False, "Clear and complete.")
    host.wait_for(lambda: learner.get("notifications")["items"], "a notification")
    assert learner.get("notifications")["items"][0]["title"] == "New feedback"
    assert mentor.call("DELETE", f"{path}/{given['feedback_id']}").status_code == 204
    assert learner.get(path)["items"] == []


def test_what_is_wrong_is_named(host: RunningHost) -> None:
    """Which field, and why."""
    learner = Person(host, "learner")
    wrong = {
        "type": "poem", "title": " ", "text": "a\u0000b", "visibility": "everyone",
        "links": [{"url": "javascript:alert(1)", "title": "x"}], "colour": "red",
    }  # fmt: skip
    answer = learner.call("POST", "portfolio/items", wrong)
    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/type", "/title", "/text", "/visibility", "/links/0/url", "/colour",
    }  # fmt: skip
    item = item_of(learner)
    answer = learner.call("PATCH", f"portfolio/items/{item['item_id']}", {"title": None})
    assert answer.status_code == 400
