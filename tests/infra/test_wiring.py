"""What ties the parts of the infrastructure together: values that every name check lets through."""

from __future__ import annotations

import json
import re

import pytest

from tests.infra import bicep

MAIN = bicep.read(bicep.INFRA / "main.bicep")
# Each line must stand in its file; the second says what breaks without it.
HELD = [
    ("function_app", "'azd-service-name': flow.service", "azd finds no app"),
    ("cosmos", "name: 'EnableNoSQLVectorSearch'", "no vector policy is taken"),
    ("host_storage", "allowBlobPublicAccess: false", "packages may be read by anybody"),
    ("storage", "allowBlobPublicAccess: false", "files may be read by anybody"),
]


@pytest.mark.parametrize(("module", "line", "else_"), HELD, ids=lambda value: str(value)[:40])
def test_a_value_that_others_rely_on_stands(module: str, line: str, else_: str) -> None:
    """A change of one of these passes every check of names, and breaks the house in the cloud."""
    text = (bicep.INFRA / "modules" / f"{module}.bicep").read_text(encoding="utf-8")
    assert line in text, else_


def _settings() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("common", "grouped"):
        body = MAIN.declared[name].body
        assert body is not None
        for key, node in bicep.properties(body).items():
            inner = bicep.properties(node) if name == "grouped" else {key: node}
            found.update({each: bicep.text(value) for each, value in inner.items()})
    return found


def test_a_setting_comes_from_the_variable_of_its_name() -> None:
    """What `azd env set NAME` sets is the setting NAME of the apps, and no other."""
    text = (bicep.INFRA / "main.parameters.json").read_text(encoding="utf-8")
    given = {
        name: re.findall(r"\$\{(\w+)", each["value"])
        for name, each in json.loads(text)["parameters"].items()
    }
    compared = 0
    for setting, value in _settings().items():
        if value in given:
            assert given[value] == [setting]
            compared += 1
    assert compared > 25
    assert _settings()["WAYMARK_COSMOS_ENDPOINT"] == "cosmos.outputs.endpoint"


def test_who_uses_a_peer_s_secret_may_read_its_vault() -> None:
    """The groups with secrets of peers are those whose apps may read the vault of them."""
    body = MAIN.declared["grouped"].body
    assert body is not None
    groups = {
        name for name, node in bicep.properties(body).items() if "${peersVault}" in bicep.text(node)
    }
    assert groups == set(re.findall(r"'(\w+)'", bicep.text(MAIN.declared["withSecrets"].node)))
    for text in (bicep.text(each.node) for each in MAIN.of("module") if each.name == "apps"):
        assert "? [houseVault] : [houseVault, peersVault]" in text
