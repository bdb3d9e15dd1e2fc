"""An app as one archive, byte for byte the same for the same files; and how large apps may be."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

_MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows
_CEILINGS = Path(__file__).with_name("ceilings.json")


@dataclass(frozen=True)
class Size:
    """Bytes of an app: its files, and its archive where one was made."""

    unpacked: int
    zipped: int | None = None


def write_zip(app: Path, archive: Path) -> None:
    """Write all files of ``app`` to ``archive``: sorted, without times, owners or the machine's
    own permissions."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as written:
        for path in sorted(path for path in app.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(app).as_posix(), _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            with path.open("rb") as source, written.open(entry, "w") as target:
                while block := source.read(1 << 20):
                    target.write(block)


def size_of(app: Path, archive: Path | None = None) -> Size:
    """How large an app is."""
    unpacked = sum(path.stat().st_size for path in app.rglob("*") if path.is_file())
    return Size(unpacked, archive.stat().st_size if archive else None)


def over_ceiling(flow: str, size: Size) -> list[str]:
    """What is larger than ``ceilings.json`` allows, in words; empty where nothing is."""
    table = json.loads(_CEILINGS.read_bytes())
    allowed: dict[str, int] = table["flows"].get(flow, table["default"])
    found = []
    for what, measured in (("unpacked", size.unpacked), ("zipped", size.zipped)):
        if measured is not None and measured > allowed[f"{what}_mib"] * 2**20:
            found.append(
                f"{flow} is {measured / 2**20:.1f} MiB {what}, above its ceiling of"
                f" {allowed[f'{what}_mib']} MiB in {_CEILINGS.name}"
            )
    return found
