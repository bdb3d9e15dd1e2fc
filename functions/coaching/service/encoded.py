"""An encoder's vectors of recipes, as the flow ``recommendations`` keeps them among the content."""

from __future__ import annotations

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from functions.coaching.rules.closeness import Encoded
from shared.documents.port import Documents, Equals
from shared.models.content import CONTAINER, RECIPES, Content
from shared.models.tenant import PLATFORM
from shared.stores import Stores

HOLDS = timedelta(minutes=10)
"""How long vectors are held in memory: they are large, and recipes change seldom."""
_MOST_TENANTS = 64
_MOST = 2000

_Held = dict[str, tuple[datetime, dict[str, Encoded]]]
_held: WeakKeyDictionary[Documents, _Held] = WeakKeyDictionary()


def encoded(stores: Stores, tenant_id: str, *, now: datetime) -> dict[str, Encoded]:
    """The vectors of a tenant's recipes by slug, those of the seed catalogue it has left alone
    included; empty where nobody has encoded any."""
    held = _held.setdefault(stores.documents, {})
    known = held.get(tenant_id)
    if known is not None and timedelta() <= now - known[0] < HOLDS:
        return known[1]
    recipes = [each for scope in (PLATFORM, tenant_id) for each in _recipes(stores, scope)]
    # vectors of two models have nothing in common: those of the model that most have
    models = [each.model for each in recipes]
    usual = max(set(models), key=models.count, default=None)
    found: dict[str, Encoded] = {
        each.content_id: each.embedding for each in recipes if each.model == usual
    }
    if len(held) >= _MOST_TENANTS:
        held.clear()
    held[tenant_id] = (now, found)
    return found


def _recipes(stores: Stores, tenant_id: str) -> list[Content]:
    found: list[Content] = []
    continuation = None
    while len(found) < _MOST:
        page = stores.documents.query(
            CONTAINER,
            (tenant_id, RECIPES),
            where=[Equals("kind", "content")],
            limit=200,
            continuation=continuation,
        )
        found += [Content.of(each.body) for each in page.items]
        continuation = page.continuation
        if continuation is None:
            break
    return found
