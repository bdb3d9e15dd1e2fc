"""What this app is: its version, and which flows it serves."""

from __future__ import annotations

VERSION = "0.1.0"

_flows: dict[str, None] = {}


def serve(*flows: str) -> None:
    """Say which flows this app serves: its ``function_app.py`` does, once."""
    _flows.update(dict.fromkeys(flows))


def served() -> tuple[str, ...]:
    """The flows that this app serves, in order of name."""
    return tuple(sorted(_flows))


def service_name() -> str:
    """What telemetry calls it: ``waymark-<flow>``, or ``waymark`` for the whole house."""
    flows = served()
    return f"waymark-{flows[0]}" if len(flows) == 1 else "waymark"
