"""Stage one flow, or all, as a deployable function app: ``dist/<flow>/``.

    python tools/package.py            # every flow
    python tools/package.py candidates # one

A staged app has ``function_app.py`` and ``host.json`` at its root and the flow
and the kernel at the paths they have here, so that imports stay the same.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_APP = '''"""The flow {flow} as an app of its own."""

from __future__ import annotations

import azure.functions as func

from functions.{flow} import function_app as flow
from shared import serving
from shared.http import description, readiness

serving.serve("{flow}")
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(description.blueprint)
app.register_functions(readiness.blueprint)
app.register_functions(flow.blueprint)
'''
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "requirements.txt", "README.md")


def flows() -> list[str]:
    """The names of all flows, in order."""
    return sorted(path.parent.name for path in ROOT.glob("functions/*/function_app.py"))


def stage(flow: str, dist: Path) -> Path:
    """Write ``dist/<flow>/`` anew and return it. Raises ``ValueError`` for an unknown flow."""
    if flow not in flows():
        raise ValueError(f"there is no flow {flow!r}; there are: {', '.join(flows())}")
    target = dist / flow
    if target.exists():
        shutil.rmtree(target)
    (target / "functions").mkdir(parents=True)
    shutil.copytree(ROOT / "shared", target / "shared", ignore=_LEFT_OUT)
    shutil.copytree(ROOT / "functions" / flow, target / "functions" / flow, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "functions" / "__init__.py", target / "functions")
    shutil.copy(ROOT / "host.json", target)
    (target / "function_app.py").write_text(_APP.format(flow=flow), encoding="utf-8")
    pins = [
        (ROOT / "shared" / "requirements.txt").read_text(encoding="utf-8"),
        (ROOT / "functions" / flow / "requirements.txt").read_text(encoding="utf-8"),
    ]
    (target / "requirements.txt").write_text("".join(pins), encoding="utf-8")
    return target


def main() -> int:
    """Stage what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("flow", nargs="*", help="flows to stage; all without one")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    arguments = parser.parse_args()
    try:
        for flow in arguments.flow or flows():
            target = stage(flow, arguments.dist)
            size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
            print(f"{flow:<24} {size / 1024:>8.0f} KiB  {target}")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
