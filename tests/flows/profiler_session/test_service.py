"""Sessions: one unfinished a learner, on any device, with the bank they began with."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.profiler_session import bank as source
from functions.profiler_session import service
from functions.profiler_session.rules.answers import Offered
from shared.auth import Principal
from shared.documents.port import Equals
from shared.erasures import requested
from shared.errors import Conflict, Invalid, Missing, Unprocessable
from shared.models import tombstone
from shared.models.profiling import CONTAINER, Device
from shared.models.question_bank import CONTAINER as BANKS
from shared.models.question_bank import QuestionBank
from tests.flows.profiling import (
    ADMIN,
    BANK,
    PSEUDONYMS,
    WORDS,
    Profiler,
    key_of,
    learner,
    offers,
)
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house


@pytest.fixture
def profiler(house: House) -> Profiler:
    return Profiler(house)


@pytest.fixture
def newer_bank(monkeypatch: pytest.MonkeyPatch) -> QuestionBank:
    """A bank of a later deployment, in which one question reads otherwise."""
    changed = copy.deepcopy(source.read_source())
    changed["questions"][1]["text"]["en"] = "Asked anew"
    changed |= {"bank_version": "2-0123456789ab", "id": "2-0123456789ab"}
    newer = QuestionBank.model_validate(changed)
    monkeypatch.setattr(source, "load", lambda: newer)
    return newer


def test_a_learner_has_one_unfinished_session(profiler: Profiler) -> None:
    """The second start, on whatever device, goes on with the first one's session."""
    status, first = profiler.start(device=Device(user_agent="phone"))
    assert status == 201
    status, second = profiler.start(device=Device(user_agent="laptop"))
    assert (status, second) == (200, first)
    session = profiler.session(first["session_id"])
    assert (session.status, session.attempt, session.device.user_agent) == ("started", 1, "phone")


def test_starts_at_the_same_moment_make_one_session(house: House, profiler: Profiler) -> None:
    """Two devices that start at once get the same session, and one of them made it."""
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: profiler.start(), range(6)))
    assert len({body["session_id"] for _, body in answers}) == 1
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len(house.kinds("session", container=CONTAINER)) == 1


def test_who_was_erased_starts_nothing(house: House, profiler: Profiler) -> None:
    """A token that still holds after its person's erasure writes nothing of them again."""
    erased = learner("gone")
    erasure, decision = requested(
        house,
        PSEUDONYMS,
        tenant_id=TENANT,
        of="user",
        identity="gone",
        subjects={"user": ("gone",)},
        now=house.clock(),
    )
    house.documents.commit(
        tombstone.CONTAINER, (TENANT, erasure.tombstone_id), list(decision.operations)
    )
    with pytest.raises(Conflict, match="erased"):
        profiler.start(erased)
    assert house.kinds("session", container=CONTAINER) == []
    assert profiler.start(learner("nils"))[0] == 201


def test_learners_and_tenants_have_sessions_of_their_own(profiler: Profiler) -> None:
    """The same user id in another tenant is another person."""
    ids = {
        profiler.begun(who)
        for who in (learner(), learner("nils"), learner(tenant=RIVAL), learner("nils", RIVAL))
    }
    assert len(ids) == 4


def test_the_bank_is_published_once(house: House, profiler: Profiler) -> None:
    """The first start publishes the version, later ones find it."""
    profiler.begun()
    profiler.begun(learner("nils"))
    page = house.documents.query(BANKS, ("platform",), where=[Equals("kind", "question_bank")])
    (stored,) = page.items
    assert QuestionBank.of(stored.body).stored() == BANK.stored()


def test_a_session_keeps_the_bank_it_began_with(
    profiler: Profiler, request: pytest.FixtureRequest
) -> None:
    """After a deployment of another version old sessions go on with theirs."""
    old = profiler.begun()
    newer = request.getfixturevalue("newer_bank")
    young = profiler.begun(learner("nils"))
    assert profiler.session(old).bank_version == BANK.bank_version
    assert profiler.session(young, learner("nils")).bank_version == newer.bank_version

    def second_text(session_id: str, who: Principal) -> str:
        _, _, shown = service.questions(profiler.house, who, session_id, module=None)
        return shown.questions[1].text

    assert second_text(old, learner()) == BANK.questions[1].text["en"]
    assert second_text(young, learner("nils")) == "Asked anew"


def test_answers_are_kept_and_replaced(profiler: Profiler) -> None:
    """What was answered is there on another device; the later answer stands."""
    session_id = profiler.begun()
    first = profiler.answer(session_id, offers("identity_value"))
    assert len(first["new"]) == len(BANK.by_module["identity_value"])
    again = Offered("identity_traces", "neutral", None, 9000)
    assert profiler.answer(session_id, [again])["replaced"] == ["identity_traces"]
    session = profiler.session(session_id)
    assert session.status == "in_progress"
    assert session.answers["identity_traces"].selected_option == "neutral"
    assert len(session.answers) == len(first["new"])


def test_two_devices_that_answer_at_once_lose_nothing(profiler: Profiler) -> None:
    """Answers that meet in the same moment are all kept, whoever writes first."""
    session_id = profiler.begun()
    sent = [each for each in offers("identity_value") if each.text is None]
    with ThreadPoolExecutor(2) as pool:
        halves = [sent[0::2], sent[1::2]]

        def device(half: list[Offered]) -> None:
            for each in half:
                profiler.answer(session_id, [each])

        list(pool.map(device, halves))
    session = profiler.session(session_id)
    assert set(session.answers) == {each.question_id for each in sent}
    assert session.answered == len(sent)
    assert sorted(answer.sequence for answer in session.answers.values()) == list(
        range(1, len(sent) + 1)
    )


def test_a_repeated_call_is_answered_alike(profiler: Profiler) -> None:
    """With an Idempotency-Key the first answer comes again, and nothing is counted twice."""
    session_id = profiler.begun()
    sent = offers("identity_value")[:3]
    first = profiler.answer(session_id, sent, key=key_of("k"))
    profiler.answer(session_id, [Offered("identity_traces", "agree", None, 8000)])
    assert profiler.answer(session_id, sent, key=key_of("k")) == first
    assert profiler.session(session_id).answered == 4
    with pytest.raises(Unprocessable):
        profiler.answer(session_id, sent, key=key_of("k", "another"))


def test_time_is_counted_once_a_key(house: House, profiler: Profiler) -> None:
    """A report that is sent again with its key adds nothing; without, it adds up."""
    session_id = profiler.begun()
    house.clock.advance(hours=1)
    assert profiler.progress(session_id, 100, key=key_of("p")) == {"identity_value": 100}
    assert profiler.progress(session_id, 100, key=key_of("p")) == {"identity_value": 100}
    assert profiler.progress(session_id, 20) == {"identity_value": 120}


@pytest.mark.parametrize("stranger", [learner("nils"), learner(tenant=RIVAL)])
def test_another_learners_session_is_not_there(profiler: Profiler, stranger: Principal) -> None:
    """Neither a classmate nor a namesake of another tenant can touch or see it."""
    session_id = profiler.begun()
    with pytest.raises(Missing):
        profiler.answer(session_id, offers("identity_value"), stranger)
    with pytest.raises(Missing):
        profiler.progress(session_id, who=stranger)
    with pytest.raises(Missing):
        service.questions(profiler.house, stranger, session_id, module=None)
    assert profiler.session(session_id).answers == {}


@pytest.mark.parametrize("session_id", ["learner", "", "../x", "receipt:http:1", "no-such"])
def test_what_is_no_session_is_not_one(profiler: Profiler, session_id: str) -> None:
    """Other documents of the partition are not taken for sessions."""
    profiler.begun()
    with pytest.raises(Missing):
        profiler.progress(session_id)


def test_questions_come_for_the_module_to_go_on_with(profiler: Profiler) -> None:
    """Without a module the current one is served; one that waits is refused, one is unknown."""
    session_id = profiler.begun()
    profiler.answer(session_id, offers("identity_value"))
    state, language, shown = service.questions(profiler.house, learner(), session_id, module=None)
    assert (state.module, state.state, language) == ("cyber_aptitude", "open", "en")
    assert len(shown.questions) == len(BANK.by_module["cyber_aptitude"])
    earlier, _, _ = service.questions(
        profiler.house, learner(), session_id, module="identity_value"
    )
    assert earlier.state == "open"
    with pytest.raises(Conflict, match="go on with cyber_aptitude"):
        service.questions(profiler.house, learner(), session_id, module="reflection")
    with pytest.raises(Invalid):
        service.questions(profiler.house, learner(), session_id, module="astrology")


def test_a_completed_session_is_locked(profiler: Profiler) -> None:
    """No answers, no time, no new session: 409 until an admin resets it."""
    session_id = profiler.completed()
    with pytest.raises(Conflict):
        profiler.answer(session_id, [Offered("identity_traces", "agree", None, 8000)])
    with pytest.raises(Conflict):
        profiler.progress(session_id)
    with pytest.raises(Conflict, match="an admin"):
        profiler.start()
    assert profiler.session(session_id).attempt == 1


def test_a_reset_opens_the_next_attempt(house: House, profiler: Profiler) -> None:
    """Who and why are kept, the old attempt and its result stay, the next one is the second."""
    first = profiler.completed()
    profiler.told()
    house.clock.advance(days=1)
    body = profiler.reset(first)
    assert (body["attempt_count"], body["next_attempt"]) == (1, 2)
    assert body["reset_by"] == PSEUDONYMS.of(TENANT, "user", ADMIN.user_id)
    old = profiler.session(first)
    assert old.reset is not None
    assert old.reset.by == PSEUDONYMS.of(TENANT, "user", ADMIN.user_id)
    assert (old.reset.reason, old.reset.at) == ("asked for another try", house.clock())
    assert old.status == "locked"
    assert profiler.result(first).attempt == 1
    assert [kind for kind, _ in profiler.told()] == ["profiler.reset"]
    (note,) = profiler.audited()
    assert (note["action"], note["reason"]) == ("profiling.reset", "asked for another try")
    assert note["target"] == PSEUDONYMS.of(TENANT, "user", "lena")
    assert profiler.telemetry(first)["reset_at"].endswith("Z")

    status, second = profiler.start()
    assert status == 201
    assert second["session_id"] != first
    assert profiler.session(second["session_id"]).attempt == 2
    assert profiler.start() == (200, second)


def test_a_reset_is_for_what_is_completed_and_once(profiler: Profiler) -> None:
    """An open session needs none; one that was reset is not reset again."""
    session_id = profiler.begun()
    with pytest.raises(Conflict, match="not completed"):
        profiler.reset(session_id)
    profiler.answer(session_id, offers())
    profiler.complete(session_id)
    first = profiler.reset(session_id, key=key_of("r"))
    assert profiler.reset(session_id, key=key_of("r")) == first
    with pytest.raises(Conflict, match="later attempt"):
        profiler.reset(session_id)
    assert len(profiler.audited()) == 1


def test_an_admin_resets_in_their_own_tenant_alone(profiler: Profiler) -> None:
    """Another tenant's admin finds no such session."""
    session_id = profiler.completed()
    with pytest.raises(Missing):
        profiler.reset(session_id, Principal("eve", RIVAL, frozenset({"admin"})))
    assert profiler.session(session_id).reset is None


def test_words_are_kept_as_they_were_written(profiler: Profiler) -> None:
    """Free text in any script comes back unchanged."""
    session_id = profiler.begun()
    text = "Ich möchte, dass 病院 weiterläuft — auch nachts. 🌙"
    profiler.answer(session_id, [Offered("identity_matters", None, text, 60_000)])
    assert profiler.session(session_id).answers["identity_matters"].text == text


def test_nothing_is_kept_of_a_call_that_is_refused(house: House, profiler: Profiler) -> None:
    """One bad answer among good ones leaves the session as it was."""
    session_id = profiler.begun()
    before = profiler.session(session_id)
    house.clock.advance(minutes=5)
    good = Offered("identity_matters", None, WORDS, 60_000)
    with pytest.raises(Invalid):
        profiler.answer(session_id, [good, Offered("identity_traces", "often", None, 1)])
    assert profiler.session(session_id) == before
    assert house.clock() - before.updated_at == timedelta(minutes=5)


class _Counting:
    """Documents that count the looks into a container."""

    def __init__(self, house: House) -> None:
        self._real = house.documents
        self.looks: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get(self, container: str, *more: Any) -> Any:
        self.looks.append(container)
        return self._real.get(container, *more)


def test_the_bank_is_published_once_and_not_read_at_every_start(house: House) -> None:
    """The first start in a process looks for the version; the others know that it is there."""
    house.documents = documents = _Counting(house)
    profiler = Profiler(house)
    profiler.begun()
    looked = documents.looks.count("question_banks")
    profiler.begun()
    profiler.begun(learner("nils"))
    assert looked >= 1
    assert documents.looks.count("question_banks") == looked
