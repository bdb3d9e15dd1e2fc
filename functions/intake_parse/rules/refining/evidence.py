"""What of a model's claims a text supports, each value with its place; the rest is counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from functions.intake_parse.rules import phones
from functions.intake_parse.rules.contact import link_key
from functions.intake_parse.rules.languages import codes
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.refining.addresses import Addresses
from functions.intake_parse.rules.refining.asked import Claim, Claims, JobClaim, StudyClaim
from functions.intake_parse.rules.refining.folded import FoldedText, Place
from functions.intake_parse.rules.refining.periods import Periods
from functions.intake_parse.rules.titles import level_of
from shared.models.resume import (
    Language,
    PersonalInfo,
    Position,
    Project,
    Resume,
    Skill,
    Study,
    Value,
)
from shared.skills import taxonomy

APART = 4
"""Lines that the parts of one entry stand apart at most."""
MOST_ENTRIES, MOST_ITEMS = 40, 120
_MOST_WORDS = {
    "name": 6, "headline": 25, "location": 10, "title": 15, "company": 15, "institution": 20,
    "degree": 25, "skills": 7, "certifications": 25, "projects": 15, "languages": 4,
}  # fmt: skip

T = TypeVar("T")


class Evidence:
    """Looks up claims in one text, and counts by field those that nothing supports.

    ``others`` are the lines, from 1, on which other people are named: nothing there is an address
    of the person.
    """

    def __init__(self, text: FoldedText, *, others: frozenset[int], region: str | None) -> None:
        self._text = text
        self._addresses = Addresses(text, others)
        self._region = region
        self._periods = Periods(text)
        self.dropped: Counter[str] = Counter()

    def supported(self, claims: Claims) -> Resume:
        """Return the claims that the text supports, each with its page, span and confidence."""
        return Resume(
            personal=PersonalInfo(
                name=self._name(claims.name),
                headline=self._one("headline", claims.headline),
                location=self._one("location", claims.location),
                emails=self._each("emails", claims.emails, self._email),
                phones=self._each("phones", claims.phones, self._phone),
                links=self._each("links", claims.links, self._link),
            ),
            work_experience=tuple(
                job
                for each in self._first("work_experience", claims.work_experience, MOST_ENTRIES)
                if (job := self._job(each)) is not None
            ),
            education=tuple(
                study
                for each in self._first("education", claims.education, MOST_ENTRIES)
                if (study := self._study(each)) is not None
            ),
            skills=tuple(
                Skill(name=name, key=entry.key if (entry := taxonomy.lookup(name.value)) else None)
                for name in self._each("skills", claims.skills, self._skill)
            ),
            certifications=self._each("certifications", claims.certifications, self._certification),
            languages=tuple(self._languages(claims)),
            projects=tuple(
                Project(name=name)
                for name in self._each("projects", claims.projects, self._project)
            ),
        )

    def _first(self, field: str, claims: Sequence[T], most: int) -> Sequence[T]:
        if len(claims) > most:
            self.dropped[field] += len(claims) - most
        return claims[:most]

    def _each(
        self, field: str, claims: Sequence[Claim], look: Callable[[Claim], Value | None]
    ) -> tuple[Value, ...]:
        """The supported ones of a list, each once."""
        found: dict[str, Value] = {}
        for claim in self._first(field, claims, MOST_ITEMS):
            value = look(claim)
            if value is None:
                self.dropped[field] += 1
            else:
                found.setdefault(fold(value.value), value)
        return tuple(found.values())

    def _one(self, field: str, claim: Claim | None) -> Value | None:
        if claim is None:
            return None
        value = self._value(field, claim)
        self.dropped[field] += value is None
        return value

    def _name(self, claim: Claim | None) -> Value | None:
        if claim is not None and not re.fullmatch(r"[^\d@/:|]*[^\W\d_][^\d@/:|]*", claim.value):
            self.dropped["name"] += 1
            return None
        return self._one("name", claim)

    def _places(self, field: str, claim: Claim) -> list[Place]:
        """Where a claim stands, none for what is too long to be such a value."""
        if not 0 < len(claim.value.split()) <= _MOST_WORDS[field] or len(claim.value) > 300:
            return []
        if not any(each.isalnum() for each in claim.value):
            return []
        return self._text.find(claim.value, near=claim.line)

    def _value(self, field: str, claim: Claim) -> Value | None:
        places = self._places(field, claim)
        return self._at(places[0], claim) if places else None

    def _at(self, place: Place, claim: Claim) -> Value:
        away = abs(place.line - claim.line)
        return Value(
            value=place.text,
            confidence=0.85 if away <= 1 else 0.75 if away <= APART else 0.65,
            span=self._text.span(place.start, place.end),
        )

    def _skill(self, claim: Claim) -> Value | None:
        return None if re.search(r"[;|•·\n]|, ", claim.value) else self._value("skills", claim)

    def _certification(self, claim: Claim) -> Value | None:
        return self._value("certifications", claim)

    def _project(self, claim: Claim) -> Value | None:
        return self._value("projects", claim)

    def _email(self, claim: Claim) -> Value | None:
        found = self._addresses.emails.get(claim.value.strip().casefold())
        return self._stands(found, claim) if found else None

    def _link(self, claim: Claim) -> Value | None:
        found = self._addresses.links.get(link_key(claim.value))
        return self._stands(found, claim) if found else None

    def _phone(self, claim: Claim) -> Value | None:
        wanted = re.sub(r"\D", "", claim.value).lstrip("0")
        for digits, found in self._addresses.phones.items():
            # what is said may have the country's code before what stands there
            if wanted.endswith(digits) and len(wanted) - len(digits) <= 3:
                value, valid = phones.formatted(found.text, self._region)
                stands = self._stands(found, claim)
                sure = stands.confidence if valid else 0.5
                return stands.model_copy(update={"value": value, "confidence": sure})
        return None

    def _stands(self, found: Place, claim: Claim) -> Value:
        """An address; one that only an annotation gives has no place."""
        if found.start < found.end:
            return self._at(found, claim)
        return Value(value=found.text, confidence=0.8)

    def _languages(self, claims: Claims) -> list[Language]:
        found: dict[str, Language] = {}
        for said in self._first("languages", claims.languages, MOST_ITEMS):
            places = self._places("languages", said.name)
            code = codes().get(fold(places[0].text)) if places else None
            if not places or (code is None and taxonomy.exact(said.name.value)):
                self.dropped["languages"] += 1
                continue
            level = None
            if said.level is not None:
                levels = self._places("languages", said.level)
                near = [each for each in levels if 0 <= each.line - places[0].line <= 1]
                level = near[0].text if near else None
                self.dropped["languages.level"] += level is None
            name = self._at(places[0], said.name)
            known = code if code is not None and len(code) == 2 else None
            found.setdefault(fold(name.value), Language(name=name, code=known, level=level))
        return list(found.values())

    def _job(self, said: JobClaim) -> Position | None:
        title, company = self._pair("work_experience", "title", said.title, "company", said.company)
        here = [each for each in (title, company) if each is not None]
        if not here:
            said_more = (said.location, said.start, said.end)
            self.dropped["work_experience"] += any(each is not None for each in said_more)
            return None
        first, last = min(each.line for each in here), max(each.line for each in here)
        location = None
        if said.location is not None:
            near = [
                each
                for each in self._places("location", said.location)
                if first - APART <= each.line <= last + APART
            ]
            location = self._at(near[0], said.location) if near else None
            self.dropped["work_experience.location"] += location is None
        timing = self._periods.timing(
            first,
            last,
            start=said.start.value if said.start else None,
            end=said.end.value if said.end else None,
            current=said.current,
        )
        for name in timing.unsupported:
            self.dropped[f"work_experience.{name}"] += 1
        return Position(
            title=self._at(title, said.title) if title and said.title else None,
            company=self._at(company, said.company) if company and said.company else None,
            location=location,
            start=timing.start,
            end=timing.end,
            current=timing.current,
        )

    def _study(self, said: StudyClaim) -> Study | None:
        institution, degree = self._pair(
            "education", "institution", said.institution, "degree", said.degree
        )
        here = [each for each in (institution, degree) if each is not None]
        if not here:
            self.dropped["education"] += said.start is not None or said.end is not None
            return None
        timing = self._periods.timing(
            min(each.line for each in here),
            max(each.line for each in here),
            start=said.start.value if said.start else None,
            end=said.end.value if said.end else None,
            current=False,
        )
        for name in timing.unsupported:
            self.dropped[f"education.{name}"] += 1
        return Study(
            institution=self._at(institution, said.institution)
            if institution and said.institution
            else None,
            degree=self._at(degree, said.degree) if degree and said.degree else None,
            level=level_of(degree.text) if degree else None,
            start=timing.start,
            end=timing.end,
            current=timing.current,
        )

    def _pair(
        self, field: str, one: str, first: Claim | None, other: str, second: Claim | None
    ) -> tuple[Place | None, Place | None]:
        """Where the two parts of an entry stand together; the second is dropped where they stand
        too far apart to be of one entry."""
        ones = self._places(one, first) if first else []
        others = self._places(other, second) if second else []
        self.dropped[f"{field}.{one}"] += first is not None and not ones
        self.dropped[f"{field}.{other}"] += second is not None and not others
        if not ones or not others or first is None or second is None:
            return (ones[0] if ones else None), (others[0] if others else None)
        pairs = [
            (abs(a.line - b.line), abs(a.line - first.line) + abs(b.line - second.line), a, b)
            for a in ones
            for b in others
            # one place is not two parts of an entry
            if not _overlap(a, b) and self._is_one(a.line, b.line)
        ]
        if pairs:
            _, _, a, b = min(pairs, key=lambda pair: (pair[1], pair[0]))
            return a, b
        self.dropped[f"{field}.{other}"] += 1
        return ones[0], None

    def _is_one(self, one: int, other: int) -> bool:
        """Whether lines can be of one entry: near, and not parted by the dates of another."""
        apart = abs(one - other)
        return apart <= 2 or (apart <= APART and not self._periods.part(one, other))


def _overlap(one: Place, other: Place) -> bool:
    return one.start < other.end and other.start < one.end
