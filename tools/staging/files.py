"""Which files of the repository a flow's app carries."""

from __future__ import annotations

from pathlib import Path

from tools.staging.closure import Closure, name_of

ENCODER = Path("shared/encoder_model")
"""The exported text encoder, in the apps that can load it: see ``shared/encoding.py``."""
_LEFT_OUT = frozenset({"requirements.txt", "README.md"})


def needs_encoder(reached: Closure) -> bool:
    """Whether the app runs the text encoder: it reaches what runs the exported model."""
    return "onnxruntime" in reached.packages


def files_of(root: Path, flow: str, reached: Closure) -> list[Path]:
    """Paths relative to ``root``, sorted: the whole flow, and of ``shared`` what it reaches.

    Data of ``shared`` goes where a module goes that names it, by the file's name or its folder's;
    data that no module names goes everywhere.
    """
    found = [Path("functions/__init__.py")]
    found += [
        path.relative_to(root)
        for path in (root / "functions" / flow).rglob("*")
        if path.is_file() and _is_source(path)
    ]
    texts: dict[str, str] = {}
    data: list[Path] = []
    for path in (root / "shared").rglob("*"):
        if not path.is_file() or not _is_source(path) or root / ENCODER in path.parents:
            continue
        if path.suffix != ".py":
            data.append(path.relative_to(root))
            continue
        module = name_of(root, path)
        texts[module] = path.read_text(encoding="utf-8")
        if module in reached.modules:
            found.append(path.relative_to(root))
    for path in data:
        words = {f'"{each}"' for each in (path.name, path.stem, *path.parts[2:-1])}
        naming = {module for module, text in texts.items() if any(w in text for w in words)}
        if not naming or naming & reached.modules:
            found.append(path)
    if needs_encoder(reached) and (root / ENCODER).is_dir():
        found += [ENCODER / path.name for path in (root / ENCODER).iterdir()]
    return sorted(found)


def _is_source(path: Path) -> bool:
    return path.suffix != ".pyc" and path.name not in _LEFT_OUT and not path.name.startswith(".")
