"""What a service is given to read and write with."""

from __future__ import annotations

from typing import Protocol

from shared.blobs.port import Blobs
from shared.bus.port import Bus
from shared.documents.port import Documents


class Stores(Protocol):
    """The three ports. Each is built when first asked for."""

    @property
    def documents(self) -> Documents: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def bus(self) -> Bus: ...
