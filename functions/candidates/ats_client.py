"""Calls a tenant's webhook: over HTTPS, to public addresses alone, following no redirect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from shared.errors import Rejected, Throttled, Unavailable

TIMEOUT_SECONDS = (5, 15)
MOST_ANSWER_BYTES = 64 * 1024
DEFAULT_RETRY_SECONDS = 30.0


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

        with requests.Session() as session:
            session.trust_env = False  # a proxy would hide whom we speak to
            guarded = _guarded_adapter(self.loopback)
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
            except requests.RequestException as error:
                if "not a public address" in str(error):
                    raise Rejected("the address is not a public one") from None
                raise Unavailable(type(error).__name__) from None


def _checked(status: int, retry_after: str | None) -> int:
    if 200 <= status < 300:
        return status
    if status == 429:
        asked = (retry_after or "").strip()
        is_whole = asked.isascii() and asked.isdigit()
        raise Throttled("429", retry_after=float(asked) if is_whole else DEFAULT_RETRY_SECONDS)
    if status in {401, 403, 404, 408, 410, 423, 425} or status >= 500:
        # an address or a password that is wrong now is mended by people
        raise Unavailable(str(status))
    raise Rejected(str(status))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (mapped is None or mapped.is_global)


def _guarded_adapter(loopback: bool) -> Any:
    """An adapter of requests whose connections look whom they reached before they say a word.

    What a name leads to may change between a look-up and the call; this looks at the call's own
    connection.
    """
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import NewConnectionError

    def held(connection: HTTPConnection, socket: Any) -> Any:
        peer = str(socket.getpeername()[0])
        if is_public(peer) or (loopback and ip_address(peer).is_loopback):
            return socket
        socket.close()
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
