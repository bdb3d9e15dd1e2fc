"""Questions as a learner sees them: in their language, without keys, weights or checks."""

from __future__ import annotations

from dataclasses import dataclass

from shared.models.question_bank import (
    DEFAULT_LANGUAGE,
    Kind,
    ModuleName,
    QuestionBank,
    in_language,
)


@dataclass(frozen=True)
class ServedOption:
    """An option or a step: what is shown, and the id that an answer names."""

    id: str
    text: str


@dataclass(frozen=True)
class ServedQuestion:
    """One question, ready to be shown."""

    question_id: str
    kind: Kind
    text: str
    options: tuple[ServedOption, ...]
    required: bool
    min_characters: int | None
    max_characters: int | None


@dataclass(frozen=True)
class ServedModule:
    """A module, ready to be shown: its heading, what to tell the learner first, and what to ask."""

    title: str
    introduction: str
    questions: tuple[ServedQuestion, ...]


def served_module(bank: QuestionBank, module: ModuleName, *, language: str) -> ServedModule:
    """A module as a learner sees it, in a language or else in English."""
    described = next(each for each in bank.modules if each.key == module)
    return ServedModule(
        title=in_language(described.title, language),
        introduction=in_language(described.introduction, language),
        questions=served_questions(bank, module, language=language),
    )


def served_questions(
    bank: QuestionBank, module: ModuleName, *, language: str
) -> tuple[ServedQuestion, ...]:
    """The questions of a module in their order, in a language or else in English.

    Nothing that gives away how an answer is scored is part of them.
    """
    found = []
    for question in bank.by_module[module]:
        shown = bank.scales[question.scale] if question.scale else question.options
        free = question.kind == "free_text"
        found.append(
            ServedQuestion(
                question_id=question.id,
                kind=question.kind,
                text=in_language(question.text, language),
                options=tuple(
                    ServedOption(each.id, in_language(each.text, language)) for each in shown
                ),
                required=question.required,
                min_characters=question.min_characters if free else None,
                max_characters=question.max_characters if free else None,
            )
        )
    return tuple(found)


def chosen_language(bank: QuestionBank, wanted: str | None, accepted: str | None) -> str:
    """The bank's language for a client: the one asked for, else the best of an
    ``Accept-Language`` header (RFC 9110), else English."""
    for tag in ([wanted] if wanted else []) + _by_preference(accepted or ""):
        primary = tag.partition("-")[0].casefold()
        if primary in bank.languages:
            return primary
    return DEFAULT_LANGUAGE


def _by_preference(header: str) -> list[str]:
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=") if parameter else "1"
        try:
            quality = float(weight)
        except ValueError:
            continue
        if tag and 0 < quality <= 1:
            weighted.append((-quality, position, tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]
