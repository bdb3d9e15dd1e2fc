"""What the routes take: the bounds that keep documents small, and values that can be kept."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from functions.journey_tracking.routes.attempt_forms import MOST_ANSWERS, AttemptBody
from functions.journey_tracking.routes.forms import MOST_CODE_BYTES
from functions.journey_tracking.routes.learning_forms import MOST_DEPTH, JourneySyncBody
from functions.journey_tracking.routes.statements import StatementAnswer, StatementQuery
from functions.journey_tracking.rules.attempts import MOST_QUESTIONS, MOST_SKILLS
from shared.documents.port import Patch
from shared.models.journey import CONTAINER
from shared.models.learning import CONTAINERS, SUBJECTS
from tests.flows.journeying import Journeyer, offer
from tests.flows.stores import START, House
from tests.flows.stores import house as house

ASTRAL = "\U00020000"
"""A letter of four bytes."""


def answer(**more: Any) -> AttemptBody:
    given = {
        "attempt_id": str(uuid4()), "question_id": "q", "container": "LEARN", "subject": "Math",
        "skill_id": "s", "correct": True, "duration_ms": 1,
    }  # fmt: skip
    return AttemptBody.model_validate(given | more)


@pytest.mark.parametrize("field", ["question_id", "skill_id"])
def test_ids_are_bounded_by_their_bytes(field: str) -> None:
    """A hundred, of whatever letters."""
    letters = MOST_CODE_BYTES // 4
    assert getattr(answer(**{field: ASTRAL * letters}), field) == ASTRAL * letters
    for long in (ASTRAL * letters + "a", "a" * (MOST_CODE_BYTES + 1)):
        with pytest.raises(ValidationError):
            answer(**{field: long})


def test_the_fullest_lessons_still_take_answers_and_end(house: House) -> None:
    """All twelve at once, with the longest ids: a commit holds them."""
    lena = Journeyer(house)
    lena.start()
    places = [(container, subject) for container in CONTAINERS for subject in SUBJECTS]

    def long(number: int) -> str:
        return f"{number:04}".ljust(MOST_CODE_BYTES, "x")

    first = [offer(long(0), container=c, subject=s, skill=f"{s}{c}") for c, s in places]
    lena.send(*first)
    for lesson in lena.lessons():
        full = {
            "questions": {long(n): {"tries": 1, "solved_at": 1} for n in range(MOST_QUESTIONS)},
            "skill_ids": [lesson.skill_ids[0], *(long(n) for n in range(1, MOST_SKILLS))],
        }
        lena.house.documents.commit(CONTAINER, lena.partition, [Patch(lesson.id, set=full)])
    sent = [
        offer(long(n), attempt=f"{c} {s} {n}", container=c, subject=s, skill=f"{s}{c}")
        for n in (1, 2)
        for c, s in places
    ]
    assert lena.send(*sent[:MOST_ANSWERS])["practice"] == [True] * MOST_ANSWERS
    for container in CONTAINERS:
        assert lena.complete_container(container) == dict.fromkeys(SUBJECTS, 100.0)


def shared(value: Any) -> JourneySyncBody:
    field = {"value": value, "changed_at": START.isoformat()}
    return JourneySyncBody.model_validate(
        {"device_id": "d", "base_version": 0, "fields": {"position": field}}
    )


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_shared_values_are_nested_only_so_deep(wrap: Any) -> None:
    """A value that is deeper is refused, before anything tries to write it."""
    value: Any = 1
    for _ in range(MOST_DEPTH):
        value = wrap(value)
    assert shared(value).fields["position"].value == value
    with pytest.raises(ValidationError, match="nested"):
        shared(wrap(value))
    for _ in range(900):
        value = wrap(value)
    with pytest.raises(ValidationError, match="nested"):
        shared(value)


def test_shared_values_are_small() -> None:
    """To 2,048 characters of JSON, the quotes included."""
    assert shared("x" * 2046).fields["position"].value == "x" * 2046
    with pytest.raises(ValidationError, match="2,048"):
        shared("x" * 2047)


def test_one_statement_is_asked_for_alone() -> None:
    """Its id goes with whose it is, and with no filter."""
    one = str(uuid4())
    asked = StatementQuery.model_validate({"statementId": one, "user": "lena"})
    assert str(asked.statement_id) == one
    for other in ({"verb": "v"}, {"limit": "5"}, {"ascending": "true"}, {"continuation": "x"}):
        with pytest.raises(ValidationError, match="statementId"):
            StatementQuery.model_validate({"statementId": one, **other})
    with pytest.raises(ValidationError):
        StatementQuery.model_validate({"statementId": "no uuid"})


def test_a_statement_is_answered_bare() -> None:
    """As it is kept, not as a page of one."""
    statement = {"id": str(uuid4()), "verb": {"id": "v"}}
    assert StatementAnswer(statement).model_dump(mode="json") == statement
