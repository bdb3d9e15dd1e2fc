"""Keeping portfolios: the statement once, files and feedback through crashes and repeats."""

from __future__ import annotations

from typing import Any

import pytest

from functions.portfolio.rules.documents import BLOBS, CONTAINER, Item
from functions.portfolio.service import feedback, files, items
from shared.access import Reach
from shared.auth import Principal
from shared.documents.port import Patch
from shared.errors import Conflict, Missing, Stale, Unavailable, Unprocessable
from shared.events.envelope import Event
from shared.messaging import IdempotencyKey
from tests.flows.accounts.inhabitants import Patched
from tests.flows.journey_summary.parents import link, person
from tests.flows.journey_summary.test_making import erase
from tests.flows.profiling import WORDS, Profiler, learner, offers
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house

LENA = learner("lena")
OWN: frozenset[Reach] = frozenset({"own"})
MENTOR = Principal("mo", TENANT, frozenset({"mentor"}))
KEY = IdempotencyKey("scope", "key", "fingerprint")


def profiled(house: House, who: Principal = LENA, *, silent: bool = False) -> Event:
    """Somebody completes the profiler; the event that tells of it."""
    profiler = Profiler(house)
    session = profiler.begun(who)
    answers = [each for each in offers() if not (silent and each.text)]
    profiler.answer(session, answers, who)
    profiler.complete(session, who)
    (event,) = house.waiting("profiler/portfolio")
    return event


def add_statement(house: House, event: Event) -> str:
    return items.add_statement(house, PSEUDONYMS, event, now=house.clock())


def all_items(house: House, user: str = "lena", *, least: int = 0) -> list[Item]:
    found, _ = items.listed(
        house, (TENANT, user), least=least, item_type=None, limit=100, continuation=None
    )
    return found


def add(house: House, who: Principal = LENA, **fields: Any) -> Item:
    """Add an item."""
    body = {"type": "project", "title": "T", "visibility": "mentors", **fields}
    item_id = f"item-{len(all_items(house, who.user_id))}"
    items.add(
        house, PSEUDONYMS, who, item_id, body, shown=lambda item: item.stored(),
        idempotency=None, now=house.clock(),
    )  # fmt: skip
    return items.read_own(house, (who.tenant_id, who.user_id), item_id)[0]


def add_file(house: Any, item: Item, content: bytes = b"notes", *, file_id: str = "f1") -> Item:
    clock = getattr(house, "clock", None)
    return files.add(
        house, LENA, item.item_id, content, file_id=file_id, filename="notes.txt",
        declared="text/plain", now=clock() if clock else item.created_at,
    )[0]  # fmt: skip


def blobs(house: House) -> list[str]:
    return [each.name for each in house.blobs.list(BLOBS)]


def clear(house: House) -> None:
    """Do what waits for removed items and files."""
    for event in house.waiting("portfolio"):
        files.clear(house, event)


def say(house: House, item: Item, text: str = "Well done", *, number: int = 0) -> None:
    feedback.give(
        house, PSEUDONYMS, MENTOR, item, f"{item.item_id}-{number}", text,
        shown=lambda given: given.stored(), idempotency=None, now=house.clock(),
    )  # fmt: skip


def test_the_statement_is_the_first_item_once(house: House) -> None:
    """In the learner's words and no others, however often its event comes."""
    event = profiled(house)
    again = event.model_copy(update={"id": "another-event"})
    outcomes = [add_statement(house, each) for each in (event, event, again)]
    assert outcomes == ["done", "repeated", "done"]
    (item,) = all_items(house)
    assert (item.type, item.title) == ("reflection", "My Value Statement")
    assert (item.source, item.visibility) == ("profiler", "family")
    assert WORDS in item.text
    result = house.kinds("result", container="profiling")[0]
    assert item.text == result["scores"]["value_statement"]


def test_an_edited_statement_stays_as_it_is(house: House) -> None:
    """A message that comes late does not undo what the learner wrote."""
    event = profiled(house)
    add_statement(house, event)
    (item,) = all_items(house)
    items.change(house, LENA, item.item_id, {"text": "Mine"}, if_match=None, now=house.clock())
    add_statement(house, event.model_copy(update={"id": "late"}))
    assert [each.text for each in all_items(house)] == ["Mine"]


def test_who_wrote_nothing_has_no_statement(house: House) -> None:
    """An empty item would say nothing."""
    event = profiled(house)
    (result,) = house.kinds("result", container="profiling")
    house.documents.commit(
        "profiling", (TENANT, "lena"), [Patch(result["id"], set={"scores.value_statement": ""})]
    )
    assert add_statement(house, event) == "done"
    assert all_items(house) == []


def test_nothing_is_kept_of_somebody_who_was_erased(house: House) -> None:
    """The event was on its way; and they add nothing themselves."""
    event = profiled(house)
    erase(house, "lena")
    assert add_statement(house, event) == "rejected"
    with pytest.raises(Conflict):
        add(house)
    assert all_items(house) == []


def test_of_two_who_write_one_is_told(house: House) -> None:
    """With an etag nothing is overwritten; without one the last holds."""
    item = add(house)
    _, etag = items.read_own(house, item.partition, item.item_id)
    items.change(house, LENA, item.item_id, {"title": "A"}, if_match=etag, now=house.clock())
    with pytest.raises(Stale):
        items.change(house, LENA, item.item_id, {"title": "B"}, if_match=etag, now=house.clock())
    with pytest.raises(Stale):
        items.remove(house, LENA, item.item_id, if_match=etag, now=house.clock())
    items.change(house, LENA, item.item_id, {"title": "C"}, if_match=None, now=house.clock())
    assert [each.title for each in all_items(house)] == ["C"]


def test_a_file_is_added_once(house: House) -> None:
    """Sent again it is the same; another one under its id is refused, and the first stays."""
    item = add(house)
    for _ in range(2):
        item = add_file(house, item)
    assert [each.file_id for each in item.files] == ["f1"]
    with pytest.raises(Unprocessable):
        add_file(house, item, b"something else")
    (name,) = blobs(house)
    with house.blobs.open(BLOBS, name) as blob:
        assert blob.read() == b"notes"


def test_a_file_whose_request_dies_is_not_told_of(house: House) -> None:
    """It was written, and the commit failed; sent again it is there once."""
    item = add(house)

    def failing(real: Any, *args: Any) -> Any:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        add_file(Patched(house, "commit", failing), item)
    assert all_items(house)[0].files == ()
    assert len(add_file(house, item).files) == len(blobs(house)) == 1


def test_a_file_of_an_item_that_goes_meanwhile_goes_too(house: House) -> None:
    """The item is removed between the file's writing and its telling."""
    item = add(house)

    def removing(real: Any, *args: Any, **more: Any) -> Any:
        real(*args, **more)
        items.remove(house, LENA, item.item_id, if_match=None, now=house.clock())

    with pytest.raises(Missing):
        add_file(Patched(house, "put", removing, store="blobs"), item)
    assert blobs(house) == []


def test_what_is_removed_takes_its_files_along(house: House) -> None:
    """A file alone, then the item with the others and what was said of it."""
    item, other = add(house), add(house)
    for file_id in ("f1", "f2", "f3"):
        item = add_file(house, item, file_id=file_id)
    add_file(house, other)
    say(house, item)
    say(house, other)
    files.remove(house, LENA, item.item_id, "f2", now=house.clock())
    clear(house)
    assert [name.split("/")[3] for name in blobs(house) if item.item_id in name] == ["f1", "f3"]
    items.remove(house, LENA, item.item_id, if_match=None, now=house.clock())
    clear(house)
    assert [name.split("/")[2] for name in blobs(house)] == [other.item_id]
    left = house.kinds("feedback", container=CONTAINER)
    assert [each["of_item"] for each in left] == [other.item_id]


def test_a_late_removal_spares_what_was_added_again(house: House) -> None:
    """The event of a file's removal comes after the same request has added it again."""
    item = add_file(house, add(house))
    files.remove(house, LENA, item.item_id, "f1", now=house.clock())
    add_file(house, item)
    clear(house)
    assert len(blobs(house)) == 1


def test_who_sees_what(house: House) -> None:
    """By visibility: oneself all, parents and admins what is for the family, mentors what is for
    them; a mentor with a child of their own sees no more of others."""
    person(house, "lena", "learner")
    person(house, "max", "learner")
    shown = {
        each: add(house, visibility=each, title=each) for each in ("private", "family", "mentors")
    }
    link(house, "lena", "paula")
    link(house, "max", "mo")
    both: frozenset[Reach] = frozenset({"children", "learners"})
    seen = {
        ("lena", OWN): {"private", "family", "mentors"},
        ("paula", frozenset({"children"})): {"family", "mentors"},
        ("ada", frozenset({"tenant"})): {"family", "mentors"},
        ("mo", frozenset({"learners"})): {"mentors"},
        ("mo", both): {"mentors"},
        ("quinn", frozenset({"children"})): set(),
    }
    for (user, reach), names in seen.items():
        by = Principal(user, TENANT, frozenset())
        found = set()
        for name, item in shown.items():
            try:
                items.find(house, by, reach, item.item_id)  # type: ignore[arg-type]
            except Missing:
                continue
            found.add(name)
        assert found == names, user
        if names:
            least = items.least_openness(house, by, reach, "lena")  # type: ignore[arg-type]
            assert {each.title for each in all_items(house, least=least)} == names
    stranger = Principal("lena", RIVAL, frozenset())
    with pytest.raises(Missing):
        items.find(house, stranger, frozenset({"tenant"}), shown["mentors"].item_id)


def test_a_portfolio_has_an_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so."""
    monkeypatch.setattr(items, "MOST_ITEMS", 2)
    add(house)
    add(house)
    with pytest.raises(Conflict, match="2 items at most"):
        add(house)


def test_feedback_is_the_mentors(house: House) -> None:
    """Theirs to take back, or an admin's; told to the learner once and written down."""
    item = add(house)
    say(house, item, "First")
    house.clock.advance(minutes=1)
    say(house, item, "Second", number=1)
    given = feedback.listed(house, item)
    assert [each.text for each in given] == ["Second", "First"]
    assert len(house.waiting("portfolio_feedback/intake_notify")) == 2
    other = Principal("nora", TENANT, frozenset({"mentor"}))
    with pytest.raises(Missing):
        feedback.withdraw(house, PSEUDONYMS, other, item, given[0].feedback_id, now=house.clock())
    feedback.withdraw(house, PSEUDONYMS, MENTOR, item, given[0].feedback_id, now=house.clock())
    admin = Principal("ada", TENANT, frozenset({"admin"}))
    feedback.withdraw(house, PSEUDONYMS, admin, item, given[1].feedback_id, now=house.clock())
    assert feedback.listed(house, item) == []
    told = [each.data["action"] for each in house.waiting("accounts") if "action" in each.data]
    assert sorted(told) == ["portfolio.feedback"] * 2 + ["portfolio.withdraw"] * 2


def test_feedback_is_found_under_its_own_item(house: House) -> None:
    """Named under another item of the learner's it is not there."""
    item, other = add(house), add(house)
    say(house, item)
    (given,) = feedback.listed(house, item)
    with pytest.raises(Missing):
        feedback.withdraw(house, PSEUDONYMS, MENTOR, other, given.feedback_id, now=house.clock())
    assert feedback.listed(house, item) == [given]


def test_feedback_has_an_end(house: House) -> None:
    """So that it can be removed with its item in one commit."""
    item = add(house)
    for number in range(feedback.MOST_FEEDBACK):
        say(house, item, number=number)
    with pytest.raises(Conflict):
        say(house, item, number=999)
    items.remove(house, LENA, item.item_id, if_match=None, now=house.clock())
    assert house.kinds("feedback", container=CONTAINER) == []


def test_there_is_no_feedback_on_what_is_gone(house: House) -> None:
    """The item was removed while the mentor wrote."""
    item = add(house)
    items.remove(house, LENA, item.item_id, if_match=None, now=house.clock())
    with pytest.raises(Missing):
        say(house, item)
