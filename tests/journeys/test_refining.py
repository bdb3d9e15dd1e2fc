"""A running host with a language model beside it: résumés are refined where that is set, or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.flows.intake_parse.claiming import claims, said
from tests.flows.intake_parse.test_refining import RESUME
from tests.peers.language_model import KEY, MODEL, LanguageModel, language_model
from tests.running_host import RunningHost

SKILLS = [said("Kubernetes", 8), said("Terraform", 8)]


@contextmanager
def beside(home: Path, model: LanguageModel, **more: str) -> Iterator[RunningHost]:
    """A host of its own that knows a model on loopback."""
    environment = {
        "WAYMARK_OPENAI_KEY": KEY,
        "WAYMARK_OPENAI_MODEL": MODEL,
        "WAYMARK_OPENAI_BASE_URL": model.base_url,
        "WAYMARK_LOG_LEVEL": "DEBUG",
    }
    running = RunningHost(home, environment=environment | more)
    running.make_tenant("demo")
    with running:
        yield running


def resume_of(number: int) -> bytes:
    """Distinct people, so that no file is another's duplicate."""
    return RESUME.replace("maya.okafor", f"maya.okafor.{number}").encode()


def told_by(host: RunningHost) -> str:
    """Everything that the host wrote for its operators."""
    names = ("host.log", "host.out")
    return "".join((host.home / name).read_text(encoding="utf-8") for name in names)


def test_it_refines_what_the_rules_read_and_is_not_needed(tmp_path: Path) -> None:
    """One file gains a skill; for the next the model is away, for the third it hangs; the log
    says which, and nothing of them."""
    with (
        language_model() as model,
        beside(
            tmp_path, model, WAYMARK_OPENAI_RESUMES="true", WAYMARK_OPENAI_RESUME_SECONDS="5"
        ) as host,
    ):
        model.answers = lambda _: claims(skills=SKILLS)
        for number, (does, reason) in enumerate([(None, None), ("500", "status_500"),
                                                 ("hang", "timed_out")]):  # fmt: skip
            model.does = [does] if does else []
            host.drop(f"{number}.txt", resume_of(number))
            intake = host.intake_of(f"{number}.txt")
            assert intake["state"] == "completed"
            report = host.get(f"v1/intake/{intake['intake_id']}/report")
            heard = reason is None
            assert report["refinement"] == {
                "model": MODEL,
                "added": int(heard),
                "corrected": 0,
                "dropped": {"skills": 1} if heard else {},
                "reason": reason,
            }
            names = [each["name"]["value"] for each in report["resume"]["skills"]]
            assert ("Kubernetes" in names) is heard
            assert "Terraform" not in names
        found = host.all_of("v1/candidates", skill="kubernetes")
        assert len(found) == 1
        assert len(model.requests) == 3
        told = told_by(host)
        assert told.count("resume.refined") == 3
        for reason in ("status_500", "timed_out"):
            assert reason in told
        for secret in (KEY, "Okafor", "maya.okafor", "Borealis", "Terraform", "Ignore all"):
            assert secret not in told


def test_a_key_for_wording_sends_no_resume_anywhere(tmp_path: Path) -> None:
    """They are personal data: that they go out is said by a setting of its own."""
    with language_model() as model, beside(tmp_path, model) as host:
        host.drop("cv.txt", resume_of(7))
        intake = host.intake_of("cv.txt")
        report = host.get(f"v1/intake/{intake['intake_id']}/report")
        assert report["refinement"] is None
        assert report["resume"]["parser"] == "waymark-rules/1"
        assert model.requests == []
        assert requests.get(f"{host.url}/api/health", timeout=5).ok


def test_without_the_key_a_host_that_is_to_refine_does_not_start(tmp_path: Path) -> None:
    """It says which name is missing."""
    running = RunningHost(tmp_path, environment={"WAYMARK_OPENAI_RESUMES": "true"})
    try:
        with pytest.raises(AssertionError, match="WAYMARK_OPENAI_KEY"):
            running.start()
    finally:
        running.kill()
        running.documents.close()
        running.bus.close()
