"""Tokens that must open nothing, each wrong in one way alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jwt

from shared.models.roles import ROLES
from tests.access.world import Person, World
from tests.kernel.tokens import claims


def claimed(world: World, person: Person, **more: Any) -> dict[str, Any]:
    """Sound claims of somebody who has every role there is; those given as None are left out."""
    now = int(world.now.timestamp())
    sound: dict[str, Any] = {
        "sub": person.user_id,
        "tenant": person.tenant,
        "roles": list(ROLES),
        "iat": now,
        "exp": now + 600,
    }
    return claims(**(sound | more))


def signed(world: World, content: Mapping[str, Any], *, key: str | None = None) -> str:
    """A token with these claims, signed with the host's key or another one."""
    right = world.host.settings.token_key.get_secret_value()
    return jwt.encode(dict(content), key or right, algorithm="HS256")


def _with(**more: Any) -> Callable[[World, Person], str]:
    return lambda world, person: signed(world, claimed(world, person, **more))


def _expired(world: World, person: Person) -> str:
    now = int(world.now.timestamp())
    return signed(world, claimed(world, person, iat=now - 1000, exp=now - 100))


def _not_yet(world: World, person: Person) -> str:
    now = int(world.now.timestamp())
    return signed(world, claimed(world, person, iat=now + 1000, exp=now + 2000))


def _unsigned(world: World, person: Person) -> str:
    return jwt.encode(claimed(world, person), "", algorithm="none")


def _wrong_key(world: World, person: Person) -> str:
    return signed(world, claimed(world, person), key="a key that somebody guessed, 32 characters")


def _no_signature(world: World, person: Person) -> str:
    return signed(world, claimed(world, person)).rpartition(".")[0] + "."


def _other_claims(world: World, person: Person) -> str:
    """The signature of one token under the claims of another."""
    header, _, signature = signed(world, claimed(world, person, roles=["learner"])).split(".")
    return ".".join((header, signed(world, claimed(world, person)).split(".")[1], signature))


FORGERIES: Mapping[str, Callable[[World, Person], str]] = {
    "none": lambda world, person: "",
    "expired": _expired,
    "not_yet": _not_yet,
    "alg_none": _unsigned,
    "wrong_key": _wrong_key,
    "no_signature": _no_signature,
    "other_claims": _other_claims,
    "wrong_audience": _with(aud="another-api"),
    "wrong_issuer": _with(iss="https://login.example.org/"),
    "refresh": _with(use="refresh"),
    "invitation": _with(use="invitation"),
    "no_use": _with(use=None),
    "no_expiry": _with(exp=None),
    "no_tenant": _with(tenant=None),
    "no_words": lambda world, person: "not-a-token",
}
