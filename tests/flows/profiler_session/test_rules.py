"""Which questions are open, which answers hold, and how two devices' answers come together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.profiler_session.bank import load
from functions.profiler_session.rules.answers import (
    LONGEST_MS,
    Offered,
    Taken,
    completes_rapid_row,
    take_answers,
    visible_characters,
)
from functions.profiler_session.rules.modules import (
    current_module,
    module_states,
    unfinished_modules,
)
from functions.profiler_session.rules.progress import (
    MOST_A_REPORT,
    with_progress,
)
from functions.profiler_session.rules.serving import (
    chosen_language,
    served_module,
    served_questions,
)
from shared.errors import Conflict, Invalid
from shared.models.profiling import Device, ProfilingSession
from shared.models.profiling_times import SKEW_SECONDS
from shared.models.question_bank import MODULES, ModuleName, Question, QuestionBank
from tools.profiler_takers import draws_from

BANK = load()
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORDS = "I want people to be able to trust the systems they depend on."


def new_session(**more: Any) -> ProfilingSession:
    session = ProfilingSession(
        id="s-1",
        tenant_id="acme",
        user_id="u-1",
        session_id="s-1",
        attempt=1,
        bank_version=BANK.bank_version,
        language="en",
        device=Device(),
        created_at=NOW,
        updated_at=NOW,
    )
    return session.model_copy(update=more)


def offer(question_id: str, option: str | None = None, **more: Any) -> Offered:
    """A valid answer to a question: its first option, or words."""
    question = BANK.by_id[question_id]
    free = question.kind == "free_text"
    sent = {
        "selected_option": option or (None if free else BANK.choices(question)[0]),
        "text": WORDS if free else None,
        "response_time_ms": 20_000,
    }
    return Offered(question_id=question_id, **(sent | more))


def take(session: ProfilingSession, *offered: Offered) -> Taken:
    return take_answers(BANK, session, offered, now=NOW)


def of(*modules: ModuleName) -> list[Question]:
    return [question for module in modules for question in BANK.by_module[module]]


def answered(*modules: ModuleName) -> ProfilingSession:
    """A session in which these modules are answered whole."""
    return take(new_session(), *(offer(each.id) for each in of(*modules))).session


def states_of(session: ProfilingSession) -> dict[ModuleName, str]:
    return {each.module: each.state for each in module_states(BANK, session.answers.keys())}


def test_modules_open_one_after_the_other() -> None:
    """At first only the first is open; each opens the next when it is complete."""
    session = new_session()
    assert list(states_of(session).values()) == ["open"] + ["waiting"] * 6
    for done in range(1, len(MODULES) + 1):
        session = answered(*MODULES[:done])
        found = list(states_of(session).values())
        expected = ["closed"] * (done - 1) + ["open"] * 2 + ["waiting"] * 7
        assert found == expected[:7], done
        states = module_states(BANK, session.answers.keys())
        assert current_module(states) == MODULES[min(done, 6)]
        assert [each.module for each in unfinished_modules(states)] == list(MODULES[done:])


def test_a_module_closes_when_a_later_one_is_begun() -> None:
    """Until then its answers are replaced; afterwards they stand."""
    session = answered("identity_value")
    again = take(session, offer("identity_traces", "agree"))
    assert again.replaced == ("identity_traces",)
    assert again.session.answers["identity_traces"].selected_option == "agree"
    moved_on = take(again.session, offer(BANK.by_module["cyber_aptitude"][0].id)).session
    with pytest.raises(Conflict, match="identity_value is closed"):
        take(moved_on, offer("identity_traces", "disagree"))


def test_an_optional_question_keeps_no_module_open() -> None:
    """What need not be answered is not missing, and can be answered until the module closes."""
    required = [q for q in of("identity_value") if q.required]
    session = take(new_session(), *(offer(each.id) for each in required)).session
    assert states_of(session)["cyber_aptitude"] == "open"
    assert take(session, offer("identity_proud")).new == ("identity_proud",)


def test_a_module_that_waits_takes_nothing() -> None:
    """The refusal says which questions come first; nothing of the call is kept."""
    with pytest.raises(Conflict, match=r"not open yet: first answer identity_matters"):
        take(new_session(), offer("scenario_award"))


def test_one_call_may_lead_through_several_modules() -> None:
    """Answers are taken in the bank's order, whatever order they were sent in."""
    everything = [offer(each.id) for each in BANK.questions]
    taken = take(new_session(), *reversed(everything))
    assert len(taken.new) == len(BANK.questions)
    assert unfinished_modules(module_states(BANK, taken.session.answers.keys())) == ()
    assert [taken.session.answers[q.id].sequence for q in BANK.questions] == list(
        range(1, len(BANK.questions) + 1)
    )


def test_the_same_again_changes_nothing_even_when_closed() -> None:
    """A repeated call is harmless: no new time, no new sequence, no conflict."""
    session = answered("identity_value", "cyber_aptitude")
    later = take_answers(
        BANK,
        session,
        [offer(each.id) for each in of("identity_value", "cyber_aptitude")],
        now=NOW + timedelta(hours=1),
    )
    assert later.session == session
    assert (later.new, later.replaced) == ((), ())
    assert len(later.unchanged) == len(session.answers)


@given(st.integers(0, 2**32), st.lists(st.integers(1, 12), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_answers_of_two_devices_come_together(seed: int, sizes: list[int]) -> None:
    """However the questions of a module are spread over calls, all answers are kept, and
    for a question that was answered twice the later one stands."""
    chance = draws_from(seed)
    names = [each.id for each in of("identity_value")]
    session = new_session()
    expected: dict[str, str | None] = {}
    for size in sizes:
        call = []
        for name in chance.sample(names, size):
            question = BANK.by_id[name]
            option = None if not BANK.choices(question) else chance.choice(BANK.choices(question))
            call.append(offer(name, option))
            expected[name] = option
        session = take(session, *call).session
    assert {name: each.selected_option for name, each in session.answers.items()} == expected
    sequences = [each.sequence for each in session.answers.values()]
    assert len(set(sequences)) == len(sequences)


WRONG: list[tuple[str, list[Offered], str]] = [
    ("unknown question", [Offered("nothing", "a", None, 1)], "/answers/0/question_id"),
    ("option of another", [offer("identity_traces", "never")], "/answers/0/selected_option"),
    ("no option", [Offered("identity_traces", None, None, 1)], "/answers/0/selected_option"),
    ("words for a choice", [offer("identity_traces", text="yes")], "/answers/0/text"),
    ("option for words", [offer("identity_matters", "agree")], "/answers/0/selected_option"),
    ("too short", [offer("identity_matters", text="  short  ")], "/answers/0/text"),
    ("no words", [offer("identity_matters", text=None)], "/answers/0/text"),
    ("too long", [offer("identity_matters", text="x" * 2001)], "/answers/0/text"),
    ("nothing to see", [offer("identity_matters", text="\u200b" * 30)], "/answers/0/text"),
    ("blank letters", [offer("identity_matters", text="\u3164" * 30)], "/answers/0/text"),
    ("blanks between", [offer("identity_matters", text="a" + " " * 500 + "b")],
     "/answers/0/text"),
    ("control characters", [offer("identity_matters", text=WORDS + "\x00.")], "/answers/0/text"),
    ("negative time", [offer("identity_traces", response_time_ms=-1)],
     "/answers/0/response_time_ms"),
    ("absurd time", [offer("identity_traces", response_time_ms=LONGEST_MS + 1)],
     "/answers/0/response_time_ms"),
    ("twice in one call", [offer("identity_traces"), offer("identity_traces", "agree")],
     "/answers/1/question_id"),
]  # fmt: skip


@pytest.mark.parametrize(("offered", "pointer"), [(o, p) for _, o, p in WRONG],
                         ids=[name for name, _, _ in WRONG])  # fmt: skip
def test_answers_that_are_none_are_refused_by_field(offered: list[Offered], pointer: str) -> None:
    """Each fault is named by its place, and a good answer beside it is not kept either."""
    session = new_session()
    with pytest.raises(Invalid) as raised:
        take(session, *offered)
    assert [each.pointer for each in raised.value.fields] == [pointer]
    assert session.answers == {}


@pytest.mark.parametrize("milliseconds", [0, LONGEST_MS])
def test_the_shortest_and_the_longest_time_are_taken(milliseconds: int) -> None:
    """The bounds themselves are times that can be."""
    taken = take(new_session(), offer("identity_traces", response_time_ms=milliseconds))
    assert taken.session.answers["identity_traces"].response_time_ms == milliseconds


@pytest.mark.parametrize("length", [20, 2000])
def test_the_shortest_and_the_longest_text_are_taken(length: int) -> None:
    """A text of just the least or the most characters is one; blanks around it do not count."""
    taken = take(new_session(), offer("identity_matters", text=f"  {'x' * length} "))
    assert taken.new == ("identity_matters",)


@pytest.mark.parametrize("seconds", [0, MOST_A_REPORT])
def test_the_shortest_and_the_longest_report_are_taken(seconds: int) -> None:
    """The bounds themselves can be reported."""
    session = progress(new_session(), seconds, after=2 * MOST_A_REPORT)
    assert session.module_seconds == {"identity_value": seconds}


def test_every_fault_of_a_call_is_told_at_once() -> None:
    """A client can mend all of a call's faults after one answer."""
    with pytest.raises(Invalid) as raised:
        take(
            new_session(),
            Offered("nothing", "a", None, 1),
            offer("identity_traces", "never", response_time_ms=-5),
        )
    assert len(raised.value.fields) == 3


def test_a_session_that_is_over_takes_nothing() -> None:
    """Neither answers nor time: not even the same answers again."""
    session = answered("identity_value").model_copy(update={"status": "locked"})
    with pytest.raises(Conflict, match="locked"):
        take(session, offer("identity_traces"))
    with pytest.raises(Conflict, match="locked"):
        progress(session)


def test_the_first_answer_begins_the_session() -> None:
    """Started until something is answered, finished once everything required is."""
    assert new_session().status == "started"
    assert answered(*MODULES[:-1]).status == "in_progress"
    assert answered(*MODULES).status == "finished"
    assert take(new_session(), offer("identity_traces")).session.status == "in_progress"
    assert take(new_session()).session.status == "started"


def test_three_rapid_guesses_in_a_row_are_warned_of() -> None:
    """Two are not, and a slow answer between them begins the count anew."""
    names = [each.id for each in BANK.by_module["cyber_aptitude"]]
    session = answered("identity_value")

    def rapid(session: ProfilingSession, *which: int, ms: int = 500) -> Taken:
        return take(session, *(offer(names[at], response_time_ms=ms) for at in which))

    two = rapid(session, 0, 1)
    assert not two.slow_down
    assert rapid(two.session, 2).slow_down
    slow = rapid(two.session, 2, ms=30_000)
    assert not rapid(slow.session, 3, 4).slow_down
    assert rapid(rapid(slow.session, 3, 4).session, 5).slow_down
    assert not completes_rapid_row(BANK, {}, ())


def test_a_warning_follows_the_order_of_answering() -> None:
    """A question answered anew counts where it was answered last."""
    session = answered("identity_value")
    names = [each.id for each in BANK.by_module["cyber_aptitude"][:3]]
    session = take(session, *(offer(name, response_time_ms=400) for name in names)).session
    calmer = take(session, offer(names[0], "b", response_time_ms=30_000))
    assert not calmer.slow_down
    assert not completes_rapid_row(BANK, calmer.session.answers, names)


def test_a_row_of_rapid_guesses_is_warned_of_wherever_it_lies() -> None:
    """Three guesses with a calm answer after them in the same call are warned of, once."""
    names = [each.id for each in BANK.by_module["cyber_aptitude"]]
    session = answered("identity_value")
    guesses = [offer(name, response_time_ms=400) for name in names[:3]]
    taken = take(session, *guesses, offer(names[3]))
    assert taken.slow_down
    assert not take(taken.session, offer(names[4])).slow_down


def test_a_second_look_is_no_rapid_guess() -> None:
    """The time of a replaced answer stays part of its question's, and a repeat adds none."""
    names = [each.id for each in BANK.by_module["cyber_aptitude"][:3]]
    session = answered("identity_value")
    session = take(session, *(offer(name, "a", response_time_ms=15_000) for name in names)).session
    second = [offer(name, "b", response_time_ms=400) for name in names]
    taken = take(session, *second)
    assert not taken.slow_down
    assert {taken.session.answers[name].response_time_ms for name in names} == {15_400}
    assert take(taken.session, *second).session == taken.session


def test_a_longer_time_on_the_same_option_counts() -> None:
    """Who thinks again after a warning and stays with the answer has thought for that long."""
    name = BANK.by_module["cyber_aptitude"][0].id
    session = take(answered("identity_value"), offer(name, response_time_ms=400)).session
    again = take(session, offer(name, response_time_ms=60_000))
    assert again.replaced == (name,)
    assert again.session.answers[name].response_time_ms == 60_000
    shorter = take(again.session, offer(name, response_time_ms=500))
    assert shorter.session == again.session


def test_each_answer_that_comes_too_late_is_named() -> None:
    """An offline device learns which of its answers to drop, to send the others again."""
    first, second = (each.id for each in BANK.by_module["cyber_aptitude"][:2])
    session = take(answered("identity_value"), offer(first)).session
    late = [offer("identity_traces", "agree"), offer(second), offer("identity_stubborn", "agree")]
    with pytest.raises(Conflict, match="is closed") as raised:
        take(session, *late)
    assert {each.pointer for each in raised.value.fields} == {
        "/answers/0/question_id", "/answers/2/question_id",
    }  # fmt: skip
    assert take(session, late[1]).new == (second,)


def test_words_are_kept_without_the_blanks_around_them() -> None:
    """Only what was said is stored; letters that join others are no fault, and count for none."""
    taken = take(new_session(), offer("identity_matters", text=f" {' ' * 400}{WORDS}\n "))
    assert taken.session.answers["identity_matters"].text == WORDS
    assert visible_characters("a  \n b\u200d") == 3


def progress(
    session: ProfilingSession, seconds: int = 60, after: float = 3600, **more: Any
) -> ProfilingSession:
    sent = {"module": "identity_value", "section": None, "question_index": None} | more
    return with_progress(BANK, session, seconds=seconds, now=NOW + timedelta(seconds=after), **sent)


def test_time_adds_up_by_module() -> None:
    """Reports of a module are summed, those of another kept apart."""
    session = progress(progress(answered("identity_value"), 100), 20)
    session = progress(session, 30, module="cyber_aptitude")
    assert session.module_seconds == {"identity_value": 120, "cyber_aptitude": 30}
    assert session.updated_at == NOW + timedelta(seconds=3600)


@given(st.lists(st.tuples(st.integers(0, MOST_A_REPORT), st.integers(0, 4000)), max_size=12))
def test_no_more_time_is_spent_than_has_passed(reports: list[tuple[int, int]]) -> None:
    """Two devices that report the same minutes, or a wrong clock, cannot stretch time."""
    session, passed = new_session(), 0
    for seconds, later in reports:
        passed += later
        session = progress(session, seconds, after=passed)
        assert sum(session.module_seconds.values()) <= passed + SKEW_SECONDS
        assert all(value >= 0 for value in session.module_seconds.values())


@pytest.mark.parametrize("seconds", [-1, MOST_A_REPORT + 1, 10**9])
def test_times_that_cannot_be_are_refused(seconds: int) -> None:
    """Negative and absurd times change nothing and name their field."""
    with pytest.raises(Invalid) as raised:
        progress(new_session(), seconds)
    assert raised.value.fields[0].pointer == "/time_spent_seconds"


def test_a_module_that_waits_takes_no_time() -> None:
    """Nobody was at a module that is not open yet; what is reported late of one before counts."""
    session = answered("identity_value", "cyber_aptitude")
    with pytest.raises(Conflict, match="not open yet; go on with technical_exposure"):
        progress(session, module="work_style")
    assert progress(session, 30, module="identity_value").module_seconds == {"identity_value": 30}


def test_an_unknown_module_is_refused_by_name() -> None:
    """The refusal lists the modules there are."""
    with pytest.raises(Invalid, match="identity_value, cyber_aptitude") as raised:
        progress(new_session(), module="astrology")
    assert raised.value.fields[0].pointer == "/module_name"


def test_the_position_is_kept_for_another_device() -> None:
    """The place last told is where to go on; a bare report of time does not lose it."""
    session = progress(answered("identity_value"), section="lines", question_index=5)
    assert session.position is not None
    assert (session.position.section, session.position.question_index) == ("lines", 5)
    assert progress(session).position == session.position
    other = progress(session, module="cyber_aptitude").position
    assert other is not None
    assert (other.module, other.question_index) == ("cyber_aptitude", None)


def test_what_is_served_gives_no_answer_away() -> None:
    """Neither keys nor weights, difficulty, tracks or checks are in what a learner sees."""
    for module in MODULES:
        for shown, question in zip(
            served_questions(BANK, module, language="en"), BANK.by_module[module], strict=True
        ):
            assert shown.question_id == question.id
            assert [each.id for each in shown.options] == list(BANK.choices(question))
            fields = set(vars(shown))
            assert fields == {
                "question_id", "kind", "text", "options", "required", "min_characters",
                "max_characters",
            }  # fmt: skip
            assert all(set(vars(option)) == {"id", "text"} for option in shown.options)


def test_the_right_answer_is_not_always_in_the_same_place() -> None:
    """Whoever always takes the same place is right about as often as by lot."""
    keyed = BANK.by_module["cyber_aptitude"]
    for place in range(4):
        right = sum(BANK.choices(each)[place] == each.key for each in keyed)
        assert 0.1 < right / len(keyed) < 0.4


def in_german(bank: QuestionBank) -> QuestionBank:
    """The same bank with one question and one step translated."""
    source = bank.model_dump()
    source["languages"] = ["en", "de"]
    source["questions"][1]["text"]["de"] = "Auf Deutsch"
    source["scales"]["agreement"][0]["text"]["de"] = "Gar nicht"
    return QuestionBank.model_validate(source)


def test_texts_come_in_the_clients_language_or_in_english() -> None:
    """A translated text is served, a region does not matter, what is missing is English."""
    bank = in_german(BANK)
    shown = served_questions(bank, "identity_value", language="de-AT")
    assert shown[1].text == "Auf Deutsch"
    assert shown[1].options[0].text == "Gar nicht"
    assert shown[1].options[1].text == "Disagree"
    assert shown[2].text == bank.questions[2].text["en"]


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        (None, None, "en"),
        ("de", None, "de"),
        ("de-CH", "en", "de"),
        ("fr", None, "en"),
        ("fr", "de;q=0.5, fr", "de"),
        (None, "fr, de;q=0.8, en;q=0.9", "en"),
        (None, "de;q=0, en;q=0.1", "en"),
        (None, "de;q=0", "en"),
        (None, "*, ;;q=, de;q=x", "en"),
    ],
)
def test_the_language_is_the_clients_best(
    wanted: str | None, accepted: str | None, language: str
) -> None:
    """What is asked for goes before what the client accepts, by its own weights."""
    assert chosen_language(in_german(BANK), wanted, accepted) == language


def test_each_module_begins_with_what_the_learner_is_told() -> None:
    """Heading and introduction are shown, the one to the reflection too, which says where its
    words go."""
    bank = in_german(BANK)
    for described in BANK.modules:
        shown = served_module(bank, described.key, language="de")
        assert (shown.title, shown.introduction) == (
            described.title["en"], described.introduction["en"],
        )  # fmt: skip
        assert shown.questions == served_questions(bank, described.key, language="de")
    assert "portfolio" in served_module(BANK, "reflection", language="en").introduction


def test_serving_needs_a_known_module() -> None:
    """Every module of the bank is served with all its questions."""

    def count(modules: Iterable[ModuleName]) -> int:
        return sum(len(served_questions(BANK, module, language="en")) for module in modules)

    assert count(MODULES) == len(BANK.questions)
