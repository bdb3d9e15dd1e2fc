"""The same events on Cosmos DB's own SDK, against the peer: the same views."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from shared import topology
from shared.documents.cosmos import CosmosDocuments
from shared.documents.port import Create
from tests.contracts.documents_fixtures import DATABASE, create_containers, running_peer
from tests.flows.analytics.analyst import (
    Analyst,
    answered,
    completed,
    learners,
    moment,
    started,
)
from tests.flows.stores import TENANT, House

DAYS: Any = {"first": date(2026, 2, 1), "last": date(2026, 3, 31)}


def _shown(house: House) -> list[Any]:
    """What views show once everything was delivered twice."""
    analyst = Analyst(house)
    for user in learners(10):
        events = [
            started(user, at=moment(27, 2)),
            answered(user, masters=True, hints=1),
            answered(user, number=2, at=moment(2)),
            completed(user, began=moment(27, 2), at=moment(2)),
        ]
        assert analyst.hear(*events, *events)[4:] == ["repeated"] * 4
        for _ in range(2):
            analyst.report(user, "content.left", content_type="lesson", content_id="x", seconds=6)
    analyst.count()
    analyst.house.clock.advance(days=4)
    return [
        analyst.rows("careers", "career", "month", **DAYS),
        analyst.rows("skills", "skill", "subject", **DAYS),
        analyst.rows("content", "content_type", "content_id", **DAYS),
        analyst.rows("effectiveness", "month", **DAYS),
    ]


def test_views_are_the_same_on_cosmos_db(tmp_path: Path) -> None:
    """Patches, partitions of three levels and the look-up by views, through the real SDK."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "cosmos").mkdir()
    plain, house = House(tmp_path / "plain"), House(tmp_path / "cosmos")
    with running_peer() as peer:
        create_containers(
            peer.connection_string, DATABASE, endpoint_discovery=False, topology=topology.load()
        )
        embedded = house.documents
        house.documents = CosmosDocuments.from_connection_string(
            peer.connection_string, DATABASE, topology.load(), endpoint_discovery=False
        )
        body = {"id": "probe", "tenant_id": TENANT, "month": "2020-01", "shard": "0"}
        house.documents.commit("analytics_events", (TENANT, "2020-01", "0"), [Create(body)])
        assert _shown(house) == _shown(plain)
        house.documents.close()
        house.documents = embedded
    house.close()
    plain.close()
