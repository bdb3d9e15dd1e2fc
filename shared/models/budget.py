"""What a tenant spends in a day, in the partition ``(tenant_id, day)``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.models.document import Document

CONTAINER = "budgets"
WORDING_ID = "wording"


class WordingBudget(Document):
    """Tokens of a language model, whatever it is asked for. ``id`` is always ``wording``, ``day`` a
    date in UTC."""

    id: str = WORDING_ID
    kind: Literal["budget"] = "budget"
    day: str
    tokens: int = Field(default=0, description="Spent, and reserved for what is under way")
    calls: int = Field(default=0, ge=0)
