"""What is recommended: from what was finished, track and gaps; kept while nothing changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.coaching.service import recipes as coaching
from functions.recommendations.rules.documents import (
    CONTAINER,
    LIST_SECONDS,
    Cache,
    Engagement,
    Freshness,
    Impressions,
)
from functions.recommendations.service import freshness, learners
from functions.recommendations.service.candidates import TRACKS
from functions.recommendations.service.freshness import begin, present
from functions.recommendations.service.hearing import ENDS
from shared import topology
from shared.documents.port import Create
from shared.errors import Conflict, Invalid, Missing, Rejected
from shared.models.recipes import seed
from tests.flows.journey_summary.test_making import erase
from tests.flows.journeying import Journeyer, offer
from tests.flows.profiling import BANK, Profiler, learner
from tests.flows.recommendations.recommender import Recommender, lesson
from tests.flows.stores import PSEUDONYMS, RIVAL, TENANT, House
from tests.flows.stores import house as house

LENA = (TENANT, "lena")
NETWORKS = [
    lesson(f"net-{at}", text, tracks=["defender"])
    for at, text in enumerate(
        ["How packets find their way.", "Ports and firewalls.", "Reading a packet capture.",
         "Names and addresses of machines.", "Switches and routers."]
    )
]  # fmt: skip
LAWS = [
    lesson(f"law-{at}", text, tracks=["grc"])
    for at, text in enumerate(
        ["Privacy law for schools.", "What a policy says.", "Audits and their evidence.",
         "Risks and who owns them.", "Contracts with suppliers."]
    )
]  # fmt: skip


@pytest.fixture
def tenant(house: House) -> Recommender:
    """A tenant with ten lessons."""
    made = Recommender(house)
    made.store(*NETWORKS, *LAWS)
    return made


def profiled(house: House) -> None:
    """Take lena through the profiler: she is drawn to defence."""
    profiler = Profiler(house)
    profiler.complete(profiler.answered())


def kinds(served_items: object) -> set[str]:
    return {reason.kind for each in served_items for reason in each.reasons}  # type: ignore[attr-defined]


def test_who_is_new_gets_a_mix_of_all_tracks(tenant: Recommender) -> None:
    """Without profile and history; nothing is said of a track that nobody knows."""
    served = tenant.recommend(limit=6)
    tracks = {each.content_id.split("-")[0] for each in served.made.items}
    assert tracks == {"net", "law"}
    assert not served.made.profiling_complete
    assert kinds(served.made.items) <= {"meaning", "explore"}


def test_who_was_profiled_gets_their_track_first(tenant: Recommender) -> None:
    """With the track's probability as the reason."""
    profiled(tenant.house)
    served = tenant.recommend(limit=5)
    tried = [each.content_id for each in served.made.items if not each.explored]
    assert sum(each.startswith("net") for each in tried) >= len(tried) - 1
    assert served.made.profiling_complete
    assert "track" in kinds(served.made.items)


def test_what_was_finished_leads_on_and_is_not_offered_again(tenant: Recommender) -> None:
    """The reason names it; more of its subject follows."""
    for done in ("law-0", "law-1"):
        tenant.complete(done, score=90)
    served = tenant.recommend(limit=4)
    ids = [each.content_id for each in served.made.items]
    assert not {"law-0", "law-1"} & set(ids)
    assert ids[0].startswith("law")
    assert served.made.finished == 2
    texts = [reason.text for each in served.made.items for reason in each.reasons]
    assert any(text in ("Because you finished “law 0”.", "Because you finished “law 1”.")
               for text in texts)  # fmt: skip


def test_a_low_score_leads_less(tenant: Recommender) -> None:
    """Who failed one subject and passed the other goes on with the other."""
    tenant.complete("law-0", score=5)
    tenant.complete("net-0", score=100)
    first = tenant.recommend(limit=3).made.items[0]
    assert first.content_id.startswith("net")


def test_what_is_known_of_a_skill_says_more_than_the_score_of_the_day(
    tenant: Recommender,
) -> None:
    """A lesson that was passed once, of a skill that went wrong ever since, leads less."""
    tenant.store(
        lesson("law-9", "More privacy law.", skill_ids=["weak"]),
        lesson("net-9", "More on routers.", skill_ids=["fine"]),
    )
    journey = Journeyer(tenant.house, "lena")
    journey.start()
    for skill in ("weak", "fine"):
        right = skill == "fine"
        journey.send(
            *(offer(f"{skill}{at}", skill=skill, correct=right, attempt=f"{skill} {at}")
              for at in range(8))
        )  # fmt: skip
    tenant.complete("law-9", score=100)
    tenant.complete("net-9", score=60)
    facts = learners.facts(tenant.house, LENA, TRACKS, now=tenant.house.clock())
    mastery = {each.key[1]: each.mastery for each in facts.finished}
    assert mastery["law-9"] < 0.3 < 0.9 < mastery["net-9"]


def test_a_track_that_was_chosen_has_half_before_the_answers_are_asked(house: House) -> None:
    """Probabilities stay such; the gaps are those of the chosen track."""
    profiler = Profiler(house)
    session = profiler.completed()
    before = learners.read_fit(house, LENA, TRACKS)
    profiler.accept(session, accepted=False, override=BANK.track["grc"].track_id)
    after = learners.read_fit(house, LENA, TRACKS)
    assert sum(after.probabilities.values()) == pytest.approx(1)
    for track, share in after.probabilities.items():
        own = 0.5 if track == "grc" else 0.0
        assert share == pytest.approx(own + before.probabilities[track] / 2)
    assert after.gaps != before.gaps


def test_filters_hold(tenant: Recommender) -> None:
    """Grade, prerequisites, language, type: each by what is known."""
    tenant.store(
        lesson("for-nine", "Ports for grade nine.", grade_levels=["9"]),
        lesson("second", "More on ports.", prerequisites=["net-1"]),
        lesson("deutsch", "Ports und Firewalls.", language="de"),
        lesson("film", "A film on ports.", content_type="video"),
    )
    Journeyer(tenant.house, "lena", grade="5").start()
    ids = tenant.ids(limit=50)
    assert "for-nine" not in ids
    assert "second" not in ids
    assert "deutsch" in ids
    assert "film" not in ids
    assert tenant.ids(limit=50, content_type=None).count("film") == 1
    assert tenant.ids(limit=50, language="de") == ["deutsch"]
    assert "deutsch" not in tenant.ids(limit=50, language="en")
    tenant.complete("net-1")
    tenant.hear("journeys")
    assert "second" in tenant.ids(limit=50)


def test_a_list_is_kept_while_nothing_changes(tenant: Recommender) -> None:
    """For an hour at most; each kind of question has its own."""
    first = tenant.recommend()
    again = tenant.recommend()
    assert (first.is_cached, again.is_cached) == (False, True)
    assert again.made == first.made
    assert not tenant.recommend(limit=3).is_cached
    assert tenant.recommend().is_cached
    tenant.house.clock.advance(seconds=LIST_SECONDS + 1)
    assert not tenant.recommend().is_cached


def test_events_end_what_follows_from_them(tenant: Recommender) -> None:
    """The profiler's, a journey's and completed content; told twice they do nothing more."""
    tenant.recommend()
    profiled(tenant.house)
    (event,) = tenant.house.waiting("profiler/recommendations")
    assert [tenant.handle(event) for _ in range(2)] == ["done", "repeated"]
    assert not tenant.recommend().is_cached
    assert tenant.handle(event) == "done"
    tenant.recommend()
    tenant.complete("net-0")
    assert tenant.hear("journeys") == ["done"]
    assert "net-0" not in tenant.ids()
    tenant.complete("net-0")
    assert tenant.house.waiting("journeys/recommendations") == []
    with pytest.raises(Invalid):
        tenant.handle(event.model_copy(update={"type": "waymark.game.advanced.v1"}))
    with pytest.raises(Invalid):
        tenant.handle(event.model_copy(update={"data": {}}))


def test_every_event_that_is_heard_ends_something() -> None:
    """What the subscriptions hear and what the flow acts on are the same."""
    heard = {
        event
        for topic in topology.load().topics.values()
        for name, subscription in topic.subscriptions.items()
        for event in subscription.events
        if name == "recommendations"
    }
    assert heard == {*ENDS, "waymark.recipe.written.v1", "waymark.recipe.used.v1"}


def test_a_list_that_is_made_while_something_changes_does_not_stay(
    tenant: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event comes between the reading and the writing of the list."""
    real = learners.read_fit

    def slowly(*arguments: object) -> object:
        found = real(*arguments)  # type: ignore[arg-type]
        tenant.complete("net-0")
        tenant.hear("journeys")
        return found

    tenant.recommend()
    tenant.house.clock.advance(seconds=LIST_SECONDS + 1)
    monkeypatch.setattr(learners, "read_fit", slowly)
    tenant.recommend()
    monkeypatch.undo()
    assert not tenant.recommend().is_cached
    assert "net-0" not in tenant.ids()


def test_progress_is_read_anew_after_five_minutes_or_an_answer(tenant: Recommender) -> None:
    """So a skill that was just practised counts at once."""
    journey = Journeyer(tenant.house, "lena")
    journey.start()
    before = learners.read_progress(tenant.house, LENA, now=tenant.house.clock())
    journey.send(offer("q1", skill="s"))
    assert learners.read_progress(tenant.house, LENA, now=tenant.house.clock()) == before
    tenant.hear("journeys")
    after = learners.read_progress(tenant.house, LENA, now=tenant.house.clock())
    assert (set(before.skills), set(after.skills)) == (set(), {"s"})
    journey.send(offer("q2", skill="t"))
    tenant.house.clock.advance(seconds=301)
    later = learners.read_progress(tenant.house, LENA, now=tenant.house.clock())
    assert set(later.skills) == {"s", "t"}


def test_skills_of_journeys_tell_what_fits(tenant: Recommender) -> None:
    """What waits to be practised is said; what is far too hard comes late."""
    tenant.store(
        lesson("easy", "Ports and firewalls once more.", skill_ids=["known"]),
        lesson("hard", "Ports and firewalls once more.", skill_ids=["weak"]),
    )
    journey = Journeyer(tenant.house, "lena")
    journey.start()
    journey.send(*(offer(f"k{at}", skill="known", attempt=f"k{at}") for at in range(8)))
    journey.send(
        *(offer(f"w{at}", skill="weak", correct=False, attempt=f"w{at}") for at in range(8))
    )
    items = {each.content_id: each for each in tenant.recommend(limit=50).made.items}
    assert items["easy"].predicted_success == pytest.approx(0.9, abs=0.05)
    assert items["hard"].predicted_success < 0.4  # type: ignore[operator]
    assert "practice" in {reason.kind for reason in items["hard"].reasons}
    assert items["easy"].score > items["hard"].score


def impressions(house: House, user: str = "lena") -> list[Impressions]:
    return [
        Impressions.of(body)
        for body in house.kinds("impressions", container=CONTAINER)
        if body["user_id"] == user
    ]


def test_what_the_learner_sees_is_counted(tenant: Recommender) -> None:
    """Each time, once a list; not what somebody else looks at."""
    tenant.recommend(shown=False)
    assert impressions(tenant.house) == []
    for _ in range(3):
        served = tenant.recommend()
    (seen,) = impressions(tenant.house)
    assert seen.times == 3
    assert seen.recommendation_id == served.made.recommendation_id
    assert [each.content_id for each in seen.items] == tenant.ids(shown=False)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tenant.recommend(), range(8)))
    assert impressions(tenant.house)[0].times == 11


def test_clicks_name_their_list_and_count_once(tenant: Recommender) -> None:
    """With the place that the item had there; a list of somebody else is none."""
    served = tenant.recommend()
    third = served.made.items[2].content_id
    clicked = tenant.act(third, "clicked", of=served.made.recommendation_id)
    assert (clicked.position, clicked.recommendation_id) == (3, served.made.recommendation_id)
    tenant.house.clock.advance(minutes=5)
    assert tenant.act(third, "clicked") == clicked
    assert tenant.recommend().is_cached
    with pytest.raises(Missing):
        tenant.act(third, "clicked", of="no-such-list")
    with pytest.raises(Missing):
        tenant.act(third, "clicked", user="max", of=served.made.recommendation_id)
    with pytest.raises(Missing):
        tenant.act("nowhere", "clicked")
    tenant.store(lesson("late", "Came after the list."))
    with pytest.raises(Invalid):
        tenant.act("late", "clicked", of=served.made.recommendation_id)


def test_a_dismissal_holds_until_it_is_taken_back(tenant: Recommender) -> None:
    """At once: the list that was kept ends with it."""
    first = tenant.ids()[0]
    tenant.act(first, "dismissed")
    assert first not in tenant.ids()
    assert tenant.act(first, "dismissed").dismissed_at is not None
    assert first in tenant.ids("max")
    assert tenant.act(first, "restored").dismissed_at is None
    assert first in tenant.ids()


def test_a_recipe_that_was_used_is_completed(tenant: Recommender) -> None:
    """From the first use on, whatever comes how often."""
    tenant.keep_seed()
    slug = next(iter(seed()))
    assert slug in tenant.ids(content_type="recipe", limit=60)
    for rating in (None, 4):
        coaching.use(tenant.house, PSEUDONYMS, learner(), slug, rating, now=tenant.house.clock())
    (event,) = tenant.house.waiting("recipes/recommendations")
    assert [tenant.handle(event) for _ in range(2)] == ["done", "repeated"]
    served = tenant.recommend(content_type="recipe", limit=50)
    assert slug not in [each.content_id for each in served.made.items]
    assert served.made.finished == 1
    tenant.complete(slug, content_type="recipe", score=40)
    facts = learners.facts(tenant.house, LENA, TRACKS, now=tenant.house.clock())
    assert [each.mastery for each in facts.finished] == [0.4]  # a score says more than a use
    late = event.model_copy(update={"id": "late"})
    erase(tenant.house, "lena")
    with pytest.raises(Conflict):
        tenant.recommend()
    other = late.model_copy(update={"data": late.data | {"slug": list(seed())[1]}})
    with pytest.raises(Rejected):
        tenant.handle(other)


def test_what_was_shown_often_is_not_what_is_tried(tenant: Recommender) -> None:
    """Ten more lessons of another subject: what is tried changes from list to list."""
    tenant.store(*(lesson(f"bread-{at}", f"Loaf number {at}.") for at in range(10)))
    tried = []
    for _ in range(6):
        items = tenant.recommend(limit=10).made.items
        tried += [each.content_id for each in items if each.explored]
        tenant.house.clock.advance(seconds=LIST_SECONDS + 1)
    assert len(tried) == 6
    assert len(set(tried)) >= 5


def test_an_empty_tenant_has_nothing_and_keeps_nothing(house: House) -> None:
    """What is stored next is recommended at once."""
    empty = Recommender(house)
    assert empty.ids() == []
    assert house.kinds("list", container=CONTAINER) == []
    assert house.kinds("centroids", container="content") == []
    empty.store(*NETWORKS)
    assert len(empty.ids()) == 5


def test_the_middle_of_a_track_follows_what_is_stored(tenant: Recommender) -> None:
    """It is kept for an hour, and made anew as soon as there is other content."""
    tenant.recommend()
    (kept,) = tenant.house.kinds("centroids", container="content")
    assert set(kept["centroids"]) == {"defender", "grc"}
    tenant.store(lesson("lead", "Leading a team.", tracks=["leadership"]))
    assert tenant.house.kinds("centroids", container="content") == []
    tenant.recommend("max")
    (kept,) = tenant.house.kinds("centroids", container="content")
    assert set(kept["centroids"]) == {"defender", "grc", "leadership"}


def test_content_without_tracks_is_offered_to_who_is_new(house: House) -> None:
    """There is nothing to hold it against: it comes as it stands."""
    bare = Recommender(house)
    bare.store(lesson("b", "Something."), lesson("a", "Something else."))
    assert bare.ids() == ["a", "b"]


def test_a_tenant_has_its_own_content_alone(tenant: Recommender) -> None:
    """Also its own lists and engagements."""
    assert tenant.ids(tenant=RIVAL) == []
    tenant.act(tenant.ids()[0], "dismissed")
    kept = tenant.house.kinds("engagement", container=CONTAINER, tenant=RIVAL)
    assert kept == []


def test_nothing_is_written_for_who_was_erased(tenant: Recommender) -> None:
    """Neither a list nor a click nor a cache, whatever comes late."""
    erase(tenant.house, "lena")
    with pytest.raises(Conflict):
        tenant.recommend()
    with pytest.raises(Conflict):
        tenant.act("net-0", "clicked")
    page = tenant.house.documents.query(CONTAINER, LENA)
    assert page.items == ()


def test_no_vector_of_a_learner_is_kept(tenant: Recommender) -> None:
    """What is in their partition holds no list of numbers as long as a vector."""
    tenant.complete("net-0")
    tenant.recommend()
    tenant.act("net-1", "clicked")
    for stored in tenant.house.documents.query(CONTAINER, LENA, limit=100).items:
        assert "embedding" not in str(stored.body)
        assert len(str(stored.body)) < 20_000


def test_numbers_of_caches_only_rise_where_something_was_filled(house: House) -> None:
    """An event of who never asked writes nothing."""
    now = house.clock()
    progress: tuple[Cache, ...] = ("progress",)
    assert not freshness.invalidate(house, LENA, progress, now=now)
    assert house.documents.query(CONTAINER, LENA).items == ()
    assert begin(house, LENA, "progress", now=now) == 0
    assert freshness.invalidate(house, LENA, ("progress", "personality"), now=now)
    assert not freshness.invalidate(house, LENA, progress, now=now)
    assert (present(house, LENA, "progress"), present(house, LENA, "personality")) == (1, 0)
    assert begin(house, LENA, "progress", now=now) == 1
    stored = house.documents.get(CONTAINER, LENA, "freshness")
    assert Freshness.of(stored.body).filled == {"progress": 1}


def test_an_engagement_that_was_written_by_a_former_version_is_read(house: House) -> None:
    """Unknown fields are passed by."""
    body = Engagement(
        id="engagement:lesson:x", tenant_id=TENANT, user_id="lena", content_type="lesson",
        content_id="x", updated_at=house.clock(),
    ).stored() | {"new": 1}  # fmt: skip
    house.documents.commit(CONTAINER, LENA, [Create(body)])
    assert [each.key for each in learners.engagements(house, LENA)] == [("lesson", "x")]
