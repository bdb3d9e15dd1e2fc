"""Who is calling: tokens verified and issued.

Our own tokens are HS256 with the key of the settings; a second key may be accepted beside it,
while one takes the place of the other. Tokens of an external
OpenID provider are RS256, verified with the keys at its JWKS address. Which of
the two a token is follows from its issuer, and the algorithm from that alone.

People of the external provider are other people than ours, whatever they are called
there: their id is made of issuer and subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid4, uuid5

import jwt

from shared.errors import Unauthenticated, Unavailable
from shared.models.roles import ROLES, Role
from shared.models.tenant import PLATFORM, is_tenant_code
from shared.settings import Settings

MAX_CLAIM_CHARACTERS = 254
LEEWAY = timedelta(seconds=30)
ACCESS_LIFETIME = timedelta(minutes=15)
Use = Literal["refresh", "invitation", "download"]
ACCESS = "access"
"""The ``use`` of our tokens that open routes; tokens of another use never do."""
_PLATFORM_ALONE = frozenset({"operator"})
"""Roles that reach every tenant: they hold in our own tokens of the platform alone."""


@dataclass(frozen=True)
class Principal:
    """A caller whose token held: the person, their tenant, what they may be.

    ``external`` is somebody of the external provider; ``name`` and ``email`` are what it says
    of them, the address only where it has verified it.
    """

    user_id: str
    tenant_id: str
    roles: frozenset[str]
    external: bool = field(default=False, compare=False)
    name: str | None = field(default=None, compare=False, repr=False)
    email: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Ticket:
    """What a token of ours says that does not open routes: to refresh, to accept an invitation, or
    to read one file.

    ``subject`` is what it is for within the tenant, ``ticket_id`` tells it from others for it.
    """

    tenant_id: str
    subject: str
    ticket_id: str


class Tokens:
    """Issues our tokens and verifies ours and the external provider's."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def issue(
        self,
        *,
        user_id: str,
        tenant_id: str,
        roles: Iterable[Role],
        now: datetime,
        lifetime: timedelta = ACCESS_LIFETIME,
    ) -> str:
        """Return a signed access token that holds from ``now`` for ``lifetime``."""
        ticket = Ticket(tenant_id, user_id, str(uuid4()))
        return self._signed(ticket, ACCESS, now, lifetime, roles=sorted(roles))

    def issue_ticket(self, ticket: Ticket, *, use: Use, now: datetime, lifetime: timedelta) -> str:
        """Return a signed token of a use other than access, which opens no route."""
        return self._signed(ticket, use, now, lifetime)

    def read_ticket(self, token: str, *, use: Use, now: datetime) -> Ticket:
        """Return what a token of this use says. Raises ``Unauthenticated`` unless it holds."""
        try:
            claims = self._own_claims(token)
        except jwt.PyJWTError as error:
            raise Unauthenticated("the token does not hold; sign in again") from error
        _check_times(claims, now)
        found = Ticket(*(claims.get(name) for name in ("tenant", "sub", "jti")))  # type: ignore[arg-type]  # checked below
        if claims.get("use") != use or not all(
            isinstance(value, str) and value for value in vars(found).values()
        ):
            raise Unauthenticated(f"the token is not for this: {use}")
        return found

    def _signed(
        self, ticket: Ticket, use: str, now: datetime, lifetime: timedelta, **more: Any
    ) -> str:
        claims = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "sub": ticket.subject,
            "tenant": ticket.tenant_id,
            "use": use,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "jti": ticket.ticket_id,
            **more,
        }
        return jwt.encode(claims, self._settings.token_key.get_secret_value(), algorithm="HS256")

    def verify(self, token: str, *, now: datetime) -> Principal:
        """Return who a token speaks for.

        Raises ``Unauthenticated`` when anything about it does not hold, and
        ``Unavailable`` when the external provider's keys cannot be had.
        """
        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
            if self._settings.oidc_issuer is not None and issuer == self._settings.oidc_issuer:
                return self._external(token, issuer, now)
            return self._own(token, now)
        except jwt.PyJWTError as error:
            raise Unauthenticated("the token does not hold; sign in again") from error

    def _own(self, token: str, now: datetime) -> Principal:
        claims = self._own_claims(token)
        _check_times(claims, now)
        if claims.get("use") != ACCESS:
            raise Unauthenticated("the token is not for access; refresh it or sign in again")
        principal = _principal(claims, "tenant", "roles")
        if principal.tenant_id == PLATFORM:
            return principal
        _check_tenant(principal)
        return replace(principal, roles=principal.roles - _PLATFORM_ALONE)

    def _own_claims(self, token: str) -> Mapping[str, Any]:
        """What a token says that our key signed, or the other key that is accepted."""
        settings = self._settings
        expected = ("HS256", settings.token_audience, settings.token_issuer)
        try:
            return self._decode(token, settings.token_key.get_secret_value(), *expected)
        except jwt.InvalidSignatureError:
            if settings.token_key_accepted is None:
                raise
            return self._decode(token, settings.token_key_accepted.get_secret_value(), *expected)

    def _external(self, token: str, issuer: str, now: datetime) -> Principal:
        settings = self._settings
        key = self._external_key(token)
        claims = self._decode(token, key, "RS256", settings.oidc_audience, issuer)
        _check_times(claims, now)
        principal = _principal(claims, settings.oidc_tenant_claim, settings.oidc_roles_claim)
        _check_tenant(principal)
        try:
            user_id = str(uuid5(uuid5(NAMESPACE_URL, issuer), principal.user_id))
        except UnicodeEncodeError:
            raise Unauthenticated("the token names no person or no tenant") from None
        verified = claims.get("email_verified") is True
        return Principal(
            user_id,
            principal.tenant_id,
            principal.roles - _PLATFORM_ALONE,
            external=True,
            name=_short_text(claims.get("name")),
            email=_short_text(claims.get("email")) if verified else None,
        )

    @staticmethod
    def _decode(
        token: str, key: Any, algorithm: str, audience: str | None, issuer: str
    ) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            options={
                "require": ["exp", "iat", "sub", "aud", "iss"],
                # times are held against the caller's clock, below
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        return claims

    def _external_key(self, token: str) -> Any:
        try:
            return self._external_keys.get_signing_key_from_jwt(token).key
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, ValueError, OSError) as error:
            raise Unavailable("the identity provider's keys cannot be read; try again") from error

    @cached_property
    def _external_keys(self) -> jwt.PyJWKClient:
        # Single keys are not cached: one that the provider withdrew would hold for ever.
        return jwt.PyJWKClient(
            self._settings.oidc_jwks_url or "", cache_keys=False, lifespan=600, timeout=5
        )


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if any(
        isinstance(value, bool) or not isinstance(value, int | float) for value in times.values()
    ):
        raise Unauthenticated("the token does not hold; sign in again")
    if times["exp"] + leeway <= moment:
        raise Unauthenticated("the token has expired; refresh it or sign in again")
    if max(times["iat"], times.get("nbf", 0)) - leeway > moment:
        raise Unauthenticated("the token does not hold yet; check the clock that issued it")


def _principal(claims: Mapping[str, Any], tenant_claim: str, roles_claim: str) -> Principal:
    user, tenant, roles = claims["sub"], claims.get(tenant_claim), claims.get(roles_claim)
    if not (isinstance(user, str) and user and isinstance(tenant, str) and tenant):
        raise Unauthenticated("the token names no person or no tenant")
    if not isinstance(roles, list):
        raise Unauthenticated("the token names no roles")
    return Principal(user, tenant, frozenset(r for r in roles if isinstance(r, str) and r in ROLES))


def _short_text(value: object) -> str | None:
    """A claim that is text of a sane length, None for anything else."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > MAX_CLAIM_CHARACTERS:
        return None
    return value.strip() or None


def _check_tenant(principal: Principal) -> None:
    if not is_tenant_code(principal.tenant_id):
        raise Unauthenticated("the token names no person or no tenant")
