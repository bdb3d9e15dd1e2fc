"""The value statement: the learner's own words, put together and nothing added."""

from __future__ import annotations

from collections.abc import Mapping

from shared.models.profiling import GivenAnswer
from shared.models.question_bank import ModuleName, QuestionBank, in_language

MODULES: tuple[ModuleName, ...] = ("identity_value", "reflection")


def value_statement(
    bank: QuestionBank, answers: Mapping[str, GivenAnswer], *, language: str
) -> str:
    """What the learner wrote in identity_value and reflection, each part under its lead.

    Only leads and the learner's own words, in the order of the bank; empty when they wrote
    nothing. What has no lead, like what they fear could get in their way, is left to the learner:
    a mentor reads the statement.
    """
    paragraphs = []
    for module in MODULES:
        for question in bank.by_module[module]:
            answer = answers.get(question.id)
            words = " ".join((answer.text or "").split()) if answer is not None else ""
            if question.lead is not None and words:
                paragraphs.append(f"{in_language(question.lead, language)} {words}")
    return "\n\n".join(paragraphs)
