"""Profiles by hand: written, edited, noted on, with their history, until their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.candidates.rules.documents import CandidateNote
from functions.candidates.rules.edits import CandidateChanges, applied, resume_of
from functions.candidates.rules.filters import Search
from functions.candidates.rules.meaning import digest_of, meaning_of
from functions.candidates.service import expiring, profiles, searching
from shared.auth import Principal
from shared.encoding import Vector
from shared.errors import Invalid, Missing, Stale
from shared.messaging import IdempotencyKey
from shared.models.candidate import candidate_id_of
from shared.models.resume import Resume
from tests.flows.candidates.recruiting import (
    BY,
    WordEncoder,
    by_hand,
    edited,
    heard,
    history_of,
    notes_of,
    read,
    written,
)
from tests.flows.intake_finalize.resumes import resumes
from tests.flows.stores import PSEUDONYMS, RESUME, RIVAL, START, TENANT, House
from tests.flows.stores import house as house

RECRUITER = Principal("recruiter-1", TENANT, frozenset({"recruiter"}))
OTHER = Principal("recruiter-2", TENANT, frozenset({"recruiter"}))
ADMIN = Principal("admin-1", TENANT, frozenset({"admin"}))


def of_file(house: House, text: str = RESUME, name: str = "cv.txt") -> str:
    """Drop a file and return the candidate's id."""
    house.drop(name, text)
    house.work_all()
    found = house.record(name).candidate_id
    assert found is not None
    return found


def names(house: House, **wanted: Any) -> set[str | None]:
    found = searching.search(
        house, TENANT, Search(**wanted), limit=50, continuation=None, now=house.clock()
    )
    return {profile.name for profile in found.profiles}


def note(house: House, by: Principal, candidate_id: str, note_id: str, text: str = "Called") -> Any:
    return profiles.add_note(
        house, by, candidate_id, note_id, text, shown=CandidateNote.stored, idempotency=None,
        now=house.clock(),
    ).body  # fmt: skip


def test_a_profile_by_hand_is_found(house: House) -> None:
    made = written(house, name="Maya Okafor", emails=["maya@x.org"], skills=["Node JS"])
    assert made.candidate_id == candidate_id_of(TENANT, "email:maya@x.org")
    assert names(house, skills=["node.js"]) == {"Maya Okafor"}
    assert made.resume.skills[0].key == "node-js"
    assert made.sources[0].channel == "api"


def test_the_same_by_hand_again_changes_nothing(house: House) -> None:
    first = written(house, name="Maya", emails=["maya@x.org"])
    house.clock.advance(minutes=5)
    again = written(house, name="Maya", emails=["maya@x.org"])
    assert again == first


def test_more_by_hand_is_merged_into_the_one_that_is_there(house: House) -> None:
    candidate_id = of_file(house)
    house.clock.advance(minutes=5)
    more = written(house, emails=["maya.okafor@example.com"], location="Berlin")
    assert more.candidate_id == candidate_id
    assert len(more.sources) == 2
    assert more.resume.work_experience


def test_nobody_is_no_candidate(house: House) -> None:
    with pytest.raises(Invalid):
        written(house, phones=["+4930901820"])


def test_what_a_person_set_no_file_overwrites(house: House) -> None:
    """The name and the skills stay, whatever later files say; all else goes on."""
    candidate_id = of_file(house)
    edited(house, candidate_id, name="Maya A. Okafor", skills=["Rust"])
    house.clock.advance(days=1)
    of_file(house, RESUME.replace("2019 - 2023", "2019 - 2025"), "newer.txt")
    profile = read(house, candidate_id)
    assert profile.name == "Maya A. Okafor"
    assert [skill.name.value for skill in profile.resume.skills] == ["Rust"]
    assert profile.resume.work_experience[0].end is not None
    assert profile.resume.work_experience[0].end.value == "2025"
    assert set(profile.edited_fields) == {"personal.name", "skills"}


def test_what_was_taken_out_is_found_no_more(house: House) -> None:
    candidate_id = of_file(house)
    assert names(house, skills=["python"]) == {"Maya Okafor"}
    edited(house, candidate_id, skills=["Rust"], emails=["other@x.org"])
    assert names(house, skills=["rust"], email="other@x.org") == {"Maya Okafor"}
    assert names(house, skills=["python"]) == set()
    assert names(house, email="maya.okafor@example.com") == set()
    assert names(house, text="borealis") == {"Maya Okafor"}


def test_months_are_counted_anew_when_jobs_are_edited(house: House) -> None:
    candidate_id = of_file(house)
    jobs = [
        {"company": "A", "start": "2020-01", "end": "2020-12"},
        {"company": "B", "start": "2020-07", "end": "2021-06"},
    ]
    profile = edited(house, candidate_id, work_experience=jobs)
    assert profile.resume.months_of_experience == profile.months_of_experience == 18


def test_an_edit_of_what_was_written_since_is_refused(house: House) -> None:
    candidate_id = of_file(house)
    first = read(house, candidate_id)
    edited(house, candidate_id, headline="Engineer", if_match=str(first.revision))
    with pytest.raises(Stale):
        edited(house, candidate_id, headline="Nurse", if_match=str(first.revision))
    headline = read(house, candidate_id).resume.personal.headline
    assert headline is not None
    assert headline.value == "Engineer"


def test_the_vector_does_not_make_a_reading_stale(house: House) -> None:
    """What the house itself adds afterwards is no change of the profile."""
    candidate_id = of_file(house)
    first = read(house, candidate_id)
    heard(house)
    assert read(house, candidate_id).embedding is not None
    edited(house, candidate_id, headline="Engineer", if_match=str(first.revision))


@pytest.mark.parametrize("fields", [{}, {"name": None, "emails": []}])
def test_an_edit_leaves_somebody(house: House, fields: dict[str, Any]) -> None:
    candidate_id = of_file(house)
    with pytest.raises(Invalid):
        edited(house, candidate_id, **fields)


def test_history_tells_what_stood_there(house: House) -> None:
    candidate_id = of_file(house)
    edited(house, candidate_id, name="Maya A. Okafor", tags=["shortlist"])
    house.clock.advance(days=1)
    of_file(house, RESUME + "\nFrench: fluent\n", "newer.txt")
    found, _ = profiles.history(
        house, TENANT, candidate_id, limit=9, continuation=None, now=house.clock()
    )
    assert [(each.number, each.action) for each in found] == [
        (3, "file"), (2, "edited"), (1, "created"),
    ]  # fmt: skip
    change = found[1]
    assert set(change.changed) == {"personal.name", "tags"}
    assert change.before["personal.name"]["value"] == "Maya Okafor"
    assert change.before["tags"] == []
    assert change.by == PSEUDONYMS.of(TENANT, "user", BY.user_id)
    assert found[0].intake_id == house.record("newer.txt").intake_id
    with pytest.raises(Missing):
        profiles.history(house, RIVAL, candidate_id, limit=9, continuation=None, now=house.clock())


@given(resumes, st.sampled_from(["skills", "languages", "achievements"]))
def test_an_edit_changes_what_it_names_and_nothing_else(resume: Resume, field: str) -> None:
    changes = CandidateChanges.model_validate({field: [], "headline": "Engineer"})
    after, fields, beside = applied(resume, changes)
    assert set(fields) == {field, "personal.headline"}
    assert beside == {}
    changed = {
        name for name in Resume.model_fields if getattr(after, name) != getattr(resume, name)
    }
    assert changed <= {field, "personal"}
    same = {"headline"}
    assert after.personal.model_dump(exclude=same) == resume.personal.model_dump(exclude=same)


def test_a_whole_resume_by_hand() -> None:
    """Values that somebody set are sure, and stand on no page."""
    changes = CandidateChanges(name="  Maya   Okafor ", skills=("Python",))
    resume, fields = resume_of(changes, today=START.date())
    name = resume.personal.name
    assert name is not None
    assert (name.value, name.confidence, name.span) == ("Maya Okafor", 1.0, None)
    assert resume.skills[0].key == "python"
    assert fields == ("personal.name", "skills")


@pytest.mark.parametrize(
    "fields",
    [
        {"emails": ["nobody"]},
        {"emails": ["a b@x.org"]},
        {"links": ["javascript:alert(1)"]},
        {"work_experience": [{"start": "2020-13"}]},
        {"education": [{"level": "wizard"}]},
        {"tags": [" padded"]},
        {"tags": ["x" * 41]},
        {"name": "  "},
        {"unknown": 1},
    ],
)
def test_what_no_profile_can_hold_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        CandidateChanges.model_validate(fields)


def test_notes_are_the_tenants_and_removed_by_their_author(house: House) -> None:
    candidate_id = of_file(house)
    note(house, RECRUITER, candidate_id, "n1", "Called")
    house.clock.advance(minutes=1)
    note(house, OTHER, candidate_id, "n2", "Free from March")
    assert notes_of(house, candidate_id) == ["Free from March", "Called"]
    with pytest.raises(Missing):
        profiles.remove_note(house, OTHER, candidate_id, "n1")
    rival = Principal("recruiter-1", RIVAL, frozenset({"admin"}))
    with pytest.raises(Missing):
        profiles.remove_note(house, rival, candidate_id, "n1")
    with pytest.raises(Missing):
        note(house, rival, candidate_id, "n3")
    profiles.remove_note(house, RECRUITER, candidate_id, "n1")
    profiles.remove_note(house, ADMIN, candidate_id, "n2")
    assert notes_of(house, candidate_id) == []


def test_a_note_with_a_key_is_written_once(house: House) -> None:
    candidate_id = of_file(house)
    key = IdempotencyKey("caller POST note", "k", "f")
    for _ in range(2):
        profiles.add_note(
            house, RECRUITER, candidate_id, key.new_id("note"), "Called",
            shown=CandidateNote.stored, idempotency=key, now=house.clock(),
        )  # fmt: skip
    assert notes_of(house, candidate_id) == ["Called"]


def test_who_is_over_is_not_found_and_erased_at_night(house: House) -> None:
    candidate_id = of_file(house)
    stays = written(house, name="Zoe", emails=["zoe@x.org"])
    end = house.clock() + timedelta(days=30)
    consent = {"basis": "consent", "given_at": house.clock().isoformat(), "note": None}
    edited(house, candidate_id, expires_at=end.isoformat(), consent=consent)
    assert expiring.erase_expired(house, PSEUDONYMS, now=house.clock()) == 0
    house.clock.advance(days=30)
    assert names(house) == {"Maya Okafor", "Zoe"}
    house.clock.advance(seconds=1)
    assert names(house) == {"Zoe"}
    assert expiring.erase_expired(house, PSEUDONYMS, now=house.clock()) == 1
    house.work("accounts")
    with pytest.raises(Missing):
        read(house, candidate_id)
    assert read(house, stays.candidate_id).name == "Zoe"
    assert not [blob for blob in house.blobs.list("resumes") if "cv.txt" in blob.name]


def test_an_end_can_be_taken_back_before_it_comes(house: House) -> None:
    made = written(house, name="Zoe", emails=["zoe@x.org"])
    edited(house, made.candidate_id, expires_at=(house.clock() + timedelta(days=1)).isoformat())
    assert edited(house, made.candidate_id, expires_at=None).expires_at.year == 9999
    house.clock.advance(days=2)
    assert names(house) == {"Zoe"}


def test_what_is_made_by_hand_no_file_overwrites(house: House) -> None:
    made = by_hand(house, name="Maya A. Okafor", emails=["maya.okafor@example.com"])
    house.clock.advance(days=1)
    assert of_file(house) == made.candidate_id
    profile = read(house, made.candidate_id)
    assert profile.name == "Maya A. Okafor"
    assert profile.resume.work_experience


def test_what_was_taken_out_is_not_found_by_a_later_file(house: House) -> None:
    candidate_id = of_file(house)
    edited(house, candidate_id, skills=["Rust"], name="Maya Lindqvist")
    house.clock.advance(days=1)
    of_file(house, RESUME + "\nlater\n", "newer.txt")
    assert names(house, skills=["python"]) == set()
    assert names(house, name="okafor") == set()
    assert names(house, name="lindqvist") == {"Maya Lindqvist"}


@pytest.mark.parametrize("end", ["2026-03-01T15:00:00+00:00", "2026-03-01T05:00:00-10:00"])
def test_an_end_is_the_same_moment_in_any_time_zone(house: House, end: str) -> None:
    made = written(house, name="Zoe", emails=["zoe@x.org"])
    edited(house, made.candidate_id, expires_at=end)
    house.clock.advance(hours=2)
    assert names(house) == {"Zoe"}
    assert expiring.erase_expired(house, PSEUDONYMS, now=house.clock()) == 0
    house.clock.advance(hours=1, seconds=1)
    assert names(house) == set()
    assert expiring.erase_expired(house, PSEUDONYMS, now=house.clock()) == 1


def test_who_is_over_is_read_noted_on_and_handed_over_no_more(house: House) -> None:
    made = written(house, name="Zoe", emails=["zoe@x.org"])
    edited(house, made.candidate_id, expires_at=house.clock().isoformat())
    for ask in (
        lambda: read(house, made.candidate_id),
        lambda: note(house, RECRUITER, made.candidate_id, "n1"),
        lambda: history_of(house, made.candidate_id),
    ):
        with pytest.raises(Missing):
            ask()


def test_who_applies_again_after_the_end_begins_anew(house: House) -> None:
    """Between the end and the night: the new application is found, and stays."""
    candidate_id = of_file(house)
    edited(house, candidate_id, expires_at=(house.clock() + timedelta(hours=1)).isoformat())
    house.clock.advance(hours=2)
    assert of_file(house, RESUME + "\nagain\n", "again.txt") == candidate_id
    assert names(house) == {"Maya Okafor"}
    assert expiring.erase_expired(house, PSEUDONYMS, now=house.clock()) == 0


def test_an_edit_that_changes_nothing_writes_nothing(house: House) -> None:
    made = written(house, name="Zoe", emails=["zoe@x.org"])
    first = edited(house, made.candidate_id, tags=["shortlist"])
    house.clock.advance(minutes=1)
    assert edited(house, made.candidate_id, tags=["shortlist"]) == first
    assert len(history_of(house, made.candidate_id)) == 2


def test_a_job_that_goes_on_makes_no_new_source_each_month(house: House) -> None:
    jobs = [{"company": "Acme", "start": "2020-01", "current": True}]
    for _ in range(3):
        profile = written(house, name="Zoe", emails=["zoe@x.org"], work_experience=jobs)
        house.clock.advance(days=31)
    assert len(profile.sources) == 1


def test_a_profile_stays_small_enough_for_a_commit(house: House) -> None:
    """However long the résumés of one person are, each is taken, and so is the next."""
    for number in range(4):
        jobs = [
            {"company": f"C{number}-{at}", "start": "2020", "highlights": ["x" * 4000] * 40}
            for at in range(12)
        ]
        profile = written(house, name="Zoe", emails=["zoe@x.org"], work_experience=jobs)
        assert len(profile.resume.model_dump_json()) <= 400_000
    assert {job.company.value for job in profile.resume.work_experience if job.company} == {
        f"C{number}-{at}" for number in range(4) for at in range(12)
    }


def test_the_vector_is_not_written_over_an_edit(house: House) -> None:
    """Somebody edits while the text is encoded: the edit stays, and its own event follows."""
    made = written(house, name="Zoe", headline="Nurse", emails=["zoe@x.org"])

    class Slow(WordEncoder):
        def encode(self, texts: Sequence[str]) -> list[Vector]:
            if not self.encoded:
                edited(house, made.candidate_id, headline="Doctor")
            return super().encode(texts)

    heard(house, Slow())
    profile = read(house, made.candidate_id)
    assert profile.resume.personal.headline is not None
    assert profile.resume.personal.headline.value == "Doctor"
    assert profile.embedding is not None
    assert profile.embedded == digest_of(meaning_of(profile), WordEncoder.model)
