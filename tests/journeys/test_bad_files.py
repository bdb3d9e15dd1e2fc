"""Files that cannot become a profile: each ends in a state with a reason, its original kept."""

from __future__ import annotations

import pytest
import requests

from tests.running_host import RunningHost
from tools.sample_hostile import (
    bomb_docx,
    eicar,
    encrypted_pdf,
    macro_docx,
    program,
    script_pdf,
)
from tools.sample_layouts import as_docx, as_pdf, as_text
from tools.sample_resumes import make_resume

BAD = [
    ("zero.pdf", b"", "failed", "empty"),
    ("forty.pdf", b"%PDF-1.7\n" + b"x" * 40 * 1024 * 1024, "failed", "too_large"),
    ("holiday.pdf", program(1), "quarantined", "executable"),
    ("cut.pdf", as_pdf(make_resume(501))[:1500], "failed", "truncated"),
    ("cut.docx", as_docx(make_resume(502))[:3000], "failed", "truncated"),
    ("bomb.docx", bomb_docx(), "quarantined", "decompression_bomb"),
    ("virus.txt", eicar(), "quarantined", "eicar_test_file"),
    ("locked.pdf", encrypted_pdf(503), "quarantined", "encrypted"),
    ("script.pdf", script_pdf(504), "quarantined", "script"),
    ("macros.docx", macro_docx(505), "quarantined", "macros"),
    ("noise.docx", bytes(range(256)) * 40, "failed", "unknown_type"),
    ("shopping.txt", b"milk, eggs, bread\nbutter and two onions\n", "failed", "nobody_found"),
]


@pytest.mark.parametrize(("name", "data", "state", "code"), BAD, ids=[bad[0] for bad in BAD])
def test_a_bad_file_ends_with_its_reason(
    host: RunningHost, name: str, data: bytes, state: str, code: str
) -> None:
    """A file that is useless or dangerous says why, is kept, and does not stop the host."""
    host.drop(name, data)
    intake = host.intake_of(name)
    assert (intake["state"], intake["reason"]["code"]) == (state, code)
    assert intake["reason"]["detail"].endswith((".", ")"))
    assert (host.home / "blobs/resumes/demo" / name).read_bytes() == data
    report = host.get(f"v1/intake/{intake['intake_id']}/report")
    assert (report["original_url"] is None) == (state == "quarantined")
    assert host.call("GET", "health", token="").ok


def test_the_same_bytes_twice_are_one_profile(host: RunningHost) -> None:
    """A copy under another name is a duplicate that points to the first."""
    data = as_pdf(make_resume(601))
    host.drop("first.pdf", data)
    first = host.intake_of("first.pdf")
    host.drop("copy.pdf", data)
    copy = host.intake_of("copy.pdf")
    assert (first["state"], copy["state"]) == ("completed", "duplicate")
    assert copy["duplicate_of"] == first["intake_id"]
    assert copy["candidate_id"] is None


def test_two_files_of_one_person_are_one_profile(host: RunningHost) -> None:
    """A second résumé of somebody joins the profile that is there, and loses nothing of it."""
    resume = make_resume(602)
    host.drop("as-docx.docx", as_docx(resume))
    first = host.intake_of("as-docx.docx")
    later = as_text(resume) + "\nCertifications\nWelding Certificate 2024\n"
    host.drop("as-text.txt", later.encode())
    second = host.intake_of("as-text.txt")
    assert first["candidate_id"] == second["candidate_id"]
    profile = host.get(f"v1/candidates/{first['candidate_id']}")
    assert {source["filename"] for source in profile["sources"]} == {"as-docx.docx", "as-text.txt"}
    skills = [skill["name"]["value"].casefold() for skill in profile["resume"]["skills"]]
    assert len(skills) == len(set(skills))


def test_a_file_in_nobodys_folder_is_the_operators(host: RunningHost) -> None:
    """A file of an unknown tenant ends as failed, seen by operators of the platform alone."""
    host.drop("stray.txt", b"Jane Stray\njane@example.com\n", tenant="no-such-school")
    operator = host.token("operator", tenant="platform")
    intake = host.intake_of("stray.txt", token=operator)
    assert (intake["state"], intake["reason"]["code"]) == ("failed", "unknown_tenant")
    assert "no-such-school" in intake["reason"]["detail"]
    assert (host.home / "blobs/resumes/no-such-school/stray.txt").exists()
    assert not any(item["file"]["name"].endswith("stray.txt") for item in host.all_of("v1/intake"))


def test_a_file_in_no_folder_at_all_is_the_operators(host: RunningHost) -> None:
    """A file at the root of the container belongs to no tenant."""
    (host.home / "blobs/resumes/loose.txt").write_bytes(b"Jo Loose\njo@example.com\n")
    intake = host.intake_of("loose.txt", token=host.token("operator", tenant="platform"))
    assert intake["reason"]["code"] == "unknown_tenant"


def test_a_stray_file_is_taken_on_once_its_tenant_exists(host: RunningHost) -> None:
    """What an unknown tenant's file needs is a drop into a known folder, not a retry."""
    host.drop("early.txt", as_text(make_resume(603)).encode(), tenant="early-birds")
    operator = host.token("operator", tenant="platform")
    intake = host.intake_of("early.txt", token=operator)
    answer = host.call("POST", f"v1/intake/{intake['intake_id']}/retry", token=operator)
    assert answer.status_code == 202
    host.wait_for(
        lambda: (
            (again := host.get(f"v1/intake/{intake['intake_id']}", token=operator))["attempt"] == 2
            and again["state"] == "failed"
        ),
        "the second attempt to end",
    )


def test_a_failed_file_can_be_tried_again(host: RunningHost) -> None:
    """A retry begins another attempt, once per idempotency key, and ends with a reason again."""
    host.drop("again.txt", b"nothing of a person in here\n")
    intake = host.intake_of("again.txt")
    path = f"v1/intake/{intake['intake_id']}/retry"
    answers = [host.call("POST", path, headers={"Idempotency-Key": "retry-1"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert {answer.json()["attempt"] for answer in answers} == {2}

    def tried() -> bool:
        record = host.get(f"v1/intake/{intake['intake_id']}")
        return bool(record["state"] == "failed" and record["attempt"] == 2)

    host.wait_for(tried, "the second attempt")
    report = host.get(f"v1/intake/{intake['intake_id']}/report")
    assert {step["attempt"] for step in report["steps"]} == {1, 2}


def test_only_failed_files_are_tried_again(host: RunningHost) -> None:
    """A completed file has nothing to retry; a quarantined one is the admin's to retry."""
    host.drop("done.txt", as_text(make_resume(604)).encode())
    done = host.intake_of("done.txt")
    assert host.call("POST", f"v1/intake/{done['intake_id']}/retry").status_code == 409
    host.drop("eicar2.txt", eicar() + b"  ")
    held = host.intake_of("eicar2.txt")
    path = f"v1/intake/{held['intake_id']}/retry"
    assert host.call("POST", path).status_code == 403
    assert host.call("POST", path, token=host.token("admin")).status_code == 202


def test_a_quarantined_original_cannot_be_fetched(host: RunningHost) -> None:
    """No link leads to a quarantined file, and a forged one is refused."""
    host.drop("eicar3.txt", eicar() + b" \n")
    host.intake_of("eicar3.txt")
    forged = f"{host.url}/blobs/resumes/demo/eicar3.txt?expires=99999999999&signature=00"
    assert requests.get(forged, timeout=10).status_code == 403
