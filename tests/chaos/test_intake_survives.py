"""The host killed with signal 9 while it is busy: nothing lost, nothing twice."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from shared import topology
from shared.documents.port import Equals
from tests.chaos.scale import FULL
from tests.running_host import RunningHost
from tools.sample_resumes import SampleFile, mixed_files

FILES = 500 if FULL else 200
KILLS = 5
TERMINAL = {"completed", "failed", "quarantined", "duplicate"}
QUARANTINED = {"executable", "eicar_test_file", "encrypted", "script", "macros"}


def _expected_state(file: SampleFile) -> set[str]:
    if file.verdict == "accepted":
        return {"completed"}
    return {"failed", "quarantined"}


def _has_ended(host: RunningHost, goal: int) -> bool:
    records = host.stored("intake", Equals("kind", "record"))
    return sum(1 for record in records if record["state"] in TERMINAL) >= goal


def test_five_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """200 files dropped at once (500 with CHAOS=full), five kills: each file ends once, each person
    has one profile."""
    files = list(mixed_files(FILES - 2))
    people = [file for file in files if file.resume is not None]
    copy, other = people[0], people[2]
    again = SampleFile("90001-copy.pdf", copy.data, copy.media_type, copy.resume, "copy")
    second = SampleFile(
        "90002-second.txt",
        other.data + b"\nLater addition: forklift licence\n",
        other.media_type,
        other.resume,
        "accepted",
    )
    files += [again, second]
    assert len(files) == FILES
    host = RunningHost(tmp_path)
    host.make_tenant("demo")
    with host:
        for file in files:
            host.drop(file.name, file.data)
        for kill in range(1, KILLS + 1):
            goal = FILES * kill // (KILLS + 1)
            host.wait_for(partial(_has_ended, host, goal), f"{goal} files to end")
            host.kill()
            host.start()
        host.wait_for(partial(_has_ended, host, FILES), "every file to end")
        _wait_until_quiet(host)
        records = {
            record["file"]["name"].removeprefix("demo/"): record
            for record in host.stored("intake", Equals("kind", "record"))
        }
        _check_records(host, files, records, again)
        _check_profiles(host, files, records)
        _check_nothing_left(host)
        _check_notifications(host, records)


def _wait_until_quiet(host: RunningHost) -> None:
    """Wait until no message is under way and no event unsent."""

    def quiet() -> bool:
        waiting = sum(host.bus.count(entity) for entity in topology.load().receivers)
        unsent = sum(
            1
            for name, container in topology.load().containers.items()
            if "kind" in container.swept_by
            for _ in host.stored(name, Equals("kind", "outbox"))
        )
        return waiting == 0 and unsent == 0

    host.wait_for(quiet, "the last message to be handled")
    time.sleep(0.5)
    assert quiet()


def _check_records(
    host: RunningHost,
    files: list[SampleFile],
    records: dict[str, dict[str, Any]],
    again: SampleFile,
) -> None:
    assert len(list(host.stored("intake", Equals("kind", "record")))) == FILES
    assert records.keys() == {file.name for file in files}
    same_bytes = {records[again.name]["state"], records["00000-cv.pdf"]["state"]}
    assert same_bytes == {"completed", "duplicate"}
    for file in files:
        record = records[file.name]
        original = (host.home / "blobs" / "resumes" / "demo" / file.name).read_bytes()
        assert original == file.data, f"{file.name}: the original is not kept"
        assert record["file"]["sha256"] == hashlib.sha256(file.data).hexdigest()
        stages = [(step["stage"], step["attempt"]) for step in record["steps"]]
        assert len(stages) == len(set(stages)), f"{file.name}: a stage was done twice: {stages}"
        if file.data == again.data:
            continue
        assert record["state"] in _expected_state(file), (file.name, record["reason"])
        if file.verdict != "accepted":
            assert record["reason"]["code"] == file.verdict, file.name


def _check_profiles(
    host: RunningHost, files: list[SampleFile], records: dict[str, dict[str, Any]]
) -> None:
    profiles = list(host.stored("candidates", Equals("kind", "profile")))
    addresses = {file.resume.email.casefold() for file in files if file.resume is not None}
    assert Counter(email for p in profiles for email in p["emails"][:1]) == Counter(addresses)
    sources = Counter(source["intake_id"] for p in profiles for source in p["sources"])
    completed = {r["intake_id"]: r for r in records.values() if r["state"] == "completed"}
    assert sources == Counter(completed.keys())
    home_of = {s["intake_id"]: p["candidate_id"] for p in profiles for s in p["sources"]}
    assert {i: r["candidate_id"] for i, r in completed.items()} == home_of


def _check_nothing_left(host: RunningHost) -> None:
    for entity in topology.load().receivers:
        assert host.bus.dead_letters(entity) == ()


def _check_notifications(host: RunningHost, records: dict[str, dict[str, Any]]) -> None:
    told = Counter(
        note["intake_id"] for note in host.stored("notifications", Equals("kind", "notification"))
    )
    assert told == Counter(record["intake_id"] for record in records.values())
