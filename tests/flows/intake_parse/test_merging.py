"""Claims that a text supports join what the rules read; nothing else does, whatever is claimed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.intake_parse.rules import parse
from shared.models.resume import PartialDate, Position, Resume, Value
from shared.models.text import ExtractedText
from tests.flows.intake_parse.claiming import PAGE, TODAY, believed, job, said, study, text_of


def test_what_the_rules_were_sure_of_stays() -> None:
    """A blank is filled, an unsure value corrected, an address never removed."""
    text = text_of()
    rules = parse(text, TODAY)
    name = Value(value="Staff engineer", confidence=0.5)
    unsure = rules.model_copy(
        update={
            "personal": rules.personal.model_copy(update={"name": name, "headline": None}),
            "languages": (),
        }
    )
    found = believed(
        text,
        unsure,
        name=said("Maya Okafor"),
        headline=said("Staff engineer", 2),
        emails=[said("john.smith@example.org")],
        languages=[{"name": said("German", 22), "level": None}],
        work_experience=[job("Junior Developer", "Häfele & Söhne", "2015", "2018", line=11)],
    )
    personal = found.resume.personal
    assert personal.name is not None
    assert personal.name.value == "Maya Okafor"
    assert personal.emails == rules.personal.emails
    assert personal.phones == rules.personal.phones
    assert len(found.resume.work_experience) == len(rules.work_experience) == 2
    assert (found.added, found.corrected) == (2, 1)
    again = believed(text, rules, name=said("John Smith", 23))
    assert again.resume.personal.name == rules.personal.name


def test_a_job_that_the_rules_missed_stands_in_its_place() -> None:
    """Between those around it, and the months are counted anew."""
    text = text_of()
    rules = parse(text, TODAY)
    missed = rules.model_copy(
        update={"work_experience": rules.work_experience[1:], "months_of_experience": 48}
    )
    found = believed(
        text, missed, work_experience=[job("Software Engineer", "Borealis GmbH", "2019-03",
                                           "2023-06", line=7)]
    )  # fmt: skip
    assert [each.title.value for each in found.resume.work_experience if each.title] == [
        "Software Engineer", "Junior Developer",
    ]  # fmt: skip
    assert found.added == 1
    assert found.resume.months_of_experience == rules.months_of_experience == 100


def read(value: str, confidence: float = 0.95) -> Value:
    return Value(value=value, confidence=confidence)


def test_what_the_rules_left_in_one_is_parted() -> None:
    """Though they were sure of it; not where they were as sure of another second part."""
    said_job = job("Software Engineer", "Borealis GmbH", line=7, location="Berlin")
    joined = Position(title=read("Software Engineer, Borealis GmbH, Berlin"))
    for company, kept in ((None, "Borealis GmbH"), (read("Maya Okafor", 0.7), "Borealis GmbH"),
                          (read("Maya Okafor"), "Maya Okafor")):  # fmt: skip
        rules = Resume(work_experience=(joined.model_copy(update={"company": company}),))
        (found,) = believed(resume=rules, work_experience=[said_job]).resume.work_experience
        assert found.title is not None
        assert found.company is not None
        assert found.company.value == kept
        assert (found.title.value == "Software Engineer") is (kept == "Borealis GmbH")


def test_a_study_that_the_rules_took_for_a_job_is_none() -> None:
    """Where they were unsure of it, and the text has it as a claim says."""
    taken = Position(title=read("BSc Computer Science", 0.6), company=read("TU Wien"))
    sure = Position(title=read("BSc Computer Science", 0.9), company=read("TU Wien"))
    claimed = [study("TU Wien", "BSc Computer Science", "2011", "2014")]
    for position, jobs in ((taken, 0), (sure, 1)):
        rules = Resume(work_experience=(position,))
        found = believed(resume=rules, education=claimed).resume
        assert (len(found.work_experience), len(found.education)) == (jobs, 1)


def test_dates_of_two_periods_are_not_mixed() -> None:
    """A start of the rules keeps its end; a blank end is filled by that of the same start."""
    claimed = [job("Software Engineer", "Borealis GmbH", "2019-03", "2023-06", line=7)]
    for start, ends in (("2019", "2023-06"), ("2020", None)):
        rules = Resume(
            work_experience=(
                Position(
                    title=read("Software Engineer"),
                    company=read("Borealis GmbH"),
                    start=PartialDate(value=start, confidence=0.95),
                ),
            )
        )
        (found,) = believed(resume=rules, work_experience=claimed).resume.work_experience
        assert found.start is not None
        assert found.start.value == start
        assert (found.end.value if found.end else None) == ends


WORDS = st.sampled_from(sorted(set(re.findall(r"\S+", PAGE))))
VALUES = st.one_of(
    WORDS,
    st.lists(WORDS, max_size=4).map(" ".join),
    st.sampled_from(PAGE.split("\n")),
    st.text(max_size=20),
    st.sampled_from(["2019", "2019-03", "2015", "2014-01", "present", "+49 30 901820", "Python"]),
)
CLAIM = st.builds(said, VALUES, st.integers(-5, 60))
MAYBE = st.none() | CLAIM
JOB = st.fixed_dictionaries(
    {"title": MAYBE, "company": MAYBE, "location": MAYBE, "start": MAYBE, "end": MAYBE,
     "current": st.booleans()}
)  # fmt: skip
STUDY = st.fixed_dictionaries({"institution": MAYBE, "degree": MAYBE, "start": MAYBE, "end": MAYBE})
MANY = st.lists(CLAIM, max_size=4)
ANYTHING = st.fixed_dictionaries(
    {
        "name": MAYBE, "headline": MAYBE, "location": MAYBE, "emails": MANY, "phones": MANY,
        "links": MANY, "work_experience": st.lists(JOB, max_size=4),
        "education": st.lists(STUDY, max_size=3), "skills": MANY, "certifications": MANY,
        "languages": st.lists(st.fixed_dictionaries({"name": CLAIM, "level": MAYBE}), max_size=3),
        "projects": MANY,
    }
)  # fmt: skip


def _parts(value: Any) -> list[Value | PartialDate]:
    if isinstance(value, Value | PartialDate):
        return [value]
    if isinstance(value, tuple):
        return [part for each in value for part in _parts(each)]
    if hasattr(value, "model_fields_set"):
        return [part for _, each in value for part in _parts(each)]
    return []


def _letters(text: str) -> str:
    """Letters and digits alone, without marks: what a value and its place must share."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in apart if each.isalnum())


def hold_supported(text: ExtractedText, resume: Resume) -> None:
    """Every value stands where it says, on the page that it says."""
    for part in _parts(resume):
        assert part.span is not None
        stands = text.text[part.span.start : part.span.end]
        line = text.text[: part.span.start].count("\n")
        assert part.span.page == text.lines[line].page
        if isinstance(part, PartialDate):
            assert part.value[:4] in stands
        elif part in resume.personal.phones:
            digits = re.sub(r"\D", "", stands)
            assert re.sub(r"\D", "", part.value).endswith(digits.lstrip("0"))
        else:
            assert _letters(part.value) == _letters(stands)
    for each in resume.languages:
        assert each.level is None or _letters(each.level) in _letters(text.text)


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_nothing_invented_survives(answer: dict[str, Any]) -> None:
    """Whatever a model says, every value of the result stands in the text."""
    text = text_of()
    hold_supported(text, believed(text, **answer).resume)


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_the_rules_lose_nothing_that_they_were_sure_of(answer: dict[str, Any]) -> None:
    """No address, no entry, no sure value, whatever a model says."""
    text = text_of()
    rules = parse(text, TODAY)
    found = believed(text, rules, **answer).resume
    assert set(_values(rules.personal.emails)) <= set(_values(found.personal.emails))
    assert set(_values(rules.personal.phones)) <= set(_values(found.personal.phones))
    assert len(found.work_experience) >= len(rules.work_experience)
    assert len(found.education) >= len(rules.education)
    kept = {_letters(each.value) for each in _parts(found)}
    for each in _parts(rules):
        whole = _letters(each.value)
        # what the rules left in one may be parted in two
        parts = [part for part in kept if part and part in whole]
        assert each.confidence < 0.8 or whole in kept or len(parts) >= 2


def _values(values: tuple[Value, ...]) -> list[str]:
    return [each.value for each in values]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), ANYTHING)
def test_any_text_and_any_answer_are_taken(page: str, answer: dict[str, Any]) -> None:
    """Without an error, and with nothing but what stands there."""
    text = text_of(page)
    hold_supported(text, believed(text, **answer).resume)
