"""What the bus port promises to senders and operators, on every adapter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.bus.port import MAX_BODY_BYTES
from shared.errors import Invalid, Missing, TooLarge
from tests.contracts.bus_pair import Pair, utc
from tests.contracts.bus_receiving import DUPLICATE_SECONDS, MAX_DELIVERY

pytest_plugins = ["tests.contracts.bus_fixtures"]

ROOT = Path(__file__).resolve().parents[2]


def test_a_message_arrives_as_it_was_sent(pair: Pair) -> None:
    """Every field of a message reaches the receiver unchanged."""
    sent = pair.message(
        correlation_id="c-1",
        content_type="text/plain",
        properties={"tenant": "t1", "größe": "élève ✓"},
    )
    before = pair.receiving.now()
    pair.bus.publish([sent])
    got = pair.take("plain")
    assert (got.message_id, got.subject, got.body) == (sent.message_id, "good.v1", b"body 1")
    assert (got.correlation_id, got.content_type) == ("c-1", "text/plain")
    assert got.properties == {"tenant": "t1", "größe": "élève ✓"}
    assert got.session_id is None
    assert got.delivery_count == 1
    assert abs(got.enqueued_at - before) < 60


@pytest.mark.parametrize(
    "body",
    [
        b"",
        "naïve – 日本語 – \N{GRINNING FACE}".encode(),
        bytes(range(256)),
        b"\x00\x53\x75\xa0\x03abc",
        b"x" * MAX_BODY_BYTES,
    ],
    ids=["empty", "unicode", "binary", "like a wire format", "largest"],
)
def test_a_body_is_kept_byte_for_byte(pair: Pair, body: bytes) -> None:
    """Bodies are bytes to the bus: empty, of any content, up to the limit."""
    pair.send(1, body=body)
    assert pair.drain("plain", 1) == [body]


def test_nothing_to_publish_is_no_error(pair: Pair) -> None:
    """Publishing an empty list does nothing."""
    pair.bus.publish([])
    assert pair.receiving.receive("plain") is None


def test_messages_of_one_destination_keep_their_order(pair: Pair) -> None:
    """Within and across calls, receivers get messages in the order they were published."""
    pair.send(*range(20))
    pair.send(20)
    pair.send(21, 22)
    assert pair.drain("plain", 23) == [f"body {number}".encode() for number in range(23)]


def test_more_than_one_batch_arrives_whole_and_in_order(pair: Pair) -> None:
    """Messages that together exceed what the broker takes at once all arrive, in order."""
    bodies = [bytes([number]) * 100_000 for number in range(8)]
    pair.bus.publish([pair.message(n, body=body) for n, body in enumerate(bodies)])
    assert pair.drain("plain", 8) == bodies


def test_one_call_serves_several_destinations(pair: Pair) -> None:
    """A call may mix queues and topics; each gets its own."""
    pair.bus.publish(
        [pair.message(1), pair.message(2, "news"), pair.message(3, "aside"), pair.message(4)]
    )
    assert pair.drain("plain", 2) == [b"body 1", b"body 4"]
    assert pair.drain("aside", 1) == [b"body 3"]
    assert pair.drain("news/all", 1) == [b"body 2"]


def test_an_unknown_destination_is_missing_and_nothing_is_sent(pair: Pair) -> None:
    """A name that is no queue and no topic is refused before anything of the call is sent."""
    with pytest.raises(Missing):
        pair.bus.publish([pair.message(1), pair.message(2, "nowhere")])
    assert pair.drain("plain", 0) == []


def test_nobody_sends_to_a_subscription(pair: Pair) -> None:
    """A subscription holds messages but is no destination."""
    with pytest.raises(Missing):
        pair.send(1, destination="news/all")


@pytest.mark.parametrize("session_id", [None, ""])
def test_an_entity_with_sessions_wants_a_session(pair: Pair, session_id: str | None) -> None:
    """A message without a session is invalid where messages are ordered by session."""
    with pytest.raises(Invalid):
        pair.send(1, destination="talks", session_id=session_id)


def test_a_topic_wants_a_session_only_for_who_hears_by_session(pair: Pair) -> None:
    """Whether a topic needs a session depends on the subscriptions that hear the subject."""
    with pytest.raises(Invalid):
        pair.send(1, destination="news", subject="told.v1")
    pair.send(2, destination="news", subject="good.v1")
    pair.send(3, destination="news", subject="told.v1", session_id="s")
    assert pair.drain("news/told", 1, pair.accept("news/told")) == [b"body 3"]


@pytest.mark.parametrize("message_id", ["", "x" * 129])
def test_a_message_id_has_1_to_128_characters(pair: Pair, message_id: str) -> None:
    """Ids that the broker would not take are invalid."""
    with pytest.raises(Invalid):
        pair.send(1, message_id=message_id)


def test_the_longest_message_id_is_taken(pair: Pair) -> None:
    """An id of 128 characters arrives whole."""
    longest = pair.prefix.ljust(128, "x")
    pair.send(1, message_id=longest)
    assert pair.take("plain").message_id == longest


def test_a_body_above_the_limit_is_too_large(pair: Pair) -> None:
    """One byte too many is refused, and so is the rest of the call."""
    with pytest.raises(TooLarge):
        pair.bus.publish([pair.message(1), pair.message(2, body=b"x" * (MAX_BODY_BYTES + 1))])
    assert pair.drain("plain", 0) == []


def test_the_same_id_within_the_window_is_dropped(pair: Pair) -> None:
    """A second message with an id the destination took lately is silently not enqueued."""
    pair.send(1)
    pair.send(1, 2, 2)
    pair.send(1, body=b"other words, same id")
    assert pair.drain("plain", 2) == [b"body 1", b"body 2"]


def test_a_message_that_was_finished_still_counts_as_seen(pair: Pair) -> None:
    """Completing a message does not make room for its duplicate."""
    pair.send(1)
    assert pair.drain("plain", 1) == [b"body 1"]
    pair.send(1)
    assert pair.drain("plain", 0) == []


def test_the_same_id_after_the_window_is_a_new_message(pair: Pair) -> None:
    """The duplicate-detection window ends: then the id is taken again."""
    pair.send(1)
    assert pair.drain("plain", 1) == [b"body 1"]
    pair.receiving.jump(DUPLICATE_SECONDS - 10)
    pair.send(1)
    assert pair.drain("plain", 0) == []
    pair.receiving.jump(11)
    pair.send(1)
    assert pair.drain("plain", 1) == [b"body 1"]


def test_ids_are_seen_per_destination(pair: Pair) -> None:
    """The same id may go to two queues and a topic."""
    pair.bus.publish([pair.message(1), pair.message(1, "aside"), pair.message(1, "news")])
    for entity in ("plain", "aside", "news/all"):
        assert pair.drain(entity, 1) == [b"body 1"]


def test_a_topic_drops_duplicates_for_all_its_subscriptions(pair: Pair) -> None:
    """Duplicate detection stands before the topic's subscriptions."""
    pair.send(1, destination="news")
    pair.send(1, destination="news")
    for entity in ("news/all", "news/good"):
        assert pair.drain(entity, 1) == [b"body 1"]


def test_a_scheduled_message_waits_for_its_time(pair: Pair) -> None:
    """``not_before`` keeps a message back; others pass it meanwhile."""
    later = utc(pair.receiving.now() + 100)
    pair.send(1, not_before=later)
    pair.send(2)
    assert pair.drain("plain", 1) == [b"body 2"]
    pair.receiving.jump(101)
    assert pair.drain("plain", 1) == [b"body 1"]


def test_a_scheduled_message_counts_for_duplicates_at_once(pair: Pair) -> None:
    """The id of a message that still waits for its time is taken."""
    pair.send(1, not_before=utc(pair.receiving.now() + 20))
    pair.send(1)
    assert pair.drain("plain", 0) == []
    pair.receiving.jump(21)
    assert pair.drain("plain", 1) == [b"body 1"]


def test_a_time_gone_by_means_at_once(pair: Pair) -> None:
    """A ``not_before`` in the past delays nothing."""
    pair.send(1, not_before=utc(pair.receiving.now() - 3600))
    assert pair.drain("plain", 1) == [b"body 1"]


def test_subscriptions_hear_what_they_filter_for(pair: Pair) -> None:
    """Each subscription gets its own copy of the subjects it names, and no others."""
    pair.send(1, destination="news", subject="good.v1")
    pair.send(2, destination="news", subject="bad.v1")
    assert pair.drain("news/all", 2) == [b"body 1", b"body 2"]
    assert pair.drain("news/good", 1) == [b"body 1"]


def test_a_subject_nobody_hears_is_gone(pair: Pair) -> None:
    """A topic takes a message that no subscription wants, and keeps none of it."""
    pair.send(1, destination="news", subject="unheard.v1")
    for entity in ("news/all", "news/good"):
        assert pair.drain(entity, 0) == []


def test_eight_threads_lose_and_double_nothing(pair: Pair) -> None:
    """One bus serves many threads at once: everything arrives, once, each thread's in order."""

    def publish(thread: int) -> None:
        for number in range(10):
            pair.send(thread * 100 + number * 2, thread * 100 + number * 2 + 1)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(publish, range(8)))
    got = [int(body.split()[1]) for body in pair.drain("plain", 160)]
    assert Counter(got) == Counter(n for t in range(8) for n in range(t * 100, t * 100 + 20))
    for thread in range(8):
        mine = [number for number in got if number // 100 == thread]
        assert mine == sorted(mine)


def test_two_processes_share_one_file(sqlite_pair: Pair, tmp_path: Path) -> None:
    """Two processes publish to one SQLite file at once: nothing is lost, nothing doubled."""
    program = """
import sys, time
from pathlib import Path
from shared.bus.port import Message
from shared.bus.sqlite import SqliteBus
from tests.contracts.bus_receiving import TOPOLOGY
bus = SqliteBus(Path(sys.argv[1]), TOPOLOGY, time.time)
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    bus.publish([Message("plain", f"{sys.argv[2]}-{number}", b"x", "good.v1"),
                 Message("plain", f"both-{number}", b"y", "good.v1")])
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, tmp_path / "bus.db", name],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=60)
        assert process.returncode == 0
    bodies = sqlite_pair.drain("plain", 300)
    assert bodies.count(b"x") == 200
    assert bodies.count(b"y") == 100


# Dead letters


def test_dead_letters_are_shown_with_their_reason(pair: Pair) -> None:
    """An operator sees what a dead letter was, why it ended there, and when; looking takes none."""
    pair.send(1)
    buried = pair.bury("plain", "Unreadable", "the file is no PDF – élève")
    (dead,) = pair.bus.dead_letters("plain")
    assert (dead.entity, dead.reason, dead.description) == (
        "plain",
        "Unreadable",
        "the file is no PDF – élève",
    )
    assert (dead.message_id, dead.subject, dead.body) == (
        buried.message_id,
        "good.v1",
        b"body 1",
    )
    assert dead.sequence_number == buried.sequence_number
    assert dead.delivery_count == 1
    assert abs(dead.enqueued_at.timestamp() - buried.enqueued_at) < 1
    assert pair.bus.dead_letters("plain") == (dead,)


def test_dead_letters_come_in_pages(pair: Pair) -> None:
    """``limit`` and ``after`` page through dead letters, oldest first, each once."""
    pair.send(*range(5))
    for _ in range(5):
        pair.bury("plain")
    pages = []
    after = 0
    while page := pair.bus.dead_letters("plain", limit=3, after=after):
        pages.append([dead.body for dead in page])
        after = page[-1].sequence_number
    assert pages == [[b"body 0", b"body 1", b"body 2"], [b"body 3", b"body 4"]]


def test_an_entity_without_dead_letters_shows_none(pair: Pair) -> None:
    """Waiting, locked and scheduled messages are no dead letters."""
    pair.send(1, 2)
    pair.send(3, not_before=utc(pair.receiving.now() + 100))
    pair.take("plain")
    assert pair.bus.dead_letters("plain") == ()


@pytest.mark.parametrize("entity", ["nowhere", "news", "news/nobody"])
def test_dead_letters_of_an_unknown_entity_are_missing(pair: Pair, entity: str) -> None:
    """Only queues and subscriptions hold dead letters; other names are refused."""
    with pytest.raises(Missing):
        pair.bus.dead_letters(entity)
    with pytest.raises(Missing):
        pair.bus.redrive(entity, [1])
    with pytest.raises(Missing):
        pair.bus.discard(entity, [1])


def test_only_the_chosen_dead_letters_are_discarded(pair: Pair) -> None:
    """They are gone for good and come to nobody; others, and what waits, stay."""
    pair.send(1, 2, 3, 4, 5)
    numbers = [pair.bury("plain").sequence_number for _ in range(4)]
    assert pair.bus.discard("plain", [numbers[1], numbers[3], numbers[3] + 100]) == 2
    assert [dead.body for dead in pair.bus.dead_letters("plain")] == [b"body 1", b"body 3"]
    assert pair.bus.discard("plain", [numbers[1]]) == 0
    assert pair.bus.discard("plain", []) == 0
    assert pair.drain("plain", 1) == [b"body 5"]


def test_a_subscriptions_dead_letter_is_discarded(pair: Pair) -> None:
    """Nobody who listens to the topic hears of it again."""
    pair.send(1, destination="news")
    number = pair.bury("news/good").sequence_number
    assert pair.bus.discard("news/good", [number]) == 1
    assert pair.bus.dead_letters("news/good") == ()
    assert pair.receiving.receive("news/good") is None


def test_a_redriven_message_is_handled_again(pair: Pair) -> None:
    """Redriving sends a dead letter back under a new id, otherwise as it was, each time anew."""
    pair.send(1, correlation_id="c", content_type="text/plain", properties={"tenant": "t1"})
    buried = pair.bury("plain")
    expected_id = buried.message_id
    for _ in range(2):
        expected_id += f"~{buried.sequence_number}"
        assert pair.bus.redrive("plain", [buried.sequence_number]) == 1
        again = pair.take("plain")
        assert again.message_id == expected_id
        assert (again.body, again.subject, again.correlation_id) == (b"body 1", "good.v1", "c")
        assert (again.content_type, again.properties) == ("text/plain", {"tenant": "t1"})
        assert again.delivery_count == 1
        pair.receiving.dead_letter(again, "Broken again", "")
        buried = again


def test_only_the_chosen_dead_letters_are_redriven(pair: Pair) -> None:
    """Others stay, wherever they stand; numbers that are not there count for nothing."""
    pair.send(1, 2, 3, 4)
    numbers = [pair.bury("plain").sequence_number for _ in range(4)]
    assert pair.bus.redrive("plain", [numbers[1], numbers[3], numbers[3] + 100]) == 2
    assert pair.drain("plain", 2) == [b"body 2", b"body 4"]
    assert [dead.body for dead in pair.bus.dead_letters("plain")] == [b"body 1", b"body 3"]
    assert pair.bus.redrive("plain", []) == 0


def test_a_redriven_message_keeps_its_session(pair: Pair) -> None:
    """A dead letter of an entity with sessions goes back into its session."""
    pair.send(1, destination="talks", session_id="s1")
    session = pair.accept("talks")
    received = pair.take("talks", session)
    pair.receiving.dead_letter(received, "Broken", "")
    assert pair.bus.redrive("talks", [received.sequence_number]) == 1
    assert pair.drain("talks", 1, session) == [b"body 1"]


def test_a_redriven_message_with_the_longest_id_is_taken(pair: Pair) -> None:
    """The new id stays within what the broker takes, however long the old one was."""
    pair.send(1, message_id=pair.prefix.ljust(128, "x"))
    number = pair.bury("plain").sequence_number
    assert pair.bus.redrive("plain", [number]) == 1
    again = pair.take("plain")
    assert len(again.message_id) <= 128
    assert again.message_id.endswith(f"~{number}")


def test_a_subscription_hears_its_redriven_message(pair: Pair) -> None:
    """A subscription's dead letter comes back to that subscription (others may hear it too)."""
    pair.send(1, destination="news")
    number = pair.bury("news/good").sequence_number
    (dead,) = pair.bus.dead_letters("news/good")
    assert (dead.entity, dead.sequence_number) == ("news/good", number)
    assert pair.bus.redrive("news/good", [number]) == 1
    assert pair.drain("news/good", 1) == [b"body 1"]


def test_exhausted_messages_are_dead_letters(pair: Pair) -> None:
    """A message given back on its last delivery is buried, with the broker's own reason."""
    pair.send(1)
    for _ in range(MAX_DELIVERY):
        pair.receiving.abandon(pair.take("plain"))
    assert pair.receiving.receive("plain") is None
    (dead,) = pair.bus.dead_letters("plain")
    assert dead.reason == "MaxDeliveryCountExceeded"
    assert dead.description
    assert dead.delivery_count == MAX_DELIVERY
