"""Hashes passwords (Argon2id, RFC 9106, with the parameters that OWASP recommends)."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from functions.accounts.rules.passwords import prepared
from shared.errors import Throttled

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
_AT_ONCE = threading.BoundedSemaphore(4)  # each holds 19 MiB and a core
_PATIENCE_SECONDS = 20.0


def hashed(password: str) -> str:
    """The hash of a password, with its salt and parameters (PHC string)."""
    with _turn():
        return _hasher().hash(prepared(password))


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one that was hashed.

    Takes as long for None, which is never right, as for a hash: how long an answer takes
    must not tell whether somebody is known.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    with _turn():
        try:
            right = _hasher().verify(password_hash or _nobodys(), prepared(password))
        except (VerificationError, InvalidHashError):
            return False
    return right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(password_hash)


@cache
def common_passwords() -> Collection[str]:
    """Passwords that many people use, in lower case: 30,000 from public breaches."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_SECONDS):
        raise Throttled("many people are signing in; try again", retry_after=5)
    try:
        yield
    finally:
        _AT_ONCE.release()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@cache
def _nobodys() -> str:
    return _hasher().hash("the password of nobody")
