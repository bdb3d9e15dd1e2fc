"""Messages from chat channels: noted when the provider tells, fetched from it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from functions.intake_upload.rules.deliveries import (
    CONTAINER,
    DELIVERY_ID,
    Delivery,
    Why,
    answer_to,
    delivery_of,
)
from functions.intake_upload.rules.messages import Message
from shared import telemetry
from shared.channels.port import Messenger
from shared.documents.port import Create, Replace
from shared.errors import Missing, Rejected, TooLarge, Unavailable
from shared.events.delivery import DeliveryReceived
from shared.events.envelope import Event, read_data
from shared.intake_arrivals import Arrival, take_in
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models.intake import Origin
from shared.stores import Stores

HANDLER = "intake_upload"
MOST_BYTES = 10 * 1024 * 1024

Messengers = Mapping[str, Messenger]


def note(stores: Stores, messages: Iterable[tuple[str, Message]], *, now: datetime) -> int:
    """Note messages, each with the tenant it was sent to; returns how many were new.

    A message that was noted before is passed over. What is noted is fetched afterwards, for a
    provider waits for its answer only seconds.
    """
    new = 0
    for tenant_id, message in messages:
        delivery = delivery_of(tenant_id, message, now=now)

        def decide(delivery: Delivery = delivery) -> Decision:
            if stores.documents.get(CONTAINER, delivery.partition, DELIVERY_ID) is not None:
                return Decision()
            told = DeliveryReceived(delivery_id=delivery.delivery_id)
            return Decision([Create(delivery.stored())], [told])

        outcome = announce_once(
            stores,
            source=HANDLER,
            container=CONTAINER,
            partition=delivery.partition,
            decide=decide,
            now=now,
        )
        new += outcome == "done"
    return new


def fetch(stores: Stores, messengers: Messengers, event: Event, *, now: datetime) -> Outcome:
    """Fetch a message's files, take them in, and answer the sender, once.

    A crash in between fetches them again, and finds those taken in that were: the sender may be
    answered twice, never not at all. Raises ``Unavailable`` and ``Throttled`` when the provider is
    away.
    """
    data = read_data(event, DeliveryReceived)

    def decide() -> Decision:
        delivery, etag = _read(stores, event.tenantid, data.delivery_id)
        messenger = _messenger(messengers, delivery)
        arrived: list[str] = []
        refused: list[tuple[str, Why]] = []
        origin = Origin(
            account=delivery.account, sender=delivery.sender, message_id=delivery.message_id
        )
        for file in delivery.files:
            if (file.size or 0) > MOST_BYTES:
                refused.append((file.filename, "too_large"))
                continue
            try:
                content = messenger.fetch(delivery.account, file.media_id, most_bytes=MOST_BYTES)
            except (Missing, Rejected):
                refused.append((file.filename, "gone"))
                continue
            except TooLarge:
                refused.append((file.filename, "too_large"))
                continue
            arrival = Arrival(event.tenantid, delivery.channel, file.filename, content, origin)
            take_in(stores, arrival, now=delivery.received_at)
            arrived.append(file.filename)
        text = answer_to(arrived, refused, most_mib=MOST_BYTES // 1024**2)
        _answer(messenger, delivery, text)
        return Decision([Replace(delivery.settled().stored(), etag)])

    return handle_once(
        stores,
        event,
        handler=HANDLER,
        container=CONTAINER,
        partition=(event.tenantid, data.delivery_id),
        decide=decide,
        now=now,
    )


def _read(stores: Stores, tenant_id: str, delivery_id: str) -> tuple[Delivery, str]:
    stored = stores.documents.get(CONTAINER, (tenant_id, delivery_id), DELIVERY_ID)
    if stored is None:
        raise Rejected("the message is no longer known")
    delivery = Delivery.of(stored.body)
    if delivery.state != "pending":
        raise Rejected(f"superseded: the message is {delivery.state}")
    return delivery, stored.etag


def _messenger(messengers: Messengers, delivery: Delivery) -> Messenger:
    try:
        return messengers[delivery.channel]
    except KeyError:
        # an operator may have taken the channel out of the settings for a while
        raise Unavailable(f"{delivery.channel} is not configured") from None


def _answer(messenger: Messenger, delivery: Delivery, text: str) -> None:
    try:
        messenger.send(delivery.account, delivery.sender, text, reply_to=delivery.message_id)
    except (Rejected, Missing) as error:
        # who blocked us is not told; their files are here all the same
        telemetry.log("delivery.not_answered", channel=delivery.channel, error=type(error).__name__)
