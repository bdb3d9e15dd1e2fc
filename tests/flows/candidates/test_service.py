"""Profiles are found by name, address, skill and text, within one tenant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.candidates.rules.filters import MAX_TERMS, Search, wanted_terms
from functions.candidates.service import profiles as service
from functions.candidates.service import searching
from shared.errors import Invalid, Missing
from shared.models.candidate import CandidateProfile
from shared.search_terms import limited, name_terms, words
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house

PEOPLE = {
    "zoe": """Zoë Müller-Lüdenscheidt
Zoe.Mueller@Example.com

Skills
C++, Node.js, Machine Learning

Summary
Built compilers for embedded systems at Borealis.
""",
    "samira": """Samira O'Neill
samira@example.org

Skills
C#, Python

Summary
Taught chemistry in São Paulo.
""",
}


@pytest.fixture
def people(house: House) -> House:
    """A tenant with the profiles of two people."""
    for name, text in PEOPLE.items():
        house.drop(f"{name}.txt", text)
        house.clock.advance(minutes=1)
    house.work_all()
    assert {record.state for record in house.records().values()} == {"completed"}
    return house


def listed(
    house: House,
    wanted: Search,
    tenant: str = TENANT,
    *,
    limit: int = 1,
    continuation: str | None = None,
) -> searching.Found:
    return searching.search(
        house, tenant, wanted, limit=limit, continuation=continuation, now=house.clock()
    )


def found(house: House, wanted: Search, tenant: str = TENANT) -> set[str]:
    """The people who are found, by the names of their files."""
    profiles = searching.search(
        house, tenant, wanted, limit=50, continuation=None, now=house.clock()
    ).profiles
    return {profile.sources[0].filename.removesuffix(".txt") for profile in profiles}


@pytest.mark.parametrize(
    "wanted",
    [
        Search(name="zoe"),
        Search(name="ZOË müller"),
        Search(name="mu"),
        Search(name="lüden zo"),
        Search(name="Müller-Lüd"),
        Search(email="ZOE.MUELLER@EXAMPLE.COM"),
        Search(email="  zoe.mueller@example.com "),
        Search(skills=["c++"]),
        Search(skills=["node js"]),
        Search(skills=["NodeJS", "C++"]),
        Search(text="c++"),
        Search(text="node.js compilers"),
        Search(text="node"),
        Search(text="Zoe.Mueller@example.com"),
        Search(text="BOREALIS", name="zo", skills=["Machine learning"]),
    ],
)
def test_one_person_is_found(people: House, wanted: Search) -> None:
    """Accents, case, signs and beginnings do not matter, and only who fits is found."""
    assert found(people, wanted) == {"zoe"}


@pytest.mark.parametrize(
    "wanted",
    [
        Search(text="c#"),
        Search(skills=["C#"]),
        Search(name="o'ne"),
        Search(name="neill sam"),
        Search(text="sao paulo"),
    ],
)
def test_the_other_person_is_found(people: House, wanted: Search) -> None:
    """C# is not C++, and an apostrophe parts a name without hiding its parts."""
    assert found(people, wanted) == {"samira"}


@pytest.mark.parametrize(
    "wanted",
    [
        Search(name="oe"),
        Search(text="compil"),
        Search(skills=["C"]),
        Search(text="c"),
        Search(email="mueller@example.com"),
        Search(email="@example.com"),
        Search(name="zoe", email="samira@example.org"),
        Search(text="name:zoe"),
        Search(name="email:samira@example.org"),
        Search(text="' OR 1=1 --"),
        Search(name='zoe") OR ("1"="1'),
        Search(text="skill:python"),
        Search(skills=["Python' OR c.tenant_id != '"]),
        Search(text="%zo_"),
    ],
)
def test_nobody_is_found_by_what_does_not_hold(people: House, wanted: Search) -> None:
    """Middles of words, other people's data and text made to break a query find nobody."""
    assert found(people, wanted) == set()


def test_a_search_without_anything_lists_all(people: House) -> None:
    """All profiles of the tenant, changed last first, page by page."""
    first = searching.search(
        people, TENANT, Search(), limit=1, continuation=None, now=people.clock()
    )
    second = searching.search(
        people, TENANT, Search(), limit=1, continuation=first.continuation, now=people.clock()
    )
    names = [profile.name for profile in (*first.profiles, *second.profiles)]
    assert len(names) == 2
    assert set(names) == {"Zoë Müller-Lüdenscheidt", "Samira O'Neill"}
    assert second.continuation is None
    moments = [profile.updated_at for profile in (*first.profiles, *second.profiles)]
    assert moments == sorted(moments, reverse=True)


def test_another_tenant_finds_nobody(people: House) -> None:
    """Neither a search nor an id leads to another tenant's candidate."""
    assert found(people, Search(), RIVAL) == set()
    assert found(people, Search(email="samira@example.org"), RIVAL) == set()
    (profile, *_) = searching.search(
        people, TENANT, Search(), limit=1, continuation=None, now=people.clock()
    ).profiles
    with pytest.raises(Missing):
        service.read(people, RIVAL, profile.candidate_id, now=people.clock())


def test_a_profile_is_read(people: House) -> None:
    """Reading gives the profile that the search found."""
    (profile, *_) = searching.search(
        people, TENANT, Search(), limit=1, continuation=None, now=people.clock()
    ).profiles
    read = service.read(people, TENANT, profile.candidate_id, now=people.clock())
    assert isinstance(read, CandidateProfile)
    assert read == profile
    assert read.updated_at - START < timedelta(hours=1)


@pytest.mark.parametrize("candidate_id", ["", ".", "a/b", "nobody", "x" * 300])
def test_an_id_that_is_nobodys_is_not_there(people: House, candidate_id: str) -> None:
    """No text in place of an id reads anything."""
    with pytest.raises(Missing):
        service.read(people, TENANT, candidate_id, now=people.clock())


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Search(text=""), "q"),
        (Search(text=" .-' "), "q"),
        (Search(name="\x00"), "name"),
        (Search(email=""), "email"),
        (Search(email=" @ "), "email"),
        (Search(skills=["python", ""]), "skill"),
        (Search(skills=["---"]), "skill"),
    ],
)
def test_what_says_nothing_is_refused(wanted: Search, field: str) -> None:
    """A search that would find everybody or nobody by mistake is told which field is empty."""
    with pytest.raises(Invalid) as refused:
        wanted_terms(wanted)
    assert [each.pointer for each in refused.value.fields] == [field]


@pytest.mark.parametrize("word", ["w{}", "left-right{}", "node.js{}"])
def test_a_search_takes_twenty_words(word: str) -> None:
    """Twenty words are taken however they are joined, the twenty-first is refused."""
    twenty = " ".join(word.format(number) for number in range(MAX_TERMS))
    assert len(wanted_terms(Search(text=twenty))) == MAX_TERMS
    with pytest.raises(Invalid, match="20 words"):
        wanted_terms(Search(text=twenty, name="one"))
    assert len(wanted_terms(Search(text=twenty + " " + twenty))) == MAX_TERMS


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_text_is_found_by_its_own_words(text: str, more: str) -> None:
    """Asking for what a text says asks for terms that the text has."""
    try:
        wanted = wanted_terms(Search(text=text))
    except Invalid:
        return
    assert set(wanted) <= set(limited(words(f"{text}\n{more}")))


@given(st.text(max_size=60), st.integers(2, 64))
def test_a_name_is_found_by_itself_and_its_beginnings(name: str, length: int) -> None:
    """Asking for a name, or for the first letters of its words, asks for terms of it."""
    terms = name_terms(name)
    for word in words(name):
        if len(word[:length].rstrip(".'-")) >= 2:
            assert set(wanted_terms(Search(name=word[:length]))) <= terms
