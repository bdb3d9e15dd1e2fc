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
from functions.intake_parse.rules.refining.entries import APART, Entries, When
from functions.intake_parse.rules.refining.folded import FoldedText, Place, plain
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
        self._entries = Entries(text)
        self._employers: dict[str, list[int]] = {}
        self.dropped: Counter[str] = Counter()

    def supported(self, claims: Claims) -> Resume:
        """Return the claims that the text supports, each with its page, span and confidence."""
        self._employers = {
            plain(each.company.value): [
                place.line for place in self._places("company", each.company)
            ]
            for each in claims.work_experience[:MOST_ENTRIES]
            if each.company is not None
        }
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
        titles = self._parts("work_experience.title", said.title)
        companies = self._parts("work_experience.company", said.company)
        own = plain(said.company.value) if said.company else ""
        found = self._entries.find(
            titles,
            companies,
            _when(said, current=said.current),
            rivals=[
                line for name, lines in self._employers.items() if name != own for line in lines
            ],
        )
        if found is None:
            said_more = (said.location, said.start, said.end)
            self.dropped["work_experience"] += any(each is not None for each in said_more)
            return None
        self.dropped["work_experience.company"] += bool(companies) and found.other is None
        location = None
        if said.location is not None:
            near = [each for each in self._places("location", said.location) if found.is_near(each)]
            location = self._at(near[0], said.location) if near else None
            self.dropped["work_experience.location"] += location is None
        for name in found.timing.unsupported:
            self.dropped[f"work_experience.{name}"] += 1
        return Position(
            title=self._at(found.one, said.title) if found.one and said.title else None,
            company=self._at(found.other, said.company) if found.other and said.company else None,
            location=location,
            start=found.timing.start,
            end=found.timing.end,
            current=found.timing.current,
        )

    def _study(self, said: StudyClaim) -> Study | None:
        schools = self._parts("education.institution", said.institution)
        degrees = self._parts("education.degree", said.degree)
        found = self._entries.find(schools, degrees, _when(said))
        if found is None:
            self.dropped["education"] += said.start is not None or said.end is not None
            return None
        self.dropped["education.degree"] += bool(degrees) and found.other is None
        for name in found.timing.unsupported:
            self.dropped[f"education.{name}"] += 1
        school, degree = found.one, found.other
        return Study(
            institution=self._at(school, said.institution) if school and said.institution else None,
            degree=self._at(degree, said.degree) if degree and said.degree else None,
            level=level_of(degree.text) if degree else None,
            start=found.timing.start,
            end=found.timing.end,
            current=found.timing.current,
        )

    def _parts(self, path: str, claim: Claim | None) -> list[Place]:
        """Where a part of an entry stands; counted where it stands nowhere."""
        if claim is None:
            return []
        places = self._places(path.rpartition(".")[2], claim)
        self.dropped[path] += not places
        return places


def _when(said: JobClaim | StudyClaim, *, current: bool = False) -> When:
    return When(
        said.start.value if said.start else None, said.end.value if said.end else None, current
    )
