"""Leaderboards by HTTP: built when the timer fires, read with an etag, and what each may see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests

from shared.documents.port import Create, Patch
from shared.models import account, game
from shared.models.account import Account
from shared.models.game import GameProfile
from shared.models.recent_xp import with_recent
from tests.running_host import RunningHost

XP = (90, 70, 70, 40, 40, 40, 10)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with RunningHost(tmp_path_factory.mktemp("home")) as made:
        made.make_tenant("demo")
        made.make_tenant("rival")
        yield made


@pytest.fixture(scope="module")
def users(host: RunningHost) -> list[str]:
    """Learners of the tenant demo with the XP of the table, one in the tenant rival, and boards
    of both."""
    made = [join(host, xp, name=f"L{n}") for n, xp in enumerate(XP)]
    join(host, 500, name="Rival", tenant="rival")
    build(host)
    return made


def join(host: RunningHost, xp: int, *, name: str, tenant: str = "demo") -> str:
    user, now = str(uuid4()), datetime.now(UTC)
    person = Account(
        tenant_id=tenant, user_id=user, display_name=name, roles=("learner",), birth_year=1990,
        created_at=now, updated_at=now,
    )  # fmt: skip
    profile = GameProfile(
        tenant_id=tenant, user_id=user, lifetime_xp=xp, balance=xp, grade_level="5",
        career="Pilot", recent=with_recent({}, xp, now), scored_at=now, created_at=now,
        updated_at=now,
    )  # fmt: skip
    host.documents.commit(account.CONTAINER, person.partition, [Create(person.stored())])
    host.documents.commit(game.CONTAINER, profile.partition, [Create(profile.stored())])
    return user


def build(host: RunningHost) -> None:
    """Fire the timer by hand, and wait until it is done."""
    answer = requests.post(
        f"{host.url}/admin/functions/leaderboard_timer", json={"input": ""}, timeout=30
    )
    assert answer.status_code in {200, 202}, answer.text


def get(host: RunningHost, user: str, path: str = "", tenant: str = "demo", **params: str) -> Any:
    token = host.token("learner", tenant=tenant, user=user)
    return host.get(f"v1/leaderboards{path}", token=token, **params)


def test_the_highest_places_share_ranks(host: RunningHost, users: list[str]) -> None:
    """Names, scores and competition ranks; one's own place is marked."""
    host.wait_for(lambda: get(host, users[0])["members"] == len(XP), "the boards", 30)
    board = get(host, users[2])
    assert [each["rank"] for each in board["items"]] == [1, 2, 2, 4, 4, 4, 7]
    assert [each["score"] for each in board["items"]] == list(XP)
    assert {each["name"] for each in board["items"]} == {f"L{n}" for n in range(len(XP))}
    assert [each["is_me"] for each in board["items"]].count(True) == 1
    assert len(get(host, users[0], limit="3")["items"]) == 3


@pytest.mark.parametrize("criterion", ["xp", "level"])
@pytest.mark.parametrize("window", ["all_time", "week", "today"])
@pytest.mark.parametrize("of", [{}, {"grade": "5"}, {"career": " PILOT "}])
def test_boards_of_each_kind(
    host: RunningHost, users: list[str], criterion: str, window: str, of: dict[str, str]
) -> None:
    """By criterion, window, grade and career."""
    asked = {"criterion": criterion, "window": window, **of}
    host.wait_for(lambda: get(host, users[0], **asked)["built_at"], "the board", 30)
    assert get(host, users[0], **asked)["members"] == len(XP)
    mine = get(host, users[3], "/me", **asked)["standing"]
    assert mine["rank"] == (4 if criterion == "xp" else 1)


def test_boards_of_others_are_empty(host: RunningHost, users: list[str]) -> None:
    """A grade that nobody is in has no board, and nobody a place on it."""
    assert get(host, users[0], grade="9")["items"] == []
    assert get(host, users[0], "/me", grade="9")["standing"] is None


def test_ones_own_place_is_by_the_live_score(host: RunningHost, users: list[str]) -> None:
    """It counts at once, and says what is missing to the next."""
    assert get(host, users[3], "/me")["standing"] == {
        "rank": 4, "score": 40, "members": 7, "to_next": 30,
    }  # fmt: skip
    new = join(host, 75, name="New")
    assert get(host, new, "/me")["standing"]["rank"] == 2
    around = get(host, new, "/around", size="1")["items"]
    assert [(each["rank"], each["score"], each["is_me"]) for each in around] == [
        (1, 90, False), (2, 75, True), (2, 70, False),
    ]  # fmt: skip


def test_an_etag_saves_the_body(host: RunningHost, users: list[str]) -> None:
    """304 while nothing changed, with how long it may be kept."""
    token = host.token("learner", user=users[0])
    first = host.call("GET", "v1/leaderboards", token=token)
    assert first.headers["Cache-Control"] == "private, max-age=30"
    match = {"If-None-Match": first.headers["ETag"]}
    again = host.call("GET", "v1/leaderboards", token=token, headers=match)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = host.call("GET", "v1/leaderboards?limit=2", token=token, headers=match)
    assert other.status_code == 200


def test_wrong_boards_are_refused(host: RunningHost, users: list[str]) -> None:
    """A grade and a career at once, an unknown criterion, too many places."""
    token = host.token("learner", user=users[0])
    for query in ("grade=5&career=Pilot", "criterion=beauty", "limit=1000", "tenant=rival"):
        assert host.call("GET", f"v1/leaderboards?{query}", token=token).status_code == 400


def test_a_tenant_sees_its_own(host: RunningHost, users: list[str]) -> None:
    """The same route, another tenant, another board; no ids anywhere."""
    rival = str(uuid4())
    host.wait_for(lambda: get(host, rival, tenant="rival")["members"], "the rival's board", 30)
    board = get(host, rival, tenant="rival")
    assert [each["name"] for each in board["items"]] == ["Rival"]
    text = host.call("GET", "v1/leaderboards", token=host.token("learner", user=users[0])).text
    assert not any(user in text for user in users[1:])


def test_who_hides_keeps_the_place(host: RunningHost) -> None:
    """Without a name for others; their own view tells the rank."""
    user = join(host, 900, name="Hider")
    host.documents.commit(
        account.CONTAINER, ("demo", user), [Patch(account.ACCOUNT_ID, set={"hidden": True})]
    )
    build(host)
    host.wait_for(lambda: get(host, user)["items"][0]["score"] == 900, "the new board", 30)
    first = get(host, str(uuid4()))["items"][0]
    assert (first["rank"], first["name"]) == (1, None)
    assert get(host, user, "/me")["standing"]["rank"] == 1
    assert get(host, user)["items"][0]["is_me"]
