"""Search terms: what is searched for meets what was stored, whatever the text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.search_terms import (
    MAX_TERMS,
    field_term,
    folded,
    limited,
    name_terms,
    skill_term,
    words,
)


@given(st.text())
@example("ᴬ")
@example("\N{DOUBLE-STRUCK CAPITAL C}")
def test_folding_is_done_once(text: str) -> None:
    """Folding what is folded changes nothing."""
    assert folded(folded(text)) == folded(text)


@given(st.text())
def test_case_and_composition_do_not_matter(text: str) -> None:
    """A text and its decomposed form have the same terms."""
    assert words(unicodedata.normalize("NFD", text)) == words(text)
    assert words(unicodedata.normalize("NFC", text)) == words(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_upper_and_lower_case_meet(text: str) -> None:
    """Latin text in capitals has the terms it has in small letters."""
    assert folded(text.upper().lower()) == folded(text.lower())


@pytest.mark.parametrize(
    "name", ["Işıl Yıldırım", "IŞIL YILDIRIM", "İbrahim Kılıç", "ibrahim kiliç"]
)
def test_turkish_names_are_found_in_capitals(name: str) -> None:
    """A name with a dotless i has the terms of the same name in capitals, whoever typed it."""
    assert words(name) == words(name.upper()) == words(name.lower())
    assert name_terms(name) == name_terms(name.upper())


@pytest.mark.parametrize("text", ["0'+", "c++-#", "a.+b"])
def test_a_part_without_a_word_is_no_term(text: str) -> None:
    """What is left between two marks is a term only when it would be one by itself."""
    for term in words(text):
        assert term in words(term)


@given(st.text())
def test_each_term_is_a_word(text: str) -> None:
    """Terms are never empty, never longer than 254 characters, and hold no space."""
    for term in words(text):
        assert 0 < len(term) <= 254
        assert not any(c.isspace() for c in term)


@given(st.text())
def test_a_term_finds_itself(text: str) -> None:
    """Asking for a term of a text asks for that very term among others."""
    for term in words(text):
        assert term in words(term)


@given(st.text(), st.text())
def test_a_longer_text_has_the_terms_of_its_parts(first: str, second: str) -> None:
    """What stands in one of two paragraphs is found in both together."""
    together = set(words(f"{first}\n\n{second}"))
    assert set(words(first)) | set(words(second)) <= together


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++ and C#", ["c++", "and", "c#"]),
        ("Node.js", ["node.js", "node", "js"]),
        ("Zoë Müller-Lüdenscheidt", ["zoe", "muller-ludenscheidt", "muller", "ludenscheidt"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("end. (of) it's", ["end", "of", "it's", "it", "s"]),
        ("ﬁne ①", ["fine", "1"]),
        ("", []),
        ("+++ ... ---", []),
        ("x" * 65, []),
    ],
)
def test_words_of_a_text(text: str, expected: list[str]) -> None:
    """Signs inside a word stay, around it go; parts of a joined word are words too."""
    assert words(text) == expected


def test_an_address_is_one_term_beside_its_parts() -> None:
    """An e-mail address is found whole and by its parts."""
    found = words("Write to Anna.Meier@Example.ORG.")
    assert "anna.meier@example.org" in found
    assert {"anna", "meier", "example", "org"} <= set(found)


@given(st.text(min_size=1))
def test_name_beginnings_find_a_name(name: str) -> None:
    """Each beginning of two letters or more of a word of a name is a term of it."""
    terms = name_terms(name)
    for word in words(name):
        assert f"name:{word}" in terms
        assert f"name:{word[:2]}" in terms
        assert len(word) == 1 or f"name:{word[:1]}" not in terms - {
            f"name:{w}" for w in words(name) if len(w) == 1
        }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Node.js", "node JS", True),
        ("CI/CD", "ci / cd", True),
        ("C", "C++", False),
        ("C#", "C", False),
        ("データ", "データ ", True),
        ("データ", "分析", False),
        ("分析 C", "C", False),
        ("snake_case", "Snake Case", True),
    ],
)
def test_skills_meet_by_any_usual_writing(one: str, other: str, same: bool) -> None:
    """Spaces and punctuation do not part skills, the signs that are their names do."""
    assert (skill_term(one) == skill_term(other)) == same


@given(st.text(), st.sampled_from(["email", "name"]))
def test_field_terms_are_bounded(text: str, field: str) -> None:
    """The term of a value is its mark and at most 128 characters, whatever the spaces."""
    term = field_term(field, text)
    assert term.startswith(f"{field}:")
    assert len(term) <= 128
    assert field_term(field, f"  {text}\t") == term
    assert len(skill_term(text)) <= 128


@given(st.lists(st.text(max_size=3)))
def test_limiting_keeps_order_and_first_ones(terms: list[str]) -> None:
    """Repeats go, the order stays, and there is an end to it."""
    kept = limited(terms)
    assert list(kept) == sorted(set(terms), key=terms.index)
    assert len(limited(str(number) for number in range(MAX_TERMS + 5))) == MAX_TERMS
