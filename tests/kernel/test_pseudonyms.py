"""Pseudonyms: the same for the same, another for everything else, and nothing without the key."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pseudonyms import Pseudonyms

ONE = Pseudonyms(b"one key of the tests")
parts = st.tuples(
    *[st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=30)] * 3
)


@given(parts)
def test_a_pseudonym_is_forty_digits_and_always_the_same(named: tuple[str, str, str]) -> None:
    """It can be a partition, and another process with the key finds it again."""
    made = ONE.of(*named)
    assert re.fullmatch("[0-9a-f]{40}", made)
    assert Pseudonyms(b"one key of the tests").of(*named) == made


@given(parts, parts)
def test_what_differs_has_another(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """Another tenant, kind or id has another pseudonym, also where they are joined alike."""
    assert (ONE.of(*one) == ONE.of(*other)) == (one == other)


def test_nothing_is_found_without_the_key() -> None:
    """Another key has other pseudonyms, and a plain digest is none."""
    named = ("acme", "user", "anna")
    assert Pseudonyms(b"another key").of(*named) != ONE.of(*named)
    plain = hashlib.sha256("\n".join(named).encode()).hexdigest()
    assert not plain.startswith(ONE.of(*named)[:8])


@pytest.mark.parametrize("odd", ["", "\ud800", "\x00", "x" * 10_000, "é"])
def test_odd_ids_have_pseudonyms_too(odd: str) -> None:
    """Whatever a caller sends as an id, it has one and breaks nothing."""
    assert len(ONE.of("acme", "user", odd)) == 40


def test_digests_are_keyed_as_well() -> None:
    """A digest of data cannot be tried out without the key."""
    assert ONE.digest(b"a password") == ONE.digest(b"a password")
    assert ONE.digest(b"a password") != Pseudonyms(b"another key").digest(b"a password")


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(max_size=20))
def test_what_was_sealed_is_read_by_the_house_alone(user_id: str, tenant: str) -> None:
    """The same id is sealed the same; another key, tenant or text reads nothing."""
    tenant = tenant.encode("utf-8", "replace").decode()
    sealed = ONE.sealed(tenant, user_id)
    assert re.fullmatch("[A-Za-z0-9_-]+", sealed)
    assert ONE.sealed(tenant, user_id) == sealed
    assert ONE.unsealed(tenant, sealed) == user_id
    assert ONE.unsealed(tenant + "x", sealed) is None
    assert Pseudonyms(b"another key").unsealed(tenant, sealed) is None
    assert ONE.unsealed(tenant, "A" + sealed) is None


@pytest.mark.parametrize("text", ["", "a", "ä", "====", "x" * 500])
def test_what_was_never_sealed_reads_as_nothing(text: str) -> None:
    """Whatever it is."""
    assert ONE.unsealed("acme", text) is None
