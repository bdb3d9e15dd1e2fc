"""Milliseconds to import each flow, against importing its SDKs alone.

    python -m benchmarks.imports [RUNS]

Each import runs in a fresh interpreter; the smallest of RUNS (default 5) counts.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.package import flows

ROOT = Path(__file__).resolve().parent.parent
SDKS = "azure.functions, pydantic, jwt"


def milliseconds(modules: str, runs: int) -> float:
    """The least time of several fresh interpreters to import these modules."""
    code = (
        "import time; began = time.perf_counter(); "
        f"import {modules}; print((time.perf_counter() - began) * 1000)"
    )
    command = [sys.executable, "-c", code]
    return min(
        float(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
        for _ in range(runs)
    )


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    alone = milliseconds(SDKS, runs)
    print(f"{'its SDKs alone':<24}{alone:>7.0f} ms   ({SDKS})")
    for flow in flows():
        took = milliseconds(f"functions.{flow}.function_app", runs)
        print(f"{flow:<24}{took:>7.0f} ms   {took / alone:.2f} times its SDKs")


if __name__ == "__main__":
    main()
