"""Drops the sample résumés and tells how they travel through the stages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from shared.documents.port import Create, Equals, Order
from shared.errors import Exists
from shared.models import candidate, intake
from shared.models.candidate import CandidateProfile
from shared.models.intake import IntakeRecord
from shared.models.tenant import Tenant
from shared.stores import Stores

DEMO_TENANT = "demo"
GIVE_UP_SECONDS = 120.0

Say = Callable[[str], None]


def make_demo_tenant(stores: Stores, *, now: datetime) -> None:
    """Make the tenant that samples and demo recruiter belong to, if it is not there."""
    tenant = Tenant(tenant_id=DEMO_TENANT, name="Demo")
    body = tenant.stored() | {"created_at": now.isoformat()}
    try:
        stores.documents.commit("tenants", (DEMO_TENANT,), [Create(body)])
    except Exists:
        return


def drop_samples(samples: Path, drop_folder: Path) -> int:
    """Copy the samples into the drop folder as somebody would by hand; returns how many."""
    files = sorted(path for path in samples.iterdir() if path.is_file())
    for path in files:
        incoming = drop_folder / f".{path.name}.incoming"
        shutil.copyfile(path, incoming)
        incoming.replace(drop_folder / path.name)
    return len(files)


def follow(stores: Stores, expected: int, say: Say, *, stopped: Callable[[], bool]) -> bool:
    """Say each stage of each file of the demo tenant; returns whether all ended in time.

    It ends early once ``stopped``.
    """
    told: dict[str, int] = {}
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline and not stopped():
        time.sleep(0.05)
        records = demo_records(stores)
        for record in records:
            for step in record.steps[told.get(record.intake_id, 0) :]:
                say(
                    f"  {record.file.filename:<34} {step.stage:<11} {step.outcome:<11}"
                    f" {step.duration_ms:>6} ms"
                )
            told[record.intake_id] = len(record.steps)
        if len(records) >= expected and all(record.ended for record in records):
            return True
    return False


def demo_records(stores: Stores) -> list[IntakeRecord]:
    """The newest 1,000 intake records of the demo tenant, oldest first."""
    page = stores.documents.query(
        intake.CONTAINER,
        (DEMO_TENANT,),
        where=[Equals("kind", "record")],
        order=Order("created_at", descending=True),
        limit=1000,
    )
    return [IntakeRecord.of(item.body) for item in reversed(page.items)]


def demo_profiles(stores: Stores) -> list[CandidateProfile]:
    """The profiles of the demo tenant that changed last, at most 100."""
    page = stores.documents.query(
        candidate.CONTAINER,
        (DEMO_TENANT,),
        where=[Equals("kind", "profile")],
        order=Order("updated_at", descending=True),
        limit=100,
    )
    return [CandidateProfile.of(item.body) for item in page.items]
