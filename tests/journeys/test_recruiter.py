"""A recruiter's path on a running host: files in, found by meaning, matched, merged, handed on."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # no stubs are pinned
import pytest

from tests.peers.ats import SECRET, AtsPeer, tracking_system
from tests.running_host import RunningHost

RESUMES = {
    "maya.txt": """Maya Okafor
maya.okafor@example.com
+49 30 901820
Berlin, Germany

Security engineer

Skills
Python, Kubernetes, Splunk, Incident response

Experience
Security Engineer, Borealis GmbH
03/2019 - 12/2024
Led the response to intrusions and wrote detections.

Education
MSc Computer Science, Technical University of Berlin
2014 - 2019

Languages
German: native
""",
    "jonas.txt": """Jonas Weber
jonas.weber@example.com
Hamburg, Germany

Skills
First aid, Patient care

Experience
Nurse, City Hospital
2018 - 2024
Cared for patients after surgery.
""",
}
OTHER_MAYA = """Maya A. Okafor
okafor.private@example.org
+49 30 901820

Skills
Python, Terraform

Experience
Security Engineer, Borealis GmbH
03/2019 - 12/2024
"""
JOB = """Detection engineer

Your profile
- 3+ years of experience in security
- Python and Splunk
- a master's degree

Nice to have
- Terraform
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningHost, AtsPeer]]:
    """A host with a tracking system beside it, and two résumés in it."""
    home: Path = tmp_path_factory.mktemp("home")
    with tracking_system() as peer:
        running = RunningHost(home)
        for tenant in ("demo", "rival"):
            running.make_tenant(tenant)
        with running:
            admin = running.token("admin")
            webhook = {"url": peer.url, "secret": SECRET}
            answer = running.call("PUT", "v1/ats/webhook", token=admin, json=webhook)
            assert answer.status_code == 200, answer.text
            assert SECRET not in answer.text
            files = [("files", (name, text.encode())) for name, text in RESUMES.items()]
            assert running.call("POST", "v1/intake/files", files=files).status_code == 202
            for name in RESUMES:
                assert running.intake_of(name)["state"] == "completed"
            yield running, peer


def person(host: RunningHost, email: str) -> Any:
    (found,) = host.all_of("v1/candidates", email=email)
    return found


def test_found_by_what_they_do_and_by_filters(desk: tuple[RunningHost, AtsPeer]) -> None:
    """By words at once; by meaning as soon as the vectors are there."""
    host, _ = desk

    def by_meaning() -> Any:
        page = host.get("v1/candidates", about="somebody who fights off hackers")
        return page if page["items"] and "meaning" in page["items"][0]["found_by"] else None

    best = host.wait_for(by_meaning, "the vectors")
    assert best["items"][0]["name"] == "Maya Okafor"
    assert best["ways"] == ["words", "meaning"]
    for params in (
        {"place": "berlin"}, {"language": "de"}, {"level": "master"},
        {"min_years": "5.5", "skill": "python"}, {"skill": "kubernetes", "channel": "web"},
    ):  # fmt: skip
        assert [each["name"] for each in host.all_of("v1/candidates", **params)] == [
            "Maya Okafor"
        ], params
    facets = host.get("v1/candidate-facets", place="germany")
    assert facets["counted"] == 2
    assert {"value": "python", "name": "Python", "count": 1} in facets["skills"]
    rival = host.token("recruiter", tenant="rival")
    assert host.get("v1/candidates", token=rival, about="hackers")["items"] == []


def test_matched_with_a_job(desk: tuple[RunningHost, AtsPeer]) -> None:
    host, _ = desk
    answer = host.call("POST", "v1/candidates/match", json={"description": JOB})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["job"]["must_have"] == ["Python", "Splunk"]
    assert found["job"]["nice_to_have"] == ["Terraform"]
    assert (found["job"]["min_years"], found["job"]["level"]) == (3.0, "master")
    best = found["matches"][0]
    assert best["candidate"]["name"] == "Maya Okafor"
    assert best["missing"] == []
    assert best["skills"][0]["evidence"]["span"]["page"] == 1
    assert any("2 of 2 skills" in reason for reason in best["reasons"])
    unknown = {"description": JOB, "must_have": ["flux capacitors"]}
    assert host.call("POST", "v1/candidates/match", json=unknown).status_code == 422


def test_edited_with_the_version_that_was_read(desk: tuple[RunningHost, AtsPeer]) -> None:
    host, _ = desk
    path = f"v1/candidates/{person(host, 'jonas.weber@example.com')['candidate_id']}"
    read = host.call("GET", path)
    change = {"tags": ["shortlist"], "headline": "Nurse in intensive care"}
    match = {"If-Match": read.headers["ETag"]}
    first = host.call("PATCH", path, json=change, headers=match)
    assert first.status_code == 200, first.text
    assert first.json()["edited_fields"] == ["personal.headline"]
    assert host.call("PATCH", path, json=change, headers=match).status_code == 412
    assert host.call("PATCH", path, json={"emails": ["nobody"]}).status_code == 400
    history = host.get(f"{path}/history")["items"]
    assert [each["action"] for each in history] == ["edited", "created"]
    assert [each["name"] for each in host.all_of("v1/candidates", tag="shortlist")] == [
        "Jonas Weber"
    ]


def test_noted_on_and_the_notes_are_seen_by_colleagues(desk: tuple[RunningHost, AtsPeer]) -> None:
    host, _ = desk
    path = f"v1/candidates/{person(host, 'jonas.weber@example.com')['candidate_id']}/notes"
    key = {"Idempotency-Key": "the-first-call"}
    sent = [
        host.call("POST", path, json={"text": "Free from March"}, headers=key) for _ in range(2)
    ]
    assert [each.status_code for each in sent] == [201, 201]
    colleague = host.token(user="a colleague")
    (note,) = host.all_of(path, token=colleague)
    assert note["text"] == "Free from March"
    note_path = f"{path}/{note['note_id']}"
    assert host.call("DELETE", note_path, token=colleague).status_code == 404
    assert host.call("DELETE", note_path).status_code == 204


def test_two_profiles_of_one_person_are_proposed_and_merged(
    desk: tuple[RunningHost, AtsPeer],
) -> None:
    """By an e-mail with the second résumé; the system hears of it."""
    host, peer = desk
    mail = EmailMessage()
    mail["From"], mail["To"] = "Maya <okafor.private@example.org>", "cv@demo.example"
    mail["Message-ID"], mail["MIME-Version"] = "<second@example.org>", "1.0"
    mail.set_content("My résumé is attached.")
    mail.add_attachment(OTHER_MAYA, subtype="plain", filename="maya-private.txt")
    host.drop("application.eml", mail.as_bytes())
    record = host.intake_of("maya-private.txt")
    assert (record["state"], record["channel"]) == ("completed", "email")

    def proposed() -> Any:
        return host.get("v1/candidate-duplicates")["items"]

    (pair,) = host.wait_for(proposed, "the proposal")
    assert {"same_phone", "same_name", "same_employers"} <= set(pair["reasons"])
    kept = person(host, "maya.okafor@example.com")["candidate_id"]
    other = person(host, "okafor.private@example.org")["candidate_id"]
    merged = host.call("POST", f"v1/candidates/{kept}/merge", json={"other_id": other})
    assert merged.status_code == 200, merged.text
    assert set(merged.json()["emails"]) == {
        "maya.okafor@example.com", "okafor.private@example.org",
    }  # fmt: skip

    def one() -> bool:
        found = host.all_of("v1/candidates", name="okafor")
        return [each["candidate_id"] for each in found] == [kept]

    host.wait_for(one, "the alias")
    assert host.get(f"v1/candidates/{other}")["candidate_id"] == kept
    assert host.get("v1/candidate-duplicates")["items"] == []

    def told() -> bool:
        return any(each["type"] == "candidate.merged" for each in peer.told)

    host.wait_for(told, "the system to hear")
    assert peer.forged == 0
    states = {each["state"] for each in host.all_of("v1/ats/handovers", token=host.token("admin"))}
    assert states == {"delivered"}


def test_imported_and_exported_as_json_resume(desk: tuple[RunningHost, AtsPeer]) -> None:
    host, _ = desk
    resumes = [
        {"basics": {"name": "Ada Osei", "email": "ada@example.org"}, "skills": [{"name": "Go"}]},
        {"basics": {"label": "nobody at all"}},
        {"basics": {"name": "Ada Osei", "email": "ada@example.org"}, "work": "none"},
    ]
    answer = host.call("POST", "v1/candidates/import", json={"resumes": resumes})
    assert [each["outcome"] for each in answer.json()["candidates"]] == [
        "created", "refused", "refused",
    ]  # fmt: skip
    assert "/work" in answer.json()["candidates"][2]["reason"]
    ada = answer.json()["candidates"][0]["candidate_id"]
    again = host.call("POST", "v1/candidates/import", json={"resumes": resumes[:1]})
    assert again.json()["candidates"][0] == {
        "position": 0, "outcome": "merged", "candidate_id": ada, "reason": None,
    }  # fmt: skip
    exported = host.get(f"v1/candidates/{ada}/json-resume")
    jsonschema.validate(exported["basics"], {"required": ["name", "email"]})
    assert exported["skills"] == [{"name": "Go"}]


def test_statistics_count_what_came(desk: tuple[RunningHost, AtsPeer]) -> None:
    host, _ = desk

    def counted() -> Any:
        found = host.get("v1/candidate-statistics")
        return found if found["by_channel"].get("web") == 2 else None

    found = host.wait_for(counted, "the counts")
    assert found["by_state"]["completed"] >= 2
    assert found["error_rate"] == 0
    assert found["mean_elapsed_ms"] >= found["mean_working_ms"] > 0
    assert found["profiles_created"] >= 2


def test_another_tenant_and_a_learner_see_nothing(desk: tuple[RunningHost, AtsPeer]) -> None:
    host, _ = desk
    candidate_id = person(host, "jonas.weber@example.com")["candidate_id"]
    rival = host.token("recruiter", "admin", tenant="rival")
    learner = host.token("learner")
    for path in ("", "/history", "/notes", "/json-resume"):
        asked = f"v1/candidates/{candidate_id}{path}"
        assert host.call("GET", asked, token=rival).status_code == 404
        assert host.call("GET", asked, token=learner).status_code == 403
    merge = host.call(
        "POST", f"v1/candidates/{candidate_id}/merge", token=rival,
        json={"other_id": candidate_id},
    )  # fmt: skip
    assert merge.status_code in {404, 409}
    assert host.get("v1/candidate-statistics", token=rival)["profiles_created"] == 0
