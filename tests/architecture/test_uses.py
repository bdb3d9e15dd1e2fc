"""The table of what each flow uses is what its code uses."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from shared.readiness.uses import USES, Component
from tools.package import flows

ROOT = Path(__file__).resolve().parents[2]
BY_ATTRIBUTE: dict[str, tuple[Component, ...]] = {
    "blobs": ("blobs",),
    "encoder": ("text_encoder",),
    "mailer": ("mail_server",),
    "messengers": ("whatsapp", "telegram"),
    "reworder": ("language_model",),
    "resume_model": ("resume_model",),
    "scanner": ("scanner",),
    "lrs_endpoint": ("record_store",),
}


def _nodes(flow: str) -> list[ast.AST]:
    """Everything in a flow's code."""
    return [
        node
        for path in sorted((ROOT / "functions" / flow).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def test_every_flow_has_its_row() -> None:
    """No flow is left out, none is there too many; every component is somebody's."""
    assert sorted(USES) == flows()
    assert {name for used in USES.values() for name in used} == {*get_args(Component)}


@pytest.mark.parametrize("flow", flows())
def test_a_flow_uses_what_its_row_says(flow: str) -> None:
    """Stores and peers are asked of the runtime by name: what the code names, the row has."""
    nodes = _nodes(flow)
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    imported = {
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    expected: set[Component] = {"documents"}
    for attribute, components in BY_ATTRIBUTE.items():
        if attribute in attributes:
            expected |= {*components}
    if any(module.startswith("shared.journey_records") for module in imported):
        expected.add("blobs")  # old journeys are read from the archive
    if "Api" in names:
        expected.add("identity_provider")
    if any("tesseract" in module for module in imported):
        expected.add("tesseract")
    listens = any(attribute.startswith("service_bus_") for attribute in attributes)
    sends_for_others = "relay" in attributes or "shared.outbox.relay" in imported
    if listens or any(module.startswith("shared.messaging") for module in imported):
        expected.add("bus")
    used = USES[flow]
    assert used.keys() == expected | ({"bus"} if sends_for_others else set())
    assert used["documents"] == "needed"
    if "bus" in used:
        assert (used["bus"] == "needed") == (listens or sends_for_others)
