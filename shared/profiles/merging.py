"""Two résumés of one person as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

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
from shared.profiles.identity import address_of, number_of, text_of
from shared.search_terms import folded

Item = TypeVar("Item", bound=BaseModel)
Dated = TypeVar("Dated", Position, Study)


def merged_resume(first: Resume, second: Resume) -> Resume:
    """Two résumés of one person as one; where both say something, ``first`` is right."""
    a, b = first.personal, second.personal
    personal = PersonalInfo(
        name=a.name or b.name,
        headline=a.headline or b.headline,
        summary=a.summary or b.summary,
        location=a.location or b.location,
        emails=_union(a.emails, b.emails, address_of),
        phones=_union(a.phones, b.phones, number_of),
        links=_union(a.links, b.links, text_of),
    )
    months = [m for m in (first.months_of_experience, second.months_of_experience) if m is not None]
    return first.model_copy(
        update={
            "personal": personal,
            "work_experience": _union(
                first.work_experience, second.work_experience, _position, _filled_position
            ),
            "education": _union(first.education, second.education, _study, _filled_study),
            "skills": _union(first.skills, second.skills, _skill),
            "certifications": _union(first.certifications, second.certifications, text_of),
            "languages": _union(first.languages, second.languages, _language, _filled),
            "projects": _union(first.projects, second.projects, _project, _filled),
            "achievements": _union(first.achievements, second.achievements, text_of),
            "months_of_experience": max(months) if months else None,
        }
    )


def _keep(first: Item, _second: Item) -> Item:
    return first


def _union(
    first: Sequence[Item],
    second: Sequence[Item],
    key: Callable[[Item], str],
    fill: Callable[[Item, Item], Item] = _keep,
) -> tuple[Item, ...]:
    """All items of the first, and those of the second that it has not.

    Items with one key are the same thing said twice: the first's stays, its blanks filled
    from the second's. Where either list has a key several times, nothing tells which is
    which, and only what is word for word the same is left out.
    """
    in_first, in_second = Counter(map(key, first)), Counter(map(key, second))
    paired = {k for k in in_first if in_first[k] == 1 and in_second[k] == 1}
    twins = {key(item): item for item in second}
    said = {_wording(item.model_dump()) for item in first if key(item) not in paired}
    united = [fill(item, twins[key(item)]) if key(item) in paired else item for item in first]
    united += [
        item
        for item in second
        if key(item) not in paired and _wording(item.model_dump()) not in said
    ]
    return tuple(united)


def _wording(dumped: Any) -> str:
    """What an item says, wherever and however surely it was read."""
    if isinstance(dumped, dict):
        said = {k: _wording(v) for k, v in dumped.items() if k not in {"span", "confidence"}}
        return repr(sorted(said.items()))
    if isinstance(dumped, list | tuple):
        return repr([_wording(each) for each in dumped])
    return folded(dumped) if isinstance(dumped, str) else repr(dumped)


def _filled(first: Item, second: Item) -> Item:
    """The first with what it leaves blank taken from the second."""
    blanks = {
        field: getattr(second, field)
        for field in type(first).model_fields
        if getattr(first, field) in (None, ())
    }
    return first.model_copy(update=blanks)


def _filled_position(first: Position, second: Position) -> Position:
    return _with_end(_filled(first, second), first, second)


def _filled_study(first: Study, second: Study) -> Study:
    return _with_end(_filled(first, second), first, second)


def _with_end(filled: Dated, first: Dated, second: Dated) -> Dated:
    """The end from one side: a job that goes on has none."""
    of = first if first.end or first.current else second
    return filled.model_copy(update={"end": of.end, "current": of.current})


def _optional(value: Value | None) -> str:
    return text_of(value) if value else ""


def _year(date: PartialDate | None) -> str:
    return date.value[:4] if date else ""


def _position(item: Position) -> str:
    return _joined(_optional(item.company), _optional(item.title), _year(item.start), item=item)


def _study(item: Study) -> str:
    """A degree of an institution; where no degree is named, the years tell studies apart."""
    years = (_year(item.start), _year(item.end))
    degree = _optional(item.degree) or ("-".join(years) if any(years) else "")
    return _joined(_optional(item.institution), degree, item=item)


def _joined(*parts: str, item: BaseModel) -> str:
    """The parts as one key; the whole item where all are blank."""
    return "\n".join(parts) if any(parts) else item.model_dump_json()


def _skill(item: Skill) -> str:
    return f"key:{item.key}" if item.key else f"name:{text_of(item.name)}"


def _language(item: Language) -> str:
    return f"code:{item.code}" if item.code else f"name:{text_of(item.name)}"


def _project(item: Project) -> str:
    return text_of(item.name)
