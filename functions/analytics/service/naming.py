"""Names that people made up: kept beside the people, never in counts.

A career may be somebody's own name, and so may the id of a piece of content or a skill, which
clients send. So counts know it by a keyed digest alone, and each learner
who used it has a document that says what it was, which an erasure finds. A view looks the name of
a group up where it shows the group; nobody is left to say it where all were erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from functions.analytics.rules.dimensions import DIMENSIONS, OTHER, UNNAMED, ViewName
from functions.analytics.rules.documents import CONTAINER, Label, Partition, label_id_of, label_key
from functions.analytics.rules.facts import Fact
from shared.documents.port import Create, Equals, Operation, Order
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

_DIGEST = 24


def without_names(
    pseudonyms: Pseudonyms, tenant_id: str, facts: Iterable[Fact]
) -> tuple[list[Fact], dict[str, str]]:
    """The facts with digests in place of names, and the names by digest."""
    found: list[Fact] = []
    names: dict[str, str] = {}
    for fact in facts:
        group = list(fact.group)
        for at, name in enumerate(DIMENSIONS[fact.view].names):
            value = group[at]
            if name in DIMENSIONS[fact.view].made_up and value not in (None, OTHER):
                digest = pseudonyms.of(tenant_id, "name", str(value))[:_DIGEST]
                names[digest] = str(value)
                group[at] = digest
        found.append(replace(fact, group=tuple(group)))
    return found, names


def noting(
    stores: Stores, partition: Partition, user_id: str, names: dict[str, str]
) -> Iterator[Operation]:
    """What keeps the names that somebody used, those that are not kept yet."""
    tenant_id, month, shard = partition
    for digest, name in names.items():
        label_id = label_id_of(digest, user_id)
        if stores.documents.get(CONTAINER, partition, label_id) is None:
            label = Label(
                id=label_id,
                tenant_id=tenant_id,
                month=month,
                shard=shard,
                user_id=user_id,
                view_month=label_key(digest),
                name=name,
            )
            yield Create(label.stored())


class Names:
    """Looks names up for one answer."""

    def __init__(self, stores: Stores, tenant_id: str, view: ViewName) -> None:
        self._stores, self._tenant_id = stores, tenant_id
        self._made_up = DIMENSIONS[view].made_up
        self._known: dict[str, str] = {}

    def of(self, dimension: str, value: str | None) -> str | None:
        """What a group's value is called."""
        if value is None or value == OTHER or dimension not in self._made_up:
            return value
        if value not in self._known:
            key = label_key(value)
            page = self._stores.documents.query(
                CONTAINER,
                (self._tenant_id,),
                where=[Equals("view_month", key)],
                order=Order("view_month"),
                limit=1,
            )
            self._known[value] = Label.of(page.items[0].body).name if page.items else UNNAMED
        return self._known[value]
