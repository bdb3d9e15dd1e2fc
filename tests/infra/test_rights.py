"""Who is given which right on what, and when: each role assignment of the Bicep files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

from shared import topology
from tests.infra import bicep
from tests.infra.test_agreement import ROLES

ASSIGNMENTS = {
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments",
}


@dataclass(frozen=True)
class Right:
    """What a role assignment gives, as its file says it; ``when``: its loop or its condition."""

    role: str
    on: str
    when: str = ""
    to: str = "principalId"


RIGHTS = {
    ("roles", "hearsQueue"): Right("hearing", "heardQueues[position]", "flow.queues"),
    ("roles", "hearsSubscription"): Right(
        "hearing", "heardSubscriptions[position]", "flow.subscriptions"
    ),
    ("roles", "takesDeadLetters"): Right("hearing", "namespace", "flow.allDeadLetters"),
    ("roles", "sendsToQueue"): Right(
        "serviceBusDataSender", "sentQueues[position]", "flow.sendsToQueues"
    ),
    ("roles", "sendsToTopic"): Right(
        "serviceBusDataSender", "sentTopics[position]", "flow.sendsToTopics"
    ),
    ("roles", "sendsEverywhere"): Right(
        "serviceBusDataSender", "namespace", "flow.sendsEverywhere"
    ),
    ("roles", "usesContainer"): Right("onBlobs[right.may]", "containers[position]", "flow.blobs"),
    ("roles", "signsLinks"): Right("storageBlobDelegator", "files", "flow.links"),
    ("roles", "usesStorageQueues"): Right(
        "storageQueueDataContributor", "files", "flow.storageQueues"
    ),
    ("roles", "readsSecrets"): Right("keyVaultSecretsUser", "vaults[position]", "vaultNames"),
    ("roles", "tells"): Right("monitoringMetricsPublisher", "insights"),
    ("host_storage", "owner"): Right("storageBlobDataOwner", "account"),
    ("host_storage", "queueWriter"): Right("storageQueueDataContributor", "account", "withQueues"),
    ("keyvault", "officer"): Right(
        "keyVaultSecretsOfficer", "vault", "!empty(officerId)", "officerId"
    ),
    ("eventgrid", "keepsUndelivered"): Right(
        "storageBlobDataContributor",
        "account::blobs::undelivered",
        to="topic.identity.principalId",
    ),
    ("cosmos_roles", "writers"): Right(
        "dataContributor", "'${account.id}/dbs/${databaseName}'", "principalIds"
    ),
}
# What a loop goes over, of a list whose items are looked up one by one: existing resources.
LOOKED_UP = {
    "heardQueues": ("flow.queues", "name"),
    "heardSubscriptions": (
        "flow.subscriptions",
        "'${serviceBusName}/${heard.topic}/${heard.name}'",
    ),
    "sentQueues": ("flow.sendsToQueues", "name"),
    "sentTopics": ("flow.sendsToTopics", "name"),
    "containers": ("flow.blobs", "'${filesAccountName}/default/${right.container}'"),
    "vaults": ("vaultNames", "name"),
}


def _found() -> dict[tuple[str, str], tuple[bicep.BicepFile, bicep.Declaration]]:
    return {
        (file.path.stem, each.name): (file, each)
        for file in map(bicep.read, bicep.files())
        for each in file.of("resource")
        if bicep.resource_type(file, each)[0] in ASSIGNMENTS
    }


def _when(each: bicep.Declaration) -> str:
    """What the loop of a declaration goes over, or its condition; nothing where there is none."""
    assert each.value is not None
    if each.value.type == "for_statement":
        return bicep.text(each.value.named_children[1])
    if each.value.type == "if_statement":
        return bicep.text(each.value.named_children[0]).removeprefix("(").removesuffix(")")
    return ""


def test_every_right_is_in_the_table() -> None:
    """No role is assigned that this table does not tell of."""
    assert _found().keys() == RIGHTS.keys()


@pytest.mark.parametrize(
    ("place", "right"), RIGHTS.items(), ids=[".".join(place) for place in RIGHTS]
)
def test_a_right_is_what_the_table_says(place: tuple[str, str], right: Right) -> None:
    """Its role, on what, to whom and when; its name is made of all three, so no two are one."""
    file, each = _found()[place]
    assert each.body is not None
    body = bicep.properties(each.body)
    given = bicep.properties(body["properties"])
    if place[0] == "cosmos_roles":
        on = bicep.text(given["scope"])
        role = f"'${{account.id}}/sqlRoleDefinitions/${{{right.role}}}'"
    else:
        on = bicep.text(body["scope"])
        role = f"subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {right.role})"
    assert on == right.on
    assert bicep.text(given["roleDefinitionId"]) == role
    assert bicep.text(given["principalId"]) == right.to
    assert _when(each) == right.when
    named = bicep.text(body["name"])
    assert named.startswith("guid(")
    assert named.endswith(f", {right.role})")
    assert right.to.removesuffix(".identity.principalId") in named
    if "[position]" in on:
        looked_up = file.declared[on.partition("[")[0]]
        assert looked_up.existing
        assert looked_up.body is not None
        name = bicep.text(bicep.properties(looked_up.body)["name"])
        assert (_when(looked_up), name) == LOOKED_UP[looked_up.name]
        assert _when(looked_up) == right.when


def test_a_role_s_variable_is_called_after_the_role() -> None:
    """So that a wrong id beside a right comment, or the other way round, is seen."""
    seen = 0
    for file in map(bicep.read, bicep.files()):
        for each in file.of("var"):
            value = bicep.literal(each.value) if each.value is not None else None
            if value not in ROLES:
                continue
            words = re.sub(r"^(Azure|Cosmos DB Built-in) ", "", ROLES[value]).replace(" ", "")
            assert each.name == words[0].lower() + words[1:], file.path.name
            seen += 1
    assert seen >= len(ROLES)


def test_what_a_flow_may_is_chosen_rightly() -> None:
    """A flow that may read is a reader, and hearing is receiving unless messages are counted."""
    file = bicep.read(bicep.INFRA / "modules" / "roles.bicep")
    blobs = file.declared["onBlobs"].body
    assert blobs is not None
    assert {name: bicep.text(role) for name, role in bicep.properties(blobs).items()} == {
        "read": "storageBlobDataReader",
        "write": "storageBlobDataContributor",
        "own": "storageBlobDataOwner",
    }
    hearing = file.declared["hearing"].value
    assert hearing is not None
    assert bicep.text(hearing) == (
        "scaleByQueueLength ? serviceBusDataOwner : serviceBusDataReceiver"
    )


# Who writes in a container of files that is not its own, beside accounts, which erases everywhere.
ALSO_WRITE = {
    "erasure-log": {"nightly_backup"},  # a restore enters those whose erasure it had lost
    "extracts": {"retention_timer"},  # what is old, or left behind, is removed
    "journey-summaries": {"retention_timer"},
    "portfolio-files": {"retention_timer"},
    "resumes": {"intake_upload"},  # a file that came by a route or a chat
}


def test_a_container_of_files_is_written_by_its_owner_alone() -> None:
    """Whoever else may write, or erase, is named here with the reason; others read at the most."""
    flows = json.loads((bicep.INFRA / "flows.json").read_text(encoding="utf-8"))
    for name, container in topology.load().blob_containers.items():
        writers = {
            flow["name"]
            for flow in flows
            for right in flow["blobs"]
            if right["container"] == name and right["may"] != "read"
        }
        expected = {container.owner, "accounts"} | ALSO_WRITE.get(name, set())
        assert container.owner in writers
        assert writers <= expected, name
        assert writers >= ALSO_WRITE.get(name, set()), name
