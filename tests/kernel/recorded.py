"""A recorder on the SDK that exports to a collector of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared import telemetry
from shared.telemetry.export import Exporting, SdkRecorder
from tests.peers.otlp import Collector, ReceivedLine, ReceivedSpan, running_collector

TRACE, CALLER = "ab" * 16, "cd" * 8
PARENT = f"00-{TRACE}-{CALLER}-01"
SENT = "anna@example.org"


class Recorded:
    """What is recorded in the test; :meth:`spans` and :meth:`points` end it."""

    def __init__(self, recorder: SdkRecorder, collector: Collector) -> None:
        self._recorder = recorder
        self._collector = collector

    def in_order(self) -> list[ReceivedSpan]:
        """The exported spans as they ended."""
        self._end()
        return self._collector.spans

    def spans(self) -> dict[str, ReceivedSpan]:
        """The exported spans by name, which must differ."""
        found = {span.name: span for span in self.in_order()}
        assert len(found) == len(self._collector.spans)
        return found

    def lines(self) -> list[ReceivedLine]:
        """The exported log lines."""
        self._end()
        return self._collector.lines

    def sent(self) -> bytes:
        """All bytes that were exported."""
        self._end()
        return b"\n".join(self._collector.raw)

    def counts(self, metric: str) -> list[tuple[dict[str, Any], float]]:
        """The attributes and counts (of a gauge: values) of a metric."""
        self._end()
        return [(point.attributes, point.count) for point in self._collector.points(metric)]

    def _end(self) -> None:
        telemetry.record_with(None)
        assert self._recorder.stop(10)


@contextmanager
def recording(*, ratio: float = 1.0) -> Iterator[Recorded]:
    """Record what happens in the block."""
    with running_collector() as collector:
        recorder = SdkRecorder(
            Exporting(
                "waymark-tests",
                "1",
                otlp_endpoint=collector.url,
                ratio=ratio,
                span_delay_ms=3_600_000,
                metric_interval_ms=3_600_000,
            )
        )
        telemetry.record_with(recorder)
        try:
            yield Recorded(recorder, collector)
        finally:
            telemetry.record_with(None)
            recorder.stop(10)


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    """What happens in a test."""
    with recording() as each:
        yield each
