"""Items of somebody's portfolio, set straight into the stores of the world."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from functions.portfolio.rules.documents import (
    BLOBS,
    CONTAINER,
    EvidenceFile,
    Feedback,
    Item,
    blob_name_of,
    feedback_document_id,
)
from shared.documents.port import Create
from tests.access.world import Person, World

CONTENT = b"of nobody"


@dataclass(frozen=True)
class Shown:
    """What an item is known by."""

    item_id: str
    file_id: str
    feedback_id: str


def item_of(world: World, person: Person, mentor: Person) -> Shown:
    """An item of somebody that is open to mentors, with a file and a mentor's feedback."""
    item_id, file_id, feedback_id = (str(uuid4()) for _ in range(3))
    file = EvidenceFile(
        file_id=file_id, filename="notes.txt", content_type="text/plain", size=len(CONTENT),
        sha256="0" * 64, added_at=world.now,
    )  # fmt: skip
    item = Item(
        id=item_id, tenant_id=person.tenant, item_id=item_id, user_id=person.user_id,
        type="project", title=f"Item {item_id}", visibility="mentors", openness=2, files=(file,),
        created_at=world.now, updated_at=world.now,
    )  # fmt: skip
    feedback = Feedback(
        id=feedback_document_id(feedback_id), tenant_id=person.tenant, feedback_id=feedback_id,
        of_item=item_id, user_id=person.user_id, by_user=mentor.user_id,
        text=f"Feedback {feedback_id}", given_at=world.now,
    )  # fmt: skip
    world.host.documents.commit(
        CONTAINER, item.partition, [Create(item.stored()), Create(feedback.stored())]
    )
    world.host.blobs.put(BLOBS, blob_name_of(item, file), CONTENT)
    world.secrets[person.tenant] |= {item_id, file_id, feedback_id}
    return Shown(item_id, file_id, feedback_id)
