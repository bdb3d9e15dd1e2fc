"""Recipes in a tenant: counted once for each learner, changed by admins, kept through repeats."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.coaching.rules.catalogue import Recipe
from functions.coaching.service import recipes
from shared.auth import Principal
from shared.errors import Conflict, Exists, Missing, Stale, Unavailable
from shared.messaging import IdempotencyKey
from shared.models.recipes import RecipeContent, seed
from tests.flows.accounts.inhabitants import Patched
from tests.flows.coaching.test_catalogue import recipe
from tests.flows.journey_summary.test_making import erase
from tests.flows.profiling import learner
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house

ADMIN = Principal("ada", TENANT, frozenset({"admin"}))
SLUG = next(iter(seed()))
OWN: RecipeContent = recipe().content


def use(house: House, user: str, rating: int | None = None, slug: str = SLUG) -> None:
    recipes.use(house, PSEUDONYMS, learner(user), slug, rating, now=house.clock())


def read(house: House, slug: str = SLUG, tenant: str = TENANT) -> Recipe:
    return recipes.read(house, tenant, slug)[0]


def add(house: House, slug: str = "own-one", key: IdempotencyKey | None = None) -> int:
    status, _ = recipes.add(
        house, PSEUDONYMS, ADMIN, slug, OWN, shown=lambda made: {"slug": made.slug},
        idempotency=key, now=house.clock(),
    )  # fmt: skip
    return status


def change(
    house: House, slug: str = SLUG, *, if_match: str | None = None, **changes: object
) -> str | None:
    return recipes.change(
        house, PSEUDONYMS, ADMIN, slug, lambda record: record.model_copy(update=changes),
        action="recipe.change", if_match=if_match, now=house.clock(),
    )[1]  # fmt: skip


def counts(house: House, slug: str = SLUG) -> tuple[int, int, int]:
    found = read(house, slug)
    return found.usage_count, found.ratings, found.rating_sum


def test_a_learner_counts_once(house: House) -> None:
    """However often they say so; another rating takes the former one's place."""
    for _ in range(3):
        use(house, "lena")
    assert counts(house) == (1, 0, 0)
    use(house, "lena", 2)
    use(house, "lena", 2)
    assert counts(house) == (1, 1, 2)
    use(house, "lena", 5)
    use(house, "lena")
    assert counts(house) == (1, 1, 5)
    use(house, "max", 4)
    assert counts(house) == (2, 2, 9)
    assert read(house).rating == 4.5


def test_many_at_once_are_all_counted(house: House) -> None:
    """A class that rates one recipe in the same moment."""
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: use(house, f"l{number}", 1 + number % 5), range(12)))
    ratings = [1 + number % 5 for number in range(12)]
    assert counts(house) == (12, 12, sum(ratings))


def test_a_use_whose_commit_fails_counts_nothing(house: House) -> None:
    """The note and the count are one commit."""

    def failing(*_: object) -> None:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        recipes.use(
            Patched(house, "commit", failing), PSEUDONYMS, learner(), SLUG, 3, now=house.clock()
        )
    assert counts(house) == (0, 0, 0)
    assert house.kinds("use", container="recipes") == []


def test_counts_are_the_tenants_own(house: House) -> None:
    """The same recipe elsewhere has not been used."""
    use(house, "lena", 5)
    assert read(house, tenant=RIVAL).usage_count == 0


def test_who_was_erased_rates_nothing(house: House) -> None:
    """Though their token holds."""
    erase(house, "lena")
    with pytest.raises(Conflict):
        use(house, "lena", 5)


def test_what_is_not_there_is_not_used(house: House) -> None:
    """Nor what is out of use."""
    with pytest.raises(Missing):
        use(house, "lena", slug="no-such-recipe")
    change(house, is_active=False)
    with pytest.raises(Missing):
        use(house, "lena")


def test_a_change_keeps_what_learners_said(house: House) -> None:
    """The words are the tenant's from then on, in that tenant alone."""
    use(house, "lena", 5)
    change(house, content=OWN)
    assert read(house).content == OWN
    assert counts(house) == (1, 1, 5)
    assert read(house, tenant=RIVAL).content == seed()[SLUG]
    change(house, is_active=False)
    change(house, is_active=True)
    assert (read(house).content, counts(house)) == (OWN, (1, 1, 5))


def test_of_two_admins_one_is_told(house: House) -> None:
    """By the etag, also of one that nobody had touched before."""
    first = change(house, content=OWN)
    assert first is not None
    first = first.strip('"')
    change(house, if_match=first, is_active=False)
    with pytest.raises(Stale):
        change(house, if_match=first, is_active=True)
    other = list(seed())[1]
    with pytest.raises(Stale):
        change(house, other, if_match=first, is_active=False)
    with pytest.raises(Missing):
        change(house, "no-such-recipe", is_active=False)


def test_a_recipe_is_added_once(house: House) -> None:
    """A repeat is answered alike; a slug that is taken is refused, the seed's too."""
    key = IdempotencyKey("scope", "key", "fingerprint")
    assert [add(house, key=key) for _ in range(2)] == [201, 201]
    with pytest.raises(Exists):
        add(house)
    with pytest.raises(Exists):
        add(house, SLUG)
    assert {each.slug for each in recipes.all_recipes(house, TENANT)} == {*seed(), "own-one"}
    assert "own-one" not in {each.slug for each in recipes.all_recipes(house, RIVAL)}


def test_there_is_an_end_to_own_recipes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clear word."""
    monkeypatch.setattr(recipes, "MOST_OWN", 2)
    add(house, "one-own")
    add(house, "two-own")
    with pytest.raises(Conflict, match="2 recipes"):
        add(house, "three-own")


def test_changes_are_written_down(house: House) -> None:
    """By whom; they are about nobody."""
    add(house)
    change(house, content=OWN)
    told = [(each.data["action"], each.data["target"]) for each in house.waiting("accounts")]
    assert told == [("recipe.add", None), ("recipe.change", None)]
