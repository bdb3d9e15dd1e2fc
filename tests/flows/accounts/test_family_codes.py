"""Family codes: enough of chance in them, and one code however it is typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.accounts.rules.family_codes import ALPHABET, CHARACTERS, canonical, code_of

entropies = st.binary(min_size=8, max_size=8)


@given(entropies)
def test_a_code_has_sixty_bits_in_three_groups(entropy: bytes) -> None:
    """Codes are of letters that are not taken for one another, as people write them."""
    groups = code_of(entropy).split("-")
    assert [len(group) for group in groups] == [4, 4, 4]
    assert set("".join(groups)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("OILU")
    assert CHARACTERS * 5 == 60


@given(entropies, entropies)
def test_sixty_bits_of_entropy_make_the_code(one: bytes, other: bytes) -> None:
    """Two codes are the same only where their lowest sixty bits are."""
    low = [int.from_bytes(each, "big") & (1 << 60) - 1 for each in (one, other)]
    assert (code_of(one) == code_of(other)) == (low[0] == low[1])


@given(entropies, st.data())
def test_a_code_is_one_however_it_is_typed(entropy: bytes, data: st.DataObject) -> None:
    """Case, dashes, blanks, and the letters O, I and L for digits change nothing."""
    code = code_of(entropy)
    looks = {"0": "0Oo", "1": "1IiLl", "-": ["-", "", " ", "–", " - ", "."]}
    typed = "".join(
        data.draw(st.sampled_from(looks.get(sign, [sign, sign.lower()]))) for sign in code
    )
    assert canonical(typed) == canonical(code) == code.replace("-", "")


@given(entropies, st.integers(0, CHARACTERS - 1), st.sampled_from(ALPHABET))
def test_a_letter_wrong_is_another_code(entropy: bytes, place: int, sign: str) -> None:
    """No two different codes are read as one."""
    code = canonical(code_of(entropy))
    other = code[:place] + sign + code[place + 1 :]
    assert (canonical(other) == code) == (other == code)
