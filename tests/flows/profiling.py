"""Learners at the profiler, on the embedded stores of a house: what they do, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.profiler_complete import service as completion
from functions.profiler_session import service as sessions
from functions.profiler_session.bank import load
from functions.profiler_session.rules.answers import Offered
from shared.auth import Principal
from shared.documents.port import Create
from shared.messaging import IdempotencyKey
from shared.models import account
from shared.models.account import Account
from shared.models.profiling import (
    CONTAINER,
    Device,
    GivenAnswer,
    ProfilerResult,
    ProfilingSession,
    result_id_of,
    telemetry_id_of,
)
from shared.models.question_bank import MODULES, ModuleName
from shared.pseudonyms import Pseudonyms
from tests.flows.stores import START, TENANT, House
from tools.profiler_takers import answers_of, draws_from, minded

BANK = load()
PSEUDONYMS = Pseudonyms(b"the key of the tests' pseudonyms")
ADMIN = Principal("ada", TENANT, frozenset({"admin"}))
TAKES_MINUTES = 120
"""More than anybody's answers to the whole bank take."""
WORDS = "I want people to be able to trust the systems they depend on."


def learner(user: str = "lena", tenant: str = TENANT) -> Principal:
    return Principal(user, tenant, frozenset({"learner"}))


def key_of(text: str, fingerprint: str = "f") -> IdempotencyKey:
    return IdempotencyKey(scope="caller route", key=text, fingerprint=fingerprint)


def careful_answers(seed: int = 1) -> dict[str, GivenAnswer]:
    """What a learner drawn to defence says to the whole bank."""
    chance = draws_from(seed)
    return answers_of(BANK, minded(BANK, "defender", chance), chance)


def offers(*modules: ModuleName, seed: int = 1) -> list[Offered]:
    """That learner's answers to these modules; to all of them without any."""
    given = careful_answers(seed)
    return [
        Offered(
            question.id,
            given[question.id].selected_option,
            WORDS if question.kind == "free_text" else None,
            given[question.id].response_time_ms,
        )
        for module in modules or MODULES
        for question in BANK.by_module[module]
    ]


def with_account(house: House, user: str = "lena", tenant: str = TENANT) -> Account:
    """An account of a learner, as registration makes it."""
    made = Account(
        tenant_id=tenant,
        user_id=user,
        display_name="Lena",
        roles=("learner",),
        created_at=START,
        updated_at=START,
    )
    house.documents.commit(account.CONTAINER, made.partition, [Create(made.stored())])
    return made


class Profiler:
    """The two flows of the profiler as learners and admins use them."""

    def __init__(self, house: House) -> None:
        self.house = house

    def start(
        self, who: Principal | None = None, *, key: IdempotencyKey | None = None, **more: Any
    ) -> tuple[int, Any]:
        sent = {"device": Device(user_agent="A"), "language": None, "accepted_languages": None}
        return sessions.start(
            self.house,
            PSEUDONYMS,
            who or learner(),
            shown=lambda standing: {"session_id": standing.session.session_id},
            idempotency=key,
            now=self.house.clock(),
            **(sent | more),
        )

    def begun(self, who: Principal | None = None) -> str:
        """The id of the learner's session, started if it was not."""
        return str(self.start(who)[1]["session_id"])

    def answer(
        self,
        session_id: str,
        offered: Iterable[Offered],
        who: Principal | None = None,
        key: IdempotencyKey | None = None,
    ) -> Any:
        _, body = sessions.answer(
            self.house,
            who or learner(),
            session_id,
            list(offered),
            shown=lambda taken, standing: {
                "new": list(taken.new),
                "replaced": list(taken.replaced),
                "slow_down": taken.slow_down,
                "status": standing.session.status,
            },
            idempotency=key,
            now=self.house.clock(),
        )
        return body

    def progress(
        self,
        session_id: str,
        seconds: int = 60,
        module: str = "identity_value",
        key: IdempotencyKey | None = None,
        who: Principal | None = None,
    ) -> Any:
        _, body = sessions.progress(
            self.house,
            who or learner(),
            session_id,
            module=module,
            seconds=seconds,
            section=None,
            question_index=None,
            shown=lambda standing: dict(standing.session.module_seconds),
            idempotency=key,
            now=self.house.clock(),
        )
        return body

    def reset(
        self, session_id: str, admin: Principal = ADMIN, key: IdempotencyKey | None = None
    ) -> Any:
        _, body = sessions.reset(
            self.house,
            PSEUDONYMS,
            admin,
            session_id,
            reason="asked for another try",
            idempotency=key,
            now=self.house.clock(),
        )
        return body

    def answered(self, who: Principal | None = None) -> str:
        """The id of a session in which everything is answered."""
        session_id = self.begun(who)
        self.house.clock.advance(minutes=TAKES_MINUTES)
        self.answer(session_id, offers(), who)
        return session_id

    def complete(
        self, session_id: str, who: Principal | None = None, key: IdempotencyKey | None = None
    ) -> Any:
        _, body = completion.complete(
            self.house,
            who or learner(),
            session_id,
            shown=lambda _bank, session, result: {
                "status": session.status,
                "track": result.scores.recommendation.primary,
            },
            idempotency=key,
            now=self.house.clock(),
        )
        return body

    def completed(self, who: Principal | None = None) -> str:
        """The id of a session that is completed."""
        session_id = self.answered(who)
        self.complete(session_id, who)
        return session_id

    def sync(self, session_id: str, who: Principal | None = None) -> Any:
        _, body = completion.sync(
            self.house,
            who or learner(),
            session_id,
            shown=lambda _bank, _session, result: {"track": result.track},
            idempotency=None,
            now=self.house.clock(),
        )
        return body

    def accept(
        self,
        session_id: str,
        accepted: bool = True,
        override: str | None = None,
        who: Principal | None = None,
    ) -> Any:
        _, body = completion.accept(
            self.house,
            PSEUDONYMS,
            who or learner(),
            session_id,
            accepted=accepted,
            override_track_id=override,
            shown=lambda _bank, _session, result: {"track": result.track},
            idempotency=None,
            now=self.house.clock(),
        )
        return body

    def foundations(self, who: Principal | None = None) -> ProfilerResult | None:
        return completion.foundations(self.house, who or learner(), now=self.house.clock())

    def session(self, session_id: str, who: Principal | None = None) -> ProfilingSession:
        """The session as it is stored."""
        return ProfilingSession.of(self._stored(session_id, who))

    def result(self, session_id: str, who: Principal | None = None) -> ProfilerResult:
        """The result as it is stored."""
        return ProfilerResult.of(self._stored(result_id_of(session_id), who))

    def telemetry(self, session_id: str, who: Principal | None = None) -> Any:
        """The payload of the session's telemetry as it is stored."""
        return self._stored(telemetry_id_of(session_id), who)["payload"]

    def _stored(self, document_id: str, who: Principal | None) -> Any:
        of = who or learner()
        stored = self.house.documents.get(CONTAINER, (of.tenant_id, of.user_id), document_id)
        assert stored is not None, document_id
        return stored.body

    def told(self) -> list[tuple[str, Any]]:
        """What the profiler told since last asked: types and data, as the accounts flow hears."""
        events = self.house.waiting("profiler/accounts")
        return [(event.type.split(".", 1)[1].removesuffix(".v1"), event.data) for event in events]

    def audited(self) -> list[Any]:
        """The notes for the audit log since last asked."""
        return [event.data for event in self.house.waiting("accounts")]
