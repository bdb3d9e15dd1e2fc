"""What operators do from the command line, on the stores of a home.

Each command is a module: its first line of documentation is its help, ``add_arguments`` says
what it takes, and ``run`` does it, on the runtime that the command line has started, and
returns the process's exit status. A host may be serving the same home meanwhile.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from local.commands import backup, dead_letters, restore


class Command(Protocol):
    """A module of this folder. ``MAKES_HOME`` says whether it may begin with no home at all."""

    __doc__: str | None
    MAKES_HOME: bool

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


COMMANDS: Mapping[str, Command] = {
    "backup": backup,
    "dead-letters": dead_letters,
    "restore": restore,
}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Let a command line take each command as its first word, with ``run`` to call."""
    commands = parser.add_subparsers(title="operators' commands", metavar="COMMAND")
    for name, command in COMMANDS.items():
        about = command.__doc__ or name
        each = commands.add_parser(
            name,
            help=about.partition("\n")[0].rstrip("."),
            description=about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # where it is given before the command, that holds
        each.add_argument(
            "--home",
            type=Path,
            default=argparse.SUPPRESS,
            help="where the stores are",
        )
        command.add_arguments(each)
        each.set_defaults(run=command.run, makes_home=command.MAKES_HOME)
