"""Write what the Bicep files load: ``infra/*.json`` and the services of ``azure.yaml``.

    python -m tools.infra_inputs          # write them
    python -m tools.infra_inputs --check  # say what would change, and end with 1 if anything would

``topology.flat.json`` and ``routes.json`` follow from the code alone. In ``flows.json`` the sizes
and the rights on blobs are written by hand; what the code says of a flow is brought up to date.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from shared import topology
from shared.documents.cosmos_query import composite_indexes, vector_policies
from tools import code_needs, front_door
from tools.package import ROOT, flows

INFRA = ROOT / "infra"
# Of a flow that has no sizes of its own yet.
NEW_FLOW: dict[str, Any] = {
    "why": "sizes as most flows have them",
    "memory_mb": 2048,
    "most_instances": 40,
    "always_ready": 0,
    "http_concurrency": 16,
    "bus_calls": 4,
    "bus_sessions": 8,
    "blobs": [],  # {"container": …, "may": "read", "write" or "own"}
}
_AZURE_YAML = """\
# Written by: python -m tools.infra_inputs
name: waymark
metadata:
  template: waymark
# the first that heeds remoteBuild for apps on Flex Consumption is older than this
requiredVersions:
  azd: ">= 1.24.0"
infra:
  provider: bicep
  path: infra
  module: main
hooks:
  postprovision:
    shell: sh
    run: infra/hooks/postprovision.sh
    interactive: true
  postdeploy:
    shell: sh
    run: infra/hooks/postdeploy.sh
services:
"""
_SERVICE = """\
  {service}:
    project: .
    dist: dist/{flow}
    language: py
    host: function
    remoteBuild: false
    hooks:
      prepackage:
        shell: sh
        run: infra/hooks/prepackage.sh {flow}
"""


def flattened() -> dict[str, Any]:
    """``topology.json`` as lists that Bicep loops over, in the words of the services."""
    declared = topology.load()
    return {
        "containers": [
            {
                "name": name,
                "paths": [f"/{path}" for path in container.partition_key],
                "kind": "Hash" if len(container.partition_key) == 1 else "MultiHash",
                **(
                    {}
                    if container.default_ttl_seconds is None
                    else {"defaultTtl": container.default_ttl_seconds}
                ),
                **_indexing(container),
            }
            for name, container in declared.containers.items()
        ],
        "queues": [
            {
                "name": name,
                **_receiver(queue),
                "duplicateDetectionHistoryTimeWindow": _period(queue.duplicate_detection_seconds),
            }
            for name, queue in declared.queues.items()
        ],
        "topics": [
            {
                "name": name,
                "duplicateDetectionHistoryTimeWindow": _period(topic.duplicate_detection_seconds),
            }
            for name, topic in declared.topics.items()
        ],
        "subscriptions": [
            {"topic": topic_name, "name": name, **_receiver(subscription)}
            for topic_name, topic in declared.topics.items()
            for name, subscription in topic.subscriptions.items()
        ],
        # The first is called $Default: so it takes the place of the rule that hears everything,
        # which the service gives each new subscription.
        "rules": [
            {
                "topic": topic_name,
                "subscription": name,
                "name": "$Default" if position == 0 else event,
                "event": event,
            }
            for topic_name, topic in declared.topics.items()
            for name, subscription in topic.subscriptions.items()
            for position, event in enumerate(subscription.events)
        ],
        "blobContainers": sorted(declared.blob_containers),
        "storageQueues": sorted(declared.storage_queues),
    }


def _indexing(container: topology.Container) -> dict[str, Any]:
    policies = vector_policies(container)
    embedding, indexing = policies or (None, {})
    found: dict[str, Any] = {
        "compositeIndexes": [
            [{"path": f"/{path.replace('.', '/')}", "order": "ascending"} for path in paths]
            for paths in composite_indexes(container)
        ],
        "excludedPaths": [{"path": '/"_etag"/?'}, *indexing.get("excludedPaths", [])],
    }
    if embedding is not None:
        found["vectorEmbeddingPolicy"] = embedding
        found["vectorIndexes"] = indexing["vectorIndexes"]
    return found


def _receiver(receiver: topology.Receiver) -> dict[str, Any]:
    return {
        "lockDuration": _period(receiver.lock_seconds),
        "maxDeliveryCount": receiver.max_delivery,
        "requiresSession": receiver.sessions,
    }


def _period(seconds: int) -> str:
    """A duration as ISO 8601 has it, in the form that the service answers with."""
    return f"PT{seconds // 60}M" if seconds % 60 == 0 else f"PT{seconds}S"


def needs(flow: str) -> dict[str, Any]:
    """What the code of a flow says of it."""
    triggers = [each for each in code_needs.triggers() if each.flow == flow]
    # a trigger on a storage queue or a blob wants the queues of the account as well
    on_storage = any(each.kind in {"blobTrigger", "queueTrigger"} for each in triggers)
    everywhere = code_needs.sends_everywhere(flow)
    dead_letters = code_needs.takes_dead_letters(flow)
    receives = code_needs.receives(flow)
    return {
        "service": flow.replace("_", "-"),
        "serves": any(each.kind == "httpTrigger" for each in triggers),
        "timers": {
            each.function: each.binding["schedule"]
            for each in triggers
            if each.kind == "timerTrigger"
        },
        "queues": [] if dead_letters else [each for each in receives if "/" not in each],
        "subscriptions": []
        if dead_letters
        else [
            {"topic": each.partition("/")[0], "name": each.partition("/")[2]}
            for each in receives
            if "/" in each
        ],
        "allDeadLetters": dead_letters,
        "sendsToQueues": []
        if everywhere
        else [each for each in code_needs.sends(flow) if each in topology.load().queues],
        "sendsToTopics": []
        if everywhere
        else [each for each in code_needs.sends(flow) if each in topology.load().topics],
        "sendsEverywhere": everywhere,
        "links": "link" in code_needs.blob_methods(flow),
        "storageQueues": on_storage,
        "settings": code_needs.groups(flow),
    }


def written() -> dict[str, str]:
    """The text of each file by its path from the root."""
    path = INFRA / "flows.json"
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    held = {entry["name"]: entry for entry in entries}
    merged = [
        {
            "name": flow,
            **{name: held.get(flow, NEW_FLOW).get(name, NEW_FLOW[name]) for name in NEW_FLOW},
            **needs(flow),
        }
        for flow in flows()
    ]
    services = "".join(
        _SERVICE.format(flow=flow, service=flow.replace("_", "-")) for flow in flows()
    )
    return {
        "infra/flows.json": _json(merged),
        "infra/topology.flat.json": _json(flattened()),
        "infra/routes.json": _json(front_door.layout(front_door.routes_of_apps())),
        "azure.yaml": _AZURE_YAML + services,
    }


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the files, or compare them; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    stale = 0
    for name, text in written().items():
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{'stale' if check else 'written'}: {name}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
