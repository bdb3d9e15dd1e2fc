"""Cold start is a budget: what a flow imports when it starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.package import flows

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "azure.cosmos", "azure.servicebus", "azure.storage", "azure.identity", "cryptography",
    "flask", "pypdfium2", "pypdf", "phonenumbers", "rapidfuzz", "charset_normalizer", "numpy",
    "PIL", "lxml", "argon2", "zxcvbn", "requests", "sqlite3", "cheroot", "asyncio.runners",
    "reportlab", "uharfbuzz", "torch", "transformers", "sentence_transformers", "onnxruntime",
    "tokenizers", "openai", "zstandard", "pyarrow", "jinja2", "markupsafe", "smtplib",
    "opentelemetry", "azure.monitor",
}  # fmt: skip
ALLOWED: dict[str, set[str]] = {}


def _imported(module: str) -> set[str]:
    code = f"import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return set(json.loads(ran.stdout))


BASE = _imported("azure.functions, pydantic, jwt")


@pytest.mark.parametrize("flow", flows())
def test_a_flow_starts_without_what_it_may_never_need(flow: str) -> None:
    """Adapters, SDKs and parsing libraries load at first use, not when the flow starts."""
    loaded = (
        _imported(f"functions.{flow}.function_app, shared.http.description, shared.http.readiness")
        - BASE
    )
    heavy = {name for name in loaded if any(name == h or name.startswith(f"{h}.") for h in HEAVY)}
    assert heavy <= ALLOWED.get(flow, set())
