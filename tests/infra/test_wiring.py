"""What ties the parts of the infrastructure together: values that every name check lets through."""

from __future__ import annotations

import json
import re

import pytest

from tests.infra import bicep

MAIN = bicep.read(bicep.INFRA / "main.bicep")
# Each line must stand in its file; the second says what breaks without it.
HELD = [
    ("function_app", "ServiceBus__fullyQualifiedNamespace: serviceBusHost", "no message is heard"),
    ("function_app", "Blobs__blobServiceUri: filesBlobUri", "no file is read"),
    ("function_app", "Blobs__queueServiceUri: filesQueueUri", "no drop is heard of"),
    ("function_app", "AzureWebJobsStorage__accountName: hostAccountName", "no host starts"),
    ("function_app", "keyVaultReferenceIdentity: identityId", "no secret is read"),
    ("function_app", "type: 'UserAssignedIdentity'", "no package is read"),
    ("function_app", "ipSecurityRestrictionsDefaultAction: 'Deny'", "the front door is passed by"),
    ("function_app", "'x-azure-fdid': [frontDoorId]", "any front door may call"),
    ("function_app", "'azd-service-name': flow.service", "azd finds no app"),
    ("function_app", "name: 'python', version: '3.11'", "wheels are of another Python"),
    ("servicebus", "requiresSession: queue.requiresSession", "order is lost"),
    ("servicebus", "requiresSession: subscription.requiresSession", "order is lost"),
    ("servicebus", "requiresDuplicateDetection: true", "messages come twice"),
    ("servicebus", "deadLetteringOnMessageExpiration: true", "messages are just gone"),
    ("servicebus", "maxDeliveryCount: queue.maxDeliveryCount", "tries are not the topology's"),
    ("servicebus", "correlationFilter: { label: rule.event }", "a subscription hears nothing"),
    ("cosmos", "name: 'EnableNoSQLVectorSearch'", "no vector policy is taken"),
    ("cosmos", "version: 2", "no hierarchical key is taken"),
    ("cosmos", "{ defaultTtl: container.defaultTtl }", "nothing expires"),
    ("gateway", "originHostHeader: '${appNames[position]}.azurewebsites.net'", "404 from the apps"),
    ("gateway", "ruleSets: [{ id: exceptions.id }]", "paths with one parameter go astray"),
    ("gateway", "linkToDefaultDomain: 'Enabled'", "the front door's own host answers nothing"),
    ("gateway", "supportedProtocols: ['Https']", "tokens travel in the open"),
    ("host_storage", "allowBlobPublicAccess: false", "packages may be read by anybody"),
    ("storage", "allowBlobPublicAccess: false", "files may be read by anybody"),
]


@pytest.mark.parametrize(("module", "line", "else_"), HELD, ids=lambda value: str(value)[:40])
def test_a_value_that_others_rely_on_stands(module: str, line: str, else_: str) -> None:
    """A change of one of these passes every check of names, and breaks the house in the cloud."""
    text = (bicep.INFRA / "modules" / f"{module}.bicep").read_text(encoding="utf-8")
    assert line in text, else_


def test_everything_that_may_expire_is_a_dead_letter_and_nothing_is_sent_in_the_open() -> None:
    """No queue, subscription or route is an exception."""
    bus = (bicep.INFRA / "modules" / "servicebus.bicep").read_text(encoding="utf-8")
    assert re.findall(r"requiresDuplicateDetection: (\w+)", bus) == ["true", "true"]
    assert re.findall(r"deadLetteringOnMessageExpiration: (\w+)", bus) == ["true", "true"]
    door = (bicep.INFRA / "modules" / "gateway.bicep").read_text(encoding="utf-8")
    assert set(re.findall(r"forwardingProtocol: '(\w+)'", door)) == {"HttpsOnly"}


def _settings() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("common", "grouped"):
        body = MAIN.declared[name].body
        assert body is not None
        for key, node in bicep.properties(body).items():
            inner = bicep.properties(node) if name == "grouped" else {key: node}
            found.update({each: bicep.text(value) for each, value in inner.items()})
    return found


def test_a_setting_comes_from_the_variable_of_its_name() -> None:
    """What `azd env set NAME` sets is the setting NAME of the apps, and no other."""
    text = (bicep.INFRA / "main.parameters.json").read_text(encoding="utf-8")
    given = {
        name: re.findall(r"\$\{(\w+)", each["value"])
        for name, each in json.loads(text)["parameters"].items()
    }
    compared = 0
    for setting, value in _settings().items():
        if value in given:
            assert given[value] == [setting]
            compared += 1
    assert compared > 25
    assert _settings()["WAYMARK_COSMOS_ENDPOINT"] == "cosmos.outputs.endpoint"


def test_who_uses_a_peer_s_secret_may_read_its_vault() -> None:
    """The groups with secrets of peers are those whose apps may read the vault of them."""
    body = MAIN.declared["grouped"].body
    assert body is not None
    groups = {
        name for name, node in bicep.properties(body).items() if "${peersVault}" in bicep.text(node)
    }
    assert groups == set(re.findall(r"'(\w+)'", bicep.text(MAIN.declared["withSecrets"].node)))
    for text in (bicep.text(each.node) for each in MAIN.of("module") if each.name == "apps"):
        assert "? [houseVault] : [houseVault, peersVault]" in text
