"""Files in blob containers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal, Protocol

from shared.errors import Invalid

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
    """Where files live. Names are ``/``-separated paths, see :func:`check_name`."""

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

        Metadata keys are ``[a-z_][a-z0-9_]*``, values are printable ASCII, not empty
        and without spaces around them.
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

    def ping(self, container: str, *, seconds: float) -> None:
        """Ask whether it answers for a container. Changes nothing that stays.

        Raises ``Missing`` for a container that is not there, ``Throttled`` or ``Unavailable``
        where it does not let us in or gives no answer in ``seconds``.
        """

    def tags(self, container: str, name: str) -> Mapping[str, str]:
        """Return what others noted on a blob's present version, by key; nothing when none did.

        Content that is overwritten loses them; they change neither etag nor ``modified_at``.
        Raises ``Missing``.
        """


_CONTAINER = re.compile(r"[a-z0-9](-?[a-z0-9]){2,62}")
_CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+( *;[ -~]*)?", re.ASCII)
_METADATA_BYTES = 8 * 1024
_METADATA_KEY = re.compile(r"[a-z_][a-z0-9_]{0,127}")


def check_name(container: str, name: str) -> None:
    """Hold a container's and a blob's name against what every adapter can keep.

    Raises ``Invalid`` for a name that is empty, above 1,024 characters, has a part
    that is empty, ends with a dot or is above 255 bytes, a backslash or a control
    character.
    """
    if not _CONTAINER.fullmatch(container):
        raise Invalid(f"{container!r} is not a blob container's name")
    if not 0 < len(name) <= 1024:
        raise Invalid("a blob's name has 1 to 1,024 characters")
    if any(not part or part.endswith(".") for part in name.split("/")):
        raise Invalid("a blob's name has no parts that are empty or end with a dot")
    if "\\" in name or any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in name):
        raise Invalid("a blob's name has no backslash and no control characters")
    if any(len(part.encode()) > 255 for part in name.split("/")):
        raise Invalid("a part of a blob's name has at most 255 bytes")


def check_content_type(content_type: str) -> None:
    """Raise ``Invalid`` for a content type that a header cannot carry."""
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise Invalid(f"{content_type!r} is not a content type")


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Raise ``Invalid`` for metadata that a header cannot carry."""
    for key, value in metadata.items():
        if not _METADATA_KEY.fullmatch(key):
            raise Invalid(f"metadata key {key!r} is not of the form [a-z_][a-z0-9_]*")
        if not value.isascii() or not value.isprintable() or value != value.strip() or not value:
            raise Invalid(f"metadata value of {key!r} is empty, padded or not printable ASCII")
    if sum(len(key) + len(value) for key, value in metadata.items()) > _METADATA_BYTES:
        raise Invalid("a blob's metadata has at most 8 KiB")
