"""What of the names that are counted the house knows by itself: its own, and those that admins
gave to recipes and content. They are nobody's data, and stay when everybody is erased."""

from __future__ import annotations

from collections.abc import Mapping

from functions.analytics.rules.dimensions import Group, ViewName
from functions.analytics.rules.reports import HOUSE_CONTENT
from shared.models import content, recipes
from shared.models.tenant import PLATFORM
from shared.stores import Stores


def known_names(
    stores: Stores, tenant_id: str, view: ViewName, group: Group, names: Mapping[str, str]
) -> dict[str, str]:
    """Those of the names of a group, by digest, that the catalogue has. ``group`` is of digests,
    ``names`` are what they stand for."""
    if view != "content" or group[0] is None or group[1] is None:
        return {}
    content_type, content_id = names.get(group[0]), names.get(group[1])
    if content_type is None or content_id is None:
        return {}
    found: dict[str, str] = {}
    has_id = _has(stores, tenant_id, content_type, content_id)
    if has_id or content_type in HOUSE_CONTENT:
        found[group[0]] = content_type
    if has_id:
        found[group[1]] = content_id
    return found


def _has(stores: Stores, tenant_id: str, content_type: str, content_id: str) -> bool:
    if content_type == content.RECIPES:
        partition = (tenant_id, content_id)
        return content_id in recipes.seed() or (
            stores.documents.get(recipes.CONTAINER, partition, recipes.RECIPE_ID) is not None
        )
    if HOUSE_CONTENT.get(content_type) == content_id:
        return True
    return any(
        stores.documents.get(content.CONTAINER, (owner, content_type), content_id) is not None
        for owner in (tenant_id, PLATFORM)
    )
