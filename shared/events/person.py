"""Events of people's accounts and of what is erased. They carry ids alone."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.events.envelope import EventData


class PersonRegistered(EventData):
    """Somebody has signed up, or accepted an invitation: their account is to be made."""

    type: ClassVar[str] = "waymark.person.registered.v1"

    user_id: str
    address_id: str

    @property
    def subject(self) -> str:
        return self.user_id


class CodeRequested(EventData):
    """Somebody asked for a code by e-mail: to set a password anew, or to register. It says
    neither the code nor whether anybody has the address."""

    type: ClassVar[str] = "waymark.code.requested.v1"

    address_id: str
    request_id: str = Field(description="Id of what was asked for, in the address's partition")

    @property
    def subject(self) -> str:
        return self.request_id


class FamilyChanged(EventData):
    """A learner's family links changed, or a parent said something: whether the learner may
    be shown is to be judged again."""

    type: ClassVar[str] = "waymark.family.changed.v1"

    learner_id: str

    @property
    def subject(self) -> str:
        return self.learner_id


class ExportRequested(EventData):
    """Somebody asked for everything that is held on a person."""

    type: ClassVar[str] = "waymark.export.requested.v1"

    user_id: str
    export_id: str

    @property
    def subject(self) -> str:
        return self.export_id


class ErasureAdvanced(EventData):
    """An erasure was asked for, or has done some of its steps: the next one is due."""

    type: ClassVar[str] = "waymark.erasure.advanced.v1"

    erasure_id: str
    run: int = Field(ge=1)
    step: int = Field(ge=0)

    @property
    def subject(self) -> str:
        return self.erasure_id


class ReplayAdvanced(EventData):
    """A replay of erasures, which follows a restore, has looked through a page of what is there:
    the next page is due."""

    type: ClassVar[str] = "waymark.replay.advanced.v1"

    replay_id: str
    step: int = Field(ge=0)

    @property
    def subject(self) -> str:
        return self.replay_id
