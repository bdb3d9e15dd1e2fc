"""Starts the Service Bus peer as a process of its own and tells it what to do."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from shared.topology import Topology


class Peer:
    """The AMQP peer with the entities of a topology, which it reads from ``folder``.

    Raises ``RuntimeError`` when it does not start; its standard error says why. It ends with
    :meth:`close`, or with the process that started it.
    """

    def __init__(self, folder: Path, entities: Topology) -> None:
        topology = folder / "topology.json"
        topology.write_text(entities.model_dump_json())
        port = _free_port()
        self.connection_string = (
            f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=x;SharedAccessKey=y;"
            "UseDevelopmentEmulator=true;"
        )
        program = Path(__file__).with_name("service_bus.py")
        self._process = subprocess.Popen(
            [sys.executable, program, str(port), topology, "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("listening"):
            raise RuntimeError("the Service Bus peer did not start")
        self._control = f"http://127.0.0.1:{line.split()[2]}/"

    def ask(self, do: str, **details: Any) -> Any:
        """Have the peer do something; see its module for what it can."""
        body = json.dumps({"do": do, **details}).encode()
        request = urllib.request.Request(self._control, data=body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def active(self, path: str) -> int:
        """How many messages are there for receivers at an AMQP address, locked or not."""
        return int(self.ask("count", entity=path)["active"])

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
