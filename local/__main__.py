"""``python -m local``: serve the whole house on this machine until Ctrl-C, or do what an operator
asks on its stores."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from local.commands import add_commands
from local.host import Host, HostError, settings_of, take_port
from local.samples import (
    DEMO_TENANT,
    demo_profiles,
    demo_records,
    drop_samples,
    follow,
    make_demo_tenant,
)
from shared import runtime, telemetry
from shared.auth import Tokens
from shared.errors import Unavailable, WaymarkError
from shared.models.roles import ROLES, Role
from shared.models.tenant import PLATFORM
from shared.settings import SettingsError

ROOT = Path(__file__).resolve().parent.parent
TOKEN_LIFETIME = timedelta(hours=12)
LOOK_SECONDS = 0.1


def main() -> int:
    """Start, tell what there is to try, serve; returns the process's exit status."""
    arguments = _arguments()
    if arguments.run is not None:
        return _do(arguments)
    if arguments.token:
        return _print_token(arguments.home.resolve(), arguments.token)
    try:
        taken = take_port(arguments.port)
        port = taken.getsockname()[1]
        settings = settings_of(arguments.home.resolve(), port, os.environ)
        log = _log_to(None if arguments.verbose else settings.home / "host.log", settings.log_level)
        host = Host(settings, taken=taken, host_file=ROOT / "host.json")
    except (HostError, SettingsError, Unavailable, OSError) as error:
        print(f"waymark: {error}", file=sys.stderr)
        return 2
    # A list and short sleeps, no threading.Event: its lock is not for signal handlers, and a
    # signal that the system gives to another thread does not end an Event's wait in this one.
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    stores = runtime.stores()
    make_demo_tenant(stores, now=runtime.now())
    drop_folder = settings.home / "blobs" / "resumes" / DEMO_TENANT
    drop_folder.mkdir(parents=True, exist_ok=True)
    try:
        host.start()
    except HostError as error:
        print(f"waymark: {error}", file=sys.stderr)
        return 2
    print(f"Waymark serves {len(host.functions)} functions on http://127.0.0.1:{host.port}")
    if not arguments.no_samples and host.state.fact("samples") is None:
        _load_samples(host, drop_folder, stopped=lambda: bool(asked))
    _tell(host, drop_folder, log)
    while not asked:
        time.sleep(LOOK_SECONDS)
    print("\nStopping: what is under way is being finished.")
    if host.stop():
        return 0
    print("Some work did not end in time; the next start takes it up again.", flush=True)
    os._exit(1)  # an orderly exit would wait for its threads


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description=main.__doc__)
    parser.add_argument("--port", type=int, default=7071, help="0 takes any free one")
    parser.add_argument("--home", type=Path, default=Path(".waymark"), help="where the stores are")
    parser.add_argument("--no-samples", action="store_true", help="do not load the samples")
    parser.add_argument(
        "--token",
        choices=ROLES,
        metavar="ROLE",
        help=f"print a token of the demo tenant ({', '.join(ROLES)}) and exit",
    )
    parser.add_argument("--verbose", action="store_true", help="log to the terminal, not a file")
    parser.set_defaults(run=None)
    add_commands(parser)
    return parser.parse_args()


def _do(arguments: argparse.Namespace) -> int:
    """Run an operator's command; its log goes where a host on the same home has its own."""
    home = arguments.home.resolve()
    if not (arguments.makes_home or home.is_dir()):
        print(f"waymark: there is no home at {_shown(home)}; name one with --home", file=sys.stderr)
        return 2
    try:
        settings = settings_of(home, arguments.port, os.environ)
        _log_to(None if arguments.verbose else settings.home / "host.log", settings.log_level)
        runtime.start(settings)
        status: int = arguments.run(arguments)
    except (WaymarkError, OSError) as error:
        print(f"waymark: {error}", file=sys.stderr)
        return 2
    return status


def _print_token(home: Path, role: Role) -> int:
    """Print a token that the host on this home takes, with the rights of a role."""
    try:
        tokens = Tokens(settings_of(home, 0, os.environ))
    except (SettingsError, OSError) as error:
        print(f"waymark: {error}", file=sys.stderr)
        return 2
    print(_demo_token(tokens, role))
    return 0


def _demo_token(tokens: Tokens, role: Role) -> str:
    return tokens.issue(
        user_id=f"demo-{role}",
        tenant_id=PLATFORM if role == "operator" else DEMO_TENANT,
        roles=[role],
        now=runtime.now(),
        lifetime=TOKEN_LIFETIME,
    )


def _log_to(path: Path | None, level: str) -> Path | None:
    """Send the log lines to a file, so that the terminal stays readable, or to the terminal."""
    handler = logging.StreamHandler() if path is None else logging.FileHandler(path, "a", "utf-8")
    handler.setFormatter(telemetry.JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    return path


def _load_samples(host: Host, drop_folder: Path, *, stopped: Callable[[], bool]) -> None:
    began = time.perf_counter()
    count = drop_samples(ROOT / "samples" / "resumes", drop_folder)
    print(f"First start: {count} sample résumés are dropped into {_shown(drop_folder)}")
    if follow(runtime.stores(), count, print, stopped=stopped):
        host.state.remember("samples", str(count))
        print(f"All {count} files arrived in {time.perf_counter() - began:.1f} s")
    else:
        print("Some files are still under way; they go on in the background.")


def _tell(host: Host, drop_folder: Path, log: Path | None) -> None:
    stores = runtime.stores()
    profiles = demo_profiles(stores)
    records = demo_records(stores)
    print(f"\nTenant {DEMO_TENANT}: {len(records)} files, {len(profiles)} profiles")
    for profile in profiles[:20]:
        address = profile.emails[0] if profile.emails else "no e-mail address"
        jobs, skills = len(profile.resume.work_experience), len(profile.resume.skills)
        print(
            f"  {profile.name or '(no name)':<28} {address:<36} {jobs:>2} jobs {skills:>3} skills"
        )
    unread = [record for record in records if record.state in {"failed", "quarantined"}]
    for record in unread[:20]:
        print(
            f"  {record.file.filename:<28} {record.state}: {record.reason and record.reason.code}"
        )
    token = _demo_token(runtime.current().tokens, "recruiter")
    base = f"http://127.0.0.1:{host.port}/api"
    print(
        f"\nTry it\n"
        f"  API page     {base}/docs\n"
        f"  OpenAPI      {base}/openapi.json\n"
        f"  Drop folder  {_shown(drop_folder)}\n"
        f"  Log          {_shown(log) if log else 'this terminal'}\n"
        f'  Recruiter\'s token, good for 12 hours (others: make run ARGS="--token ROLE"):'
        f"\n\n{token}\n\n"
        f'  curl -H "Authorization: Bearer $TOKEN" "{base}/v1/candidates?skill=python"\n\n'
        f"Ctrl-C stops.",
        flush=True,
    )


def _shown(path: Path) -> str:
    """A path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


if __name__ == "__main__":
    sys.exit(main())
