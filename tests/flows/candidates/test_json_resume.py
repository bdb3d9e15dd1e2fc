"""JSON Resume: every profile is valid by the standard's schema, and what comes back is the same."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # no stubs are pinned
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.candidates.rules.edits import CandidateChanges, resume_of
from functions.candidates.rules.json_resume import JsonResume, exported, imported
from shared.models.candidate import CandidateProfile, ProfileSource
from shared.models.resume import PersonalInfo, Resume, Value
from shared.profiles.writing import Incoming, created
from tests.flows.intake_finalize.resumes import resumes
from tests.flows.stores import START, TENANT
from tests.peers.node import installed_file

SOURCE = ProfileSource(
    intake_id="i", attempt=1, filename="cv.pdf", sha256="0" * 64, received_at=START
)
FULL = CandidateChanges.model_validate(
    {
        "name": "Maya Okafor", "headline": "Security engineer", "summary": "Builds traps.",
        "location": "Berlin, Germany", "emails": ["maya@example.org"], "phones": ["+4930901820"],
        "links": ["https://maya.example.org", "https://www.linkedin.com/in/maya-okafor"],
        "work_experience": [
            {"company": "Borealis", "title": "Engineer", "start": "2021-03", "current": True,
             "highlights": ["Cut alerts by half."]},
            {"company": "Acme", "title": "Analyst", "start": "2018", "end": "2021-02"},
        ],
        "education": [
            {"institution": "TU Berlin", "degree": "BSc", "level": "bachelor", "start": "2015",
             "end": "2018"}
        ],
        "skills": ["Python", "Kubernetes"],
        "languages": [{"name": "German", "code": "de", "level": "C1"}],
        "certifications": ["CISSP"], "achievements": ["Best paper"],
        "projects": [{"name": "Honeypot", "url": "https://example.org/honeypot"}],
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(installed_file("@jsonresume/schema", "schema.json").read_bytes())


def profile_of(resume: Resume) -> CandidateProfile:
    return created(TENANT, Incoming(resume, (), SOURCE), now=START)


def check(document: Any, schema: Any) -> None:
    jsonschema.validate(
        document, schema, cls=jsonschema.Draft7Validator,
        format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER,
    )  # fmt: skip
    assert json.loads(json.dumps(document)) == document


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(resumes)
def test_every_profile_is_valid(schema: Any, resume: Resume) -> None:
    check(exported(profile_of(resume)), schema)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=30), max_size=4), st.text(max_size=30))
def test_whatever_stands_where_an_address_should_is_valid(
    schema: Any, links: list[str], email: str
) -> None:
    personal = PersonalInfo(
        emails=(Value(value=email, confidence=0.5),),
        links=tuple(Value(value=link, confidence=0.5) for link in links),
    )
    check(exported(profile_of(Resume(personal=personal))), schema)


def test_a_full_profile(schema: Any) -> None:
    document = exported(profile_of(resume_of(FULL, today=START.date())[0]))
    check(document, schema)
    assert document["basics"]["url"] == "https://maya.example.org"
    assert document["basics"]["profiles"] == [
        {
            "network": "LinkedIn",
            "username": "maya-okafor",
            "url": "https://www.linkedin.com/in/maya-okafor",
        }
    ]
    assert document["work"][0] == {
        "name": "Borealis", "position": "Engineer", "startDate": "2021-03",
        "highlights": ["Cut alerts by half."],
    }  # fmt: skip
    assert document["work"][1]["endDate"] == "2021-02"
    assert document["skills"] == [{"name": "Python"}, {"name": "Kubernetes"}]


def test_what_goes_out_comes_back_the_same() -> None:
    """Codes of languages and levels of degrees among it, which go beyond the standard."""
    first = exported(profile_of(resume_of(FULL, today=START.date())[0]))
    again = imported(JsonResume.model_validate(first), now=START)
    assert exported(profile_of(again)) == first
    assert again.work_experience[0].current
    assert not again.work_experience[1].current
    assert again.skills[0].key == "python"
    assert again.months_of_experience == 99
    assert again.languages[0].code == "de"
    assert again.education[0].level == "bachelor"


def test_groups_of_skills_are_skills() -> None:
    given_resume = JsonResume.model_validate(
        {"skills": [{"name": "Security", "keywords": ["Splunk", "Python"]}, {"name": "Go"}]}
    )
    found = [skill.name.value for skill in imported(given_resume, now=START).skills]
    assert found == ["Splunk", "Python", "Go"]


def test_the_standards_own_sample_is_read() -> None:
    sample = json.loads(installed_file("@jsonresume/schema", "sample.resume.json").read_bytes())
    resume = imported(JsonResume.model_validate(sample), now=START)
    assert resume.personal.name is not None
    assert resume.personal.name.value == sample["basics"]["name"]
    assert len(resume.work_experience) == len(sample["work"])
    assert len(resume.education) == len(sample["education"])
    assert resume.personal.location is not None


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["basics", "work", "skills", "name", "email"]), inner)
        ),
        max_leaves=8,
    )
)
def test_whatever_comes_is_a_resume_or_a_clear_error(junk: Any) -> None:
    if not isinstance(junk, dict):
        return
    try:
        given_resume = JsonResume.model_validate(junk)
    except ValueError:
        return
    imported(given_resume, now=START)
