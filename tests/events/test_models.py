"""What all models of events and documents have in common."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from pydantic import BaseModel, ValidationError

import shared.events
import shared.models
from shared.errors import Invalid
from shared.events.envelope import Event, read_data
from shared.events.intake import IntakeAccepted
from shared.models.document import Document

SECRET = "anna@example.org"


def models() -> Iterator[type[BaseModel]]:
    """Every model that is declared under shared/events and shared/models."""
    for package in (shared.events, shared.models):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for found in vars(import_module(module.name)).values():
                is_model = isinstance(found, type) and issubclass(found, BaseModel)
                if is_model and found.__module__ == module.name:
                    yield found


@pytest.mark.parametrize("model", sorted(models(), key=repr), ids=lambda model: model.__name__)
def test_an_error_does_not_quote_what_was_read(model: type[BaseModel]) -> None:
    """What does not fit a model is not repeated in the words of the error."""
    if not model.model_fields:
        pytest.skip("a base without fields takes anything")
    wrong = {name: {"a": [SECRET]} for name in model.model_fields}
    with pytest.raises(ValidationError) as raised:
        model.model_validate(wrong)
    assert SECRET not in str(raised.value)
    with pytest.raises(ValidationError) as raised:
        model.model_validate_json(f'["{SECRET}"]')
    assert SECRET not in str(raised.value)


def test_documents_and_parts_are_found() -> None:
    """The search for models sees bases and parts."""
    assert {Document, Event, IntakeAccepted} <= set(models())


def test_a_misread_event_takes_no_cause_along() -> None:
    """The error of an event that does not fit has no other behind it that could be printed."""
    event = Event.model_validate_json(
        '{"id": "e", "source": "s", "type": "waymark.intake.accepted.v1", "subject": "s",'
        ' "time": "2026-03-01T12:00:00Z", "data": {"attempt": "x"}, "tenantid": "t",'
        ' "partitionkey": "p"}'
    )
    with pytest.raises(Invalid) as of_data:
        read_data(event, IntakeAccepted)
    with pytest.raises(Invalid) as of_event:
        Event.read(b"{}")
    for raised in (of_data, of_event):
        assert raised.value.__suppress_context__
