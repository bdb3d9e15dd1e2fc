"""Family codes and links: a code links once, and a link that ends covers nothing at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.accounts.rules.family_codes import canonical
from functions.accounts.service import families, persons
from shared.auth import Principal
from shared.errors import Conflict, Forbidden, Missing, Throttled, Unprocessable
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from shared.models.family import FamilyLink
from shared.people import check_reach
from tests.flows.accounts.inhabitants import (
    as_principal,
    at_once,
    entries,
    key,
    reach,
    register,
    staff,
)
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house

numbers = iter(range(1, 10**6))


@pytest.fixture
def maya(house: House) -> Account:
    """A learner."""
    return register(house)


@pytest.fixture
def parent(house: House) -> Principal:
    """A parent, linked to nobody."""
    return as_principal(register(house, "parent@example.org", role="parent", birth_year=None))


def make_code(
    house: House, learner: Account, by: Principal | None = None, sent: IdempotencyKey | None = None
) -> str:
    by = by or as_principal(learner)
    code, expires_at = families.make_code(
        house.means, by, reach(by, "family_codes_create"), learner.user_id,
        entropy=next(numbers).to_bytes(8, "big"), idempotency=sent, now=house.clock(),
    )  # fmt: skip
    if sent is None:
        assert expires_at == house.clock() + timedelta(hours=48)
    return code


def link(
    house: House, parent: Principal, code: str, sent: IdempotencyKey | None = None
) -> FamilyLink:
    return families.link(house.means, parent, code, idempotency=sent, now=house.clock())


def revoke(house: House, by: Principal, link_id: str) -> None:
    families.revoke(house.means, by, reach(by, "family_links_revoke"), link_id, now=house.clock())


def listed(house: House, by: Principal, learner_id: str | None = None) -> list[FamilyLink]:
    found, _ = families.listed(
        house, by, reach(by, "family_links_list"), learner_id=learner_id, limit=50,
        continuation=None,
    )  # fmt: skip
    return found


def sees(house: House, principal: Principal, learner: Account) -> bool:
    try:
        check_reach(house, principal, reach(principal, "users_read"), learner.user_id)
    except Missing:
        return False
    return True


def test_a_code_links_a_parent(house: House, maya: Account, parent: Principal) -> None:
    """From the moment of the link the parent reaches the learner, and both see it listed."""
    assert not sees(house, parent, maya)
    made = link(house, parent, make_code(house, maya).lower().replace("-", " "))
    assert sees(house, parent, maya)
    assert (made.learner_id, made.parent_id, made.active) == (maya.user_id, parent.user_id, True)
    assert listed(house, parent) == listed(house, as_principal(maya)) == [made]
    assert listed(house, staff("admin"), maya.user_id) == [made]
    assert listed(house, staff("mentor"), maya.user_id) == [made]
    of = house.means.pseudonyms.of
    actors = [of(TENANT, "user", each) for each in (maya.user_id, parent.user_id)]
    for action, actor in zip(("family.code", "family.link"), actors, strict=True):
        (entry,) = entries(house, action)
        assert (entry["actor"], entry["subject"]) == (actor, actors[0])


def test_nothing_of_a_code_is_kept_but_its_digest(house: House, maya: Account) -> None:
    """The store holds no code that anybody could use."""
    code = make_code(house, maya, sent=key())
    kept = repr(
        house.kinds("code", container="family") + house.kinds("receipt", container="family")
    )
    assert code not in kept
    assert canonical(code) not in kept


def test_a_code_is_good_once(house: House, maya: Account, parent: Principal) -> None:
    """A second parent with the same code is told that there is none, as is the first."""
    code = make_code(house, maya)
    link(house, parent, code)
    other = as_principal(register(house, "other@example.org", role="parent"))
    for each in (other, parent):
        with pytest.raises(Missing, match="no open code"):
            link(house, each, code)
    assert not sees(house, other, maya)


def test_of_two_parents_at_once_one_is_linked(house: House, maya: Account) -> None:
    """Eight parents who redeem one code at the same moment are one link and seven refusals."""
    code = make_code(house, maya)
    parents = [staff("parent", user=f"parent-{number}") for number in range(8)]
    outcomes = at_once(8, lambda number: link(house, parents[number], code))
    assert sum(isinstance(each, FamilyLink) for each in outcomes) == 1
    assert {type(each) for each in outcomes} == {FamilyLink, Missing}
    assert [sees(house, each, maya) for each in parents].count(True) == 1
    assert len(entries(house, "family.link")) == 1


def test_a_repeat_is_the_same_link(house: House, maya: Account, parent: Principal) -> None:
    """A parent whose answer was lost gets it again with the Idempotency-Key."""
    code = make_code(house, maya)
    assert link(house, parent, code, key()) == link(house, parent, code, key())
    assert len(entries(house, "family.link")) == 1


@pytest.mark.parametrize(("hours", "works"), [(47.99, True), (48, False), (72, False)])
def test_a_code_holds_two_days(
    house: House, maya: Account, parent: Principal, hours: float, works: bool
) -> None:
    """After 48 hours a code is none."""
    code = make_code(house, maya)
    house.clock.advance(hours=hours)
    if works:
        assert link(house, parent, code)
    else:
        with pytest.raises(Missing):
            link(house, parent, code)


def test_five_codes_are_open_at_most(house: House, maya: Account, parent: Principal) -> None:
    """A sixth code is refused until one is used or has expired."""
    codes = [make_code(house, maya) for _ in range(5)]
    with pytest.raises(Conflict, match="5 codes"):
        make_code(house, maya)
    link(house, parent, codes[0])
    make_code(house, maya)
    with pytest.raises(Conflict):
        make_code(house, maya)
    house.clock.advance(hours=48)
    assert make_code(house, maya)


def test_no_more_are_open_when_many_are_made_at_once(
    house: House, maya: Account, parent: Principal
) -> None:
    """Of sixteen codes asked for at the same moment five are made at the most; those link, once
    each, and a code in the place of another is not taken for it."""
    made = at_once(16, lambda _: make_code(house, maya))
    codes = [each for each in made if isinstance(each, str)]
    assert 1 <= len(codes) <= 5
    assert {type(each) for each in made if each not in codes} == {Conflict}
    for number, code in enumerate(codes):
        link(house, staff("parent", user=f"parent-{number}"), code)
    newer = make_code(house, maya)
    for code in codes:
        with pytest.raises(Missing):
            link(house, parent, code)
    assert link(house, parent, newer)


def test_a_repeat_shows_the_same_code(house: House, maya: Account) -> None:
    """The code of a lost answer is shown again with the Idempotency-Key, and is one code."""
    assert make_code(house, maya, sent=key()) == make_code(house, maya, sent=key())
    assert len(house.kinds("code", container="family")) == 1
    assert make_code(house, maya, sent=key("other")) != make_code(house, maya, sent=key())
    changed = IdempotencyKey(key().scope, key().key, "another request")
    with pytest.raises(Unprocessable):
        make_code(house, maya, sent=changed)


def test_one_key_for_two_children_makes_two_codes(
    house: House, maya: Account, parent: Principal
) -> None:
    """An admin who sends one Idempotency-Key for two learners gets a code for each, and each
    links to its own learner."""
    zoe = register(house, "zoe@example.org")
    admin = staff("admin")
    codes = [make_code(house, child, admin, sent=key()) for child in (maya, zoe)]
    assert len(set(codes)) == 2
    assert [link(house, parent, code).learner_id for code in codes] == [maya.user_id, zoe.user_id]


def test_wrong_codes_are_held_up(house: House, maya: Account, parent: Principal) -> None:
    """After ten wrong codes within a day a parent waits, a right code or not; others do not,
    and a right one forgets the wrong ones."""
    code, other = make_code(house, maya), make_code(house, maya)
    for _ in range(10):
        with pytest.raises(Missing):
            link(house, parent, "0000-0000-0000")
    with pytest.raises(Throttled) as refused:
        link(house, parent, code)
    assert refused.value.retry_after == 60
    assert link(house, staff("parent", user="other"), other)
    house.clock.advance(seconds=60)
    assert link(house, parent, code)
    for _ in range(10):
        with pytest.raises(Missing):
            link(house, parent, "0000-0000-0000")


def test_guesses_at_one_moment_share_the_budget(house: House, maya: Account) -> None:
    """Of 24 wrong codes at once ten are looked up, and the others wait."""
    outcomes = at_once(24, lambda number: link(house, staff("parent"), f"WRNG-{number:04d}-0000"))
    assert sum(isinstance(each, Missing) for each in outcomes) == 10
    assert sum(isinstance(each, Throttled) for each in outcomes) == 14


def test_another_tenants_code_is_none(house: House, maya: Account) -> None:
    """A code links within its own tenant alone, and stays open for it."""
    code = make_code(house, maya)
    with pytest.raises(Missing):
        link(house, staff("parent", tenant=RIVAL), code)
    assert house.kinds("link", container="family", tenant=RIVAL) == []
    assert link(house, staff("parent"), code)


def test_nobody_is_their_own_parent(house: House) -> None:
    """A learner who is a parent too cannot speak for themselves as one; the code stays open."""
    grown = register(house, "grown@example.org", birth_year=1990)
    both = Principal(grown.user_id, TENANT, frozenset({"learner", "parent"}))
    code = make_code(house, grown)
    with pytest.raises(Conflict, match="own parent"):
        link(house, both, code)
    assert house.kinds("link", container="family") == []
    assert link(house, staff("parent"), code)


def test_a_parent_is_of_age(house: House, maya: Account) -> None:
    """A minor who registered as a parent speaks for nobody; the code stays open."""
    friend = register(house, "friend@example.org")
    code = make_code(house, maya)
    with pytest.raises(Forbidden, match="of age"):
        link(house, Principal(friend.user_id, TENANT, frozenset({"parent"})), code)
    assert link(house, staff("parent"), code)


def test_codes_are_taken_back(house: House, maya: Account, parent: Principal) -> None:
    """Once the learner takes codes back none of them links anybody, and new ones can be made."""
    codes = [make_code(house, maya) for _ in range(5)]
    by = as_principal(maya)
    for _ in range(2):
        families.revoke_codes(
            house.means, by, reach(by, "family_codes_revoke"), maya.user_id, now=house.clock()
        )
    for code in codes:
        with pytest.raises(Missing, match="no open code"):
            link(house, parent, code)
    assert link(house, parent, make_code(house, maya))
    assert len(entries(house, "family.codes_revoke")) == 1


@pytest.mark.parametrize("side", ["learner", "parent", "admin"])
def test_either_side_and_an_admin_end_a_link(
    house: House, maya: Account, parent: Principal, side: str
) -> None:
    """Who ends it is noted; the parent reaches the learner no more from that moment on."""
    made = link(house, parent, make_code(house, maya))
    by = {"learner": as_principal(maya), "parent": parent, "admin": staff("admin")}[side]
    house.clock.advance(minutes=1)
    revoke(house, by, made.id)
    assert not sees(house, parent, maya)
    (ended,) = listed(house, parent)
    assert (ended.active, ended.revoked_by, ended.revoked_at) == (False, side, house.clock())
    revoke(house, by, made.id)
    (entry,) = entries(house, "family.revoke")
    assert entry["actor"] == house.means.pseudonyms.of(TENANT, "user", by.user_id)


def test_strangers_end_no_link(house: House, maya: Account, parent: Principal) -> None:
    """To other parents, other learners and other tenants' admins the link is not there."""
    made = link(house, parent, make_code(house, maya))
    for by in (
        staff("parent", user="other"),
        as_principal(register(house, "zoe@example.org")),
        staff("admin", tenant=RIVAL),
    ):
        with pytest.raises(Missing):
            revoke(house, by, made.id)
    with pytest.raises(Missing):
        revoke(house, parent, "no-such-link")
    assert sees(house, parent, maya)


def test_a_link_that_ended_is_made_anew(house: House, maya: Account, parent: Principal) -> None:
    """A new code links the same two again, as one link that is active."""
    first = link(house, parent, make_code(house, maya))
    revoke(house, parent, first.id)
    house.clock.advance(days=1)
    again = link(house, parent, make_code(house, maya))
    assert again.id == first.id
    assert (again.active, again.revoked_at, again.linked_at) == (True, None, house.clock())
    assert sees(house, parent, maya)


@pytest.mark.parametrize(
    ("by", "works"),
    [
        (staff("admin"), True),
        (staff("mentor"), False),
        (staff("learner", user="other"), False),
        (staff("mentor", tenant=RIVAL), False),
        (staff("admin", tenant=RIVAL), False),
    ],
)
def test_who_makes_codes_for_a_learner(
    house: House, maya: Account, by: Principal, works: bool
) -> None:
    """The school's admins may; for everybody else the learner is not there, mentors included,
    who see minors by a parent's consent and must not make the parent."""
    if works:
        assert make_code(house, maya, by)
        return
    with pytest.raises(Missing):
        make_code(house, maya, by)


@pytest.mark.parametrize("by", [staff("admin")])
def test_codes_are_for_learners_alone(house: House, by: Principal) -> None:
    """No parent can be linked to a parent, nor to somebody who is not there."""
    grown = register(house, "parent@example.org", role="parent", birth_year=None)
    with pytest.raises(Missing):
        make_code(house, grown, by)
    with pytest.raises(Missing):
        make_code(house, grown.model_copy(update={"user_id": "nobody"}), by)


def test_listings_are_paged_and_never_of_others(house: House, maya: Account) -> None:
    """A parent's links come changed last first, page by page, and nobody else's among them."""
    parent, other = staff("parent"), staff("parent", user="other")
    children = [maya, *(register(house, f"child{number}@example.org") for number in range(4))]
    made = []
    for child in children:
        house.clock.advance(minutes=1)
        made.append(link(house, parent, make_code(house, child)).id)
        link(house, other, make_code(house, child))
    found: list[FamilyLink] = []
    continuation: Any = None
    while True:
        page, continuation = families.listed(
            house, parent, reach(parent, "family_links_list"), learner_id=None, limit=2,
            continuation=continuation,
        )  # fmt: skip
        found += page
        if continuation is None:
            break
    assert [each.id for each in found] == made[::-1]
    with pytest.raises(Missing):
        listed(house, as_principal(children[1]), maya.user_id)
    with pytest.raises(Missing):
        listed(house, staff("admin", tenant=RIVAL), maya.user_id)


def test_a_suspended_learner_is_still_a_parents_child(
    house: House, maya: Account, parent: Principal
) -> None:
    """Suspending a learner ends no link."""
    link(house, parent, make_code(house, maya))
    persons.change_other(
        house.means, staff("admin"), maya.user_id, {"status": "suspended"},
        reason=None, if_match=None, now=house.clock(),
    )  # fmt: skip
    assert sees(house, parent, maya)
