"""The topology is consistent, and what is inconsistent is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared import topology
from shared.delivery import RESEND_WITHIN
from shared.topology import Topology

ROOT = Path(__file__).resolve().parents[2]
RECEIVER = {"lock_seconds": 60, "max_delivery": 10}
QUEUE = {**RECEIVER, "duplicate_detection_seconds": 600}
KEPT = {"kept": "of the tests"}


def small(**more: Any) -> dict[str, Any]:
    """A sound topology of one of each."""
    sound = {
        "containers": {"c": {"owner": "o", "partition_key": ["tenant_id"], "erasure": KEPT}},
        "queues": {"q": QUEUE},
        "topics": {
            "t": {
                "duplicate_detection_seconds": 600,
                "subscriptions": {"s": {**RECEIVER, "events": ["e2"]}},
            }
        },
        "events": {"e1": {"to": "q"}, "e2": {"to": "t"}},
        "blob_containers": {"b": {"owner": "o", "path": "{tenant}/…", "erasure": KEPT}},
        "storage_queues": {"p": {"owner": "o", "max_delivery": 5}},
    }
    return sound | more


def container(**more: Any) -> dict[str, Any]:
    """A change: the container with these entries."""
    return {"containers": {"c": {"owner": "o", "partition_key": ["tenant_id"], **more}}}


def test_a_sound_topology_is_read() -> None:
    """Queues and subscriptions are receivers under their entity names."""
    read = Topology.model_validate(small())
    assert set(read.receivers) == {"q", "t/s"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"events": {"e1": {"to": "nowhere"}, "e2": {"to": "t"}}}, "nowhere"),
        ({"events": {"e1": {"to": "q"}, "e2": {"to": "q"}}}, "sent elsewhere"),
        ({"events": {"e1": {"to": "q"}}}, "sent elsewhere"),
        ({"queues": {"q": QUEUE, "t": QUEUE}}, "both a queue and a topic"),
        ({"queues": {"q": {**QUEUE, "lock_seconds": 301}}}, "lock_seconds"),
        ({"queues": {"q": {**QUEUE, "max_delivery": 0}}}, "max_delivery"),
        ({"queues": {"q": {**QUEUE, "max_deliverey": 5}}}, "max_deliverey"),
        ({"storage_queues": {"p": {"owner": "o", "max_delivery": 6}}}, "max_delivery"),
        (
            {"containers": {"c": {"owner": "o", "partition_key": [], "erasure": KEPT}}},
            "partition_key",
        ),
        (
            {"containers": {"c": {"owner": "o", "partition_key": ["user_id"], "erasure": KEPT}}},
            "begins with the tenant",
        ),
        ({"containers": {"c": {"owner": "o", "partition_key": ["tenant_id"]}}}, "erasure"),
        (container(erasure=[]), "erasure"),
        (container(erasure="none"), "erasure"),
        (container(erasure={"kept": ""}), "erasure"),
        (container(erasure=[{"of": "pet", "field": "x"}]), "erasure"),
        (container(erasure=[{"of": "user", "field": "x", "value": "user:"}]), "erasure"),
        (
            {
                "containers": {
                    "c": {
                        "owner": "o",
                        "partition_key": ["tenant_id"],
                        "swept_by": ["kind"],
                        "erasure": KEPT,
                    }
                }
            },
            "never expire",
        ),
        ({"more": {}}, "more"),
    ],
)
def test_an_inconsistent_one_is_refused(change: dict[str, Any], reason: str) -> None:
    """What goes nowhere, is named twice, is out of bounds or unknown is told."""
    with pytest.raises(ValidationError, match=reason):
        Topology.model_validate(small(**change))


def test_the_houses_topology_holds() -> None:
    """The one that is deployed is sound and names each thing once."""
    read = topology.load()
    text = (ROOT / "shared" / "topology.json").read_text(encoding="utf-8")

    def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), [name for name, _ in pairs]
        return dict(pairs)

    assert Topology.model_validate(json.loads(text, object_pairs_hook=no_repeats)) == read


def test_each_event_is_heard() -> None:
    """Every event type that goes to a topic has a subscription that hears it."""
    read = topology.load()
    heard = {
        event
        for topic in read.topics.values()
        for subscription in topic.subscriptions.values()
        for event in subscription.events
    }
    unheard = [
        event for event, at in read.events.items() if at.to in read.topics and event not in heard
    ]
    assert unheard == []


def test_owners_are_flows() -> None:
    """What a flow owns is owned by one that is there."""
    read = topology.load()
    flows = {path.name for path in (ROOT / "functions").iterdir() if path.is_dir()}
    owners = {
        entry.owner
        for entries in (read.containers, read.blob_containers, read.storage_queues)
        for entry in entries.values()
    }
    assert owners <= flows


def test_redelivery_outlasts_no_receipt() -> None:
    """Every window of duplicate detection covers the longest delay of a re-send."""
    read = topology.load()
    windows = [queue.duplicate_detection_seconds for queue in read.queues.values()]
    windows += [topic.duplicate_detection_seconds for topic in read.topics.values()]
    assert min(windows) > RESEND_WITHIN.total_seconds()
