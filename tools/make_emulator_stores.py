"""Make in the emulators what the infrastructure makes in the cloud: Cosmos DB's containers, blob
containers, and a tenant.

    python tools/make_emulator_stores.py                       # as local.settings.json says
    python tools/make_emulator_stores.py --tenant acme --wait 60

Done again it changes nothing. It works on this machine's addresses alone.

Exit status: 0 made; 2 an emulator did not answer in time, or the settings name another machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from shared import runtime, topology  # noqa: E402
from shared.documents.cosmos_query import composite_indexes, vector_policies  # noqa: E402
from shared.documents.port import Create  # noqa: E402
from shared.errors import Exists  # noqa: E402
from shared.models import tenant as tenants  # noqa: E402
from shared.models.tenant import Tenant, is_tenant_code  # noqa: E402
from shared.settings import Settings, SettingsError  # noqa: E402
from shared.topology import Topology  # noqa: E402

if TYPE_CHECKING:
    from azure.cosmos import CosmosClient

LOCAL = {"127.0.0.1", "localhost", "::1"}
BUS_HEALTH = "http://127.0.0.1:5300/health"


class NotMade(Exception):
    """Nothing could be made; the message says why."""


def create_containers(client: CosmosClient, database: str, declared: Topology) -> None:
    """Make the database and the containers of a topology where they are not there, with the
    partition keys, indexes and vector policies that the documents adapter counts on."""
    made = client.create_database_if_not_exists(database)
    for name, container in declared.containers.items():
        # A field of the SDK's key object is a list for hierarchical keys, text for others.
        paths = [f"/{path}" for path in container.partition_key]
        key: Any = {
            "paths": paths,
            "kind": "MultiHash" if len(paths) > 1 else "Hash",
            "version": 2,
        }
        indexes = [
            [{"path": "/" + path.replace(".", "/"), "order": "ascending"} for path in index]
            for index in composite_indexes(container)
        ]
        indexing: dict[str, Any] = {"indexingMode": "consistent", "compositeIndexes": indexes}
        vectors: dict[str, Any] = {}
        if (policies := vector_policies(container)) is not None:
            vectors["vector_embedding_policy"] = policies[0]
            indexing |= {"includedPaths": [{"path": "/*"}], **policies[1]}
        made.create_container_if_not_exists(
            name,
            partition_key=key,
            indexing_policy=indexing,
            default_ttl=container.default_ttl_seconds,
            **vectors,
        )


def create_blob_containers(connection: str, declared: Topology) -> None:
    """Make the blob containers of a topology where they are not there."""
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(connection) as service:
        for name in declared.blob_containers:
            with suppress(ResourceExistsError):
                service.create_container(name)


def check_local(settings: Settings) -> tuple[str, str]:
    """The connection strings of Cosmos DB and Blob Storage.

    Raises ``NotMade`` unless there are both and they lead to this machine.
    """
    if settings.cosmos_connection is None or settings.blob_connection is None:
        raise NotMade("set WAYMARK_COSMOS_CONNECTION and Blobs to the emulators' connections")
    cosmos = settings.cosmos_connection.get_secret_value()
    blobs = settings.blob_connection.get_secret_value()
    for connection in (cosmos, blobs):
        parts = dict(part.partition("=")[::2] for part in connection.split(";") if part)
        address = parts.get("AccountEndpoint") or parts.get("BlobEndpoint") or ""
        development = parts.get("UseDevelopmentStorage", "").lower() == "true"
        if not development and urlsplit(address).hostname not in LOCAL:
            raise NotMade("this is for emulators on this machine; another is named")
    return cosmos, blobs


def make(settings: Settings, tenant: str, *, wait_seconds: float) -> None:
    """Make everything, waiting for the emulators to answer. Raises ``NotMade``."""
    from azure.core.exceptions import AzureError
    from azure.cosmos import CosmosClient

    if not is_tenant_code(tenant):
        raise NotMade(f"{tenant!r} is no tenant's code")
    declared = topology.load()
    cosmos, blobs = check_local(settings)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            with CosmosClient.from_connection_string(
                cosmos, enable_endpoint_discovery=False
            ) as client:
                create_containers(client, settings.cosmos_database, declared)
            create_blob_containers(blobs, declared)
            break
        except AzureError as error:
            if time.monotonic() > deadline:
                raise NotMade(f"the emulators do not answer: {type(error).__name__}") from error
            time.sleep(1)
    entered = Tenant(tenant_id=tenant, name=tenant.capitalize())
    with suppress(Exists):
        runtime.start(settings).documents.commit(
            tenants.CONTAINER, (tenant,), [Create(entered.stored())]
        )


def wait_for_bus(seconds: float, address: str = BUS_HEALTH) -> None:
    """Wait until the Service Bus emulator says that it is well. Raises ``NotMade``."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=3) as answer:  # noqa: S310  our own address
                if answer.status == 200:
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise NotMade(f"the Service Bus emulator is not well: {address}")
        time.sleep(1)


def main() -> int:
    """Make what is missing; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--settings", type=Path, default=ROOT / "local.settings.json")
    parser.add_argument("--tenant", default="demo", help="a tenant to make; demo")
    parser.add_argument("--wait", type=float, default=120, help="seconds to wait for the emulators")
    parser.add_argument("--without-bus", action="store_true", help="do not wait for Service Bus")
    asked = parser.parse_args()
    try:
        values = json.loads(asked.settings.read_bytes())["Values"]
        make(Settings.read(values), asked.tenant, wait_seconds=asked.wait)
        if not asked.without_bus:
            wait_for_bus(asked.wait)
    except (NotMade, SettingsError, OSError, ValueError, KeyError) as error:
        print(f"waymark: {error}", file=sys.stderr)
        return 2
    declared = topology.load()
    print(
        f"{len(declared.containers)} containers, {len(declared.blob_containers)} blob containers"
        f" and the tenant {asked.tenant} are there"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
