"""Stage one flow, or all, as a deployable function app: ``dist/<flow>/``.

    python tools/package.py                           # every flow, its sources alone
    python tools/package.py candidates                # one
    python tools/package.py --with-packages --zip     # what is deployed, and dist/<flow>.zip

A staged app has ``function_app.py`` and ``host.json`` at its root, and the flow and what it can
import of the kernel at the paths they have here, so that imports stay the same. With packages it
carries its own requirements, as wheels for Linux on x86-64 and Python 3.11; each app's size is
then held to its ceiling in ``tools/staging/ceilings.json``.

Exit status: 0 staged; 1 something is above its ceiling; 2 nothing could be staged.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.staging.archive import over_ceiling, size_of, write_zip  # noqa: E402
from tools.staging.closure import closure  # noqa: E402
from tools.staging.files import ENCODER, files_of, needs_encoder  # noqa: E402
from tools.staging.packages import CLOUD, HERE, Packages, PackagesError, Target  # noqa: E402

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
_WORK = ".packages"


def flows(root: Path = ROOT) -> list[str]:
    """The names of all flows, in order."""
    return sorted(path.parent.name for path in root.glob("functions/*/function_app.py"))


def pins_of(flow: str, root: Path = ROOT) -> str:
    """The requirements of a flow's app: the kernel's and its own."""
    return "\n".join(
        (root / folder / "requirements.txt").read_text(encoding="utf-8")
        for folder in ("shared", f"functions/{flow}")
    )


def packages(dist: Path, target: Target = CLOUD, root: Path = ROOT) -> Packages:
    """The packages of all flows, kept in ``dist``."""
    house = "\n".join(pins_of(flow, root) for flow in flows(root))
    return Packages(dist / _WORK, house, target)


def stage(flow: str, dist: Path, wanted: Packages | None = None, root: Path = ROOT) -> Path:
    """Write ``dist/<flow>/`` anew, with packages where some are wanted, and return it.

    Raises ``ValueError`` for an unknown flow, and for one that runs the text encoder where none
    was exported to go with its packages; ``PackagesError`` where packages are not to be had.
    """
    if flow not in flows(root):
        raise ValueError(f"there is no flow {flow!r}; there are: {', '.join(flows(root))}")
    target = dist / flow
    if target.exists():
        shutil.rmtree(target)
    reached = closure(root, flow)
    if wanted is not None and needs_encoder(reached) and not (root / ENCODER).is_dir():
        raise ValueError(f"{flow} runs the text encoder; make it first: tools/export_encoder.py")
    for path in files_of(root, flow, reached):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, target / path)
    shutil.copyfile(root / "host.json", target / "host.json")
    (target / "function_app.py").write_text(_APP.format(flow=flow), encoding="utf-8")
    pins = pins_of(flow, root)
    (target / "requirements.txt").write_text(pins, encoding="utf-8")
    if wanted is not None:
        wanted.install(pins, target)
    return target


def main() -> int:
    """Stage what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("flow", nargs="*", help="flows to stage; all without one")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    parser.add_argument("--with-packages", action="store_true", help="with its requirements")
    parser.add_argument("--here", action="store_true", help="for this machine, not the cloud")
    parser.add_argument("--zip", action="store_true", help="also write dist/<flow>.zip")
    asked = parser.parse_args()
    wanted = packages(asked.dist, HERE if asked.here else CLOUD) if asked.with_packages else None
    too_large: list[str] = []
    try:
        for flow in asked.flow or flows():
            app = stage(flow, asked.dist, wanted)
            archive = asked.dist / f"{flow}.zip" if asked.zip else None
            if archive:
                write_zip(app, archive)
            size = size_of(app, archive)
            shown = f"{size.unpacked / 2**20:>8.1f} MiB"
            if size.zipped is not None:
                shown += f" {size.zipped / 2**20:>8.1f} MiB zipped"
            print(f"{flow:<24} {shown}  {app}", flush=True)
            if wanted is not None:
                too_large += over_ceiling(flow, size)
    except (ValueError, PackagesError) as error:
        print(error, file=sys.stderr)
        return 2
    for line in too_large:
        print(line, file=sys.stderr)
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
