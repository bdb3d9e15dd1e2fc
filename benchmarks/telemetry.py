"""What traces and metrics cost: nothing when off, and how much when exported.

    python -m benchmarks.telemetry [TIMES]

TIMES (default 2,000) hops, and handled events with a receipt, a document and an event of their
own, run on fresh embedded stores in memory, without telemetry and exporting to a
collector in another process. A running host answers half as many requests, one after the
other. Processor time counts, the exporting threads' included, for the machine may have other work.
Then the imports: of the kernel, and of the SDK with its exporter, which load when a collector is
set.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from shared import telemetry
from shared.delivery import deliver
from shared.documents.port import Create
from shared.events.intake import IntakeAccepted
from shared.messaging import Decision, handle_once
from shared.telemetry.export import Exporting, SdkRecorder
from tests.kernel.embedded import CONTAINER, NOW, QUEUE, Embedded, as_stores, document, event
from tests.running_host import RunningHost

ROOT = Path(__file__).resolve().parent.parent
_COLLECTOR = """
import sys
from tests.peers.otlp import running_collector
with running_collector() as collector:
    print(collector.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def collector() -> Iterator[str]:
    """A collector in a process of its own; gives its URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COLLECTOR],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def cpu_us(work: Callable[[int], object], times: int) -> float:
    """Processor time of this process for one of so many runs, in microseconds."""
    began = time.process_time()
    for number in range(times):
        work(number)
    return (time.process_time() - began) / times * 1e6


def cpu_of(host: RunningHost) -> float:
    """Processor time of a running host so far, in seconds: user and system (man 5 proc)."""
    assert host._process is not None
    fields = Path(f"/proc/{host._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def hops(times: int) -> float:
    """A hop that does nothing."""

    def work(_: int) -> None:
        with telemetry.hop(traceparent=None, request_id="r", name="n", kind="server", flow="f"):
            pass

    return cpu_us(work, times)


def events(times: int) -> float:
    """An event handled on embedded stores, durable as always, watched where somebody records."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        house = Embedded.at(Path(folder))
        if telemetry.recorder() is not None:
            telemetry.watch_documents(house.documents, "sqlite")
            telemetry.watch_bus(house.bus)
        stores = as_stores(house)

        def work(number: int) -> None:
            partition = ("acme", f"file-{number}")
            told = event(number, requestid="r")
            deliver(
                stores,
                told.body(),
                entity=QUEUE,
                delivery_count=1,
                handle=lambda given: handle_once(
                    stores,
                    given,
                    handler="probe",
                    container=CONTAINER,
                    partition=partition,
                    decide=lambda: Decision(
                        [Create(document("probe", partition))],
                        [IntakeAccepted(intake_id=f"file-{number}", attempt=1)],
                    ),
                    now=NOW,
                ),
                exhausted=lambda _event, _cause: None,
                now=NOW,
                flow="probe",
            )

        took = cpu_us(work, times)
        house.close()
    return took


def answers(times: int, url: str | None) -> float:
    """A list read by HTTP from a running host, over one connection."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url} if url else {}
        host = RunningHost(Path(folder), environment=environment)
        host.make_tenant("demo")
        with host, requests.Session() as session:
            headers = {"Authorization": f"Bearer {host.token()}"}
            address = f"{host.url}/api/v1/candidates"

            def ask(number: int) -> None:
                for _ in range(number):
                    assert session.get(address, headers=headers, timeout=30).ok

            ask(50)
            began = cpu_of(host)
            ask(times)
            return (cpu_of(host) - began) / times * 1e6


def importing(modules: str) -> float:
    """Milliseconds of processor time to import these modules anew, at best of five."""
    code = (
        "import time; began = time.process_time(); "
        f"import {modules}; print(time.process_time() - began)"
    )
    command = [sys.executable, "-c", code]
    return 1000 * min(
        float(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
        for _ in range(5)
    )


def main() -> None:
    """Print the table."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    off = [hops(times), events(times), answers(times // 2, None)]
    with collector() as url:
        recorder = SdkRecorder(Exporting("waymark-benchmark", "1", otlp_endpoint=url))
        telemetry.record_with(recorder)
        on = [hops(times), events(times)]
        telemetry.record_with(None)
        recorder.stop(30)
        on.append(answers(times // 2, url))
    names = ("a hop that does nothing", "an event handled", "a request answered")
    for name, without, given in zip(names, off, on, strict=True):
        print(f"{name:<26}{without:>8.0f} us off {given:>8.0f} us exported")
    kernel = importing("shared.http.api")
    sdk = importing("shared.http.api, shared.telemetry.export")
    print(f"imports: the kernel {kernel:.0f} ms, with the SDK and its exporter {sdk:.0f} ms")


if __name__ == "__main__":
    main()
