"""What the examples of models are made of, so that they tell of the same people and files."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

LEARNER = "4c1f6d0e-52a7-4a3e-9d5b-7f0f3a1c8e21"
PARENT = "a8d2b7f4-6e13-4c0a-8b9d-15e6c2f07d3a"
CANDIDATE = "6f9e2b1a-3d84-5c7f-a0e1-92b4d8c35f60"
INTAKE = "d17a4e98-0b5c-5f26-8e3d-c4a96f1b7e02"
SESSION = "2b7f6c1d-9e3a-5c48-8f10-7a6b5c4d3e2f"
BANK_VERSION = "1-1df84d34c874"
PSEUDONYM = "9b2d4f6a8c0e1f3a5b7c9d0e2f4a6b8c0d1e3f5a"
DIGEST = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea"
FILENAME = "maya-okafor.pdf"


def example(**fields: Any) -> ConfigDict:
    """The configuration of a model with this example; fields left out have examples of their
    own."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


def _read(value: str, start: int, confidence: float = 0.95) -> dict[str, Any]:
    """A value as it was read from the first page."""
    span = {"page": 1, "start": start, "end": start + len(value)}
    return {"value": value, "confidence": confidence, "span": span}


RESUME: dict[str, Any] = {
    "schema_version": 1,
    "personal": {
        "name": _read("Maya Okafor", 0, 0.98),
        "headline": _read("Security engineer", 12),
        "summary": None,
        "location": _read("Berlin, Germany", 30, 0.9),
        "emails": [_read("maya.okafor@example.com", 46, 0.99)],
        "phones": [_read("+4930901820", 70, 0.9)],
        "links": [],
    },
    "work_experience": [
        {
            "company": _read("Borealis GmbH", 112),
            "title": _read("Security engineer", 94),
            "location": None,
            "start": _read("2021-03", 127),
            "end": None,
            "current": True,
            "highlights": [_read("Cut the time to answer an alert by half.", 146, 0.9)],
        }
    ],
    "education": [
        {
            "institution": _read("Technical University of Berlin", 229),
            "degree": _read("BSc Computer Science", 207),
            "level": "bachelor",
            "location": None,
            "start": _read("2017", 260),
            "end": _read("2020", 267),
            "current": False,
        }
    ],
    "skills": [
        {"name": _read("Python", 280), "key": "python"},
        {"name": _read("Kubernetes", 288), "key": "kubernetes"},
    ],
    "certifications": [_read("CISSP", 318)],
    "languages": [{"name": _read("German", 335), "code": "de", "level": "C1"}],
    "projects": [],
    "achievements": [],
    "months_of_experience": 57,
    "language": "en",
    "parser": "waymark-rules/1",
}
