"""Puts off a file's scan in a process that dies at a chosen point.

``python -m tests.flows.intake_blob_trigger.dying HOME AT POINT``; exits with status 9 where it
dies and 0 when it comes to the end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.documents.port import Create, Replace
from shared.errors import Unavailable
from tests.flows.scanners import Scripted
from tests.flows.stores import RESUME, TENANT, House
from tests.kernel.crashing import die
from tests.kernel.embedded import Failing


def _commit_dying(point: str) -> Callable[..., Any]:
    def commit(real: Callable[..., Any], *args: Any) -> Any:
        decides = any(
            isinstance(each, Create | Replace) and each.body["kind"] == "record" for each in args[2]
        )
        if decides and point == "before commit":
            die()
        result = real(*args)
        if decides and point == "after commit":
            die()
        return result

    return commit


def _publish_dying(point: str) -> Callable[..., Any]:
    def publish(real: Callable[..., Any], *args: Any) -> None:
        real(*args)
        if point == "after publish":
            die()

    return publish


def main(home: Path, at: str, point: str) -> None:
    """Drop a file, or deliver the first message of one that waits, dying at the point."""
    house = House(home)
    house.scanner = Scripted(Unavailable("away"))
    if at == "message":
        house.drop("cv.txt")
        house.clock.advance(minutes=1)
    house.documents = Failing(house.documents, "commit", _commit_dying(point))
    house.bus = Failing(house.bus, "publish", _publish_dying(point))
    if at == "message":
        house.work("intake_blob_trigger")
    else:
        house.drop("cv.txt", RESUME, tenant=TENANT)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
