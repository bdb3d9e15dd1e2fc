"""Where a request came from."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

UNKNOWN = "unknown"


def client_address_of(headers: Mapping[str, str], *, proxies: int) -> str:
    """The network address of who sent a request, ``unknown`` when nobody sound names it.

    Each of our ``proxies`` (the Functions front end counts as one) appends whom it saw to
    ``X-Forwarded-For``; what stands before theirs a client may have made up.
    """
    seen = [part.strip() for part in (headers.get("x-forwarded-for") or "").split(",")]
    if not 1 <= proxies <= len(seen):
        return UNKNOWN
    address = seen[-proxies]
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        return str(ip_address(address))
    except ValueError:
        return UNKNOWN
