"""The route of the snapshots for analysts: for a tenant's admins."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import AwareDatetime, BaseModel, Field

from functions.nightly_backup.routes import blueprint
from functions.nightly_backup.service.profile_snapshots import BLOBS, day_of, listed
from shared import runtime
from shared.http.api import Api
from shared.http.call import Call, PageQuery
from shared.models.examples import example

api = Api("profile snapshots", "Where all learners stand, each night, as Parquet", blueprint)

LINK_LIFETIME = timedelta(minutes=15)


class ProfileSnapshotView(BaseModel):
    """A night's snapshot."""

    model_config = example(
        day="2026-11-28",
        size=48213,
        url="https://waymark.example/profile-snapshots/demo/2026-11-28.parquet?signature=…",
    )

    day: date
    size: int = Field(description="Bytes")
    url: str = Field(description="Reads the file until `expires_at`, without a token")
    expires_at: AwareDatetime


class ProfileSnapshotList(BaseModel):
    """A page of snapshots."""

    items: list[ProfileSnapshotView]
    continuation: str | None = Field(
        default=None, description="Give it back for the next page", examples=[None]
    )


@api.get("v1/profile-snapshots", query=PageQuery, answer=ProfileSnapshotList)
def profile_snapshots_list(call: Call[PageQuery, None]) -> ProfileSnapshotList:
    """List your tenant's snapshots of the last 90 days, the newest first, with links to them.

    A row a learner, under a pseudonym, without name or address: XP, level, tier, rank, streaks,
    achievements, hints, grade, track, and when they were last active.
    """
    stores, asked = runtime.stores(), call.query
    found = listed(stores, call.principal.tenant_id)
    if asked.continuation is not None:
        found = [info for info in found if day_of(info).isoformat() < asked.continuation]
    shown = found[: asked.limit]
    expires_at = call.now + LINK_LIFETIME
    return ProfileSnapshotList(
        items=[
            ProfileSnapshotView(
                day=day_of(info),
                size=info.size,
                url=stores.blobs.link(BLOBS, info.name, expires_at=expires_at),
                expires_at=expires_at,
            )
            for info in shown
        ],
        continuation=day_of(shown[-1]).isoformat() if len(found) > len(shown) else None,
    )
