"""Who may be the same person, and what a merge makes of two profiles."""

from __future__ import annotations

from typing import Any

import pytest

from functions.accounts.service.personal_data.finding import with_files
from functions.candidates.rules.documents import CandidateNote
from functions.candidates.rules.duplicates import CandidatePair, likeness, pair_id_of
from functions.candidates.service import merging, profiles
from shared.auth import Principal
from shared.errors import Conflict, Missing
from shared.models.candidate import CandidateProfile, candidate_id_of
from tests.flows.candidates.recruiting import BY, edited, heard, read, written
from tests.flows.stores import PSEUDONYMS, RESUME, RIVAL, TENANT, House
from tests.flows.stores import house as house

RECRUITER = Principal("recruiter-1", TENANT, frozenset({"recruiter"}))
CAREER: dict[str, Any] = {
    "skills": ["Python", "Kubernetes", "Terraform"],
    "work_experience": [{"company": "Borealis GmbH", "title": "Engineer"}],
}


def pairs(house: House, state: str = "open") -> list[CandidatePair]:
    return merging.pairs(house, TENANT, state, limit=50, continuation=None)[0]


def merge(house: House, kept: CandidateProfile, other: CandidateProfile) -> CandidateProfile:
    return merging.merge(
        house, TENANT, kept.candidate_id, other.candidate_id, by=BY, now=house.clock()
    )


@pytest.mark.parametrize(
    ("one", "other", "proposed"),
    [
        ({"phones": ["+4930901820"]}, {"phones": ["+4930901820"]}, True),
        ({"emails": ["a@x.org", "b@x.org"]}, {"emails": ["b@x.org", "c@x.org"]}, True),
        (CAREER, CAREER, True),
        ({}, {}, False),
        ({"skills": ["Python"]}, {"skills": ["Python"]}, False),
        ({"phones": ["030 901820"]}, {"phones": ["030 901820"]}, False),
    ],
)
def test_namesakes_are_proposed_by_what_they_share(
    house: House, one: dict[str, Any], other: dict[str, Any], proposed: bool
) -> None:
    """An address, a number with its country, a career; a name alone says little."""
    written(house, name="Maya Okafor", **{"emails": ["one@x.org"], **one})
    written(house, name="Maya Ada Okafor", **{"emails": ["other@x.org"], **other})
    heard(house)
    assert bool(pairs(house)) is proposed


def test_a_family_that_shares_a_number_is_not_proposed(house: House) -> None:
    written(house, name="Maya Okafor", emails=["m@x.org"], phones=["+4930901820"])
    written(house, name="Jonas Weber", emails=["j@x.org"], phones=["+4930901820"])
    heard(house)
    assert pairs(house) == []


def test_likeness_is_the_same_from_either_side(house: House) -> None:
    one = written(house, name="Maya Okafor", emails=["a@x.org"], **CAREER)
    other = written(house, name="Maya Okafor", emails=["b@x.org"], **CAREER)
    assert likeness(one, other) == likeness(other, one)
    assert likeness(one, other).reasons == ("same_name", "same_employers", "similar_career")
    assert pair_id_of("a", "b") == pair_id_of("b", "a")


def test_a_pair_is_proposed_once_and_stays_judged(house: House) -> None:
    one = written(house, name="Maya Okafor", emails=["a@x.org"], phones=["+4930901820"])
    written(house, name="Maya Okafor", emails=["b@x.org"], phones=["+4930901820"])
    heard(house)
    (pair,) = pairs(house)
    assert pair.reasons == ("same_phone", "same_name")
    merging.judge(house, TENANT, pair.pair_id, "dismissed", now=house.clock())
    edited(house, one.candidate_id, headline="Engineer")
    heard(house)
    assert pairs(house) == []
    assert [each.pair_id for each in pairs(house, "dismissed")] == [pair.pair_id]


def test_nobody_judges_another_tenants_pair(house: House) -> None:
    written(house, name="Maya Okafor", emails=["a@x.org"], phones=["+4930901820"])
    written(house, name="Maya Okafor", emails=["b@x.org"], phones=["+4930901820"])
    written(house, RIVAL, name="Maya Okafor", emails=["a@x.org"], phones=["+4930901820"])
    heard(house)
    (pair,) = pairs(house)
    assert merging.pairs(house, RIVAL, "open", limit=9, continuation=None)[0] == []
    with pytest.raises(Missing):
        merging.judge(house, RIVAL, pair.pair_id, "dismissed", now=house.clock())


def two(house: House) -> tuple[CandidateProfile, CandidateProfile]:
    """Two profiles of one person, under two addresses."""
    one = written(
        house, name="Maya Okafor", emails=["maya@x.org"], headline="Engineer", skills=["Python"]
    )
    other = written(
        house, name="M. Okafor", emails=["okafor@x.org"], location="Berlin", skills=["Rust"]
    )
    heard(house)
    return one, other


def test_a_merge_has_what_both_had(house: House) -> None:
    """The kept profile's word stands, and the other's id leads to it at once and for good."""
    one, other = two(house)
    edited(house, other.candidate_id, tags=["shortlist"])
    merge(house, one, other)
    heard(house)
    for candidate_id in (one.candidate_id, other.candidate_id):
        found = read(house, candidate_id)
        assert found.candidate_id == one.candidate_id
        assert found.name == "Maya Okafor"
        assert found.emails == ("maya@x.org", "okafor@x.org")
        assert {skill.name.value for skill in found.resume.skills} == {"Python", "Rust"}
        assert found.resume.personal.location is not None
        assert found.tags == ("shortlist",)
        assert found.absorbed == (other.candidate_id,)
        assert len(found.sources) == 2
    actions = [
        each.action
        for each in profiles.history(house, TENANT, one.candidate_id, limit=9, continuation=None)[0]
    ]
    assert actions == ["merged", "created"]


def test_a_later_file_of_the_absorbed_address_comes_to_the_kept_profile(house: House) -> None:
    one = written(house, name="Maya Okafor", emails=["private@x.org"], headline="Engineer")
    house.drop("cv.txt")
    house.work_all()
    other = read(house, candidate_id_of(TENANT, "email:maya.okafor@example.com"))
    merge(house, one, other)
    heard(house)
    house.clock.advance(days=1)
    house.drop("newer.txt", RESUME.replace("Software Engineer", "Principal Engineer"))
    house.work_all()
    heard(house)
    assert house.record("newer.txt").candidate_id == one.candidate_id
    titles = {
        job.title.value for job in read(house, one.candidate_id).resume.work_experience if job.title
    }
    assert "Principal Engineer" in titles
    assert len(house.kinds("profile", container="candidates")) == 1


def test_what_came_to_the_other_meanwhile_is_brought_over(house: House) -> None:
    """Between the recruiter's word and the alias, another edit and a note reach the other."""
    one, other = two(house)
    merge(house, one, other)
    (event,) = house.waiting("candidates/candidates")
    # as if somebody had read the other before the merge
    stored = house.documents.get("candidates", (TENANT, other.candidate_id), other.candidate_id)
    assert stored is not None
    late = edited(house, other.candidate_id, achievements=["Best paper 2025"])
    profiles.add_note(
        house, RECRUITER, other.candidate_id, "n1", "Called", shown=CandidateNote.stored,
        idempotency=None, now=house.clock(),
    )  # fmt: skip
    assert late.candidate_id == other.candidate_id
    merging.absorb(house, event, now=house.clock())
    found = read(house, other.candidate_id)
    assert found.candidate_id == one.candidate_id
    assert [value.value for value in found.resume.achievements] == ["Best paper 2025"]
    notes = profiles.notes(house, TENANT, other.candidate_id, limit=9, continuation=None)[0]
    assert [note.text for note in notes] == ["Called"]


def test_an_absorption_goes_on_wherever_a_process_dies(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each commit in turn is the last before the end; the event comes again, and nothing is lost
    or doubled."""
    one, other = two(house)
    for number in range(3):
        profiles.add_note(
            house, RECRUITER, other.candidate_id, f"n{number}", f"note {number}",
            shown=CandidateNote.stored, idempotency=None, now=house.clock(),
        )  # fmt: skip
    merge(house, one, other)
    (event,) = house.waiting("candidates/candidates")
    real = house.documents.commit
    for survives in range(6):
        left = [survives]

        def commit(*args: Any, left: list[int] = left) -> Any:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(house.documents, "commit", commit)
            try:
                merging.absorb(house, event, now=house.clock())
            except KeyboardInterrupt:
                continue
            break
    notes = profiles.notes(house, TENANT, one.candidate_id, limit=9, continuation=None)[0]
    assert sorted(note.text for note in notes) == ["note 0", "note 1", "note 2"]
    assert read(house, other.candidate_id).candidate_id == one.candidate_id
    assert len(house.kinds("profile", container="candidates")) == 1


def test_merging_again_changes_nothing(house: House) -> None:
    one, other = two(house)
    first = merge(house, one, other)
    heard(house)
    again = merge(house, one, other)
    assert again.revision == first.revision
    with pytest.raises(Conflict):
        merging.merge(house, TENANT, one.candidate_id, one.candidate_id, by=BY, now=house.clock())


def test_three_profiles_become_one(house: House) -> None:
    """By way of the second: each id leads to the last."""
    one, other = two(house)
    third = written(house, name="Maya O.", emails=["third@x.org"])
    merge(house, one, other)
    heard(house)
    merge(house, third, one)
    heard(house)
    for each in (one, other, third):
        assert read(house, each.candidate_id).candidate_id == third.candidate_id
    assert set(read(house, third.candidate_id).absorbed) == {one.candidate_id, other.candidate_id}


def test_the_pair_is_told_as_merged_and_cannot_be_dismissed(house: House) -> None:
    one = written(house, name="Maya Okafor", emails=["a@x.org"], phones=["+4930901820"])
    other = written(house, name="Maya Okafor", emails=["b@x.org"], phones=["+4930901820"])
    heard(house)
    (pair,) = pairs(house)
    merge(house, one, other)
    assert pairs(house) == []
    with pytest.raises(Conflict):
        merging.judge(house, TENANT, pair.pair_id, "dismissed", now=house.clock())


def test_another_tenants_profile_is_not_there(house: House) -> None:
    one, _ = two(house)
    theirs = written(house, RIVAL, name="Zoe", emails=["z@x.org"])
    for kept, other in ((one, theirs), (theirs, one)):
        with pytest.raises(Missing):
            merge(house, kept, other)


def test_an_erasure_reaches_all_that_was_merged(house: House) -> None:
    one, other = two(house)
    merge(house, one, other)
    heard(house)
    both = {one.candidate_id, other.candidate_id}
    for each in both:
        assert set(with_files(house, TENANT, {"candidate": (each,)})["candidate"]) == both
    asked = profiles.erase(
        house, PSEUDONYMS, RECRUITER, TENANT, other.candidate_id, now=house.clock()
    )
    assert set(asked.subjects["candidate"]) == both
    house.work("accounts")
    assert house.kinds("profile", container="candidates") == []
    assert house.kinds("alias", container="candidates") == []
