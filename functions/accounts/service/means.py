"""What the services work with."""

from __future__ import annotations

from dataclasses import dataclass

from shared.auth import Tokens
from shared.errors import Missing
from shared.models.tenant import CONTAINER, PLATFORM, TENANT_ID, Tenant, is_tenant_code
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "accounts"


@dataclass(frozen=True)
class Means:
    """The stores, and the keys that sign tokens and make pseudonyms."""

    stores: Stores
    tokens: Tokens
    pseudonyms: Pseudonyms


def read_tenant(stores: Stores, code: str) -> tuple[Tenant, str]:
    """Return a tenant and its etag. Raises ``Missing``."""
    if is_tenant_code(code) or code == PLATFORM:
        stored = stores.documents.get(CONTAINER, (code,), TENANT_ID)
        if stored is not None:
            return Tenant.of(stored.body), stored.etag
    raise Missing("there is no tenant with this code")
