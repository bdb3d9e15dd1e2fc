"""Starts and resumes sessions, serves questions, takes answers and times, resets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from functions.profiler_session import bank as source
from functions.profiler_session.rules import session as beginnings
from functions.profiler_session.rules.answers import Offered, Taken, take_answers
from functions.profiler_session.rules.modules import (
    ModuleState,
    current_module,
    module_states,
)
from functions.profiler_session.rules.progress import checked_module, with_progress
from functions.profiler_session.rules.serving import (
    ServedModule,
    chosen_language,
    served_module,
)
from shared import audit
from shared.auth import Principal
from shared.documents.port import Create, Documents, Patch, Replace
from shared.erasures import erased_at
from shared.errors import Conflict, Exists
from shared.events.profiler import ProfilerReset
from shared.messaging import Answer, Decision, IdempotencyKey, answer_once
from shared.models import question_bank
from shared.models.profiling import (
    CONTAINER,
    LEARNER_ID,
    Device,
    Learner,
    ProfilingSession,
    telemetry_id_of,
    utc_text,
)
from shared.models.profiling_times import time_by_module
from shared.models.question_bank import ModuleName, QuestionBank
from shared.profiling_sessions import find_in_tenant, own_partition, read_bank, read_session
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

SOURCE = "profiler_session"


@dataclass(frozen=True)
class Standing:
    """Where a session stands."""

    session: ProfilingSession
    modules: tuple[ModuleState, ...]
    seconds: dict[ModuleName, int]

    @property
    def current(self) -> ModuleName:
        """The module to go on with."""
        return current_module(self.modules)


Shown = Callable[[Standing], dict[str, Any]]
"""Makes the JSON answer of a session; what an idempotent repeat gets again."""


_published: WeakKeyDictionary[Documents, str] = WeakKeyDictionary()
"""The version that is known to be published in a store: it stays, so one look is enough."""


def published(stores: Stores) -> QuestionBank:
    """This deployment's bank, published for whoever scores it."""
    bank = source.load()
    if _published.get(stores.documents) == bank.bank_version:
        return bank
    found = stores.documents.get(question_bank.CONTAINER, bank.partition, bank.id)
    if found is None:
        with suppress(Exists):  # somebody else's start was faster
            stores.documents.commit(
                question_bank.CONTAINER, bank.partition, [Create(bank.stored())]
            )
    _published[stores.documents] = bank.bank_version
    return bank


def start(
    stores: Stores,
    pseudonyms: Pseudonyms,
    principal: Principal,
    *,
    device: Device,
    language: str | None,
    accepted_languages: str | None,
    shown: Shown,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Start the learner's session (201), or go on with the one that is not completed (200).

    Raises ``Conflict`` when it is completed, for another attempt takes an admin's reset, and
    for somebody who was erased and whose token still holds.
    """
    bank = published(stores)
    partition = own_partition(principal)

    def decide() -> Answer:
        learner, operations = _learner(stores, partition)
        stored = stores.documents.get(CONTAINER, partition, learner.session_id)
        if stored is not None:
            session = ProfilingSession.of(stored.body)
            if session.locked:
                raise Conflict(
                    f"your profiling is completed, in the session {session.session_id}; an admin"
                    " can open the way for another attempt"
                )
            return Answer(200, shown(standing(stores, session)))
        if erased_at(stores, pseudonyms, principal.tenant_id, "user", principal.user_id):
            raise Conflict("your account was erased, and stays so")
        session = beginnings.new_session(
            learner,
            bank,
            language=chosen_language(bank, language, accepted_languages),
            device=device,
            now=now,
        )
        return Answer(
            201,
            shown(standing(stores, session)),
            Decision([*operations, Create(session.stored())]),
        )

    return _answered(stores, principal, idempotency, decide, now)


def _learner(stores: Stores, partition: tuple[str, str]) -> tuple[Learner, list[Create]]:
    stored = stores.documents.get(CONTAINER, partition, LEARNER_ID)
    if stored is not None:
        return Learner.of(stored.body), []
    learner = beginnings.first_attempt(*partition)
    return learner, [Create(learner.stored())]


def standing(stores: Stores, session: ProfilingSession) -> Standing:
    """Where a session stands, by the bank that it is answered with."""
    bank = read_bank(stores, session.bank_version)
    return Standing(
        session, module_states(bank, session.answers.keys()), time_by_module(bank, session)
    )


def questions(
    stores: Stores, principal: Principal, session_id: str, *, module: str | None
) -> tuple[ModuleState, str, ServedModule]:
    """A module's state, the session's language and the module as it is shown.

    Without ``module`` those of the one to go on with. Raises ``Missing``, ``Invalid`` for an
    unknown module, and ``Conflict`` for one that is not open yet.
    """
    session, _ = read_session(stores, own_partition(principal), session_id)
    bank = read_bank(stores, session.bank_version)
    states = module_states(bank, session.answers.keys())
    name = current_module(states) if module is None else checked_module(module, "module")
    state = next(each for each in states if each.module == name)
    if state.state == "waiting":
        raise Conflict(f"{name} is not open yet; go on with {current_module(states)}")
    return state, session.language, served_module(bank, name, language=session.language)


def answer(
    stores: Stores,
    principal: Principal,
    session_id: str,
    offered: Sequence[Offered],
    *,
    shown: Callable[[Taken, Standing], dict[str, Any]],
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Take answers, all of them or none; see :func:`rules.answers.take_answers`.

    Two devices that answer at once are taken one after the other, and lose nothing.
    """

    def decide() -> Answer:
        session, etag = read_session(stores, own_partition(principal), session_id)
        bank = read_bank(stores, session.bank_version)
        taken = take_answers(bank, session, offered, now=now)
        body = shown(taken, standing(stores, taken.session))
        changed = taken.session != session
        return Answer(
            200, body, Decision([Replace(taken.session.stored(), etag)]) if changed else Decision()
        )

    return _answered(stores, principal, idempotency, decide, now)


def progress(
    stores: Stores,
    principal: Principal,
    session_id: str,
    *,
    module: str,
    seconds: int,
    section: str | None,
    question_index: int | None,
    shown: Shown,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Add time to a module and keep the learner's place.

    See :func:`rules.progress.with_progress`.
    """

    def decide() -> Answer:
        session, etag = read_session(stores, own_partition(principal), session_id)
        later = with_progress(
            read_bank(stores, session.bank_version),
            session,
            module=module,
            seconds=seconds,
            section=section,
            question_index=question_index,
            now=now,
        )
        body = shown(standing(stores, later))
        return Answer(200, body, Decision([Replace(later.stored(), etag)]))

    return _answered(stores, principal, idempotency, decide, now)


def reset(
    stores: Stores,
    pseudonyms: Pseudonyms,
    admin: Principal,
    session_id: str,
    *,
    reason: str,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> tuple[int, Any]:
    """Open the way for another attempt of a learner of the admin's tenant.

    Who and why stand on the session and in the audit log. Raises ``Missing`` and ``Conflict``.
    """
    owner = find_in_tenant(stores, admin.tenant_id, session_id)
    # by a pseudonym, for the learner's documents outlive the admin's account
    who = pseudonyms.of(admin.tenant_id, "user", admin.user_id)

    def decide() -> Answer:
        session, etag = read_session(stores, owner.partition, session_id)
        stored = stores.documents.get(CONTAINER, session.partition, LEARNER_ID)
        if stored is None:
            raise Conflict("the learner has begun no attempt")
        aside, learner = beginnings.set_aside(
            session, Learner.of(stored.body), by=who, reason=reason, now=now
        )
        told = ProfilerReset(
            user_id=session.user_id, session_id=session_id, attempt=session.attempt
        )
        note = audit.noted(
            pseudonyms,
            admin,
            "profiling.reset",
            tenant_id=admin.tenant_id,
            of="user",
            target=session.user_id,
            reason=reason,
        )
        return Answer(
            200,
            {
                "session_id": session_id,
                "attempt_count": session.attempt,
                "next_attempt": learner.attempt,
                "reset_by": who,
                "reset_at": now.isoformat(),
                "reason": reason,
            },
            Decision(
                [
                    Replace(aside.stored(), etag),
                    Replace(learner.stored(), stored.etag),
                    Patch(
                        telemetry_id_of(session_id),
                        set={
                            "payload.reset_at": utc_text(now),
                            "updated_at": now.isoformat(),
                        },
                    ),
                ],
                [told, note],
            ),
        )

    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=owner.partition,
        decide=decide,
        now=now,
    )


def _answered(
    stores: Stores,
    principal: Principal,
    idempotency: IdempotencyKey | None,
    decide: Callable[[], Answer],
    now: datetime,
) -> tuple[int, Any]:
    return answer_once(
        stores,
        idempotency,
        source=SOURCE,
        container=CONTAINER,
        partition=own_partition(principal),
        decide=decide,
        now=now,
    )
