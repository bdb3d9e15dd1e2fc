"""What the docs list is what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import function_app
from shared import topology
from shared.http.api import OPERATIONS
from shared.http.description import blueprint  # noqa: F401  registers its routes
from shared.settings import Settings
from shared.telemetry import INSTRUMENTS
from tools.package import flows

ROOT = Path(__file__).resolve().parents[2]


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    below = f"\n{text}".split(f"\n{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n?)+", below, re.MULTILINE)
    assert table is not None
    return [
        [cell.strip(" `") for cell in line.strip().strip("|").split("|")]
        for line in table[0].splitlines()[2:]
    ]


def test_every_flow_is_listed() -> None:
    """docs/flows.md names each flow of the house, and no other."""
    assert [row[0] for row in _rows(_page("flows.md"), "# Flows")] != []
    assert {row[0] for row in _rows(_page("flows.md"), "# Flows")} == set(flows())


def test_every_event_is_listed_with_its_way() -> None:
    """docs/flows.md names each event type with the destination and the listeners it has."""
    declared = topology.load()
    listed = {row[0]: row for row in _rows(_page("flows.md"), "## Events")}
    assert listed.keys() == declared.events.keys()
    for name, destination in declared.events.items():
        kind = "queue" if destination.to in declared.queues else "topic"
        assert listed[name][2].replace("`", "") == f"{kind} {destination.to}"
        if kind == "topic":
            hearers = {
                subscription
                for subscription, about in declared.topics[destination.to].subscriptions.items()
                if name in about.events
            }
            assert set(listed[name][3].replace("`", "").split(", ")) == hearers


def test_every_route_is_listed_with_its_roles() -> None:
    """docs/flows.md names each route, its method and who may call it."""
    assert function_app.app is not None
    listed = {(row[0], row[1]): row[2] for row in _rows(_page("flows.md"), "## Routes")}
    known = {
        (operation.method, operation.route): "anyone"
        if operation.expected.reaches is None
        else ", ".join(sorted(operation.expected.reaches))
        for operation in OPERATIONS.values()
    }
    for route in ("health", "openapi.json", "docs", "docs/{asset}"):
        known["GET", route] = "anyone"
    assert listed == known


def test_every_setting_is_listed() -> None:
    """docs/settings.md names each environment variable, and no other."""
    known = {field.alias for field in Settings.model_fields.values()}
    assert {row[0] for row in _rows(_page("settings.md"), "# Settings")} == known


def test_every_metric_is_listed() -> None:
    """docs/observability.md has each instrument with its kind and unit, and no other."""
    rows = _rows(_page("observability.md"), "## Metrics")
    assert {row[0]: row[1:3] for row in rows} == {
        name: [each.kind, each.unit] for name, each in INSTRUMENTS.items()
    }


def _pinned(*paths: Path) -> set[str]:
    """The packages that these files pin."""
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    found = (re.match(r"[A-Za-z0-9_.-]+", line.partition("#")[0].strip()) for line in lines)
    return {package[0].casefold() for package in found if package is not None}


def test_every_dependency_has_its_line() -> None:
    """Each pinned package of the product has a line that says why; the others are named."""
    listed = _page("dependencies.md").casefold()
    product = [*ROOT.glob("functions/*/requirements.txt"), ROOT / "shared/requirements.txt",
               ROOT / "requirements-local.txt"]  # fmt: skip
    assert [each for each in _pinned(*product) if f"| {each}" not in listed] == []
    families = {"azure-mgmt-": "`azure-mgmt-*`", "types-": "type stubs"}
    for each in _pinned(*(ROOT / f"requirements-{n}.txt" for n in ("test", "checkov", "encoder"))):
        name = next((name for prefix, name in families.items() if each.startswith(prefix)), each)
        assert name in listed, each


def test_every_reason_a_file_ends_with_is_listed() -> None:
    """docs/flows.md names each code of the check and of the extraction."""
    from functions.intake_blob_trigger.rules import Code
    from functions.intake_extract.rules.errors import BY_CODE

    text = _page("flows.md")
    for code in {*(str(each) for each in Code), *BY_CODE} - {"extraction_failed"}:
        assert f"`{code}`" in text, code


def test_what_the_page_of_security_points_to_is_there() -> None:
    """Each measure in docs/security.md names code and a test that exist."""
    named = re.findall(r"`((?:shared|functions|local|tests|tools)/[\w./]+)`", _page("security.md"))
    assert len(named) > 60
    for path in named:
        assert (ROOT / path).exists(), path
    rows = _rows(_page("security.md"), "## Entry points and what threatens them")
    assert len(rows) > 25
    assert all("tests/" in row[4] for row in rows)


def test_links_between_the_pages_lead_somewhere() -> None:
    """No link in README or docs points to a file that is not there."""
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
