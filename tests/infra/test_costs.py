"""The tables of docs/costs.md are what the prices and the sizes make."""

from __future__ import annotations

import pytest

from shared import topology
from tools import costs
from tools.package import ROOT, flows


def test_the_page_has_the_tables_of_today() -> None:
    """Every table follows from infra/costs.json, infra/flows.json and the topology."""
    page = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    assert costs.filled(page) == page, "run: python -m tools.costs --write"


def test_every_flow_has_a_price() -> None:
    """No flow is left out, neither of the table nor of the example."""
    assert sorted(costs.DATA["operations"]) == flows(), "enter it in infra/costs.json"
    assert sorted(costs.DATA["example"]["operations"]) == flows()


def test_a_price_is_the_sum_that_the_page_explains() -> None:
    """A million sign-ins on a busy app: the arithmetic of the page, done by hand."""
    reckoned = costs.of_a_million("accounts", alone=False)
    assert reckoned == pytest.approx({
        "apps": 2 * 0.034 * 1_000_000 * 0.000026 + 0.40,
        "documents": 33 * 0.25,
        "messages": 0,
        "files": 0,
        "front door": 0.90,
    })  # fmt: skip
    assert sum(reckoned.values()) == pytest.approx(11.32, abs=0.005)
    # alone on an instance the second is paid for
    assert costs.gigabyte_seconds("accounts", alone=True) == pytest.approx(2.0)


@pytest.mark.parametrize("flow", flows())
def test_busy_is_never_dearer_than_alone(flow: str) -> None:
    """Sharing an instance saves, and what is not the app's costs the same either way."""
    busy, alone = (costs.of_a_million(flow, alone=way) for way in (False, True))
    assert busy.pop("apps") <= alone.pop("apps")
    assert busy == alone


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [("*/10 * * * * *", 259_200), ("0 */5 * * * *", 8_640), ("0 30 3 * * *", 30),
     ("0 30 6 1 * *", 1), ("0 15 3-6 * * *", 120)],
)  # fmt: skip
def test_runs_of_a_timer_are_counted(schedule: str, runs: int) -> None:
    """A six-field schedule fires so often in 30 days."""
    assert costs.runs_a_month(schedule) == runs


@pytest.mark.parametrize("schedule", ["0 0 0 1 2 *", "0 0 0 * * 1", "0 0,30 * * * *"])
def test_a_schedule_that_cannot_be_counted_is_refused(schedule: str) -> None:
    """Months, days of the week and lists are not taken for every day."""
    with pytest.raises(ValueError, match="names"):
        costs.runs_a_month(schedule)


def test_the_relay_s_sweeps_are_of_every_outbox() -> None:
    """The price at rest counts each container that events leave from."""
    declared = topology.load().containers.values()
    swept = sum("kind" in container.swept_by for container in declared)
    assert any(f"× {swept} containers ×" in how for _, how, _ in costs.at_rest())
