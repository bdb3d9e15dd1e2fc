"""What the house costs in the cloud: the tables of docs/costs.md, from ``infra/costs.json``.

    python -m tools.costs          # print them
    python -m tools.costs --write  # put them into docs/costs.md

Prices are in US dollars. An instance is paid for while something runs on it, whatever runs
there at once: so each operation has two prices, alone on an instance, and on a busy one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import Any

from shared import topology
from shared.outbox import outboxes
from tools.package import ROOT

MILLION = 1_000_000
_DAYS = 30
_SPANS = (60, 60, 24, _DAYS)  # seconds, minutes, hours, days


def load(name: str) -> Any:
    """A JSON file of the infrastructure."""
    return json.loads((ROOT / "infra" / name).read_text(encoding="utf-8"))


DATA: dict[str, Any] = load("costs.json")
FLOWS: dict[str, dict[str, Any]] = {each["name"]: each for each in load("flows.json")}
PRICES: dict[str, float] = DATA["prices"]
ASSUMED: dict[str, Any] = DATA["assumed"]


def processor_ms(flow: str) -> float:
    """Milliseconds of one core that an operation takes."""
    did = DATA["operations"][flow]
    return float(
        did["own_ms"]
        + did["requests"] * ASSUMED["request_ms"]
        + did["messages"] * ASSUMED["message_ms"]
    )


def executions(flow: str) -> float:
    """How often the host calls the app for an operation."""
    did = DATA["operations"][flow]
    return float(did["requests"] + did["messages"])


def request_units(flow: str) -> float:
    """Cosmos DB's request units for an operation; an outbox document is made and removed."""
    did = DATA["operations"][flow]
    writes = did["writes"] + 2 * did["sent"]
    return float(did["reads"] * ASSUMED["ru_read"] + writes * ASSUMED["ru_write"] + did["other_ru"])


def bus_operations(flow: str) -> float:
    """Calls of Service Bus for an operation: what it sends, and each message taken and settled."""
    did = DATA["operations"][flow]
    return float(did["sent"] + 2 * did["from_bus"])


def gigabyte_seconds(flow: str, *, alone: bool) -> float:
    """What an operation holds of an instance: alone on it, or among as many as it takes at once."""
    held = FLOWS[flow]
    did = DATA["operations"][flow]
    gigabytes = held["memory_mb"] / 1024
    cores = ASSUMED["cores_by_mb"][str(held["memory_mb"])]
    computing = processor_ms(flow) / cores / 1000
    calls = did["reads"] + did["commits"] + did["sent"] + did["blob_reads"] + did["blob_writes"]
    whole = computing + calls * ASSUMED["store_ms"] / 1000
    if alone:
        return float(gigabytes * max(whole, executions(flow) * PRICES["least_seconds"]))
    at_once = held["http_concurrency"] if did["requests"] else held["bus_calls"]
    return float(gigabytes * max(computing, whole / at_once))


def of_a_million(flow: str, *, alone: bool) -> dict[str, float]:
    """Dollars for a million operations of a flow, by what they are paid for."""
    did = DATA["operations"][flow]
    return {
        "apps": gigabyte_seconds(flow, alone=alone) * MILLION * PRICES["memory_gb_second"]
        + executions(flow) * PRICES["executions_million"],
        "documents": request_units(flow) * PRICES["request_units_million"],
        "messages": bus_operations(flow) * PRICES["bus_operations_million"],
        "files": did["blob_reads"] * PRICES["blob_reads_million"]
        + did["blob_writes"] * PRICES["blob_writes_million"]
        + (PRICES["event_grid_million"] if flow == "intake_blob_trigger" else 0),
        "front door": did["requests"] * PRICES["front_door_requests_million"],
    }


def runs_a_month(schedule: str) -> int:
    """How often a six-field schedule fires in a month of 30 days.

    Raises ``ValueError`` for a schedule that names months, days of the week or lists.
    """
    *fields, month, weekday = schedule.split()
    if (month, weekday) != ("*", "*"):
        raise ValueError(f"{schedule!r} names months or days of the week")
    count = 1
    for field, span in zip(fields, _SPANS, strict=True):
        spread = re.fullmatch(r"(\d+)-(\d+)", field)
        if field == "*":
            count *= span
        elif field.startswith("*/"):
            count *= span // int(field[2:])
        elif spread is not None:
            count *= int(spread[2]) - int(spread[1]) + 1
        elif not field.isdigit():
            raise ValueError(f"{schedule!r} names a list")
    return count


def at_rest() -> list[tuple[str, str, float]]:
    """(what, how it is reckoned, dollars a month) of a house that nobody uses; no free grant."""
    rows = [
        ("Front Door Standard", "base price", PRICES["front_door_month"]),
        ("Service Bus Standard", "base price, 13 million calls included", PRICES["bus_month"]),
    ]
    for flow, held in FLOWS.items():
        runs, gigabytes = sum(map(runs_a_month, held["timers"].values())), held["memory_mb"] / 1024
        cost = (
            runs * PRICES["least_seconds"] * gigabytes * PRICES["memory_gb_second"]
            + runs / MILLION * PRICES["executions_million"]
        )
        if runs:
            rows.append((f"`{flow}`'s timers", f"{runs:,} runs × 1 s × {gigabytes:g} GB", cost))
    sweeps = runs_a_month(FLOWS["outbox_relay"]["timers"]["outbox_relay"])
    swept = len(outboxes())
    units = sweeps * swept * ASSUMED["ru_sweep"]
    rows.append(
        (
            "the relay's sweeps",
            f"{sweeps:,} × {swept} containers × {ASSUMED['ru_sweep']} RU",
            units / MILLION * PRICES["request_units_million"],
        )
    )
    return rows


def options() -> list[tuple[str, str, float]]:
    """(what, how it is reckoned, dollars a month) of what can be switched on."""
    endpoints, zones = ASSUMED["private_endpoints"], ASSUMED["private_zones"]
    month = _DAYS * 24 * 3600
    declared = topology.load()
    # dead letters by queue and topic, refusals by container, two of the front door, one of drops
    series = len(declared.queues) + len(declared.topics) + len(declared.containers) + 3
    ready = sum(held["memory_mb"] / 1024 for held in FLOWS.values() if held["serves"])
    return [
        (
            "private network",
            f"Service Bus Premium instead of Standard, {endpoints} endpoints, {zones} zones",
            PRICES["bus_premium_month"]
            - PRICES["bus_month"]
            + endpoints * PRICES["private_endpoint_month"]
            + zones * PRICES["private_zone_month"],
        ),
        (
            "Defender for Storage",
            "the account of files, and 10 GB scanned",
            PRICES["defender_account_month"] + 10 * PRICES["defender_gb"],
        ),
        (
            "`WAYMARK_ALWAYS_READY=1`",
            f"{ready:g} GB that never sleep, before they do anything",
            ready * month * PRICES["always_ready_gb_second"],
        ),
        (
            "`WAYMARK_ALERT_ADDRESS`",
            f"{series} series of metrics watched, {ASSUMED['queries']} queries of the log",
            series * PRICES["watched_series_month"]
            + ASSUMED["queries"] * PRICES["watching_query_month"],
        ),
    ]


def example() -> list[tuple[str, str, float]]:
    """(what, how it is reckoned, dollars) of the example's month, on instances halfway busy."""
    asked = DATA["example"]
    rows: list[tuple[str, str, float]] = []
    memory = runs = 0.0
    totals = dict.fromkeys(("documents", "messages", "files", "front door"), 0.0)
    bus = 0.0
    for flow, count in asked["operations"].items():
        halfway = (gigabyte_seconds(flow, alone=True) + gigabyte_seconds(flow, alone=False)) / 2
        memory += halfway * count
        runs += executions(flow) * count
        bus += bus_operations(flow) * count
        for name, cost in of_a_million(flow, alone=False).items():
            if name in totals:
                totals[name] += cost * count / MILLION
    for held in FLOWS.values():
        for schedule in held["timers"].values():
            memory += runs_a_month(schedule) * PRICES["least_seconds"] * held["memory_mb"] / 1024
            runs += runs_a_month(schedule)
    paid = max(0.0, memory - PRICES["free_gb_seconds"])
    rows.append(("apps", f"{memory:,.0f} GB-s, 100,000 free", paid * PRICES["memory_gb_second"]))
    counted = max(0.0, runs - PRICES["free_executions"]) / MILLION
    rows.append(
        ("calls of apps", f"{runs:,.0f}, 250,000 free", counted * PRICES["executions_million"])
    )
    sweeps = next(cost for what, _, cost in at_rest() if what == "the relay's sweeps")
    rows.append(("documents", "request units, sweeps included", totals["documents"] + sweeps))
    rows.append(
        (
            "documents kept",
            f"{asked['documents_gb']} GB",
            asked["documents_gb"] * PRICES["documents_gb_month"],
        )
    )
    beyond = max(0.0, bus - PRICES["bus_free_operations"]) / MILLION
    rows.append(
        (
            "Service Bus",
            f"base price, {bus:,.0f} calls",
            PRICES["bus_month"] + beyond * PRICES["bus_operations_million"],
        )
    )
    rows.append(
        (
            "files",
            f"{asked['files_gb']} GB, reads and writes",
            totals["files"] + asked["files_gb"] * PRICES["files_gb_month"],
        )
    )
    rows.append(
        ("Front Door", "base price, requests", PRICES["front_door_month"] + totals["front door"])
    )
    logs = max(0.0, asked["logs_gb"] - PRICES["free_logs_gb"])
    rows.append(("logs", f"{asked['logs_gb']} GB, 5 free", logs * PRICES["logs_gb"]))
    return rows


def _dollars(cost: float) -> str:
    return f"{cost:,.2f}" if cost < 100 else f"{cost:,.0f}"


def _sums(rows: list[tuple[str, str, float]], *, total: bool) -> str:
    lines = ["| | reckoned | $ a month |", "|---|---|---|"]
    lines += [f"| {what} | {how} | {_dollars(cost)} |" for what, how, cost in rows]
    if total:
        lines.append(f"| **all** | | **{_dollars(sum(cost for _, _, cost in rows))}** |")
    return "\n".join(lines)


def _by_flow() -> str:
    lines = [
        "| flow | a million times | core ms | calls | RU | bus | apps, busy | apps, alone"
        " | documents | messages | files, front door | all, busy | all, alone |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for flow, did in DATA["operations"].items():
        busy, alone = (of_a_million(flow, alone=way) for way in (False, True))
        rest = busy["files"] + busy["front door"]
        mark = "" if did["measured"] else " *"
        lines.append(
            f"| `{flow}` | {did['of']} | {processor_ms(flow):.1f}{mark} | {executions(flow):g}"
            f" | {request_units(flow):g} | {bus_operations(flow):g} | {_dollars(busy['apps'])}"
            f" | {_dollars(alone['apps'])} | {_dollars(busy['documents'])}"
            f" | {_dollars(busy['messages'])} | {_dollars(rest)}"
            f" | **{_dollars(sum(busy.values()))}** | {_dollars(sum(alone.values()))} |"
        )
    return "\n".join(lines)


def tables() -> dict[str, str]:
    """The tables by the name of the place in docs/costs.md where they stand."""
    return {
        "at rest": _sums(at_rest(), total=True),
        "options": _sums(options(), total=False),
        "by flow": _by_flow(),
        "example": _sums(example(), total=True),
    }


def filled(text: str) -> str:
    """The page with each table between its marks, ``<!-- name -->`` and ``<!-- end -->``.

    Raises ``ValueError`` where a table has no place, or more than one.
    """
    for name, table in tables().items():
        before, *rest = text.split(f"<!-- {name} -->\n")
        if len(rest) != 1 or "<!-- end -->" not in rest[0]:
            raise ValueError(f"docs/costs.md has {len(rest)} places for {name!r}")
        after = rest[0].partition("<!-- end -->")[2]
        text = f"{before}<!-- {name} -->\n{table}\n<!-- end -->{after}"
    return text


def main() -> int:
    """Print the tables or write them; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put them into docs/costs.md")
    if parser.parse_args().write:
        page = ROOT / "docs" / "costs.md"
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    for name, table in tables().items():
        print(f"{name}\n\n{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
