"""Documents of a part on their way into a store, so many at once; which of them it refuses."""

from __future__ import annotations

from collections.abc import Callable

from functions.nightly_backup.rules.lines import Json
from functions.nightly_backup.rules.manifest import Damaged
from functions.nightly_backup.service.parts import Held
from shared import topology
from shared.documents.checks import load_groups
from shared.documents.port import MAX_LOADED, Documents
from shared.errors import Invalid, TooLarge

LOAD_BYTES = 4 * 1024 * 1024


class Refused(Damaged):
    """A document that the store does not take, of another version or too large for it. Says where
    it stands and why, and names nobody."""


class Loading:
    """Documents on their way into a container.

    ``part`` names where they come from; ``before`` is called ahead of each write, ``after`` behind
    it. ``written`` counts what was written, ``kept`` what was there already.
    """

    def __init__(
        self,
        documents: Documents,
        container: str,
        part: str,
        *,
        overwrite: bool,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._documents = documents
        self._container = container
        self._part = part
        self._overwrite = overwrite
        self._before = before
        self._after = after
        self._waiting: list[tuple[Json, int]] = []
        self._bytes = 0
        self.written = self.kept = 0

    def add(self, body: Json, held: Held) -> None:
        """Take a document, as it is to be written. Raises as :meth:`end`."""
        self._waiting.append((body, held.number))
        self._bytes += held.size
        if len(self._waiting) == MAX_LOADED or self._bytes >= LOAD_BYTES:
            self.end()

    def end(self) -> None:
        """Write what waits. Raises :class:`Refused`, and what ``before`` and ``after`` raise."""
        if not self._waiting:
            return
        self._before()
        bodies = [body for body, _ in self._waiting]
        try:
            written = self._documents.load(self._container, bodies, overwrite=self._overwrite)
        except (Invalid, TooLarge, ValueError) as error:
            raise self._refusal(error) from None
        self.written += written
        self.kept += len(bodies) - written
        self._waiting, self._bytes = [], 0
        self._after()

    def _refusal(self, error: Exception) -> Refused:
        """Which of the documents that wait it is: one that breaks the port's rules, else the first
        that the store itself does not take alone. Those before it are written by then."""
        declared = topology.load().containers[self._container]
        keys, ordered_by, vector = (
            declared.partition_key, declared.ordered_by, declared.vector_field
        )  # fmt: skip
        for body, number in self._waiting:
            try:
                load_groups(keys, ordered_by, vector, [body])
            except (Invalid, TooLarge, ValueError) as found:
                return self._told(body, number, found)
        for body, number in self._waiting:
            self._before()
            try:
                self._documents.load(self._container, [body], overwrite=self._overwrite)
            except (Invalid, TooLarge, ValueError) as found:
                return self._told(body, number, found)
        first, last = self._waiting[0][1], self._waiting[-1][1]
        return Refused(
            f"{self._part}, lines {first} to {last}: the store does not take them together"
            f" ({type(error).__name__})"
        )

    def _told(self, body: Json, number: int, error: Exception) -> Refused:
        why = str(error).replace(repr(body["id"]), "this")  # an id may lead to somebody
        return Refused(f"{self._part}, line {number}: refused by {self._container}: {why}")
