"""What several route modules take and show."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints

from functions.accounts.rules.documents import ConsentGiven, ConsentKind, WhereFrom
from functions.accounts.rules.passwords import MAX_CHARACTERS, MIN_CHARACTERS
from functions.accounts.service.means import Means
from shared import audit, runtime
from shared.http.call import Body, Call
from shared.models.account import Account
from shared.models.examples import LEARNER, example
from shared.models.roles import Role

PASSWORD: Any = Field(
    min_length=1,
    max_length=MAX_CHARACTERS,
    description=f"At least {MIN_CHARACTERS} characters, and none that many people use",
    examples=["four words nobody guesses"],
)
MAILED_CODE: Any = Field(
    max_length=64,
    description="From the e-mail, however it is cased",
    examples=["7Q2M-X0TV-93KD"],
)

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
LANGUAGE: Any = Field(
    pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", max_length=35, description="BCP 47"
)


def _readable(text: str) -> str:
    if any(character < " " or "\x7f" <= character <= "\x9f" for character in text):
        raise ValueError("a name is one line of text")
    if _TURNS.search(text):
        raise ValueError("a name does not turn the direction of what is written around it")
    if not any(character.isprintable() for character in text):
        raise ValueError("nothing of it can be seen")
    return text


PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_readable),
]
TenantName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_readable),
]


class ConsentForm(Body):
    """What somebody agrees to or refuses."""

    model_config = example(granted=True)

    kind: ConsentKind = Field(examples=["terms"])
    version: str = Field(
        min_length=1, max_length=40, description="Of the text that was shown", examples=["2026-09"]
    )
    granted: bool

    def given(self) -> ConsentGiven:
        """The statement inside."""
        return ConsentGiven(kind=self.kind, version=self.version, granted=self.granted)


class PersonView(BaseModel):
    """An account."""

    model_config = example(
        user_id=LEARNER,
        address_proven=False,
        roles=["learner"],
        status="active",
        birth_year=2011,
        time_zone="Europe/Berlin",
        language="de",
        hidden=False,
        parent_consented=True,
        profiling_complete=True,
        profiling_session_id="b5e9d0c3-18f7-4a62-8e4d-7c3b2a1f6d90",
        track_key="defender",
    )

    user_id: str
    tenant: str = Field(examples=["demo"])
    email: str | None = Field(examples=["maya@example.org"])
    address_proven: bool = Field(description="Whether somebody vouched for the address")
    display_name: str | None = Field(
        description="Null for others while a minor has no parent's consent", examples=["Maya O."]
    )
    roles: tuple[Role, ...]
    status: Literal["active", "suspended"]
    birth_year: int | None
    time_zone: str
    language: str
    hidden: bool
    parent_consented: bool
    profiling_complete: bool
    profiling_completed_at: AwareDatetime | None
    profiling_session_id: str | None
    track_key: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


def person_view(person: Account, *, withheld: bool = False) -> PersonView:
    """An account as it is shown; without what tells who it is where that is withheld."""
    shown = person.model_dump() | {"tenant": person.tenant_id}
    if withheld:
        shown |= {"display_name": None, "email": None, "birth_year": None}
    return PersonView.model_validate(shown)


def means() -> Means:
    """What the services of this process work with."""
    running = runtime.current()
    return Means(running, running.tokens, running.pseudonyms)


def where_from(call: Call[Any, Any]) -> WhereFrom:
    """Where a statement comes from, as evidence of it."""
    agent = call.headers.get("user-agent")
    return WhereFrom(client_address=call.client_address, user_agent=agent[:300] if agent else None)


def note_read(call: Call[Any, Any], action: str, user_id: str | None = None) -> None:
    """Write down that the caller reads somebody else's data, or without ``user_id`` a list of
    people; what is one's own may be read unseen."""
    if user_id != call.principal.user_id:
        running = runtime.current()
        audit.record_read(
            running,
            running.pseudonyms,
            call.principal,
            action,
            of="user" if user_id else None,
            target=user_id,
            now=call.now,
        )
