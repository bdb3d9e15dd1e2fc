"""What the services work with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from shared.documents.port import Documents
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "nightly_backup"
BLOBS = "backups"


@dataclass(frozen=True)
class Means:
    """The stores, the key of pseudonyms, and the clock, for a step takes long.

    ``version`` is that of the app; ``scratch`` opens an empty document store whose clock stands at
    a moment, and which is gone when it is left.
    """

    stores: Stores
    pseudonyms: Pseudonyms
    clock: Callable[[], datetime]
    version: str
    scratch: Callable[[float], AbstractContextManager[Documents]]
