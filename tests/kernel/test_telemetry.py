"""Logs are JSON lines with ids and without personal data; traces go on from hop to hop."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import telemetry

PARENT = f"00-{'ab' * 16}-{'cd' * 8}-01"
ROOT = Path(__file__).resolve().parents[2]
SENT = "anna@example.org"
WORKER = """
import json, logging, sys
from shared import telemetry

class Sending(logging.Handler):
    def emit(self, record):
        sys.stdout.write(self.format(record) + "\\n")

logging.getLogger().addHandler(Sending())
telemetry.configure("INFO")
telemetry.configure("INFO")
telemetry.log("thing.done", count=3)
"""
ALONE = """
from shared import telemetry
telemetry.configure("INFO")
telemetry.configure("INFO")
telemetry.log("thing.done", count=3)
"""
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The log lines written so far, parsed."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(telemetry.JsonLines())
    logger = logging.getLogger("waymark")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_a_line_is_one_json_object(lines: Lines) -> None:
    """An outcome with its fields is one line, also when a value holds line breaks."""
    telemetry.log("thing.done", count=3, text='a\nb"c\u2028', odd=object())
    (line,) = lines()
    assert (line["message"], line["level"], line["count"]) == ("thing.done", "info", 3)
    assert line["text"] == 'a\nb"c\u2028'
    assert line["time"].endswith("+00:00")


def test_a_line_carries_the_hops_ids(lines: Lines) -> None:
    """Within a hop each line has its request, trace and span; outside none of them."""
    with telemetry.hop(traceparent=PARENT, request_id="r-1") as here:
        telemetry.log("thing.done")
    telemetry.log("thing.done")
    inside, outside = lines()
    assert (inside["request_id"], inside["trace_id"]) == ("r-1", "ab" * 16)
    assert inside["span_id"] == here.span_id
    assert "request_id" not in outside


def test_a_failure_holds_nothing_of_what_was_sent(lines: Lines) -> None:
    """A failure is logged by its kind and its place, without the words of the error or of
    what caused it."""

    def fail() -> None:
        try:
            int(SENT)
        except ValueError as error:
            raise RuntimeError(f"cannot read {SENT}") from error

    with pytest.raises(RuntimeError) as raised:
        fail()
    telemetry.failure("thing.broke", raised.value, thing_id="t-1")
    (line,) = lines()
    assert (line["error"], line["level"], line["thing_id"]) == ("RuntimeError", "error", "t-1")
    assert "in fail" in line["traceback"]
    assert "anna" not in json.dumps(line)


def test_a_librarys_exception_holds_nothing_either(lines: Lines) -> None:
    """Lines that others log with an exception lose its words as well."""
    logger = logging.getLogger("waymark.library")
    try:
        int(SENT)
    except ValueError:
        logger.exception("it broke")
    logger.info("nothing broke", exc_info=True)
    broke, fine = lines()
    assert broke["error"] == "ValueError"
    assert "test_telemetry" in broke["traceback"]
    assert "anna" not in json.dumps(broke)
    assert "error" not in fine


def test_timed_tells_duration_and_added_fields(lines: Lines) -> None:
    """A timed block is one line with its duration, what it added, and no error."""
    with telemetry.timed("thing.done", thing_id="t-1") as line:
        line["outcome"] = "done"
    (written,) = lines()
    assert (written["thing_id"], written["outcome"]) == ("t-1", "done")
    assert written["duration_ms"] >= 0
    assert "error" not in written


def test_timed_tells_what_broke(lines: Lines) -> None:
    """A block that raises is told as an error by its kind, and the error goes on."""
    with pytest.raises(KeyError), telemetry.timed("thing.done"):
        raise KeyError(SENT)
    (written,) = lines()
    assert (written["error"], written["level"]) == ("KeyError", "error")
    assert "anna" not in json.dumps(written)


def test_a_hop_goes_on_in_the_callers_trace() -> None:
    """Trace and flags are the caller's, the span is new, and it ends with the block."""
    with telemetry.hop(traceparent=PARENT[:-2] + "00", request_id="r") as here:
        assert telemetry.current() is here
        assert here.traceparent.startswith(f"00-{'ab' * 16}-")
        assert here.traceparent.endswith("-00")
        assert here.span_id != "cd" * 8
    assert telemetry.current() is None


def test_hops_nest() -> None:
    """A hop inside another gives way to it again, also after an error."""
    with telemetry.hop(traceparent=None, request_id=None) as outer:
        with pytest.raises(KeyError), telemetry.hop(traceparent=None, request_id=None):
            raise KeyError
        assert telemetry.current() is outer


@pytest.mark.parametrize(
    "unsound",
    [
        None,
        "",
        "garbage",
        PARENT.upper(),
        PARENT + "-extra",
        PARENT + "\n",
        "01" + PARENT[2:],
        f"00-{'0' * 32}-{'cd' * 8}-01",
        f"00-{'ab' * 16}-{'0' * 16}-01",
    ],
)
def test_an_unsound_traceparent_begins_a_new_trace(unsound: str | None) -> None:
    """What is no W3C traceparent is not carried on."""
    with telemetry.hop(traceparent=unsound, request_id=None) as here:
        assert here.trace_id != "ab" * 16
        assert len(here.trace_id) == 32
        assert int(here.trace_id, 16)


@given(st.text())
def test_a_request_id_is_plain_or_replaced(given_id: str) -> None:
    """Whatever a caller sends as a request id, ours is 1 to 64 plain characters."""
    with telemetry.hop(traceparent=None, request_id=given_id) as here:
        assert 1 <= len(here.request_id) <= 64
        assert set(here.request_id) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-"
        )


@pytest.mark.parametrize("kept", ["a", "A-1_b.c:d", "x" * 64])
def test_a_plain_request_id_is_kept(kept: str) -> None:
    """A sound request id of the caller stays."""
    with telemetry.hop(traceparent=None, request_id=kept) as here:
        assert here.request_id == kept


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def test_the_workers_own_handler_gets_each_line() -> None:
    """A handler that stands on the root logger, as the Functions worker's does, stays there and
    gets each line once, with its fields."""
    ran = run(WORKER)
    (line,) = ran.stdout.splitlines()
    assert (json.loads(line)["message"], json.loads(line)["count"]) == ("thing.done", 3)
    assert ran.stderr == ""


def test_without_any_handler_lines_go_to_standard_error() -> None:
    """A process whose log nobody handles writes each line once to standard error."""
    (line,) = run(ALONE).stderr.splitlines()
    assert (json.loads(line)["message"], json.loads(line)["count"]) == ("thing.done", 3)


def test_the_sdks_are_quiet() -> None:
    """The SDKs' lines of each request and reply are not written, their warnings are."""
    loggers = [logging.getLogger(name) for name in ("azure", "uamqp", "urllib3", "openai")]
    levels = [logger.level for logger in [logging.getLogger("waymark"), *loggers]]
    for logger in loggers:
        logger.setLevel(logging.NOTSET)
    telemetry.configure("DEBUG")
    assert [logger.level for logger in loggers] == [logging.WARNING] * len(loggers)
    for logger, level in zip([logging.getLogger("waymark"), *loggers], levels, strict=True):
        logger.setLevel(level)
