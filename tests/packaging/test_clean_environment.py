"""Each flow as it is deployed: its own packages, the runtime of Azure's worker, no more."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.package import flows, packages, pins_of, stage
from tools.staging.archive import over_ceiling, size_of
from tools.staging.closure import closure
from tools.staging.files import ENCODER
from tools.staging.packages import HERE, Packages, PackagesError

ROOT = Path(__file__).resolve().parents[2]
CLEAN = Path(__file__).with_name("clean_app.py")
INDEX = ROOT / "tests" / "architecture" / "index_app.py"
RUNTIME = ("azure-functions-runtime", "azurefunctions-extensions-base")


@pytest.fixture(scope="module")
def ours() -> Packages:
    """The packages of the house for this machine, fetched once and kept in ``dist``."""
    found = packages(ROOT / "dist", HERE)
    try:
        found.fetch()
    except PackagesError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"packages are not to be had here: {error}")
    return found


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worker's runtime alone, out of the tests' own environment."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        distribution = importlib.metadata.distribution(name)
        for each in distribution.files or ():
            if ".." not in each.parts and each.suffix != ".pyc":
                (folder / each).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(distribution.locate_file(each)), folder / each)
    return folder


def _report(app: Path, runtime: Path, flow: str) -> dict[str, Any]:
    """What a bare Python makes of a staged app."""
    needed = json.dumps(sorted(closure(ROOT, flow).packages))
    # all in one place, so that what one app compiled of a package does for the next
    here, compiled = runtime.with_name("app"), runtime.with_name("compiled")
    app.rename(here)
    try:
        ran = subprocess.run(
            [
                sys.executable, "-I", "-S", "-X", f"pycache_prefix={compiled}",
                str(CLEAN), str(here), str(runtime), str(INDEX), needed,
            ],
            capture_output=True, text=True, timeout=180, env={"PATH": os.defpath},
        )  # fmt: skip
    finally:
        here.rename(app)
    assert ran.stdout, ran.stderr[-4000:]
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


@pytest.mark.parametrize("flow", flows())
def test_a_packaged_flow_needs_nothing_but_what_it_carries(
    flow: str, ours: Packages, runtime: Path, tmp_path: Path
) -> None:
    """With its own requirements alone the official runtime indexes a flow and calls it, and every
    module and package that it can reach, at its start or later, can be imported."""
    app = stage(flow, tmp_path, ours)
    report = _report(app, runtime, flow)
    assert report["error"] is None
    assert report["functions"]
    assert {name: status for name, (status, _) in report["answers"].items()} == {
        "health": 200, "openapi": 200, "docs_asset": 200
    }  # fmt: skip
    assert report["answers"]["docs_asset"][1] > 10_000
    assert report["failed"] == {}
    assert report["imported"] > 50
    assert report["strangers"] == []
    assert (app / ENCODER).is_dir() == (flow in RUN_THE_ENCODER)
    assert over_ceiling(flow, size_of(app)) == []


RUN_THE_ENCODER = {"candidates", "recommendations"}


@pytest.mark.parametrize(
    ("flow", "missing"),
    [
        ("candidates", {"numpy", "onnxruntime", "rapidfuzz", "tokenizers"}),
        ("xp_award", {"tzdata"}),
    ],
)
def test_a_package_that_a_flow_forgot_is_found(
    flow: str, missing: set[str], ours: Packages, runtime: Path, tmp_path: Path
) -> None:
    """A flow that carries the kernel's packages alone is told which of its own are missing, though
    it imports them long after its start."""
    app = stage(flow, tmp_path)
    ours.install(pins_of("outbox_relay"), app)
    report = _report(app, runtime, flow)
    assert report["error"] is None
    assert {name.partition(".")[0] for name in report["failed"]} == missing
