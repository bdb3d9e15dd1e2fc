"""How long things are kept."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

SESSIONS_LIVE = timedelta(days=365)
"""What was done in a journey lies beside it for so long after its end, then in the archive."""
EXTRACTS_KEPT = timedelta(days=30)
"""The text of a file that has ended. Another attempt takes it out of the original again."""
ORPHANS_KEPT = timedelta(days=7)
"""A file of whose document nothing is left, or not yet anything."""
UNSENT_ALLOWED = timedelta(hours=1)
"""The relay sends what was left within seconds: what is older than this, it cannot send."""
REPORTS_KEPT = timedelta(days=400)
ROUND_DAYS = 28
"""In so many nights every tenant's files are looked at once."""


def is_tenants_night(tenant_id: str, day: date) -> bool:
    """Whether a tenant's files are looked at in the night of a day: one in 28, spread evenly."""
    spread = int.from_bytes(hashlib.sha256(tenant_id.encode()).digest()[:4])
    return (spread - day.toordinal()) % ROUND_DAYS == 0
