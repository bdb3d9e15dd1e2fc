"""The lessons and attempts of a journey, where they lie: beside it, or in its archive.

A journey that was completed long ago keeps its document; what was done in it lies in one blob,
one JSON document a line, gzipped, in the cool tier. Readers do not see the difference.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import IO, cast

from shared.documents.port import Equals, Filter, Json, Order
from shared.errors import Invalid, Missing
from shared.models.journey import CONTAINER, Attempt, Journey, Lesson, lesson_id_of
from shared.models.learning import CONTAINERS, SUBJECTS, LearningContainer, Subject
from shared.stores import Stores

BLOBS = "session-archives"
MEDIA_TYPE = "application/gzip"
KINDS = ("lesson", "attempt")
"""What goes into an archive."""

PAGE = 500
_CONTINUATION = re.compile(r"after:(\d{1,12})")


def archive_name(journey: Journey) -> str:
    """Where a journey's archive lies in the blob container ``session-archives``."""
    return f"{journey.tenant_id}/{journey.user_id}/{journey.journey_id}.jsonl.gz"


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
    """A page of a journey's attempts in the order they came, and where the next begins.

    Raises ``Invalid`` for a continuation that is not of this list, or of before the journey was
    archived.
    """
    wanted = {
        name: value
        for name, value in (
            ("container", container), ("subject", subject), ("skill_id", skill_id)
        )
        if value is not None
    }  # fmt: skip
    if journey.archive is None:
        where: list[Filter] = [Equals("kind", "attempt"), Equals("session_id", journey.journey_id)]
        page = stores.documents.query(
            CONTAINER,
            journey.partition,
            where=[*where, *(Equals(name, value) for name, value in wanted.items())],
            order=Order("position"),
            limit=limit,
            continuation=continuation,
        )
        if not _is_archived_meanwhile(stores, journey):
            return [Attempt.of(item.body) for item in page.items], page.continuation
    after = 0
    if continuation is not None:
        found = _CONTINUATION.fullmatch(continuation)
        if found is None:
            raise Invalid("continuation: the journey was archived; begin with the first page")
        after = int(found[1])
    attempts = [
        Attempt.of(each)
        for each in archived(stores, journey, "attempt")
        if each["position"] > after
        and all(each.get(name) == value for name, value in wanted.items())
    ]
    attempts.sort(key=lambda each: each.position)
    page_of = attempts[:limit]
    more = len(attempts) > limit
    return page_of, f"after:{page_of[-1].position}" if more else None


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
    try:
        with (
            stores.blobs.open(BLOBS, archive_name(journey)) as blob,
            gzip.open(cast(IO[bytes], blob)) as lines,
        ):
            for line in lines:
                body: Json = json.loads(line)
                if body.get("kind") == kind:
                    yield body
    except Missing:
        raise Missing("the archive of this journey is not there") from None


def _is_archived_meanwhile(stores: Stores, journey: Journey) -> bool:
    """Whether a journey has been archived since it was read: what lay beside it may have been
    read in part. One that is under way is not."""
    if journey.completed_at is None:
        return False
    stored = stores.documents.get(CONTAINER, journey.partition, journey.journey_id)
    return stored is not None and Journey.of(stored.body).archive is not None
