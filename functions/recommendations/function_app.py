"""Triggers of recommendations: what the flow hears, and the routes."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import uuid4

import azure.functions as func

from functions.recommendations.encoding import Encoder, MiniLmEncoder
from functions.recommendations.forms import (
    ContentPage,
    ContentQuery,
    ContentView,
    EngagementBody,
    EngagementView,
    RecommendBody,
    RecommendView,
    RemovedView,
    SearchQuery,
    SearchView,
    StoreBody,
    StoreView,
    content_view,
    engagement_view,
    recommend_view,
    search_view,
    store_view,
)
from functions.recommendations.service import content, engagement, recipes, searching
from functions.recommendations.service.recommending import recommend
from shared import runtime
from shared.bus_trigger import deliver
from shared.errors import Conflict, Missing, Unavailable
from shared.http.api import Api
from shared.http.call import Call
from shared.http.subject import partition_read

READ = "recommendations.read"

blueprint = func.Blueprint()
api = Api("recommendations", "Content by meaning: stored, searched, recommended", blueprint)


@cache
def _encoder() -> Encoder:
    return MiniLmEncoder()


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="profiler",
    subscription_name="recommendations",
    connection="ServiceBus",
)
def recommendations_hear_profiler(message: func.ServiceBusMessage) -> None:
    """A learner's profile changed: what was recommended from the former one ends."""
    _hear(message, "profiler/recommendations")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="journeys",
    subscription_name="recommendations",
    connection="ServiceBus",
)
def recommendations_hear_journeys(message: func.ServiceBusMessage) -> None:
    """A learner has learned something: what follows from how they stood ends."""
    _hear(message, "journeys/recommendations")


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="recipes",
    subscription_name="recommendations",
    connection="ServiceBus",
)
def recommendations_hear_recipes(message: func.ServiceBusMessage) -> None:
    """A recipe was written, or used by a learner."""
    running = runtime.current()
    deliver(
        message,
        entity="recipes/recommendations",
        handle=lambda event: (
            recipes.follow(running, _encoder(), event, now=runtime.now())
            if event.type == "waymark.recipe.written.v1"
            else engagement.hear(running, running.pseudonyms, event, now=runtime.now())
        ),
    )


@api.post("v1/embeddings/store", body=StoreBody, answer=StoreView, idempotent=False,
          errors=(Unavailable,))  # fmt: skip
def embeddings_store(call: Call[None, StoreBody]) -> StoreView:
    """Store items of content with their vectors, up to 100 at a time.

    An item that is there is written anew; a text that did not change keeps its vector, and an item
    that says the same stays as it is. 503 where no text encoder is installed.
    """
    running = runtime.current()
    stored = content.store(
        running,
        running.pseudonyms,
        _encoder(),
        call.principal,
        [each.model_dump() for each in call.body.items],
        now=call.now,
    )
    return store_view(stored, model=_encoder().model, dimension=_encoder().dimension)


@api.get("v1/content", query=ContentQuery, answer=ContentPage)
def content_list(call: Call[ContentQuery, None]) -> ContentPage:
    """List your tenant's own content that is in use, by id."""
    asked = call.query
    items, continuation = content.listed(
        runtime.stores(),
        call.principal.tenant_id,
        content_type=asked.content_type,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return ContentPage(items=[content_view(each) for each in items], continuation=continuation)


@api.get("v1/content/search", query=SearchQuery, answer=SearchView)
def content_search(call: Call[SearchQuery, None]) -> SearchView:
    """Search content and recipes by words and by meaning together, the best hits first."""
    asked = call.query
    _keep_seed(call)
    return search_view(
        searching.search(
            runtime.stores(),
            _encoder(),
            call.principal.tenant_id,
            asked.q,
            content_type=asked.content_type,
            language=asked.language,
            limit=asked.limit,
        )
    )


@api.get("v1/content/of-type/{content_type}/{content_id}", answer=ContentView, errors=(Missing,))
def content_read(call: Call[None, None]) -> ContentView:
    """Read an item of content."""
    tenant_id = call.principal.tenant_id
    return content_view(content.read(runtime.stores(), tenant_id, *_key(call)))


@api.delete("v1/content/of-type/{content_type}/{content_id}", answer=RemovedView, errors=(Missing,))
def content_remove(call: Call[None, None]) -> RemovedView:
    """Remove an item of your tenant's with its vector."""
    running = runtime.current()
    content_type, content_id = _key(call)
    content.remove(
        running, running.pseudonyms, call.principal, content_type, content_id, now=call.now
    )
    return RemovedView(content_type=content_type, content_id=content_id)


@api.post(
    "v1/recommendations",
    body=RecommendBody,
    answer=RecommendView,
    status=200,
    idempotent=False,
    errors=(Missing, Conflict, Unavailable),
)
def recommendations_make(call: Call[None, RecommendBody]) -> RecommendView:
    """Read what to learn next, each with its reasons: from what was completed, the track, the gaps.

    A list is kept for an hour while nothing changes. One that the learner asks for themselves
    counts as shown. 503 where nothing is stored and no text encoder is installed.
    """
    asked = call.body
    partition = partition_read(call, asked.user_id, READ)
    missing = _keep_seed(call)
    running = runtime.current()
    served = recommend(
        running,
        running.pseudonyms,
        partition,
        recommendation_id=str(uuid4()),
        content_type=asked.content_type,
        language=asked.language,
        limit=asked.limit,
        is_shown=partition[1] == call.principal.user_id,
        now=call.now,
    )
    if missing is not None and not served.made.items:
        raise missing
    return recommend_view(served)


@api.post(
    "v1/recommendations/engagements",
    body=EngagementBody,
    answer=EngagementView,
    status=200,
    idempotent=False,
    errors=(Missing, Conflict),
)
def recommendations_engage(call: Call[None, EngagementBody]) -> EngagementView:
    """Say that you clicked an item, that you do not want it, or that you want it after all.

    What was completed is told by `v1/progress`. Said again nothing changes.
    """
    running = runtime.current()
    asked = call.body
    return engagement_view(
        engagement.act(
            running,
            running.pseudonyms,
            call.principal,
            asked.content_type,
            asked.content_id,
            asked.action,
            recommendation_id=asked.recommendation_id,
            now=call.now,
        )
    )


def _hear(message: func.ServiceBusMessage, entity: str) -> None:
    running = runtime.current()
    deliver(
        message,
        entity=entity,
        handle=lambda event: engagement.hear(running, running.pseudonyms, event, now=runtime.now()),
    )


def _keep_seed(call: Call[Any, Any]) -> Unavailable | None:
    """See to the recipes' vectors. Without an encoder, what is stored is all there is; returns
    why."""
    try:
        recipes.keep_seed(runtime.stores(), _encoder(), now=call.now)
    except Unavailable as error:
        return error
    return None


def _key(call: Call[Any, Any]) -> tuple[str, str]:
    return call.path["content_type"], call.path["content_id"]
