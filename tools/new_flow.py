"""Make a new flow from the template, and enter it wherever a flow has to stand.

    python tools/new_flow.py study_notes --what "Notes that learners keep of what they study"

The new flow runs at once: a route that adds an entry and one that lists them, an event that is
counted once, a nightly timer, its tests. Run again it enters what is missing and overwrites
nothing. What follows from the code (the infrastructure's inputs, the emulators' entities, the
tables of costs) it has written anew. What it cannot do it prints. See docs/adding-a-flow.md.

Exit status: 0 made; 2 the name cannot be a flow's, or a place to enter it was not found.
"""

from __future__ import annotations

import argparse
import json
import keyword
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path(__file__).with_name("flow_template")

LEFT_TO_DO = r"""Left to do by hand:
- what the flow is really for: rules.py first, then service.py, routes.py, and their tests
- docs/house.svg: the flow among the others of its kind
- README.md: the number of functions that the host serves, and of tests
- CHANGELOG.md: what users will notice
- packages of its own: functions/{flow}/requirements.txt, a line each in docs/dependencies.md, and
  HEAVY in tests/architecture/test_imports.py for what takes long to load
- infra/flows.json: its app's size and the reason, and its rights on files; infra/costs.json: what
  it does, measured or guessed; then: python -m tools.infra_inputs; python -m tools.costs --write
Then: make check, and pytest tests/flows/{flow} tests/journeys/test_{flow}.py tests/events \
  tests/access tests/flows/accounts"""


# Write what follows from the code, each a command of its own.
FOLLOWS = (("-m", "tools.infra_inputs"), ("tools/make_emulator_config.py",),
           ("-m", "tools.costs", "--write"))  # fmt: skip


class NotEntered(Exception):
    """A file is not as the tool knows it: the message says where to enter the flow by hand."""


def new_flow(flow: str, what: str, root: Path = ROOT) -> list[Path]:
    """Make the flow and enter it; returns the files that were written, in order.

    Raises ``ValueError`` for a name that cannot be, ``NotEntered`` for a file that has no place.
    """
    check_name(flow)
    words = {
        "flow": flow,
        "Flow": "".join(part.capitalize() for part in flow.split("_")),
        "path": flow.replace("_", "-"),
        "what": what.rstrip("."),
    }
    written = [path for path in _files(root, words) if path is not None]
    for name, enter in _entries(words).items():
        path = root / name
        before = path.read_text(encoding="utf-8")
        after = enter(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            written.append(path)
    return written


def check_name(flow: str) -> None:
    """Raise ``ValueError`` unless this can be a module, a queue, a container and part of a path."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", flow) or not 3 <= len(flow) <= 40:
        raise ValueError(f"{flow!r}: a flow is named in lower case, as study_notes, 3 to 40 long")
    if keyword.iskeyword(flow) or flow in sys.stdlib_module_names:
        raise ValueError(f"{flow!r} means something else in Python")


def _files(root: Path, words: dict[str, str]) -> list[Path | None]:
    """Write the flow's own files where they are not there yet."""
    flow = words["flow"]
    places = {
        f"functions/{flow}/__init__.py": None,
        f"functions/{flow}/README.md": "README.md",
        f"functions/{flow}/requirements.txt": "requirements.txt",
        f"functions/{flow}/function_app.py": "function_app.py",
        f"functions/{flow}/routes.py": "routes.py",
        f"functions/{flow}/rules.py": "rules.py",
        f"functions/{flow}/service.py": "service.py",
        f"shared/events/{flow}.py": "events.py",
        f"tests/events/waymark.{flow}.added.v1.json": "sample.json",
        f"tests/access/recipes/{flow}.py": "recipe.py",
        f"tests/flows/{flow}/test_{flow}.py": "test.py",
        f"tests/journeys/test_{flow}.py": "journey.py",
    }
    written: list[Path | None] = []
    for name, template in places.items():
        path = root / name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(template, words) if template else "", encoding="utf-8")
        written.append(path)
    return written


def _filled(template: str, words: dict[str, str]) -> str:
    text = (TEMPLATE / f"{template}.template").read_text(encoding="utf-8")
    return Template(text).substitute(words)


def _entries(words: dict[str, str]) -> dict[str, Callable[[str], str]]:
    """By file of the house: what enters the flow there."""
    flow, path = words["flow"], words["path"]
    event = f"waymark.{flow}.added.v1"
    learner = '{"learner": "own"}'
    rows = {
        "flows": f"| `{flow}` | HTTP, queue, timer | {words['what']} |",
        "events": f"| `{event}` | `{flow}` | queue `{flow}` | `{flow}` |",
        "list": f"| GET | `v1/{path}` | learner |",
        "add": f"| POST | `v1/{path}` | learner |",
    }

    def flows_page(text: str) -> str:
        text = _row(text, "# Flows", rows["flows"])
        text = _row(text, "## Events", rows["events"])
        return _row(_row(text, "## Routes", rows["list"]), "## Routes", rows["add"])

    def access(text: str) -> str:
        lines = f'    # {flow}\n    "{flow}_list": {learner},\n    "{flow}_add": {learner},\n'
        return _before_last(text, "}\n", lines, unless=f'"{flow}_list"')

    def recipes(text: str) -> str:
        if f'"{flow}"' in text:
            return text
        text = _after(text, "from tests.access.recipes import (\n", f"    {flow},\n")
        return _after(text, '__all__ = [\n    "RECIPES",\n', f'    "{flow}",\n')

    def planted(text: str) -> str:
        if f"_keep_{flow}" in text:
            return text
        line = f"from functions.{flow} import service as {flow}_service\n"
        before, found, after = text.partition("\nfrom functions.")
        if not found:
            raise NotEntered(f"tests/flows/accounts/planted.py: import {flow}'s service")
        text = f"{before}\n{line.rstrip()}{found}{after}"
        call = "    _bury_message(house, candidate_id)\n"
        if call not in text:
            raise NotEntered(f"tests/flows/accounts/planted.py: call _keep_{flow} in plant()")
        text = text.replace(call, f"    _keep_{flow}(house)\n{call}", 1)
        return text.rstrip("\n") + "\n" + _filled("planted.py", words)

    def root_pins(text: str) -> str:
        line = f"-r functions/{flow}/requirements.txt"
        if line in text.splitlines():
            return text
        head, *pins = text.splitlines()
        kernel = [pin for pin in pins if "functions/" not in pin]
        others = sorted([pin for pin in pins if "functions/" in pin] + [line])
        return "\n".join([head, *kernel, *others]) + "\n"

    def uses(text: str) -> str:
        if f'"{flow}":' in text:
            return text
        mark = "USES: Mapping[str, Mapping[Component, Need]] = {\n"
        return _after(text, mark, f'    "{flow}": {{**_LISTENS, **_ROUTES}},\n')

    return {
        "shared/topology.json": lambda text: _topology(text, flow, event),
        "shared/access.py": access,
        "shared/readiness/uses.py": uses,
        "infra/costs.json": lambda text: _costs(text, flow),
        "requirements.txt": root_pins,
        "docs/flows.md": flows_page,
        "tests/access/recipes/__init__.py": recipes,
        "tests/flows/accounts/planted.py": planted,
    }


def _topology(text: str, flow: str, event: str) -> str:
    """The one list with the flow's container, queue and event, each first of its kind.

    The other lines stay as they are.
    """
    declared = json.loads(text)
    parts = {
        "containers": (
            flow,
            f'    "{flow}": {{\n'
            f'      "owner": "{flow}",\n'
            '      "partition_key": ["tenant_id", "user_id"],\n'
            '      "default_ttl_seconds": -1,\n'
            '      "ordered_by": ["added_at"],\n'
            '      "swept_by": ["kind"],\n'
            '      "erasure": [{"of": "user", "field": "user_id"}]\n'
            "    },\n",
        ),
        "queues": (
            flow,
            f'    "{flow}": {{\n'
            '      "lock_seconds": 60, "max_delivery": 10, "sessions": false, '
            '"duplicate_detection_seconds": 600\n'
            "    },\n",
        ),
        "events": (event, f'    "{event}": {{"to": "{flow}"}},\n'),
    }
    for kind, (name, lines) in parts.items():
        if name not in declared[kind]:
            text = _after(text, f'\n  "{kind}": {{\n', lines)
    json.loads(text)
    return text


def _costs(text: str, flow: str) -> str:
    """The prices with what an entry of the template costs: guessed, and a thousand a month."""
    declared = json.loads(text)
    entry = {
        "of": "an entry added, and counted", "own_ms": 1, "measured": False, "requests": 1,
        "messages": 1, "from_bus": 1, "reads": 3, "commits": 2, "writes": 4, "sent": 1,
        "other_ru": 0, "blob_reads": 0, "blob_writes": 0,
    }  # fmt: skip
    if flow not in declared["operations"]:
        line = f'    "{flow}": {json.dumps(entry)},\n'
        text = _after(text, '\n  "operations": {\n', line)
    if flow not in declared["example"]["operations"]:
        text = _after(text, '\n    "operations": {\n', f'      "{flow}": 1000,\n')
    json.loads(text)
    return text


def _after(text: str, mark: str, lines: str) -> str:
    """The text with lines right after a mark. Raises ``NotEntered`` where that is not there."""
    if mark not in text:
        raise NotEntered(f"nowhere stands {mark.strip()!r}; enter by hand: {lines.strip()}")
    return text.replace(mark, mark + lines, 1)


def _before_last(text: str, mark: str, lines: str, *, unless: str) -> str:
    if unless in text:
        return text
    if not text.endswith(f"\n{mark}"):
        raise NotEntered(f"the file does not end with {mark.strip()!r}; enter by hand: {lines}")
    return text.removesuffix(mark) + lines + mark


def _row(text: str, heading: str, row: str) -> str:
    """The page with a row at the end of the first table below a heading."""
    if row in text.splitlines():
        return text
    found = re.search(
        rf"^{re.escape(heading)}\n(?:(?!\|).*\n)*?(?:\|.*\n)+", text, flags=re.MULTILINE
    )
    if found is None:
        raise NotEntered(f"there is no table below {heading!r}; enter by hand: {row}")
    return text[: found.end()] + row + "\n" + text[found.end() :]


def tidy(files: list[Path], root: Path) -> None:
    """Sort imports and lay out what was written, where ruff is installed."""
    sources = [str(path) for path in files if path.suffix == ".py"]
    # twice: what is sorted may then fit on fewer lines
    for command in (["format"], ["check", "--fix", "--select", "I,RUF022"], ["format"]):
        subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", *sources], cwd=root, check=False
        )


def bring_up_to_date(root: Path) -> list[str]:
    """Write anew what follows from the code of a house; returns the commands that failed."""
    failed = []
    for command in FOLLOWS:
        ran = subprocess.run([sys.executable, *command], cwd=root, capture_output=True, text=True)
        if ran.returncode != 0:
            failed.append(f"python {' '.join(command)}: {ran.stderr.strip().splitlines()[-1:]}")
    return failed


def main() -> int:
    """Make the flow that was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("flow", help="its name, as study_notes")
    parser.add_argument("--what", required=True, help="what it does, in a sentence for the docs")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository; this one")
    asked = parser.parse_args()
    try:
        written = new_flow(asked.flow, asked.what, asked.root)
    except (ValueError, NotEntered) as error:
        print(error, file=sys.stderr)
        return 2
    tidy(written, asked.root)
    failed = bring_up_to_date(asked.root)
    for path in written:
        print(path.relative_to(asked.root))
    print(LEFT_TO_DO.format(flow=asked.flow))
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
