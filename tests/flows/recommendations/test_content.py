"""Content: stored in batches with vectors, searched by words and meaning, recipes among it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.coaching.service import recipes as coaching
from functions.recommendations.rules.searching import Way
from functions.recommendations.service import content, searching
from functions.recommendations.service.recipes import SEED_ID
from shared.auth import Principal
from shared.documents.port import Create, Delete
from shared.errors import Conflict, Missing, Unavailable
from shared.models.content import CONTAINER, RECIPES, Content
from shared.models.recipes import RecipeContent, seed
from shared.models.tenant import PLATFORM
from tests.flows.coaching.test_catalogue import recipe
from tests.flows.recommendations.recommender import ADMIN, Recommender, lesson
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house

BOB = Principal("bob", RIVAL, frozenset({"admin"}))
PHISHING = lesson("phishing", "How to tell a fraudulent mail from an honest one.")
BREAD = lesson("bread", "Flour, water, salt and patience.")


@pytest.fixture
def tenant(house: House) -> Recommender:
    return Recommender(house)


def read(house: House, content_id: str, content_type: str = "lesson") -> Content:
    return content.read(house, TENANT, content_type, content_id)


def test_items_are_stored_with_their_vectors(tenant: Recommender) -> None:
    """In the order given, whatever their types; with model, dimension and search terms."""
    video = lesson("film", "A film about mails.", content_type="video", minutes=3)
    assert tenant.store(PHISHING, video, BREAD) == ["created"] * 3
    found = read(tenant.house, "phishing")
    assert (found.model, found.dimension) == ("all-MiniLM-L6-v2", 384)
    assert len(found.embedding) == 384
    assert sum(value**2 for value in found.embedding) == pytest.approx(1, abs=1e-5)
    assert "fraudulent" in found.terms
    assert read(tenant.house, "film", "video").minutes == 3
    items, _ = content.listed(tenant.house, TENANT, content_type=None, limit=10, continuation=None)
    assert [each.content_id for each in items] == ["bread", "film", "phishing"]


def test_only_a_changed_text_is_encoded(tenant: Recommender) -> None:
    """The same again is left alone; what is said of it is written, its vector kept."""
    tenant.store(PHISHING, BREAD)
    assert tenant.encoder.texts == 2
    before = read(tenant.house, "phishing")
    tenant.house.clock.advance(hours=1)
    assert tenant.store(PHISHING, BREAD) == ["unchanged", "unchanged"]
    assert read(tenant.house, "phishing") == before
    assert tenant.store(PHISHING | {"minutes": 9}) == ["updated"]
    assert tenant.encoder.texts == 2
    assert read(tenant.house, "phishing").embedding == before.embedding
    assert tenant.store(PHISHING | {"text": "Something else."}) == ["updated"]
    assert tenant.encoder.texts == 3
    after = read(tenant.house, "phishing")
    assert after.embedding != before.embedding
    assert (after.created_at, after.updated_at) == (before.created_at, tenant.house.clock())


def test_a_large_batch_that_died_is_done_when_it_is_sent_again(tenant: Recommender) -> None:
    """Groups are whole; those that were written stay, and are not encoded again."""
    items = [lesson(f"l{number:02}", f"Lesson number {number}.") for number in range(45)]
    tenant.encoder.dies_at = "number 40"
    with pytest.raises(Unavailable):
        tenant.store(*items)
    tenant.encoder.dies_at = None
    tenant.encoder.texts = 0
    found, _ = content.listed(
        tenant.house, TENANT, content_type="lesson", limit=100, continuation=None
    )
    assert len(found) == 40
    outcomes = tenant.store(*items)
    assert outcomes == ["unchanged"] * 40 + ["created"] * 5
    assert tenant.encoder.texts == 5


def test_two_admins_at_once_lose_nothing(tenant: Recommender) -> None:
    """Each item is there as one of them wrote it."""
    tenant.encoder.encode(["warm"])

    def store(number: int) -> None:
        Recommender(tenant.house).store(*(lesson(f"l{at}", f"By {number}.") for at in range(6)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store, range(4)))
    texts = {read(tenant.house, f"l{at}").text for at in range(6)}
    assert texts <= {f"By {number}." for number in range(4)}
    for at in range(6):
        kept = read(tenant.house, f"l{at}")
        (expected,) = tenant.encoder.encode([f"{kept.title}\n{kept.text}"])
        assert kept.embedding == pytest.approx(expected, abs=1e-4)


def test_another_tenant_sees_and_removes_nothing(tenant: Recommender) -> None:
    """The same ids are other items there."""
    tenant.store(PHISHING)
    tenant.store(PHISHING | {"title": "Theirs"}, by=BOB)
    assert read(tenant.house, "phishing").title == "phishing"
    content.remove(tenant.house, PSEUDONYMS, BOB, "lesson", "phishing", now=tenant.house.clock())
    assert read(tenant.house, "phishing").title == "phishing"
    with pytest.raises(Missing):
        content.remove(
            tenant.house, PSEUDONYMS, BOB, "lesson", "phishing", now=tenant.house.clock()
        )
    assert [each[0] for each in hits(tenant, "mail", tenant_id=RIVAL)] == []


def test_what_is_removed_is_found_no_more(tenant: Recommender) -> None:
    """Neither by words nor by meaning; taken out of use likewise."""
    tenant.store(PHISHING, BREAD)
    assert [each[0] for each in hits(tenant, "fraudulent mail")] == ["phishing"]
    tenant.store(PHISHING | {"is_active": False})
    assert hits(tenant, "fraudulent mail") == []
    with pytest.raises(Missing):
        read(tenant.house, "phishing")
    content.remove(tenant.house, PSEUDONYMS, ADMIN, "lesson", "bread", now=tenant.house.clock())
    assert hits(tenant, "sourdough") == hits(tenant, "flour") == []


def hits(
    tenant: Recommender, question: str, *, tenant_id: str = TENANT, content_type: str | None = None,
    language: str | None = None, limit: int = 10,
) -> list[tuple[str, tuple[Way, ...]]]:  # fmt: skip
    found = searching.search(
        tenant.house, tenant.encoder, tenant_id, question, content_type=content_type,
        language=language, limit=limit,
    )  # fmt: skip
    return [(hit.content.content_id, hit.ways) for hit in found.hits]


def test_it_is_found_by_words_and_by_meaning(tenant: Recommender) -> None:
    """A word that stands there, and a question that shares none with it."""
    tenant.store(PHISHING, BREAD)
    assert hits(tenant, "fraudulent") == [("phishing", ("words", "meaning"))]
    assert hits(tenant, "spotting scam e-mails") == [("phishing", ("meaning",))]
    assert hits(tenant, "patience")[0][0] == "bread"
    assert hits(tenant, "volcanoes of Iceland") == []
    assert hits(tenant, "mail", content_type="video") == []
    assert hits(tenant, "mail", language="de") == []
    assert hits(tenant, "?!") == []


def test_without_an_encoder_words_still_find(tenant: Recommender) -> None:
    """And the answer says that it was by words alone."""
    tenant.store(PHISHING)
    tenant.encoder.fails = [Unavailable("none here")] * 2
    found = searching.search(
        tenant.house, tenant.encoder, TENANT, "mail", content_type=None, language=None, limit=5
    )
    assert found.ways == ("words",)
    assert [hit.content.content_id for hit in found.hits] == ["phishing"]
    with pytest.raises(Unavailable):
        tenant.store(BREAD)
    with pytest.raises(Missing):
        read(tenant.house, "bread")


def test_the_seed_is_everybodys_content(tenant: Recommender) -> None:
    """Made once, by whatever process; found in every tenant; gone recipes go."""
    tenant.keep_seed()
    assert tenant.encoder.texts == len(seed())
    again = Recommender(tenant.house)
    again.keep_seed()
    assert again.encoder.texts == 0
    slugs = [each[0] for each in hits(tenant, "protecting against phishing", tenant_id=RIVAL)]
    assert "explain-phishing-to-a-grandparent" in slugs
    stored = tenant.house.documents.get(CONTAINER, (PLATFORM, RECIPES), slugs[0])
    gone = stored.body | {"id": "gone-recipe", "content_id": "gone-recipe"}
    tenant.house.documents.commit(CONTAINER, (PLATFORM, RECIPES), [Create(gone), Delete(SEED_ID)])
    again.keep_seed()
    assert tenant.house.documents.get(CONTAINER, (PLATFORM, RECIPES), "gone-recipe") is None


def change(tenant: Recommender, slug: str, **changes: object) -> None:
    coaching.change(
        tenant.house, PSEUDONYMS, ADMIN, slug, lambda record: record.model_copy(update=changes),
        action="recipe.change", if_match=None, now=tenant.house.clock(),
    )  # fmt: skip


def test_a_tenants_recipes_follow_its_admins(tenant: Recommender) -> None:
    """Taken out of use, brought back, written anew, added: in that tenant alone."""
    tenant.keep_seed()
    slug = "explain-phishing-to-a-grandparent"
    asked = "explain phishing to a grandparent"
    assert hits(tenant, asked)[0][0] == slug
    change(tenant, slug, is_active=False)
    assert tenant.hear("recipes") == ["done"]
    assert slug not in [each[0] for each in hits(tenant, asked)]
    assert hits(tenant, asked, tenant_id=RIVAL)[0][0] == slug
    with pytest.raises(Missing):
        content.read(tenant.house, TENANT, RECIPES, slug)
    with pytest.raises(Conflict):
        content.remove(tenant.house, PSEUDONYMS, ADMIN, RECIPES, slug, now=tenant.house.clock())
    assert content.read(tenant.house, RIVAL, RECIPES, slug).title
    bread: RecipeContent = seed()[slug].model_copy(update={"title": "Baking sourdough bread"})
    change(tenant, slug, is_active=True, content=bread)
    own = recipe(title="Volcanoes of Iceland").content
    coaching.add(
        tenant.house, PSEUDONYMS, ADMIN, "own-volcano", own,
        shown=lambda made: {"slug": made.slug}, idempotency=None, now=tenant.house.clock(),
    )  # fmt: skip
    tenant.hear("recipes")
    assert slug in [each[0] for each in hits(tenant, "sourdough")]
    assert hits(tenant, "Icelandic volcanoes")[0][0] == "own-volcano"
    theirs = hits(tenant, "Icelandic volcanoes", tenant_id=RIVAL)
    assert "own-volcano" not in [each[0] for each in theirs]


def test_a_recipe_told_twice_or_late_is_as_it_stands(tenant: Recommender) -> None:
    """Each message writes what is so now, once; a recipe that is gone is no error for ever."""
    slug = next(iter(seed()))
    change(tenant, slug, is_active=False)
    change(tenant, slug, is_active=True)
    first, second = tenant.house.waiting("recipes/recommendations")
    assert [tenant.handle(each) for each in (second, first, first)] == ["done", "done", "repeated"]
    assert read(tenant.house, slug, RECIPES).is_active
    assert tenant.encoder.texts == 1
    lost = first.model_copy(update={"id": "another", "data": {"slug": "nowhere"}})
    assert tenant.handle(lost) == "rejected"
