"""Tokens of an external OpenID provider, with its keys read from a real server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt.api_jwk
import jwt.jwk_set_cache
import jwt.jwks_client
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from shared.auth import Principal, Tokens
from shared.errors import Unauthenticated, Unavailable
from tests.kernel.tokens import ISSUER, NOW, Provider, claims, running, settings, signed


@pytest.fixture(scope="module")
def keys() -> Provider:
    """A provider that only lends its keys: making one takes a while."""
    lender = Provider()
    lender.add("first")
    lender.add("second")
    return lender


@pytest.fixture
def provider(keys: Provider) -> Iterator[Provider]:
    """A running provider with the key ``first``."""
    fresh = Provider()
    fresh.keys = {"first": keys.keys["first"]}
    with running(fresh):
        yield fresh


ANNA = str(uuid5(uuid5(NAMESPACE_URL, ISSUER), "anna"))


class Moments:
    """A clock for the library's caches."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    """The clock that the key cache goes by."""
    fake = Moments()
    for module in (jwt.api_jwk, jwt.jwk_set_cache, jwt.jwks_client):
        monkeypatch.setattr(module, "time", fake)
    return fake


def test_the_providers_token_holds(provider: Provider) -> None:
    """A token signed with a key the provider shows is verified, and the keys are kept."""
    tokens = Tokens(provider.settings())
    for _ in range(3):
        assert tokens.verify(provider.token("first"), now=NOW) == Principal(
            ANNA, "acme", frozenset({"recruiter"})
        )
    assert provider.requests == 1


def test_claims_are_read_under_their_configured_names(provider: Provider) -> None:
    """Tenant and roles come from the claims that the settings name, and from no others."""
    configured = provider.settings().model_copy(
        update={"oidc_tenant_claim": "org", "oidc_roles_claim": "groups"}
    )
    tokens = Tokens(configured)
    token = provider.token("first", org="corp", groups=["mentor"])
    assert tokens.verify(token, now=NOW) == Principal(ANNA, "corp", frozenset({"mentor"}))
    with pytest.raises(Unauthenticated):
        tokens.verify(provider.token("first"), now=NOW)


def test_our_own_tokens_hold_beside_it(provider: Provider) -> None:
    """With a provider configured our own tokens are verified as before, without its keys."""
    assert Tokens(provider.settings()).verify(signed(), now=NOW).user_id == "anna"
    assert provider.requests == 0


@pytest.mark.parametrize("aud", ["waymark", "another", ["another"]])
def test_a_token_for_another_audience_is_refused(provider: Provider, aud: object) -> None:
    """The provider's tokens for other services are not for us."""
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(provider.token("first", aud=aud), now=NOW)


def test_an_unknown_key_is_refused(provider: Provider) -> None:
    """A token that names a key the provider does not show does not hold."""
    stranger = generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(provider.token("other", key=stranger), now=NOW)


def test_a_foreign_key_under_a_known_name_is_refused(provider: Provider, keys: Provider) -> None:
    """Naming a key does not help whoever has not got it."""
    token = provider.token("first", key=keys.keys["second"])
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(token, now=NOW)


def test_the_public_key_as_a_secret_is_refused(provider: Provider) -> None:
    """A token signed symmetrically with the public key's text is refused: the algorithm
    follows from the issuer, not from the token."""

    def part(raw: bytes) -> bytes:
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    header = part(json.dumps({"alg": "HS256", "kid": "first"}).encode())
    body = part(json.dumps(claims(iss=ISSUER, aud="waymark-api")).encode())
    digest = hmac.new(provider.public_pem("first"), header + b"." + body, hashlib.sha256).digest()
    token = b".".join((header, body, part(digest))).decode()
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(token, now=NOW)


def test_our_key_does_not_sign_for_the_provider(provider: Provider) -> None:
    """A token under the provider's issuer that our own key signed does not hold."""
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(signed(iss=ISSUER, aud="waymark-api"), now=NOW)


def test_the_providers_key_does_not_sign_for_us(provider: Provider) -> None:
    """A token under our own issuer that the provider's key signed does not hold."""
    token = provider.token("first", iss="waymark", aud="waymark")
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(token, now=NOW)


def test_without_a_provider_its_tokens_are_refused(provider: Provider) -> None:
    """A house without a provider configured takes no foreign token, and asks nobody."""
    with pytest.raises(Unauthenticated):
        Tokens(settings()).verify(provider.token("first"), now=NOW)
    assert provider.requests == 0


def test_a_key_server_that_is_down_is_unavailable(keys: Provider) -> None:
    """While the keys cannot be read, the caller is told to come back, not to sign in."""
    gone = Provider()
    gone.keys = keys.keys
    with running(gone):
        down = gone.settings()
    with pytest.raises(Unavailable):
        Tokens(down).verify(gone.token("first"), now=NOW)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b"{}"),
        (302, b""),
        (200, b""),
        (200, b"<html>sign in</html>"),
        (200, b"\xff\xfe"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "what"}]}'),
    ],
)
def test_a_key_server_that_answers_nonsense_is_unavailable(
    provider: Provider, status: int, answer: bytes
) -> None:
    """An answer that holds no keys is the provider's failure, not the caller's or ours."""
    provider.status, provider.answer = status, answer
    with pytest.raises(Unavailable):
        Tokens(provider.settings()).verify(provider.token("first"), now=NOW)


def test_an_outage_is_over_when_the_server_is_back(provider: Provider) -> None:
    """A failure to read the keys is not remembered."""
    tokens = Tokens(provider.settings())
    provider.status = 503
    with pytest.raises(Unavailable):
        tokens.verify(provider.token("first"), now=NOW)
    provider.status = 200
    assert tokens.verify(provider.token("first"), now=NOW).user_id == ANNA


def test_a_rotated_key_is_found(provider: Provider, keys: Provider, moments: Moments) -> None:
    """A token signed with a key that the provider added later holds a little later."""
    tokens = Tokens(provider.settings())
    tokens.verify(provider.token("first"), now=NOW)
    provider.keys["second"] = keys.keys["second"]
    moments.seconds += 60
    assert tokens.verify(provider.token("second"), now=NOW).user_id == ANNA


def test_a_withdrawn_key_stops_holding(
    provider: Provider, keys: Provider, moments: Moments
) -> None:
    """A key that the provider no longer shows is forgotten when the cached set runs out."""
    tokens = Tokens(provider.settings())
    token = provider.token("first")
    tokens.verify(token, now=NOW)
    provider.keys = {"second": keys.keys["second"]}
    moments.seconds += 601
    with pytest.raises(Unauthenticated):
        tokens.verify(token, now=NOW)


def test_unknown_keys_do_not_hammer_the_provider(
    provider: Provider, keys: Provider, moments: Moments
) -> None:
    """However many tokens name unknown keys, the provider is asked only now and then."""
    tokens = Tokens(provider.settings())
    tokens.verify(provider.token("first"), now=NOW)
    for number in range(20):
        with pytest.raises(Unauthenticated):
            tokens.verify(provider.token(f"k{number}", key=keys.keys["second"]), now=NOW)
    assert provider.requests == 1


def test_the_providers_people_are_not_ours(provider: Provider) -> None:
    """Somebody who is called there as one of ours is here is another person, and so is their
    namesake at another provider; whatever they are called, the id is one that we can keep."""
    tokens = Tokens(provider.settings())
    ours = tokens.verify(signed(), now=NOW).user_id
    theirs = tokens.verify(provider.token("first"), now=NOW).user_id
    elsewhere = provider.settings().model_copy(update={"oidc_issuer": "https://b.example.org"})
    namesake = provider.token("first", iss="https://b.example.org")
    others = Tokens(elsewhere).verify(namesake, now=NOW).user_id
    odd = tokens.verify(provider.token("first", sub="a/b\\c?#\x00" + "x" * 300), now=NOW).user_id
    assert len({ours, theirs, others, odd}) == 4
    assert [str(UUID(each)) for each in (theirs, others, odd)] == [theirs, others, odd]


@pytest.mark.parametrize("tenant", ["platform", "", "Acme", "acme/x", "a" * 64, "-a", "é", " acme"])
def test_a_provider_names_only_customers(provider: Provider, tenant: str) -> None:
    """A tenant that is no code, or our own, is never taken from outside."""
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(provider.token("first", tenant=tenant), now=NOW)


def test_a_provider_makes_no_operators(provider: Provider) -> None:
    """The role that reaches across tenants is ours to give; other roles are the provider's."""
    token = provider.token("first", roles=["operator", "admin"])
    assert Tokens(provider.settings()).verify(token, now=NOW).roles == {"admin"}


def test_half_a_character_is_nobody(provider: Provider) -> None:
    """A subject that is no text is refused, never our defect."""
    with pytest.raises(Unauthenticated):
        Tokens(provider.settings()).verify(provider.token("first", sub="\ud800"), now=NOW)


def test_a_silent_key_server_is_not_waited_for_long(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys are asked for with a bound well below what a caller waits."""
    bounds: list[float] = []
    opened = urllib.request.OpenerDirector.open

    def noting(self: Any, request: Any, data: Any = None, timeout: Any = None) -> Any:
        bounds.append(timeout)
        return opened(self, request, data, timeout)

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", noting)
    Tokens(provider.settings()).verify(provider.token("first"), now=NOW)
    assert bounds == [5]
