"""Routes of coaching and of recipes."""

from __future__ import annotations

import re
from typing import Any

import azure.functions as func

from functions.coaching.forms import (
    AdviceQuery,
    CoachingView,
    LearnerQuery,
    RecipeBody,
    RecipeFields,
    RecipePage,
    RecipeQuery,
    RecipesForProfile,
    RecipeState,
    RecipeView,
    UseBody,
    UseView,
    coaching_view,
    gap_view,
    recipe_view,
    recommended,
    use_view,
)
from functions.coaching.rules.catalogue import Recipe
from functions.coaching.service import recipes
from functions.coaching.service.coaching import coach, recipes_for
from functions.coaching.service.wording import worded
from shared import runtime
from shared.errors import Conflict, Exists, Forbidden, Missing, Stale
from shared.http.api import Api, Reply
from shared.http.call import Call, etag_header
from shared.http.subject import partition_read
from shared.models.recipes import MOST_SLUG, SLUG

READ = "coaching.read"

blueprint = func.Blueprint()
api = Api("coaching", "What to do next, and why: recommendations and recipes", blueprint)


@api.get(
    "users/{user_id}/coaching/recommendations",
    query=AdviceQuery,
    answer=CoachingView,
    errors=(Missing,),
)
def coaching_recommendations(call: Call[AdviceQuery, None]) -> CoachingView:
    """Read what to look at, which way to go and what is going well, each with its reason.

    It follows from the profile, from the learning journeys and from what is to be practised.
    Before the profiler is completed it says so, and speaks of the rest.
    """
    partition = partition_read(call, call.uuid("user_id"), READ)
    running = runtime.current()
    said = coach(running, partition, track=call.query.track_slug, now=call.now)
    if running.reworder is not None:
        said = worded(running, running.pseudonyms, running.reworder, partition, said, now=call.now)
    return coaching_view(said)


@api.get(
    "v1/recipes/profiler-recommendations",
    query=LearnerQuery,
    answer=RecipesForProfile,
    errors=(Missing, Conflict),
)
def recipes_for_profile(call: Call[LearnerQuery, None]) -> RecipesForProfile:
    """List the recipes that close the gaps which the profiler found, at most ten.

    By the sizes of the gaps, how a recipe is for them (by its skills, or by its meaning), its
    level and track; then by use and rating. 409 before the profiler is completed.
    """
    partition = partition_read(call, call.query.user, READ)
    result, gaps, found = recipes_for(runtime.stores(), partition, now=call.now)
    return RecipesForProfile(
        session_id=result.session_id,
        track=result.track,
        gaps=[gap_view(each) for each in gaps],
        items=[recommended(each) for each in found],
    )


@api.get("v1/recipes", query=RecipeQuery, answer=RecipePage)
def recipes_list(call: Call[RecipeQuery, None]) -> RecipePage:
    """List recipes by slug, narrowed down by skill, track and level.

    Admins also list those that were taken out of use.
    """
    asked = call.query
    if not asked.active and "tenant" not in call.reach:
        raise Forbidden("recipes out of use are for admins")
    after = asked.continuation or ""
    found = [
        each
        for each in recipes.all_recipes(runtime.stores(), call.principal.tenant_id)
        if each.slug > after and _is_asked_for(each, asked)
    ]
    page = found[: asked.limit]
    return RecipePage(
        items=[recipe_view(each) for each in page],
        continuation=page[-1].slug if len(found) > len(page) else None,
    )


@api.post("v1/recipes", body=RecipeBody, answer=RecipeView, status=201, errors=(Exists, Conflict))
def recipes_add(call: Call[None, RecipeBody]) -> Reply:
    """Add a recipe of your tenant's own."""
    running = runtime.current()
    status, body = recipes.add(
        running,
        running.pseudonyms,
        call.principal,
        call.body.slug,
        call.body.content(),
        shown=lambda recipe: recipe_view(recipe).model_dump(mode="json"),
        idempotency=call.idempotency,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/recipes/by-slug/{slug}", answer=RecipeView, errors=(Missing,))
def recipes_read(call: Call[None, None]) -> Reply:
    """Read a recipe. Its `ETag` says which version it is, once your tenant has touched it."""
    found, etag = recipes.read(runtime.stores(), call.principal.tenant_id, _slug(call))
    if not found.is_active and "tenant" not in call.reach:
        raise Missing("there is no recipe with this slug")
    return _reply(found, etag)


@api.put("v1/recipes/by-slug/{slug}", body=RecipeFields, answer=RecipeView, errors=(Missing, Stale))
def recipes_write(call: Call[None, RecipeFields]) -> Reply:
    """Write what a recipe says anew; one of the seed catalogue is your tenant's from then on.

    Uses and ratings stay. With `If-Match` 412 says that it was written since.
    """
    content = call.body.content()
    return _changed(call, "recipe.change", {"content": content})


@api.patch(
    "v1/recipes/by-slug/{slug}", body=RecipeState, answer=RecipeView, errors=(Missing, Stale)
)
def recipes_activate(call: Call[None, RecipeState]) -> Reply:
    """Take a recipe out of use, or bring it back. What learners said of it stays."""
    active = call.body.is_active
    return _changed(
        call, "recipe.activate" if active else "recipe.deactivate", {"is_active": active}
    )


@api.delete("v1/recipes/by-slug/{slug}", answer=RecipeView, errors=(Missing,))
def recipes_remove(call: Call[None, None]) -> Reply:
    """Take a recipe out of use. It can be brought back; what learners said of it stays."""
    return _changed(call, "recipe.deactivate", {"is_active": False})


@api.put("v1/recipes/by-slug/{slug}/use", body=UseBody, answer=UseView, errors=(Missing, Conflict))
def recipes_use(call: Call[None, UseBody]) -> UseView:
    """Say that you have used a recipe, and what you think of it.

    It counts once for each learner; another rating takes the former one's place.
    """
    running = runtime.current()
    return use_view(
        recipes.use(
            running,
            running.pseudonyms,
            call.principal,
            _slug(call),
            call.body.rating,
            now=call.now,
        )
    )


def _changed(call: Call[Any, Any], action: str, changes: dict[str, Any]) -> Reply:
    running = runtime.current()
    found, etag = recipes.change(
        running,
        running.pseudonyms,
        call.principal,
        _slug(call),
        lambda record: record.model_copy(update=changes),
        action=action,
        if_match=call.if_match,
        now=call.now,
    )
    return _reply(found, etag)


def _slug(call: Call[Any, Any]) -> str:
    """The slug that a call names. Raises ``Missing`` for what cannot be one."""
    slug = call.path["slug"]
    if len(slug) > MOST_SLUG or not re.fullmatch(SLUG, slug):
        raise Missing("there is no recipe with this slug")
    return slug


def _reply(recipe: Recipe, etag: str | None) -> Reply:
    return Reply(recipe_view(recipe), headers=etag_header(etag) if etag else {})


def _is_asked_for(recipe: Recipe, asked: RecipeQuery) -> bool:
    content = recipe.content
    return (
        recipe.is_active == asked.active
        and asked.skill in (None, *content.skill_codes)
        and asked.track in (None, *content.tracks)
        and asked.level in (None, content.level)
    )
