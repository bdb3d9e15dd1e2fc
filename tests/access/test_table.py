"""Every route stands in the table and has a recipe, and every pair of route and role is walked."""

from __future__ import annotations

from shared.access import ACCESS
from shared.models.roles import ROLES
from tests.access.calls import COVERED, Route
from tests.access.recipes import RECIPES
from tests.access.test_roles import CASES


def test_each_route_is_listed_and_has_a_recipe(routes: dict[str, Route]) -> None:
    """The routes that the app serves, the table and the recipes name the same functions."""
    assert sorted(ACCESS) == sorted(routes)
    assert sorted(RECIPES) == sorted(routes)


def test_each_role_is_walked_on_each_route() -> None:
    """Not a pair of route and role is left out."""
    walked = {(name, role) for name, role, _ in CASES}
    assert walked == {(name, role) for name in ACCESS for role in ROLES}
    assert len(walked) == len(ACCESS) * len(ROLES) == len(ACCESS) * 6


def test_each_recipe_aims_within_and_beyond_each_reach() -> None:
    """For each reach that a route gives there is data that it covers, and data that it does
    not, unless it covers all there is."""
    for name, reaches in ACCESS.items():
        kinds = set(RECIPES[name].kinds)
        for reach in set((reaches or {}).values()):
            if kinds & {"list", "anyone"} or kinds == {"own"}:
                continue
            assert kinds & COVERED[reach], name
            assert kinds - COVERED[reach] or reach == "platform", name
