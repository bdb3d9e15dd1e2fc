"""Analytics on a running host: what learners do is seen in views, and nobody is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.documents.port import Equals
from shared.models.recipes import seed
from tests.journeys.test_profiler import Learner as Profiled
from tests.journeys.travellers import Learner, Person
from tests.running_host import RunningHost

TENANT = "metrics"


def opened(name: str = "content.opened", **more: Any) -> dict[str, Any]:
    """An event as an app sends it."""
    event = {"id": str(uuid4()), "name": name, "time": datetime.now(UTC).isoformat()}
    if name == "content.opened":
        event |= {"content_type": "lesson", "content_id": "ports"}
    return event | more


class House:
    """A tenant in which ten learners have learned, and one did something that nobody else did."""

    def __init__(self, host: RunningHost) -> None:
        self.host = host
        host.make_tenant(TENANT)
        self.admin = Person(host, "admin", tenant=TENANT)
        self.learners = [Learner(host, tenant=TENANT, career="Security Analyst") for _ in range(10)]
        for learner in self.learners:
            learner.lessons("LEARN")
            learner.complete("LEARN")
            sent = [opened(), opened("coaching.opened"), opened()]
            assert learner.post("analytics/events", {"events": sent}, 202)["new"] == 3
        self.alone = Learner(host, tenant=TENANT, career="Lighthouse Keeper")
        self.alone.lessons("LEARN", 1)
        for _ in range(10):
            profiled = Profiled(host, tenant=TENANT)
            profiled.completed()
            path = f"v1/recipes/by-slug/{next(iter(seed()))}/use"
            assert host.call("PUT", path, token=profiled.token, json={}).status_code == 200
        host.wait_for(self._counted, "everything to be counted")

    def _counted(self) -> bool:
        return (
            self.view("effectiveness")["total"] is not None
            and self.view("content", group_by="content_id")["rows"] != []
            and self.view("journeys", group_by="month")["total"]["answers"] == 10 * 12 + 4
            and self.view("content", group_by="content_type")["groups"] == 3
            and self.view("effectiveness")["total"]["recipe"] == 10
        )

    def view(self, name: str, status: int = 200, **params: str) -> Any:
        return self.admin.get(f"analytics/{name}", status, **params)


@pytest.fixture(scope="module")
def house(host: RunningHost) -> House:
    return House(host)


def test_careers_show_what_ten_learners_did_and_hide_what_one_did(house: House) -> None:
    """The one who is alone shows nowhere, and the total leaves them out."""
    shown = house.view("careers")
    (row,) = shown["rows"]
    assert (row["career"], row["learners"]) == ("security analyst", 10)
    assert (row["journeys_started"], row["completion_rate"]) == (10, 0.0)
    assert (row["answers"], row["first_try_rate"], row["lessons_completed"]) == (120, 1.0, 40)
    # ten for each answer, twenty for a lesson, fifty for a perfect one
    assert row["xp"] == 10 * (12 * 10 + 4 * (20 + 50))
    assert (shown["suppressed_groups"], shown["least_people"]) == (1, 10)
    assert shown["total"] == row | {"career": None}
    assert shown["time_zone"] == "UTC"
    assert shown["updated_at"] <= shown["generated_at"]
    assert "lighthouse" not in str(house.view("careers", format="json")).casefold()


def test_other_views_follow_the_same_events(house: House) -> None:
    """Companions, skills, places, content and cohorts."""
    assert house.view("companions")["rows"][0]["companion"] == "pip"
    skills = house.view("skills", group_by="subject")
    assert {row["subject"] for row in skills["rows"]} == {
        "Math", "ELA", "Science", "Social Studies"
    }  # fmt: skip
    assert all(row["mean_tries"] == 1.0 for row in skills["rows"])
    (learn,) = house.view("journeys", group_by="container")["rows"]
    # the one who is alone in a career learned in the same grade, and completed no lesson
    assert (learn["container"], learn["learners"], learn["answers"]) == ("LEARN", 11, 124)
    assert (learn["containers_completed"], learn["lessons_completed"]) == (None, None)
    assert learn["mean_lesson_score"] == 100.0
    content = {row["content_type"]: row for row in house.view("content")["rows"]}
    assert (content["lesson"]["people"], content["lesson"]["opened"]) == (10, 20)
    assert content["recipe"]["completed"] == 10
    cohort = house.view("effectiveness")
    (row,) = cohort["rows"]
    assert (row["learners"], row["recipe_rate"], row["recipe_median_days"]) == (10, 1.0, 0)
    assert row["whole_window"] is False
    assert [each["used"] for each in cohort["comparisons"]] == [None, None, None]
    (track,) = house.view("profiler")["rows"]
    assert (track["track"], track["sessions"]) == ("defender", 10)
    assert (track["accepted"], track["acceptance_rate"]) == (0, None)
    assert house.view("achievements")["groups"] >= 1


def test_a_view_as_csv(house: House) -> None:
    """A header and a row, line by line as RFC 4180 says, as a file of its own name."""
    today = datetime.now(UTC).date().isoformat()
    answer = house.admin.call(
        "GET", "analytics/careers",
        params={"format": "csv", "from": today, "to": today, "group_by": "career,day"},
    )  # fmt: skip
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="careers-{today}-{today}.csv"' in answer.headers["Content-Disposition"]
    began = house.learners[0].began.date().isoformat()
    if began != today:
        pytest.skip("the journeys began before midnight, so the answers are of another day")
    assert answer.content.decode() == (
        "career,period,learners,journeys_started,journeys_completed,completion_rate,mean_score,"
        "answers,first_try_rate,lessons_completed,minutes,xp,skills_mastered\r\n"
        f"security analyst,{today},10,10,0,0.0,,120,1.0,40,10.0,4000,40\r\n"
    )
    profiler = house.admin.call("GET", "analytics/profiler", params={"format": "csv"})
    header, row = profiler.content.decode().split("\r\n")[:2]
    assert "mean_alignment_grc" in header.split(",")
    assert len(header.split(",")) == len(row.split(","))


def test_what_would_tell_of_one_is_left_out_of_rows_totals_and_csv(house: House) -> None:
    """Of eleven one completed nothing: how much was completed stands nowhere."""
    shown = house.view("journeys", group_by="container")
    (row,) = shown["rows"]
    silent = {name for name, value in row.items() if value is None}
    assert {"containers_completed", "lessons_completed"} <= silent
    assert {name for name, value in shown["total"].items() if value is None} - silent == {
        "container"
    }
    answer = house.admin.call(
        "GET", "analytics/journeys", params={"format": "csv", "group_by": "container"}
    )
    header, line = answer.content.decode().split("\r\n")[:2]
    cells = dict(zip(header.split(","), line.split(","), strict=True))
    assert (cells["answers"], cells["lessons_completed"]) == ("124", "")
    assert cells["containers_completed"] == ""


def test_another_tenant_sees_nothing(host: RunningHost, house: House) -> None:
    """An admin of another tenant, on every view."""
    other = Person(host, "admin", tenant="rival")
    for name in ("careers", "skills", "content", "profiler", "effectiveness"):
        shown = other.get(f"analytics/{name}")
        assert "security analyst" not in str(shown)
        assert shown["total"] is None or shown["total"]["learners"] != 10


def test_roles_see_what_is_theirs(host: RunningHost, house: House) -> None:
    """Mentors learning, recruiters files; learners and parents nothing."""
    mentor = Person(host, "mentor", tenant=TENANT)
    assert mentor.get("analytics/careers")["rows"] != []
    mentor.get("analytics/profiler", 403)
    mentor.get("analytics/intake", 403)
    assert Person(host, "recruiter", tenant=TENANT).get("analytics/intake")["rows"] == []
    house.learners[0].get("analytics/careers", 403)
    Person(host, "parent", tenant=TENANT).get("analytics/skills", 403)


def test_files_are_counted_by_how_they_ended(host: RunningHost) -> None:
    """One that becomes a profile and one that holds nobody, with why; whatever their number."""
    tenant = "metrics-intake"
    host.make_tenant(tenant)
    admin = Person(host, "admin", tenant=tenant)
    host.drop("maya.txt", b"Maya Okafor\nmaya@example.org\nSkills\nPython\n", tenant=tenant)
    host.drop("nobody.txt", b"lorem ipsum dolor sit amet\n", tenant=tenant)

    def ended() -> Any:
        whole = admin.get("analytics/intake")["total"]
        counted = whole and whole["files"] == 2 and whole["candidates_created"]
        return counted and admin.get("analytics/intake", group_by="state,reason")

    shown = host.wait_for(ended, "both files to be counted")
    by = {(row["state"], row["reason"]): row for row in shown["rows"]}
    assert set(by) == {("completed", "none"), ("failed", "nobody_found")}
    assert by["completed", "none"]["p50_working_ms"] is not None
    assert (by["failed", "nobody_found"]["extracted"], by["failed", "nobody_found"]["parsed"]) == (
        1, 0,
    )  # fmt: skip
    (month,) = admin.get("analytics/intake")["rows"]
    assert (month["completion_rate"], month["candidates_created"]) == (0.5, 1)


def kept(host: RunningHost, who: Person) -> list[dict[str, Any]]:
    """The events that somebody reported."""
    where = [Equals("kind", "event"), Equals("user_id", who.user)]
    page = host.documents.query("analytics_events", (who.tenant,), where=where, limit=1000)
    return [each.body for each in page.items]


@pytest.mark.parametrize(
    ("changes", "pointer", "why"),
    [
        ({"name": "content.stolen"}, "/events/0/name", "Input should be"),
        ({"id": "not-one"}, "/events/0/id", "valid UUID"),
        ({"content_id": "maya@example.org"}, "/events/0/content_id", "pattern"),
        ({"content_id": "a secret of hers"}, "/events/0/content_id", "pattern"),
        ({"content_type": "Lesson!"}, "/events/0/content_type", "pattern"),
        ({"note": "she said"}, "/events/0/note", "Extra inputs"),
        ({"seconds": 5}, "/events/0", "takes no seconds"),
        ({"content_id": None}, "/events/0", "needs content_id"),
        ({"name": "content.rated", "rating": 6}, "/events/0/rating", "less than or equal to 5"),
        ({"name": "content.left", "seconds": -1}, "/events/0/seconds", "greater than"),
        ({"name": "content.left", "seconds": 10**9}, "/events/0/seconds", "less than"),
        ({"time": "yesterday"}, "/events/0/time", "datetime"),
        ({"time": "2026-03-01T12:00:00"}, "/events/0/time", "timezone"),
        ({"time": "1970-01-01T00:00:00Z"}, "/events/0/time", "seven days"),
        ({"time": "9999-12-31T23:59:59Z"}, "/events/0/time", "clock"),
        ({"track": "cooking"}, "/events/0/track", "Input should be"),
    ],
)
def test_what_is_no_event_is_refused(
    host: RunningHost, changes: dict[str, Any], pointer: str, why: str
) -> None:
    """With which field of which event, and why; nothing of the batch is kept."""
    lena = Person(host, "learner")
    answer = lena.call("POST", "analytics/events", {"events": [opened(**changes), opened()]})
    assert answer.status_code == 400
    (told,) = answer.json()["errors"]
    assert told["pointer"] == pointer
    assert why in told["detail"]
    assert "maya@" not in answer.text
    assert kept(host, lena) == []


def test_a_batch_is_bounded_and_may_come_again(host: RunningHost) -> None:
    """Fifty at most; the same id twice in one batch is one; clocks a little ahead are put right."""
    lena = Person(host, "learner")
    lena.post("analytics/events", {"events": []}, 400)
    lena.post("analytics/events", {"events": [opened() for _ in range(51)]}, 400)
    soon = (datetime.now(UTC) + timedelta(minutes=3)).isoformat()
    batch = [opened(time=soon), *(opened() for _ in range(48))]
    batch.append(batch[0])
    assert lena.post("analytics/events", {"events": batch}, 202) == {"received": 50, "new": 49}
    assert lena.post("analytics/events", {"events": batch}, 202) == {"received": 50, "new": 0}
    events = kept(host, lena)
    assert len(events) == 49
    assert max(body["at"] for body in events) < datetime.now(UTC).isoformat()
    Person(host, "admin").post("analytics/events", {"events": [opened()]}, 403)


@pytest.mark.parametrize(
    ("params", "pointer", "why"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from", "after the last"),
        ({"from": "2020-01-01", "to": "2026-03-01"}, "from", "25 months"),
        ({"from": "March"}, "from", "date"),
        ({"group_by": "day,week"}, "group_by", "one period at most"),
        ({"group_by": "user_id"}, "group_by.0", "Input should be"),
        ({"format": "xlsx"}, "format", "'json' or 'csv'"),
        ({"limit": "0"}, "limit", "greater than"),
        ({"continuation": "x"}, "continuation", "not one of this list"),
        ({"user": "lena"}, "user", "Extra inputs"),
        ({"to": "0001-01-01"}, "", ""),
        ({"from": "9999-12-31"}, "", ""),
    ],
)
def test_questions_that_cannot_be_are_refused(
    host: RunningHost, params: dict[str, str], pointer: str, why: str
) -> None:
    """Naming the parameter; the ends of the calendar are days like any other."""
    answer = Person(host, "admin").call("GET", "analytics/careers", params=params)
    if not pointer:
        assert answer.json()["rows"] == []
        return
    assert answer.status_code == 400
    (told,) = answer.json()["errors"]
    assert told["pointer"] == pointer
    assert why in told["detail"]


def test_groups_come_in_pages(house: House) -> None:
    """One by one they are the same as all at once."""
    whole = house.view("skills", group_by="subject")
    found: list[Any] = []
    params: Any = {}
    while True:
        page = house.view("skills", group_by="subject", limit="1", **params)
        found += page["rows"]
        assert page["groups"] == len(whole["rows"])
        if page["continuation"] is None:
            break
        params = {"continuation": page["continuation"]}
    assert found == whole["rows"]
