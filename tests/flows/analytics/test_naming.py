"""Names of shown groups: looked up together, gone with their people, kept where they are ours."""

from __future__ import annotations

from typing import Any

import pytest

from functions.analytics.rules.dimensions import UNNAMED
from functions.analytics.rules.documents import CONTAINER
from functions.analytics.service import naming
from functions.analytics.service.naming import Names
from functions.coaching.service import recipes
from shared.documents.port import Create, Delete
from shared.models.content import CONTAINER as CONTENT
from shared.models.recipes import seed
from shared.models.tenant import PLATFORM
from tests.flows.analytics.analyst import Analyst, answered, learners
from tests.flows.profiling import learner
from tests.flows.stores import PSEUDONYMS, TENANT, House
from tests.flows.stores import house as house


@pytest.fixture
def analyst(house: House) -> Analyst:
    return Analyst(house)


def _read_by(analyst: Analyst, monkeypatch: pytest.MonkeyPatch, page: Any) -> tuple[Any, int]:
    """The names of a page of skills, and how many reads they took."""
    documents, reads = analyst.house.documents, [0]
    real = documents.get

    def get(*given: Any) -> Any:
        reads[0] += 1
        return real(*given)

    def refused(*given: Any, **more: Any) -> Any:
        raise AssertionError("a name is read by its id")

    with monkeypatch.context() as patched:
        patched.setattr(documents, "get", get)
        patched.setattr(documents, "query", refused)
        found = [({"skill": key[0]}, cell) for key, cell in page]
        names = Names(analyst.house, TENANT, "skills", found)
        called = {names.of("skill", key[0]) for key, _ in page}
    return called, reads[0]


def test_names_of_a_page_are_looked_up_together(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who knows many names is asked once; those of no other page are asked for."""
    for user in learners(12):
        analyst.hear(*(answered(user, skill=f"skill-{n}") for n in range(30)))
    rows = analyst.read("skills", "skill").rows
    called, reads = _read_by(analyst, monkeypatch, rows)
    assert called == {f"skill-{n}" for n in range(30)}
    assert reads == 1
    called, reads = _read_by(analyst, monkeypatch, rows[:3])
    assert (len(called), reads) == (3, 1)
    assert _read_by(analyst, monkeypatch, []) == (set(), 0)


def test_another_is_asked_where_one_is_gone(
    analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until somebody knows it; so many are asked for a page, and no more."""
    for user in learners(40):
        analyst.hear(answered(user))
    *others, _ = analyst.stored("words")
    for words in others:
        partition = (words["tenant_id"], words["month"], words["shard"])
        analyst.house.documents.commit(CONTAINER, partition, [Delete(words["id"])])
    rows = analyst.read("skills", "skill").rows
    called, reads = _read_by(analyst, monkeypatch, rows)
    assert called == {"math.fractions"}
    assert reads <= 40
    monkeypatch.setattr(naming, "MOST_ASKED", 0)
    assert _read_by(analyst, monkeypatch, rows) == ({UNNAMED}, 0)


def test_names_are_kept_once_a_person_and_month(analyst: Analyst) -> None:
    """However many things they do, and however much more there is to say later."""
    for number in range(3):
        analyst.hear(*(answered("lena", str(n), skill=f"skill-{n}") for n in range(12)))
        analyst.hear(answered("lena", f"more {number}", skill=f"more-{number}"))
    (words,) = analyst.stored("words")
    said = {f"skill-{n}" for n in range(12)} | {f"more-{n}" for n in range(3)} | {"pilot", "pip"}
    assert set(words["names"].values()) == said


def test_what_the_catalogue_has_keeps_its_name(analyst: Analyst, house: House) -> None:
    """Recipes of the seed and of a tenant, content of a tenant and of the platform, and types of
    the house's own; what learners made up is gone with them."""
    now, slug = house.clock(), next(iter(seed()))
    own = {"id": "recipe", "tenant_id": TENANT, "slug": "our-own-lab", "kind": "recipe"}
    house.documents.commit("recipes", (TENANT, "our-own-lab"), [Create(own)])
    for owner, content_id in ((TENANT, "ports"), (PLATFORM, "routing")):
        body = {"id": content_id, "tenant_id": owner, "content_type": "lesson"}
        house.documents.commit(CONTENT, (owner, "lesson"), [Create(body)])
    for user in learners(10):
        recipes.use(house, PSEUDONYMS, learner(user), slug, None, now=now)
        analyst.report(user, "recipe.opened", "own", content_id="our-own-lab")
        analyst.report(user, "recipe.opened", "made up", content_id="jane-doe-1987")
        analyst.report(user, "coaching.opened", "coaching")
        analyst.report(user, "page.opened", "page", content_id="jane.doe")
        for content_id in ("ports", "routing", "jane"):
            told: dict[str, Any] = {"content_type": "lesson", "content_id": content_id}
            analyst.report(user, "content.opened", content_id, **told)
        told = {"content_type": "diary", "content_id": "ports"}
        analyst.report(user, "content.opened", "diary", **told)
    analyst.drain("recipes")
    before = set(analyst.rows("content", "content_type", "content_id"))
    assert ("diary", "ports") in before
    for words in analyst.stored("words"):
        assert not {slug, "recipe", "recommendations"} & set(words["names"].values())
        partition = (words["tenant_id"], words["month"], words["shard"])
        house.documents.commit(CONTAINER, partition, [Delete(words["id"])])
    after = analyst.rows("content", "content_type", "content_id")
    kept = {
        ("recipe", slug), ("recipe", "our-own-lab"), ("coaching", "recommendations"),
        ("lesson", "ports"), ("lesson", "routing"),
    }  # fmt: skip
    assert kept <= set(after)
    assert set(after) - kept == {
        ("recipe", UNNAMED), ("page", UNNAMED), ("lesson", UNNAMED), (UNNAMED, "ports"),
    }  # fmt: skip
    assert "jane" not in str(analyst.stored("aggregate"))
