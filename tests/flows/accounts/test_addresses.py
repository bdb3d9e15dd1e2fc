"""Addresses: any way to write one address is one address, and what is none is refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.accounts.rules.addresses import MAX_CHARACTERS, normalised
from shared.errors import Invalid
from tests.flows.stores import PSEUDONYMS

LETTERS = "abcxyzäöüßéñçøåł" + "αβγωά" + "абвёя" + "ǆﬁ" + "ｍａ" + "日本"
UNLIKE_ITSELF = "ı"
"""A letter whose capital is that of another letter."""

words = st.text(alphabet=LETTERS + "0123456789+_-'", min_size=1, max_size=12)
domains = st.sampled_from(["example.org", "schule.example.de", "müller.example", "a-b.example.co"])
addresses = st.builds(lambda *parts: f"{parts[0]}.{parts[1]}@{parts[2]}", words, words, domains)


def wide(text: str) -> str:
    """The same text in full-width letters where there are such."""
    return "".join(
        chr(ord(letter) - 0x21 + 0xFF01) if "!" <= letter <= "~" else letter for letter in text
    )


@given(
    addresses,
    st.lists(
        st.sampled_from([
            str.upper, str.lower, str.title, str.swapcase, str.casefold, wide,
            lambda text: unicodedata.normalize("NFC", text),
            lambda text: unicodedata.normalize("NFD", text),
            lambda text: unicodedata.normalize("NFKD", text),
            lambda text: f" \t{text}\n",
        ]),
        max_size=4,
    ),
)  # fmt: skip
def test_every_way_to_write_an_address_is_one(address: str, ways: list[object]) -> None:
    """Case, width, composition and blanks around, in any order, make no other address."""
    written = address
    for way in ways:
        written = way(written)  # type: ignore[operator]  # each takes a text
    assert normalised(written) == normalised(address)


@given(st.text(max_size=40))
def test_the_normal_form_is_its_own(text: str) -> None:
    """What was normalised stays as it is, and is an address still."""
    for candidate in (text, f"{text}@example.org", f"a{text}b@example.org"):
        try:
            form = normalised(candidate)
        except Invalid:
            continue
        assert normalised(form) == form
        assert normalised(form.upper()) == form or set(candidate) & set(UNLIKE_ITSELF)


@pytest.mark.parametrize("block", range(0, 0x110000, 0x10000))
def test_no_letter_of_unicode_has_two_forms(block: int) -> None:
    """Every character there is, in an address, is one however it is composed and cased."""
    for code in range(block, block + 0x10000):
        letter = chr(code)
        if unicodedata.category(letter) in {"Cn", "Cs"} or letter in UNLIKE_ITSELF:
            continue
        try:
            form = normalised(f"a{letter}b@example.org")
        except Invalid:
            continue
        for form_of in ("NFC", "NFD", "NFKC", "NFKD"):
            for way in (letter, letter.upper(), letter.lower(), letter.casefold()):
                written = unicodedata.normalize(form_of, way)
                assert normalised(f"a{written}b@example.org") == form, f"U+{code:04X}"


@pytest.mark.parametrize(
    "text",
    [
        "maya@example.org",
        "m@example.co",
        "maya.okafor+school@example.org",
        "o'neill@example.org",
        "x_y-z%1@sub.domain.example.museum",
        "用户@例子.广告",
        "maya@müller.example",
        "a" * 64 + "@example.org",
        "maya@a." + "b" * 60 + ".org",
    ],
)
def test_an_address_is_taken(text: str) -> None:
    """Addresses of any script, with tags, quotes and long names, are addresses."""
    assert normalised(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "@",
        "maya",
        "maya@",
        "@example.org",
        "maya@example",
        "maya@@example.org",
        "maya@x@example.org",
        "maya@.org",
        "maya@example..org",
        "maya@-example.org",
        "maya@example-.org",
        "maya@example.o",
        "maya@example.123",
        "maya@[192.0.2.7]",
        ".maya@example.org",
        "maya.@example.org",
        "ma..ya@example.org",
        "ma ya@example.org",
        "maya@exam ple.org",
        "maya\x00@example.org",
        "maya\r\nBcc: all@example.org",
        "maya,zoe@example.org",
        "Maya <maya@example.org>",
        '"maya"@example.org',
        "maya@example.org;zoe@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 63 + "." + "e" * 63 + ".org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """The refusal names the field and quotes nothing of what was sent."""
    with pytest.raises(Invalid) as refused:
        normalised(text)
    assert [field.pointer for field in refused.value.fields] == ["/email"]
    assert text.strip() not in refused.value.detail or text.strip() in {"", "@"}


@pytest.mark.parametrize(
    "hidden",
    ["\u200b", "\u200d", "\u00ad", "\ufeff", "\u2060", "\u202e", "\u3164", "\u115f", "\ufe0f",
     "\u034f", "\u180b", "\U000e0001", "\U000e0100", "\x7f", "\x85"],
)  # fmt: skip
def test_letters_that_nobody_sees_make_no_address(hidden: str) -> None:
    """Two addresses that look alike to everybody cannot both be taken by hiding something."""
    for text in (
        f"ma{hidden}ya@example.org",
        f"maya@exam{hidden}ple.org",
        f"may{hidden}@example.org",
    ):
        with pytest.raises(Invalid):
            normalised(text)


def test_the_length_is_that_of_the_normal_form() -> None:
    """A letter that becomes many counts as many."""
    assert normalised("a" * 30 + "@example.org")
    with pytest.raises(Invalid):
        normalised("ﷺ" * 14 + "@" + "b" * 60 + ".org")
    assert MAX_CHARACTERS == 254


@given(addresses, addresses)
def test_partitions_are_of_addresses_and_tenants(one: str, other: str) -> None:
    """Two addresses, and one address in two tenants, have partitions of their own."""
    first = PSEUDONYMS.of("acme", "address", normalised(one))
    assert first != PSEUDONYMS.of("rival", "address", normalised(one))
    second = PSEUDONYMS.of("acme", "address", normalised(other))
    assert (first == second) == (normalised(one) == normalised(other))
