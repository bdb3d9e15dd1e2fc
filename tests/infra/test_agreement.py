"""Code, topology and infrastructure say the same: settings, entities, rights, routes, apps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from local.routes import pattern_of
from shared import topology
from shared.documents.cosmos_query import composite_indexes
from shared.readiness.uses import FILES, USES
from shared.settings import Settings
from shared.topology import Container
from tests.infra import bicep
from tools import code_needs, front_door
from tools.infra_inputs import flattened, needs, written
from tools.package import flows

ROOT = Path(__file__).resolve().parents[2]
MAIN = bicep.read(bicep.INFRA / "main.bicep")
APP = bicep.read(bicep.INFRA / "modules" / "function_app.bicep")
ANEW = "run: python -m tools.infra_inputs"
# Settings that an app in the cloud is not given, each with the reason.
NOT_SET = {
    "WAYMARK_HOME": "the folder of the embedded stores",
    "WAYMARK_COSMOS_CONNECTION": "a key; the identity takes its place",
    "ServiceBus": "a key; the identity takes its place",
    "Blobs": "a key; the identity takes its place",
}
# What the host of Functions and the SDKs read, and our code does not.
OF_THE_HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls",
    "AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentSessions",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "Blobs__clientId",
    "Blobs__credential",
    "Blobs__queueServiceUri",
    "PYTHON_ENABLE_OPENTELEMETRY",
    "PYTHON_THREADPOOL_THREAD_COUNT",
    "ServiceBus__clientId",
    "ServiceBus__credential",
}
ROLES = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39": "Azure Service Bus Data Sender",
    "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0": "Azure Service Bus Data Receiver",
    "090c5cfd-751d-490a-894a-3ce6f1109419": "Azure Service Bus Data Owner",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "00000000-0000-0000-0000-000000000002": "Cosmos DB Built-in Data Contributor",
}


def _loaded(name: str) -> Any:
    return json.loads((bicep.INFRA / name).read_text(encoding="utf-8"))


FLOWS: dict[str, dict[str, Any]] = {each["name"]: each for each in _loaded("flows.json")}


def _variable(file: bicep.BicepFile, name: str) -> dict[str, Any]:
    body = file.declared[name].body
    assert body is not None
    return bicep.properties(body)


def _groups() -> dict[str, dict[str, Any]]:
    return {name: bicep.properties(node) for name, node in _variable(MAIN, "grouped").items()}


def test_what_is_written_from_the_code_is_up_to_date() -> None:
    """The JSON that Bicep loads, and azure.yaml, are what the code and the topology say today."""
    for name, text in written().items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, f"{name} is stale; {ANEW}"


def test_there_is_one_app_for_each_flow() -> None:
    """Folders, flows.json and the services of azure.yaml name the same flows."""
    text = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    services = re.findall(r"^  ([a-z-]+):\n    project: \.\n    dist: dist/(\w+)$", text, re.M)
    assert [flow for _, flow in services] == flows() == list(FLOWS)
    assert {name: FLOWS[flow]["service"] for name, flow in services} == {
        name: name for name, _ in services
    }
    # the names of storage accounts are made from the first letters and a hash
    assert all(len(f"func-{each['service']}-0123456789abc") <= 60 for each in FLOWS.values())


def test_every_setting_is_set() -> None:
    """Each environment variable that the code reads is set by Bicep, and each that is set read."""
    known = {str(field.alias) for field in Settings.model_fields.values()}
    given = set(_variable(MAIN, "common")) | set(_variable(APP, "hostSettings"))
    for group in _groups().values():
        given |= group.keys()
    assert known - given == NOT_SET.keys()
    assert given - known == OF_THE_HOST


def test_a_group_of_settings_reaches_the_flows_that_use_it() -> None:
    """Settings that only some flows use stand in the group that those flows are given."""
    groups = _groups()
    assert groups.keys() == {group for flow in flows() for group in code_needs.groups(flow)}
    for flow in flows():
        assert FLOWS[flow]["settings"] == code_needs.groups(flow), ANEW
    chosen = bicep.read(bicep.INFRA / "modules" / "flow.bicep").declared
    parts = re.findall(r"\w+", bicep.text(chosen["settings"].node))
    picked = "".join(bicep.text(chosen[name].node) for name in parts if name in chosen)
    for name in groups:
        assert f"contains(flow.settings, '{name}') ? grouped.{name} : {{}}" in picked
    for field_name, field in Settings.model_fields.items():
        wanted = code_needs.group_of(field_name)
        if wanted is not None:
            assert str(field.alias) in groups[wanted], field_name


def test_secrets_are_references() -> None:
    """What is a secret comes out of a vault; its name there follows from the variable's."""
    settings = dict(_variable(MAIN, "common"))
    for group in _groups().values():
        settings.update(group)
    secret = {
        str(field.alias)
        for field in Settings.model_fields.values()
        if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
    } | {"WAYMARK_TELEGRAM_BOTS"}
    referred = {
        name for name, node in settings.items() if "@Microsoft.KeyVault(" in bicep.text(node)
    }
    # it names a place that takes nothing without an identity, and is no secret
    assert referred == secret - NOT_SET.keys() - {"APPLICATIONINSIGHTS_CONNECTION_STRING"}
    for name in referred:
        assert f"SecretName={name.lower().replace('_', '-')})" in bicep.text(settings[name])
    script = (bicep.INFRA / "hooks" / "postprovision.sh").read_text(encoding="utf-8")
    names = "\n".join(
        bicep.text(MAIN.outputs[f"WAYMARK_{vault}_SECRETS"].node) for vault in ("HOUSE", "PEERS")
    )
    listed = "".join(
        bicep.text(each.node) for each in MAIN.of("var") if each.name in re.findall(r"\w+", names)
    )
    for name in referred:
        stored = name.lower().replace("_", "-")
        assert f"'{stored}'" in listed or f" {stored} " in script.replace(";", " ")


def test_no_secret_is_a_parameter() -> None:
    """Nobody hands a secret to a deployment, where it would stay."""
    for path in bicep.files():
        assert "@secure" not in path.read_text(encoding="utf-8")


def test_defaults_are_those_of_the_code() -> None:
    """A parameter that becomes a setting has the default that the code has."""
    settings = dict(_variable(MAIN, "common"))
    for group in _groups().values():
        settings.update(group)
    by_alias = {str(field.alias): field for field in Settings.model_fields.values()}
    compared = 0
    for name, node in settings.items():
        parameter = MAIN.declared.get(bicep.text(node))
        if parameter is None or parameter.kind != "param" or parameter.value is None:
            continue
        default = bicep.literal(parameter.value)
        held = by_alias[name].default
        assert default == ("" if held is None else str(held)), name
        compared += 1
    assert compared > 15


@pytest.mark.parametrize("flow", flows())
def test_a_flow_is_given_what_its_code_needs(flow: str) -> None:
    """Entities, settings and timers of flows.json are those of the flow's code."""
    held = FLOWS[flow]
    assert {name: held[name] for name in needs(flow)} == needs(flow), ANEW


@pytest.mark.parametrize("flow", flows())
def test_a_flow_may_use_the_files_that_it_uses(flow: str) -> None:
    """A flow that reads or writes blobs has a right on each container that its code names, and one
    that does not has none."""
    held, methods = FLOWS[flow]["blobs"], code_needs.blob_methods(flow)
    given = [each["container"] for each in held]
    may = {each["may"] for each in held}
    watched = {
        str(each.binding["path"]).partition("/")[0]
        for each in code_needs.triggers()
        if each.flow == flow and each.kind == "blobTrigger"
    }
    assert len(given) == len(set(given))
    assert set(given) <= topology.load().blob_containers.keys()
    assert bool(given) == bool(methods | watched)
    assert code_needs.blob_containers_named(flow) | watched <= set(given)
    assert ("write" in may) == bool(methods & code_needs.WRITES)
    # the host of a blob trigger keeps its own marks there, and Defender's verdict is a tag
    assert {each["container"] for each in held if each["may"] == "own"} == watched
    roles = _variable(bicep.read(bicep.INFRA / "modules" / "roles.bicep"), "onBlobs")
    assert may <= roles.keys() == {"read", "write", "own"}


def test_a_flow_asks_for_files_where_it_may() -> None:
    """Readiness asks each flow that uses blobs for a container that it has a right on."""
    for flow in flows():
        rights = {each["container"] for each in FLOWS[flow]["blobs"]}
        assert (flow in FILES) == bool(rights) == ("blobs" in USES[flow])
        assert not rights or FILES[flow] in rights


def test_who_erases_may_erase_everywhere() -> None:
    """accounts may write in every blob container that an erasure goes through."""
    erased = {
        name
        for name, container in topology.load().blob_containers.items()
        if not isinstance(container.erasure, topology.Kept)
    }
    rights = {each["container"]: each["may"] for each in FLOWS["accounts"]["blobs"]}
    assert {name for name in erased if rights.get(name) != "write"} == set()


@pytest.mark.parametrize("flow", flows())
def test_sizes_are_such_as_the_plan_has(flow: str) -> None:
    """Memory is of a size that Flex Consumption offers; a reason stands beside it."""
    held = FLOWS[flow]
    assert held["memory_mb"] in {512, 2048, 4096}
    assert 1 <= held["most_instances"] <= 1000
    assert 1 <= held["http_concurrency"] <= 1000
    assert min(held["bus_calls"], held["bus_sessions"]) >= 1
    assert len(held["why"]) > 10


def test_a_session_s_or_call_s_thread_is_there() -> None:
    """Each message and request that the host lets in at once finds a thread of the worker."""
    threads = bicep.text(_variable(APP, "hostSettings")["PYTHON_THREADPOOL_THREAD_COUNT"])
    assert all(name in threads for name in ("http_concurrency", "bus_calls", "bus_sessions"))


def test_documents_are_laid_out_as_the_topology_says() -> None:
    """Keys, TTLs, vectors and composite indexes of each container, as the adapter queries them."""
    declared = topology.load().containers
    laid_out = {each["name"]: each for each in _loaded("topology.flat.json")["containers"]}
    assert laid_out.keys() == declared.keys()
    for name, container in declared.items():
        each = laid_out[name]
        assert each["paths"] == [f"/{path}" for path in container.partition_key]
        assert each["kind"] == ("Hash" if len(each["paths"]) == 1 else "MultiHash")
        assert each.get("defaultTtl") == container.default_ttl_seconds
        assert ("vectorEmbeddingPolicy" in each) == (container.vector is not None)
        _check_indexes(container, each)


def _check_indexes(container: Container, each: dict[str, Any]) -> None:
    composite = [
        [one["path"].removeprefix("/").replace("/", ".") for one in index]
        for index in each["compositeIndexes"]
    ]
    assert composite == composite_indexes(container)
    assert all(2 <= len(index) <= 8 for index in composite)
    assert len(composite) <= 100
    excluded = {one["path"] for one in each["excludedPaths"]}
    if container.vector is not None:
        assert f"/{container.vector.path}/*" in excluded
        (vector,) = each["vectorEmbeddingPolicy"]["vectorEmbeddings"]
        assert vector["dimensions"] == container.vector.dimensions
        assert each["vectorIndexes"][0]["path"] == vector["path"] == f"/{container.vector.path}"
    # a field that a query sorts by or an erasure asks for is indexed like all others
    fields = (*container.ordered_by, *container.swept_by, *container.erasure_fields)
    assert not {f"/{field}/?" for field in fields} & excluded


def test_messages_are_laid_out_as_the_topology_says() -> None:
    """Each subscription hears exactly its events, and the rule that hears all is taken away."""
    declared, flat = topology.load(), flattened()
    heard: dict[str, set[str]] = {}
    for rule in flat["rules"]:
        heard.setdefault(f"{rule['topic']}/{rule['subscription']}", set()).add(rule["event"])
        assert len(rule["name"]) <= 50
    assert heard == {
        f"{topic}/{name}": set(subscription.events)
        for topic, about in declared.topics.items()
        for name, subscription in about.subscriptions.items()
    }
    defaults = [
        (rule["topic"], rule["subscription"])
        for rule in flat["rules"]
        if rule["name"] == "$Default"
    ]
    assert sorted(defaults) == sorted(
        (each["topic"], each["name"]) for each in flat["subscriptions"]
    )


@pytest.mark.parametrize(
    ("seconds", "said"), [(60, "PT1M"), (45, "PT45S"), (300, "PT5M"), (604_800, "PT10080M")]
)
def test_a_period_is_written_as_the_service_has_it(seconds: int, said: str) -> None:
    """Seconds of the topology become ISO 8601."""
    from tools.infra_inputs import _period

    assert _period(seconds) == said


def test_every_receiver_has_one_flow() -> None:
    """Each queue and subscription is heard by one flow that may, and by no two."""
    heard: list[str] = []
    for trigger in code_needs.triggers():
        if trigger.kind == "serviceBusTrigger":
            heard.append(trigger.entity)
            held = FLOWS[trigger.flow]
            named = [*held["queues"], *(f"{e['topic']}/{e['name']}" for e in held["subscriptions"])]
            assert held["allDeadLetters"] or trigger.entity in named
    assert sorted(heard) == sorted(topology.load().receivers)


def test_every_event_has_a_flow_that_may_send_it() -> None:
    """Whatever is sent somewhere, a flow beside the relay may send there."""
    declared = topology.load()
    may = {
        name for held in FLOWS.values() for name in (*held["sendsToQueues"], *held["sendsToTopics"])
    }
    assert {each.to for each in declared.events.values()} <= may
    assert [flow for flow in flows() if FLOWS[flow]["sendsEverywhere"]] == ["outbox_relay"]


@pytest.mark.parametrize("flow", flows())
def test_the_front_door_leads_each_path_to_its_app(flow: str) -> None:
    """Every route of a flow, with and without a last slash, reaches the app that serves it."""
    laid_out = _loaded("routes.json")
    for route in front_door.routes_of_apps().get(flow, []):
        for filled in ("0b6f9f0e-3f0a-4d63-9f2e-0c4f7f5f1a11", "17", "x"):
            path = re.sub(r"\{[^}]*\}", filled, route)
            if pattern_of(route).fullmatch(path) is None:
                continue
            for asked in (f"/api/{path}", f"/api/{path}/"):
                assert front_door.app_for(asked, laid_out) == flow, asked


def test_the_front_door_answers_for_the_house() -> None:
    """Docs, description and health have one app behind the front door; the rest is no app's."""
    laid_out = _loaded("routes.json")
    for path in ("docs", "docs/start.js", "openapi.json", "health", "ready"):
        assert front_door.app_for(f"/api/{path}", laid_out) == front_door.HOUSE_APP
    for path in ("/", "/api", "/admin/host/status", "/api/v1/nothing", "/runtime/webhooks/blobs"):
        assert front_door.app_for(path, laid_out) is None
    assert all(len(each["paths"]) <= front_door.MOST_PATTERNS for each in laid_out["patterns"])
    assert {each["app"] for each in laid_out["patterns"]} == {*flows()}


def test_paths_that_share_a_prefix_are_told_apart() -> None:
    """Where two apps have routes below one parameter, each path still finds its own."""
    routes = {"a": ["v1/x/{id}/one", "v1/x/{id}/two", "v1/x"], "b": ["v1/x/{id}/three", "v1/x/new"]}
    laid_out = front_door.layout(routes)
    said = {
        path: front_door.app_for(f"/api/v1/x{path}", laid_out)
        for path in ("", "/7/one", "/7/two", "/7/three", "/new", "/7/three/")
    }
    assert said == {
        "": "a", "/7/one": "a", "/7/two": "a", "/7/three": "b", "/new": "b", "/7/three/": "b",
    }  # fmt: skip


def test_roles_have_their_names_beside_them() -> None:
    """Each role's id in the Bicep files is one that we know, with its name in a comment."""
    seen = set()
    for path in bicep.files():
        text = path.read_text(encoding="utf-8")
        ids = re.findall(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'", text)
        named = dict(re.findall(r"'([0-9a-f-]{36})' // (.+)", text))
        for role in ids:
            assert named.get(role) == ROLES[role], path.name
            seen.add(role)
    assert seen == ROLES.keys()


def test_the_trigger_that_the_hook_names_is_there() -> None:
    """postdeploy.sh tells Event Grid of the one blob trigger of the house and its container."""
    script = (bicep.INFRA / "hooks" / "postdeploy.sh").read_text(encoding="utf-8")
    (trigger,) = [each for each in code_needs.triggers() if each.kind == "blobTrigger"]
    assert f"function={trigger.function}\n" in script
    assert f"container={str(trigger.binding['path']).partition('/')[0]}\n" in script
    assert f"func-{FLOWS[trigger.flow]['service']}-" in bicep.text(
        MAIN.outputs["WAYMARK_DROPS_APP"].node
    )
    assert FLOWS[trigger.flow]["storageQueues"]


def test_hooks_use_what_the_deployment_says() -> None:
    """Every variable that a hook takes from the deployment is an output of main.bicep."""
    own = {"WAYMARK_VAULT_TRIES", "WAYMARK_VAULT_WAIT", "WAYMARK_KEY_TRIES", "WAYMARK_KEY_WAIT",
           "WAYMARK_TOKEN_KEY", "WAYMARK_PSEUDONYM_KEY", "AZURE_SUBSCRIPTION_ID",
           "WAYMARK_RIGHT_TRIES", "WAYMARK_RIGHT_WAIT"}  # fmt: skip
    for path in (bicep.INFRA / "hooks").glob("*.sh"):
        used = set(
            re.findall(r"\$\{?((?:WAYMARK|AZURE)_[A-Z_]+)", path.read_text(encoding="utf-8"))
        )
        assert used - own <= MAIN.outputs.keys(), path.name


def test_lifecycle_rules_are_of_containers_that_are_there() -> None:
    """No rule of the storage account looks at a container that does not exist."""
    text = (bicep.INFRA / "modules" / "storage.bicep").read_text(encoding="utf-8")
    prefixes = {
        prefix
        for listed in re.findall(r"prefixMatch: \[([^\]]*)\]", text)
        for prefix in re.findall(r"'([^'$]+)/'", listed)
    }
    assert prefixes <= topology.load().blob_containers.keys()
    assert "exports" in prefixes


def test_nothing_has_a_shared_key() -> None:
    """Every account, namespace and vault refuses keys; nothing asks for one but Event Grid's."""
    refused = {
        "Microsoft.Storage/storageAccounts": "allowSharedKeyAccess: false",
        "Microsoft.DocumentDB/databaseAccounts": "disableLocalAuth: true",
        "Microsoft.ServiceBus/namespaces": "disableLocalAuth: true",
        "Microsoft.Insights/components": "DisableLocalAuth: true",
        "Microsoft.OperationalInsights/workspaces": "disableLocalAuth: true",
        "Microsoft.KeyVault/vaults": "enableRbacAuthorization: true",
    }
    seen = set()
    for path in bicep.files():
        file = bicep.read(path)
        for resource in file.of("resource"):
            kind, _ = bicep.resource_type(file, resource)
            if kind in refused and not resource.existing:
                assert refused[kind] in bicep.text(resource.node), path.name
                seen.add(kind)
    assert seen == refused.keys()
    asked = [path.name for path in bicep.files() if "listKeys" in path.read_text(encoding="utf-8")]
    assert asked == ["blob_subscription.bicep"]


def test_the_firewall_holds_every_host_of_the_front_door() -> None:
    """The limit of calls is put on whatever host leads in: the endpoint and a domain of one's own,
    which are all that routes are on."""
    gateway = bicep.read(bicep.INFRA / "modules" / "gateway.bicep")
    hosts = bicep.text(gateway.outputs["hostIds"].node)
    for kind in ("Microsoft.Cdn/profiles/afdEndpoints", "Microsoft.Cdn/profiles/customDomains"):
        (host,) = [
            each for each in gateway.of("resource") if bicep.resource_type(gateway, each)[0] == kind
        ]
        assert f"{host.name}.id" in hosts
