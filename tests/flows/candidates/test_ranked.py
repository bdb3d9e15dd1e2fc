"""Search by words and meaning, filters, counts, and the vectors behind it."""

from __future__ import annotations

from typing import Any

import pytest

from functions.candidates.rules.filters import Search
from functions.candidates.rules.meaning import meaning_of
from functions.candidates.service import searching
from shared.errors import Invalid
from tests.flows.candidates.recruiting import WordEncoder, edited, heard, read, written
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house

PEOPLE: list[dict[str, Any]] = [
    {
        "name": "Maya Okafor", "headline": "Incident responder", "location": "Berlin, Germany",
        "skills": ["Splunk", "Python"], "languages": [{"name": "German", "code": "de"}],
        "education": [{"degree": "MSc Computer Science", "level": "master"}],
        "work_experience": [{"title": "Incident responder", "start": "2019-01", "end": "2024-12"}],
    },
    {
        "name": "Zoe Miller", "headline": "Penetration tester", "location": "Lyon, France",
        "skills": ["Burp Suite", "Python"], "languages": [{"name": "French", "code": "fr"}],
        "education": [{"degree": "BSc", "level": "bachelor"}],
        "work_experience": [{"title": "Tester", "start": "2023-01", "end": "2024-12"}],
    },
    {"name": "Jonas Weber", "headline": "Nurse", "skills": ["First aid"], "location": "Berlin"},
]  # fmt: skip


@pytest.fixture
def people(house: House) -> House:
    for number, person in enumerate(PEOPLE):
        written(house, **person, emails=[f"p{number}@x.org"])
        house.clock.advance(minutes=1)
    written(house, RIVAL, name="Rita Rival", headline="Incident responder", emails=["r@x.org"])
    heard(house)
    return house


def ranked(house: House, about: str, *, encoder: WordEncoder | None = None, limit: int = 10,
           continuation: str | None = None, **wanted: Any) -> searching.Ranked:  # fmt: skip
    return searching.ranked(
        house, encoder or WordEncoder(), TENANT, about, Search(**wanted), limit=limit,
        continuation=continuation, now=house.clock(),
    )  # fmt: skip


def names(found: searching.Ranked) -> list[str | None]:
    return [hit.profile.name for hit in found.hits]


def listed(house: House, **wanted: Any) -> set[str | None]:
    found = searching.search(
        house, TENANT, Search(**wanted), limit=50, continuation=None, now=house.clock()
    )
    return {profile.name for profile in found.profiles}


def test_words_and_meaning_find_the_best_first(people: House) -> None:
    found = ranked(people, "incident responder with splunk")
    assert names(found)[0] == "Maya Okafor"
    assert found.ways == ("words", "meaning")
    assert found.hits[0].ways == ("words", "meaning")
    assert "Rita Rival" not in names(found)


def test_without_an_encoder_words_find(people: House) -> None:
    found = ranked(people, "splunk", encoder=WordEncoder(away=True))
    assert (names(found), found.ways) == (["Maya Okafor"], ("words",))


def test_filters_hold_for_both_ways(people: House) -> None:
    assert names(ranked(people, "python incident tester", place="lyon")) == ["Zoe Miller"]
    assert names(ranked(people, "python", level="master")) == ["Maya Okafor"]


def test_pages_of_a_ranked_search_follow_each_other(people: House) -> None:
    first = ranked(people, "python", limit=1)
    second = ranked(people, "python", limit=1, continuation=first.continuation)
    assert first.continuation is not None
    assert len({*names(first), *names(second)}) == 2
    with pytest.raises(Invalid):
        ranked(people, "python", continuation="x")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"place": "berlin"}, {"Maya Okafor", "Jonas Weber"}),
        ({"place": "berlin germany"}, {"Maya Okafor"}),
        ({"place": "ber"}, set()),
        ({"languages": ["fr"]}, {"Zoe Miller"}),
        ({"languages": ["fr", "de"]}, set()),
        ({"level": "bachelor"}, {"Maya Okafor", "Zoe Miller"}),
        ({"level": "master"}, {"Maya Okafor"}),
        ({"level": "doctorate"}, set()),
        ({"least_years": 2}, {"Maya Okafor", "Zoe Miller"}),
        ({"least_years": 5.5}, {"Maya Okafor"}),
        ({"channel": "api"}, {"Maya Okafor", "Zoe Miller", "Jonas Weber"}),
        ({"channel": "drop"}, set()),
    ],
)
def test_each_filter_holds(people: House, wanted: dict[str, Any], found: set[str]) -> None:
    assert listed(people, **wanted) == found


def test_who_was_changed_since(people: House) -> None:
    moment = people.clock()
    people.clock.advance(minutes=1)
    (maya,) = searching.search(
        people, TENANT, Search(name="maya"), limit=1, continuation=None, now=people.clock()
    ).profiles
    edited(people, maya.candidate_id, tags=["shortlist"])
    assert listed(people, changed_since=moment) == {"Maya Okafor"}
    assert listed(people, tags=["shortlist"]) == {"Maya Okafor"}


def test_facets_count_what_fits(people: House) -> None:
    found = searching.facets(people, TENANT, Search(skills=["Python"]), now=people.clock())
    assert (found.counted, found.complete) == (2, True)
    assert found.skills[0] == ("python", 2)
    assert found.levels == [("bachelor", 1), ("master", 1)]
    assert found.languages == [("de", 1), ("fr", 1)]
    assert dict(found.places) == {"Berlin, Germany": 1, "Lyon, France": 1}


def test_facets_say_when_not_all_were_counted(
    people: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_COUNTED", 2)
    found = searching.facets(people, TENANT, Search(), now=people.clock())
    assert (found.counted, found.complete) == (2, False)


def test_what_is_encoded_names_nobody(people: House) -> None:
    """A name or a place would draw namesakes and neighbours near."""
    (maya,) = searching.search(
        people, TENANT, Search(name="maya"), limit=1, continuation=None, now=people.clock()
    ).profiles
    text = meaning_of(maya)
    assert "Incident responder" in text
    assert "Splunk" in text
    for hidden in ("Maya", "Okafor", "Berlin", "p0@x.org"):
        assert hidden not in text


def test_a_vector_is_made_once_for_a_text(house: House) -> None:
    encoder = WordEncoder()
    made = written(house, name="Maya", headline="Engineer", emails=["m@x.org"])
    heard(house, encoder)
    edited(house, made.candidate_id, tags=["shortlist"])
    heard(house, encoder)
    assert len(encoder.encoded) == 1
    edited(house, made.candidate_id, headline="Nurse")
    heard(house, encoder)
    assert len(encoder.encoded) == 2


def test_an_encoder_that_comes_later_catches_up_at_the_next_change(house: House) -> None:
    made = written(house, name="Maya", headline="Engineer", emails=["m@x.org"])
    heard(house, WordEncoder(away=True))
    assert read(house, made.candidate_id).embedding is None
    edited(house, made.candidate_id, tags=["x"])
    heard(house)
    assert read(house, made.candidate_id).embedding is not None
