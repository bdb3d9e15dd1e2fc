"""A dropped résumé becomes a searchable profile."""

from __future__ import annotations

import pytest
import requests

from tests.running_host import RunningHost
from tools.sample_layouts import PDF_LAYOUTS, as_docx, as_pdf, as_text
from tools.sample_resumes import make_resume


def test_a_dropped_file_is_found_by_name_email_skill_and_text(host: RunningHost) -> None:
    """Each way of searching finds the person, and only who fits."""
    resume = make_resume(701)
    host.drop("cv-701.pdf", as_pdf(resume))
    intake = host.intake_of("cv-701.pdf")
    assert intake["state"] == "completed"
    wanted = intake["candidate_id"]
    skill = resume.skills[0][1][0]
    first, *_, last = resume.name.split()
    for params in (
        {"name": resume.name},
        {"name": last[:4]},
        {"email": resume.email.upper()},
        {"skill": skill, "email": resume.email},
        {"q": f"{first} {resume.email}"},
    ):
        found = [item["candidate_id"] for item in host.all_of("v1/candidates", **params)]
        assert wanted in found, params
    assert host.all_of("v1/candidates", email="nobody@nowhere.example") == []
    assert host.all_of("v1/candidates", skill="underwater basket weaving") == []


@pytest.mark.parametrize("layout", range(len(PDF_LAYOUTS)))
def test_every_layout_gives_name_email_and_jobs(host: RunningHost, layout: int) -> None:
    """One-column and two-column pages all become profiles with the person's data."""
    resume = make_resume(710 + layout, jobs=3)
    name = f"layout-{layout}.pdf"
    host.drop(name, as_pdf(resume, PDF_LAYOUTS[layout]))
    intake = host.intake_of(name)
    profile = host.get(f"v1/candidates/{intake['candidate_id']}")
    assert profile["name"].casefold() == resume.name.casefold()
    assert profile["emails"] == [resume.email]
    assert len(profile["resume"]["work_experience"]) == len(resume.jobs)


def test_each_value_says_where_it_stands(host: RunningHost) -> None:
    """The spans of a parsed value lead to its words in the extracted text."""
    resume = make_resume(720)
    host.drop("spans.docx", as_docx(resume))
    intake = host.intake_of("spans.docx")
    report = host.get(f"v1/intake/{intake['intake_id']}/report")
    email = report["resume"]["personal"]["emails"][0]
    assert email["value"] == resume.email
    assert 0.9 <= email["confidence"] <= 1
    assert email["span"]["end"] - email["span"]["start"] == len(resume.email)
    assert [step["stage"] for step in report["steps"]] == [
        "received", "scanning", "extracting", "parsing", "finalizing",
    ]  # fmt: skip


def test_the_original_is_read_by_its_link(host: RunningHost) -> None:
    """The report's link gives the very bytes that were dropped, without a token."""
    data = as_text(make_resume(721)).encode()
    host.drop("linked file é.txt", data)
    intake = host.intake_of("linked file é.txt")
    report = host.get(f"v1/intake/{intake['intake_id']}/report")
    answer = requests.get(report["original_url"], timeout=10)
    assert answer.content == data
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_recruiters_are_told_once(host: RunningHost) -> None:
    """One notification for each file that ended."""
    host.drop("told.txt", as_text(make_resume(722)).encode())
    intake = host.intake_of("told.txt")

    def notes() -> list[str]:
        return [
            note["title"]
            for note in host.all_of("v1/notifications")
            if note["intake_id"] == intake["intake_id"]
        ]

    host.wait_for(notes, "the notification")
    assert notes() == ["Profile ready"]


def test_another_tenant_sees_nothing(host: RunningHost) -> None:
    """Files, profiles and notifications of one tenant do not exist for another's recruiter."""
    host.drop("ours.txt", as_text(make_resume(723)).encode())
    intake = host.intake_of("ours.txt")
    rival = host.token("recruiter", "admin", tenant="empty")
    for path in (
        f"v1/intake/{intake['intake_id']}",
        f"v1/intake/{intake['intake_id']}/report",
        f"v1/candidates/{intake['candidate_id']}",
    ):
        assert host.call("GET", path, token=rival).status_code == 404
    path = f"v1/intake/{intake['intake_id']}/retry"
    assert host.call("POST", path, token=rival).status_code == 404
    for listing in ("v1/intake", "v1/candidates", "v1/notifications"):
        assert host.all_of(listing, token=rival) == []


def test_the_same_person_in_two_tenants_is_two_candidates(host: RunningHost) -> None:
    """A résumé sent to two tenants makes a profile in each, under ids that do not meet."""
    data = as_text(make_resume(724)).encode()
    host.drop("both.txt", data)
    host.drop("both.txt", data, tenant="rival")
    rival = host.token("recruiter", tenant="rival")
    here, there = host.intake_of("both.txt"), host.intake_of("both.txt", token=rival)
    assert (here["state"], there["state"]) == ("completed", "completed")
    assert here["candidate_id"] != there["candidate_id"]


@pytest.mark.parametrize(
    ("path", "roles", "status"),
    [
        ("v1/candidates", ("learner", "parent", "mentor", "operator"), 403),
        ("v1/intake", ("learner", "parent", "mentor"), 403),
        ("v1/notifications?audience=recruiters", ("learner", "parent", "mentor", "operator"), 403),
    ],
)
def test_other_roles_are_refused(
    host: RunningHost, path: str, roles: tuple[str, ...], status: int
) -> None:
    """Who is no recruiter and no admin reads neither candidates nor files."""
    for role in roles:
        token = host.token(role)  # type: ignore[arg-type]  # from the table above
        assert host.call("GET", path, token=token).status_code == status
    assert host.call("GET", path, token="").status_code == 401


def test_paging_shows_each_file_once(host: RunningHost) -> None:
    """A list read in small pages has each item once, in the order of the whole."""
    for index in range(7):
        host.drop(f"page-{index}.txt", as_text(make_resume(730 + index)).encode())
    for index in range(7):
        host.intake_of(f"page-{index}.txt")
    whole = [item["intake_id"] for item in host.all_of("v1/intake", state="completed")]
    paged: list[str] = []
    continuation: dict[str, str] = {}
    while True:
        page = host.get("v1/intake", state="completed", limit="3", **continuation)
        paged += [item["intake_id"] for item in page["items"]]
        if page["continuation"] is None:
            break
        continuation = {"continuation": page["continuation"]}
    assert paged == whole
    assert len(set(paged)) == len(paged)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("v1/candidates?limit=0", 400, "limit"),
        ("v1/candidates?limit=101", 400, "limit"),
        ("v1/candidates?colour=red", 400, "colour"),
        ("v1/candidates?q=%20%2C", 400, "q"),
        ("v1/candidates?continuation=bm90IG91cnM", 400, "continuation"),
        ("v1/intake?state=lost", 400, "state"),
        ("v1/candidates/4b08df73-bd5a-4cad-81b3-519644cefa53", 404, "candidate"),
        ("v1/candidates/..%2F..%2Fetc", 404, "candidate"),
        ("v1/intake/not-a-uuid", 404, "intake"),
        ("v1/nowhere", 404, "nothing"),
    ],
)
def test_wrong_requests_say_what_is_wrong(
    host: RunningHost, path: str, status: int, word: str
) -> None:
    """A wrong request is answered by problem+json that names what to change."""
    answer = host.call("GET", path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert word in answer.json()["detail"] or word in answer.text


def test_one_trace_leads_through_all_hops(host: RunningHost) -> None:
    """Every hop of a file logs the request id of the drop."""
    host.drop("traced.txt", as_text(make_resume(740)).encode())
    intake = host.intake_of("traced.txt")

    def handled() -> list[str]:
        log = (host.home / "host.log").read_text(encoding="utf-8").splitlines()
        return [line for line in log if intake["intake_id"] in line and "event.handled" in line]

    host.wait_for(lambda: len(handled()) >= 4, "the last hop to be logged")
    log, lines = (host.home / "host.log").read_text(encoding="utf-8").splitlines(), handled()
    ids = {line.split('"request_id": "')[1].split('"')[0] for line in lines}
    assert len(lines) >= 4
    assert len(ids) == 1
    assert not any("traced.txt" in line or "example.com" in line for line in log)
