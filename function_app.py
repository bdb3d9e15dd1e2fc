"""The whole house in one app: every flow's triggers, for Core Tools and the local host."""

from __future__ import annotations

import importlib
from pathlib import Path

import azure.functions as func

from shared import serving
from shared.http import description, readiness

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(description.blueprint)
app.register_functions(readiness.blueprint)
for folder in sorted(Path(__file__).with_name("functions").iterdir()):
    if (folder / "function_app.py").is_file():
        serving.serve(folder.name)
        flow = importlib.import_module(f"functions.{folder.name}.function_app")
        app.register_functions(flow.blueprint)
