"""Routes of tokens: signing in, refreshing, signing out."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from functions.accounts.routes import blueprint
from functions.accounts.routes.forms import PersonView, means, person_view
from functions.accounts.service import sign_in
from functions.accounts.service.sign_in import TokenPair
from shared.errors import Forbidden, Throttled, Unauthenticated
from shared.http.api import Api
from shared.http.call import Body, Call

api = Api("tokens", "Signing in and out", blueprint)


class Credentials(Body):
    """Who signs in."""

    tenant: str = Field(max_length=63, description="The tenant's code", examples=["demo"])
    email: str = Field(max_length=254, examples=["maya@example.org"])
    password: str = Field(max_length=128, examples=["four words nobody guesses"])


class RefreshToken(Body):
    """A refresh token."""

    refresh_token: str = Field(max_length=4096, examples=["eyJhbGciOiJIUzI1NiIs…"])


class SignOut(RefreshToken):
    """Which sign-in ends."""

    everywhere: bool = Field(default=False, description="Every sign-in of the person ends")


class SignedIn(BaseModel):
    """Tokens, and whose they are. Keep the refresh token as safe as a password."""

    access_token: str = Field(examples=["eyJhbGciOiJIUzI1NiIs…"])
    refresh_token: str = Field(examples=["eyJhbGciOiJIUzI1NiIs…"])
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  a name
    expires_in: int = Field(description="Seconds that the access token holds", examples=[900])
    refresh_expires_in: int = Field(
        description="Seconds that the refresh token holds", examples=[2592000]
    )
    user: PersonView


def signed_in(pair: TokenPair) -> SignedIn:
    """Tokens as they are answered."""
    return SignedIn(
        access_token=pair.access,
        refresh_token=pair.refresh,
        expires_in=int(pair.access_lifetime.total_seconds()),
        refresh_expires_in=int(pair.refresh_lifetime.total_seconds()),
        user=person_view(pair.account),
    )


@api.post(
    "v1/token",
    body=Credentials,
    answer=SignedIn,
    idempotent=False,
    errors=(Unauthenticated, Forbidden, Throttled),
)
def token_issue(call: Call[None, Credentials]) -> SignedIn:
    """Sign in by address and password.

    The answer is the same, and takes as long, whether the address is not known or the
    password wrong. After five failures of an account within an hour each further try has
    to wait, at most a quarter of an hour; so it is after a hundred from one network address.
    """
    body = call.body
    pair = sign_in.sign_in(
        means(),
        body.tenant,
        body.email,
        body.password,
        client=call.client_address,
        now=call.now,
    )
    return signed_in(pair)


@api.post("v1/token/refresh", body=RefreshToken, answer=SignedIn, errors=(Unauthenticated,))
def token_refresh(call: Call[None, RefreshToken]) -> SignedIn:
    """Get new tokens for a refresh token, which is used up by that.

    One that comes a second time ends its sign-in, for somebody has a copy; but with the
    Idempotency-Key of the first time it is taken as a repeat, whose answer was lost.
    """
    pair = sign_in.refresh(
        means(), call.body.refresh_token, idempotency=call.idempotency, now=call.now
    )
    return signed_in(pair)


@api.post("v1/token/revoke", body=SignOut, answer=None, idempotent=False)
def token_revoke(call: Call[None, SignOut]) -> None:
    """Sign out: end the sign-in of a refresh token, or all of the person's.

    A token that does not hold ends nothing, and is no error.
    """
    sign_in.revoke(means(), call.body.refresh_token, everywhere=call.body.everywhere, now=call.now)
