"""What an operator is told of, held against what the code writes and counts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.infra import bicep
from tools import costs

ROOT = bicep.INFRA.parent
ALERTS = bicep.read(bicep.INFRA / "modules" / "alerts.bicep")
# Error lines that nobody is told of by themselves, each with who hears of it otherwise.
HEARD_OTHERWISE = {
    "event.failed": "tried again, and a dead letter in the end",
    "event.not_handled": "tried again, and a dead letter in the end",
    "outbox.refused": "the alert for events that are not sent",
    "request.broke": "answered with 500, of which the front door's alert tells",
    "resume.refinement_failed": "stands in the profile; the rules' own reading is kept",
}


def error_lines() -> set[str]:
    """The outcomes that the code of the cloud writes as errors."""
    found = set()
    for path in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            severe = any(
                each.arg == "level" and ast.unparse(each.value) == "logging.ERROR"
                for each in node.keywords
            )
            if node.func.attr == "failure" or (node.func.attr == "log" and severe):
                outcome = node.args[0]
                assert isinstance(outcome, ast.Constant), f"{path}:{node.lineno}: not to be read"
                found.add(str(outcome.value))
    return found


def listed(name: str) -> list[str]:
    """The words of a list that the module declares."""
    value = ALERTS.declared[name].value
    assert value is not None
    return [str(bicep.literal(each)) for each in value.named_children]


def queries() -> dict[str, str]:
    """Each query by its name."""
    value = ALERTS.declared["queries"].value
    assert value is not None
    found = {}
    for each in value.named_children:
        said = bicep.properties(each)
        found[str(bicep.literal(said["name"]))] = bicep.text(said["query"])
    return found


def test_every_error_line_is_heard() -> None:
    """Somebody is told of it, or hears of it otherwise; and no alert waits for a line that nothing
    writes."""
    worrying = listed("worrying")
    assert worrying == sorted(set(worrying))
    assert not set(worrying) & HEARD_OTHERWISE.keys()
    assert set(worrying) | HEARD_OTHERWISE.keys() == error_lines()


def test_queries_ask_for_what_is_written() -> None:
    """The list of lines, the line that ends a backup, and a metric by its name."""
    assert queries().keys() == {"unattended", "no-backup", "unsent-events"}
    assert "dynamic(${string(worrying)})" in queries()["unattended"]
    assert 'outcome == "backup.finished"' in queries()["no-backup"]
    code = (ROOT / "functions/nightly_backup/service/backing_up.py").read_text(encoding="utf-8")
    assert re.search(r'"backup\.finished"', code)
    metrics = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "shared/telemetry").glob("*.py")
    )
    assert "samples == 0" in queries()["unsent-events"]
    (name,) = re.findall(r'Name == "(.*?)"', queries()["unsent-events"])
    assert f'"{name}"' in metrics


# By alert: the metric's place and name, and how its values in a window become one.
METRICS = {
    "deadLetters": [("Microsoft.ServiceBus/namespaces", "DeadletteredMessages", "Maximum")],
    "failedAnswers": [
        ("Microsoft.Cdn/profiles", "Percentage5XX", "Average"),
        ("Microsoft.Cdn/profiles", "RequestCount", "Total"),
    ],
    "throttled": [("Microsoft.DocumentDB/databaseAccounts", "TotalRequests", "Count")],
}
SCOPES = {"deadLetters": "namespace", "failedAnswers": "profile", "throttled": "account"}


@pytest.mark.parametrize("name", METRICS)
def test_an_alert_watches_a_metric_of_what_it_is_about(name: str) -> None:
    """By the names that Azure publishes, which no model has."""
    body = ALERTS.declared[name].body
    assert body is not None
    said = bicep.properties(bicep.properties(body)["properties"])
    assert bicep.text(said["scopes"]) == f"[{SCOPES[name]}.id]"
    assert ALERTS.declared[SCOPES[name]].existing
    place = ALERTS.declared[SCOPES[name]].target.partition("@")[0]
    found = []
    for each in bicep.properties(said["criteria"])["allOf"].named_children:
        criterion = {key: bicep.literal(node) for key, node in bicep.properties(each).items()}
        assert criterion["metricNamespace"] == place
        found.append((place, criterion["metricName"], criterion["timeAggregation"]))
    assert found == METRICS[name]


def test_what_watching_costs_is_counted() -> None:
    """Every query of the log is in the table of what can be switched on."""
    assert costs.ASSUMED["queries"] == len(queries())


def test_every_alert_tells_somebody() -> None:
    """All of them go to the group that has the address."""
    told = 0
    for each in ALERTS.of("resource"):
        kind, _ = bicep.resource_type(ALERTS, each)
        if each.existing or kind == "Microsoft.Insights/actionGroups":
            continue
        assert each.body is not None
        said = bicep.properties(bicep.properties(each.body)["properties"])
        assert "operators.id" in bicep.text(said["actions"]), each.name
        assert bicep.text(said["enabled"]) == "true", each.name
        told += 1
    assert told == len(METRICS) + 1  # the queries are one resource


def test_a_runbook_answers_each_alert() -> None:
    """docs/operating.md names every one as its mail does."""
    runbooks = (Path(ROOT) / "docs" / "operating.md").read_text(encoding="utf-8")
    named = {
        bicep.text(bicep.properties(each.body)["name"]).strip("'").removesuffix("-${token}")
        for each in ALERTS.of("resource")
        if each.body is not None and "metricAlerts" in each.target
    }
    for name in named | queries().keys():
        assert f"| `{name}` |" in runbooks, name
