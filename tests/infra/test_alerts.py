"""What an operator is told of, held against what the code writes and what Azure takes."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from typing import Any

import pytest
from tree_sitter import Node

from shared.telemetry import INSTRUMENTS
from tests.infra import bicep
from tools import costs

ROOT = bicep.INFRA.parent
MODULES = bicep.INFRA / "modules"
MAIN = bicep.read(bicep.INFRA / "main.bicep")
ALERTS = bicep.read(MODULES / "alerts.bicep")
METRIC_ALERT = "Microsoft.Insights/metricAlerts@2018-03-01"
# What may be written as an error and is no alert, each with who hears of it otherwise.
HEARD_OTHERWISE = {
    "event.failed": "tried again, and a dead letter in the end",
    "event.handled": "tried again, and a dead letter in the end",
    "event.not_handled": "tried again, and a dead letter in the end",
    "file.registered": "tried again, and in the end a line file.exhausted",
    "outbox.refused": "the alert for events that are not sent",
    "request.broke": "answered with 500, of which the front door's alert tells",
    "resume.refinement_failed": "stands in the profile; the rules' own reading is kept",
    "resume.refined": "the defect has a line of its own; the rules' own reading is kept",
    "texts.reworded": "the caller's line: a call that broke, or a message that was not handled",
    "settings.refused": "written before there is where to send it; the app answers nothing, and so "
    "its messages are dead letters, its calls are 5xx, its timers end nothing",
}


# Lines that are errors only where their block raises: what was to be done is not done then.
ERRORS_WHEN_RAISED = {"file.gave_up"}


def error_lines() -> tuple[set[str], set[str]]:
    """The outcomes that the code of the cloud writes as errors, and those that it writes so when
    a block of theirs raises."""
    always: set[str] = set()
    raised: set[str] = set()
    for path in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith(
                "telemetry."
            ):
                continue
            wrote = ast.unparse(node.func).removeprefix("telemetry.")
            levels = [ast.unparse(each.value) for each in node.keywords if each.arg == "level"]
            lower = all(re.fullmatch(r"logging\.(DEBUG|INFO|WARNING)", each) for each in levels)
            if wrote in {"failure", "timed"} or (wrote == "log" and not lower):
                outcome = node.args[0]
                assert isinstance(outcome, ast.Constant), f"{path}:{node.lineno}: not to be read"
                (raised if wrote == "timed" else always).add(str(outcome.value))
    return always, raised


def test_the_log_is_written_by_one_name() -> None:
    """As a function of ``telemetry``, so that what is written can be found, here and by people."""
    for path in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        if path.parent.name == "telemetry":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "shared.telemetry"
            ):
                names = {each.name for each in node.names}
                assert not names & {"log", "failure", "timed", "lines"}, path


def plain(node: Node) -> Any:
    """A value as JSON would have it, with the source of what is no text, number, list or object."""
    if node.type == "array":
        return [plain(each) for each in node.named_children]
    if node.type == "object":
        return {name: plain(value) for name, value in bicep.properties(node).items()}
    if node.type == "number":
        return int(bicep.text(node))
    text = bicep.literal(node)
    return bicep.text(node) if text is None else text


def resource(name: str) -> dict[str, Any]:
    """A resource of the module."""
    body = ALERTS.declared[name].body
    assert body is not None
    found: dict[str, Any] = plain(body)
    return found


def variable(name: str) -> Any:
    value = ALERTS.declared[name].value
    assert value is not None
    return plain(value)


def test_every_error_line_is_heard() -> None:
    """Somebody is told of it, or hears of it otherwise; and no alert waits for a line that nothing
    writes."""
    worrying = variable("worrying")
    assert worrying == sorted(set(worrying))
    assert not set(worrying) & HEARD_OTHERWISE.keys()
    always, raised = error_lines()
    assert set(worrying) | HEARD_OTHERWISE.keys() == always | raised
    assert set(worrying) - always == ERRORS_WHEN_RAISED


def test_the_queries() -> None:
    """Each as it was thought through: a line's outcome is its message, a metric has its name.

    Only errors are asked for by line: whatever the level of the log, those are written."""
    written = {each["name"]: each for each in variable("queries")}
    assert {name: each["query"] for name, each in written.items()} == {
        "unattended": "'AppTraces | where SeverityLevel >= 3 and Message in"
        " (dynamic(${string(worrying)}))'",
        "no-backup": 'AppMetrics | where Name in ("waymark.backups.finished",'
        ' "waymark.outbox.oldest_age") | summarize first = min(TimeGenerated), finished ='
        ' countif(Name == "waymark.backups.finished") | where finished == 0 and'
        " (isnull(first) or first < ago(25h))",
        "unsent-events": 'AppMetrics | where Name == "waymark.outbox.oldest_age" | summarize'
        " samples = count(), oldest = max(Sum) | where samples == 0 or oldest > 300",
        "log-is-full": '_LogOperation | where Category =~ "Ingestion" and Detail contains'
        ' "OverQuota"',
    }
    assert {name: (each["every"], each["within"]) for name, each in written.items()} == {
        "unattended": ("PT15M", "PT30M"),
        "no-backup": ("PT1H", "P2D"),
        "unsent-events": ("PT15M", "PT30M"),
        "log-is-full": ("PT15M", "PT30M"),
    }
    by_line = [{"name": "Message", "operator": "Include", "values": ["*"]}]
    assert variable("byLine") == by_line
    assert {name: each["dimensions"] for name, each in written.items()} == {
        name: "byLine" if name == "unattended" else [] for name in written
    }
    named = {
        name
        for each in written.values()
        for name in re.findall(r'"(waymark\.[^"]*)"', each["query"])
    }
    assert named == {"waymark.outbox.oldest_age", "waymark.backups.finished"}
    assert named <= INSTRUMENTS.keys()


def test_a_query_tells_when_it_finds_a_row() -> None:
    """One is enough, once; and it is asked before its tables are there."""
    asked = resource("asked")
    said = asked["properties"]
    assert (asked["name"], asked["location"], asked["kind"]) == (
        "'${each.name}-${token}'", "location", "LogAlert",
    )  # fmt: skip
    assert said == {
        "displayName": "each.name",
        "description": "each.says",
        "severity": "each.severity",
        "enabled": "true",
        "scopes": ["workspace.id"],
        "evaluationFrequency": "each.every",
        "windowSize": "each.within",
        "criteria": {
            "allOf": [
                {
                    "query": "each.query",
                    "timeAggregation": "Count",
                    "dimensions": "each.dimensions",
                    "operator": "GreaterThan",
                    "threshold": 0,
                    "failingPeriods": {
                        "numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1,
                    },
                }
            ]
        },
        "autoMitigate": "true",
        "skipQueryValidation": "true",
        "actions": {"actionGroups": ["operators.id"]},
    }  # fmt: skip


def test_what_watching_costs_is_counted() -> None:
    """Every query of the log is in the table of what can be switched on."""
    assert costs.ASSUMED["queries"] == len(variable("queries"))


def of_entity(name: str, *values: str) -> dict[str, Any]:
    return {"name": name, "operator": "Include", "values": [*values]}


# By alert: the resource it is about, its place among Azure's, and what has to hold of its metrics
# together: name, how values of the window become one, comparison, threshold, dimensions.
METRICS: dict[str, tuple[str, str, list[tuple[str, str, str, int, list[dict[str, Any]]]]]] = {
    "deadLetters": (
        "namespace", "Microsoft.ServiceBus/namespaces",
        [("DeadletteredMessages", "Maximum", "GreaterThan", 0, [of_entity("EntityName", "*")])],
    ),
    "undeliveredDrops": (
        "topic", "Microsoft.EventGrid/systemTopics",
        [("DeadLetteredCount", "Total", "GreaterThan", 0, [])],
    ),
    "failedAnswers": (
        "profile", "Microsoft.Cdn/profiles",
        [
            ("Percentage5XX", "Average", "GreaterThan", 5, []),
            ("RequestCount", "Total", "GreaterThanOrEqual", 10,
             [of_entity("HttpStatusGroup", "5XX")]),
        ],
    ),
    "throttled": (
        "account", "Microsoft.DocumentDB/databaseAccounts",
        [("TotalRequests", "Count", "GreaterThan", 100,
          [of_entity("StatusCode", "429"), of_entity("CollectionName", "*")])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", METRICS)
def test_an_alert_watches_a_metric_of_what_it_is_about(name: str) -> None:
    """By the names and aggregations that Azure publishes, which no model has."""
    scope, place, expected = METRICS[name]
    made = resource(name)
    said = made["properties"]
    assert made["location"] == "global"
    assert said["scopes"] == [f"{scope}.id"]
    assert ALERTS.declared[scope].existing
    assert ALERTS.declared[scope].target.partition("@")[0] == place
    assert said["criteria"]["odata.type"] == (
        "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    )
    found = []
    for each in said["criteria"]["allOf"]:
        assert (each["criterionType"], each["metricNamespace"]) == (
            "StaticThresholdCriterion", place,
        )  # fmt: skip
        found.append(
            (each["metricName"], each["timeAggregation"], each["operator"], each["threshold"],
             each.get("dimensions", []))
        )  # fmt: skip
    assert found == expected
    assert said["enabled"] == said["autoMitigate"] == "true"
    assert said["actions"] == [{"actionGroupId": "operators.id"}]
    assert (said["evaluationFrequency"], said["windowSize"]) == ("PT5M", "PT15M")


def test_no_metric_alert_escapes() -> None:
    """The table has every one of them."""
    made = {each.name for each in ALERTS.of("resource") if each.target == METRIC_ALERT}
    assert made == METRICS.keys()


def minutes(duration: str) -> int:
    """A duration as the module writes it, in minutes."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", duration)
    assert found is not None, duration
    days, hours, left = (int(each or 0) for each in found.groups())
    return int(timedelta(days=days, hours=hours, minutes=left).total_seconds() // 60)


def test_windows_are_those_that_azure_takes() -> None:
    """Of a query: 1 to 2,880 minutes in certain steps, and never shorter than between two looks."""
    steps = {1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880}
    for each in variable("queries"):
        every, within = minutes(each["every"]), minutes(each["within"])
        assert {every, within} <= steps
        assert every <= min(within, 1440)


def test_the_group_has_the_address() -> None:
    """Of main.bicep's parameter; and where there is none there are no alerts at all."""
    group = resource("operators")
    assert group["location"] == "global"
    assert group["properties"] == {
        "groupShortName": "waymark",  # twelve characters at most
        "enabled": "true",
        "emailReceivers": [
            {"name": "operators", "emailAddress": "address", "useCommonAlertSchema": "true"}
        ],
    }
    module = MAIN.declared["alerts"]
    assert module.value is not None
    assert bicep.text(module.value).startswith("if (!empty(alertAddress))")
    assert module.body is not None
    assert plain(module.body)["params"] == {
        "token": "token",
        "location": "location",
        "tags": "tags",
        "address": "alertAddress",
        "workspaceName": "monitoring.outputs.workspaceName",
        "serviceBusName": "messages.outputs.name",
        "cosmosName": "cosmos.outputs.name",
        "frontDoorName": "gateway.outputs.profileName",
        "dropsName": "drops.outputs.topicName",
    }


@pytest.mark.parametrize(
    ("file", "scope", "logs"),
    [
        ("keyvault", "vault", [{"categoryGroup": "audit", "enabled": "true"}]),
        ("cosmos", "account", [{"category": "ControlPlaneRequests", "enabled": "true"}]),
        ("servicebus", "namespace", [{"category": "OperationalLogs", "enabled": "true"}]),
    ],
)
def test_a_store_says_who_changed_it(file: str, scope: str, logs: list[dict[str, str]]) -> None:
    """Its audit goes to the workspace; what calls carried, and from where, is not asked for."""
    body = bicep.read(MODULES / f"{file}.bicep").declared["audit"].body
    assert body is not None
    said = plain(body)
    assert said["scope"] == scope
    assert said["properties"]["workspaceId"] == "workspaceId"
    assert said["properties"]["logs"] == logs


def test_no_log_of_calls_is_kept() -> None:
    """A log of the front door, of files or of documents would hold addresses and paths."""
    told = {
        path.stem
        for path in bicep.files()
        for each in bicep.read(path).of("resource")
        if each.target.startswith("Microsoft.Insights/diagnosticSettings@")
    }
    assert told == {"keyvault", "cosmos", "servicebus"}


def test_a_runbook_answers_each_alert() -> None:
    """docs/operating.md names every one as its mail does."""
    runbooks = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    named = {resource(name)["name"].strip("'").removesuffix("-${token}") for name in METRICS}
    for name in named | {each["name"] for each in variable("queries")}:
        assert f"| `{name}` |" in runbooks, name
