"""A process of its own that archives what is old in a home, until it is done or killed."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from functions.retention_timer.service import archiving
from tests.flows.stores import Clock, House


def main(home: Path, moment: datetime) -> None:
    """Archive at a moment; says when it begins and when it has done all."""
    house = House(home, clock=Clock(moment), reopened=True)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    since = moment - timedelta(days=365)
    archiving.archive_old(house, untouched_since=since, is_over=lambda: False)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
