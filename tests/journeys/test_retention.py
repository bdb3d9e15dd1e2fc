"""A night on a running host: an old journey is archived, and the routes stay as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from shared.documents.port import Equals, Patch
from shared.journey_records import BLOBS
from shared.models.audit import sortable
from shared.models.learning import CONTAINERS
from shared.models.tenant import PLATFORM
from tests.journeys.travellers import Learner
from tests.running_host import RunningHost


def whole(learner: Learner) -> None:
    """Take a learner through a journey."""
    for container in CONTAINERS:
        learner.lessons(container)
        learner.complete(container)
    learner.complete()


def read(learner: Learner) -> list[Any]:
    """What all routes say of the learner's journey."""
    path = f"journeys/{learner.session}"
    attempts = learner.host.all_of(f"v1/{path}/attempts", token=learner.token)
    by_subject = learner.get(f"{path}/attempts", subject="ELA", limit="5")["items"]
    return [learner.get(path), learner.get(f"{path}/summary"), attempts, by_subject]


def beside(learner: Learner) -> int:
    """How many attempts lie beside the learner's journey."""
    found = learner.host.documents.query(
        "journeys", (learner.tenant, learner.user), where=[Equals("kind", "attempt")], limit=100
    )
    return len(found.items)


def test_a_journey_is_read_from_the_archive(host: RunningHost) -> None:
    """A journey that ended over a year ago is archived by the timer, and every route tells of it
    as before; the operator reads how many were."""
    old, young = Learner(host), Learner(host)
    whole(old)
    whole(young)
    before = read(old)
    assert len(before[2]) == 36
    ended = sortable(datetime.now(UTC) - timedelta(days=366))
    host.documents.commit(
        "journeys", (old.tenant, old.user), [Patch(old.session, set={"archive_due": ended})]
    )
    fired = requests.post(
        f"{host.url}/admin/functions/retention_timer", json={"input": ""}, timeout=60
    )
    assert fired.status_code in {200, 202}, fired.text
    host.wait_for(lambda: beside(old) == 0, "the journey to be archived")
    assert beside(young) == 36
    assert read(old) == before
    (blob,) = host.blobs.list(BLOBS, f"{old.tenant}/{old.user}/")
    assert blob.tier == "cool"
    operator = host.token("operator", tenant=PLATFORM, user="olga")
    reports = host.wait_for(
        lambda: host.get("v1/retention-reports", token=operator)["items"], "the report"
    )
    assert (reports[0]["archived"], reports[0]["failed"]) == (1, [])
