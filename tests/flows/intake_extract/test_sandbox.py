"""The sandbox survives what files do to it, and says what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.intake_extract.rules import (
    Crashed,
    Damaged,
    Encrypted,
    ExtractionError,
    ExtractLimits,
    Killed,
    OutOfMemory,
    TimedOut,
    TooLarge,
    UnknownFormat,
)
from functions.intake_extract.sandbox import Sandbox, SandboxLimits
from tools import sample_hostile
from tools.make_samples import SAMPLES, Sample
from tools.sample_resumes import PDF

JOBS = "tests.flows.intake_extract.sandbox_jobs"
MIB = 1024 * 1024
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def real() -> Iterator[Sandbox]:
    with Sandbox(SandboxLimits(memory_bytes=512 * MIB, wall_seconds=30)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def obedient() -> Iterator[Sandbox]:
    limits = SandboxLimits(
        extract=ExtractLimits(max_pages=7),
        memory_bytes=256 * MIB,
        wall_seconds=30,
        answer_bytes=1 * MIB,
        children=1,
    )
    with Sandbox(limits, job=f"{JOBS}:obey") as sandbox:
        yield sandbox


def pid_of(sandbox: Sandbox) -> int:
    return int(sandbox.extract(b"fine", "a/b").lines[0].text)


def test_reads_as_the_reader_does(real: Sandbox) -> None:
    """What comes back is exactly what the reader gives outside of the sandbox."""
    from functions.intake_extract.rules import extract

    for sample in SAMPLES:
        data = sample.render()
        assert real.extract(data, sample.media_type) == extract(data, sample.media_type)


def test_limits_and_type_reach_the_job(obedient: Sandbox) -> None:
    """The child works under the limits that the parent was given."""
    assert [line.text for line in obedient.extract(b"fine", "a/b").lines[1:]] == [
        "fine",
        "a/b",
        "7",
    ]


def test_one_child_serves_many_files(obedient: Sandbox) -> None:
    """A child is kept, also after a file that it refused."""
    before = pid_of(obedient)
    with pytest.raises(Damaged, match="says the job"):
        obedient.extract(b"refuse", "a/b")
    obedient.extract(b"print", "a/b")
    assert pid_of(obedient) == before


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (b"eat", OutOfMemory),
        (b"abort after eating", OutOfMemory),
        (b"fault", Crashed),
        (b"leave", Crashed),
        (b"raise", Crashed),
        (b"write", Crashed),
    ],
)
def test_a_lost_child_is_replaced(
    obedient: Sandbox, order: bytes, error: type[ExtractionError]
) -> None:
    """A job that dies gets its typed error, and the next file a new child."""
    before = pid_of(obedient)
    with pytest.raises(error):
        obedient.extract(order, "a/b")
    assert pid_of(obedient) != before


def test_too_long_an_answer(obedient: Sandbox) -> None:
    """An answer beyond the limit is refused by the child, which lives on."""
    before = pid_of(obedient)
    with pytest.raises(TooLarge):
        obedient.extract(b"long", "a/b")
    assert pid_of(obedient) == before


@pytest.mark.parametrize("order", [b"hang", b"spin"])
def test_time_runs_out(order: bytes) -> None:
    """A job that sleeps or computes for ever is ended by the parent."""
    with Sandbox(SandboxLimits(wall_seconds=0.5), job=f"{JOBS}:obey") as sandbox:
        with pytest.raises(TimedOut):
            sandbox.extract(order, "a/b")
        assert pid_of(sandbox)


def test_computing_time_runs_out() -> None:
    """The system ends a job that computes too long, even if the parent would wait."""
    limits = SandboxLimits(cpu_seconds=1, wall_seconds=60)
    with (
        Sandbox(limits, job=f"{JOBS}:obey") as sandbox,
        pytest.raises(TimedOut, match="computing"),
    ):
        sandbox.extract(b"spin", "a/b")


def test_a_child_retires() -> None:
    """After its number of files a child makes way for a new one."""
    with Sandbox(SandboxLimits(files_per_child=2), job=f"{JOBS}:obey") as sandbox:
        pids = [pid_of(sandbox) for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_holds_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child sees neither the parent's environment nor its open files."""
    monkeypatch.setenv("WAYMARK_SECRET", "s3cret")
    with open(__file__), Sandbox(job=f"{JOBS}:obey") as sandbox:
        _, *names = (line.text for line in sandbox.extract(b"look around", "a/b").lines)
    assert set(names[:-1]) <= {"LANG", "LC_CTYPE", "PYTHONPATH"}
    # Input, output, errors, the answers' pipe, and the directory being listed.
    assert names[-1] == "descriptors 5"


def test_many_threads_share_the_children() -> None:
    """Twice as many callers as children all get their own answer."""
    with Sandbox(SandboxLimits(children=2), job=f"{JOBS}:obey") as sandbox:
        with ThreadPoolExecutor(4) as pool:
            orders = [b"order %d" % number for number in range(24)]
            answers = list(pool.map(lambda order: sandbox.extract(order, "a/b"), orders))
        assert [answer.lines[1].text.encode() for answer in answers] == orders
        assert len({answer.lines[0].text for answer in answers}) <= 2


def test_a_child_outlives_the_thread_that_asked_first() -> None:
    """The death of the first caller's thread does not take the child with it."""
    with Sandbox(job=f"{JOBS}:obey") as sandbox:
        pids: list[int] = []
        for _ in range(2):
            caller = threading.Thread(target=lambda: pids.append(pid_of(sandbox)))
            caller.start()
            caller.join()
    assert pids[0] == pids[1]


def test_closing_ends_the_children() -> None:
    """After close no child is left, and asking again is an error."""
    sandbox = Sandbox(job=f"{JOBS}:obey")
    pid = pid_of(sandbox)
    sandbox.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.extract(b"fine", "a/b")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    """When the parent is killed in the middle of a file, the child at work dies too."""
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    program = (
        "from functions.intake_extract.sandbox import Sandbox\n"
        f"Sandbox(job={JOBS + ':sleep_on'!r}).extract({str(pipe)!r}.encode(), 'a/b')\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    with pipe.open() as told:
        child = int(told.read())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    gone = threading.Event()
    for _ in range(200):
        if not Path(f"/proc/{child}").exists() or _is_zombie(child):
            break
        gone.wait(0.05)
    else:
        pytest.fail("the child still runs")


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_bomb_costs_one_child() -> None:
    """A PDF that unpacks to half a gigabyte is stopped, and the next file is read."""
    limits = SandboxLimits(memory_bytes=300 * MIB, wall_seconds=5)
    with Sandbox(limits) as sandbox:
        with pytest.raises(Killed):
            sandbox.extract(sample_hostile.bomb_pdf(), PDF)
        assert sandbox.extract(SAMPLES[0].render(), PDF).lines


@pytest.mark.parametrize(
    ("data", "media_type", "error"),
    [
        (b"", PDF, Damaged),
        (b"%PDF-1.7 nothing", PDF, Damaged),
        (sample_hostile.encrypted_pdf(), PDF, Encrypted),
        (b"x", "image/heic", UnknownFormat),
    ],
)
def test_errors_keep_their_type(
    real: Sandbox, data: bytes, media_type: str, error: type[ExtractionError]
) -> None:
    """What the reader raises in the child is raised in the parent."""
    with pytest.raises(error) as caught:
        real.extract(data, media_type)
    assert str(caught.value).endswith(".")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=12),
    st.floats(0.3, 1),
)
def test_any_bytes_end_in_text_or_a_typed_error(
    real: Sandbox, sample: Sample, changes: list[tuple[float, int]], keep: float
) -> None:
    """A mutilated file gives text or an extraction error, nothing else."""
    data = bytearray(sample.render())
    for place, value in changes:
        data[int(place * len(data))] = value
    try:
        outcome: object = real.extract(bytes(data[: int(keep * len(data))]), sample.media_type)
    except ExtractionError as error:
        outcome = error
    assert not isinstance(outcome, Crashed)


def test_a_child_that_cannot_start_is_not_the_files_fault() -> None:
    """When the child does not come up, the error is the host's and not a verdict on the file."""
    with Sandbox(job="no.such.module:job") as sandbox, pytest.raises(RuntimeError, match="start"):
        sandbox.extract(b"fine", "a/b")
