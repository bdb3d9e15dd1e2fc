"""The Bicep files: grammar, names, and what Azure's management models know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.infra import arm_models, bicep

FILES = bicep.files()
MAIN = bicep.INFRA / "main.bicep"


def _found(file: bicep.BicepFile) -> list[str]:
    return [*bicep.problems(file), *arm_models.problems(file)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_sound(path: Path) -> None:
    """It parses, each name is declared and used, modules get what they take, properties exist."""
    assert _found(bicep.read(path)) == []


def test_every_module_is_used() -> None:
    """No file lies there that nothing leads to, but for what a hook deploys."""
    reached = {MAIN}
    todo = [MAIN]
    while todo:
        path = todo.pop()
        for module in bicep.read(path).of("module"):
            target = (path.parent / module.target).resolve()
            if target not in reached:
                reached.add(target)
                todo.append(target)
    hook = (bicep.INFRA / "hooks" / "postdeploy.sh").read_text(encoding="utf-8")
    assert {path.name for path in set(FILES) - reached} == {"blob_subscription.bicep"}
    assert "infra/blob_subscription.bicep" in hook


def test_the_hook_gives_what_the_subscription_takes() -> None:
    """The parameters that postdeploy.sh passes are those of the file that it deploys."""
    hook = (bicep.INFRA / "hooks" / "postdeploy.sh").read_text(encoding="utf-8")
    wanted = {each.name for each in bicep.read(bicep.INFRA / "blob_subscription.bicep").of("param")}
    given = {
        word.partition("=")[0] for word in hook.split("--parameters")[1].split() if "=" in word
    }
    assert given == wanted


def test_the_parameters_are_those_of_main() -> None:
    """main.parameters.json gives every parameter of main.bicep, and no other."""
    held = json.loads((bicep.INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    declared = {each.name for each in bicep.read(MAIN).of("param")}
    assert held["parameters"].keys() == declared


def test_every_environment_variable_has_the_default_of_its_parameter() -> None:
    """What azd passes on for a variable that is not set is what main.bicep would take anyway."""
    held = json.loads((bicep.INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    for each in bicep.read(MAIN).of("param"):
        said = held["parameters"][each.name]["value"]
        if each.value is None or each.value.type == "object":
            # azd leaves out an object whose variable is not set, and can read no default of one
            assert "=" not in said, each.name
            continue
        default = said.removesuffix("}").partition("=")[2]
        value = bicep.literal(each.value)
        assert default == (bicep.text(each.value) if value is None else value) or (
            each.name == "principalId"
        ), each.name


def test_a_type_has_one_version() -> None:
    """A kind of resource is spoken of in one version of its API, wherever it stands."""
    versions: dict[str, set[str]] = {}
    for path in FILES:
        file = bicep.read(path)
        for resource in file.of("resource"):
            kind, version = bicep.resource_type(file, resource)
            versions.setdefault(kind, set()).add(version)
    assert {kind: seen for kind, seen in versions.items() if len(seen) > 1} == {}


def test_the_models_know_every_kind_of_resource() -> None:
    """No resource escapes the models, and no model is kept of what is not used."""
    kinds = set()
    for path in FILES:
        file = bicep.read(path)
        kinds |= {
            bicep.resource_type(file, each)[0] for each in file.of("resource") if not each.existing
        }
    assert kinds == arm_models.MODELS.keys() | arm_models.WITHOUT_MODEL.keys()


SLIPS = [
    tuple(slip.values())
    for slip in json.loads(Path(__file__).with_name("slips.json").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("name", "right", "wrong", "said"), SLIPS)
def test_a_slip_of_the_hand_is_caught(name: str, right: str, wrong: str, said: str) -> None:
    """A wrong name, word or kind in a file is told of, by the place where it stands."""
    path = bicep.INFRA / name
    source = path.read_text(encoding="utf-8")
    assert right in source, "the slip is of a line that is not there any more"
    file = bicep.parse(source.replace(right, wrong, 1).encode(), path)
    assert any(said in line for line in _found(file)), _found(file)
