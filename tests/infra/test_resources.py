"""What a resource is told of what: the values that no model and no scanner can tell right."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tree_sitter import Node

from tests.infra import bicep
from tools.staging.packages import CLOUD

MODULES = bicep.INFRA / "modules"
MAIN = bicep.read(bicep.INFRA / "main.bicep")
FLAT: dict[str, list[Any]] = json.loads(
    (bicep.INFRA / "topology.flat.json").read_text(encoding="utf-8")
)


def _node(file: bicep.BicepFile, name: str, *path: str) -> Node:
    """The value at a path of something that a file declares."""
    node = file.declared[name].body
    assert node is not None, name
    for step in path:
        if node.type == "array":
            node = node.named_children[int(step)]
        else:
            node = bicep.properties(node)[step]
    return node


def _said(file: str, name: str, *path: str) -> str:
    return bicep.text(_node(bicep.read(MODULES / f"{file}.bicep"), name, *path))


def _given(module: str, parameter: str) -> str:
    """What main.bicep gives a module."""
    return bicep.text(_node(MAIN, module, "params", parameter))


def test_nobody_passes_by_the_front_door() -> None:
    """An app lets in this front door, by its id, and Event Grid where it has a blob trigger."""
    site = ("properties", "siteConfig")
    assert _said("function_app", "app", *site, "ipSecurityRestrictionsDefaultAction") == "'Deny'"
    assert _said("function_app", "app", *site, "ipSecurityRestrictions") == (
        "concat([fromFrontDoor], flow.storageQueues ? [fromEventGrid] : [])"
    )
    assert _said("function_app", "fromFrontDoor", "ipAddress") == "'AzureFrontDoor.Backend'"
    assert _said("function_app", "fromFrontDoor", "headers") == "{ 'x-azure-fdid': [frontDoorId] }"
    assert _said("function_app", "fromEventGrid", "ipAddress") == "'AzureEventGrid'"
    for name in ("fromFrontDoor", "fromEventGrid"):
        assert _said("function_app", name, "tag") == "'ServiceTag'"
    assert _said("flow", "app", "params", "frontDoorId") == "frontDoorId"
    assert _given("apps", "frontDoorId") == "gateway.outputs.frontDoorId"
    told = bicep.read(MODULES / "gateway.bicep").outputs["frontDoorId"].value
    assert told is not None
    assert bicep.text(told) == "profile.properties.frontDoorId"


def test_an_app_has_an_identity_of_its_own_and_uses_it_everywhere() -> None:
    """For its package, its secrets, its triggers and its telemetry: the one of its place in the
    list of flows, which is also the one that is given its rights."""
    for parameter, output in {
        "identityId": "ids", "clientId": "clientIds", "principalId": "principalIds"
    }.items():  # fmt: skip
        assert _given("apps", parameter) == f"identities.outputs.{output}[position]"
    assert _given("apps", "name") == "appNames[position]"
    for module in ("storage", "roles"):
        assert _said("flow", module, "params", "principalId") == "principalId"
    for parameter in ("identityId", "clientId"):
        assert _said("flow", "app", "params", parameter) == parameter
    app = ("function_app", "app")
    assert _said(*app, "identity", "type") == "'UserAssigned'"
    assert _said(*app, "identity", "userAssignedIdentities") == "{ '${identityId}': {} }"
    assert _said(*app, "properties", "keyVaultReferenceIdentity") == "identityId"
    package = ("properties", "functionAppConfig", "deployment", "storage", "authentication")
    assert _said(*app, *package, "type") == "'UserAssignedIdentity'"
    assert _said(*app, *package, "userAssignedIdentityResourceId") == "identityId"
    for connection in ("AzureWebJobsStorage", "ServiceBus", "Blobs"):
        settings = ("function_app", "hostSettings")
        assert _said(*settings, f"{connection}__credential") == "'managedidentity'"
        assert _said(*settings, f"{connection}__clientId") == "clientId"
    assert _said("function_app", "hostSettings", "AZURE_CLIENT_ID") == "clientId"


def test_connections_lead_where_their_names_say() -> None:
    """Triggers and SDKs reach the house's bus and files, and the host an account of its own."""
    settings = ("function_app", "hostSettings")
    for name, parameter in {
        "ServiceBus__fullyQualifiedNamespace": "serviceBusHost",
        "Blobs__blobServiceUri": "filesBlobUri",
        "Blobs__queueServiceUri": "filesQueueUri",
        "AzureWebJobsStorage__accountName": "hostAccountName",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "insightsConnection",
    }.items():
        assert _said(*settings, name) == parameter
        if parameter != "hostAccountName":
            assert _said("flow", "app", "params", parameter) == parameter
    assert _said("flow", "app", "params", "hostAccountName") == "storage.outputs.name"
    assert _said("flow", "app", "params", "packageUri") == "storage.outputs.packageUri"
    for parameter, output in {
        "serviceBusHost": "messages.outputs.host",
        "serviceBusName": "messages.outputs.name",
        "filesBlobUri": "files.outputs.blobUri",
        "filesQueueUri": "files.outputs.queueUri",
        "filesAccountName": "files.outputs.name",
        "insightsConnection": "monitoring.outputs.connectionString",
    }.items():
        assert _given("apps", parameter) == output


def test_an_app_runs_the_python_that_its_wheels_are_for() -> None:
    """The version of the platform and that of the packages are one."""
    runtime = _node(
        bicep.read(MODULES / "function_app.bicep"), "app",
        "properties", "functionAppConfig", "runtime",
    )  # fmt: skip
    said = {name: bicep.literal(node) for name, node in bicep.properties(runtime).items()}
    assert said == {"name": "python", "version": CLOUD.python}


def test_the_front_door_asks_each_app_by_its_own_name_and_by_https() -> None:
    """Routes and exceptions lead to the group of the flow that routes.json names, and encrypted."""
    origin = ("gateway", "origins", "properties")
    name = "'${appNames[position]}.azurewebsites.net'"
    assert _said(*origin, "hostName") == _said(*origin, "originHostHeader") == name
    assert _said(*origin, "enforceCertificateNameCheck") == "true"
    assert _said("gateway", "groups", "name") == "flow.service"
    assert _said("gateway", "origins", "parent") == "groups[position]"
    route = ("gateway", "routed", "properties")
    override = ("gateway", "exception", "properties", "actions", "0", "parameters")
    for place, entry in ((route, "route"), ((*override, "originGroupOverride"), "rule")):
        assert _said(*place, "forwardingProtocol") == "'HttpsOnly'"
        assert _said(*place, "originGroup", "id") == (
            "resourceId('Microsoft.Cdn/profiles/originGroups', profile.name, "
            f"replace({entry}.app, '_', '-'))"
        )
    assert _said(*route, "patternsToMatch") == "route.paths"
    assert _said(*route, "ruleSets") == "[{ id: exceptions.id }]"
    assert _said(*route, "supportedProtocols") == "['Https']"
    condition = ("gateway", "exception", "properties", "conditions", "0", "parameters")
    assert _said(*condition, "operator") == "'RegEx'"
    assert _said(*condition, "matchValues") == "[rule.path]"


# By kind of entity: what is not taken as it stands in topology.flat.json.
ENTITIES = {
    "queues": {"requiresDuplicateDetection": "true", "deadLetteringOnMessageExpiration": "true"},
    "topics": {"requiresDuplicateDetection": "true"},
    "subscriptions": {"deadLetteringOnMessageExpiration": "true"},
}


@pytest.mark.parametrize("kind", ENTITIES)
def test_an_entity_of_the_bus_is_made_as_the_topology_says(kind: str) -> None:
    """Whatever the flattened topology says of it is handed on under its own name; a message that
    was seen is known again, and one that nobody took becomes a dead letter."""
    one = kind.removesuffix("s")
    given = bicep.properties(_node(bicep.read(MODULES / "servicebus.bicep"), kind, "properties"))
    said = {name: bicep.text(node) for name, node in given.items()}
    keys = {key for each in FLAT[kind] for key in each} - {"name", "topic"}
    assert keys
    assert {key: said.get(key) for key in keys} == {key: f"{one}.{key}" for key in keys}
    assert {key: said.get(key) for key in ENTITIES[kind]} == ENTITIES[kind]


def test_a_rule_lets_its_event_type_through() -> None:
    """The bus adapter sends an event's type as the subject, which a filter calls label."""
    assert _said("servicebus", "rules", "properties", "filterType") == "'CorrelationFilter'"
    assert _said("servicebus", "rules", "properties", "correlationFilter") == (
        "{ label: rule.event }"
    )
    assert _said("servicebus", "rules", "name") == (
        "'${namespace.name}/${rule.topic}/${rule.subscription}/${rule.name}'"
    )


def test_a_container_of_documents_is_made_as_the_topology_says() -> None:
    """Key, indexes, vectors and time to live of topology.flat.json all reach the container."""
    text = _said("cosmos", "containers", "properties", "resource")
    keys = {key for each in FLAT["containers"] for key in each} - {"name"}
    assert keys >= {"paths", "kind", "defaultTtl", "compositeIndexes", "vectorEmbeddingPolicy"}
    for key in keys:
        assert re.search(rf"\b{key}: container\.{key}\b", text), key
    optional = {key for key in keys if any(key not in each for each in FLAT["containers"])}
    for key in optional:
        assert f"contains(container, '{key}') ? {{ {key}: container.{key} }} : {{}}" in text
    assert "version: 2" in text


def test_a_private_network_closes_every_store() -> None:
    """Whoever asks for one leaves no store open to all, nor an app's own account."""
    for module in ("cosmos", "messages", "files", "vaults"):
        assert _given(module, "isPrivate") == "privateNetwork"
    unless_let_in = "isPrivate && empty(allowedAddresses) ? 'Disabled' : 'Enabled'"
    for file, resource in (("cosmos", "account"), ("storage", "account"), ("keyvault", "vault")):
        assert _said(file, resource, "properties", "publicNetworkAccess") == unless_let_in
    for file, resource in (("storage", "account"), ("keyvault", "vault")):
        assert _said(file, resource, "properties", "networkAcls", "defaultAction") == (
            "isPrivate ? 'Deny' : 'Allow'"
        )
    namespace = ("servicebus", "namespace", "properties")
    assert _said(*namespace, "publicNetworkAccess") == "isPrivate ? 'Disabled' : 'Enabled'"
    assert _given("apps", "subnetId") == "privateNetwork ? network.outputs.appsSubnetId : ''"
    own = ("host_storage", "account", "properties", "networkAcls")
    assert _said(*own, "defaultAction") == "empty(subnetId) ? 'Allow' : 'Deny'"
    reached = _node(MAIN, "endpoints", "params")
    assert bicep.text(bicep.properties(reached)["groupId"]) == "target.group"


def test_event_grid_tells_the_trigger_of_new_files() -> None:
    """Of files that came into the watched container, at the address where the host listens."""
    file = bicep.read(bicep.INFRA / "blob_subscription.bicep")
    properties = ("subscription", "properties")
    address = _node(file, *properties, "destination", "properties", "endpointUrl")
    assert bicep.text(address) == (
        "'https://${app.properties.defaultHostName}/runtime/webhooks/blobs"
        "?functionName=Host.Functions.${functionName}&code=${key}'"
    )
    events = _node(file, *properties, "filter", "includedEventTypes")
    assert bicep.text(events) == "['Microsoft.Storage.BlobCreated']"
    begins = _node(file, *properties, "filter", "subjectBeginsWith")
    assert bicep.text(begins) == "'/blobServices/default/containers/${watchedContainer}/'"


def test_a_private_endpoint_leads_to_what_its_zone_names() -> None:
    """Each store has one, under the name that the store has, in a zone that the network knows; and
    what they cost is counted."""
    suffix = "${environment().suffixes.storage}"
    services = {
        "Microsoft.DocumentDB/databaseAccounts": ("cosmos", "account", "documents.azure.com"),
        "Microsoft.ServiceBus/namespaces": ("servicebus", "namespace", "servicebus.windows.net"),
        "Microsoft.Storage/storageAccounts": ("storage", "account", ""),
        "Microsoft.KeyVault/vaults": ("keyvault", "vault", "vaultcore.azure.net"),
    }
    groups = {
        "Microsoft.DocumentDB/databaseAccounts": {"Sql"},
        "Microsoft.ServiceBus/namespaces": {"namespace"},
        "Microsoft.Storage/storageAccounts": {"blob", "queue"},
        "Microsoft.KeyVault/vaults": {"vault"},
    }
    targets = MAIN.declared["reachedPrivately"].value
    zones = bicep.read(MODULES / "network.bicep").declared["zoneNames"].value
    assert targets is not None
    assert zones is not None
    known = {bicep.text(each).strip("'") for each in zones.named_children}
    seen: dict[str, set[str]] = {}
    used = set()
    for target in targets.named_children:
        said = {
            name: bicep.text(node).strip("'") for name, node in bicep.properties(target).items()
        }
        kind, _, name = said["path"].rpartition("/")
        module, resource, zone = services[kind]
        seen.setdefault(kind, set()).add(said["group"])
        assert said["zone"] == f"privatelink.{zone or said['group'] + '.' + suffix}"
        used.add(said["zone"])
        if module == "keyvault":
            assert name in {"${houseVault}", "${peersVault}"}
        else:
            assert _said(module, resource, "name") == f"'{name}'"
    assert seen == groups
    assert used == known
    assumed = json.loads((bicep.INFRA / "costs.json").read_text(encoding="utf-8"))["assumed"]
    assert assumed["private_endpoints"] == len(targets.named_children)
    assert assumed["private_zones"] == len(known)
