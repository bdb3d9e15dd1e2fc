"""What data can be a person's by."""

from __future__ import annotations

from typing import Literal

SubjectKind = Literal["user", "address", "candidate", "intake"]
"""An account, the address it signs in with, a candidate's profile, a dropped file."""
