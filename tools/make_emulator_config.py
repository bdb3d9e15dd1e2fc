"""Write the Service Bus emulator's entities from ``shared/topology.json``.

    python tools/make_emulator_config.py          # writes emulators/service-bus.json
    python tools/make_emulator_config.py --check  # says whether it is up to date

The emulator takes less than the service: what is more is cut to what it takes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from shared import topology  # noqa: E402
from shared.topology import Receiver, Topology  # noqa: E402

PATH = ROOT / "emulators" / "service-bus.json"
MOST_DELIVERIES = 10
LONGEST_DUPLICATES = 300
"""Seconds."""
LONGEST_LIFE = "PT1H"
NAMESPACE = "sbemulatorns"
"""The one namespace that the emulator has."""


def config(declared: Topology) -> dict[str, Any]:
    """The emulator's ``Config.json`` for a topology."""
    return {
        "UserConfig": {
            "Namespaces": [
                {
                    "Name": NAMESPACE,
                    "Queues": [
                        {
                            "Name": name,
                            "Properties": _receiver(queue)
                            | _duplicates(queue.duplicate_detection_seconds),
                        }
                        for name, queue in declared.queues.items()
                    ],
                    "Topics": [
                        {
                            "Name": name,
                            "Properties": {"DefaultMessageTimeToLive": LONGEST_LIFE}
                            | _duplicates(topic.duplicate_detection_seconds),
                            "Subscriptions": [
                                {
                                    "Name": listener,
                                    "Properties": _receiver(subscription),
                                    "Rules": [_rule(event) for event in subscription.events],
                                }
                                for listener, subscription in topic.subscriptions.items()
                            ],
                        }
                        for name, topic in declared.topics.items()
                    ],
                }
            ],
            "Logging": {"Type": "Console"},
        }
    }


def _receiver(receiver: Receiver) -> dict[str, Any]:
    return {
        "DeadLetteringOnMessageExpiration": False,
        "DefaultMessageTimeToLive": LONGEST_LIFE,
        # of a subscription it takes no lock below a minute
        "LockDuration": _seconds(max(60, receiver.lock_seconds)),
        "MaxDeliveryCount": min(receiver.max_delivery, MOST_DELIVERIES),
        "RequiresSession": receiver.sessions,
    }


def _duplicates(seconds: int) -> dict[str, Any]:
    return {
        "RequiresDuplicateDetection": True,
        "DuplicateDetectionHistoryTimeWindow": _seconds(min(seconds, LONGEST_DUPLICATES)),
    }


def _rule(event: str) -> dict[str, Any]:
    """A rule that lets one event type through: the bus adapter sends it as the subject."""
    return {
        "Name": event,
        "Properties": {"FilterType": "Correlation", "CorrelationFilter": {"Label": event}},
    }


def _seconds(count: int) -> str:
    return f"PT{count // 60}M" if count % 60 == 0 else f"PT{count}S"


def written() -> str:
    """The file as it should be."""
    return json.dumps(config(topology.load()), indent=2) + "\n"


def main() -> int:
    """Write the file, or check it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        if PATH.is_file() and PATH.read_text(encoding="utf-8") == written():
            return 0
        print(f"{PATH.relative_to(ROOT)} is not of this topology: run {sys.argv[0]}")
        return 1
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(written(), encoding="utf-8")
    print(f"{PATH.relative_to(ROOT)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
