"""Webhooks of the channels: what providers and gateways tell. Signatures are checked first."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field

from functions.intake_upload.routes import api
from functions.intake_upload.rules import signatures, telegram, whatsapp
from functions.intake_upload.service import deliveries, uploads
from shared import runtime, telemetry
from shared.errors import Forbidden, Invalid, Missing, Unauthenticated
from shared.http.api import Reply
from shared.http.call import Call, Query
from shared.models.examples import INTAKE, example

_JSON = ("application/json",)
_NOT_SIGNED = "the signature does not hold"


class VerificationQuery(Query):
    """What Meta asks when a webhook is set."""

    mode: str = Field(alias="hub.mode", max_length=100, description="`subscribe`")
    verify_token: str = Field(
        alias="hub.verify_token", max_length=400, description="The token that was agreed on"
    )
    challenge: str = Field(
        alias="hub.challenge", max_length=400, pattern=r"^[\w.-]+$", description="What to answer"
    )


class WebhookAnswer(BaseModel):
    """How many messages of a webhook's call were new."""

    model_config = example(messages=1)

    messages: int


class MailAnswer(BaseModel):
    """Where to follow a posted e-mail."""

    model_config = example(intake_id=INTAKE)

    intake_id: str


@api.get(
    "v1/channels/whatsapp",
    query=VerificationQuery,
    answer="text/plain",
    errors=(Missing, Forbidden),
)
def whatsapp_verify(call: Call[VerificationQuery, None]) -> Reply:
    """Answer the challenge with which WhatsApp verifies the webhook."""
    expected = runtime.current().settings.whatsapp_verify_token
    if expected is None:
        raise Missing("WhatsApp is not configured here")
    holds = signatures.token_holds(expected.get_secret_value(), call.query.verify_token)
    if call.query.mode != "subscribe" or not holds:
        raise Forbidden("the verification token does not hold")
    return Reply(call.query.challenge.encode())


@api.post(
    "v1/channels/whatsapp",
    answer=WebhookAnswer,
    raw=True,
    media_types=_JSON,
    idempotent=False,
    errors=(Missing, Unauthenticated),
)
def whatsapp_receive(call: Call[None, None]) -> WebhookAnswer:
    """Take messages that WhatsApp tells of: each file in them becomes an intake.

    Signed by Meta with `X-Hub-Signature-256`. A message that is told again is passed over, and so
    is one to a number that belongs to no tenant.
    """
    settings = runtime.current().settings
    if settings.whatsapp_app_secret is None:
        raise Missing("WhatsApp is not configured here")
    secret = settings.whatsapp_app_secret.get_secret_value()
    if not signatures.whatsapp_holds(secret, call.content, call.headers.get("x-hub-signature-256")):
        raise Unauthenticated(_NOT_SIGNED)
    numbers = settings.whatsapp_numbers or {}
    found = list(whatsapp.messages_of(_parsed(call.content)))
    ours = [(numbers[each.account], each) for each in found if each.account in numbers]
    if len(ours) < len(found):
        telemetry.log("delivery.to_nobody", channel="whatsapp", messages=len(found) - len(ours))
    return WebhookAnswer(messages=deliveries.note(runtime.stores(), ours, now=call.now))


@api.post(
    "v1/channels/telegram/{tenant_id}",
    answer=WebhookAnswer,
    raw=True,
    media_types=_JSON,
    idempotent=False,
    errors=(Missing, Unauthenticated),
)
def telegram_receive(call: Call[None, None]) -> WebhookAnswer:
    """Take a message to a tenant's bot that Telegram tells of: its file becomes an intake.

    Telegram sends the secret that the webhook was set with as `X-Telegram-Bot-Api-Secret-Token`. An
    update that is told again is passed over.
    """
    tenant_id = call.path["tenant_id"]
    bot = (runtime.current().settings.telegram_bots or {}).get(tenant_id)
    secret = bot.secret.get_secret_value() if bot else ""
    if not signatures.token_holds(secret, call.headers.get("x-telegram-bot-api-secret-token")):
        raise Unauthenticated(_NOT_SIGNED)
    message = telegram.message_of(tenant_id, _parsed(call.content))
    ours = [(tenant_id, message)] if message else []
    return WebhookAnswer(messages=deliveries.note(runtime.stores(), ours, now=call.now))


@api.post(
    "v1/channels/email",
    answer=MailAnswer,
    status=202,
    raw=True,
    media_types=("message/rfc822",),
    max_bytes=uploads.MOST_MAIL_BYTES,
    idempotent=False,
    errors=(Missing, Unauthenticated),
)
def mail_receive(call: Call[None, None]) -> MailAnswer:
    """Take an e-mail that a mail gateway posts as it came: each attachment becomes an intake.

    The gateway names the inbox as `X-Waymark-Recipient`, the moment as `X-Waymark-Timestamp`
    (seconds since 1970) and signs both with the message as `X-Waymark-Signature`:
    `sha256=` and the HMAC-SHA256 of timestamp, recipient and the message's SHA-256 in hexadecimal,
    each on a line of its own. The same message again is the same intake.
    """
    settings = runtime.current().settings
    if settings.mail_secret is None:
        raise Missing("no mail gateway is configured here")
    recipient = call.headers.get("x-waymark-recipient")
    if not signatures.mail_holds(
        settings.mail_secret.get_secret_value(),
        timestamp=call.headers.get("x-waymark-timestamp"),
        recipient=recipient,
        body=call.content,
        header=call.headers.get("x-waymark-signature"),
        now=call.now,
    ):
        raise Unauthenticated(_NOT_SIGNED)
    inboxes = {name.casefold(): code for name, code in (settings.mail_inboxes or {}).items()}
    inbox = (recipient or "").strip().casefold()
    if inbox not in inboxes:
        raise Missing("there is no such inbox here")
    record = uploads.take_mail(
        runtime.stores(), inboxes[inbox], call.content, recipient=inbox, now=call.now
    )
    return MailAnswer(intake_id=record.intake_id)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Invalid("the body is not JSON") from None
