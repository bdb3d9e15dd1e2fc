"""Completion, the learner's decision, sync and Foundations: each once, told, and followed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from functions.profiler_complete import service
from functions.profiler_complete.rules.scoring import score
from shared.auth import Principal
from shared.documents.port import Create, Replace
from shared.errors import Conflict, Invalid, Missing, Unavailable
from shared.models import family
from shared.models.family import FamilyLink
from shared.models.profiling import CONTAINER
from shared.models.profiling_times import SKEW_SECONDS, time_by_module
from shared.models.question_bank import MODULES
from shared.outbox import RELAY_AFTER, relay
from tests.flows.profiling import (
    BANK,
    PSEUDONYMS,
    Profiler,
    key_of,
    learner,
    offers,
    with_account,
)
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "profiler-telemetry.schema.json"
TRACK_ID = {track.key: track.track_id for track in BANK.tracks}


@pytest.fixture
def profiler(house: House) -> Profiler:
    return Profiler(house)


def validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def test_a_completed_session_is_scored_locked_and_told(profiler: Profiler, house: House) -> None:
    """One commit holds the result, the lock, the telemetry and the event."""
    session_id = profiler.answered()
    house.clock.advance(minutes=1)
    body = profiler.complete(session_id)
    session, result = profiler.session(session_id), profiler.result(session_id)
    assert body["status"] == session.status == "locked"
    assert session.completed_at == result.completed_at == house.clock()
    elapsed = (house.clock() - session.created_at).total_seconds()
    assert result.scores == score(BANK, session.answers, language="en", elapsed_seconds=elapsed)
    assert result.scores.integrity.flags == ()
    assert result.track == "defender"
    assert (result.accepted, result.synced_at) == (None, None)
    assert profiler.told() == [
        (
            "profiler.completed",
            {"user_id": "lena", "session_id": session_id, "attempt": 1, "track_key": "defender"},
        )
    ]


def test_open_modules_are_named(profiler: Profiler) -> None:
    """Completing too early says which modules are open and which questions are missing."""
    session_id = profiler.begun()
    profiler.answer(session_id, offers(*MODULES[:5]))
    with pytest.raises(Conflict, match="difficulty_selection, reflection") as raised:
        profiler.complete(session_id)
    fields = {each.pointer: each.detail for each in raised.value.fields}
    assert set(fields) == {"/modules/difficulty_selection", "/modules/reflection"}
    assert "difficulty_level" in fields["/modules/difficulty_selection"]
    assert "reflection_hurdle" not in fields["/modules/reflection"]
    assert profiler.session(session_id).status == "in_progress"
    assert profiler.told() == []


def test_completing_again_is_refused_or_answered_alike(profiler: Profiler) -> None:
    """A locked session is a conflict; a repeat of the very call gets its answer again."""
    session_id = profiler.answered()
    first = profiler.complete(session_id, key=key_of("c"))
    assert profiler.complete(session_id, key=key_of("c")) == first
    with pytest.raises(Conflict, match="locked"):
        profiler.complete(session_id)
    assert len(profiler.told()) == 1


@pytest.mark.parametrize("stranger", [learner("nils"), learner(tenant=RIVAL)])
def test_nobody_completes_or_decides_for_another(profiler: Profiler, stranger: Principal) -> None:
    """Another learner's session is not there, whatever is wanted of it."""
    session_id = profiler.answered()
    for act in (profiler.complete, profiler.sync):
        with pytest.raises(Missing):
            act(session_id, stranger)
    profiler.complete(session_id)
    with pytest.raises(Missing):
        profiler.accept(session_id, who=stranger)
    with pytest.raises(Missing):
        service.read(profiler.house, stranger, frozenset({"own"}), session_id)


def test_every_moment_has_telemetry_of_its_schema(profiler: Profiler, house: House) -> None:
    """After each event the payload holds the schema, whole, and says what was done."""
    check = validator()
    session_id = profiler.answered()
    house.clock.advance(minutes=30)
    profiler.progress(session_id, 700)
    seen: list[dict[str, Any]] = []

    def look() -> dict[str, Any]:
        payload: dict[str, Any] = profiler.telemetry(session_id)
        check.validate(payload)
        seen.append(payload)
        return payload

    profiler.complete(session_id)
    assert look()["time_spent_per_module"]["identity_value"] == 700
    profiler.accept(session_id, accepted=False, override=TRACK_ID["grc"])
    assert look()["override_track_id"] == TRACK_ID["grc"]
    assert seen[-1]["result_accepted"] is False
    profiler.accept(session_id)
    assert (look()["result_accepted"], seen[-1]["override_track_id"]) == (True, None)
    profiler.sync(session_id)
    look()
    profiler.foundations()
    assert look()["foundations_transition_at"] is not None
    profiler.reset(session_id)
    assert look()["reset_at"] is not None
    assert [kind for kind, _ in profiler.told()] == [
        "profiler.completed", "profiler.accepted", "profiler.accepted", "profiler.synced",
        "foundations.entered", "profiler.reset",
    ]  # fmt: skip
    for payload in seen:
        assert payload["recommended_track_id"] == TRACK_ID["defender"]
        assert payload["device_browser"]["user_agent"] == "A"
        assert payload["attempt_count"] == 1
        assert len(payload["scenario_choices"]) == len(BANK.by_module["scenario_preference"])


def test_the_schema_refuses_what_is_incomplete(profiler: Profiler) -> None:
    """Each of the payload's fields is required, and no other is let through."""
    check = validator()
    session_id = profiler.completed()
    payload = profiler.telemetry(session_id)
    for name in payload:
        assert not check.is_valid({key: each for key, each in payload.items() if key != name})
    assert not check.is_valid(payload | {"password": "x"})
    assert not check.is_valid(payload | {"track_confidence": 1.2})
    assert not check.is_valid(payload | {"completed_at": "yesterday"})


def test_telemetry_has_all_that_older_platforms_sent(profiler: Profiler) -> None:
    """The fields that readers of the older payload look for are there, by the same names."""
    payload = profiler.telemetry(profiler.completed())
    assert set(payload) >= {
        "user_id", "session_id", "completion_status", "time_spent_seconds",
        "time_spent_per_module", "aptitude_score", "technical_exposure_score",
        "work_style_cluster", "scenario_choices", "difficulty_selection", "recommended_track_id",
        "track_confidence", "track_alignment_percentages", "value_statement", "result_accepted",
        "result_accepted_at", "device_browser", "attempt_count", "foundations_transition_at",
        "completed_at", "started_at",
    }  # fmt: skip


def test_a_sync_completes_what_is_not_completed(profiler: Profiler) -> None:
    """An older client that never called completion gets the same result, once."""
    session_id = profiler.answered()
    first = profiler.sync(session_id)
    result = profiler.result(session_id)
    assert profiler.session(session_id).status == "locked"
    assert first == {"track": result.track}
    assert [kind for kind, _ in profiler.told()] == ["profiler.completed", "profiler.synced"]
    assert profiler.sync(session_id) == first
    assert profiler.result(session_id) == result
    assert profiler.told() == []


def test_a_sync_after_completion_changes_no_score(profiler: Profiler, house: House) -> None:
    """It notes when it was first asked for, and says so once."""
    session_id = profiler.completed()
    before = profiler.result(session_id)
    profiler.told()
    house.clock.advance(minutes=1)
    profiler.sync(session_id)
    after = profiler.result(session_id)
    assert after == before.model_copy(update={"synced_at": house.clock()})
    house.clock.advance(minutes=1)
    profiler.sync(session_id)
    assert profiler.result(session_id) == after
    assert [kind for kind, _ in profiler.told()] == ["profiler.synced"]


def test_a_sync_of_an_open_session_names_what_is_missing(profiler: Profiler) -> None:
    """An older client is told the same as any other."""
    session_id = profiler.begun()
    with pytest.raises(Conflict, match="identity_value, cyber_aptitude"):
        profiler.sync(session_id)


def test_the_learner_decides_and_may_decide_again(profiler: Profiler, house: House) -> None:
    """Accepted, declined, or another track; each change is told, the same again is not."""
    session_id = profiler.completed()
    profiler.told()
    house.clock.advance(minutes=1)
    assert profiler.accept(session_id) == {"track": "defender"}
    result = profiler.result(session_id)
    assert (result.accepted, result.accepted_at) == (True, house.clock())
    house.clock.advance(minutes=1)
    profiler.accept(session_id)
    assert profiler.result(session_id) == result
    assert profiler.audited() == []
    override = TRACK_ID["innovation"].upper()
    assert profiler.accept(session_id, False, override) == {"track": "innovation"}
    assert profiler.result(session_id).override_track == "innovation"
    (note,) = profiler.audited()
    assert (note["action"], note["reason"]) == ("profiling.override", "defender to innovation")
    assert note["actor"] == note["target"] == PSEUDONYMS.of(TENANT, "user", "lena")
    assert profiler.accept(session_id, False) == {"track": "defender"}
    told = [(data["accepted"], data["track_key"]) for _, data in profiler.told()]
    assert told == [(True, "defender"), (False, "innovation"), (False, "defender")]


@pytest.mark.parametrize(
    ("accepted", "override"),
    [(True, TRACK_ID["grc"]), (False, "grc"), (False, "00000000-0000-0000-0000-000000000000")],
)
def test_a_decision_that_is_none_is_refused(
    profiler: Profiler, accepted: bool, override: str
) -> None:
    """Accepting and overriding at once, or a track that is not there, name the field."""
    session_id = profiler.completed()
    with pytest.raises(Invalid) as raised:
        profiler.accept(session_id, accepted, override)
    assert raised.value.fields[0].pointer == "/override_track_id"
    assert profiler.result(session_id).accepted is None


def test_there_is_nothing_to_decide_before_completion(profiler: Profiler) -> None:
    """Neither result, plan nor decision."""
    session_id = profiler.answered()
    with pytest.raises(Missing, match="complete it first"):
        profiler.accept(session_id)
    with pytest.raises(Missing, match="complete it first"):
        service.read(profiler.house, learner(), frozenset({"own"}), session_id)


def test_the_plan_is_for_the_track_that_was_chosen(profiler: Profiler) -> None:
    """The recommended one first, the learner's own after an override."""
    session_id = profiler.completed()
    bank, _, result = service.read(profiler.house, learner(), frozenset({"own"}), session_id)
    assert service.plan(bank, result).track == "defender"
    profiler.accept(session_id, False, TRACK_ID["leadership"])
    bank, _, result = service.read(profiler.house, learner(), frozenset({"own"}), session_id)
    assert service.plan(bank, result).track == "leadership"


def test_foundations_is_entered_once(profiler: Profiler, house: House) -> None:
    """Before completion nothing is kept; the first look after it is, and stays."""
    session_id = profiler.answered()
    assert profiler.foundations() is None
    profiler.complete(session_id)
    assert profiler.result(session_id).foundations_transition_at is None
    profiler.told()
    house.clock.advance(hours=1)
    entered = house.clock()
    for _ in range(3):
        found = profiler.foundations()
        assert found is not None
        assert found.foundations_transition_at == entered
        house.clock.advance(hours=1)
    assert [kind for kind, _ in profiler.told()] == ["foundations.entered"]
    profiler.reset(session_id)
    assert profiler.foundations() is None


def test_times_that_were_not_reported_come_from_the_answers(profiler: Profiler) -> None:
    """A client that reports no progress still has times by module."""
    session_id = profiler.answered()
    session = profiler.session(session_id)
    found = time_by_module(BANK, session)
    for module in MODULES:
        milliseconds = sum(
            session.answers[question.id].response_time_ms for question in BANK.by_module[module]
        )
        assert found[module] == milliseconds // 1000


def test_a_small_report_replaces_no_answers_time(profiler: Profiler) -> None:
    """What is more counts, report or answers; but no more than has passed on our clock."""
    session_id = profiler.answered()
    answering = time_by_module(BANK, profiler.session(session_id))
    profiler.progress(session_id, 3)
    assert time_by_module(BANK, profiler.session(session_id)) == answering
    profiler.progress(session_id, 3000)
    session = profiler.session(session_id)
    assert time_by_module(BANK, session) == answering | {"identity_value": 3003}
    at_once = session.model_copy(update={"updated_at": session.created_at})
    assert 0 < sum(time_by_module(BANK, at_once).values()) <= SKEW_SECONDS


def test_times_that_cannot_have_passed_are_flagged(profiler: Profiler, house: House) -> None:
    """All answers at once, each claiming an hour, are no sign of effort; no score changes."""
    session_id = profiler.begun()
    house.clock.advance(seconds=1)
    hours = [replace(each, response_time_ms=3_600_000) for each in offers()]
    profiler.answer(session_id, hours)
    profiler.complete(session_id)
    scores = profiler.result(session_id).scores
    (flag,) = (flag for flag in scores.integrity.flags if flag.code == "impossible_times")
    assert (flag.value, flag.limit) == (len(hours) * 3600, 1 + SKEW_SECONDS)
    assert "impossible_times" in profiler.telemetry(session_id)["integrity_flags"]
    again = score(BANK, profiler.session(session_id).answers, language="en")
    assert again.model_copy(update={"integrity": scores.integrity}) == scores


def reader(role: str, user: str = "rita") -> Principal:
    return Principal(user, TENANT, frozenset({role}))


def test_others_see_a_result_as_far_as_they_reach(profiler: Profiler, house: House) -> None:
    """An admin in the tenant, a mentor its learners, a parent with an active link alone."""
    session_id = profiler.completed()

    def reads(who: Principal, reach: Any) -> bool:
        try:
            _, _, result = service.read(house, who, frozenset({reach}), session_id)
        except Missing:
            return False
        return result.session_id == session_id

    assert reads(reader("admin"), "tenant")
    assert not reads(Principal("eve", RIVAL, frozenset({"admin"})), "tenant")
    assert not reads(reader("mentor"), "learners")  # no account says that this is a learner
    with_account(house)
    assert reads(reader("mentor"), "learners")
    assert not reads(reader("parent"), "children")
    link = FamilyLink(
        id=family.link_id_of(TENANT, "lena", "rita"),
        tenant_id=TENANT,
        learner_id="lena",
        parent_id="rita",
        active=True,
        linked_at=START,
        updated_at=START,
    )
    house.documents.commit(family.CONTAINER, (TENANT, "lena"), [Create(link.stored())])
    assert reads(reader("parent"), "children")
    assert not reads(reader("parent", "paul"), "children")


class _Unsure:
    """Documents whose commits happen, and then seem not to have."""

    def __init__(self, house: House) -> None:
        self._real = house.documents
        self.failing = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def commit(self, *arguments: Any) -> Any:
        done = self._real.commit(*arguments)
        if self.failing and any(isinstance(each, Create | Replace) for each in arguments[2]):
            self.failing = False
            raise Unavailable("no answer")
        return done


def test_a_lost_answer_is_found_again_by_its_key(profiler: Profiler, house: House) -> None:
    """The commit happened, the answer was lost: the same call again gets it, and the event,
    which nobody sent, goes out by the relay. Nothing is scored twice."""
    session_id = profiler.answered()
    house.documents = _Unsure(house)
    with pytest.raises(Unavailable):
        profiler.complete(session_id, key=key_of("c"))
    assert profiler.told() == []
    again = profiler.complete(session_id, key=key_of("c"))
    assert again["status"] == "locked"
    assert len(house.kinds("result", container=CONTAINER)) == 1
    house.clock.advance(seconds=RELAY_AFTER.total_seconds() + 1)
    assert relay(house, now=house.clock()) == 1
    assert [kind for kind, _ in profiler.told()] == ["profiler.completed"]


class _Refusing:
    """A bus that is away."""

    def publish(self, *_: Any) -> None:
        raise Unavailable("away")


def test_a_bus_that_is_away_loses_no_event(profiler: Profiler, house: House) -> None:
    """Completion holds although nothing can be sent; the relay sends it later."""
    session_id = profiler.answered()
    bus, house.bus = house.bus, _Refusing()
    assert profiler.complete(session_id)["status"] == "locked"
    house.bus = bus
    house.clock.advance(seconds=RELAY_AFTER.total_seconds() + 1)
    assert relay(house, now=house.clock()) == 1
    assert len(profiler.told()) == 1


class _Between:
    """Documents in which somebody else commits just before the next commit."""

    def __init__(self, house: House, act: Callable[[], object]) -> None:
        self._real = house.documents
        self._act: Callable[[], object] | None = act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def commit(self, *arguments: Any) -> Any:
        act, self._act = self._act, None
        if act is not None:
            act()
        return self._real.commit(*arguments)


@pytest.mark.parametrize("name", ["accept", "sync", "foundations"])
def test_a_reset_in_between_stays_in_the_telemetry(
    profiler: Profiler, house: House, name: str
) -> None:
    """Whatever the learner does in the moment of a reset, its time is not overwritten."""
    session_id = profiler.completed()
    acts: dict[str, Callable[[], object]] = {
        "accept": lambda: profiler.accept(session_id),
        "sync": lambda: profiler.sync(session_id),
    }
    house.documents = _Between(house, lambda: profiler.reset(session_id))
    if name not in acts:
        assert profiler.foundations() is None
    else:
        with pytest.raises(Conflict, match="set aside"):
            acts[name]()
    assert profiler.telemetry(session_id)["reset_at"] is not None


def test_an_attempt_that_was_set_aside_decides_nothing(profiler: Profiler) -> None:
    """After a reset neither a decision nor a sync of the old attempt is taken or told."""
    session_id = profiler.completed()
    profiler.sync(session_id)
    profiler.reset(session_id)
    profiler.told()
    for act in (profiler.accept, profiler.sync):
        with pytest.raises(Conflict, match="set aside"):
            act(session_id)
    assert profiler.told() == []
    assert profiler.result(session_id).accepted is None
