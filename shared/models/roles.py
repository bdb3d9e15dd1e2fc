"""What a person may be."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["learner", "parent", "mentor", "recruiter", "admin", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)
