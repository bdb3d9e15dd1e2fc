"""The order of the modules: which are open, which are closed, and what is missing.

A module opens when everything required in the one before it is answered. It closes when an
answer to a later module came in: until then its answers can be replaced.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from shared.models.question_bank import MODULES, ModuleName, QuestionBank

State = Literal["closed", "open", "waiting"]


@dataclass(frozen=True)
class ModuleState:
    """Where one module stands."""

    module: ModuleName
    state: State
    questions: int
    answered: int
    missing: tuple[str, ...]
    """Ids of required questions without an answer, in their order."""

    @property
    def complete(self) -> bool:
        """Whether everything required is answered."""
        return not self.missing


def module_states(bank: QuestionBank, answered: Collection[str]) -> tuple[ModuleState, ...]:
    """Each module's state by the ids of the answered questions, in order."""
    begun = [
        any(question.id in answered for question in bank.by_module[module]) for module in MODULES
    ]
    found: list[ModuleState] = []
    reachable = True
    for position, module in enumerate(MODULES):
        questions = bank.by_module[module]
        missing = bank.missing(module, answered)
        closed = not missing and any(begun[position + 1 :])
        state: State = "closed" if closed else "open" if reachable else "waiting"
        found.append(
            ModuleState(
                module=module,
                state=state,
                questions=len(questions),
                answered=sum(question.id in answered for question in questions),
                missing=missing,
            )
        )
        reachable = reachable and not missing
    return tuple(found)


def current_module(states: Collection[ModuleState]) -> ModuleName:
    """The module to go on with: the first that is not complete, else the last."""
    for state in states:
        if not state.complete:
            return state.module
    return MODULES[-1]


def unfinished_modules(states: Collection[ModuleState]) -> tuple[ModuleState, ...]:
    """The modules that keep a session from being completed, in order."""
    return tuple(state for state in states if not state.complete)
