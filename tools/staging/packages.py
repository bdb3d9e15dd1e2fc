"""A flow's packages from outside, as wheels for where it will run.

All wheels of the house are fetched once into one folder. Each set of pins is installed from there
once, without a network, and linked into every app that has these pins.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SITE = Path(".python_packages/lib/site-packages")
"""Where Azure's worker looks for an app's packages."""
_LEFT_OUT = {"bin", "__pycache__"}
_TESTS = {"test", "tests"}
_FROM_TESTS = re.compile(r"^\s*(?:from|import)\s+([\w.]*\.tests?)\b", re.MULTILINE)


class PackagesError(Exception):
    """Packages could not be fetched or installed; the message says which and why."""


@dataclass(frozen=True)
class Target:
    """What runs the app. Without platforms: this machine's own interpreter."""

    python: str = "3.11"
    platforms: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        """What tells pip to choose wheels for the target."""
        if not self.platforms:
            return ["--only-binary", ":all:"]
        options = ["--only-binary", ":all:", "--implementation", "cp"]
        options += ["--python-version", self.python]
        return options + [part for name in self.platforms for part in ("--platform", name)]


CLOUD = Target(
    # newest first; Azure's image of Python 3.11 has glibc 2.31
    platforms=(
        *(f"manylinux_2_{minor}_x86_64" for minor in range(31, 16, -1)),
        "manylinux2014_x86_64",
        "linux_x86_64",
    )
)
HERE = Target(f"{sys.version_info.major}.{sys.version_info.minor}")


class Packages:
    """The packages of every flow, kept under ``folder`` between runs."""

    def __init__(self, folder: Path, pins: str, target: Target = CLOUD) -> None:
        """``pins``: those of the whole house, so that all flows get the same versions."""
        self._pins, self._target = _bare(pins), target
        key = _digest(self._pins, repr(target))
        self._wheels = folder / f"wheels-{key}"
        self._layers = folder / f"layers-{key}"

    def install(self, pins: str, app: Path) -> None:
        """Put what these pins name, and all it needs, below ``app``.

        Raises ``PackagesError``.
        """
        pins = _bare(pins)
        layer = self._layers / _digest(pins)
        with self._alone():
            self._make(layer, pins)
        shutil.copytree(layer, app / SITE, copy_function=_link)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # azd may stage several flows at once
        self._layers.parent.mkdir(parents=True, exist_ok=True)
        with (self._layers.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self, layer: Path, pins: str) -> None:
        if not layer.exists():
            self._fetch()
            incoming = layer.with_name(f"{layer.name}.incoming")
            shutil.rmtree(incoming, ignore_errors=True)
            incoming.mkdir(parents=True)
            written = layer.with_name(f"{layer.name}.txt")
            written.write_text(pins, encoding="utf-8")
            source = ["--no-index", "--find-links", str(self._wheels), "--no-compile"]
            self._pip("install", written, *source, "--target", str(incoming))
            strip(incoming)
            incoming.rename(layer)

    def fetch(self) -> None:
        """Fetch the wheels of the whole house, once. Raises ``PackagesError``."""
        with self._alone():
            self._fetch()

    def _fetch(self) -> None:
        if self._wheels.exists():
            return
        incoming = self._wheels.with_name(f"{self._wheels.name}.incoming")
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True)
        written = incoming.with_suffix(".txt")
        written.write_text(self._pins, encoding="utf-8")
        self._pip("download", written, "--dest", str(incoming))
        incoming.rename(self._wheels)

    def _pip(self, verb: str, pins: Path, *options: str) -> None:
        command: Sequence[str] = (
            sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", verb,
            "-r", str(pins), *options, *self._target.options,
        )  # fmt: skip
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            said = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
            raise PackagesError(
                f"pip {verb} failed for {self._target.python}"
                f" {self._target.platforms[:1] or 'here'}: {' '.join(said) or ran.stderr[-2000:]}"
                " (a package without a wheel for this platform cannot be packaged)"
            )


def strip(site: Path) -> None:
    """Remove what never runs in the cloud: programs, tests, stubs, compiled Python."""
    for path in sorted(site.rglob("*"), reverse=True):
        if path.name in _LEFT_OUT and path.is_dir():
            # a package may be named bin; only what pip puts at the top is programs
            if path.name == "__pycache__" or path.parent == site:
                shutil.rmtree(path)
        elif path.suffix in {".pyc", ".pyi"} and path.is_file():
            path.unlink()
    for package in sorted(site.iterdir()):
        if not package.is_dir() or package.name.endswith(".dist-info"):
            continue
        tests = {path for path in package.rglob("*") if path.name in _TESTS and path.is_dir()}
        for path in tests - _imported_tests(package, tests):
            shutil.rmtree(path, ignore_errors=True)
    for record in site.glob("*.dist-info/RECORD"):
        lines = record.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if (site / line.partition(",")[0].strip('"')).exists()]
        record.write_text("\n".join(sorted(kept)) + "\n", encoding="utf-8")


def _imported_tests(package: Path, tests: set[Path]) -> set[Path]:
    """Folders of tests that a module outside of tests imports from, as numpy.testing does."""
    found = set()
    for path in package.rglob("*.py") if tests else ():
        if not tests & set(path.parents):
            text = path.read_text(encoding="utf-8", errors="replace")
            for module in _FROM_TESTS.findall(text):
                base = path.parent if module.startswith(".") else package.parent
                found.add(base.joinpath(*module.strip(".").split(".")))
    return found


def _link(source: str, target: str) -> None:
    """Link a file, or copy it where the disk cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _bare(pins: str) -> str:
    """Requirements without comments, sorted: what two flows have in common is then one layer."""
    lines = {line.partition("#")[0].strip() for line in pins.splitlines()}
    return "\n".join(sorted(lines - {""})) + "\n"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
