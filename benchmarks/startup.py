"""Seconds from starting the local host until it answers, with data of earlier runs.

python -m benchmarks.startup [RUNS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.running_host import RunningHost
from tools.sample_resumes import mixed_files


def main() -> None:
    """Print the first start and the ones after it."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        host = RunningHost(Path(folder))
        host.make_tenant("demo")
        times = []
        for run in range(runs + 1):
            began = time.perf_counter()
            host.start()
            times.append(time.perf_counter() - began)
            if run == 0:
                for file in mixed_files(50):
                    host.drop(file.name, file.data)
                host.wait_for(lambda: len(host.all_of("v1/intake")) == 50, "50 files")
            host.stop()
    print(
        f"first start {times[0]:.2f} s; with 50 files there {min(times[1:]):.2f} s at best, "
        f"{max(times[1:]):.2f} s at worst of {runs}"
    )


if __name__ == "__main__":
    main()
