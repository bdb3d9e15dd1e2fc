"""Analyses how a learner learns, and keeps the norms that they are held against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from functions.recommendations.rules.documents import (
    CONTAINER,
    PERSONALITY_ID,
    Cache,
    Correction,
    HabitFound,
    PersonalityCache,
    TraitFound,
    correction_id_of,
)
from functions.recommendations.rules.norms import contribution, moved, norm, united
from functions.recommendations.rules.personality import habits_said, summary, traits
from functions.recommendations.rules.signals import (
    SIGNALS,
    MeanTime,
    Measured,
    Signal,
    habits,
    measure,
    timed_log,
)
from functions.recommendations.rules.traits_documents import CONTAINER as NORMS
from functions.recommendations.rules.traits_documents import (
    NORMS_ID,
    SHARDS,
    Contribution,
    Norms,
    QuestionTime,
    SignalSums,
    contribution_id_of,
    question_time_id_of,
    shard_of,
    time_shard_of,
)
from functions.recommendations.service import freshness
from functions.recommendations.service.freshness import SOURCE, Partition
from shared.documents.port import Create, Delete, Equals, Json, Operation, Order, Replace, Upsert
from shared.erasures import erased_at
from shared.errors import Conflict, Rejected
from shared.events.envelope import Event, read_data
from shared.events.journey import AnswerGiven, JourneyAttempted
from shared.messaging import Decision, Outcome, announce_once, handle_once
from shared.models import journey
from shared.models.journey import Attempt, Journey, Progress
from shared.people import time_zone_of
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

LOOKS_BACK = timedelta(days=180)
MOST_ATTEMPTS = 2000
LEAST_COMPARED = 10
"""Learners from which their number is told: a norm of fewer would show single people."""
_MOST_TIMED = 200
_ENDS_WITH_A_WORD: tuple[Cache, ...] = ("personality",)
_PAGE = 500


def analyse(
    stores: Stores, pseudonyms: Pseudonyms, partition: Partition, *, now: datetime
) -> PersonalityCache:
    """What a learner's answers of the last half year say of how they learn; at most a day old, and
    not older than the last container that they completed.

    Raises ``Conflict`` for somebody who was erased.
    """
    if erased_at(stores, pseudonyms, partition[0], "user", partition[1]) is not None:
        raise Conflict("this person's data was erased, and stays so")
    held = stores.documents.get(CONTAINER, partition, PERSONALITY_ID)
    if held is not None:
        cached = PersonalityCache.of(held.body)
        if cached.number == freshness.present(stores, partition, "personality"):
            return cached
    number = freshness.begin(stores, partition, "personality", now=now)
    zone = time_zone_of(stores, *partition)
    attempts = _attempts(stores, partition, now)
    measured = measure(attempts, _times(stores, partition[0], attempts), zone)
    contribute(stores, pseudonyms, partition, measured, now=now)
    sums = united([_sums(stores, partition[0], f"signals:{shard}") for shard in range(SHARDS)])
    norms = {signal: norm(signal, sums.get(signal)) for signal in SIGNALS}
    found = traits(measured, norms, _disputed(stores, partition))
    completed, started = _completion(stores, partition)
    most = max((each.learners for each in norms.values()), default=0)
    made = PersonalityCache(
        tenant_id=partition[0],
        user_id=partition[1],
        number=number,
        traits=tuple(TraitFound.model_validate(vars(each)) for each in found),
        habits=tuple(
            HabitFound.model_validate(vars(each))
            for each in habits_said(habits(attempts, zone), completed=completed, started=started)
        ),
        summary=summary(found),
        compared_with=most if most >= LEAST_COMPARED else None,
        made_at=now,
    )
    stores.documents.commit(CONTAINER, partition, [Upsert(made.stored())])
    return made


def join_norms(
    stores: Stores, pseudonyms: Pseudonyms, partition: Partition, *, now: datetime
) -> None:
    """Put what a learner's answers say now into the norms of their tenant."""
    attempts = _attempts(stores, partition, now)
    times = _times(stores, partition[0], attempts)
    measured = measure(attempts, times, time_zone_of(stores, *partition))
    contribute(stores, pseudonyms, partition, measured, now=now)


def correct(
    stores: Stores,
    pseudonyms: Pseudonyms,
    partition: Partition,
    signal: Signal,
    *,
    agrees: bool,
    comment: str | None,
    now: datetime,
) -> None:
    """Note that a learner says a trait is not so, or take that back.

    Raises ``Conflict`` for somebody who was erased.
    """
    document_id = correction_id_of(signal)

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, partition[0], "user", partition[1]) is not None:
            raise Conflict("your account was erased, and stays so")
        stored = stores.documents.get(CONTAINER, partition, document_id)
        if agrees:
            return Decision([Delete(document_id, stored.etag)] if stored else [])
        said = Correction(
            id=document_id,
            tenant_id=partition[0],
            user_id=partition[1],
            signal=signal,
            comment=comment,
            at=now,
        )
        written: Operation = (
            Replace(said.stored(), stored.etag) if stored else Create(said.stored())
        )
        return Decision([written])

    announce_once(
        stores, source=SOURCE, container=CONTAINER, partition=partition, decide=decide, now=now
    )
    freshness.invalidate(stores, partition, _ENDS_WITH_A_WORD, now=now)


def contribute(
    stores: Stores,
    pseudonyms: Pseudonyms,
    partition: Partition,
    measured: Mapping[Signal, Measured],
    *,
    now: datetime,
) -> None:
    """Put a learner's signals into their tenant's norms, in place of what they were before."""
    tenant_id, user_id = partition
    shard = shard_of(user_id)
    after = contribution(measured)

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, tenant_id, "user", user_id) is not None:
            return Decision()
        held = stores.documents.get(NORMS, (tenant_id, shard), contribution_id_of(user_id))
        before = Contribution.of(held.body).values if held else {}
        if before == after:
            return Decision()
        stored = stores.documents.get(NORMS, (tenant_id, shard), NORMS_ID)
        sums = Norms.of(stored.body).sums if stored else {}
        later = Norms(tenant_id=tenant_id, shard=shard, sums=moved(sums, before, after))
        added = Contribution(
            id=contribution_id_of(user_id),
            tenant_id=tenant_id,
            shard=shard,
            user_id=user_id,
            values=after,
            updated_at=now,
        )
        return Decision(
            [
                Replace(later.stored(), stored.etag) if stored else Create(later.stored()),
                Replace(added.stored(), held.etag) if held else Create(added.stored()),
            ]
        )

    announce_once(
        stores,
        source=SOURCE,
        container=NORMS,
        partition=(tenant_id, shard),
        decide=decide,
        now=now,
    )


def count_times(stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime) -> Outcome:
    """A learner has answered: count how long the questions took them at the first try, each once
    whatever is delivered how often. Nothing of the learner is kept."""
    told = read_data(event, JourneyAttempted)
    if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
        raise Rejected("the learner was erased")
    by_shard: dict[str, list[AnswerGiven]] = defaultdict(list)
    for each in told.answers:
        if each.number == 1 and not each.practice:
            by_shard[time_shard_of(each.question_id)].append(each)
    outcomes = [
        _count_shard(stores, event, shard, answers, now=now)
        for shard, answers in sorted(by_shard.items())
    ]
    return "done" if "done" in outcomes else "repeated"


def _count_shard(
    stores: Stores, event: Event, shard: str, answers: Sequence[AnswerGiven], *, now: datetime
) -> Outcome:
    partition = (event.tenantid, shard)

    def decide() -> Decision:
        operations: list[Operation] = []
        by_question: dict[str, list[float]] = defaultdict(list)
        for each in answers:
            by_question[each.question_id].append(timed_log(each.duration_ms))
        for question_id, logs in by_question.items():
            stored = stores.documents.get(NORMS, partition, question_time_id_of(question_id))
            before = QuestionTime.of(stored.body) if stored else None
            later = QuestionTime(
                id=question_time_id_of(question_id),
                tenant_id=event.tenantid,
                shard=shard,
                question_id=question_id,
                answers=(before.answers if before else 0) + len(logs),
                sum_log=(before.sum_log if before else 0.0) + sum(logs),
            )
            operations.append(
                Replace(later.stored(), stored.etag) if stored else Create(later.stored())
            )
        return Decision(operations)

    return handle_once(
        stores,
        event,
        handler=SOURCE,
        container=NORMS,
        partition=partition,
        decide=decide,
        now=now,
    )


def _attempts(stores: Stores, partition: Partition, now: datetime) -> list[Attempt]:
    """The latest answers of a learner within :data:`LOOKS_BACK`, in the order they were given."""
    since = now - LOOKS_BACK
    found: list[Attempt] = []
    for body in _all(stores, partition, "attempt", order="answered_at"):
        attempt = Attempt.of(body)
        if attempt.answered_at < since:
            break
        found.append(attempt)
    found.reverse()
    return found


def _all(
    stores: Stores, partition: Partition, kind: str, *, order: str | None = None
) -> list[Json]:
    found: list[Json] = []
    continuation = None
    while len(found) < MOST_ATTEMPTS:
        page = stores.documents.query(
            journey.CONTAINER,
            partition,
            where=[Equals("kind", kind)],
            order=Order(order, descending=True) if order else None,
            limit=_PAGE,
            continuation=continuation,
        )
        found += [each.body for each in page.items]
        continuation = page.continuation
        if continuation is None:
            break
    return found[:MOST_ATTEMPTS]


def _times(stores: Stores, tenant_id: str, attempts: Sequence[Attempt]) -> dict[str, MeanTime]:
    """Mean times of the questions that were answered last."""
    questions = dict.fromkeys(each.question_id for each in reversed(attempts) if each.number == 1)
    found: dict[str, MeanTime] = {}
    for question_id in list(questions)[:_MOST_TIMED]:
        partition = (tenant_id, time_shard_of(question_id))
        stored = stores.documents.get(NORMS, partition, question_time_id_of(question_id))
        if stored is not None:
            kept = QuestionTime.of(stored.body)
            found[question_id] = MeanTime(kept.answers, kept.sum_log / kept.answers)
    return found


def _sums(stores: Stores, tenant_id: str, shard: str) -> dict[Signal, SignalSums]:
    stored = stores.documents.get(NORMS, (tenant_id, shard), NORMS_ID)
    return Norms.of(stored.body).sums if stored else {}


def _disputed(stores: Stores, partition: Partition) -> set[Signal]:
    return {
        signal
        for signal in SIGNALS
        if stores.documents.get(CONTAINER, partition, correction_id_of(signal)) is not None
    }


def _completion(stores: Stores, partition: Partition) -> tuple[int, int]:
    """How many journeys and pieces of content a learner has completed, and began."""
    journeys = [Journey.of(each) for each in _all(stores, partition, "journey")]
    records = [Progress.of(each) for each in _all(stores, partition, "progress")]
    begun = [each for each in records if each.status != "not_started"]
    done = [each for each in journeys if each.completed_at is not None]
    done_records = [each for each in begun if each.status == "completed"]
    return len(done) + len(done_records), len(journeys) + len(begun)
