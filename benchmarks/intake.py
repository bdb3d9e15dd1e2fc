"""Files per second through the whole intake path, and per stage.

    python -m benchmarks.intake [FILES]

Drops FILES mixed files (default 400) at once into a fresh local host and waits
until each has ended. Beside it each stage's pure work on one thread, on the same
files: what the path would do if storing and sending cost nothing.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from functions.intake_blob_trigger.rules import Limits, inspect_file
from functions.intake_extract.rules import extract
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_parse.rules import parse
from shared.documents.port import Equals
from shared.models.text import ExtractedText
from tests.running_host import RunningHost
from tools.sample_resumes import SampleFile, mixed_files

TODAY = datetime.now(UTC).date()


def whole_path(files: list[SampleFile]) -> tuple[float, float, dict[str, float]]:
    """Return wall seconds, CPU seconds of host and children, and mean stage times in ms."""
    with tempfile.TemporaryDirectory() as folder:
        host = RunningHost(Path(folder))
        host.make_tenant("demo")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with host:
            began = time.perf_counter()
            for file in files:
                host.drop(file.name, file.data)
            stages: dict[str, list[int]] = {}
            while True:
                records = list(host.stored("intake", Equals("kind", "record")))
                if len(records) == len(files) and all(
                    r["state"] in {"completed", "failed", "quarantined"} for r in records
                ):
                    break
                time.sleep(0.1)
            wall = time.perf_counter() - began
            for record in records:
                for step in record["steps"]:
                    stages.setdefault(step["stage"], []).append(step["duration_ms"])
            host.stop()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, {stage: sum(ms) / len(ms) for stage, ms in stages.items()}


def pure_stages(files: list[SampleFile]) -> dict[str, float]:
    """Files per second of each stage's own work, on one thread, in this process."""
    good = [file for file in files if file.verdict == "accepted" and file.media_type]
    texts: list[ExtractedText] = []
    parse(extract(good[0].data, good[0].media_type or "", ExtractLimits()), today=TODAY)

    def check() -> None:
        for file in files:
            inspect_file(
                io.BytesIO(file.data), name=file.name, size=len(file.data), limits=Limits()
            )

    def take_text() -> None:
        texts.extend(extract(f.data, f.media_type or "", ExtractLimits()) for f in good)

    def read() -> None:
        for text in texts:
            parse(text, today=TODAY)

    return {
        "check and scan": _rate(check, len(files)),
        "extract": _rate(take_text, len(good)),
        "parse": _rate(read, len(good)),
    }


def _rate(work: Callable[[], None], count: int) -> float:
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    files = list(mixed_files(count))
    wall, cpu, means = whole_path(files)
    cores = os.cpu_count() or 1
    print(f"{count} mixed files, {cores} cores")
    print(f"whole path        {count / wall:>7.1f} files/s, {count / wall / cores:.1f} a core")
    print(f"                  {count / cpu:>7.1f} files per CPU second, start and stop included")
    for stage, rate in pure_stages(files).items():
        print(f"{stage:<16}  {rate:>7.1f} files per CPU second, its own work alone")
    for stage, mean in means.items():
        print(f"{stage:<16}  {mean:>7.1f} ms mean in the busy host")


if __name__ == "__main__":
    main()
