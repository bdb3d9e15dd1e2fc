"""An erasure removes a person from every store, once asked for, whatever dies in between."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from functions.accounts.rules.documents import ConsentGiven, WhereFrom
from functions.accounts.service import consents, invitations, registration
from functions.accounts.service.personal_data import erasing
from functions.accounts.service.personal_data.erasing import SETTLES_AFTER, take_up
from functions.accounts.service.personal_data.finding import documents_of, held, store_names
from functions.accounts.service.personal_data.requests import erase_person
from functions.candidates.service import profiles as candidates
from shared import topology
from shared.auth import Principal
from shared.documents.port import Create, Delete
from shared.erasures import read_erasure
from shared.errors import Forbidden, Missing, Unavailable
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from shared.models.family import FamilyLink, link_id_of
from shared.models.tombstone import Erasure
from shared.outbox import relay
from shared.people import read_account
from shared.topology import Kept
from tests.flows.accounts.planted import (
    ADMIN,
    EMAIL,
    MARKS,
    NAME,
    OTHER_ID,
    OTHER_PARENT_ID,
    PERSON,
    RESUME,
    USER_ID,
    Planted,
    containers_with,
    files_with,
    join,
    plant,
)
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.embedded import Failing

OWN: Any = frozenset({"own"})
EVERYBODY: Any = frozenset({"tenant"})
ERASURE_ID = PSEUDONYMS.of(TENANT, "user", USER_ID)


def erase(house: House, by: Principal = ADMIN, *, candidate: bool = True) -> Erasure:
    """Ask for the erasure of the planted person."""
    reach: Any = EVERYBODY if "admin" in by.roles else OWN
    return erase_person(
        house.means, by, reach, USER_ID, with_candidate=candidate, now=house.clock()
    )[0]


def state(house: House) -> Erasure:
    found = read_erasure(house, TENANT, ERASURE_ID)
    assert found is not None
    return found[0]


def settle(house: House) -> None:
    """Let the time pass that tokens and messages hold, and look once more."""
    house.clock.advance(seconds=SETTLES_AFTER.total_seconds() + 1)
    take_up(house, now=house.clock())
    house.work("accounts")


def tidy(house: House) -> None:
    """What the host does every minute."""
    house.documents.purge_expired()
    house.bus.checkpoint()


def test_every_container_is_planted(house: House) -> None:
    """The marked person has something in each container and blob container that can hold a
    person: one that is new fails this until it is planted and has a rule."""
    planted = plant(house)
    marked = set().union(*(containers_with(house, mark) for mark in (*MARKS, *planted.ids)))
    declared = topology.load()
    assert marked == {
        name for name, each in declared.containers.items() if not isinstance(each.erasure, Kept)
    }
    kept = {name for name, each in declared.containers.items() if isinstance(each.erasure, Kept)}
    assert kept == {
        "tenants", "throttles", "audit", "tombstones", "question_banks", "item_statistics",
        "streak_repairs", "leaderboards", "content", "budgets", "deliveries",
        "candidate_counts", "ats_webhooks", "retention", "backups",
    }  # fmt: skip
    for name in kept - {"tenants", "tombstones"}:
        assert house.documents.query(name, (), limit=10).items, f"{name} is not planted"
    blobs = {
        name
        for name, each in declared.blob_containers.items()
        if not isinstance(each.erasure, Kept) and list(house.blobs.list(name))
    }
    assert blobs == {
        "exports", "resumes", "extracts", "journey-summaries", "portfolio-files",
        "session-archives",
    }  # fmt: skip
    assert set(declared.blob_containers) - blobs == {
        "erasure-reports",
        "erasure-log",
        "backups",
        "profile-snapshots",
    }


def test_an_erasure_leaves_no_mark_in_any_file(house: House) -> None:
    """After it no file of the embedded stores holds a name, an address or an id of the person;
    what is somebody else's stays."""
    planted = plant(house)
    erase(house)
    house.work("accounts")
    assert state(house).state == "settling"
    assert set().union(*(containers_with(house, mark) for mark in MARKS)) == set()
    settle(house)
    tidy(house)
    assert files_with(house.home, [*MARKS, *planted.ids]) == {}
    assert read_account(house, TENANT, OTHER_ID)[0].display_name == "Other"
    assert read_account(house, TENANT, OTHER_PARENT_ID)[0].display_name == "Parent"
    (letter,) = house.bus.dead_letters("intake_parse")
    assert b"Somebody Else" in letter.body


def test_the_report_counts_what_was_removed_where(house: House) -> None:
    """Counts are those of what was planted, store by store, and the report names nobody."""
    planted = plant(house)
    planted_in = {
        name: sum(1 for _ in held(house, TENANT, _subjects(planted), name))
        for name in store_names()
    }
    erase(house)
    house.work("accounts")
    settle(house)
    after = state(house)
    assert after.state == "erased"
    assert {name: count.removed for name, count in after.counts.items()} == planted_in
    assert all(planted_in.values()), planted_in
    assert all(count.late == 0 for count in after.counts.values())
    with house.blobs.open("erasure-reports", f"{TENANT}/{ERASURE_ID}.json") as blob:
        report = json.loads(blob.read())
    assert report["state"] == "erased"
    assert report["removed"] == sum(planted_in.values())
    assert not any(mark.casefold() in str(report).casefold() for mark in (*MARKS, *planted.ids))
    assert (after.subjects, after.children) == ({}, ())


def profiles_of(house: House, planted: Planted) -> list[Any]:
    """What is left of the person's profiles."""
    found = house.documents.query("candidates", (TENANT,), limit=1000).items
    return [
        item.body
        for item in found
        if item.body["candidate_id"] in planted.candidate_ids
        and item.body["kind"] in {"profile", "alias"}
    ]


def _subjects(planted: Planted) -> Any:
    return {
        "user": (USER_ID,),
        "address": (planted.address_id,),
        "candidate": planted.candidate_ids,
        "intake": tuple(planted.intake_ids),
    }


def test_a_second_request_is_the_same_erasure(house: House) -> None:
    """Asked for again before, during and after, nothing begins anew and nothing breaks."""
    plant(house)
    first = erase(house)
    assert erase(house) == first
    house.work("accounts")
    assert erase(house, PERSON).tombstone_id == first.tombstone_id
    settle(house)
    again = erase(house)
    assert (again.state, again.run) == ("erased", 1)
    assert house.work("accounts") == []


def test_an_erasure_goes_on_wherever_a_process_dies(house: House) -> None:
    """Half of all commits and removals of blobs end as if the process had died right after
    them: the erasure comes to its end all the same, and counts what was there."""
    planted = plant(house)
    house.clock.advance(hours=25)  # caches expire before the erasure comes to them
    expected = {
        name: sum(1 for _ in held(house, TENANT, _subjects(planted), name))
        for name in store_names()
    }
    died: list[str] = []
    chance = random.Random(7)

    def dying(what: str) -> Callable[..., Any]:
        def instead(real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            if chance.random() < 0.5:
                died.append(what)
                raise Unavailable("the process died")
            return result

        return instead

    erase(house)
    documents, blobs = house.documents, house.blobs
    house.documents = Failing(documents, "commit", dying("commit"))
    house.blobs = Failing(blobs, "delete", dying("blob"))
    for _ in range(200):
        house.work("accounts")
        house.clock.advance(seconds=700)
        _quietly(lambda: take_up(house, now=house.clock()))
        relay(house, now=house.clock())
        if state(house).state == "erased":
            break
    house.documents, house.blobs = documents, blobs
    assert state(house).state == "erased"
    assert died.count("commit") > 10
    assert died.count("blob") > 1
    assert {n: c.removed for n, c in state(house).counts.items()} == expected
    assert set().union(*(containers_with(house, mark) for mark in MARKS)) == set()


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except Unavailable:
        return


def test_what_writes_late_is_found_by_the_second_look(house: House) -> None:
    """What a token that still held wrote after the first sweep is gone after the second."""
    plant(house)
    erase(house)
    house.work("accounts")
    late = {
        "schema_version": 1, "id": "late", "kind": "consent", "tenant_id": TENANT,
        "user_id": USER_ID, "note": NAME,
    }  # fmt: skip
    house.documents.commit("accounts", (TENANT, USER_ID), [Create(late)])
    settle(house)
    assert state(house).counts["accounts"].late >= 1
    assert containers_with(house, NAME) == set()


def test_a_message_on_its_way_writes_nothing_again(house: House) -> None:
    """A file that was being read when its person was erased becomes no profile, and is erased
    itself, its original included."""
    planted = plant(house)
    house.clock.advance(seconds=5)
    house.drop("Zebulon-newer.txt", RESUME + "\nLater: forklift licence\n")
    for entity in ("intake_extract", "intake_parse"):
        house.work(entity)
    house.clock.advance(seconds=5)
    erase(house)
    house.work("accounts")
    assert house.work("intake_finalize") == ["done"]
    house.work("accounts")
    settle(house)
    house.work("accounts")
    settle(house)
    tidy(house)
    assert not profiles_of(house, planted)
    assert files_with(house.home, [*MARKS, *planted.ids]) == {}


def test_a_candidate_who_comes_again_is_new(house: House) -> None:
    """A file that comes in after the erasure makes a profile, which the second look leaves."""
    planted = plant(house)
    erase(house)
    house.work("accounts")
    house.clock.advance(seconds=60)
    house.drop("fresh.txt", RESUME)
    house.work_all()
    (profile,) = profiles_of(house, planted)
    settle(house)
    house.work("accounts")
    (again,) = profiles_of(house, planted)
    assert again == profile
    assert house.record("fresh.txt").state == "completed"


def test_an_address_that_nobody_vouched_for_opens_no_profile(house: House) -> None:
    """Who registers with another's address can neither export nor erase the other's profile;
    admins learn of it by the audit log."""
    planted = plant(house)
    erase(house, PERSON, candidate=False)
    house.work("accounts")
    settle(house)
    assert state(house).state == "erased"
    assert house.documents.get("candidates", (TENANT, planted.candidate_id), planted.candidate_id)
    assert house.record("Quistgaard-cv.txt").state == "completed"
    actions = {item.body["action"] for item in house.documents.query("audit", (TENANT,)).items}
    assert {"erasure.request", "erasure.left"} <= actions


def test_an_address_that_is_proven_takes_the_profile_along(house: House) -> None:
    """Who was invited by that address has everything of theirs erased, the profile included."""
    plant(house, proven=True)
    erase(house, PERSON, candidate=False)
    house.work("accounts")
    settle(house)
    tidy(house)
    assert files_with(house.home, list(MARKS)) == {}


def test_a_file_that_was_overwritten_by_anothers_stays(house: House) -> None:
    """Where the person's file lay lies somebody else's by now: it is not removed with them."""
    plant(house)
    others = b"Somebody Else\nsomebody@example.com\n"
    house.blobs.put("resumes", f"{TENANT}/Quistgaard-cv.txt", others)
    erase(house)
    house.work("accounts")
    with house.blobs.open("resumes", f"{TENANT}/Quistgaard-cv.txt") as blob:
        assert blob.read() == others


def test_a_parents_erasure_ends_what_they_agreed_to(house: House) -> None:
    """A minor who was shown by the word of a parent who is erased is shown no longer."""
    plant(house)
    as_parent = Principal(USER_ID, TENANT, frozenset({"parent"}))
    consents.record(
        house.means, as_parent, frozenset({"children"}), OTHER_ID,
        ConsentGiven(kind="being_shown", version="1", granted=True), WhereFrom(),
        idempotency=None, now=house.clock(),
    )  # fmt: skip
    assert read_account(house, TENANT, OTHER_ID)[0].parent_consented
    erase(house)
    house.work("accounts")
    assert not read_account(house, TENANT, OTHER_ID)[0].parent_consented


def test_parents_erase_children_who_are_not_of_age_alone(house: House) -> None:
    """A parent's request for a minor begins an erasure; for a child of age it is refused, and
    for somebody else's child it finds nobody."""
    plant(house)
    parent = Principal(OTHER_PARENT_ID, TENANT, frozenset({"parent"}))
    children: Any = frozenset({"children"})

    def ask(user_id: str) -> Erasure:
        return erase_person(
            house.means, parent, children, user_id, with_candidate=False, now=house.clock()
        )[0]

    with pytest.raises(Missing):
        ask(OTHER_ID)
    house.clock.advance(days=366 * 10)
    with pytest.raises(Forbidden):
        ask(USER_ID)
    house.clock.advance(days=-366 * 10)
    assert ask(USER_ID).state == "requested"


def test_nobody_is_erased_who_is_not_there(house: House) -> None:
    """An admin's request for an id that is nobody's, or another tenant's, finds nobody."""
    plant(house)
    rival = Principal("admin-2", RIVAL, frozenset({"admin"}))
    for by, user_id in ((ADMIN, "nobody"), (rival, USER_ID)):
        with pytest.raises(Missing):
            erase_person(
                house.means, by, EVERYBODY, user_id, with_candidate=True, now=house.clock()
            )
    assert read_erasure(house, TENANT, ERASURE_ID) is None


def test_an_erased_person_can_register_anew(house: House) -> None:
    """The address is free again, and what is new is not touched by the second look."""
    plant(house)
    erase(house)
    house.work("accounts")
    house.clock.advance(seconds=1)
    anew = "8f1c2f0e-4a64-4e0b-9d5b-6a1f3c0d7e21"
    join(house, anew, name="Anew")
    settle(house)
    house.work("accounts")
    assert read_account(house, TENANT, anew)[0].display_name == "Anew"
    address_id = registration.address_id_of(house.means, TENANT, EMAIL)
    kept = house.documents.get("credentials", (TENANT, address_id), "credential")
    assert kept is not None
    assert kept.body["user_id"] == anew


def test_a_stalled_erasure_is_nudged(house: House) -> None:
    """An erasure whose message was lost goes on when the timer finds it."""
    plant(house)
    erase(house)
    assert house.waiting("accounts") != []
    assert take_up(house, now=house.clock()) == 0
    house.clock.advance(minutes=11)
    assert take_up(house, now=house.clock()) == 1
    house.work("accounts")
    assert state(house).state == "settling"


def test_more_than_a_hop_takes_is_removed_in_several(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store with more than one hop removes is gone through again until it is empty."""
    monkeypatch.setattr(erasing, "MAX_A_HOP", 3)
    plant(house)
    for number in range(11):
        body = {"id": f"n{number}", "tenant_id": TENANT, "user_id": USER_ID, "kind": "consent"}
        house.documents.commit("accounts", (TENANT, USER_ID), [Create(body)])
    erase(house)
    found = state(house)
    house.work("accounts")
    after = state(house)
    assert found.counts == {}
    assert after.counts["accounts"].removed == after.counts["accounts"].found >= 11
    assert house.documents.query("accounts", (TENANT, USER_ID)).items == ()


def test_late_and_foreign_steps_do_nothing(house: House) -> None:
    """A step that was done, of an erasure that is over, or of another tenant's, changes nothing."""
    plant(house)
    erase(house)
    (step,) = [e for e in house.waiting("accounts") if e.type.startswith("waymark.erasure")]
    assert house.handle("accounts", step) == "done"
    assert house.handle("accounts", step) == "repeated"
    foreign = step.model_copy(update={"tenantid": RIVAL, "id": "x"})
    assert house.handle("accounts", foreign) == "rejected"
    twin = step.model_copy(update={"id": "y"})
    assert house.handle("accounts", twin) == "rejected"
    house.work("accounts")
    settle(house)
    after = state(house)
    assert house.handle("accounts", step.model_copy(update={"id": "z"})) == "rejected"
    assert state(house) == after


def test_documents_that_vanish_meanwhile_do_not_stop_it(house: House) -> None:
    """A document that expires or is removed between being found and being deleted is no error."""
    plant(house)
    erase(house)
    real = house.documents

    def losing(commit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        name, partition, operations = args
        if all(isinstance(operation, Delete) for operation in operations) and name == "family":
            house.documents = real
            real.commit(name, partition, [operations[0]])
        return commit(*args, **kwargs)

    house.documents = Failing(real, "commit", losing)
    house.work("accounts")
    house.documents = real
    assert state(house).state == "settling"
    assert house.documents.query("family", (TENANT, USER_ID)).items == ()


def test_settling_outlasts_tokens_and_resends() -> None:
    """The second look comes after every access token and every re-send has run out."""
    from shared.auth import ACCESS_LIFETIME, LEEWAY
    from shared.delivery import MAX_RESENDS, RESEND_WITHIN

    resends = sum(
        (min(timedelta(seconds=2.0**n), RESEND_WITHIN) for n in range(1, MAX_RESENDS + 1)),
        timedelta(0),
    )
    assert ACCESS_LIFETIME + LEEWAY + resends < SETTLES_AFTER


def test_more_asked_for_while_it_runs_is_done_too(house: House) -> None:
    """Who asks again with the candidate's profile, before the account is gone, has both erased."""
    planted = plant(house)
    erase(house, PERSON, candidate=False)
    both = erase(house)
    assert (both.run, both.subjects["candidate"]) == (2, planted.candidate_ids)
    house.work("accounts")
    settle(house)
    tidy(house)
    assert files_with(house.home, list(MARKS)) == {}


def test_who_came_back_is_erased_by_a_new_request(house: House) -> None:
    """A candidate who came in anew while the first erasure settles is erased when somebody asks,
    and the counts of both runs are in one report."""
    planted = plant(house)

    def ask() -> Erasure:
        return candidates.erase(
            house, PSEUDONYMS, ADMIN, TENANT, planted.candidate_id, now=house.clock()
        )

    first = ask()
    house.work("accounts")
    house.clock.advance(minutes=5)
    house.drop("fresh.txt", RESUME)
    house.work_all()
    again = ask()
    assert (again.tombstone_id, again.run) == (first.tombstone_id, 2)
    house.work("accounts")
    assert not profiles_of(house, planted)
    assert ask().run == 2
    house.clock.advance(seconds=SETTLES_AFTER.total_seconds() + 1)
    take_up(house, now=house.clock())
    house.work("accounts")
    found = read_erasure(house, TENANT, first.tombstone_id)
    assert found is not None
    assert found[0].state == "erased"
    assert found[0].counts["blobs/resumes"].removed == 3


def test_the_same_file_dropped_again_stays(house: House) -> None:
    """A file at the same place with the same bytes, dropped after the erasure, is new: the second
    look leaves its record, its profile and its original."""
    plant(house)
    erase(house)
    house.work("accounts")
    house.clock.advance(minutes=5)
    house.drop("Quistgaard-cv.txt", RESUME)
    house.work_all()
    assert house.record("Quistgaard-cv.txt").state == "completed"
    settle(house)
    assert house.record("Quistgaard-cv.txt").state == "completed"
    assert house.blobs.info("resumes", f"{TENANT}/Quistgaard-cv.txt") is not None
    assert len(house.documents.query("candidates", (TENANT,)).items) >= 1


def test_a_step_done_again_spares_who_registered_meanwhile(house: House) -> None:
    """A process that died after it removed the credential does the step again: whoever took the
    address in between keeps it."""
    plant(house)
    erase(house)
    real, died = house.documents, [False]

    def dying(commit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = commit(*args, **kwargs)
        if args[0] == "credentials" and not died[0]:
            died[0] = True
            raise Unavailable("the process died")
        return result

    house.documents = Failing(real, "commit", dying)
    house.work("accounts")
    house.documents = real
    assert died == [True]
    house.clock.advance(seconds=1)
    join(house, "anew", name="Anew")
    house.clock.advance(seconds=30)
    house.work("accounts")
    assert state(house).state == "settling"
    address_id = registration.address_id_of(house.means, TENANT, EMAIL)
    kept = house.documents.get("credentials", (TENANT, address_id), "credential")
    assert kept is not None
    assert kept.body["user_id"] == "anew"


def test_every_child_of_an_erased_parent_is_judged_again(house: House) -> None:
    """However many children a parent had, and also those linked while a token still held: none is
    shown by the word of somebody who is gone."""
    plant(house)
    late = "late-child"
    children = [f"child-{number}" for number in range(95)]
    for child in (*children, late):
        _shown_child(house, child)
    for child in children:
        _link_to_person(house, child)
    erase(house)
    house.work("accounts")
    assert not any(read_account(house, TENANT, child)[0].parent_consented for child in children)
    _link_to_person(house, late)
    assert read_account(house, TENANT, late)[0].parent_consented
    settle(house)
    assert not read_account(house, TENANT, late)[0].parent_consented


def _shown_child(house: House, user_id: str) -> None:
    child = Account(
        tenant_id=TENANT, user_id=user_id, display_name="A child", roles=("learner",),
        birth_year=2015, parent_consented=True,
        created_at=house.clock(), updated_at=house.clock(),
    )  # fmt: skip
    house.documents.commit("accounts", (TENANT, user_id), [Create(child.stored())])


def _link_to_person(house: House, child: str) -> None:
    link = FamilyLink(
        id=link_id_of(TENANT, child, USER_ID), tenant_id=TENANT, learner_id=child,
        parent_id=USER_ID, active=True, linked_at=house.clock(), updated_at=house.clock(),
    )  # fmt: skip
    house.documents.commit("family", (TENANT, child), [Create(link.stored())])


def test_a_report_never_goes_back(house: House) -> None:
    """Asked for again at the end, the link still tells of the end."""
    plant(house)
    erase(house)
    house.work("accounts")
    settle(house)
    erase(house)
    with house.blobs.open("erasure-reports", f"{TENANT}/{ERASURE_ID}.json") as blob:
        assert json.loads(blob.read())["state"] == "erased"


def test_a_parent_who_asked_can_ask_again(house: House) -> None:
    """Once the erasure has ended their link, the parent still finds the erasure they began; no
    other parent does."""
    plant(house)
    parent = Principal(OTHER_PARENT_ID, TENANT, frozenset({"parent"}))
    stranger = Principal("a-stranger", TENANT, frozenset({"parent"}))
    children: Any = frozenset({"children"})

    def ask(by: Principal) -> Erasure:
        return erase_person(
            house.means, by, children, USER_ID, with_candidate=False, now=house.clock()
        )[0]

    first = ask(parent)
    house.work("accounts")
    assert ask(parent).tombstone_id == first.tombstone_id
    with pytest.raises(Missing):
        ask(stranger)


def test_repeats_keep_nothing_of_an_erased_person(house: House) -> None:
    """What answers a repeated request of somebody's with an Idempotency-Key goes with them."""
    key = IdempotencyKey("scope", "key", "fingerprint")
    plant(house)
    as_parent = Principal(USER_ID, TENANT, frozenset({"parent"}))
    consents.record(
        house.means, as_parent, frozenset({"children"}), OTHER_ID,
        ConsentGiven(kind="being_shown", version="1", granted=True),
        WhereFrom(client_address="203.0.113.77"), idempotency=key, now=house.clock(),
    )  # fmt: skip
    invitations.invite(
        house.means, ADMIN, TENANT, "zebulon.new@example.org", ["learner"],
        idempotency=key, now=house.clock(),
    )  # fmt: skip
    address_id = registration.address_id_of(house.means, TENANT, "zebulon.new@example.org")
    erase(house)
    house.work("accounts")
    subjects: Any = {"address": (address_id,)}
    for partition, item in documents_of(
        house, TENANT, subjects, "invitations", topology.load().containers["invitations"]
    ):
        house.documents.commit("invitations", partition, [Delete(item.body["id"])])
    settle(house)
    tidy(house)
    assert files_with(house.home, [*MARKS, USER_ID]) == {}


def test_the_e_mail_that_brought_a_file_is_erased_with_it(house: House) -> None:
    """It holds the file as well; what it brought of somebody else stays."""
    mail = EmailMessage()
    mail["From"], mail["Message-ID"], mail["MIME-Version"] = EMAIL, "<one@example.org>", "1.0"
    mail.set_content("Two applications")
    mail.add_attachment(RESUME, subtype="plain", filename="mine.txt")
    other = RESUME.replace(NAME, "Somebody Else").replace(EMAIL, "somebody@example.org")
    mail.add_attachment(other.replace("901820", "112233"), subtype="plain", filename="theirs.txt")
    house.drop("both.eml", mail.as_bytes())
    for _ in range(3):
        for blob in list(house.blobs.list("resumes")):
            house.tell(blob.name)
        house.work_all()
    candidate_id = house.record("mine.txt").candidate_id
    assert candidate_id is not None
    candidates.erase(house, PSEUDONYMS, ADMIN, TENANT, candidate_id, now=house.clock())
    house.work("accounts")
    assert list(house.records()) == ["theirs.txt"]
    left = [blob.name.rpartition("/")[2] for blob in house.blobs.list("resumes")]
    assert left == ["theirs.txt"]
