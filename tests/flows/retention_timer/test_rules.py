"""Whose a file is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.retention_timer.rules.owners import OWNED, owner_of
from shared import topology


@pytest.mark.parametrize(
    ("container", "name", "owner"),
    [
        ("journey-summaries", "demo/u/s/summary.pdf", ("journey_summaries", ("demo", "u"), "s")),
        ("portfolio-files", "demo/u/i/f/a.png", ("portfolio", ("demo", "u"), "i")),
        ("session-archives", "demo/u/j/d.jsonl.gz", ("journeys", ("demo", "u"), "j")),
        ("extracts", "demo/i1/1.json", None),
        ("session-archives", "demo/u/j.zip", None),
        ("portfolio-files", "demo/u/i/f//a.png", None),
        ("resumes", "demo/cv.pdf", None),
        ("nothing", "a/b/c", None),
    ],
)
def test_a_file_belongs_to_a_document(
    container: str, name: str, owner: tuple[str, tuple[str, ...], str] | None
) -> None:
    """A file's name says which document tells of it; what is of another form belongs to none."""
    found = owner_of(container, name)
    assert (found and (found.container, found.partition, found.document_id)) == owner


@given(name=st.text(max_size=80), container=st.sampled_from(OWNED))
def test_no_name_breaks_it(name: str, container: str) -> None:
    """Whatever lies in a container, its owner is a place of the topology, or there is none."""
    found = owner_of(container, name)
    if found is not None:
        declared = topology.load().containers[found.container]
        assert len(found.partition) == len(declared.partition_key)
        assert all(found.partition)
        assert found.document_id


def test_what_owns_nothing_is_left_alone() -> None:
    """The containers whose files are judged are of the topology; people's drops are not of them."""
    assert set(OWNED) <= set(topology.load().blob_containers)
    assert "resumes" not in OWNED
