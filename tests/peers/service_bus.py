"""A Service Bus for tests: an AMQP 1.0 broker that azure-servicebus takes for the real one.

Run it as ``python tests/peers/service_bus.py PORT TOPOLOGY_JSON_PATH [--with-parent]``. It
listens on the loopback interface, prints ``listening <port> <control port>`` when ready, and
ends with SIGTERM, or, ``--with-parent``, when its standard input closes. Connect with
``Endpoint=sb://127.0.0.1:PORT;SharedAccessKeyName=x;SharedAccessKey=y;UseDevelopmentEmulator=true;``

Faults come over HTTP on the control port: ``POST /`` with a JSON object, one of

- ``{"do": "throttle", "sends": 3}``: refuse the next three transfers as ``server-busy``
- ``{"do": "fill", "sends": 1}``: refuse the next one because the entity is full
- ``{"do": "drop before", "sends": 1}``: break the connection instead of taking the send
- ``{"do": "drop after", "sends": 1}``: take it, then break the connection unsaid
- ``{"do": "ignore", "sends": 1}``: never answer it
- ``{"do": "refuse bluntly", "sends": 1}``: reject it without details, which stalls the SDK
- ``{"do": "take", "sends": 5}``: let so many pass before the next fault
- ``{"do": "hang up"}``: break all connections now
- ``{"do": "expire locks", "entity": "queue"}``: let every lock there run out
- ``{"do": "jump", "seconds": 600}``: move the broker's clock
- ``{"do": "count", "entity": "topic/Subscriptions/name"}``: messages there by state
- ``{"do": "reset"}``: forget messages, duplicates and faults; hang up on receivers that hold
  messages or sessions, and answer with their addresses

It answers with JSON. Faults meet the sends in the order they were asked for. Not modelled:
time to live, partitions, transactions, session state, cancelling a scheduled message,
auto-forwarding, authorization (any key is good).
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.peers.service_bus_links import Broker


def command(broker: Broker, request: dict[str, Any]) -> Any:
    """Carry out one control request on the broker's thread; raises ``KeyError`` on a bad one."""
    namespace, faults = broker.namespace, broker.faults
    match request["do"]:
        case "throttle" | "fill" | "drop before" | "drop after" as fault:
            faults.add(fault, request["sends"])
        case "take" | "ignore" | "refuse bluntly" as fault:
            faults.add(fault, request["sends"])
        case "hang up":
            broker.hang_up()
        case "expire locks":
            namespace.entities[request["entity"].lower()].expire_locks()
        case "jump":
            namespace.clock.jump(request["seconds"])
        case "count":
            return namespace.entities[request["entity"].lower()].counts()
        case "reset":
            return {"hung up": broker.reset()}
        case unknown:
            raise KeyError(unknown)
    return {}


def control_server(broker: Broker) -> ThreadingHTTPServer:
    """The HTTP server for faults, on a port of its own choice."""

    class Control(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, answer = 200, broker.call(lambda: command(broker, request))
            except KeyError as error:
                status, answer = 400, {"unknown": str(error)}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base's name
            """Say nothing: standard error is for what goes wrong."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Control)


def main() -> None:
    arguments = argparse.ArgumentParser(description="A Service Bus for tests")
    arguments.add_argument("port", type=int)
    arguments.add_argument("topology", type=Path)
    arguments.add_argument("--with-parent", action="store_true")
    chosen = arguments.parse_args()
    # Started as a file, Python sees only this folder; the imports are those of the repository.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from proton.reactor import Container

    from tests.peers.service_bus_entities import Clock, Namespace
    from tests.peers.service_bus_links import Broker

    broker = Broker(Namespace(json.loads(chosen.topology.read_bytes()), Clock()))
    container = Container(broker)
    container.listen(f"127.0.0.1:{chosen.port}")
    threading.Thread(target=container.run, daemon=True).start()
    control = control_server(broker)
    threading.Thread(target=control.serve_forever, daemon=True).start()
    sys.stdout.write(f"listening {chosen.port} {control.server_port}\n")
    sys.stdout.flush()
    if chosen.with_parent:
        sys.stdin.read()
    else:
        threading.Event().wait()


if __name__ == "__main__":
    main()
