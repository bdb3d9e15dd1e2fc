"""A running host with clamd beside it: files wait while it is away, and malware gets nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from shared.events.envelope import Event
from shared.events.intake import IntakeScanDeferred
from tests.peers.clamd import PATTERN, RunningClamd
from tests.running_host import RunningHost
from tools.sample_layouts import as_docx, as_text
from tools.sample_resumes import make_resume


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[tuple[RunningHost, RunningClamd]]:
    """A host of its own that asks a clamd, which is not started yet."""
    clamd, home = RunningClamd(tmp_path), tmp_path / "home"
    home.mkdir()
    environment = {"WAYMARK_SCANNER": "clamd", "WAYMARK_CLAMD": clamd.urls["unix"]}
    running = RunningHost(home, environment=environment)
    running.make_tenant("demo")
    try:
        with running:
            yield running, clamd
    finally:
        clamd.stop()


def waiting(host: RunningHost, name: str) -> Any:
    """The intake of a file once it waits for its scan."""

    def found() -> list[Any]:
        listed = host.all_of("v1/intake", state="scanning")
        return [item for item in listed if item["file"]["name"] == f"demo/{name}"]

    return host.wait_for(found, f"{name} to wait for its scan")[0]


def ask_now(host: RunningHost, intake: Any) -> None:
    """Deliver the message that has the scanner asked again, before it is due."""
    data = IntakeScanDeferred(
        intake_id=intake["intake_id"],
        attempt=intake["attempt"],
        asked=intake["unscanned"]["asked"],
        due_at=intake["unscanned"]["due_at"],
    )
    event = Event(
        id=str(uuid4()),
        source="/waymark/tests",
        type=data.type,
        subject=data.subject,
        time=datetime.now(UTC),
        data=data.model_dump(mode="json"),
        tenantid="demo",
        partitionkey=data.intake_id,
    )
    answer = requests.post(
        f"{host.url}/admin/functions/intake_rescan",
        json={"input": event.body().decode()},
        timeout=10,
    )
    assert answer.status_code == 202, answer.text


def report_of(host: RunningHost, intake: Any) -> Any:
    return host.get(f"v1/intake/{intake['intake_id']}/report")


def test_a_file_waits_for_clamd_and_goes_on(
    beside: tuple[RunningHost, RunningClamd],
) -> None:
    """Dropped while clamd is down it waits, across a killed host; when clamd is there it becomes
    a profile, and what clamd finds is quarantined."""
    host, clamd = beside
    host.drop("early.docx", as_docx(make_resume(801)))
    early = waiting(host, "early.docx")
    assert early["unscanned"]["asked"] == 1
    assert early["unscanned"]["why"].endswith(".")
    assert report_of(host, early)["original_url"] is None
    ask_now(host, early)
    host.wait_for(lambda: waiting(host, "early.docx")["unscanned"]["asked"] == 2, "a question")
    host.kill()
    host.start()
    early = waiting(host, "early.docx")
    clamd.start()
    ask_now(host, early)
    done = host.intake_of("early.docx")
    assert (done["state"], done["unscanned"], done["attempt"]) == ("completed", None, 1)
    report = report_of(host, done)
    assert requests.get(report["original_url"], timeout=10).ok
    assert [step["stage"] for step in report["steps"]] == [
        "received", "scanning", "extracting", "parsing", "finalizing",
    ]  # fmt: skip

    bad = as_text(make_resume(802)) + "\n" + PATTERN.decode() + "\n"
    host.drop("bad.txt", bad.encode())
    found = host.intake_of("bad.txt")
    assert (found["state"], found["reason"]["code"]) == ("quarantined", "malware")
    assert "Waymark.Test.Pattern" in found["reason"]["detail"]
    assert report_of(host, found)["original_url"] is None
    host.drop("good.txt", as_text(make_resume(803)).encode())
    assert host.intake_of("good.txt")["state"] == "completed"

    clamd.stop()
    host.drop("late.txt", as_text(make_resume(804)).encode())
    late = waiting(host, "late.txt")
    assert late["candidate_id"] is None
    assert len(host.all_of("v1/candidates")) == 2
