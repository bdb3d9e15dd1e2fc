"""What of the repository a flow's app carries, its archive and its ceiling."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools.package import ROOT, flows, stage
from tools.staging.archive import Size, over_ceiling, write_zip
from tools.staging.closure import NOT_DEPLOYED, closure
from tools.staging.packages import Packages, strip

House = Callable[[dict[str, str]], Path]


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Writes a small repository with one flow, ``mail``."""

    def write(sources: dict[str, str]) -> Path:
        given = {"shared/http/description.py": "", "functions/mail/function_app.py": "", **sources}
        for name, text in given.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_an_import_inside_a_function_counts_where_the_function_is_named(house: House) -> None:
    """Of a kernel's module the parts count that the flow names, with what they name in turn."""
    root = house(
        {
            "functions/mail/function_app.py": "from shared import tools\ntools.send()\n",
            "shared/tools.py": (
                "def send():\n    return _connect()\n"
                "def _connect():\n    import smtp_sdk\n    from shared import wires\n"
                "def draw():\n    import drawing_sdk\n"
            ),
            "shared/wires.py": "import wire_sdk\nimport zoneinfo\n",
        }
    )
    found = closure(root, "mail")
    assert found.packages == {"smtp_sdk", "wire_sdk", "tzdata"}
    assert found.modules >= {"shared.tools", "shared.wires", "functions.mail.function_app"}


def test_what_may_be_called_unseen_counts_whole(house: House) -> None:
    """Methods of derived classes, decorated functions and dunders count, named or not."""
    root = house(
        {
            "functions/mail/function_app.py": "import shared.seen\n",
            "shared/seen.py": (
                "class Page(HTMLParser):\n    def handle(self):\n        import one\n"
                "@registered\ndef job():\n    import two\n"
                "class Plain:\n    def __call__(self):\n        import three\n"
                "    def unnamed(self):\n        import four\n"
            ),
        }
    )
    assert closure(root, "mail").packages == {"one", "two", "three"}


def test_a_package_that_is_looked_for_counts(house: House) -> None:
    """Whoever asks where a package lies needs it, though nothing imports it."""
    text = 'find_spec("assets")\n'
    assert closure(house({"functions/mail/function_app.py": text}), "mail").packages == {"assets"}


def test_what_only_the_type_checker_reads_does_not_count(house: House) -> None:
    """An import below TYPE_CHECKING is never run."""
    text = "if TYPE_CHECKING:\n    import big\nelse:\n    import small\n"
    assert closure(house({"functions/mail/function_app.py": text}), "mail").packages == {"small"}


@pytest.mark.parametrize("text", ["from . import b\n", "import_module('x')\n", "__import__(n)\n"])
def test_what_cannot_be_followed_is_refused(house: House, text: str) -> None:
    """A kernel's module that imports by a computed or relative name stops the staging."""
    root = house({"shared/http/description.py": text})
    with pytest.raises(ValueError, match="cannot be followed"):
        closure(root, "mail")


@pytest.mark.parametrize("flow", flows())
def test_an_app_carries_its_flow_whole_and_no_other(flow: str, tmp_path: Path) -> None:
    """Every source and datum of the flow is there; neither another flow nor an embedded store."""
    app = stage(flow, tmp_path)
    own = {
        path.relative_to(ROOT)
        for path in (ROOT / "functions" / flow).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name not in {"README.md",
        "requirements.txt"}
    }  # fmt: skip
    staged = {path.relative_to(app) for path in app.rglob("*") if path.is_file()}
    inner = {path for path in staged if path.parts[0] == "functions"}
    assert inner == own | {Path("functions/__init__.py")}
    assert Path("shared/topology.json") in staged
    for module in NOT_DEPLOYED:
        assert Path(module.replace(".", "/") + ".py") not in staged
    assert {path.parts[0] for path in staged} == {
        "functions", "shared", "function_app.py", "host.json", "requirements.txt"
    }  # fmt: skip


def test_data_goes_where_it_is_read(tmp_path: Path) -> None:
    """The taxonomy goes to who looks skills up, the recipes to who seeds them."""
    where = {
        name: {flow for flow in flows() if (stage(flow, tmp_path) / "shared" / name).is_file()}
        for name in ("skills/taxonomy.json", "models/recipes.json", "mail/templates/letter.html")
    }
    assert where == {
        "skills/taxonomy.json": {"candidates", "intake_finalize", "intake_parse"},
        "models/recipes.json": {"analytics", "coaching", "recommendations"},
        "mail/templates/letter.html": {"accounts", "intake_notify"},
    }


def test_the_same_app_gives_the_same_archive(tmp_path: Path) -> None:
    """Neither times nor permissions nor the order of writing change a byte."""
    digests = set()
    for name, moment, mode in (("a", 1_000_000_000, 0o600), ("b", 1_500_000_000, 0o755)):
        app = stage("outbox_relay", tmp_path / name)
        for path in app.rglob("*.py"):
            os.utime(path, (moment, moment))
            path.chmod(mode)
        archive = tmp_path / f"{name}.zip"
        write_zip(app, archive)
        digests.add(hashlib.sha256(archive.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_what_is_too_large_is_named() -> None:
    """A size above the ceiling, unpacked or zipped, is said in words with both figures."""
    small, large = Size(1 << 20, 1 << 20), Size(1 << 30, 1 << 29)
    assert over_ceiling("outbox_relay", small) == []
    unpacked, zipped = over_ceiling("outbox_relay", large)
    assert "outbox_relay is 1024.0 MiB unpacked" in unpacked
    assert "512.0 MiB zipped" in zipped
    assert over_ceiling("candidates", Size(300 << 20, 150 << 20)) == []


def test_tests_of_packages_stay_behind(tmp_path: Path) -> None:
    """Tests, programs, stubs and compiled files go, but for tests that a package itself imports;
    what is recorded as installed is what is left."""
    for name, text in {
        "bin/tool": "", "num/__init__.py": "from num.core.tests.natural import x\n",
        "num/core/tests/natural.py": "", "num/tests/test_a.py": "", "num/__init__.pyi": "",
        "num/__pycache__/a.pyc": "", "num/bin/__init__.py": "",
        "num-1.dist-info/RECORD": "num/tests/test_a.py,,\nnum/__init__.py,,\n../../bin/tool,,\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    strip(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {
        "num/__init__.py", "num/core/tests/natural.py", "num/bin/__init__.py",
        "num-1.dist-info/RECORD",
    }  # fmt: skip
    assert (tmp_path / "num-1.dist-info/RECORD").read_text() == "num/__init__.py,,\n"


def test_the_command_names_the_flows_there_are(tmp_path: Path) -> None:
    """An unknown flow ends the command with status 2 and the list of flows."""
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools/package.py"), "nothing", "--dist", str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 2
    assert "outbox_relay" in ran.stderr


def test_flows_that_are_staged_at_once_share_what_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where several flows are packaged at the same time, wheels are fetched and installed once."""
    ran: list[str] = []
    busy = threading.Lock()

    def pip(self: Packages, verb: str, pins: Path, *options: str) -> None:
        assert busy.acquire(blocking=False)
        time.sleep(0.05)
        ran.append(verb)
        if verb == "install":
            (Path(options[-1]) / "thing.py").write_text("", encoding="utf-8")
        busy.release()

    monkeypatch.setattr(Packages, "_pip", pip)

    def install(flow: int) -> None:
        Packages(tmp_path / "work", "thing==1\n").install("thing==1\n", tmp_path / str(flow))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(install, range(4)))
    assert ran == ["download", "install"]
    for flow in range(4):
        assert (tmp_path / str(flow) / ".python_packages/lib/site-packages/thing.py").is_file()
