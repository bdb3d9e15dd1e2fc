"""Triggers of portfolios: what the flow hears, and the routes."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import azure.functions as func

from functions.portfolio.forms import (
    FeedbackBody,
    FeedbackList,
    FeedbackView,
    FileLinkView,
    FileQuery,
    ItemBody,
    ItemChanges,
    ItemPage,
    ItemQuery,
    ItemView,
    feedback_view,
    file_view,
    item_view,
)
from functions.portfolio.rules.documents import Feedback, Item
from functions.portfolio.rules.evidence import MEDIA_TYPES, MOST_BYTES
from functions.portfolio.service import feedback as feedback_service
from functions.portfolio.service import files, items
from shared import runtime
from shared.auth import Principal
from shared.bus_trigger import deliver
from shared.errors import Conflict, Missing, Stale, Unsupported
from shared.http.api import Api, Reply
from shared.http.call import Call, etag_header
from shared.http.subject import note_read, partition_read
from shared.people import read_account

READ = "portfolio.read"

blueprint = func.Blueprint()
api = Api("portfolio", "What learners show of themselves, and what mentors say of it", blueprint)


@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="profiler",
    subscription_name="portfolio",
    connection="ServiceBus",
)
def portfolio_statement(message: func.ServiceBusMessage) -> None:
    """The profiler was completed: its value statement becomes an item."""
    running = runtime.current()
    deliver(
        message,
        entity="profiler/portfolio",
        handle=lambda event: items.add_statement(
            running,
            running.pseudonyms,
            event,
            reworder=running.reworder,
            now=runtime.now(),
        ),
    )


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="portfolio", connection="ServiceBus"
)
def portfolio_clear(message: func.ServiceBusMessage) -> None:
    """An item or a file was removed: its files are to go."""
    deliver(
        message,
        entity="portfolio",
        handle=lambda event: files.clear(runtime.stores(), event),
    )


@api.get("v1/portfolio/items", query=ItemQuery, answer=ItemPage, errors=(Missing,))
def portfolio_list(call: Call[ItemQuery, None]) -> ItemPage:
    """List the items of a portfolio, newest first: your own, or those of somebody whom you reach
    that are open to you."""
    asked, stores = call.query, runtime.stores()
    partition = partition_read(call, asked.user, READ)
    found, continuation = items.listed(
        stores,
        partition,
        least=items.least_openness(stores, call.principal, call.reach, partition[1]),
        item_type=asked.type,
        limit=asked.limit,
        continuation=asked.continuation,
    )
    return ItemPage(items=[item_view(each) for each in found], continuation=continuation)


@api.post("v1/portfolio/items", body=ItemBody, answer=ItemView, status=201, errors=(Conflict,))
def portfolio_add(call: Call[None, ItemBody]) -> Reply:
    """Add an item to your portfolio. It has up to 500."""
    running, key = runtime.current(), call.idempotency
    status, body = items.add(
        running,
        running.pseudonyms,
        call.principal,
        key.new_id("item") if key else str(uuid4()),
        call.body.model_dump(mode="json"),
        shown=_shown,
        idempotency=key,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/portfolio/items/{item_id}", answer=ItemView, errors=(Missing,))
def portfolio_read(call: Call[None, None]) -> Reply:
    """Read an item. Its `ETag` says which version it is."""
    item, etag = _found(call)
    return Reply(item_view(item), headers=etag_header(etag))


@api.patch(
    "v1/portfolio/items/{item_id}",
    body=ItemChanges,
    answer=ItemView,
    errors=(Missing, Stale),
)
def portfolio_update(call: Call[None, ItemChanges]) -> Reply:
    """Change an item of yours. Send the `ETag` that you read as `If-Match`: 412 says that it was
    written since."""
    item, etag = items.change(
        runtime.stores(),
        call.principal,
        _item_id(call),
        call.body.model_dump(mode="json", exclude_unset=True),
        if_match=call.if_match,
        now=call.now,
    )
    return Reply(item_view(item), headers=etag_header(etag))


@api.delete("v1/portfolio/items/{item_id}", errors=(Missing, Stale))
def portfolio_remove(call: Call[None, None]) -> None:
    """Remove an item of yours, with its files and what was said of it. This cannot be undone."""
    items.remove(
        runtime.stores(), call.principal, _item_id(call), if_match=call.if_match, now=call.now
    )


@api.post(
    "v1/portfolio/items/{item_id}/files",
    query=FileQuery,
    answer=ItemView,
    status=201,
    raw=True,
    media_types=MEDIA_TYPES,
    max_bytes=MOST_BYTES,
    errors=(Missing, Conflict, Unsupported),
)
def portfolio_file_add(call: Call[FileQuery, None]) -> Reply:
    """Add a file to an item of yours: up to ten, of 10 MiB each.

    Send its bytes as the body. What it is is told by its content; 415 where that is none of the
    types, or not the type that was sent. Sent again with its `Idempotency-Key` it is added once.
    """
    key = call.idempotency
    item, etag = files.add(
        runtime.stores(),
        call.principal,
        _item_id(call),
        call.content,
        file_id=key.new_id("file") if key else str(uuid4()),
        filename=call.query.filename,
        declared=(call.headers.get("content-type") or "").partition(";")[0].strip().lower(),
        now=call.now,
    )
    return Reply(item_view(item), headers=etag_header(etag))


@api.get("v1/portfolio/items/{item_id}/files/{file_id}", answer=FileLinkView, errors=(Missing,))
def portfolio_file_read(call: Call[None, None]) -> FileLinkView:
    """Get a link to a file of an item. It holds for 15 minutes."""
    item, _ = _found(call)
    file, url = files.link(runtime.stores(), item, call.uuid("file_id"), now=call.now)
    return FileLinkView(file=file_view(file), url=url)


@api.delete("v1/portfolio/items/{item_id}/files/{file_id}", errors=(Missing,))
def portfolio_file_remove(call: Call[None, None]) -> None:
    """Take a file off an item of yours."""
    files.remove(
        runtime.stores(), call.principal, _item_id(call), call.uuid("file_id"), now=call.now
    )


@api.post(
    "v1/portfolio/items/{item_id}/feedback",
    body=FeedbackBody,
    answer=FeedbackView,
    status=201,
    errors=(Missing, Conflict),
)
def portfolio_feedback_give(call: Call[None, FeedbackBody]) -> Reply:
    """Say something of a learner's item that is open to you. The learner is told."""
    running, key = runtime.current(), call.idempotency
    item, _ = _found(call)
    name = _name(call.principal.tenant_id, call.principal.user_id)

    def shown(given: Feedback) -> dict[str, Any]:
        return feedback_view(given, by=name, mine=True).model_dump(mode="json")

    status, body = feedback_service.give(
        running,
        running.pseudonyms,
        call.principal,
        item,
        key.new_id("feedback") if key else str(uuid4()),
        call.body.text,
        shown=shown,
        idempotency=key,
        now=call.now,
    )
    return Reply(body, status=status)


@api.get("v1/portfolio/items/{item_id}/feedback", answer=FeedbackList, errors=(Missing,))
def portfolio_feedback_list(call: Call[None, None]) -> FeedbackList:
    """Read what was said of an item, the latest first."""
    item, _ = _found(call)
    given = feedback_service.listed(runtime.stores(), item)
    names = {user: _name(item.tenant_id, user) for user in {each.by_user for each in given}}
    return FeedbackList(items=[_of_reader(each, names, call.principal) for each in given])


@api.delete("v1/portfolio/items/{item_id}/feedback/{feedback_id}", errors=(Missing,))
def portfolio_feedback_withdraw(call: Call[None, None]) -> None:
    """Take back what you said of an item; as an admin what anybody said."""
    running = runtime.current()
    item, _ = _found(call)
    feedback_service.withdraw(
        running,
        running.pseudonyms,
        call.principal,
        item,
        call.uuid("feedback_id"),
        now=call.now,
    )


def _found(call: Call[Any, Any]) -> tuple[Item, str]:
    """The item that a call names, its reading by somebody else written down."""
    found = items.find(runtime.stores(), call.principal, call.reach, _item_id(call))
    note_read(call, found[0].user_id, READ)
    return found


def _item_id(call: Call[Any, Any]) -> str:
    """The id of the item that a call names. Raises ``Missing`` for what cannot be one."""
    try:
        return call.uuid("item_id")
    except Missing:
        raise items.missing() from None


def _shown(item: Item) -> dict[str, Any]:
    return item_view(item).model_dump(mode="json")


def _of_reader(given: Feedback, names: dict[str, str | None], reader: Principal) -> FeedbackView:
    return feedback_view(given, by=names[given.by_user], mine=given.by_user == reader.user_id)


def _name(tenant_id: str, user_id: str) -> str | None:
    try:
        return read_account(runtime.stores(), tenant_id, user_id)[0].display_name
    except Missing:
        return None
