"""Our own tokens: issued, verified, and every way in which one does not hold."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from shared.auth import LEEWAY, Principal, Ticket, Tokens
from shared.errors import Unauthenticated
from tests.kernel.tokens import KEY, NOW, SECONDS, claims, settings, signed


@pytest.fixture
def tokens() -> Tokens:
    """The tokens of a house without an external provider."""
    return Tokens(settings())


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_an_issued_token_holds(tokens: Tokens) -> None:
    """What is issued is verified as who it was issued for."""
    token = tokens.issue(user_id="anna", tenant_id="acme", roles=["admin", "recruiter"], now=NOW)
    assert tokens.verify(token, now=NOW) == Principal(
        "anna", "acme", frozenset({"admin", "recruiter"})
    )


def test_two_tokens_of_one_moment_differ(tokens: Tokens) -> None:
    """Each token has an id of its own."""
    first, second = (
        tokens.issue(user_id="anna", tenant_id="acme", roles=[], now=NOW) for _ in range(2)
    )
    assert first != second


@pytest.mark.parametrize(
    ("after", "holds"),
    [
        (timedelta(minutes=15), True),
        (timedelta(minutes=15) + LEEWAY - timedelta(seconds=1), True),
        (timedelta(minutes=15) + LEEWAY, False),
        (-LEEWAY, True),
        (-LEEWAY - timedelta(seconds=1), False),
    ],
)
def test_a_token_holds_from_its_issue_to_its_end(
    tokens: Tokens, after: timedelta, holds: bool
) -> None:
    """Times are held against the caller's clock, with half a minute of leeway at each end."""
    token = tokens.issue(user_id="anna", tenant_id="acme", roles=[], now=NOW)
    if holds:
        assert tokens.verify(token, now=NOW + after).user_id == "anna"
    else:
        with pytest.raises(Unauthenticated):
            tokens.verify(token, now=NOW + after)


def test_a_sound_token_made_by_hand_holds(tokens: Tokens) -> None:
    """The claims of the refusals below hold before each of them changes one."""
    assert tokens.verify(signed(), now=NOW) == Principal("anna", "acme", frozenset({"recruiter"}))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"iss": "another"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"tenant": None},
        {"tenant": ""},
        {"tenant": ["acme"]},
        {"tenant": 7},
        {"tenant": "Acme"},
        {"tenant": "acme/x"},
        {"tenant": "acme\n"},
        {"use": None},
        {"use": "refresh"},
        {"use": ["access"]},
        {"roles": None},
        {"roles": "admin"},
        {"roles": {"admin": True}},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"iat": None},
        {"iat": str(SECONDS)},
        {"nbf": SECONDS + 600},
        {"nbf": "now"},
    ],
)
def test_a_wrong_or_missing_claim_is_refused(tokens: Tokens, change: dict[str, Any]) -> None:
    """A token that is signed by us but lacks a claim or has it wrong does not hold."""
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(**change), now=NOW)


def test_our_own_operators_are_of_the_platform(tokens: Tokens) -> None:
    """The operators' tenant is no customer's code, and our own tokens may name it."""
    token = tokens.issue(user_id="ops", tenant_id="platform", roles=["operator"], now=NOW)
    assert tokens.verify(token, now=NOW) == Principal("ops", "platform", frozenset({"operator"}))


def test_nobody_is_an_operator_of_a_customer(tokens: Tokens) -> None:
    """The role that reaches across tenants counts in tokens of the platform alone."""
    token = signed(tenant="acme", roles=["operator", "admin"])
    assert tokens.verify(token, now=NOW).roles == {"admin"}


def test_unknown_and_odd_roles_are_dropped(tokens: Tokens) -> None:
    """Only roles that we know count, whatever else stands in the list."""
    token = signed(roles=["mentor", "root", 7, None, ["admin"], {"admin": 1}])
    assert tokens.verify(token, now=NOW).roles == {"mentor"}


def test_another_key_is_refused(tokens: Tokens) -> None:
    """A token signed with another key does not hold."""
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(key="x" * 40), now=NOW)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused(tokens: Tokens, algorithm: str) -> None:
    """The algorithm is ours to choose, also with the right key."""
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(key=KEY * 2, algorithm=algorithm), now=NOW)


@pytest.mark.parametrize("name", ["none", "None", "NONE"])
def test_an_unsigned_token_is_refused(tokens: Tokens, name: str) -> None:
    """A token that says it needs no signature does not hold."""
    token = f"{part({'alg': name, 'typ': 'JWT'})}.{part(claims())}."
    with pytest.raises(Unauthenticated):
        tokens.verify(token, now=NOW)


def test_changed_claims_are_refused(tokens: Tokens) -> None:
    """Claims under another token's signature do not hold."""
    header, _, signature = signed().split(".")
    with pytest.raises(Unauthenticated):
        tokens.verify(f"{header}.{part(claims(roles=['admin']))}.{signature}", now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d",
        "é.ü.ß",
        f"{part({'alg': 'HS256'})}.{part([])}.x",
        f"{part({'alg': 'HS256'})}.{part(b'[' * 50_000)}.x",
        f"{part(b'[' * 50_000)}.{part({})}.x",
        f"{part({'alg': ['HS256']})}.{part(claims())}.x",
        f"{part({'alg': 'HS256', 'crit': ['x']})}.{part(claims())}.x",
        f"{part({'alg': 'HS256', 'kid': 7})}.{part(claims())}.x",
    ],
)
def test_what_is_no_token_is_refused(tokens: Tokens, token: str) -> None:
    """Anything that is no token is refused as one that does not hold, never as our defect."""
    with pytest.raises(Unauthenticated):
        tokens.verify(token, now=NOW)


def test_the_tenant_comes_from_its_claim_alone() -> None:
    """Neither another claim nor the header of a token can name the tenant."""
    token = jwt.encode(
        claims(tenant=None, tid="acme", tenant_id="acme"), KEY, headers={"tenant": "acme"}
    )
    with pytest.raises(Unauthenticated):
        Tokens(settings()).verify(token, now=NOW)


def test_a_refusal_quotes_nothing_of_the_token(tokens: Tokens) -> None:
    """What a caller is told of a bad token holds nothing that stood in it."""
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(signed(sub="anna@example.org", aud="another"), now=NOW)
    assert "anna" not in refused.value.detail
    assert "another" not in refused.value.detail


NEW_KEY = "the key that takes its place, as long as the other"


def test_two_keys_are_accepted_while_one_takes_the_place_of_the_other() -> None:
    """Before, between and after: what either of the two keys signed holds in each app."""
    before = Tokens(settings(WAYMARK_TOKEN_KEY_ACCEPTED=NEW_KEY))
    after = Tokens(settings(WAYMARK_TOKEN_KEY=NEW_KEY, WAYMARK_TOKEN_KEY_ACCEPTED=KEY))
    for signer in (before, after):
        access = signer.issue(user_id="anna", tenant_id="acme", roles=["learner"], now=NOW)
        ticket = Ticket("acme", "anna", "family/token")
        refresh = signer.issue_ticket(ticket, use="refresh", now=NOW, lifetime=timedelta(days=1))
        for reader in (before, after):
            assert reader.verify(access, now=NOW).user_id == "anna"
            assert reader.read_ticket(refresh, use="refresh", now=NOW) == ticket


def test_the_second_key_signs_nothing() -> None:
    """Tokens of a house that accepts a second key are signed with the first."""
    token = Tokens(settings(WAYMARK_TOKEN_KEY_ACCEPTED=NEW_KEY)).issue(
        user_id="anna", tenant_id="acme", roles=["learner"], now=NOW
    )
    assert Tokens(settings()).verify(token, now=NOW).user_id == "anna"
    with pytest.raises(Unauthenticated):
        Tokens(settings(WAYMARK_TOKEN_KEY=NEW_KEY)).verify(token, now=NOW)


def test_a_key_that_went_opens_nothing() -> None:
    """When the second key is no longer accepted, what it signed has ended; nor holds a third."""
    old = signed(KEY)
    with pytest.raises(Unauthenticated):
        Tokens(settings(WAYMARK_TOKEN_KEY=NEW_KEY)).verify(old, now=NOW)
    with pytest.raises(Unauthenticated):
        Tokens(settings(WAYMARK_TOKEN_KEY_ACCEPTED=NEW_KEY)).verify(signed(NEW_KEY + "!"), now=NOW)


def test_the_second_key_holds_no_token_of_another_use_or_time() -> None:
    """Audience, issuer, times and use are checked as with the first."""
    tokens = Tokens(settings(WAYMARK_TOKEN_KEY=NEW_KEY, WAYMARK_TOKEN_KEY_ACCEPTED=KEY))
    wrong: list[dict[str, Any]] = [
        {"exp": SECONDS - 600}, {"aud": "another"}, {"iss": "another"}, {"use": "refresh"},
    ]  # fmt: skip
    assert tokens.verify(signed(KEY), now=NOW).user_id == "anna"
    for each in wrong:
        with pytest.raises(Unauthenticated):
            tokens.verify(signed(KEY, **each), now=NOW)
