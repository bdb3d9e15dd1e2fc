"""What both chat providers keep, over their own protocols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from shared.channels.port import Messenger
from shared.channels.provider import is_below
from shared.channels.telegram import Telegram
from shared.channels.whatsapp import WhatsApp
from shared.errors import Missing, Rejected, Throttled, TooLarge, Unavailable
from tests.peers.chat import BOT_TOKEN, NUMBER, WHATSAPP_TOKEN, ChatPeer, chat_providers

MOST = 1000


@dataclass
class Provider:
    """One adapter, the account it is asked for, and the peer behind it."""

    messenger: Messenger
    wrong: Messenger
    """The same with a token that does not hold."""
    account: str
    peer: ChatPeer


@pytest.fixture(params=["whatsapp", "telegram"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with chat_providers() as peer:
        if request.param == "whatsapp":
            made = WhatsApp(peer.whatsapp_url, WHATSAPP_TOKEN), WhatsApp(peer.whatsapp_url, "other")
            yield Provider(*made, NUMBER, peer)
        else:
            tokens = {"acme": BOT_TOKEN}
            bots = Telegram(peer.url, tokens), Telegram(peer.url, {"acme": "1:other"})
            yield Provider(*bots, "acme", peer)


def fetched(provider: Provider, media_id: str = "m1") -> bytes:
    return provider.messenger.fetch(provider.account, media_id, most_bytes=MOST)


def test_a_file_is_fetched_whole(provider: Provider) -> None:
    provider.peer.media["m1"] = bytes(range(256)) * 3
    assert fetched(provider) == bytes(range(256)) * 3


def test_a_file_of_just_the_limit_is_fetched_and_no_larger(provider: Provider) -> None:
    provider.peer.media["m1"] = b"x" * MOST
    assert len(fetched(provider)) == MOST
    provider.peer.media["m1"] = b"x" * (MOST + 1)
    with pytest.raises(TooLarge):
        fetched(provider)


def test_a_file_that_is_gone_is_missing(provider: Provider) -> None:
    with pytest.raises(Missing):
        fetched(provider, "m2")


def test_a_file_that_breaks_off_is_no_file(provider: Provider) -> None:
    provider.peer.media["m1"] = b"x" * 900
    provider.peer.cuts_media = True
    with pytest.raises(Unavailable):
        fetched(provider)


@pytest.mark.parametrize("status", [0, 401, 403, 408, 500, 503])
def test_a_provider_that_is_away_is_asked_later(provider: Provider, status: int) -> None:
    provider.peer.media["m1"] = b"x"
    provider.peer.failures = [(status, {})]
    with pytest.raises(Unavailable):
        fetched(provider)


def test_a_provider_says_how_long_to_wait(provider: Provider) -> None:
    provider.peer.failures = [(429, {"Retry-After": "17"}), (429, {"Retry-After": "soon"})]
    with pytest.raises(Throttled) as told:
        fetched(provider)
    assert told.value.retry_after == 17
    with pytest.raises(Throttled) as untold:
        provider.messenger.send(provider.account, "8734", "hello")
    assert untold.value.retry_after == 30


def test_a_text_is_sent_as_an_answer(provider: Provider) -> None:
    provider.messenger.send(provider.account, "8734", "Grüß Gott", reply_to="77")
    (sent,) = provider.peer.sent
    assert (sent.to, sent.text, sent.reply_to) == ("8734", "Grüß Gott", "77")


def test_a_text_is_cut_at_what_a_message_holds(provider: Provider) -> None:
    provider.messenger.send(provider.account, "8734", "x" * 5000)
    assert len(provider.peer.sent[0].text) == 4096


def test_who_blocked_us_is_not_tried_again(provider: Provider) -> None:
    provider.peer.blocked = {"8734"}
    with pytest.raises(Rejected):
        provider.messenger.send(provider.account, "8734", "hello")


def test_a_wrong_token_is_an_operators_to_mend(provider: Provider) -> None:
    provider.peer.media["m1"] = b"x"
    with pytest.raises(Unavailable):
        provider.wrong.fetch(provider.account, "m1", most_bytes=MOST)
    with pytest.raises(Unavailable):
        provider.wrong.send(provider.account, "8734", "hello")


def test_a_redirect_is_not_followed(provider: Provider) -> None:
    provider.peer.media["m1"] = b"x"
    provider.peer.failures = [(302, {"Location": f"{provider.peer.url}/elsewhere"})]
    with pytest.raises((Rejected, Missing)):
        fetched(provider)
    assert len(provider.peer.requests) == 1


def test_no_error_tells_the_token(provider: Provider) -> None:
    provider.peer.failures = [(500, {}), (0, {})]
    for _ in range(2):
        with pytest.raises(Unavailable) as told:
            fetched(provider)
        assert BOT_TOKEN not in repr(told.value)
    assert WHATSAPP_TOKEN not in repr(provider.messenger)
    assert BOT_TOKEN not in repr(provider.messenger)


def test_the_token_goes_to_no_other_host() -> None:
    """WhatsApp names the address of a file, and is not believed."""
    with chat_providers() as peer, chat_providers() as other:
        peer.media["m1"] = other.media["m1"] = b"x"
        peer.elsewhere = f"{other.url}/media/m1"
        with pytest.raises(Unavailable):
            WhatsApp(peer.whatsapp_url, WHATSAPP_TOKEN).fetch(NUMBER, "m1", most_bytes=MOST)
        assert not other.requests


@pytest.mark.parametrize(
    ("url", "holds"),
    [
        ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", True),
        ("https://fbsbx.com/x", True),
        ("http://lookaside.fbsbx.com/x", False),
        ("https://fbsbx.com.evil.example/x", False),
        ("https://evilfbsbx.com/x", False),
        ("https://user@evil.example/fbsbx.com", False),
        ("https://graph.facebook.com:443@evil.example/x", False),
        ("https://[x/", False),
        ("https://evil.example\\.facebook.com/x", False),
        ("https://a@lookaside.fbsbx.com/x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_addresses_of_the_provider_are_asked(url: str, holds: bool) -> None:
    assert is_below(url, "https://graph.facebook.com/v23.0", "fbsbx.com") is holds
