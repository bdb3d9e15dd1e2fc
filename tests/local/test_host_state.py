"""What the host remembers outlives it, and two hosts never hold the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.state import HostState

BLOB = ("intake", "resumes", "acme/a.txt")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[HostState]:
    """A host's memory on a new file."""
    made = HostState(tmp_path / "host.db")
    yield made
    made.close()


def test_a_blob_is_claimed_once(state: HostState) -> None:
    """A version that somebody holds is not to be had, a newer one is, as a first try."""
    assert state.claim_blob(*BLOB, "v1") == 1
    assert state.claim_blob(*BLOB, "v1") is None
    assert state.claim_blob(*BLOB, "v2") == 1


def test_a_released_blob_counts_its_tries(state: HostState) -> None:
    """After a failure the same version comes as the next try, once its delay is over."""
    for tries in range(1, 4):
        assert state.claim_blob(*BLOB, "v1") == tries
        state.release_blob(*BLOB, "v1", after=-1)
    state.claim_blob(*BLOB, "v1")
    state.release_blob(*BLOB, "v1", after=3600)
    assert state.claim_blob(*BLOB, "v1") is None


def test_a_finished_blob_stays_finished(state: HostState, tmp_path: Path) -> None:
    """A handled version is never claimed again, by this host or a later one."""
    state.claim_blob(*BLOB, "v1")
    state.finish_blob(*BLOB, "v1")
    state.expire_claims()
    later = HostState(tmp_path / "host.db")
    assert later.claim_blob(*BLOB, "v1") is None
    assert later.handled("intake", "resumes") == {"acme/a.txt": "v1"}
    later.close()


def test_finishing_an_old_version_leaves_the_new_one(state: HostState) -> None:
    """Who is done with a version that was overwritten meanwhile says nothing of the new one."""
    state.claim_blob(*BLOB, "v1")
    state.claim_blob(*BLOB, "v2")
    state.finish_blob(*BLOB, "v1")
    assert state.handled("intake", "resumes") == {}


def test_a_message_is_held_by_one(state: HostState) -> None:
    """A taken message is not to be had until it is released; its tries are counted."""
    state.put("q", b"one")
    item = state.take("q")
    assert item is not None
    assert (item.body, item.tries) == (b"one", 1)
    assert state.take("q") is None
    state.release(item, after=-1)
    again = state.take("q")
    assert again is not None
    assert again.tries == 2
    state.drop(again)
    state.expire_claims()
    assert state.take("q") is None


def test_messages_come_in_order_and_by_queue(state: HostState) -> None:
    """The oldest message comes first, and each from its own queue."""
    for body in (b"1", b"2"):
        state.put("q", body)
    state.put("other", b"3")
    taken = [state.take("q"), state.take("q"), state.take("q")]
    assert [item and item.body for item in taken] == [b"1", b"2", None]


def test_a_moved_message_begins_anew(state: HostState) -> None:
    """In its new queue a message is free at once, as a first try."""
    state.put("q", b"one")
    item = state.take("q")
    assert item is not None
    state.move(item, "q-poison")
    moved = state.take("q-poison")
    assert moved is not None
    assert (moved.body, moved.tries) == (b"one", 1)


def test_many_takers_share_the_messages(state: HostState) -> None:
    """Takers at the same moment each get another message."""
    for number in range(40):
        state.put("q", str(number).encode())
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: state.take("q"), range(40)))
    assert len({item.body for item in taken if item is not None}) == 40


def test_what_a_crash_held_comes_back(state: HostState) -> None:
    """A host that knows it is alone lets go of what another held when it died."""
    state.claim_blob(*BLOB, "v1")
    state.put("q", b"one")
    state.take("q")
    state.expire_claims()
    assert state.claim_blob(*BLOB, "v1") == 2
    again = state.take("q")
    assert again is not None
    assert again.tries == 2


def test_a_timers_moments_only_go_forward(state: HostState) -> None:
    """Each moment is claimed once, and none that lies before one that was."""
    assert state.claim_timer("t", 100.0)
    assert not state.claim_timer("t", 100.0)
    assert not state.claim_timer("t", 99.0)
    assert state.claim_timer("t", 101.0)
    assert state.claim_timer("other", 100.0)


def test_facts_are_remembered(state: HostState) -> None:
    """A fact is there until it is told anew."""
    assert state.fact("samples") is None
    state.remember("samples", "1")
    state.remember("samples", "2")
    assert state.fact("samples") == "2"
