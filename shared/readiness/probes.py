"""How each component of this process is asked whether it answers.

A probe changes nothing, and says no more than a stranger may hear. It raises
:class:`~shared.readiness.checking.NotConfigured` where there is nothing to ask, and whatever
else where nothing answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from shared import runtime, serving, topology
from shared.errors import Unavailable
from shared.events.audit import AuditNoted
from shared.readiness.checking import OFFERED, Checker, NotConfigured, Probe
from shared.readiness.uses import FILES
from shared.settings import Settings
from shared.topology import Topology

_REFUSED = {401, 403}


def checker() -> Checker:
    """What asks the components of this process's runtime."""
    running = runtime.current()
    if running.checker is None:
        running.checker = Checker(_probes(running))
    return running.checker


def _probes(running: runtime.Runtime) -> Mapping[str, Probe]:
    settings = running.settings
    declared = topology.load()
    containers = {name: each.owner for name, each in declared.containers.items()}
    return {
        "documents": lambda seconds: running.documents.ping(_own(containers), seconds=seconds),
        "blobs": lambda seconds: running.blobs.ping(_files(), seconds=seconds),
        "bus": lambda seconds: running.bus.ping(_destination(declared), seconds=seconds),
        "scanner": partial(_scanner, running),
        "mail_server": partial(_mail_server, running),
        "whatsapp": partial(_chat, running, "whatsapp", settings.whatsapp_url),
        "telegram": partial(_chat, running, "telegram", settings.telegram_url),
        "language_model": partial(_language_model, settings),
        "resume_model": partial(_resume_model, settings),
        "text_encoder": _text_encoder,
        "record_store": partial(_record_store, settings),
        "identity_provider": partial(_identity_provider, settings),
        **OFFERED,
    }


def _own(owners: Mapping[str, str]) -> str:
    """One of this app's own document containers; any where it has none, for it may read all."""
    served = serving.served()
    return min(owners, key=lambda name: (owners[name] not in served, name))


def _files() -> str:
    """A blob container that this app may read."""
    asked = [FILES[flow] for flow in serving.served() if flow in FILES]
    return asked[0] if asked else next(iter(FILES.values()))


def _destination(declared: Topology) -> str:
    """Where this app may send: where it hears from, for there it sends again what has to wait;
    where it hears nothing, the queue of the audit log."""
    for flow in serving.served():
        heard = [flow] if flow in declared.queues else []
        heard += [name for name, topic in declared.topics.items() if flow in topic.subscriptions]
        if heard:
            return heard[0]
    return declared.events[AuditNoted.type].to


def _scanner(running: runtime.Runtime, seconds: float) -> None:
    if running.scanner is None:
        raise NotConfigured
    running.scanner.ping(seconds=seconds)


def _mail_server(running: runtime.Runtime, seconds: float) -> None:
    if running.mailer is None:
        raise NotConfigured
    running.mailer.ping(seconds=seconds)


def _chat(running: runtime.Runtime, name: str, url: str, seconds: float) -> None:
    """Its address alone: a token of a tenant's is not spent on this."""
    if name not in running.messengers:
        raise NotConfigured
    _answers(url, seconds, heeds_refusal=False)


def _language_model(settings: Settings, seconds: float) -> None:
    if settings.openai_key is None:
        raise NotConfigured
    headers = {"Authorization": f"Bearer {settings.openai_key.get_secret_value()}"}
    _answers(f"{settings.openai_base_url.rstrip('/')}/models", seconds, headers)


def _resume_model(settings: Settings, seconds: float) -> None:
    if settings.openai_resumes != "true":
        raise NotConfigured
    _language_model(settings, seconds)


def _record_store(settings: Settings, seconds: float) -> None:
    """By its ``about`` resource, which every record store has (xAPI 1.0.3, part three, 2.5)."""
    if settings.lrs_endpoint is None:
        raise NotConfigured
    headers = {"X-Experience-API-Version": "1.0.3"}
    _answers(f"{settings.lrs_endpoint.rstrip('/')}/about", seconds, headers)


def _identity_provider(settings: Settings, seconds: float) -> None:
    if settings.oidc_jwks_url is None:
        raise NotConfigured
    _answers(settings.oidc_jwks_url, seconds)


def _text_encoder(_seconds: float) -> None:
    """Whether it is installed: to load it would take longer than a probe has."""
    from shared import encoding  # only apps that encode carry it

    if not encoding.is_installed():
        raise NotConfigured


def _answers(
    url: str,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    *,
    heeds_refusal: bool = True,
) -> None:
    """Raise unless a server answers a GET with something below 500, and does not refuse us."""
    import http.client
    import ssl

    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(
            host, port, timeout=seconds, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=seconds)
    )
    try:
        connection.request("GET", parts.path or "/", headers=dict(headers or {}))
        status = connection.getresponse().status
    finally:
        connection.close()
    if status >= 500 or (heeds_refusal and status in _REFUSED):
        raise Unavailable(f"it answered {status}")
