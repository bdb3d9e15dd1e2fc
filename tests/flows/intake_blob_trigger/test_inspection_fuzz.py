"""Whatever the bytes are, the check answers with a verdict."""

from __future__ import annotations

import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.intake_blob_trigger.rules import Limits, Outcome, inspect_file
from tools import sample_hostile
from tools.sample_layouts import as_docx, as_pdf
from tools.sample_resumes import make_resume

SEEDS = [
    as_pdf(make_resume(1)),
    as_docx(make_resume(1), tables=True),
    sample_hostile.script_pdf(),
    sample_hostile.encrypted_pdf(),
    sample_hostile.macro_docx(),
]
MAGICS = [
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"MZ",
]
RELAXED = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def answers(data: bytes) -> None:
    verdict = inspect_file(io.BytesIO(data), name="x.pdf", size=len(data), limits=Limits())
    assert isinstance(verdict.outcome, Outcome)
    assert verdict.accepted == (verdict.code is None) == (verdict.detail == "")


@RELAXED
@given(st.sampled_from(MAGICS), st.binary(max_size=3000))
def test_any_bytes_get_a_verdict(magic: bytes, rest: bytes) -> None:
    """Random bytes behind any file's first bytes never raise."""
    answers(magic + rest)


@RELAXED
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=20),
    st.floats(0, 1),
    st.binary(max_size=40),
)
def test_mutilated_files_get_a_verdict(
    seed: bytes, changes: list[tuple[float, int]], keep: float, insert: bytes
) -> None:
    """A sound or hostile file with bytes changed, cut off and put in never raises."""
    data = bytearray(seed)
    for place, value in changes:
        data[int(place * len(data))] = value
    at = int(keep * len(data))
    answers(bytes(data[:at]) + insert + bytes(data[at:] if len(changes) % 2 else b""))
