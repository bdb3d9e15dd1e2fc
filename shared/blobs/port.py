"""Files in blob containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal, Protocol

Tier = Literal["hot", "cool", "cold", "archive"]


@dataclass(frozen=True)
class BlobInfo:
    """What is known of a blob without reading it."""

    name: str
    size: int
    etag: str
    content_type: str
    modified_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    tier: Tier = "hot"


class BlobReader(Protocol):
    """An open blob: read it in pieces; ``info`` is of the version being read."""

    @property
    def info(self) -> BlobInfo: ...

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes (all that is left when negative), empty at the end."""


class Blobs(Protocol):
    """Where files live. Names are ``/``-separated paths without ``.``/``..`` parts."""

    def put(
        self,
        container: str,
        name: str,
        data: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
    ) -> BlobInfo:
        """Write a blob whole or not at all; readers see the old or the new one.

        Metadata keys are ``[a-z_][a-z0-9_]*``, values are printable ASCII.
        Raises ``Exists`` when ``if_absent`` and it is there; ``Invalid`` for a bad name.
        """

    def info(self, container: str, name: str) -> BlobInfo | None:
        """Return what is known of a blob, None when it is not there."""

    def open(self, container: str, name: str) -> AbstractContextManager[BlobReader]:
        """Open a blob for reading as a stream. Raises ``Missing``."""

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name begins with ``prefix``, by name."""

    def delete(self, container: str, name: str) -> None:
        """Remove a blob; one that is not there is fine."""

    def link(self, container: str, name: str, *, expires_at: datetime) -> str:
        """Return a URL that reads this one blob until ``expires_at`` (UTC). Raises ``Missing``."""

    def set_tier(self, container: str, name: str, tier: Tier) -> None:
        """Move a blob to a storage tier. Raises ``Missing``."""
