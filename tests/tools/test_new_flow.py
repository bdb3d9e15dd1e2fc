"""A flow from the template, in a copy of the house: it passes the checks, its tests, and runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.new_flow import NotEntered, check_name, new_flow

ROOT = Path(__file__).resolve().parents[2]
FLOW, WHAT = "study_notes", "Notes that learners keep of what they study"
SOURCES = (
    "functions", "shared", "local", "tools", "docs", "samples", "benchmarks", "infra", "emulators"
)  # fmt: skip


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house with the new flow, as the command makes it."""
    root = tmp_path_factory.mktemp("house")
    for name in (*SOURCES, "tests"):
        ignored = shutil.ignore_patterns("node_modules", "encoder_model", "__pycache__")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, root)
    ran = _ran(root, "tools/new_flow.py", FLOW, "--what", WHAT)
    assert "Left to do by hand" in ran
    return root


def _ran(root: Path, *command: str) -> str:
    """What a command of the copy's own says; it must succeed."""
    ran = subprocess.run(
        [sys.executable, *command], cwd=root, capture_output=True, text=True, timeout=240
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-6000:]
    return ran.stdout


def test_the_new_flow_passes_the_checks(copied: Path) -> None:
    """Lint, layout and types find nothing."""
    _ran(copied, "-m", "ruff", "check", ".")
    _ran(copied, "-m", "ruff", "format", "--check", ".")
    _ran(
        copied, "-m", "mypy", f"functions/{FLOW}", f"tests/flows/{FLOW}", f"shared/events/{FLOW}.py"
    )


def test_the_house_takes_the_new_flow(copied: Path) -> None:
    """Its own tests, those of the events, and the architecture's: rooms, docs, cold start, the
    access of its routes, and the runtime that indexes it packaged."""
    app, imports = "tests/architecture/test_app.py", "tests/architecture/test_imports.py"
    said = _ran(
        copied, "-m", "pytest", f"tests/flows/{FLOW}", "tests/events",
        "tests/architecture/test_docs.py", "tests/architecture/test_rooms.py",
        f"{imports}::test_a_flow_starts_without_what_it_may_never_need[{FLOW}]",
        f"{app}::test_the_runtime_indexes_a_packaged_flow[{FLOW}]",
        f"{app}::test_every_flow_has_its_papers[{FLOW}]",
        f"{app}::test_triggers_agree_with_the_topology",
        f"{app}::test_every_route_stands_in_the_table_of_access",
        f"{app}::test_no_route_shadows_another",
        "tests/access/test_table.py::test_each_route_is_listed_and_has_a_recipe",
    )  # fmt: skip
    assert "100%" in said


def test_the_new_flow_is_deployed_like_any_other(copied: Path) -> None:
    """Its app, rights, entities, routes and price are those of its code, it is asked whether it is
    ready, and the emulators have its queue."""
    _ran(
        copied, "-m", "pytest", "tests/infra/test_agreement.py", "tests/infra/test_costs.py",
        "tests/infra/test_limits.py", "tests/architecture/test_uses.py",
        "tests/tools/test_emulators.py::test_the_file_is_of_this_topology",
    )  # fmt: skip


def test_the_new_flow_runs(copied: Path) -> None:
    """On the local host its routes answer, and the event of an entry is handled."""
    _ran(copied, "-m", "pytest", f"tests/journeys/test_{FLOW}.py")


def test_a_second_run_changes_nothing(copied: Path) -> None:
    """What is there is neither written again nor entered twice, and what was edited stays."""
    rules = copied / f"functions/{FLOW}/rules.py"
    kept = rules.read_text(encoding="utf-8")
    rules.write_text(kept + "\nEDITED = True\n", encoding="utf-8")
    assert new_flow(FLOW, WHAT, copied) == []
    assert rules.read_text(encoding="utf-8").endswith("EDITED = True\n")
    rules.write_text(kept, encoding="utf-8")


def test_the_topology_keeps_what_it_had(copied: Path) -> None:
    """Beside the new container, queue and event everything is as it was."""
    before = json.loads((ROOT / "shared/topology.json").read_bytes())
    after = json.loads((copied / "shared/topology.json").read_bytes())
    for kind, name in (
        ("containers", FLOW), ("queues", FLOW), ("events", f"waymark.{FLOW}.added.v1")
    ):  # fmt: skip
        assert after[kind].pop(name)
    assert after == before


@pytest.mark.parametrize("name", ["Notes", "a", "notes-2", "2notes", "class", "json", "notes_", ""])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    """What is no module, or means something else in Python, makes no flow."""
    with pytest.raises(ValueError, match=r"flow is named|means something else"):
        check_name(name)


def test_a_file_without_a_place_is_told(tmp_path: Path, copied: Path) -> None:
    """Where a page has lost its table the tool says what to enter by hand."""
    for name in ("docs", "infra", "shared", "tests/access/recipes", "tests/flows/accounts"):
        shutil.copytree(copied / name, tmp_path / name)
    shutil.copy(copied / "requirements.txt", tmp_path)
    (tmp_path / "docs/flows.md").write_text("# Nothing\n")
    with pytest.raises(NotEntered, match="enter by hand"):
        new_flow("reading_lists", "Lists", tmp_path)
