"""Who may be the same person, and what a merge makes of two profiles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.accounts.service.personal_data.finding import with_files
from functions.candidates.rules.documents import CandidateNote
from functions.candidates.rules.duplicates import CandidatePair, likeness, pair_id_of
from functions.candidates.service import merging, profiles
from shared.documents.port import Replace
from shared.errors import Conflict, Missing
from shared.events.candidate import CandidatesMerged
from shared.messaging import Decision, announce_once
from shared.models.candidate import CandidateProfile, candidate_id_of
from tests.flows.candidates.recruiting import (
    BY,
    by_hand,
    edited,
    heard,
    merge,
    notes_of,
    read,
    written,
)
from tests.flows.stores import PSEUDONYMS, RESUME, RIVAL, TENANT, House
from tests.flows.stores import house as house

CAREER: dict[str, Any] = {
    "skills": ["Python", "Kubernetes", "Terraform"],
    "work_experience": [{"company": "Borealis GmbH", "title": "Engineer"}],
}


def pairs(house: House, state: str = "open") -> list[CandidatePair]:
    return merging.pairs(house, TENANT, state, limit=50, continuation=None)[0]


def merged(house: House, kept: CandidateProfile, other: CandidateProfile) -> CandidateProfile:
    return merge(house, kept.candidate_id, other.candidate_id)


def noted(house: House, candidate_id: str, note_id: str, text: str) -> None:
    profiles.add_note(
        house, BY, candidate_id, note_id, text, shown=CandidateNote.stored, idempotency=None,
        now=house.clock(),
    )  # fmt: skip


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
    merged(house, one, other)
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
        for each in profiles.history(
            house, TENANT, one.candidate_id, limit=9, continuation=None, now=house.clock()
        )[0]
    ]
    assert actions == ["merged", "created"]


def test_a_later_file_of_the_absorbed_address_comes_to_the_kept_profile(house: House) -> None:
    one = written(house, name="Maya Okafor", emails=["private@x.org"], headline="Engineer")
    house.drop("cv.txt")
    house.work_all()
    other = read(house, candidate_id_of(TENANT, "email:maya.okafor@example.com"))
    merged(house, one, other)
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
    """A note of before, and a file whose message was being handled when the merge was asked for."""
    one, other = two(house)
    noted(house, other.candidate_id, "n1", "Called")
    merged(house, one, other)
    (event, *_) = house.waiting("candidates/candidates")
    stored = house.documents.get("candidates", (TENANT, other.candidate_id), other.candidate_id)
    assert stored is not None
    late = dict(stored.body)
    late["resume"]["achievements"] = [{"value": "Best paper 2025", "confidence": 1.0}]
    house.documents.commit("candidates", (TENANT, other.candidate_id), [Replace(late, stored.etag)])
    assert merging.absorb(house, PSEUDONYMS, event, now=house.clock()) == "done"
    found = read(house, other.candidate_id)
    assert found.candidate_id == one.candidate_id
    assert [value.value for value in found.resume.achievements] == ["Best paper 2025"]
    assert notes_of(house, other.candidate_id) == ["Called"]


def test_from_the_asking_on_the_other_leads_to_the_kept(house: House) -> None:
    """Before the background has done a thing: reads, edits, notes and files go there."""
    one, other = two(house)
    merged(house, one, other)
    assert read(house, other.candidate_id).candidate_id == one.candidate_id
    assert edited(house, other.candidate_id, tags=["late"]).candidate_id == one.candidate_id
    noted(house, other.candidate_id, "n1", "Called")
    again = by_hand(house, emails=["okafor@x.org"], headline="Nurse")
    assert again.candidate_id == one.candidate_id
    heard(house)
    assert read(house, one.candidate_id).tags == ("late",)
    assert notes_of(house, one.candidate_id) == ["Called"]


def test_a_merge_whose_asker_died_comes_to_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark and its event are there, nothing else."""
    one, other = two(house)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(merging, "_unite", die)
        with pytest.raises(KeyboardInterrupt):
            merged(house, one, other)
    heard(house)
    assert set(read(house, one.candidate_id).emails) == {"maya@x.org", "okafor@x.org"}
    assert read(house, other.candidate_id).candidate_id == one.candidate_id


def test_two_that_are_merged_into_each_other_are_one(house: House) -> None:
    """The second asks for what is done the other way round: one profile is left, with all."""
    one, other = two(house)
    noted(house, one.candidate_id, "n1", "Called")
    merged(house, one, other)
    merged(house, other, one)
    heard(house)
    found = read(house, one.candidate_id)
    assert read(house, other.candidate_id) == found
    assert set(found.emails) == {"maya@x.org", "okafor@x.org"}
    assert notes_of(house, one.candidate_id) == ["Called"]


def test_two_that_were_marked_at_the_same_instant_are_one(house: House) -> None:
    """Both marks are there before either is looked at: the lesser id stays."""
    one, other = two(house)
    noted(house, one.candidate_id, "n1", "of one")
    noted(house, other.candidate_id, "n2", "of the other")
    events = []
    for absorbed, kept in ((other, one), (one, other)):
        partition = (TENANT, absorbed.candidate_id)
        stored = house.documents.get("candidates", partition, absorbed.candidate_id)
        assert stored is not None
        body = stored.body | {"merging_into": kept.candidate_id}
        told = CandidatesMerged(candidate_id=kept.candidate_id, absorbed_id=absorbed.candidate_id)
        announce_once(
            house, source="candidates", container="candidates", partition=partition,
            decide=lambda body=body, etag=stored.etag, told=told: Decision(  # type: ignore[misc]
                [Replace(body, etag)], [told]
            ),
            now=house.clock(),
        )  # fmt: skip
        events += house.waiting("candidates/candidates")
    for event in [*events, *events]:
        merging.absorb(house, PSEUDONYMS, event, now=house.clock())
    kept_id = min(one.candidate_id, other.candidate_id)
    for each in (one, other):
        assert read(house, each.candidate_id).candidate_id == kept_id
    assert set(read(house, kept_id).emails) == {"maya@x.org", "okafor@x.org"}
    assert sorted(notes_of(house, kept_id)) == ["of one", "of the other"]


def test_one_profile_goes_up_in_one_other_alone(house: House) -> None:
    one, other = two(house)
    third = written(house, name="Zoe", emails=["zoe@x.org"])
    merged(house, one, other)
    merged(house, third, other)  # which by now is one's
    heard(house)
    for each in (one, other, third):
        assert read(house, each.candidate_id).candidate_id == third.candidate_id
    assert len(house.kinds("profile", container="candidates")) == 1


def test_thirty_merges_one_after_the_other(house: House) -> None:
    """Each into the newest: the first id still leads to the last."""
    first = written(house, name="Maya", emails=["m0@x.org"])
    kept = first
    for number in range(1, 30):
        newest = written(house, name="Maya", emails=[f"m{number}@x.org"])
        merged(house, newest, kept)
        heard(house)
        kept = newest
    assert read(house, first.candidate_id).candidate_id == kept.candidate_id
    assert len(read(house, kept.candidate_id).absorbed) == 29


def test_many_long_notes_come_along(house: House) -> None:
    one, other = two(house)
    for number in range(90):
        noted(house, other.candidate_id, f"n{number}", "🔐" * 4000)
    merged(house, one, other)
    heard(house)
    assert len(notes_of(house, one.candidate_id)) == 90


def test_what_a_person_set_in_the_other_alone_stands(house: House) -> None:
    one, other = two(house)
    edited(house, other.candidate_id, headline="Security architect")
    merged(house, one, other)
    headline = read(house, one.candidate_id).resume.personal.headline
    assert headline is not None
    assert headline.value == "Security architect"


def test_the_earlier_end_of_two_holds(house: House) -> None:
    one, other = two(house)
    end = house.clock() + timedelta(days=30)
    edited(house, other.candidate_id, expires_at=end.isoformat())
    merged(house, one, other)
    assert read(house, one.candidate_id).expires_at == end


def test_pairs_of_who_was_merged_are_settled(house: House) -> None:
    """Three of one person: after two merges nothing is proposed, and nobody is shown twice."""
    three = [
        written(house, name="Maya Okafor", emails=[f"{n}@x.org"], phones=["+4930901820"])
        for n in "abc"
    ]
    heard(house)
    assert len(pairs(house)) == 3
    for other in three[1:]:
        merged(house, three[0], other)
        heard(house)
    assert pairs(house) == []


def test_numbers_are_compared_however_they_are_written(house: House) -> None:
    written(house, name="Maya Okafor", emails=["a@x.org"], phones=["+49 30 901820"])
    written(house, name="M. Okafor", emails=["b@x.org"], phones=["+4930901820"])
    heard(house)
    assert [pair.reasons for pair in pairs(house)] == [("same_phone", "same_name")]


def test_one_career_under_two_writings_of_a_name(house: House) -> None:
    """Neither address nor number nor whole name is shared: an initial stands for a word."""
    written(house, name="Maya Okafor", emails=["a@x.org"], **CAREER)
    heard(house)
    written(house, name="M. Okafor", emails=["b@x.org"], **CAREER)
    heard(house)
    assert len(pairs(house)) == 1


@pytest.mark.parametrize("erased", ["kept", "other"])
def test_an_erasure_that_comes_before_the_alias_reaches_both(house: House, erased: str) -> None:
    one, other = two(house)
    merged(house, one, other)
    asked = one if erased == "kept" else other
    profiles.erase(house, PSEUDONYMS, BY, TENANT, asked.candidate_id, now=house.clock())
    heard(house)
    house.work("accounts")
    assert house.kinds("profile", container="candidates") == []
    assert house.kinds("alias", container="candidates") == []


@pytest.mark.parametrize("erased", ["kept", "other"])
def test_nothing_is_written_to_who_is_being_erased(house: House, erased: str) -> None:
    """Neither a merge nor an edit nor another writing: it would look like who came anew."""
    one, other = two(house)
    asked = one if erased == "kept" else other
    profiles.erase(house, PSEUDONYMS, BY, TENANT, asked.candidate_id, now=house.clock())
    with pytest.raises(Conflict, match="erased"):
        merged(house, one, other)
    with pytest.raises(Conflict, match="erased"):
        edited(house, asked.candidate_id, headline="Nurse")
    with pytest.raises(Conflict, match="erased"):
        written(house, emails=list(asked.emails), headline="Nurse")
    house.work("accounts")
    left = [body["id"] for body in house.kinds("profile", container="candidates")]
    assert left == [other.candidate_id if erased == "kept" else one.candidate_id]


def test_a_late_file_of_an_absorbed_and_erased_address_is_erased(house: House) -> None:
    """It came in before the erasure was asked for, and is read after it was done."""
    one = written(house, name="Maya Okafor", emails=["private@x.org"])
    other = written(house, name="Maya Okafor", emails=["maya.okafor@example.com"])
    merged(house, one, other)
    heard(house)
    house.drop("late.txt")
    for entity in ("intake_extract", "intake_parse"):
        house.work(entity)
    house.clock.advance(seconds=5)
    profiles.erase(house, PSEUDONYMS, BY, TENANT, one.candidate_id, now=house.clock())
    house.work("accounts")
    house.work("intake_finalize")
    house.work("accounts")
    assert house.kinds("profile", container="candidates") == []


def test_an_absorption_goes_on_wherever_a_process_dies(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each commit in turn is the last before the end; the event comes again, and nothing is lost
    or doubled."""
    one, other = two(house)
    for number in range(3):
        noted(house, other.candidate_id, f"n{number}", f"note {number}")
    merged(house, one, other)
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
                merging.absorb(house, PSEUDONYMS, event, now=house.clock())
            except KeyboardInterrupt:
                continue
            break
    notes = profiles.notes(
        house, TENANT, one.candidate_id, limit=9, continuation=None, now=house.clock()
    )[0]
    assert sorted(note.text for note in notes) == ["note 0", "note 1", "note 2"]
    assert read(house, other.candidate_id).candidate_id == one.candidate_id
    assert len(house.kinds("profile", container="candidates")) == 1


def test_merging_again_changes_nothing(house: House) -> None:
    one, other = two(house)
    first = merged(house, one, other)
    heard(house)
    again = merged(house, one, other)
    assert again.revision == first.revision
    with pytest.raises(Conflict):
        merge(house, one.candidate_id, one.candidate_id)


def test_three_profiles_become_one(house: House) -> None:
    """By way of the second: each id leads to the last."""
    one, other = two(house)
    third = written(house, name="Maya O.", emails=["third@x.org"])
    merged(house, one, other)
    heard(house)
    merged(house, third, one)
    heard(house)
    for each in (one, other, third):
        assert read(house, each.candidate_id).candidate_id == third.candidate_id
    assert set(read(house, third.candidate_id).absorbed) == {one.candidate_id, other.candidate_id}


def test_the_pair_is_told_as_merged_and_cannot_be_dismissed(house: House) -> None:
    one = written(house, name="Maya Okafor", emails=["a@x.org"], phones=["+4930901820"])
    other = written(house, name="Maya Okafor", emails=["b@x.org"], phones=["+4930901820"])
    heard(house)
    (pair,) = pairs(house)
    merged(house, one, other)
    assert pairs(house) == []
    with pytest.raises(Conflict):
        merging.judge(house, TENANT, pair.pair_id, "dismissed", now=house.clock())


def test_another_tenants_profile_is_not_there(house: House) -> None:
    one, _ = two(house)
    theirs = written(house, RIVAL, name="Zoe", emails=["z@x.org"])
    for kept, other in ((one, theirs), (theirs, one)):
        with pytest.raises(Missing):
            merged(house, kept, other)


def test_an_erasure_reaches_all_that_was_merged(house: House) -> None:
    one, other = two(house)
    merged(house, one, other)
    heard(house)
    both = {one.candidate_id, other.candidate_id}
    for each in both:
        assert set(with_files(house, TENANT, {"candidate": (each,)})["candidate"]) == both
    asked = profiles.erase(house, PSEUDONYMS, BY, TENANT, other.candidate_id, now=house.clock())
    assert set(asked.subjects["candidate"]) == both
    house.work("accounts")
    assert house.kinds("profile", container="candidates") == []
    assert house.kinds("alias", container="candidates") == []
