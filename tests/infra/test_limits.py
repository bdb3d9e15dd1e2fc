"""What Azure and its tools take, and refuse: names, limits, order, kinds of parameters."""

from __future__ import annotations

import json
from typing import Any

from shared.settings import Settings
from tests.infra import bicep

MAIN = bicep.read(bicep.INFRA / "main.bicep")


def _loaded(name: str) -> Any:
    return json.loads((bicep.INFRA / name).read_text(encoding="utf-8"))


def test_our_topic_of_files_is_made_before_defender_s() -> None:
    """An account has one topic of Event Grid: Defender takes ours, and we could not take its."""
    body = MAIN.declared["defender"].body
    assert body is not None
    assert "drops" in bicep.text(bicep.properties(body)["dependsOn"])
    assert MAIN.declared["drops"].target == "modules/eventgrid.bicep"


def test_names_of_deployments_are_as_long_as_they_may_be() -> None:
    """ARM takes 64 characters; a flow's name may have 40, and its app's then has 59."""
    longest = "x" * 40
    for file in map(bicep.read, bicep.files()):
        for module in file.of("module"):
            assert module.body is not None
            name = bicep.text(bicep.properties(module.body)["name"]).strip("'")
            for said in ("${flow.service}", "${target.name}"):
                name = name.replace(said, longest)
            if name == "name":  # a vault's
                continue
            assert "$" not in name, name
            assert len(name) <= 64, name


def test_settings_that_are_json_are_objects() -> None:
    """azd writes a text into JSON as it stands, and its quotes would end it: what holds JSON is an
    object there, and becomes text in Bicep."""
    held = _loaded("main.parameters.json")["parameters"]
    groups = MAIN.declared["grouped"].body
    assert groups is not None
    settings = {
        name: node
        for group in bicep.properties(groups).values()
        for name, node in bicep.properties(group).items()
    }
    json_ones = {
        str(field.alias)
        for field in Settings.model_fields.values()
        if "Json" in str(field.annotation)
    }
    in_vaults = {"WAYMARK_TELEGRAM_BOTS"}
    assert json_ones >= in_vaults | {"WAYMARK_MAIL_INBOXES", "WAYMARK_WHATSAPP_NUMBERS"}
    for name in json_ones - in_vaults:
        (parameter,) = [each for each, said in held.items() if said["value"] == f"${{{name}}}"]
        declared = MAIN.declared[parameter]
        assert declared.value is not None
        assert declared.value.type == "object"
        assert bicep.text(settings[name]) == f"empty({parameter}) ? '' : string({parameter})"


def test_the_front_door_is_within_its_limits() -> None:
    """A profile of the tier Standard takes 100 routes, rules and groups, 25 paths of a route, and
    5,000 in all: domains times paths, each rule that chooses another app being a path more."""
    laid_out, apps = _loaded("routes.json"), _loaded("flows.json")
    patterns, rules = laid_out["patterns"], laid_out["rules"]
    assert max(len(patterns), len(rules) + 1, len(apps)) <= 100
    assert max(len(each["paths"]) for each in patterns) <= 25
    domains = 2  # its own and one of ours
    assert sum(domains * (len(each["paths"]) + len(rules)) for each in patterns) <= 5000
