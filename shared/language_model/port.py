"""Whoever answers a question with JSON of a given schema; nobody takes the answer on trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.errors import WaymarkError


@dataclass(frozen=True)
class Question:
    """What is to be done, and the data that it is to be done with, apart from each other."""

    name: str
    """Names the schema, in letters and underscores."""
    instructions: str
    document: Mapping[str, Any]
    """Goes as JSON in a message of its own."""
    schema: Mapping[str, Any]
    """JSON schema of an object, each property required and no other allowed."""
    most_answer_tokens: int


@dataclass(frozen=True)
class Answer:
    """The object that came back, as yet of no certain form, and the tokens that it took, 0 where
    the endpoint counts nothing."""

    written: Mapping[str, Any]
    tokens: int


class NoAnswer(WaymarkError):
    """No usable answer came: ``reason`` says why in a word, ``tokens`` what it took all the same
    (None where nobody knows)."""

    def __init__(self, reason: str, *, tokens: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.tokens = tokens


class LanguageModel(Protocol):
    """Answers questions. Safe to use from several threads."""

    @property
    def model(self) -> str:
        """The name of the model."""

    def most_tokens(self, question: Question) -> int:
        """How many tokens a question and its answer can take at most."""

    def ask(self, question: Question) -> Answer:
        """The answer. Raises :class:`NoAnswer` where none comes in time, whatever the reason."""
