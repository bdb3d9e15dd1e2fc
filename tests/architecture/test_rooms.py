"""Who may import whom."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STANDARD = set(sys.stdlib_module_names)
PORTS = {
    "shared.documents.port",
    "shared.blobs.port",
    "shared.bus.port",
    "shared.mail.port",
    "shared.scanning.port",
    "shared.language_model.port",
}
ADAPTERS = {
    "shared.documents.cosmos": "azure.cosmos",
    "shared.documents.cosmos_query": "azure.cosmos",
    "shared.documents.cosmos_transfer": None,
    "shared.documents.sqlite": "sqlite3",
    "shared.documents.sqlite_transfer": "sqlite3",
    "shared.documents.sqlite_conditions": None,
    "shared.documents.sqlite_vectors": "sqlite3",
    "shared.blobs.azure": "azure.storage.blob",
    "shared.blobs.files": None,
    "shared.bus.service_bus": "azure.servicebus",
    "shared.bus.service_bus_translation": "azure.servicebus",
    "shared.bus.sqlite": "sqlite3",
    "shared.mail.smtp": None,
    "shared.scanning.clamd": None,
    "shared.scanning.defender": None,
    "shared.language_model.openai_chat": None,
    "shared.bus.sqlite_rows": "sqlite3",
    "shared.telemetry.export": "azure.monitor",
}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[str]:
    """Modules a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from _from_import(node.module, [alias.name for alias in node.names])


def _from_import(module: str, names: list[str]) -> Iterator[str]:
    for name in names:
        inner = ROOT.joinpath(*module.split("."), name)
        yield f"{module}.{name}" if inner.with_suffix(".py").exists() or inner.is_dir() else module


def _python(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def _is(module: str, *allowed: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def _ours(module: str) -> bool:
    return _is(module, "shared", "functions", "local", "tools", "tests")


RULES = _python("functions/*/rules.py", "functions/*/rules/**/*.py")
SERVICES = _python("functions/*/service.py", "functions/*/service/**/*.py")
APPS = _python("functions/*/function_app.py", "functions/*/routes/**/*.py")
FLOWS = _python("functions/*/**/*.py")
PURE = [ROOT / "shared/errors.py", *_python("shared/models/*.py", "shared/events/*.py"),
        *(ROOT / (port.replace(".", "/") + ".py") for port in sorted(PORTS))]  # fmt: skip


@pytest.mark.parametrize("path", RULES, ids=_name)
def test_rules_know_no_port_no_setting_no_clock(path: Path) -> None:
    """Rules import their flow's rules, models, events, errors and their subject's libraries."""
    own = f"functions.{path.relative_to(ROOT).parts[1]}.rules"
    allowed = (
        own, "shared.models", "shared.events", "shared.errors", "shared.search_terms",
        "shared.profiles", "shared.ranking", "shared.skills", "shared.html_tokens",
        "shared.rtf_tokens",
    )  # fmt: skip
    for module in _imports(path):
        assert not _ours(module) or _is(module, *allowed), f"{path}: {module}"
        assert not _is(module, "azure", "os", "time", "random", "socket", "requests"), module


@pytest.mark.parametrize("path", RULES, ids=_name)
def test_rules_never_ask_what_time_it_is(path: Path) -> None:
    """No rule calls now(), today() or utcnow()."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in {"now", "today", "utcnow"}, f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", SERVICES, ids=_name)
def test_services_know_ports_but_no_adapter(path: Path) -> None:
    """A service imports neither an adapter, the runtime, Azure, nor the environment."""
    for module in _imports(path):
        assert not _is(module, *ADAPTERS, "azure", "os", "shared.runtime", "shared.settings"), (
            f"{path}: {module}"
        )


@pytest.mark.parametrize("path", APPS, ids=_name)
def test_triggers_know_no_adapter(path: Path) -> None:
    """A function_app imports its service and the kernel, Azure's trigger types, no adapter."""
    for module in _imports(path):
        assert not _is(module, *ADAPTERS), f"{path}: {module}"
        assert not _is(module, "azure") or _is(module, "azure.functions"), f"{path}: {module}"


@pytest.mark.parametrize("path", FLOWS, ids=_name)
def test_a_flow_never_imports_another(path: Path) -> None:
    """Flows meet in events and documents only."""
    own = f"functions.{path.relative_to(ROOT).parts[1]}"
    for module in _imports(path):
        assert not _is(module, "functions") or _is(module, own), f"{path}: {module}"
        assert not _is(module, "local", "tests", "tools"), f"{path}: {module}"


@pytest.mark.parametrize("path", PURE, ids=_name)
def test_ports_models_and_events_stand_on_nothing(path: Path) -> None:
    """Ports, models, events and errors import the standard library, pydantic and each other."""
    for module in _imports(path):
        top = module.partition(".")[0]
        assert (
            top in STANDARD
            or top in {"pydantic", "__future__"}
            or _is(module, "shared.errors", "shared.models", "shared.events")
        ), f"{path}: {module}"


@pytest.mark.parametrize("path", _python("shared/**/*.py"), ids=_name)
def test_only_the_runtime_chooses_an_adapter(path: Path) -> None:
    """No module of the kernel but the runtime imports an adapter; none imports a flow."""
    name = _name(path)
    for module in _imports(path):
        assert not _is(module, "functions", "local", "tests", "tools"), f"{path}: {module}"
        if _is(module, *ADAPTERS):
            # an adapter in two files (cosmos, cosmos_query) is one adapter
            same_adapter = module.partition("_")[0] == name.partition("_")[0]
            assert name == "shared.runtime" or same_adapter, f"{path}: {module}"


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_an_adapter_knows_one_sdk(adapter: str) -> None:
    """An adapter imports its own SDK (and Azure's core types) and no other."""
    path = ROOT / (adapter.replace(".", "/") + ".py")
    own = ADAPTERS[adapter]
    for module in _imports(path):
        if _is(module, "azure"):
            assert own is not None, f"{path}: {module}"
            assert _is(module, own, "azure.core"), f"{path}: {module}"


def test_nobody_imports_the_local_host() -> None:
    """The local host is an outer shell: only it and its tests know it."""
    for path in _python("shared/**/*.py", "functions/**/*.py", "function_app.py"):
        assert not any(_is(module, "local") for module in _imports(path)), path


def test_environment_is_read_in_one_place() -> None:
    """Only the runtime hands the environment to the settings; a sandbox child gets its own, and
    the encoder's libraries are told by it to stay offline."""
    readers = {
        _name(path)
        for path in _python("shared/**/*.py", "functions/**/*.py")
        if "os.environ" in path.read_text(encoding="utf-8")
    }
    assert readers <= {
        "shared.runtime",
        "functions.intake_extract.sandbox",
        "shared.encoding",
    }
