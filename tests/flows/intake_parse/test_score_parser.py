"""The tool that writes predictions for a folder."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def tool() -> Any:
    """Load the tool from its file."""
    path = Path(__file__).resolve().parents[3] / "tools" / "score_parser.py"
    spec = importlib.util.spec_from_file_location("score_parser", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_writes_one_prediction_a_file(tool: Any, tmp_path: Path) -> None:
    """Each file gives a JSON of its stem with the scorer's fields."""
    source = tmp_path / "in"
    source.mkdir()
    (source / "ada.txt").write_text(
        "Ada Byron\nada.byron@mail.org\n(415) 555-2671\n\nEXPERIENCE\n"
        "Engineer, Acme Inc, Mar 2021 - Present\n\nSKILLS\nPython, Go\n",
        encoding="utf-8",
    )
    assert tool.main([str(source), str(tmp_path / "out")]) == 0
    read = json.loads((tmp_path / "out" / "ada.json").read_text(encoding="utf-8"))
    assert read["name"] == "Ada Byron"
    assert read["email"] == "ada.byron@mail.org"
    assert read["phone"] == "(415) 555-2671"
    assert read["skills"] == ["Python", "Go"]
    assert read["work_experience"][0]["end"] == "present"


def test_tells_of_a_file_it_cannot_read(tool: Any, tmp_path: Path) -> None:
    """A damaged file is named and the exit code says so."""
    source = tmp_path / "in"
    source.mkdir()
    (source / "broken.pdf").write_bytes(b"no pdf")
    assert tool.main([str(source), str(tmp_path / "out")]) == 1
    assert list((tmp_path / "out").iterdir()) == []
