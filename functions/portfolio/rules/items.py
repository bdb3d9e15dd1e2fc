"""What becomes of an item, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from functions.portfolio.rules.documents import (
    EvidenceFile,
    Item,
    Visibility,
    statement_item_id,
)
from shared.errors import Conflict, Missing
from shared.models.profiling import ProfilerResult

MOST_FILES = 10
STATEMENT_TITLE = "My Value Statement"

_OPENNESS: Mapping[Visibility, int] = {
    name: number for number, name in enumerate(get_args(Visibility))
}


def openness_of(visibility: Visibility) -> int:
    """A visibility as a number: 0 the learner alone, 1 parents and admins too, 2 mentors too."""
    return _OPENNESS[visibility]


def changed(item: Item, changes: Mapping[str, Any], *, now: datetime) -> Item:
    """The item with what its learner changed."""
    fields = {**changes, "updated_at": now}
    if "text" in changes:
        fields["worded_by"] = None
    if "visibility" in changes:
        fields["openness"] = openness_of(changes["visibility"])
    return Item.model_validate({**item.model_dump(), **fields})


def with_file(item: Item, file: EvidenceFile, *, now: datetime) -> Item:
    """The item with one more file. Raises ``Conflict`` above :data:`MOST_FILES`."""
    if len(item.files) >= MOST_FILES:
        raise Conflict(f"an item has {MOST_FILES} files at most; remove one first")
    return item.model_copy(update={"files": (*item.files, file), "updated_at": now})


def file_of(item: Item, file_id: str) -> EvidenceFile:
    """A file of an item. Raises ``Missing``."""
    found = next((each for each in item.files if each.file_id == file_id), None)
    if found is None:
        raise Missing("there is no file with this id")
    return found


def without_file(item: Item, file_id: str, *, now: datetime) -> Item:
    """The item without a file. Raises ``Missing``."""
    gone = file_of(item, file_id)
    left = tuple(each for each in item.files if each != gone)
    return item.model_copy(update={"files": left, "updated_at": now})


def statement_item(
    result: ProfilerResult, *, worded: tuple[str, str] | None = None, now: datetime
) -> Item | None:
    """The item of a profiling's value statement; None where the learner wrote nothing.

    ``worded`` are the statement in other words and the model that found them.
    """
    text, model = worded or (result.scores.value_statement, None)
    if not result.scores.value_statement:
        return None
    item_id = statement_item_id(result.tenant_id, result.user_id, result.session_id)
    return Item(
        id=item_id,
        tenant_id=result.tenant_id,
        item_id=item_id,
        user_id=result.user_id,
        type="reflection",
        title=STATEMENT_TITLE,
        text=text,
        visibility="family",
        openness=openness_of("family"),
        source="profiler",
        session_id=result.session_id,
        worded_by=model,
        created_at=now,
        updated_at=now,
    )
