"""The question bank's source: one JSON file a module, and three for what they have in common.

``meta.json`` has scales, traits, skills and languages, ``tracks.json`` the tracks,
``norms.json`` the reference population. Edit them, raise ``version`` in ``meta.json``, and run
``python -m tools.profiler_norms`` when anything changed that a score is made of.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from shared.models.question_bank import MODULES, QuestionBank

FOLDER = Path(__file__).parent


def read_source(folder: Path = FOLDER) -> dict[str, Any]:
    """The bank as its files say, as one JSON object, with the version it gets.

    The version ends in a digest of the content: two banks never share one.
    """
    parts = {
        name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("meta", "tracks", "norms", *MODULES)
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
    meta = dict(parts["meta"])
    version = f"{meta.pop('version')}-{digest}"
    return {
        **meta,
        "id": version,
        "bank_version": version,
        "tracks": parts["tracks"]["tracks"],
        "norms": parts["norms"]["norms"],
        "correlations": parts["norms"]["correlations"],
        "modules": [
            {
                "key": name,
                "title": parts[name]["title"],
                "introduction": parts[name]["introduction"],
            }
            for name in MODULES
        ],
        "questions": [question for name in MODULES for question in parts[name]["questions"]],
    }


@cache
def load() -> QuestionBank:
    """The bank of this deployment. Raises ``pydantic.ValidationError`` when it does not hold."""
    return QuestionBank.model_validate(read_source())
