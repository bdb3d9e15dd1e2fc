"""Runs files through the house on the Azure adapters; prints what came of them as JSON.

    python azure_house.py FOLDER

The environment names the services, as in the cloud. This is the host's part of it: it fires the
blob trigger for each file of FOLDER, delivers what Service Bus holds to the functions until
nothing is left, and calls HTTP routes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.blob import InputStream
from azure.functions.servicebus import ServiceBusMessage
from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver

from local.triggers import BlobFunction, BusFunction, Function, HttpFunction, load
from shared import runtime
from shared.documents.port import Create
from shared.models.tenant import Tenant

TENANT = "demo"


def main() -> int:
    """Serve the folder named on the command line."""
    functions = load()
    stores = runtime.stores()
    tenant = Tenant(tenant_id=TENANT, name="Demo")
    stores.documents.commit("tenants", (TENANT,), [Create(tenant.stored())])
    blob_trigger = next(f for f in functions if isinstance(f, BlobFunction))
    for path in sorted(Path(sys.argv[1]).iterdir()):
        name = f"{TENANT}/{path.name}"
        stores.blobs.put("resumes", name, path.read_bytes())
        for _ in range(2):  # the host may tell of a blob twice
            blob_trigger.call(InputStream(data=b"", name=f"resumes/{name}"))
    deliver_all([f for f in functions if isinstance(f, BusFunction)])
    answers = {
        "intake": _get(functions, "intake_list"),
        "candidates": _get(functions, "candidates_search"),
        "notifications": _get(functions, "notifications_list"),
    }
    first = next(item for item in answers["intake"]["items"] if item["candidate_id"])
    answers["report"] = _get(functions, "intake_report", intake_id=first["intake_id"])
    answers["found"] = _get(
        functions,
        "candidates_search",
        query={"email": answers["candidates"]["items"][0]["emails"][0]},
    )
    sys.stdout.write(json.dumps(answers))
    return 0


def deliver_all(functions: list[BusFunction]) -> None:
    """Deliver every message to its function, the odd one twice, until none has come for a while."""
    connection = os.environ["ServiceBus"]  # noqa: SIM112  the trigger's connection name
    with ServiceBusClient.from_connection_string(connection) as client:
        receivers = [(function, _receiver(client, function.entity)) for function in functions]
        for _, receiver in receivers:
            receiver.peek_messages()  # opens the link, which takes longer than a wait below
        quiet_until = time.monotonic() + 3
        delivered = 0
        while time.monotonic() < quiet_until:
            for function, receiver in receivers:
                for received in receiver.receive_messages(max_message_count=10, max_wait_time=0.3):
                    message = _as_trigger_gets_it(received)
                    function.call(message)
                    if delivered % 3 == 0:
                        function.call(message)
                    receiver.complete_message(received)
                    delivered += 1
                    quiet_until = time.monotonic() + 3


def _receiver(client: ServiceBusClient, entity: str) -> ServiceBusReceiver:
    topic, _, subscription = entity.partition("/")
    if subscription:
        return client.get_subscription_receiver(topic, subscription)
    return client.get_queue_receiver(entity)


def _as_trigger_gets_it(received: ServiceBusReceivedMessage) -> ServiceBusMessage:
    return ServiceBusMessage(
        body=b"".join(received.body),
        message_id=received.message_id or "",
        subject=received.subject,
        delivery_count=(received.delivery_count or 0) + 1,
        application_properties={},
        user_properties={},
    )


def _get(
    functions: list[Function], name: str, *, query: dict[str, str] | None = None, **route: str
) -> Any:
    function = next(f for f in functions if isinstance(f, HttpFunction) and f.name == name)
    token = runtime.current().tokens.issue(
        user_id="recruiter",
        tenant_id=TENANT,
        roles=["recruiter"],
        now=datetime.now(UTC),
        lifetime=timedelta(minutes=5),
    )
    answer = function.call(
        func.HttpRequest(
            method="GET",
            url=f"http://localhost/api/{function.route}",
            headers={"authorization": f"Bearer {token}"},
            params=query or {},
            route_params=route,
            body=b"",
        )
    )
    assert answer.status_code == 200, answer.get_body()
    return json.loads(answer.get_body())


if __name__ == "__main__":
    sys.exit(main())
