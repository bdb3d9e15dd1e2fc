"""Journeys: every answer counted once, whoever sends it how often; completion tells once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.journey_tracking.rules.attempts import MOST_OFFLINE, MOST_QUESTIONS, MOST_SKILLS
from functions.journey_tracking.rules.completing import MOST_ACTIVE
from functions.journey_tracking.service import journeys
from shared.auth import Principal
from shared.documents.port import Create, Patch
from shared.errors import Conflict, Missing, Unavailable, Unprocessable
from shared.events.journey import (
    JourneyAttempted,
    JourneyCompleted,
    JourneyContainerCompleted,
)
from shared.journey_records import attempts_page
from shared.models import account, tombstone
from shared.models.learning import CONTAINERS, SUBJECTS
from tests.flows.journeying import Journeyer, offer, uuid_of
from tests.flows.profiling import key_of, with_account
from tests.flows.stores import PSEUDONYMS, RIVAL, START, TENANT, House
from tests.flows.stores import house as house

PARENT = Principal("pia", TENANT, frozenset({"parent"}))


@pytest.fixture
def lena(house: House) -> Journeyer:
    made = Journeyer(house)
    made.start()
    return made


# starting


def test_a_request_that_comes_twice_starts_one_journey(house: House) -> None:
    """With its key; without one each starts a journey of its own."""
    lena = Journeyer(house)
    key = key_of("k")
    assert lena.start(key.new_id("journey"), key=key) == 201
    assert lena.start(key.new_id("journey"), key=key) == 201
    assert len(house.kinds("journey", container="journeys")) == 1
    learner = journeys.read_learner(house, lena.partition)
    assert learner is not None
    assert learner[0].active_journeys == 1


def test_only_so_many_journeys_are_under_way(lena: Journeyer) -> None:
    """Until one is completed."""
    for number in range(MOST_ACTIVE - 1):
        lena.start(uuid_of(f"journey {number}"))
    with pytest.raises(Conflict, match="under way"):
        lena.start(uuid_of("one too many"))
    for container in CONTAINERS:
        lena.container(container)
    lena.complete()
    assert lena.start(uuid_of("one more")) == 201


def test_somebody_erased_starts_nothing(house: House) -> None:
    """A token that still holds brings nothing back."""
    partition = (TENANT, PSEUDONYMS.of(TENANT, "user", "lena"))
    made = tombstone.Tombstone(
        tenant_id=TENANT, tombstone_id=partition[1], subject_kind="user", requested_at=START
    )
    house.documents.commit(tombstone.CONTAINER, partition, [Create(made.stored())])
    with pytest.raises(Conflict, match="erased"):
        Journeyer(house).start()


# attempts


def test_an_answer_is_kept_and_told(lena: Journeyer) -> None:
    """The attempt, the lesson, the skill, and one event with what was done."""
    lena.later(minutes=3)
    body = lena.send(offer(hints=1, at=START + timedelta(minutes=2)))
    assert body == {
        "outcomes": ["new"], "numbers": [1], "practice": [False], "xp": [10], "mastered": [False],
    }  # fmt: skip
    (attempt,) = lena.attempts()
    assert (attempt.position, attempt.xp, attempt.hints_used) == (1, 10, 1)
    assert attempt.answered_at == START + timedelta(minutes=2)
    (lesson,) = lena.lessons()
    assert (lesson.attempts, lesson.hints_used, lesson.duration_ms) == (1, 1, 4000)
    assert lena.skill().attempts == 1
    (event,) = lena.told()
    told = JourneyAttempted.model_validate(event.data)
    assert (told.grade_level, told.career, told.time_zone) == ("5", "Pilot", "UTC")
    assert told.answers[0].attempt_id == attempt.attempt_id
    assert event.partitionkey == "lena"


def test_the_same_attempt_counts_once(lena: Journeyer) -> None:
    """In one request, in the next one, and after days; nothing is told again."""
    lena.send(offer(), offer())
    lena.later(days=3)
    assert lena.send(offer())["outcomes"] == ["repeated"]
    assert len(lena.attempts()) == 1
    assert len(lena.told()) == 1
    assert lena.lessons()[0].attempts == 1


def test_an_attempt_id_of_another_answer_is_refused(lena: Journeyer) -> None:
    """And with it the whole request: nothing of it is kept."""
    lena.send(offer("q1", attempt="a"))
    for other in (
        offer("q2", attempt="a"),
        offer("q1", attempt="a", correct=False),
        offer("q1", attempt="a", skill="another"),
    ):
        with pytest.raises(Conflict, match="another answer"):
            lena.send(offer("q3"), other)
    assert len(lena.attempts()) == 1


def test_tries_are_counted_here(lena: Journeyer) -> None:
    """A client that calls its second try a first one is paid for a second."""
    lena.send(offer("q1", correct=False, attempt="a"))
    body = lena.send(offer("q1", attempt="b", number=1))
    assert (body["numbers"], body["xp"]) == ([2], [5])
    body = lena.send(offer("q2", correct=False, attempt="c"), offer("q2", attempt="d", number=4))
    assert (body["numbers"], body["xp"]) == ([1, 4], [0, 0])


def test_a_solved_question_is_practice(lena: Journeyer) -> None:
    """It earns nothing more, and says nothing new of the skill."""
    lena.send(offer("q1", attempt="a"))
    before = lena.skill()
    body = lena.send(offer("q1", attempt="b"), offer("q1", attempt="c", correct=False))
    assert (body["practice"], body["xp"]) == ([True, True], [0, 0])
    assert lena.skill() == before
    assert lena.lessons()[0].questions["q1"].solved_at == 1


def test_the_same_question_elsewhere_is_another_one(lena: Journeyer) -> None:
    """In another subject or container its tries are its own."""
    body = lena.send(
        offer("q1"), offer("q1", subject="ELA"), offer("q1", container="DISCOVER", skill="x")
    )
    assert body["xp"] == [10, 10, 10]


def test_moments_are_held_to_the_journey(lena: Journeyer) -> None:
    """Neither before its start nor after now, nor longer ago than a device is offline."""
    lena.later(hours=1)
    lena.send(
        offer("early", at=START - timedelta(days=1)), offer("late", at=lena.now + timedelta(days=9))
    )
    early, late = lena.attempts()
    assert (early.answered_at, late.answered_at) == (START, lena.now)
    lena.later(days=30)
    lena.send(offer("weeks-ago", at=START + timedelta(days=1)))
    assert lena.attempts()[-1].answered_at == lena.now - MOST_OFFLINE


def test_a_skill_belongs_to_one_subject(lena: Journeyer) -> None:
    """An answer that puts it into another one is refused."""
    lena.send(offer(skill="fractions"))
    with pytest.raises(Unprocessable, match="one of Math"):
        lena.send(offer("q2", subject="ELA", skill="fractions"))


def test_a_lesson_is_bounded(lena: Journeyer) -> None:
    """So that its document stays small."""
    (lesson,) = (lena.send(offer()), *lena.lessons())[1:]
    questions = {f"many-{n}": {"tries": 1, "solved_at": 1} for n in range(MOST_QUESTIONS)}
    lena.house.documents.commit(
        "journeys", lena.partition, [Patch(lesson.id, set={"questions": questions})]
    )
    with pytest.raises(Unprocessable, match="500"):
        lena.send(offer("one-more"))


def test_mastery_is_told_once(lena: Journeyer) -> None:
    """With the answer that reached it; lost and reached again it is not news."""
    lena.send(*(offer(f"q{n}") for n in range(3)))
    lena.send(*(offer(f"w{n}", correct=False) for n in range(2)))
    assert lena.skill().in_remediation
    lena.send(*(offer(f"r{n}") for n in range(6)))
    assert lena.skill().is_mastered
    told = [JourneyAttempted.model_validate(event.data).mastered for event in lena.told()]
    assert [[each.skill_id for each in one] for one in told] == [["math.skill"], [], []]
    assert told[0][0].attempt_id == lena.attempts()[2].attempt_id


def test_the_event_carries_the_learners_present_zone(lena: Journeyer) -> None:
    """As the account has it at the moment of the request."""
    with_account(lena.house)
    lena.house.documents.commit(
        account.CONTAINER,
        lena.partition,
        [Patch(account.ACCOUNT_ID, set={"time_zone": "Asia/Tokyo"})],
    )
    lena.send(offer())
    assert lena.told()[0].data["time_zone"] == "Asia/Tokyo"


def test_two_devices_at_once_lose_nothing(lena: Journeyer) -> None:
    """Requests that meet are taken one after the other, each answer once."""
    sent = [(offer(f"q{n % 8}", attempt=f"a{n % 8}"),) for n in range(24)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda each: lena.send(*each), sent))
    assert sorted(each.question_id for each in lena.attempts()) == [f"q{n}" for n in range(8)]
    assert [each.position for each in lena.attempts()] == list(range(1, 9))
    assert sum(len(event.data["answers"]) for event in lena.told()) == 8


def test_a_crash_after_the_commit_counts_once(
    lena: Journeyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost, the attempt was kept: sent again it is repeated, and told once."""
    commit = lena.house.documents.commit

    def lost(*given: object) -> None:
        commit(*given)
        raise Unavailable("no answer")

    monkeypatch.setattr(lena.house.documents, "commit", lost)
    with pytest.raises(Unavailable):
        lena.send(offer())
    monkeypatch.setattr(lena.house.documents, "commit", commit)
    assert lena.send(offer())["outcomes"] == ["repeated"]
    assert len(lena.house.kinds("outbox", container="journeys")) == 1


def test_history_is_paged_and_filtered(lena: Journeyer) -> None:
    """In the order the answers came."""
    lena.send(*(offer(f"q{n}", subject=SUBJECTS[n % 4]) for n in range(9)))

    def asked(**wanted: Any) -> list[str]:
        given: dict[str, Any] = {"container": None, "subject": None, "skill_id": None} | wanted
        seen: list[str] = []
        continuation = None
        while True:
            page, continuation = attempts_page(
                lena.house, lena.journey(), **given, limit=2, continuation=continuation
            )
            seen += [each.question_id for each in page]
            if continuation is None:
                return seen

    assert asked() == [f"q{n}" for n in range(9)]
    assert asked(subject="ELA") == ["q1", "q5"]
    assert asked(container="DISCOVER") == []
    assert asked(skill_id="science.skill") == ["q2", "q6"]


# completion


def test_a_container_is_completed_with_all_its_subjects(lena: Journeyer) -> None:
    """The subjects without an answer are named; then its lessons are added up."""
    lena.lesson("Math", right=3, wrong=1)
    with pytest.raises(Conflict, match="ELA, Science, Social Studies"):
        lena.complete_container()
    for subject in SUBJECTS[1:]:
        lena.lesson(subject)
    lena.told()
    scores = lena.complete_container()
    assert scores == {"Math": 75.0, "ELA": 100.0, "Science": 100.0, "Social Studies": 100.0}
    (event,) = lena.told()
    told = JourneyContainerCompleted.model_validate(event.data)
    math = told.lessons[0]
    assert (math.questions, math.correct, math.first_try_correct) == (4, 3, 3)
    assert math.duration_ms == 16_000


def test_completing_again_answers_the_same_and_tells_nobody(lena: Journeyer) -> None:
    """A container as well as a journey."""
    first = lena.container()
    lena.later(days=1)
    assert lena.complete_container() == first
    for container in CONTAINERS[1:]:
        lena.container(container)
    assert lena.complete() == lena.complete() == {"status": "completed"}
    types = [event.type for event in lena.told()]
    assert types.count(JourneyContainerCompleted.type) == 3
    assert types.count(JourneyCompleted.type) == 1


def test_what_is_completed_takes_no_answer(lena: Journeyer) -> None:
    """Not a new one; one that was taken before is still answered."""
    lena.container()
    with pytest.raises(Conflict, match="LEARN is completed"):
        lena.send(offer("late"))
    assert lena.send(offer("q0"))["outcomes"] == ["repeated"]
    for container in CONTAINERS[1:]:
        lena.container(container)
    lena.complete()
    with pytest.raises(Conflict, match="journey is completed"):
        lena.send(offer("late", container="DISCOVER"))


def test_no_answer_slips_in_while_a_container_is_completed(
    lena: Journeyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that comes between reading and writing is counted in the totals."""
    for subject in SUBJECTS:
        lena.lesson(subject)
    get = lena.house.documents.get
    slipped: list[bool] = []

    def slips(container: str, partition: tuple[str, str], document_id: str) -> Any:
        found = get(container, partition, document_id)
        if document_id.endswith("Social Studies") and not slipped:
            slipped.append(True)
            lena.send(offer("slipped", correct=False))
        return found

    monkeypatch.setattr(lena.house.documents, "get", slips)
    assert lena.complete_container()["Math"] == 75.0
    assert slipped


def test_a_journey_is_completed_with_all_its_containers(lena: Journeyer) -> None:
    """Those that are open are named; the event has the sums."""
    lena.container()
    with pytest.raises(Conflict, match="EXPERIENCE, DISCOVER"):
        lena.complete()
    for container in CONTAINERS[1:]:
        lena.container(container, right=3, wrong=1)
    lena.told()
    lena.complete()
    (event,) = lena.told()
    told = JourneyCompleted.model_validate(event.data)
    assert (told.questions, told.correct, told.score) == (44, 36, 81.8)
    assert (told.companion, told.career) == ("Pip", "Pilot")


# others


def test_a_journey_is_found_by_whom_it_is_open_to(lena: Journeyer) -> None:
    """Its learner, and a mentor of the tenant; not another learner, nor another tenant."""
    with_account(lena.house)
    mentor = Principal("mia", TENANT, frozenset({"mentor"}))
    found = journeys.find(lena.house, mentor, frozenset({"learners"}), lena.session)
    assert found.user_id == "lena"
    strangers = (
        (Principal("max", TENANT, frozenset({"learner"})), "own"),
        (PARENT, "children"),
        (Principal("mia", RIVAL, frozenset({"mentor"})), "learners"),
        (Principal("ada", RIVAL, frozenset({"admin"})), "tenant"),
    )
    for principal, reach in strangers:
        with pytest.raises(Missing):
            journeys.find(lena.house, principal, frozenset({reach}), lena.session)  # type: ignore[arg-type]


def test_nobody_answers_in_somebody_elses_journey(lena: Journeyer) -> None:
    """For them it is not there."""
    other = Journeyer(lena.house, "max", session=lena.session)
    with pytest.raises(Missing):
        other.send(offer())
    rival = Journeyer(lena.house, "lena", tenant=RIVAL, session=lena.session)
    with pytest.raises(Missing):
        rival.send(offer())


def test_journeys_are_listed_the_latest_first(house: House) -> None:
    """By status, a learner's own."""
    lena = Journeyer(house)
    for number in range(3):
        lena.session = uuid_of(f"journey {number}")
        lena.start()
        lena.later(minutes=1)
    Journeyer(house, "max").start()
    for container in CONTAINERS:
        lena.container(container)
    lena.complete()

    def asked(status: Any = None) -> list[str]:
        page, _ = journeys.listed(house, lena.partition, status=status, limit=10, continuation=None)
        return [each.journey_id for each in page]

    ids = [uuid_of(f"journey {number}") for number in range(3)]
    assert asked() == ids[::-1]
    assert asked("completed") == [ids[2]]
    assert asked("active") == [ids[1], ids[0]]


def test_the_course_is_what_was_asked(lena: Journeyer) -> None:
    """Grade level, career and companion stand on the journey."""
    journey = lena.journey()
    assert (journey.grade_level, journey.career, journey.companion) == ("5", "Pilot", "Pip")


def test_an_attempt_of_another_journey_is_another_answer(lena: Journeyer) -> None:
    """An id that was used on one journey is refused on the next."""
    lena.send(offer("q", attempt="a"))
    lena.session = uuid_of("the next journey")
    lena.start()
    with pytest.raises(Conflict, match="another answer"):
        lena.send(offer("q", attempt="a"))


def test_skills_of_a_lesson_are_bounded(lena: Journeyer) -> None:
    """A lesson's document stays small."""
    for start in range(0, MOST_SKILLS, 20):
        lena.send(*(offer(f"q{n}", skill=f"s{n}") for n in range(start, start + 20)))
    with pytest.raises(Unprocessable, match="skills"):
        lena.send(offer("one-more", skill="one-more"))
