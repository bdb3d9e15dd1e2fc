"""Calls a tenant's webhook: over HTTPS, to public addresses alone, following no redirect."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any

from shared.errors import Rejected, Throttled, Unavailable
from shared.retry_after import seconds_asked

TIMEOUT_SECONDS = (5, 15)
TOTAL_SECONDS = 20.0
"""After which a call is cut off, however slowly its answer drips."""
UNREACHABLE = "unreachable"
"""The one answer for whatever did not come to an answer: what listens where is not told."""
_OURS = tuple(
    map(ip_network, ("168.63.129.16/32", "64:ff9b::/96", "64:ff9b:1::/48", "192.88.99.0/24"))
)
"""Addresses that lead into the network that the house stands in, though they look public: Azure's
own, and IPv4 wrapped in IPv6."""


@dataclass(frozen=True)
class AtsClient:
    """``loopback`` lets it call this machine, for a host on one's own."""

    loopback: bool = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body and return the status, 200 to 299.

        Raises ``Unavailable`` for what a later try can help, ``Throttled`` with the wait that was
        asked for, ``Rejected`` for what none can. Each says what came back.
        """
        # loaded here: a tenant without a webhook never needs it
        import requests

        with requests.Session() as session, ExitStack() as deadline:
            session.trust_env = False  # a proxy would hide whom we speak to
            guarded = _guarded_adapter(self.loopback, deadline)
            session.mount("https://", guarded)
            session.mount("http://", guarded)
            try:
                with session.post(
                    url,
                    data=body,
                    headers=dict(headers),
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    return _checked(answer.status_code, answer.headers.get("Retry-After"))
            except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
                raise Rejected("the address is not one") from None
            except requests.RequestException:
                raise Unavailable(UNREACHABLE) from None


def _checked(status: int, retry_after: str | None) -> int:
    if 200 <= status < 300:
        return status
    if status == 429:
        raise Throttled("429", retry_after=seconds_asked(retry_after))
    if status in {401, 403, 404, 408, 410, 423, 425} or status >= 500:
        # an address or a password that is wrong now is mended by people
        raise Unavailable(str(status))
    raise Rejected(str(status))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if any(found.version == network.version and found in network for network in _OURS):
        return False
    return found.is_global and not found.is_multicast and (mapped is None or mapped.is_global)


def _cut(connected: socket) -> None:
    with suppress(OSError):
        connected.shutdown(SHUT_RDWR)


def _guarded_adapter(loopback: bool, deadline: ExitStack) -> Any:
    """An adapter of requests whose connections look whom they reached before they say a word.

    What a name leads to may change between a look-up and the call; this looks at the call's own
    connection.
    """
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import NewConnectionError

    def held(connection: HTTPConnection, connected: Any) -> Any:
        peer = str(connected.getpeername()[0])
        if is_public(peer) or (loopback and ip_address(peer).is_loopback):
            timer = Timer(TOTAL_SECONDS, _cut, (connected,))
            timer.daemon = True
            timer.start()
            deadline.callback(timer.cancel)
            return connected
        connected.close()
        raise NewConnectionError(connection, "not a public address")

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:
            return held(self, super()._new_conn())

    class Sealed(HTTPSConnection):
        def _new_conn(self) -> Any:
            return held(self, super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SealedPool(HTTPSConnectionPool):
        ConnectionCls = Sealed

    adapter = HTTPAdapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SealedPool}
    return adapter
