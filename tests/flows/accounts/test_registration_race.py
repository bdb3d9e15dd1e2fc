"""An account is made by the call that registers and by whoever hears of it, at one moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.accounts.rules.documents import CREDENTIALS, Credential, NewAccount
from functions.accounts.service import registration
from shared.documents.port import Create, Partition, Stored
from shared.events.envelope import Event
from shared.events.person import PersonRegistered
from tests.flows.stores import START, TENANT, House
from tests.flows.stores import house as house


def test_who_loses_the_race_finds_the_account(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account appears between two reads of the call that registers: it is found all the
    same, though what it was made from is forgotten by then."""
    claim = Credential(
        tenant_id=TENANT,
        address_id="a1",
        user_id="u1",
        password_hash="hash",
        new_account=NewAccount(
            email="maya@example.org", display_name="Maya", roles=("learner",), time_zone="UTC"
        ),
        created_at=START,
        changed_at=START,
    )
    house.documents.commit(CREDENTIALS, (TENANT, "a1"), [Create(claim.stored())])
    event = Event(
        id="e1",
        source="accounts",
        type=PersonRegistered.type,
        subject="u1",
        time=START,
        data=PersonRegistered(user_id="u1", address_id="a1").model_dump(),
        tenantid=TENANT,
        partitionkey="a1",
    )
    get: Callable[[str, Partition, str], Stored | None] = house.documents.get
    heard: list[Event] = []

    def get_late(container: str, partition: Partition, document_id: str) -> Stored | None:
        if container == CREDENTIALS and not heard:
            heard.append(event)
            registration.complete(house, event)
        return get(container, partition, document_id)

    monkeypatch.setattr(house.documents, "get", get_late)
    made = registration.account_of(house, TENANT, "a1", "u1")
    assert heard
    assert (made.user_id, made.display_name) == ("u1", "Maya")
    kept: Any = house.documents.get(CREDENTIALS, (TENANT, "a1"), "credential")
    assert kept.body["new_account"] is None
