"""Tokens that open no route: each is for one use, and says what it was issued with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth import LEEWAY, Ticket, Tokens, Use
from shared.errors import Unauthenticated
from tests.kernel.tokens import KEY, NOW, SECONDS, settings, signed

TICKET = Ticket("acme", "anna", "family/token")
DAY = timedelta(days=1)
USES: list[Use] = ["refresh", "invitation"]
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@pytest.fixture
def tokens() -> Tokens:
    """The tokens of a house without an external provider."""
    return Tokens(settings())


@given(names, names, names, st.sampled_from(USES))
def test_a_ticket_says_what_it_was_issued_with(
    tenant: str, subject: str, ticket_id: str, use: Use
) -> None:
    """Tenant, subject and id come back as they were, whatever they are made of."""
    tokens, ticket = Tokens(settings()), Ticket(tenant, subject, ticket_id)
    token = tokens.issue_ticket(ticket, use=use, now=NOW, lifetime=DAY)
    assert tokens.read_ticket(token, use=use, now=NOW) == ticket


@pytest.mark.parametrize("use", USES)
def test_a_ticket_is_for_one_use(tokens: Tokens, use: Use) -> None:
    """A ticket is none of another use, and opens no route."""
    token = tokens.issue_ticket(TICKET, use=use, now=NOW, lifetime=DAY)
    (other,) = [each for each in USES if each != use]
    with pytest.raises(Unauthenticated, match=other):
        tokens.read_ticket(token, use=other, now=NOW)
    with pytest.raises(Unauthenticated, match="not for access"):
        tokens.verify(token, now=NOW)


@pytest.mark.parametrize("use", USES)
def test_an_access_token_is_no_ticket(tokens: Tokens, use: Use) -> None:
    """What opens routes neither refreshes nor invites."""
    token = tokens.issue(user_id="anna", tenant_id="acme", roles=["admin"], now=NOW)
    with pytest.raises(Unauthenticated):
        tokens.read_ticket(token, use=use, now=NOW)


@pytest.mark.parametrize(
    ("after", "holds"),
    [
        (DAY + LEEWAY - timedelta(seconds=1), True),
        (DAY + LEEWAY, False),
        (-LEEWAY, True),
        (-LEEWAY - timedelta(seconds=1), False),
    ],
)
def test_a_ticket_holds_from_its_issue_to_its_end(
    tokens: Tokens, after: timedelta, holds: bool
) -> None:
    """Times are held against the caller's clock, with half a minute of leeway at each end."""
    token = tokens.issue_ticket(TICKET, use="refresh", now=NOW, lifetime=DAY)
    if holds:
        assert tokens.read_ticket(token, use="refresh", now=NOW + after) == TICKET
        return
    with pytest.raises(Unauthenticated):
        tokens.read_ticket(token, use="refresh", now=NOW + after)


def ticket_claims(**more: Any) -> dict[str, Any]:
    return {"use": "refresh", "jti": "family/token", "roles": None} | more


@pytest.mark.parametrize(
    "changes",
    [
        {"use": None},
        {"use": ["refresh"]},
        {"use": "Refresh"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"sub": ""},
        {"tenant": None},
        {"tenant": ["acme"]},
        {"iss": "somebody"},
        {"aud": "another"},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": None},
        {"exp": SECONDS - 31},
        {"nbf": SECONDS + 60},
    ],
)
def test_a_ticket_that_lacks_anything_does_not_hold(
    tokens: Tokens, changes: dict[str, Any]
) -> None:
    """Each claim has to be there and to be right, though the signature holds."""
    assert tokens.read_ticket(signed(**ticket_claims()), use="refresh", now=NOW)
    with pytest.raises(Unauthenticated):
        tokens.read_ticket(signed(**ticket_claims(**changes)), use="refresh", now=NOW)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é", "\x00", "x" * 5000])
def test_what_is_no_token_does_not_hold(tokens: Tokens, token: str) -> None:
    """No text breaks the reading."""
    with pytest.raises(Unauthenticated):
        tokens.read_ticket(token, use="refresh", now=NOW)


def test_a_forged_ticket_does_not_hold(tokens: Tokens) -> None:
    """Neither another key, nor no algorithm, nor another one, nor a changed payload."""
    good = tokens.issue_ticket(TICKET, use="refresh", now=NOW, lifetime=DAY)
    claims = jwt.decode(good, options={"verify_signature": False})
    head, _, signature = good.split(".")
    other = tokens.issue_ticket(Ticket("acme", "eve", "x"), use="refresh", now=NOW, lifetime=DAY)
    forged = [
        jwt.encode(claims, KEY + "x", algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, KEY * 2, algorithm="HS512"),
        jwt.encode(claims, KEY + KEY[:21], algorithm="HS512"),
        f"{head}.{other.split('.')[1]}.{signature}",
        good[:-2],
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            tokens.read_ticket(token, use="refresh", now=NOW)
