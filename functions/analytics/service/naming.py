"""Names that people made up: kept beside the people, never in counts.

A career may be somebody's own name, and so may the id of a piece of content or a skill, which
clients send. So counts know it by a keyed digest alone, and each person has a document a month
with what they called things, which an erasure finds. That lies under the hash by which sketches
know them: where a view shows a group, it knows of whom to ask its name. Nobody is left to say it
where all were erased. What the house's own catalogue has is nobody's data, and stands with the
counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from functions.analytics.rules.cells import Cell, Voice
from functions.analytics.rules.dimensions import DIMENSIONS, OTHER, UNNAMED, ViewName
from functions.analytics.rules.documents import CONTAINER, Partition, Words, word_of, words_id_of
from functions.analytics.rules.facts import Fact
from shared.documents.port import Create, Operation, Patch, Replace
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores

MOST_ASKED = 2000
"""People who are asked for the names of one page."""

_AT_ONCE = 16
"""People of each group among whom those are looked for who are of many."""

_DIGEST = 24
_MOST_PATHS = 10
"""Of one patch."""


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
    stores: Stores, partition: Partition, user_id: str, hashed: int, names: Mapping[str, str]
) -> Iterator[Operation]:
    """What keeps the names that somebody used, those that are not kept yet."""
    if not names:
        return
    tenant_id, month, shard = partition
    said = {word_of(digest): name for digest, name in names.items()}
    words_id = words_id_of(hashed)
    stored = stores.documents.get(CONTAINER, partition, words_id)
    if stored is None:
        words = Words(
            id=words_id,
            tenant_id=tenant_id,
            month=month,
            shard=shard,
            user_id=user_id,
            names=said,
        )
        yield Create(words.stored())
        return
    words = Words.of(stored.body)
    new = {word: name for word, name in said.items() if word not in words.names}
    if len(new) > _MOST_PATHS:
        later = words.model_copy(update={"names": {**words.names, **new}})
        yield Replace(later.stored(), stored.etag)
    elif new:
        yield Patch(words_id, set={f"names.{word}": name for word, name in new.items()})


class Names:
    """The names of the groups of one page, looked up together.

    Everybody of a group has said what it is called, so people are asked for all of their names at
    once, those first who are of the most groups.
    """

    def __init__(
        self,
        stores: Stores,
        tenant_id: str,
        view: ViewName,
        rows: Iterable[tuple[Mapping[str, str | None], Cell]] = (),
    ) -> None:
        self._stores, self._tenant_id = stores, tenant_id
        self._made_up = DIMENSIONS[view].made_up
        self._known: dict[str, str] = {}
        sought: dict[str, Collection[Voice]] = {}
        for values, cell in rows:
            self._known |= cell.names
            for name, value in values.items():
                if name in self._made_up and value not in (None, OTHER):
                    sought[str(value)] = cell.voices
        for digest in self._known:
            sought.pop(digest, None)
        self._ask(sought)

    def of(self, dimension: str, value: str | None) -> str | None:
        """What a group's value is called."""
        if value is None or value == OTHER or dimension not in self._made_up:
            return value
        return self._known.get(value, UNNAMED)

    def _ask(self, sought: dict[str, Collection[Voice]]) -> None:
        """Ask people until each name is known, those of the smallest hashes first: sketches keep
        these, so they are in many groups."""
        ordered = {
            digest: sorted(voices, key=lambda voice: (voice[2], voice))
            for digest, voices in sought.items()
        }
        asked, begin = 0, 0
        while any(digest in sought and begin < len(ordered[digest]) for digest in ordered):
            says: dict[Voice, list[str]] = {}
            for digest in sought:
                for voice in ordered[digest][begin : begin + _AT_ONCE]:
                    says.setdefault(voice, []).append(digest)
            for voice in sorted(says, key=lambda voice: (-len(says[voice]), voice)):
                digests = [digest for digest in says[voice] if digest in sought]
                if digests:
                    if asked == MOST_ASKED:
                        return
                    asked += 1
                    self._hear(voice, digests, sought)
            begin += _AT_ONCE

    def _hear(self, voice: Voice, digests: list[str], sought: dict[str, Collection[Voice]]) -> None:
        month, shard, hashed = voice
        partition = (self._tenant_id, month, shard)
        stored = self._stores.documents.get(CONTAINER, partition, words_id_of(hashed))
        names = Words.of(stored.body).names if stored is not None else {}
        for digest in digests:
            if word_of(digest) in names:
                self._known[digest] = names[word_of(digest)]
                del sought[digest]
