"""Routes that say whether flows run, and whether what they need does answer."""

from __future__ import annotations

from typing import Any, Literal

import azure.functions as func
from pydantic import BaseModel, Field

from shared import serving, telemetry
from shared.errors import Missing, NotReady
from shared.http.api import Api
from shared.http.call import Call
from shared.models.examples import example
from shared.readiness.checking import Found
from shared.readiness.probes import checker
from shared.readiness.uses import USES, Component, Need
from shared.settings import SettingsError

blueprint = func.Blueprint()
api = Api("operations", "Whether it runs, and what it runs on", blueprint)

State = Literal["up", "down", "degraded", "not_configured"]
_SETTINGS = "settings are missing or wrong; the log of this process names them"


class FlowHealth(BaseModel):
    """A flow that this app serves."""

    model_config = example(status="ok", flow="candidates", version="0.1.0")

    status: Literal["ok"] = "ok"
    flow: str
    version: str = serving.VERSION


class ComponentState(BaseModel):
    """Something that is used, and what it answered."""

    model_config = example(
        name="language_model", state="degraded", milliseconds=12.5, error="Unavailable"
    )

    name: Component
    state: State = Field(description="`degraded`: it is down, and what needs it goes on with less")
    milliseconds: float = Field(description="How long it took to say so")
    error: str | None = Field(default=None, description="The type of the error, nothing more")


class FlowReadiness(BaseModel):
    """Whether a flow can do its work."""

    model_config = example(flow="coaching", ready=True, down=[], degraded=["language_model"])

    flow: str
    ready: bool
    down: list[Component]
    degraded: list[Component]


class Readiness(BaseModel):
    """What answers, and which flows that leaves ready."""

    status: Literal["ready"] = "ready"
    version: str = serving.VERSION
    flows: list[FlowReadiness]
    components: list[ComponentState]


@api.get("health/{flow}", answer=FlowHealth, errors=(Missing, NotReady))
def health_flow(call: Call[None, None]) -> FlowHealth:
    """Say that this app is up and serves a flow."""
    flow = _served(call)
    _settle()
    return FlowHealth(flow=flow)


@api.get("ready", answer=Readiness, errors=(NotReady,))
def ready(call: Call[None, None]) -> Readiness:  # noqa: ARG001  it takes nothing
    """Say whether what the flows of this app need does answer.

    503 when something is down that one of them cannot work without: the problem has the members
    `flows` and `components` of this answer. Answers are kept for five seconds.
    """
    return _readiness(serving.served())


@api.get("ready/{flow}", answer=Readiness, errors=(Missing, NotReady))
def ready_flow(call: Call[None, None]) -> Readiness:
    """Say whether what one flow needs does answer; as of all of them, for this one."""
    return _readiness((_served(call),))


def _served(call: Call[Any, Any]) -> str:
    flow = call.path["flow"]
    if flow not in serving.served():
        raise Missing("this app serves no such flow")
    return flow


def _settle() -> None:
    """Raises ``NotReady`` where the settings do not hold."""
    try:
        checker()
    except SettingsError:
        raise NotReady(_SETTINGS, members={}) from None


def _readiness(flows: tuple[str, ...]) -> Readiness:
    _settle()
    used = {name: need for flow in flows for name, need in USES[flow].items()}
    found = checker().check(used)
    judged = [_judged(flow, found) for flow in flows]
    down = dict.fromkeys(name for each in judged for name in each.down)
    answer = Readiness(
        flows=judged,
        components=[_shown(name, each, is_down=name in down) for name, each in found.items()],
    )
    if down:
        telemetry.log("readiness.missed", down=list(down))
        members = answer.model_dump(mode="json", include={"version", "flows", "components"})
        raise NotReady(f"down: {', '.join(down)}", members=members)
    return answer


def _judged(flow: str, found: dict[str, Found]) -> FlowReadiness:
    def missed(need: Need) -> list[Component]:
        return [n for n, how in USES[flow].items() if how == need and found[n].state == "down"]

    down = missed("needed")
    return FlowReadiness(flow=flow, ready=not down, down=down, degraded=missed("helpful"))


def _shown(name: str, found: Found, *, is_down: bool) -> ComponentState:
    state: State = "degraded" if found.state == "down" and not is_down else found.state
    return ComponentState.model_validate(
        {
            "name": name,
            "state": state,
            "milliseconds": found.milliseconds,
            "error": found.error,
        }
    )
