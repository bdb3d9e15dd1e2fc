"""Whose profile a file belongs to, and what a merge never does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.candidates.rules.filters import Search, wanted_terms
from functions.intake_finalize.rules import incoming_of
from shared.models.candidate import CandidateProfile
from shared.models.resume import (
    Language,
    PartialDate,
    PersonalInfo,
    Position,
    Resume,
    Skill,
    Study,
)
from shared.profiles import writing
from shared.profiles.identity import identity_key
from shared.search_terms import MAX_TERMS, field_term, folded, name_terms
from tests.flows.intake_finalize.resumes import (
    EMAILS,
    File,
    file_of,
    profile_of,
    resumes,
    value,
)
from tests.flows.stores import START

LATER = START + timedelta(days=1)
LISTS = [
    "work_experience", "education", "skills", "certifications", "languages", "projects",
    "achievements",
]  # fmt: skip


def merged(profile: CandidateProfile, file: File) -> CandidateProfile:
    return writing.merged(profile, incoming_of(*file), now=LATER)


def person(**fields: Any) -> Resume:
    return Resume(personal=PersonalInfo(**fields))


@given(st.emails(), st.sampled_from(["", " ", "\t"]), st.text(max_size=5))
def test_an_address_is_one_however_it_is_written(address: str, space: str, name: str) -> None:
    """Case and spaces of an e-mail address, and whatever else is said, make no other person."""
    plain = identity_key(person(emails=(value(address.casefold()),)), "a")
    written = person(
        emails=(value(space + address.upper().lower().swapcase() + space), value("b@c.de")),
        name=value(name),
        phones=(value("+12125550100"),),
    )
    assert plain.startswith("email:")
    if address.isascii():
        assert identity_key(written, "b") == plain


def test_a_blank_address_is_none() -> None:
    """An address without a character is passed over for the next one."""
    blank = person(emails=(value(" "), value("A@b.example")))
    assert identity_key(blank, "a") == "email:a@b.example"


def test_without_address_the_first_sound_number_counts() -> None:
    """A valid number in international form says who it is, whatever the file."""
    sound = person(phones=(value("030 901820"), value("+1 12", 0.6), value("+4930901820")))
    assert identity_key(sound, "a") == identity_key(sound, "b") == "phone:+4930901820\n"
    spaced = person(phones=(value("+49 30 90 18-20"),))
    assert identity_key(spaced, "c") == "phone:+4930901820\n"


def test_a_number_that_two_people_share_keeps_them_apart() -> None:
    """A family's or an office's number does not make two names one person."""
    number = (value("+4930901820"),)
    ada = Resume(personal=PersonalInfo(name=value("Ada Byron"), phones=number))
    bo = Resume(personal=PersonalInfo(name=value("Bo Byron"), phones=number))
    again = Resume(personal=PersonalInfo(name=value("ADA  BYRON"), phones=number))
    assert identity_key(ada, "a") != identity_key(bo, "a")
    assert identity_key(ada, "a") == identity_key(again, "b")


@pytest.mark.parametrize(
    "phone", [value("030 901820"), value("+1 234 567 8900", 0.6), value("+4930901820", 0.2)]
)
def test_an_unsound_number_is_nobodys(phone: Any) -> None:
    """A number without country code, a made-up one or a fax tells nobody apart."""
    assert identity_key(person(phones=(phone,)), "a").startswith("file:")


def test_a_name_alone_is_a_person_of_that_file_only() -> None:
    """Two files with nothing but the same name are two people; the same file is one."""
    maya = person(name=value("Maya  OKAFOR"))
    assert identity_key(maya, "a") == identity_key(person(name=value("maya okafor")), "a")
    assert identity_key(maya, "a") != identity_key(maya, "b")
    assert identity_key(maya, "a") != identity_key(person(name=value("Jo Okafor")), "a")
    assert identity_key(Resume(), "a") != identity_key(Resume(), "b")


@given(resumes, resumes)
def test_the_order_of_two_files_does_not_matter(older: Resume, newer: Resume) -> None:
    """Whichever of two files is read first, the profile is the same."""
    first, second = file_of(older, 1), file_of(newer, 2)
    one = merged(profile_of(first), second)
    other = merged(profile_of(second), first)
    assert one == other.model_copy(update={"id": one.id, "candidate_id": one.candidate_id})


@given(resumes, resumes)
def test_the_later_file_is_right_field_by_field(older: Resume, newer: Resume) -> None:
    """Of two that both say something the later counts; what it leaves out is kept."""
    told = merged(profile_of(file_of(newer, 2)), file_of(older, 1)).resume
    for field in ("name", "headline", "summary", "location"):
        expected = getattr(newer.personal, field) or getattr(older.personal, field)
        assert getattr(told.personal, field) == expected


@given(resumes, resumes, st.booleans())
def test_nothing_listed_is_lost(one: Resume, other: Resume, swapped: bool) -> None:
    """Each item of either file is in the profile, and the later file's in all its words."""
    files = [file_of(one, 1), file_of(other, 2)]
    first, second = reversed(files) if swapped else files
    profile = merged(profile_of(first), second)
    for field in LISTS:
        united = getattr(profile.resume, field)
        for resume in (one, other):
            listed = getattr(resume, field)
            different = {folded(repr(plain(item))) for item in listed}
            assert len(united) >= len(different), field
            for item in listed:
                assert any(says(each, item) for each in united), (field, item)
        for item in getattr(other, field):
            assert any(covers(plain(each), plain(item)) for each in united), (field, item)


def plain(item: Any) -> dict[str, Any]:
    """An item's words, without where they were read."""
    return {
        key: bare(each)
        for key, each in item.model_dump().items()
        if key not in {"span", "confidence"}
    }


def bare(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(bare, value))
    return value["value"] if isinstance(value, dict) else value


def covers(item: dict[str, Any], said: dict[str, Any]) -> bool:
    """Whether an item says all that another says."""
    return all(item[key] == each for key, each in said.items() if each not in (None, (), False))


NAMING = {
    "Position": ("company", "title"),
    "Study": ("institution", "degree"),
    "Project": ("name",),
    "Value": ("value",),
}


def says(item: Any, said: Any) -> bool:
    """Whether two items name the same thing: one job, one study, one skill, one language."""
    here, there = plain(item), plain(said)
    if "key" in here or "code" in here:
        mark = "key" if "key" in here else "code"
        if here[mark] is not None and here[mark] == there[mark]:
            return True
        return folded(here["name"]) == folded(there["name"])
    fields = NAMING[type(said).__name__]
    return all(folded(here[field] or "") == folded(there[field] or "") for field in fields)


@given(resumes, resumes)
def test_every_address_and_number_stays(one: Resume, other: Resume) -> None:
    """All ways to reach the person are in the profile, each once."""
    profile = merged(profile_of(file_of(one, 1)), file_of(other, 2))
    addresses = {e.value.strip().casefold() for r in (one, other) for e in r.personal.emails}
    assert set(profile.emails) == addresses
    assert len(set(profile.emails)) == len(profile.emails)
    numbers = {digits(p.value) for r in (one, other) for p in r.personal.phones}
    assert {digits(phone) for phone in profile.phones} == numbers
    for address in addresses:
        assert field_term("email", address) in profile.terms


def digits(number: str) -> str:
    return "".join(c for c in number if c.isdecimal()) or number


@given(resumes, resumes, st.booleans())
def test_the_same_file_again_changes_nothing(one: Resume, other: Resume, older: bool) -> None:
    """A file merged once more, the first or the second, leaves all but the time as it was."""
    files = [file_of(one, 1), file_of(other, 2)]
    profile = merged(profile_of(files[0]), files[1])
    again = merged(profile, files[0 if older else 1])
    assert again == profile.model_copy(update={"updated_at": again.updated_at})


@given(resumes)
def test_a_new_profile_is_a_merge_of_one(resume: Resume) -> None:
    """A file merged into the profile it made changes nothing but the time."""
    profile = profile_of(file_of(resume, 1))
    again = merged(profile, file_of(resume, 1))
    assert again == profile.model_copy(update={"updated_at": LATER})


@given(
    resumes,
    resumes,
    st.sets(st.sampled_from(["personal", "skills", "work_experience", "nothing_of_a_resume"])),
    st.booleans(),
)
def test_what_a_person_edited_stays(
    edited: Resume, other: Resume, fields: set[str], older: bool
) -> None:
    """No file, earlier or later, changes a field that a person set."""
    profile = profile_of(file_of(edited, 2)).model_copy(update={"edited_fields": tuple(fields)})
    told = merged(profile, file_of(other, 1 if older else 3))
    assert told.edited_fields == profile.edited_fields
    for field in fields & set(Resume.model_fields):
        assert getattr(told.resume, field) == getattr(edited, field)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), resumes), min_size=1, max_size=6))
def test_each_file_is_a_source_once(told: list[tuple[int, int, Resume]]) -> None:
    """However often and in whatever order files come, each stands once, the oldest first."""
    files = [file_of(resume, number, attempt=attempt) for number, attempt, resume in told]
    profile = profile_of(files[0])
    for file in files[1:]:
        profile = merged(profile, file)
    numbers = [source.intake_id for source in profile.sources]
    assert numbers == sorted({f"intake-{number}" for number, _, _ in told})
    attempts = {f"intake-{number}": attempt for number, attempt, _ in told}
    assert {s.intake_id: s.attempt for s in profile.sources} == attempts


def test_both_names_find_the_person() -> None:
    """A person is found by the name of the earlier file too, whichever was read first."""
    older = file_of(person(name=value("Maya Okafor")), 1)
    newer = file_of(person(name=value("Maya Lindqvist")), 2)
    for profile in (merged(profile_of(older), newer), merged(profile_of(newer), older)):
        assert profile.name == "Maya Lindqvist"
        assert name_terms("Okafor") | name_terms("Lindqvist") <= set(profile.terms)


def test_numbers_of_two_cities_are_two_numbers() -> None:
    """Numbers that differ in the area code alone are both kept."""
    one = file_of(person(phones=(value("+12125550100"),)), 1)
    other = file_of(person(phones=(value("+13125550100"),)), 2)
    assert set(merged(profile_of(one), other).phones) == {"+12125550100", "+13125550100"}


def test_two_languages_of_one_code_stay_two() -> None:
    """What a list tells apart in one file is not one because another file says less."""
    both = (
        Language(name=value("Mandarin"), code="zh"),
        Language(name=value("Cantonese"), code="zh"),
    )
    one = file_of(Resume(languages=both), 1)
    other = file_of(Resume(languages=both[:1]), 2)
    told = merged(profile_of(one), other).resume.languages
    assert {language.name.value for language in told} == {"Mandarin", "Cantonese"}


def test_two_studies_without_a_degree_are_told_apart_by_their_years() -> None:
    """Two courses at one school do not become one."""
    school = value("MIT")
    first, second = (
        Study(institution=school, end=PartialDate(value=year, confidence=0.9))
        for year in ("2010", "2014")
    )
    profile = merged(
        profile_of(file_of(Resume(education=(first,)), 1)), file_of(Resume(education=(second,)), 2)
    )
    assert len(profile.resume.education) == 2


def test_a_first_year_is_no_last_year() -> None:
    """A study of which one file knows only the start and the other only the end stays as told,
    however often a file is read."""
    year = PartialDate(value="2017", confidence=0.9)
    first = file_of(Resume(education=(Study(end=year),)), 1)
    second = file_of(Resume(education=(Study(start=year),)), 2)
    profile = merged(profile_of(first), second)
    assert merged(profile, second).resume.education == profile.resume.education
    assert len(profile.resume.education) == 2


def test_a_job_keeps_what_only_one_file_says_of_it() -> None:
    """The later file's job takes the details from the earlier's, but not an end it denies."""
    started = PartialDate(value="2019", confidence=0.9)
    ended = PartialDate(value="2021", confidence=0.9)
    long = Position(
        company=value("Acme"),
        title=value("Engineer"),
        start=started,
        end=ended,
        highlights=(value("Built it"),),
    )
    short = Position(company=value("ACME"), title=value("engineer"), start=started, current=True)
    profile = merged(
        profile_of(file_of(Resume(work_experience=(long,)), 1)),
        file_of(Resume(work_experience=(short,)), 2),
    )
    (job,) = profile.resume.work_experience
    assert job.highlights == long.highlights
    assert (job.end, job.current) == (None, True)


def test_terms_are_bounded_and_the_persons_come_first() -> None:
    """However much is written, the profile stays findable by name and address."""
    record, parsed = file_of(person(name=value("Maya Okafor"), emails=(value(EMAILS[0]),)), 1)
    many = parsed.model_copy(update={"terms": tuple(f"word{n}" for n in range(MAX_TERMS))})
    profile = merged(profile_of((record, many)), file_of(person(name=value("Jo")), 2))
    assert len(profile.terms) == MAX_TERMS
    assert {"email:maya@example.com", "name:jo", "name:okafor"} <= set(profile.terms)


KNOWS = person(name=value("Maya")).model_copy(
    update={
        "skills": (
            Skill(name=value("C++"), key="cpp"),
            Skill(name=value("Node.js"), key="node-js"),
            Skill(name=value("Underwater welding")),
        )
    }
)


@pytest.mark.parametrize("skill", ["C++", "node js", "nodejs", "NODE.JS", "underwater Welding"])
def test_a_skill_is_found_by_any_usual_name(skill: str) -> None:
    profile = profile_of(file_of(KNOWS, 1))
    assert set(wanted_terms(Search(skills=[skill]))) <= set(profile.terms)


@pytest.mark.parametrize("skill", ["C", "C#", "welding"])
def test_a_skill_is_not_another_of_the_same_letter(skill: str) -> None:
    """Who knows C++ is not found by C or C#."""
    profile = profile_of(file_of(KNOWS, 1))
    assert not set(wanted_terms(Search(skills=[skill]))) & set(profile.terms)


@given(st.permutations([1, 2, 3]))
def test_the_later_word_wins_in_whatever_order_files_are_read(order: list[int]) -> None:
    """A headline of the first and the second file, none in the third: the second's stands."""
    files = {
        1: file_of(person(name=value("Maya"), headline=value("Nurse")), 1),
        2: file_of(person(name=value("Maya"), headline=value("Doctor")), 2),
        3: file_of(person(name=value("Maya O.")), 3),
    }
    profile = profile_of(files[order[0]])
    for number in order[1:]:
        profile = merged(profile, files[number])
    personal = profile.resume.personal
    assert personal.headline is not None
    assert personal.name is not None
    assert (personal.headline.value, personal.name.value) == ("Doctor", "Maya O.")
