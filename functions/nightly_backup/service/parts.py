"""Parts of a backup: written whole and verified, fetched and verified before anything is read.

A part lies in a temporary file on its way, so that memory stays small whatever its size. Its name
holds its digest: two who do the same step write each a file of their own, and the step that
counts names its own. zstandard is loaded at first use.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, BinaryIO, cast

from functions.nightly_backup.rules.lines import Line, version_of, written
from functions.nightly_backup.rules.manifest import Damaged, Part
from functions.nightly_backup.service.means import BLOBS, Means
from shared.errors import Invalid, Missing
from shared.stores import Stores

LEVEL = 3
PART_DOCUMENTS = 50_000
PART_BYTES = 64 * 1024 * 1024
PART_TIME = timedelta(seconds=60)
PAGE_BYTES = 4 * 1024 * 1024
"""What a page is meant to hold: how many documents that is follows from those before."""
_FIRST_PAGE, _MOST_A_PAGE = 100, 1000
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Written:
    """A part that was written, None where there was nothing; and where the next one begins."""

    part: Part | None
    schema_versions: dict[str, int]
    continuation: str | None


def write_part(
    means: Means, backup_id: str, container: str, number: int, continuation: str | None
) -> Written:
    """Write the next part of a container, read it again, and hold it against what was written.

    Raises ``Invalid`` for a continuation that the store no longer takes, and :class:`Damaged`.
    """
    import zstandard

    versions: Counter[str] = Counter()
    raw, digest, documents = 0, hashlib.sha256(), 0
    until = means.clock() + PART_TIME
    with tempfile.TemporaryFile() as file:
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        with compressor.stream_writer(cast(IO[bytes], file), closefd=False) as writer:
            limit = _FIRST_PAGE
            while True:
                page = means.stores.documents.scan(
                    container, limit=limit, continuation=continuation
                )
                lines = b"".join(written(each.text, each.expires_at) for each in page.items)
                versions.update(version_of(each.text) for each in page.items)
                digest.update(lines)
                writer.write(lines)
                raw, documents = raw + len(lines), documents + len(page.items)
                continuation = page.continuation
                if continuation is None or documents >= PART_DOCUMENTS or raw >= PART_BYTES:
                    break
                if documents:
                    limit = max(1, min(_MOST_A_PAGE, PAGE_BYTES * documents // raw))
                    if means.clock() >= until:
                        break
        if not documents:
            return Written(None, {}, continuation)
        part = _put(means.stores, backup_id, container, number, file, documents, raw, digest)
    with fetched(means.stores, backup_id, part):
        pass
    return Written(part, dict(versions), continuation)


def _put(
    stores: Stores,
    backup_id: str,
    container: str,
    number: int,
    file: BinaryIO,
    documents: int,
    raw: int,
    digest: hashlib._Hash,
) -> Part:
    file.seek(0)
    hashed = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        hashed.update(chunk)
    compressed = hashed.hexdigest()
    part = Part(
        name=f"{container}/{number:05}-{compressed[:16]}.jsonl.zst",
        documents=documents,
        raw_bytes=raw,
        compressed_bytes=file.tell(),
        raw_sha256=digest.hexdigest(),
        compressed_sha256=compressed,
    )
    file.seek(0)
    stores.blobs.put(BLOBS, f"{backup_id}/{part.name}", file, content_type="application/zstd")
    return part


@contextmanager
def fetched(stores: Stores, backup_id: str, part: Part) -> Iterator[BinaryIO]:
    """A part in a temporary file, every byte of it held against the manifest.

    Raises :class:`Damaged` for one that is missing, cut short or changed.
    """
    name = f"{backup_id}/{part.name}"
    with tempfile.TemporaryFile() as file:
        digest = hashlib.sha256()
        try:
            with stores.blobs.open(BLOBS, name) as blob:
                while chunk := blob.read(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
        except Missing:
            raise Damaged(f"{name} is not there") from None
        except Invalid:
            raise Damaged(f"{name!r} cannot be the name of a file") from None
        if file.tell() != part.compressed_bytes:
            raise Damaged(
                f"{name} has {file.tell():,} bytes; the manifest says {part.compressed_bytes:,}"
            )
        if digest.hexdigest() != part.compressed_sha256:
            raise Damaged(f"{name} is not what was written: its digest differs")
        _check_lines(file, part, name)
        yield file


@dataclass(frozen=True)
class Held:
    """A document in a part: its line, which one of the part it is (from 1), and its bytes."""

    line: Line
    number: int
    size: int


def lines_of(file: BinaryIO, name: str, only_tenant: str | None = None) -> Iterator[Held]:
    """The documents of a part that was fetched, those of one tenant where one is named.

    Raises :class:`Damaged` for a line that is none, by the part's ``name`` and its number.
    """
    rest, number = b"", 0
    for chunk in _decompressed(file):
        *lines, rest = (rest + chunk).split(b"\n")
        for text in lines:
            number += 1
            try:
                line = Line.read(text)
            except (ValueError, RecursionError):  # its words would quote the line
                raise Damaged(f"{name}, line {number}: not a document of a backup") from None
            if only_tenant is None or line.body["tenant_id"] == only_tenant:
                yield Held(line, number, len(text))


def _check_lines(file: BinaryIO, part: Part, name: str) -> None:
    import zstandard

    digest, raw, documents = hashlib.sha256(), 0, 0
    try:
        for chunk in _decompressed(file):
            digest.update(chunk)
            raw += len(chunk)
            documents += chunk.count(b"\n")
            if raw > part.raw_bytes:
                break
    except zstandard.ZstdError as error:
        raise Damaged(f"{name} cannot be decompressed") from error
    if (digest.hexdigest(), raw, documents) != (part.raw_sha256, part.raw_bytes, part.documents):
        raise Damaged(f"{name} does not hold the documents that the manifest says")


def _decompressed(file: BinaryIO) -> Iterator[bytes]:
    import zstandard

    file.seek(0)
    with zstandard.ZstdDecompressor().stream_reader(
        cast(IO[bytes], file), read_across_frames=True, closefd=False
    ) as reader:
        while chunk := reader.read(_CHUNK):
            yield chunk
