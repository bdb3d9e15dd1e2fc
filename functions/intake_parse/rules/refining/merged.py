"""The rules' parse, with what a model's supported claims add and correct."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from functions.intake_parse.rules.contact import link_key
from functions.intake_parse.rules.phones import MOST
from functions.intake_parse.rules.refining.folded import plain
from shared.models.resume import (
    Language,
    PartialDate,
    PersonalInfo,
    Position,
    Project,
    Resume,
    Skill,
    Study,
    Value,
)
from shared.profiles.experience import months_of
from shared.skills import taxonomy

SURE = 0.8
"""From this confidence on a value of the rules stands, whatever a model says."""

EntryT = TypeVar("EntryT", Position, Study)
ItemT = TypeVar("ItemT")
PartT = TypeVar("PartT", Value, PartialDate)


@dataclass
class Changes:
    """How many values came to the rules' parse, and how many stand in the place of others."""

    added: int = 0
    corrected: int = 0


@dataclass
class Merger:
    """Merges two readings of one text."""

    changes: Changes = field(default_factory=Changes)

    def merged(self, rules: Resume, refined: Resume, *, today: date, model: str) -> Resume:
        """Return the rules' reading with the refined one merged into it.

        What the rules were sure of stays, or is parted in two; no e-mail address or telephone
        number of theirs goes, and no entry but a job that is a course of study.
        """
        mine, other = rules.personal, refined.personal
        jobs = [each for each in rules.work_experience if not self._is_study(each, refined)]
        work = self._entries(jobs, refined.work_experience, _same_job, self._job)
        education = self._entries(rules.education, refined.education, _same_study, self._study)
        return rules.model_copy(
            update={
                "personal": mine.model_copy(
                    update={
                        "name": self._part(mine.name, other.name),
                        "headline": self._part(mine.headline, other.headline),
                        "location": self._part(mine.location, other.location),
                        **self._addresses(mine, other),
                    }
                ),
                "work_experience": work,
                "education": education,
                "skills": self._union(rules.skills, refined.skills, _skill_key),
                "certifications": self._union(
                    rules.certifications, refined.certifications, _value_key
                ),
                "languages": self._languages(rules.languages, refined.languages),
                "projects": self._union(rules.projects, refined.projects, _project_key),
                "months_of_experience": months_of(work, today),
                "parser": f"{rules.parser}+{model}",
            }
        )

    def _addresses(self, mine: PersonalInfo, other: PersonalInfo) -> dict[str, tuple[Value, ...]]:
        phones = self._union(mine.phones, other.phones, _phone_key)
        return {
            "emails": self._union(mine.emails, other.emails, _value_key)[
                : max(MOST, len(mine.emails))
            ],
            "phones": phones[: max(MOST, len(mine.phones))],
            "links": self._union(mine.links, other.links, lambda each: link_key(each.value)),
        }

    def _part(
        self, mine: PartT | None, other: PartT | None, *, joined: bool = False
    ) -> PartT | None:
        """One value: the rules' where they have one and are sure of it, unless it is ``joined``
        with another."""
        if other is None:
            return mine
        if mine is None:
            self.changes.added += 1
            return other
        if plain(mine.value) == plain(other.value):
            sure = max(mine.confidence, other.confidence)
            return mine.model_copy(update={"confidence": sure})
        if not joined and (mine.confidence >= SURE or other.confidence < mine.confidence):
            return mine
        self.changes.corrected += 1
        return other

    def _union(
        self, mine: Sequence[ItemT], others: Sequence[ItemT], key: Callable[[ItemT], str]
    ) -> tuple[ItemT, ...]:
        known = {key(each) for each in mine}
        new: dict[str, ItemT] = {}
        for each in others:
            if key(each) and key(each) not in known:
                new.setdefault(key(each), each)
        self.changes.added += len(new)
        return (*mine, *new.values())

    def _languages(
        self, mine: Sequence[Language], others: Sequence[Language]
    ) -> tuple[Language, ...]:
        said = {_language_key(each): each for each in others}
        levelled = []
        for each in mine:
            other = said.get(_language_key(each))
            if other is not None and each.level is None and other.level is not None:
                self.changes.added += 1
                each = each.model_copy(update={"level": other.level})
            levelled.append(each)
        return self._union(levelled, others, _language_key)

    def _entries(
        self,
        mine: Sequence[EntryT],
        others: Sequence[EntryT],
        likeness: Callable[[EntryT, EntryT], int],
        merge: Callable[[EntryT, EntryT], EntryT],
    ) -> tuple[EntryT, ...]:
        """The rules' entries, each with the one that is most like it merged in, and those that
        are like none, where they stand on the page."""
        pairs = sorted(
            (
                (likeness(one, other), -i, -j)
                for i, one in enumerate(mine)
                for j, other in enumerate(others)
            ),
            reverse=True,
        )
        partner: dict[int, int] = {}
        taken: set[int] = set()
        for like, i, j in pairs:
            if like >= _LIKE and -i not in partner and -j not in taken:
                partner[-i] = -j
                taken.add(-j)
        found = [
            merge(one, others[partner[i]]) if i in partner else one for i, one in enumerate(mine)
        ]
        known = list(found)
        for j, other in enumerate(others):
            alike = any(likeness(one, other) >= _LIKE for one in known)
            if j in taken or alike or not _is_whole(other):
                continue
            self.changes.added += 1
            at = next((i for i, one in enumerate(found) if _place(one) > _place(other)), len(found))
            found.insert(at, other)
        return tuple(found)

    def _is_study(self, job: Position, refined: Resume) -> bool:
        """Whether what the rules took for a job, unsure of its title, is a course of study."""
        if job.title is None or job.title.confidence >= SURE:
            return False
        found = any(
            _alike(job.title, each.degree) and _alike(job.company, each.institution)
            for each in refined.education
        ) and not any(_alike(job.title, each.title) for each in refined.work_experience)
        self.changes.corrected += found
        return found

    def _job(self, mine: Position, other: Position) -> Position:
        title = _joins(mine.title, other.title, other.company, mine.company)
        company = _joins(mine.company, other.company, other.location, mine.location)
        return mine.model_copy(
            update={
                "title": self._part(mine.title, other.title, joined=title),
                "company": self._part(mine.company, other.company, joined=company),
                "location": self._part(mine.location, other.location),
                **self._dates(mine, other),
            }
        )

    def _study(self, mine: Study, other: Study) -> Study:
        joined = _joins(mine.degree, other.degree, other.institution, mine.institution)
        degree = self._part(mine.degree, other.degree, joined=joined)
        return mine.model_copy(
            update={
                "institution": self._part(mine.institution, other.institution),
                "degree": degree,
                "level": other.level if degree is other.degree and other.level else mine.level,
                **self._dates(mine, other),
            }
        )

    def _dates(self, mine: Position | Study, other: Position | Study) -> dict[str, Any]:
        """Start and end go together: half of one period and half of another is none."""
        if mine.start is None and mine.end is None and not mine.current:
            new = sum((other.start is not None, other.end is not None, other.current))
            self.changes.added += new
            return {"start": other.start, "end": other.end, "current": other.current}
        both = [each for each in (mine.start, mine.end) if each is not None]
        unsure = both and max(each.confidence for each in both) < SURE
        if unsure and other.start is not None and _years(mine) != _years(other):
            self.changes.corrected += 1
            return {"start": other.start, "end": other.end, "current": other.current}
        same_start = mine.start and other.start and mine.start.value[:4] == other.start.value[:4]
        if same_start and mine.end is None and not mine.current:
            self.changes.added += other.end is not None or other.current
            return {"end": other.end, "current": other.current}
        same_end = mine.end and other.end and mine.end.value[:4] == other.end.value[:4]
        if same_end and mine.start is None and other.start is not None:
            self.changes.added += 1
            return {"start": other.start}
        return {}


_WORD = re.compile(r"[^\W_]+[+#]*")
_LIKE = 2
"""From this likeness on two entries are one."""


def _alike(one: Value | None, other: Value | None) -> bool:
    """Whether two writings are of the same: one may hold the other."""
    if one is None or other is None:
        return False
    a, b = _words(one), _words(other)
    return a in b or b in a


def _words(value: Value) -> str:
    """The words alone, with a space around each."""
    return f" {' '.join(re.findall(_WORD, plain(value.value)))} "


def _joins(mine: Value | None, one: Value | None, other: Value | None, kept: Value | None) -> bool:
    """Whether the rules left in one value what are two, and are not sure of another second."""
    if mine is None or one is None or other is None:
        return False
    if kept is not None and kept.confidence >= SURE and not _alike(kept, other):
        return False
    whole, first, second = _words(mine), _words(one), _words(other)
    return first in whole and second in whole.replace(first, " ", 1)


def _like(
    first: bool, second: bool, mine: Position | Study, other: Position | Study, *, differ: bool
) -> int:
    """How like two entries are: by their two names, and by when they were."""
    if differ or not (first or second):
        return 0
    together = bool(_years(mine) and _years(mine) == _years(other))
    return 2 * (first + second) + together


def _years(entry: Position | Study) -> tuple[str | None, str | None] | None:
    start = entry.start.value[:4] if entry.start else None
    end = entry.end.value[:4] if entry.end else None
    return (start, end) if start or end else None


def _start_differs(mine: Position | Study, other: Position | Study) -> bool:
    if mine.start is None or other.start is None:
        return False
    return mine.start.value[:4] != other.start.value[:4] and mine.start.confidence >= SURE


def _same_job(mine: Position, other: Position) -> int:
    """How like two jobs are: one title may be held twice, at different times."""
    title, company = _alike(mine.title, other.title), _alike(mine.company, other.company)
    elsewhere = bool(mine.company and other.company and not company)
    otherwise = bool(mine.title and other.title and not title)
    differ = _start_differs(mine, other) and (elsewhere or otherwise or not (title and company))
    return _like(title, company, mine, other, differ=differ)


def _same_study(mine: Study, other: Study) -> int:
    degree = _alike(mine.degree, other.degree)
    school = _alike(mine.institution, other.institution)
    otherwise = bool(mine.degree and other.degree and not degree)
    differ = otherwise and (not school or _years(mine) != _years(other))
    return _like(degree, school, mine, other, differ=differ)


def _is_whole(entry: Position | Study) -> bool:
    """Whether an entry says enough to stand by itself."""
    if isinstance(entry, Position):
        return bool(entry.title and (entry.company or entry.start))
    return entry.institution is not None or bool(entry.degree and entry.end)


def _place(entry: Position | Study) -> int:
    """Where an entry begins on the page; one of no place stands behind none."""
    parts: list[Value | None] = (
        [entry.title, entry.company]
        if isinstance(entry, Position)
        else [entry.institution, entry.degree]
    )
    return min((each.span.start for each in parts if each and each.span), default=-1)


def _value_key(value: Value) -> str:
    return plain(value.value)


def _phone_key(value: Value) -> str:
    return "".join(each for each in value.value if each.isdigit()).lstrip("0")[-9:]


def _skill_key(skill: Skill) -> str:
    return skill.key or taxonomy.form(skill.name.value)


def _language_key(language: Language) -> str:
    return language.code or plain(language.name.value)


def _project_key(project: Project) -> str:
    return plain(project.name.value)
