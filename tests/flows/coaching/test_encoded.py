"""Recipes' vectors, as coaching finds them among the content."""

from __future__ import annotations

from functions.coaching.service.encoded import HOLDS, encoded
from functions.recommendations.rules.items import item, recipe_fields
from shared.documents.port import Upsert
from shared.models.content import CONTAINER
from shared.models.recipes import seed
from shared.models.tenant import PLATFORM
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house

FIRST, SECOND = list(seed())[:2]


def put(house: House, tenant: str, slug: str, at: int, *, model: str = "m") -> None:
    fields = recipe_fields(slug, seed()[FIRST], is_active=True, overrides=tenant != PLATFORM)
    vector = [1.0 if each == at else 0.0 for each in range(384)]
    made = item(tenant, "recipe", fields, vector, model=model,
                created_at=house.clock(), now=house.clock())  # fmt: skip
    house.documents.commit(CONTAINER, made.partition, [Upsert(made.stored())])


def found(house: House, tenant: str = TENANT) -> dict[str, int]:
    """Which number of each vector is 1."""
    return {
        slug: list(vector).index(1.0)
        for slug, vector in encoded(house, tenant, now=house.clock()).items()
    }


def test_a_tenants_own_vectors_lie_over_the_platforms(house: House) -> None:
    """Another tenant keeps the platform's; they are read anew after a while."""
    assert found(house) == {}
    house.clock.advance(seconds=HOLDS.total_seconds())
    put(house, PLATFORM, FIRST, 1)
    put(house, PLATFORM, SECOND, 2)
    put(house, TENANT, SECOND, 3)
    assert found(house) == {FIRST: 1, SECOND: 3}
    assert found(house, RIVAL) == {FIRST: 1, SECOND: 2}
    put(house, TENANT, FIRST, 4)
    assert found(house) == {FIRST: 1, SECOND: 3}
    house.clock.advance(seconds=HOLDS.total_seconds())
    assert found(house) == {FIRST: 4, SECOND: 3}


def test_vectors_of_two_models_are_not_mixed(house: House) -> None:
    """Those of fewer recipes are left out until they are made anew."""
    put(house, PLATFORM, FIRST, 1)
    put(house, PLATFORM, SECOND, 2)
    put(house, TENANT, "own-one", 3, model="another")
    assert found(house) == {FIRST: 1, SECOND: 2}
