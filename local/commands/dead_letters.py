"""List, show, send again or drop messages that could not be handled.

An entity is a queue (intake_parse) or a subscription (intake/candidates). Redriving is
harmless where the message was handled meanwhile: its receipt says so, for 30 days.
"""

from __future__ import annotations

import argparse
import json
import sys

from shared import dead_letters, runtime
from shared.bus.port import DeadLetter
from shared.stores import Stores

MAKES_HOME = False
_MOST = 100_000
_COLUMNS = "{:>8}  {:<32} {:<44} {:<20} {}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take ``list``, ``show``, ``redrive`` and ``drop``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="count them by entity, or list one entity's")
    listing.add_argument("entity", nargs="?", help="a queue, or topic/subscription")
    listing.add_argument("--type", help="only of this event type")
    showing = actions.add_parser("show", help="print one, with its event and why it is here")
    showing.add_argument("entity")
    showing.add_argument("number", type=int)
    for action, what in (
        ("redrive", "send back where they came from"),
        ("drop", "remove for good"),
    ):
        each = actions.add_parser(action, help=what)
        each.add_argument("entity")
        each.add_argument("numbers", nargs="*", type=int, metavar="number")
        each.add_argument("--all", action="store_true", help="every one of the entity's")
        each.add_argument("--type", help="with --all: only of this event type")
        each.add_argument(
            "--even-old", action="store_true", help="a subscription's, also older than 30 days"
        )


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 0 when it was done, 1 when some were not found, 2 for a wrong call."""
    stores = runtime.stores()
    if arguments.action == "list":
        _list(stores, arguments.entity, arguments.type)
        return 0
    if arguments.action == "show":
        print(
            _shown(
                dead_letters.read(
                    stores,
                    runtime.current().pseudonyms,
                    None,
                    arguments.entity,
                    arguments.number,
                    now=runtime.now(),
                )
            )
        )
        return 0
    if bool(arguments.numbers) == arguments.all or (arguments.type and not arguments.all):
        print("waymark: give numbers, or --all (with --type for one event type)", file=sys.stderr)
        return 2
    return _act(stores, arguments)


def _list(stores: Stores, entity: str | None, event_type: str | None) -> None:
    if entity is None and event_type is None:
        _count(stores)
        return
    continuation = None
    print(_COLUMNS.format("number", "entity", "event type", "enqueued", "why"))
    while True:
        page = dead_letters.listed(
            stores, entity=entity, event_type=event_type, continuation=continuation
        )
        for each in page.items:
            since = each.enqueued_at.strftime("%Y-%m-%d %H:%M:%S")
            print(
                _COLUMNS.format(
                    each.sequence_number, each.entity, each.subject, since, each.description
                )
            )
        continuation = page.continuation
        if continuation is None:
            return


def _count(stores: Stores) -> None:
    backlogs = dead_letters.backlogs(stores)
    if not backlogs:
        print("No dead letters.")
    for each in backlogs:
        oldest = each.oldest_at.strftime("%Y-%m-%d %H:%M:%S")
        more = "+" if each.is_more else ""
        print(f"{each.entity}: {each.count}{more}, the oldest of {oldest} UTC")
        for event_type, count in each.by_type.items():
            print(f"  {count:>6}  {event_type}")


def _shown(letter: DeadLetter) -> str:
    event = dead_letters.event_in(letter)
    told = {
        "entity": letter.entity,
        "number": letter.sequence_number,
        "message_id": letter.message_id,
        "event_type": letter.subject,
        "reason": letter.reason,
        "description": letter.description,
        "deliveries": letter.delivery_count,
        "enqueued_at": letter.enqueued_at.isoformat(),
        "event": event.model_dump(mode="json", exclude_none=True) if event else None,
    }
    if event is None:
        told["body"] = letter.body.decode(errors="replace")
    return json.dumps(told, indent=2, ensure_ascii=False)


def _act(stores: Stores, arguments: argparse.Namespace) -> int:
    asked, found = dead_letters.act(
        stores,
        runtime.current().pseudonyms,
        None,
        arguments.action,
        arguments.entity,
        None if arguments.all else arguments.numbers,
        event_type=arguments.type,
        even_old=arguments.even_old,
        most=_MOST,
        now=runtime.now(),
    )
    print(f"{found} {'sent again' if arguments.action == 'redrive' else 'dropped'}")
    if found < asked:
        print(f"{asked - found} were not there", file=sys.stderr)
        return 1
    return 0
