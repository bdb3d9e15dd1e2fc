"""Reads sessions of the profiler, and the version of the question bank they are answered with."""

from __future__ import annotations

from shared.access import Reach
from shared.auth import Principal
from shared.documents.port import Equals, Order
from shared.errors import Missing
from shared.models import question_bank
from shared.models.profiling import (
    CONTAINER,
    LEARNER_ID,
    Learner,
    ProfilerResult,
    ProfilingSession,
    result_id_of,
)
from shared.models.question_bank import QuestionBank
from shared.models.tenant import PLATFORM
from shared.people import check_reach
from shared.stores import Stores

_MOST_VERSIONS = 8
_banks: dict[str, QuestionBank] = {}
"""Versions read so far. A version names its content by a digest, so it never changes."""


def read_bank(stores: Stores, version: str) -> QuestionBank:
    """A published version of the question bank. Raises ``Missing``."""
    found = _banks.get(version)
    if found is None:
        stored = stores.documents.get(question_bank.CONTAINER, (PLATFORM, version), version)
        if stored is None:
            raise Missing("there is no such version of the question bank")
        found = QuestionBank.of(stored.body)
        if len(_banks) >= _MOST_VERSIONS:
            _banks.clear()
        _banks[version] = found
    return found


def read_session(
    stores: Stores, partition: tuple[str, str], session_id: str
) -> tuple[ProfilingSession, str]:
    """A session of a learner's partition and its etag. Raises ``Missing``, also for a session
    of somebody else."""
    stored = stores.documents.get(CONTAINER, partition, session_id)
    if stored is None or stored.body.get("kind") != "session":
        raise _missing()
    return ProfilingSession.of(stored.body), stored.etag


def own_partition(principal: Principal) -> tuple[str, str]:
    """The partition of the caller's own sessions."""
    return (principal.tenant_id, principal.user_id)


def find(
    stores: Stores, principal: Principal, reach: frozenset[Reach], session_id: str
) -> ProfilingSession:
    """A session of the caller's tenant that the caller reaches. Raises ``Missing``."""
    try:
        return read_session(stores, own_partition(principal), session_id)[0]
    except Missing:
        if reach <= {"own"}:
            raise
    session = find_in_tenant(stores, principal.tenant_id, session_id)
    try:
        check_reach(stores, principal, reach, session.user_id)
    except Missing:
        raise _missing() from None
    return session


def find_in_tenant(stores: Stores, tenant_id: str, session_id: str) -> ProfilingSession:
    """A session of a tenant by its id alone. Raises ``Missing``."""
    continuation = None
    while True:
        # by the id alone, in its order: that has the index which makes this a look-up
        page = stores.documents.query(
            CONTAINER,
            (tenant_id,),
            where=[Equals("session_id", session_id)],
            order=Order("session_id"),
            continuation=continuation,
        )
        for item in page.items:
            if item.body["kind"] == "session":
                return ProfilingSession.of(item.body)
        continuation = page.continuation
        if continuation is None:
            raise _missing()


def read_result(stores: Stores, session: ProfilingSession) -> tuple[ProfilerResult, str]:
    """A session's result and its etag. Raises ``Missing`` while it is not completed."""
    stored = stores.documents.get(CONTAINER, session.partition, result_id_of(session.session_id))
    if stored is None:
        raise Missing("the session has no result yet: complete it first")
    return ProfilerResult.of(stored.body), stored.etag


def read_current(
    stores: Stores, partition: tuple[str, str]
) -> tuple[ProfilingSession, str, ProfilerResult, str] | None:
    """The session of the attempt that a learner is at and its result, each with its etag.

    None while that attempt is not completed.
    """
    learner = stores.documents.get(CONTAINER, partition, LEARNER_ID)
    if learner is None:
        return None
    try:
        session, etag = read_session(stores, partition, Learner.of(learner.body).session_id)
        result, result_etag = read_result(stores, session)
    except Missing:
        return None
    return session, etag, result, result_etag


def _missing() -> Missing:
    return Missing("there is no session with this id")
