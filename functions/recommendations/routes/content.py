"""Routes of content: stored, listed, searched, removed."""

from __future__ import annotations

from typing import Any

from functions.recommendations.routes import api, keep_seed
from functions.recommendations.routes.content_forms import (
    ContentPage,
    ContentQuery,
    ContentView,
    RemovedView,
    SearchQuery,
    SearchView,
    StoreBody,
    StoreView,
    content_view,
    search_view,
    store_view,
)
from functions.recommendations.service import content, searching
from shared import runtime
from shared.errors import Conflict, Missing, Unavailable
from shared.http.call import Call


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
        runtime.current().encoder,
        call.principal,
        [each.model_dump() for each in call.body.items],
        now=call.now,
    )
    return store_view(
        stored, model=runtime.current().encoder.model, dimension=runtime.current().encoder.dimension
    )


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
    keep_seed(call)
    return search_view(
        searching.search(
            runtime.stores(),
            runtime.current().encoder,
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


@api.delete(
    "v1/content/of-type/{content_type}/{content_id}", answer=RemovedView, errors=(Missing, Conflict)
)
def content_remove(call: Call[None, None]) -> RemovedView:
    """Remove an item of your tenant's with its vector. Recipes are taken out of use instead."""
    running = runtime.current()
    content_type, content_id = _key(call)
    content.remove(
        running, running.pseudonyms, call.principal, content_type, content_id, now=call.now
    )
    return RemovedView(content_type=content_type, content_id=content_id)


def _key(call: Call[Any, Any]) -> tuple[str, str]:
    return call.path["content_type"], call.path["content_id"]
