"""Refresh tokens: each holds once, a copy ends its sign-in, and every sign-in can be ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.accounts.rules.documents import RefreshFamily
from functions.accounts.rules.refreshing import (
    FAMILY_LIFETIME,
    REFRESH_LIFETIME,
    judge,
    lifetime_left,
    rotated,
)
from functions.accounts.service import persons, sign_in
from functions.accounts.service.sign_in import TokenPair
from shared.auth import LEEWAY, Ticket
from shared.documents.port import Delete, Json, document_id
from shared.errors import Unauthenticated, Unavailable
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from tests.flows.accounts.inhabitants import (
    Patched,
    as_principal,
    at_once,
    enter,
    entries,
    key,
    register,
    staff,
)
from tests.flows.stores import RIVAL, START, TENANT, House
from tests.flows.stores import house as house

FAMILY = RefreshFamily(
    id="refresh:f", tenant_id=TENANT, user_id="u", family_id="f", current="two", former="one",
    repeat_key="k1", created_at=START, rotated_at=START,
)  # fmt: skip
moments = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda passed: START + passed)
names = st.sampled_from(["one", "two", "three", ""])
keys = st.sampled_from([None, "k1", "k2"])


@given(names, keys, moments, st.booleans())
def test_a_token_is_worth_what_the_family_says(
    token: str, repeat_key: str | None, now: Any, ended: bool
) -> None:
    """The last token rotates, the one before repeats with its own key alone, every other was
    used; and nothing of a family that has ended or is too old is worth anything."""
    family = FAMILY.model_copy(update={"revoked_at": START}) if ended else FAMILY
    verdict = judge(family, token, repeat_key=repeat_key, password_changed_at=START, now=now)
    if ended or now - START >= FAMILY_LIFETIME:
        assert verdict == "dead"
    elif token == "two":
        assert verdict == "rotate"
    else:
        assert verdict == ("repeat" if (token, repeat_key) == ("one", "k1") else "reused")


@pytest.mark.parametrize(("later", "verdict"), [(-1, "rotate"), (0, "rotate"), (1, "dead")])
def test_a_family_is_not_older_than_the_password(later: int, verdict: str) -> None:
    """A sign-in with a password that was changed afterwards is worth nothing."""
    changed_at = START + timedelta(seconds=later)
    found = judge(FAMILY, "two", repeat_key=None, password_changed_at=changed_at, now=START)
    assert found == verdict


def test_a_family_without_keys_repeats_nothing() -> None:
    """No key is not the same as no key: a former token without one was used before."""
    keyless = FAMILY.model_copy(update={"repeat_key": None})
    for token in ("one", "three"):
        assert judge(keyless, token, repeat_key=None, password_changed_at=START, now=START) == (
            "reused"
        )


@given(st.lists(keys, min_size=1, max_size=8))
def test_after_each_rotation_one_token_holds(sent: list[str | None]) -> None:
    """Whatever keys come, the new token rotates and the former is a repeat with its key alone."""
    family, tokens = FAMILY, ["one", "two"]
    for number, repeat_key in enumerate(sent):
        family = rotated(family, f"new-{number}", repeat_key=repeat_key, now=START)
        tokens.append(f"new-{number}")
        verdicts = [
            judge(family, token, repeat_key=repeat_key, password_changed_at=START, now=START)
            for token in tokens
        ]
        assert verdicts[-1] == "rotate"
        assert verdicts[-2] == ("repeat" if repeat_key else "reused")
        assert set(verdicts[:-2]) <= {"reused"}


@given(st.timedeltas(timedelta(0), FAMILY_LIFETIME))
def test_no_token_outlives_its_family(passed: timedelta) -> None:
    """A token holds for thirty days, and never beyond the end of its family."""
    left = lifetime_left(FAMILY, START + passed)
    assert left <= REFRESH_LIFETIME
    assert passed + left <= FAMILY_LIFETIME


def refresh(house: House, token: str, sent: IdempotencyKey | None = None) -> TokenPair:
    return sign_in.refresh(house.means, token, idempotency=sent, now=house.clock())


def families(house: House) -> list[Json]:
    return house.kinds("refresh_family", container="accounts")


def holds(house: House, token: str) -> bool:
    """Whether a refresh token is worth anything, which using it up tells."""
    try:
        refresh(house, token)
    except Unauthenticated:
        return False
    return True


def test_a_refresh_gives_new_tokens_and_uses_up_the_old(house: House) -> None:
    """Ten rotations in a row hold, and each pair is of the person as the account is now."""
    person = register(house)
    pair = enter(house)
    seen = {pair.refresh}
    for _ in range(10):
        house.clock.advance(days=7)
        pair = refresh(house, pair.refresh)
        seen.add(pair.refresh)
    assert len(seen) == 11
    assert house.means.tokens.verify(pair.access, now=house.clock()) == as_principal(person)


def test_new_roles_come_with_the_next_refresh(house: House) -> None:
    """What an admin makes of somebody is in the tokens after a refresh."""
    person, pair = register(house), enter(house)
    persons.change_other(
        house.means, staff("admin"), person.user_id, {"roles": ("mentor",), "address_proven": True},
        reason=None, if_match=None, now=house.clock(),
    )  # fmt: skip
    access = refresh(house, pair.refresh).access
    assert house.means.tokens.verify(access, now=house.clock()).roles == {"mentor"}


def test_a_copy_that_is_used_ends_the_sign_in(house: House) -> None:
    """A token that comes twice ends every token of its sign-in, those in the thief's hands too;
    it is audited, and other sign-ins go on."""
    person = register(house)
    stolen, other = enter(house).refresh, enter(house).refresh
    latest = refresh(house, refresh(house, stolen).refresh).refresh
    with pytest.raises(Unauthenticated, match="used before"):
        refresh(house, stolen)
    assert not holds(house, latest)
    assert {family["revoked_for"] for family in families(house)} == {"reused", None}
    (entry,) = entries(house, "token.reuse")
    pseudonym = house.means.pseudonyms.of(TENANT, "user", person.user_id)
    assert (entry["actor"], entry["subject"]) == ("system", pseudonym)
    assert holds(house, other)


def test_a_repeat_gets_tokens_of_the_same_generation(house: House) -> None:
    """The same token with the Idempotency-Key of its first time is answered again, and what it
    answers is good as long as nobody went on."""
    register(house)
    first = enter(house).refresh
    answers = [refresh(house, first, key("lost")) for _ in range(3)]
    tickets = [
        house.means.tokens.read_ticket(pair.refresh, use="refresh", now=house.clock())
        for pair in answers
    ]
    assert len(set(tickets)) == 1
    assert len(families(house)) == 1
    assert holds(house, answers[1].refresh)
    with pytest.raises(Unauthenticated):
        refresh(house, first, key("lost"))


@pytest.mark.parametrize(
    "other", [None, key("other"), key("lost", scope="acme/somebody-else/route")]
)
def test_a_repeat_with_another_key_is_a_copy(house: House, other: IdempotencyKey | None) -> None:
    """Who does not know the key of the first time has stolen the token."""
    register(house)
    first = enter(house).refresh
    latest = refresh(house, first, key("lost")).refresh
    with pytest.raises(Unauthenticated, match="used before"):
        refresh(house, first, other)
    assert not holds(house, latest)


def test_two_refreshes_at_once_are_one_rotation(house: House) -> None:
    """Of eight at the same moment without a key one rotates, and the others end the sign-in;
    with one key all are one generation, and it holds."""
    register(house)
    token = enter(house).refresh
    outcomes = at_once(8, lambda _: refresh(house, token))
    assert sum(isinstance(each, TokenPair) for each in outcomes) == 1
    (winner,) = (each for each in outcomes if isinstance(each, TokenPair))
    assert not holds(house, winner.refresh)

    token = enter(house).refresh
    outcomes = at_once(4, lambda _: refresh(house, token, key()))
    pairs = [each for each in outcomes if isinstance(each, TokenPair)]
    assert len(pairs) == 4
    assert holds(house, pairs[-1].refresh)


def test_a_refresh_whose_commit_fails_uses_nothing_up(house: House) -> None:
    """A store that gave no answer and wrote nothing leaves the token as good as before."""
    register(house)
    token = enter(house).refresh

    def away(*_: object) -> None:
        raise Unavailable("the store does not answer")

    means = Patched(house, "commit", away).means(house)
    with pytest.raises(Unavailable):
        sign_in.refresh(means, token, idempotency=None, now=house.clock())
    assert holds(house, token)


def other_tokens(house: House, person: Account) -> dict[str, str]:
    """Tokens of ours that are no refresh tokens of a sign-in here."""
    tokens, now = house.means.tokens, house.clock()
    day = timedelta(days=1)

    def ticket(tenant: str, subject: str, ticket_id: str) -> str:
        made = Ticket(tenant, subject, ticket_id)
        return tokens.issue_ticket(made, use="refresh", now=now, lifetime=day)

    family = families(house)[0]
    invitation = Ticket(TENANT, person.user_id, f"{family['family_id']}/{family['current']}")
    return {
        "access": enter(house).access,
        "invitation": tokens.issue_ticket(invitation, use="invitation", now=now, lifetime=day),
        "no such family": ticket(TENANT, person.user_id, "no-such-family/token"),
        "no token id": ticket(TENANT, person.user_id, "x"),
        "another person": ticket(TENANT, "somebody", invitation.ticket_id),
        "another tenant": ticket(RIVAL, person.user_id, invitation.ticket_id),
        "ticket of the account": ticket(TENANT, person.user_id, "../account"),
        "no token": "not a token",
        "nothing": "",
    }


def test_no_other_token_refreshes_or_revokes(house: House) -> None:
    """Neither an access token nor an invitation's, nor one that names another family, person
    or tenant, refreshes or ends anything."""
    person = register(house)
    token = enter(house).refresh
    for name, other in other_tokens(house, person).items():
        with pytest.raises(Unauthenticated):
            refresh(house, other)
        # one of ours that names no sign-in still says whose all are to end
        everywhere = name not in {"no such family", "no token id", "ticket of the account"}
        sign_in.revoke(house.means, other, everywhere=everywhere, now=house.clock())
        assert [f["revoked_at"] for f in families(house) if f["revoked_at"]] == [], name
    assert holds(house, token)


def test_a_token_expires(house: House) -> None:
    """After thirty days, and half a minute for clocks that differ, a token is worth nothing."""
    register(house)
    token, later = enter(house).refresh, enter(house).refresh
    house.clock.advance(seconds=(REFRESH_LIFETIME + LEEWAY).total_seconds() - 1)
    assert holds(house, token)
    house.clock.advance(seconds=1)
    assert not holds(house, later)


def test_a_sign_in_ends_after_half_a_year(house: House) -> None:
    """However often it is refreshed, a sign-in ends, and its last token says when."""
    register(house)
    pair = enter(house)
    for _ in range(8):
        house.clock.advance(days=20)
        pair = refresh(house, pair.refresh)
    house.clock.advance(days=15)
    pair = refresh(house, pair.refresh)
    assert pair.refresh_lifetime == timedelta(days=5)
    house.clock.advance(days=5)
    assert not holds(house, pair.refresh)


def test_nothing_of_a_dead_sign_in_is_kept_for_ever(house: House) -> None:
    """Once its last token has run out, a sign-in is gone from the store."""
    register(house)
    refresh(house, enter(house).refresh)
    assert len(families(house)) == 1
    house.clock.advance(days=31)
    assert families(house) == []


@pytest.mark.parametrize("what", ["suspended", "erased"])
def test_a_person_who_is_gone_refreshes_nothing(house: House, what: str) -> None:
    """A suspended or erased account's tokens are worth nothing, its sign-ins standing or not."""
    person, token = register(house), enter(house).refresh
    if what == "erased":
        house.documents.commit("accounts", person.partition, [Delete("account")])
    else:
        persons.change_other(
            house.means, staff("admin"), person.user_id, {"status": "suspended"},
            reason=None, if_match=None, now=house.clock(),
        )  # fmt: skip
        assert [family["revoked_for"] for family in families(house)] == ["suspended"]
    assert not holds(house, token)


def test_a_suspension_that_died_midway_holds(house: House) -> None:
    """When the process died before it ended the sign-ins of a suspended person, they are worth
    nothing all the same."""
    person, token = register(house), enter(house).refresh

    def dying(real: Callable[..., Any], container: str, partition: Any, operations: Any) -> Any:
        if any("refresh:" in document_id(each) for each in operations):
            raise Unavailable("as good as dead")
        return real(container, partition, operations)

    with pytest.raises(Unavailable):
        persons.change_other(
            Patched(house, "commit", dying).means(house), staff("admin"), person.user_id,
            {"status": "suspended"}, reason=None, if_match=None, now=house.clock(),
        )  # fmt: skip
    assert [family["revoked_at"] for family in families(house)] == [None]
    assert not holds(house, token)


def test_one_sign_in_is_ended(house: House) -> None:
    """Signing out ends the sign-in of the token, used up or not, and no other; twice is fine."""
    register(house)
    here, there = enter(house).refresh, enter(house).refresh
    latest = refresh(house, here).refresh
    for _ in range(2):
        sign_in.revoke(house.means, here, everywhere=False, now=house.clock())
    assert not holds(house, latest)
    assert holds(house, there)


def test_every_sign_in_is_ended(house: House) -> None:
    """Signing out everywhere ends all of the person's sign-ins and nobody else's."""
    register(house)
    register(house, "zoe@example.org")
    mine, others = [enter(house).refresh for _ in range(3)], enter(house, "zoe@example.org").refresh
    sign_in.revoke(house.means, mine[0], everywhere=True, now=house.clock())
    assert [token for token in mine if holds(house, token)] == []
    assert holds(house, others)


def begin(house: House, person: Account, count: int) -> list[str]:
    return [
        sign_in.open_family(house.means, person, now=house.clock()).refresh for _ in range(count)
    ]


def test_somebody_with_many_sign_ins_can_end_each_and_all(house: House) -> None:
    """More sign-ins than one commit takes hide none: the last one ends alone, then all do."""
    person = register(house)
    tokens = begin(house, person, 205)
    for token in (tokens[-1], tokens[100], tokens[0]):
        sign_in.revoke(house.means, token, everywhere=False, now=house.clock())
        assert not holds(house, token)
    assert len([family for family in families(house) if family["revoked_at"]]) == 3
    sign_in.revoke(house.means, tokens[1], everywhere=True, now=house.clock())
    assert [family for family in families(house) if not family["revoked_at"]] == []
