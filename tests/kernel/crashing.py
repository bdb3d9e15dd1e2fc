"""Handles one event in a process that dies at a chosen point.

``python -m tests.kernel.crashing HOME POINT``; exits with status 9 where it dies and 0
when it comes to the end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from shared.documents.port import Delete
from shared.messaging import handle_once
from tests.kernel.embedded import (
    CONTAINER,
    NOW,
    PARTITION,
    Embedded,
    Failing,
    as_stores,
    creating,
    event,
)

DIED = 9


def die(*_: object, **__: object) -> NoReturn:
    os._exit(DIED)


def _commit_dying(point: str) -> Callable[..., Any]:
    def commit(real: Callable[..., Any], *args: Any) -> Any:
        removes = any(isinstance(operation, Delete) for operation in args[2])
        if point == "before delete" and removes:
            die()
        if point == "before commit":
            die()
        result = real(*args)
        if point == "after commit" and not removes:
            die()
        return result

    return commit


def _publish_dying(point: str) -> Callable[..., Any]:
    def publish(real: Callable[..., Any], *args: Any) -> None:
        real(*args)
        if point == "after publish":
            die()

    return publish


def main(home: Path, point: str) -> None:
    """Handle the event, dying at the point."""
    house = Embedded.at(home)
    documents: Any = Failing(house.documents, "commit", _commit_dying(point))
    bus: Any = Failing(house.bus, "publish", _publish_dying(point))
    handle_once(
        as_stores(replace(house, documents=documents, bus=bus)),
        event(),
        handler="probe",
        container=CONTAINER,
        partition=PARTITION,
        decide=creating(),
        now=NOW,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
