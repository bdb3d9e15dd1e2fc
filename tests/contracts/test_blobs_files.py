"""What the blobs in a folder do beyond the contract."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from shared.blobs.files import FileBlobs


@pytest.mark.parametrize("way", ["rewritten", "deleted"])
def test_properties_of_former_versions_are_forgotten(tmp_path: Path, way: str) -> None:
    """Old versions' content types do not gather; young ones may be of a write under way."""
    blobs = FileBlobs(tmp_path, link_base="http://127.0.0.1/blobs", link_key=b"k" * 32)

    def versions() -> list[Path]:
        kept = {tmp_path / "things" / "a.txt"}
        return sorted(path for path in tmp_path.rglob("*") if path.is_file() and path not in kept)

    blobs.put("things", "a.txt", b"1", content_type="text/one")
    blobs.put("things", "a.txt", b"22", content_type="text/two")
    assert len(versions()) == 2
    long_ago = time.time() - 3600
    for path in versions():
        os.utime(path, (long_ago, long_ago))
    if way == "deleted":
        blobs.delete("things", "a.txt")
        assert versions() == []
    else:
        blobs.put("things", "a.txt", b"333", content_type="text/three")
        assert len(versions()) == 1
        info = blobs.info("things", "a.txt")
        assert info is not None
        assert info.content_type == "text/three"
