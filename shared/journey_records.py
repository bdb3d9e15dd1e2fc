"""The lessons and attempts of a journey, where they lie: beside it, or in its archive.

A journey in which nothing was done for long keeps its document; what was done in it lies in one
blob, one JSON document a line, gzipped, in the cool tier. Readers do not see the difference, and
a learner who goes on with it has it brought back.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import IO, cast

from shared.documents.port import (
    Equals,
    Filter,
    Json,
    Operation,
    Order,
    Range,
    Replace,
    Upsert,
)
from shared.errors import Invalid, Missing
from shared.models.journey import CONTAINER, Attempt, Journey, Lesson, lesson_id_of
from shared.models.learning import CONTAINERS, SUBJECTS, LearningContainer, Subject
from shared.stores import Stores

BLOBS = "session-archives"
MEDIA_TYPE = "application/gzip"
KINDS = ("lesson", "attempt")
"""What goes into an archive."""

PAGE = 500
_BROUGHT_AT_ONCE = 40
_CONTINUATION = re.compile(r"after:(\d{1,12})")


def archive_name(journey: Journey, lines: bytes) -> str:
    """Where an archive of a journey lies in the blob container ``session-archives``: what holds
    something else has another name, so that none is ever written over by one that holds less."""
    digest = hashlib.sha256(lines).hexdigest()[:32]
    return f"{journey.tenant_id}/{journey.user_id}/{journey.journey_id}/{digest}.jsonl.gz"


def lessons_of(stores: Stores, journey: Journey) -> list[Lesson]:
    """The lessons of a journey that were begun, in the order of containers and subjects."""
    places = [(container, subject) for container in CONTAINERS for subject in SUBJECTS]
    if journey.archive is None:
        read = (
            stores.documents.get(
                CONTAINER, journey.partition, lesson_id_of(journey.journey_id, *place)
            )
            for place in places
        )
        found = [Lesson.of(stored.body) for stored in read if stored is not None]
        if not _is_archived_meanwhile(stores, journey):
            return found
    lessons = [Lesson.of(each) for each in archived(stores, journey, "lesson")]
    return sorted(lessons, key=lambda each: places.index((each.container, each.subject)))


def attempts_page(
    stores: Stores,
    journey: Journey,
    *,
    container: LearningContainer | None = None,
    subject: Subject | None = None,
    skill_id: str | None = None,
    limit: int,
    continuation: str | None = None,
) -> tuple[list[Attempt], str | None]:
    """A page of a journey's attempts in the order they came, and where the next begins: it is the
    same place whether or not the journey was archived in between.

    Raises ``Invalid`` for a continuation that is not of this list.
    """
    wanted = {
        name: value
        for name, value in (
            ("container", container), ("subject", subject), ("skill_id", skill_id)
        )
        if value is not None
    }  # fmt: skip
    after = 0
    if continuation is not None:
        found = _CONTINUATION.fullmatch(continuation)
        if found is None:
            raise Invalid("continuation: give back what the page before said")
        after = int(found[1])
    attempts = _live_attempts(stores, journey, wanted, after, limit + 1)
    if attempts is None:
        attempts = [
            Attempt.of(each)
            for each in archived(stores, journey, "attempt")
            if each["position"] > after
            and all(each.get(name) == value for name, value in wanted.items())
        ]
        attempts.sort(key=lambda each: each.position)
    page = attempts[:limit]
    more = len(attempts) > limit
    return page, f"after:{page[-1].position}" if more else None


def _live_attempts(
    stores: Stores, journey: Journey, wanted: Mapping[str, str], after: int, most: int
) -> list[Attempt] | None:
    """Attempts that lie beside a journey; None where they are in its archive."""
    if journey.archive is not None:
        return None
    where: list[Filter] = [
        Equals("kind", "attempt"),
        Equals("session_id", journey.journey_id),
        *(Equals(name, value) for name, value in wanted.items()),
        Range("position", at_least=after + 1),
    ]
    found: list[Attempt] = []
    continuation = None
    while len(found) < most:
        page = stores.documents.query(
            CONTAINER,
            journey.partition,
            where=where,
            order=Order("position"),
            limit=most - len(found),
            continuation=continuation,
        )
        found += [Attempt.of(item.body) for item in page.items]
        continuation = page.continuation
        if continuation is None:
            break
    return None if _is_archived_meanwhile(stores, journey) else found


def all_attempts(stores: Stores, journey: Journey) -> Iterator[Attempt]:
    """Every attempt of a journey, in the order they came."""
    continuation = None
    while True:
        found, continuation = attempts_page(stores, journey, limit=PAGE, continuation=continuation)
        yield from found
        if continuation is None:
            return


def archived(stores: Stores, journey: Journey, kind: str) -> Iterator[Json]:
    """The documents of one kind in a journey's archive. Raises ``Missing`` when it is gone."""
    name = journey.archive or _archive_of(stores, journey)
    if name is None:
        raise Missing("this journey has no archive")
    try:
        with (
            stores.blobs.open(BLOBS, name) as blob,
            gzip.open(cast(IO[bytes], blob)) as lines,
        ):
            for line in lines:
                body: Json = json.loads(line)
                if body.get("kind") == kind:
                    yield body
    except Missing:
        raise Missing("the archive of this journey is not there") from None


def bring_back(
    stores: Stores, journey: Journey, etag: str, *, now: datetime
) -> tuple[Journey, str]:
    """Lay what is in a journey's archive beside it again, so that it can go on; returns the journey
    and its etag.

    Each commit holds the journey to be as it was, so that nobody archives it meanwhile. Raises
    ``Stale`` when somebody wrote since it was read, and ``Missing`` when its archive is gone.
    """
    bodies = [each for kind in KINDS for each in archived(stores, journey, kind)]
    for start in range(0, len(bodies), _BROUGHT_AT_ONCE):
        batch = [Upsert(each) for each in bodies[start : start + _BROUGHT_AT_ONCE]]
        journey = journey.touched(now)
        etag = commit_beside(stores, journey, etag, batch)
    journey = journey.touched(now, archive=None)
    return journey, commit_beside(stores, journey, etag)


def commit_beside(
    stores: Stores, journey: Journey, etag: str, operations: Sequence[Operation] = ()
) -> str:
    """Write a journey, and what lies beside it, if it is as it was read; returns its new etag.

    Raises ``Stale`` and ``Missing``, and then nothing is written.
    """
    written = stores.documents.commit(
        CONTAINER, journey.partition, [Replace(journey.stored(), etag), *operations]
    )
    return str(written[0])


def _is_archived_meanwhile(stores: Stores, journey: Journey) -> bool:
    """Whether a journey has been archived since it was read: what lay beside it may have been
    read in part."""
    return _archive_of(stores, journey) is not None


def _archive_of(stores: Stores, journey: Journey) -> str | None:
    stored = stores.documents.get(CONTAINER, journey.partition, journey.journey_id)
    return None if stored is None else Journey.of(stored.body).archive
