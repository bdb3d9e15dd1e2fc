"""Consents: statements that nothing changes, and what the parents' amount to."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.accounts.rules.consents import latest, parents_agree
from functions.accounts.rules.documents import Consent, ConsentGiven, ConsentKind, WhereFrom
from functions.accounts.service import consents, families
from shared.auth import Principal
from shared.errors import Missing, Unavailable
from shared.events.envelope import Event
from shared.events.person import FamilyChanged
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from shared.models.family import FamilyLink
from shared.outbox import RELAY_AFTER, message_of, relay
from tests.flows.accounts.inhabitants import (
    CLIENT,
    Patched,
    account,
    as_principal,
    at_once,
    entries,
    key,
    reach,
    register,
    staff,
)
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house

MOTHER, FATHER = staff("parent", user="mother"), staff("parent", user="father")
entropies = iter(range(1, 10**6))


def statement(number: int, giver: str, granted: bool, what: ConsentKind = "being_shown") -> Consent:
    return Consent(
        id=f"consent:{number:03}", tenant_id=TENANT, user_id="maya", given_by=giver, what=what,
        version="1", granted=granted, at=START + timedelta(minutes=number),
    )  # fmt: skip


statements = st.lists(
    st.tuples(st.sampled_from(["mother", "father", "uncle", "maya"]), st.booleans()), max_size=8
).map(lambda said: [statement(number, *each) for number, each in enumerate(said)])


@given(statements, st.sets(st.sampled_from(["mother", "father"])), st.randoms())
def test_the_order_of_reading_does_not_matter(
    said: list[Consent], parents: set[str], random: object
) -> None:
    """However the statements come out of the store, the verdict is one."""
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random
    assert parents_agree(shuffled, parents) == parents_agree(said, parents)
    assert latest(shuffled) == latest(said)


@given(statements, st.sets(st.sampled_from(["mother", "father"])))
def test_all_parents_who_speak_have_to_agree(said: list[Consent], parents: set[str]) -> None:
    """The last word of each linked parent counts: at least one agrees, and none refuses."""
    last = {each.given_by: each.granted for each in said if each.given_by in parents}
    assert parents_agree(said, parents) == (bool(last) and False not in last.values())


@given(statements)
def test_nobody_but_parents_agrees(said: list[Consent]) -> None:
    """Neither the learner nor a stranger stands for a parent."""
    assert not parents_agree(said, set())
    assert not parents_agree(
        [each for each in said if each.given_by in {"maya", "uncle"}], {"mother"}
    )


@pytest.mark.parametrize("what", ["terms", "privacy", "profiling", "messages"])
def test_other_matters_do_not_show_anybody(what: ConsentKind) -> None:
    """A parent's consent to anything else is none to being shown."""
    assert not parents_agree([statement(1, "mother", True, what)], {"mother"})


@given(st.integers(1900, 2026), st.integers(0, 21), st.integers(1, 365))
def test_who_may_be_too_young_is_a_minor(year: int, consent_age: int, day: int) -> None:
    """Whoever may not have had the birthday yet this year counts as a minor, on every day of
    the year alike, and nobody who surely has."""
    person = Account(
        tenant_id=TENANT, user_id="u", display_name="M", roles=("learner",), birth_year=year,
        created_at=START, updated_at=START,
    )  # fmt: skip
    on = date(2026, 1, 1) + timedelta(days=day - 1)
    youngest = on.year - year - 1 if on < date(2026, 12, 31) else on.year - year
    is_minor = person.is_minor(consent_age=consent_age, on=on)
    assert is_minor or youngest >= consent_age
    assert is_minor == (2026 - year <= consent_age)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, False),
        ({"parent_consented": True}, True),
        ({"birth_year": 2000}, True),
        ({"birth_year": None}, False),
        ({"birth_year": None, "roles": ("mentor",)}, True),
        ({"birth_year": 2012, "roles": ("parent",)}, False),
        ({"birth_year": 2000, "hidden": True}, False),
        ({"parent_consented": True, "hidden": True}, False),
        ({"birth_year": 2000, "status": "suspended"}, False),
        ({"parent_consented": True, "status": "suspended"}, False),
    ],
)
def test_who_may_be_shown(changes: dict[str, object], shown: bool) -> None:
    """Adults, and minors with a parent's consent, unless they hide or are suspended; a learner
    without a year of birth counts as a minor."""
    person = Account(
        tenant_id=TENANT, user_id="u", display_name="M", roles=("learner",), birth_year=2012,
        created_at=START, updated_at=START,
    ).model_copy(update=changes)  # fmt: skip
    assert person.may_be_shown(consent_age=16, on=START.date()) == shown


@pytest.fixture
def maya(house: House) -> Account:
    """A minor."""
    return register(house)


def link(house: House, learner: Account, parent: Principal) -> FamilyLink:
    by = as_principal(learner)
    code, _ = families.make_code(
        house.means, by, reach(by, "family_codes_create"), learner.user_id,
        entropy=next(entropies).to_bytes(8, "big"), idempotency=None, now=house.clock(),
    )  # fmt: skip
    return families.link(house.means, parent, code, idempotency=None, now=house.clock())


def unlink(house: House, learner: Account, made: FamilyLink) -> None:
    by = as_principal(learner)
    families.revoke(house.means, by, reach(by, "family_links_revoke"), made.id, now=house.clock())


def say(
    house: House,
    by: Principal,
    about: Account,
    granted: bool = True,
    *,
    what: ConsentKind = "being_shown",
    sent: IdempotencyKey | None = None,
) -> Consent:
    house.clock.advance(seconds=1)
    return consents.record(
        house.means, by, reach(by, "consents_record"), about.user_id,
        ConsentGiven(kind=what, version="2026-03", granted=granted),
        WhereFrom(client_address=CLIENT, user_agent="a browser"),
        idempotency=sent, now=house.clock(),
    )  # fmt: skip


def listed(house: House, by: Principal, about: Account) -> list[Consent]:
    return consents.listed(house.means, by, reach(by, "consents_list"), about.user_id)


def consented(house: House, person: Account) -> bool:
    """Whether a parent's consent holds, once all that waits is heard."""
    house.work("accounts")
    return account(house, person).parent_consented


def test_statements_are_only_ever_added(house: House, maya: Account) -> None:
    """Agreeing, refusing and agreeing again are three statements with all that was said, oldest
    first; what was written stays word for word."""
    me = as_principal(maya)
    before = house.kinds("consent", container="accounts")
    made = [say(house, me, maya, granted, what="profiling") for granted in (True, False, True)]
    assert listed(house, me, maya)[-3:] == made
    assert [each.granted for each in made] == [True, False, True]
    assert {each.where_from.user_agent for each in made} == {"a browser"}
    after = house.kinds("consent", container="accounts")
    assert len(after) == len(before) + 3
    assert [each for each in before if each not in after] == []
    noted = entries(house, "consent.record")
    assert sorted(entry["reason"] for entry in noted) == (
        ["profiling granted", "profiling granted", "profiling refused"]
    )


def test_a_repeat_is_one_statement(house: House, maya: Account) -> None:
    """The same request with its Idempotency-Key is the same statement."""
    me = as_principal(maya)
    assert say(house, me, maya, sent=key()) == say(house, me, maya, sent=key())
    assert len(entries(house, "consent.record")) == 1


def test_many_statements_are_all_kept(house: House, maya: Account) -> None:
    """Statements made at the same moment all stand, and each is told to the audit log."""
    me = as_principal(maya)
    outcomes = at_once(6, lambda number: say(house, me, maya, number % 2 == 0, what="messages"))
    made = [each for each in outcomes if isinstance(each, Consent)]
    assert len(made) == 6
    assert {each.id for each in made} <= {each.id for each in listed(house, me, maya)}
    assert len(entries(house, "consent.record")) == 6


def test_a_parents_consent_shows_a_minor(house: House, maya: Account) -> None:
    """A linked parent's consent counts at once, with whom it came from, and a refusal ends it."""
    link(house, maya, MOTHER)
    assert not consented(house, maya)
    said = say(house, MOTHER, maya)
    assert said.given_by == "mother"
    assert account(house, maya).parent_consented
    assert consented(house, maya)
    say(house, MOTHER, maya, granted=False)
    assert not account(house, maya).parent_consented
    assert not consented(house, maya)


def test_a_learners_own_word_is_no_parents(house: House, maya: Account) -> None:
    """A minor who agrees to being shown for themselves is not shown."""
    link(house, maya, MOTHER)
    say(house, as_principal(maya), maya)
    assert not consented(house, maya)


def test_one_parents_refusal_counts(house: House, maya: Account) -> None:
    """With two parents one refusal hides the learner, until that parent agrees or is unlinked."""
    link(house, maya, MOTHER)
    fathers = link(house, maya, FATHER)
    say(house, MOTHER, maya)
    assert consented(house, maya)
    say(house, FATHER, maya, granted=False)
    assert not consented(house, maya)
    unlink(house, maya, fathers)
    assert consented(house, maya)


def test_a_consent_falls_with_its_link(house: House, maya: Account) -> None:
    """When the link ends, nobody waits for a message: the learner is hidden at once; linked
    anew, the parent's word counts again."""
    made = link(house, maya, MOTHER)
    say(house, MOTHER, maya)
    unlink(house, maya, made)
    assert not account(house, maya).parent_consented
    assert not consented(house, maya)
    link(house, maya, MOTHER)
    assert consented(house, maya)


def test_a_link_whose_end_dies_midway_still_hides(house: House, maya: Account) -> None:
    """When the process dies after the link ended, the event that it left hides the learner."""
    made = link(house, maya, MOTHER)
    say(house, MOTHER, maya)
    house.work("accounts")

    def dying(real: object, container: str, *rest: object) -> object:
        if container == "accounts":
            raise Unavailable("as good as dead")
        return real(container, *rest)  # type: ignore[operator]  # the store's own commit

    by = as_principal(maya)
    with pytest.raises(Unavailable):
        families.revoke(
            Patched(house, "commit", dying).means(house), by, reach(by, "family_links_revoke"),
            made.id, now=house.clock(),
        )  # fmt: skip
    house.clock.advance(seconds=RELAY_AFTER.total_seconds() + 1)
    relay(house, now=house.clock())
    assert not consented(house, maya)


def test_a_consent_while_the_link_ends_does_not_last(house: House, maya: Account) -> None:
    """A parent who agrees at the very moment of being unlinked leaves nobody shown."""
    for _ in range(5):
        made = link(house, maya, MOTHER)
        say(house, MOTHER, maya, granted=False)

        def one(number: int, made: FamilyLink = made) -> None:
            if number:
                unlink(house, maya, made)
            else:
                say(house, MOTHER, maya)

        at_once(2, one)
        assert not consented(house, maya)


def changed(learner_id: str, number: int, tenant: str = TENANT) -> Event:
    data = FamilyChanged(learner_id=learner_id)
    return Event(
        id=f"changed-{number}", source="/waymark/tests", type=data.type, subject=data.subject,
        time=START, data=data.model_dump(), tenantid=tenant, partitionkey=learner_id,
    )  # fmt: skip


def test_events_in_any_order_and_number_end_alike(house: House, maya: Account) -> None:
    """Late, doubled and reordered events judge by what stands, never by what they were told of."""
    made = link(house, maya, MOTHER)
    say(house, MOTHER, maya)
    unlink(house, maya, made)
    link(house, maya, FATHER)
    say(house, FATHER, maya)
    waiting = house.waiting("accounts")
    for order in itertools.islice(itertools.permutations(waiting), 0, 400, 40):
        for event in (*order, order[0]):
            house.handle("accounts", event)
        assert account(house, maya).parent_consented
    assert len(house.kinds("entry", container="audit")) == len(
        [event for event in waiting if event.type == "waymark.audit.noted.v1"]
    )


def test_another_tenants_event_shows_nobody(house: House, maya: Account) -> None:
    """An event of another tenant, or about nobody, changes no account."""
    link(house, maya, MOTHER)
    say(house, MOTHER, maya)
    house.work("accounts")
    before = account(house, maya)
    house.bus.publish([
        message_of(changed(maya.user_id, 1, RIVAL)),
        message_of(changed("nobody", 2)),
    ])  # fmt: skip
    assert house.work("accounts") == ["repeated", "repeated"]
    assert account(house, maya) == before
    assert house.kinds("account", container="accounts", tenant=RIVAL) == []


def test_nobody_speaks_for_others(house: House, maya: Account) -> None:
    """To parents who are not linked, to staff and to other tenants there is nobody to speak
    for, and a link that ended gives no voice."""
    made = link(house, maya, MOTHER)
    unlink(house, maya, made)
    for by in (MOTHER, FATHER, staff("admin"), staff("mentor"), staff("parent", tenant=RIVAL)):
        with pytest.raises(Missing):
            say(house, by, maya)
    assert entries(house, "consent.record") == []


def test_statements_are_read_by_whom_they_concern(house: House, maya: Account) -> None:
    """The person, linked parents and admins read them; mentors and strangers do not."""
    link(house, maya, MOTHER)
    for by in (as_principal(maya), MOTHER, staff("admin")):
        assert len(listed(house, by, maya)) == 2
    rival = staff("admin", tenant=RIVAL)
    for by in (FATHER, staff("mentor"), staff("recruiter"), rival):
        with pytest.raises(Missing):
            listed(house, by, maya)
