"""The base of every stored document."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

READING = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)
"""How stored models are read. An error never quotes what it read: that may be a person's."""


class Document(BaseModel):
    """One stored document. Readers ignore unknown fields, so schemas can only grow.

    Every document has an ``id`` (unique in its logical partition) and the
    ``tenant_id`` that begins its partition key.
    """

    model_config = READING

    schema_version: int = 1
    id: str
    tenant_id: str

    def stored(self) -> dict[str, Any]:
        """Return the JSON object that goes into the store."""
        return self.model_dump(mode="json")

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Read a stored JSON object; raises ``pydantic.ValidationError`` when it does not fit."""
        return cls.model_validate(body)
