"""How long things are kept."""

from __future__ import annotations

from datetime import timedelta

SESSIONS_LIVE = timedelta(days=365)
"""What was done in a journey lies beside it until nothing is done for so long."""
EXTRACTS_KEPT = timedelta(days=30)
"""The text of a file that has ended. Another attempt takes it out of the original again."""
ORPHANS_KEPT = timedelta(days=7)
"""A file of whose document nothing is left, or not yet anything."""
UNSENT_ALLOWED = timedelta(hours=1)
"""The relay sends what was left within seconds: what is older than this, it cannot send."""
REPORTS_KEPT = timedelta(days=400)
LOOKED_AT_EVERY = timedelta(days=28)
"""A tenant's files are looked at for some that no document tells of."""
