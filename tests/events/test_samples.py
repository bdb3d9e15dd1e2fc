"""Event types only grow: what was ever written is read, and what is written is as it was."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import shared.events
from shared import topology
from shared.bus.port import MAX_BODY_BYTES
from shared.events.envelope import Event, EventData, read_data
from shared.outbox import message_of

FOLDER = Path(__file__).parent
SAMPLES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}


def models() -> dict[str, type[EventData]]:
    """Every event type's data model, by type."""
    for module in pkgutil.iter_modules(shared.events.__path__):
        importlib.import_module(f"shared.events.{module.name}")
    found: dict[str, type[EventData]] = {}
    pending = [EventData]
    while pending:
        model = pending.pop()
        pending += model.__subclasses__()
        if "type" in vars(model) and model.__module__.startswith("shared.events."):
            assert model.type not in found, f"{model.type} has two models"
            found[model.type] = model
    return found


MODELS = models()


def test_types_models_and_samples_are_the_same() -> None:
    """Each event type of the topology has a model and a sample, and there are no others."""
    assert set(MODELS) == set(topology.load().events) == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_todays_reader_reads_the_sample(name: str) -> None:
    """An event as it was once written is read whole, envelope and data."""
    event = Event.read(SAMPLES[name])
    assert event.type == name
    data = read_data(event, MODELS[name])
    assert data.subject == event.subject


@pytest.mark.parametrize("name", SAMPLES)
def test_todays_writer_writes_the_sample(name: str) -> None:
    """What the sample says is written back unchanged; new fields may stand beside it."""
    sample = json.loads(SAMPLES[name])
    event = Event.read(SAMPLES[name])
    data = read_data(event, MODELS[name])
    again = event.model_copy(update={"data": data.model_dump(mode="json")})
    written = json.loads(again.body())
    assert {key: written[key] for key in sample if key != "data"} == {
        key: value for key, value in sample.items() if key != "data"
    }
    assert {key: written["data"][key] for key in sample["data"]} == sample["data"]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_shows_every_field(name: str) -> None:
    """The sample holds each field that the model has, so that none can go unnoticed."""
    assert set(json.loads(SAMPLES[name])["data"]) == set(MODELS[name].model_fields)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_newer_writers_fields_are_ignored(name: str) -> None:
    """A field that today's reader does not know changes nothing of what it reads."""
    sample = json.loads(SAMPLES[name])
    newer = sample | {"comesnext": "x", "data": sample["data"] | {"comes_next": [1, {"a": None}]}}
    read = Event.read(json.dumps(newer).encode())
    assert read_data(read, MODELS[name]) == read_data(Event.read(SAMPLES[name]), MODELS[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_each_required_field_is_missed(name: str) -> None:
    """An event without a field that its model requires is not read as something else."""
    sample = json.loads(SAMPLES[name])
    for field, described in MODELS[name].model_fields.items():
        rest: dict[str, Any] = {key: value for key, value in sample["data"].items() if key != field}
        if described.is_required():
            with pytest.raises(ValidationError):
                MODELS[name].model_validate(rest)
        else:
            MODELS[name].model_validate(rest)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_message_goes_where_the_topology_says(name: str) -> None:
    """The message of an event is addressed by its type, ordered by its partition, traced by
    its request, and small."""
    event = Event.read(SAMPLES[name])
    message = message_of(event)
    assert message.destination == topology.load().events[name].to
    assert (message.message_id, message.subject) == (event.id, name)
    assert (message.session_id, message.correlation_id) == (event.partitionkey, event.requestid)
    assert Event.read(message.body) == event
    assert len(message.body) < MAX_BODY_BYTES / 100
    again = message_of(event.model_copy(update={"resend": 3}))
    assert again.message_id == f"{event.id}~3"


def test_names_are_well_formed() -> None:
    """A type is ``waymark.<noun>.<past tense>.v<n>``."""
    for name in MODELS:
        house, noun, happened, version = name.split(".")
        assert house == "waymark"
        assert noun.isidentifier()
        assert happened.isidentifier()
        assert version[0] == "v"
        assert version[1:].isdigit()
