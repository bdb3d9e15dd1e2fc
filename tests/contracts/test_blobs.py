"""What every blobs adapter promises."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest

from shared.blobs.port import BlobInfo, Tier
from shared.errors import Exists, Invalid, Missing
from tests.contracts.blobs_fixtures import BlobStore

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGE = bytes(range(256)) * (9 * 4096)


def content(store: BlobStore, name: str) -> bytes:
    """The whole of a blob."""
    with store.blobs.open(store.container, name) as reader:
        return reader.read()


def names(store: BlobStore, prefix: str = "") -> list[str]:
    """The names of the blobs under a prefix."""
    return [info.name for info in store.blobs.list(store.container, prefix)]


@pytest.mark.parametrize("data", [b"", b"text", b"\x00\xff\r\n", LARGE], ids=len)
def test_a_blob_is_read_as_it_was_written(blob_store: BlobStore, data: bytes) -> None:
    """Bytes come back as they were, none of them and more than a block of them too."""
    info = blob_store.blobs.put(blob_store.container, "a/b.bin", data)

    assert content(blob_store, "a/b.bin") == data
    assert (info.name, info.size) == ("a/b.bin", len(data))


def test_what_is_known_of_a_blob_is_what_it_was_written_with(blob_store: BlobStore) -> None:
    """Putting, asking, opening and listing tell the same of a blob."""
    before = datetime.now(UTC) - timedelta(minutes=5)
    metadata = {"uploaded_by": "u-1", "note": "50 % & 'more' = \"x\""}

    put = blob_store.blobs.put(
        blob_store.container, "a.txt", b"text", content_type="text/plain", metadata=metadata
    )

    asked = blob_store.blobs.info(blob_store.container, "a.txt")
    with blob_store.blobs.open(blob_store.container, "a.txt") as reader:
        opened = reader.info
    assert [put, asked, opened] == [put] * 3
    assert list(blob_store.blobs.list(blob_store.container)) == [put]
    assert (put.size, put.content_type, put.metadata) == (4, "text/plain", metadata)
    assert put.tier == "hot"
    assert before < put.modified_at < datetime.now(UTC) + timedelta(minutes=5)


class Trickle(io.RawIOBase):
    """A stream that cannot be rewound and gives little at a time."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self._rest.readinto(memoryview(buffer)[:10_000])


STREAMS: dict[str, Callable[[], BinaryIO]] = {
    "rewindable": lambda: io.BytesIO(LARGE),
    "not rewindable": lambda: io.BufferedReader(Trickle(LARGE)),
}


@pytest.mark.parametrize("opened", STREAMS.values(), ids=STREAMS)
def test_a_stream_is_written_whole(blob_store: BlobStore, opened: Callable[[], BinaryIO]) -> None:
    """A stream of unknown length is written to its end."""
    info = blob_store.blobs.put(blob_store.container, "a", opened())

    assert info.size == len(LARGE)
    assert content(blob_store, "a") == LARGE


@pytest.mark.parametrize("size", [0, 100, len(LARGE)])
def test_a_file_is_written_from_where_it_stands(
    blob_store: BlobStore, tmp_path: Path, size: int
) -> None:
    """An open file of which a part was read is written from there on."""
    path = tmp_path / "file"
    path.write_bytes(b"read" + LARGE[:size])
    with path.open("rb") as file:
        file.read(4)
        blob_store.blobs.put(blob_store.container, "a", file)

    assert content(blob_store, "a") == LARGE[:size]


class Broken(io.RawIOBase):
    """A stream that ends in an error after more than a block."""

    def __init__(self) -> None:
        self._left = 6

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if self._left == 0:
            raise OSError("the sender went away")
        self._left -= 1
        return io.BytesIO(bytes(1 << 20)).readinto(buffer)


def test_a_stream_that_breaks_leaves_what_was_there(blob_store: BlobStore) -> None:
    """When the source of a write fails, the former blob stays and no part of a new one shows."""
    blob_store.blobs.put(blob_store.container, "a", b"former")

    for name in ("a", "new"):
        with pytest.raises(OSError, match="went away"):
            blob_store.blobs.put(blob_store.container, name, io.BufferedReader(Broken()))

    assert content(blob_store, "a") == b"former"
    assert names(blob_store) == ["a"]


def test_writing_again_replaces_all_of_a_blob(blob_store: BlobStore) -> None:
    """Content, content type, metadata and etag are those of the last write."""
    first = blob_store.blobs.put(
        blob_store.container, "a", b"first", content_type="text/plain", metadata={"x": "1"}
    )
    second = blob_store.blobs.put(blob_store.container, "a", b"2", content_type="image/png")

    assert content(blob_store, "a") == b"2"
    assert blob_store.blobs.info(blob_store.container, "a") == second
    assert (second.content_type, second.metadata) == ("image/png", {})
    assert second.etag != first.etag


@pytest.mark.parametrize("data", [b"second", LARGE], ids=len)
def test_a_blob_that_must_be_absent_is_not_overwritten(blob_store: BlobStore, data: bytes) -> None:
    """With if_absent the first write succeeds and the second raises Exists."""
    blob_store.blobs.put(blob_store.container, "a", b"first", if_absent=True)

    with pytest.raises(Exists):
        blob_store.blobs.put(
            blob_store.container, "a", io.BytesIO(data), metadata={"x": "2"}, if_absent=True
        )

    assert content(blob_store, "a") == b"first"
    info = blob_store.blobs.info(blob_store.container, "a")
    assert info is not None
    assert info.metadata == {}


def test_of_many_that_write_an_absent_blob_one_wins(blob_store: BlobStore) -> None:
    """Of eight at once one writes, seven meet Exists, and the content is the winner's."""
    winners: list[int] = []
    losers: list[int] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            blob_store.blobs.put(blob_store.container, "a", f"{number}".encode(), if_absent=True)
            winners.append(number)
        except Exists:
            losers.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(winners), len(losers)) == (1, 7)
    assert content(blob_store, "a") == f"{winners[0]}".encode()


def test_a_blob_that_is_not_there_is_missing(blob_store: BlobStore) -> None:
    """Asking gives None; opening, linking and moving raise Missing; deleting is fine."""
    assert blob_store.blobs.info(blob_store.container, "none") is None
    with pytest.raises(Missing), blob_store.blobs.open(blob_store.container, "none"):
        pass
    soon = datetime.now(UTC) + timedelta(minutes=5)
    with pytest.raises(Missing):
        blob_store.blobs.link(blob_store.container, "none", expires_at=soon)
    with pytest.raises(Missing):
        blob_store.blobs.set_tier(blob_store.container, "none", "cool")
    blob_store.blobs.delete(blob_store.container, "none")


def test_a_deleted_blob_is_gone_and_its_name_free(blob_store: BlobStore) -> None:
    """After a delete, or two, nothing is there and an absent blob can be written."""
    blob_store.blobs.put(blob_store.container, "a", b"x", metadata={"x": "1"})

    blob_store.blobs.delete(blob_store.container, "a")
    blob_store.blobs.delete(blob_store.container, "a")

    assert blob_store.blobs.info(blob_store.container, "a") is None
    assert names(blob_store) == []
    assert blob_store.blobs.put(blob_store.container, "a", b"x", if_absent=True).metadata == {}


def test_a_blob_is_read_in_pieces(blob_store: BlobStore) -> None:
    """Reading gives at most what is asked for, in order, the rest at once, and then nothing."""
    blob_store.blobs.put(blob_store.container, "a", LARGE)

    with blob_store.blobs.open(blob_store.container, "a") as reader:
        pieces = [reader.read(1), reader.read(5_000_000), reader.read(0)]
        rest = reader.read()
        end = reader.read(10)

    assert all(len(piece) <= asked for piece, asked in zip(pieces, (1, 5_000_000, 0), strict=True))
    assert pieces[0] == LARGE[:1]
    assert b"".join(pieces) + rest == LARGE
    assert end == b""


def test_blobs_are_listed_by_name_under_a_prefix(blob_store: BlobStore) -> None:
    """A prefix is the beginning of a name, not a folder; the order is by name."""
    for name in ("t1/b", "t1/a/x", "t10/c", "t1/é", "u/a", "t1/B", "t1/a.txt"):
        blob_store.blobs.put(blob_store.container, name, b"")

    everything = ["t1/B", "t1/a.txt", "t1/a/x", "t1/b", "t1/é", "t10/c", "u/a"]
    assert names(blob_store) == everything
    assert names(blob_store, "t1/") == everything[:5]
    assert names(blob_store, "t1") == everything[:6]
    assert names(blob_store, "t1/a") == ["t1/a.txt", "t1/a/x"]
    assert names(blob_store, "nobody/") == []


NAMES = [
    "résumé – 履歴書 \U0001f600.pdf",
    "a b+c&d=e;f,g%20h#i?j.txt",
    "50%.txt",
    "%2e%2e/x",
    "a:b|c*d'e\"f<g>.txt",
    "...hidden",
    "~/$HOME",
    "x" * 255,
    "/".join(["deep"] * 100),
]


@pytest.mark.parametrize("name", NAMES, ids=[f"{at}" for at in range(len(NAMES))])
def test_a_name_of_any_other_characters_is_kept(blob_store: BlobStore, name: str) -> None:
    """Names with spaces, signs of URLs and letters of any script are written, listed, read."""
    blob_store.blobs.put(blob_store.container, name, b"x", metadata={"x": "1"})

    assert names(blob_store) == [name]
    assert names(blob_store, name[:-1]) == [name]
    assert content(blob_store, name) == b"x"
    blob_store.blobs.delete(blob_store.container, name)
    assert names(blob_store) == []


BAD_NAMES = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "a.",
    "a./b",
    "a\\b",
    "a\x00b",
    "a\nb",
    "\x7f",
    "\ud800",
    "x" * 256,
    "é" * 128,
    "/".join(["deep"] * 300),
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=[f"{at}" for at in range(len(BAD_NAMES))])
def test_a_bad_name_is_invalid_everywhere(blob_store: BlobStore, name: str) -> None:
    """A name that leads elsewhere, or that a store would change, is refused by every method."""
    soon = datetime.now(UTC) + timedelta(minutes=5)
    blobs, container = blob_store.blobs, blob_store.container
    with pytest.raises(Invalid):
        blobs.put(container, name, b"")
    with pytest.raises(Invalid):
        blobs.info(container, name)
    with pytest.raises(Invalid), blobs.open(container, name):
        pass
    with pytest.raises(Invalid):
        blobs.delete(container, name)
    with pytest.raises(Invalid):
        blobs.link(container, name, expires_at=soon)
    with pytest.raises(Invalid):
        blobs.set_tier(container, name, "cool")
    with pytest.raises(Invalid):
        blobs.tags(container, name)


@pytest.mark.parametrize(
    "container", ["", "ab", "A-b", "a_b", "-ab", "ab-", "a--b", "..", "a/b", "x" * 64, "é" * 3]
)
def test_a_bad_container_is_invalid(blob_store: BlobStore, container: str) -> None:
    """Container names are 3 to 63 small letters, digits and single hyphens."""
    with pytest.raises(Invalid):
        blob_store.blobs.put(container, "a", b"")
    with pytest.raises(Invalid):
        list(blob_store.blobs.list(container))


@pytest.mark.parametrize(
    "metadata",
    [
        {"": "x"},
        {"Upper": "x"},
        {"a-b": "x"},
        {"1a": "x"},
        {"a": ""},
        {"a": " x"},
        {"a": "x\r\ny: z"},
        {"a": "é"},
        {"a": "x" * 9000},
        {f"a{number}": "x" * 90 for number in range(100)},
    ],
    ids=[f"{at}" for at in range(10)],
)
def test_metadata_that_a_header_cannot_carry_is_invalid(
    blob_store: BlobStore, metadata: dict[str, str]
) -> None:
    """Metadata is short printable ASCII under plain names; nothing is written otherwise."""
    with pytest.raises(Invalid):
        blob_store.blobs.put(blob_store.container, "a", b"", metadata=metadata)

    assert names(blob_store) == []


def test_a_blob_moves_between_tiers(blob_store: BlobStore) -> None:
    """A tier is told by asking, listing and opening; content and metadata stay."""
    blob_store.blobs.put(blob_store.container, "a", b"x", metadata={"x": "1"})
    tiers: list[Tier] = ["cool", "cold", "hot"]

    for tier in tiers:
        blob_store.blobs.set_tier(blob_store.container, "a", tier)
        info = blob_store.blobs.info(blob_store.container, "a")
        assert isinstance(info, BlobInfo)
        assert (info.tier, info.metadata) == (tier, {"x": "1"})
        with blob_store.blobs.open(blob_store.container, "a") as reader:
            assert (reader.info.tier, reader.read()) == (tier, b"x")

    blob_store.blobs.set_tier(blob_store.container, "a", "archive")
    assert [info.tier for info in blob_store.blobs.list(blob_store.container)] == ["archive"]


def test_tags_are_of_a_version_and_change_nothing_else(blob_store: BlobStore) -> None:
    """Tags are read as they were noted, replaced whole, and gone with what they were noted on."""
    blobs, container = blob_store.blobs, blob_store.container
    before = blobs.put(container, "a b/é.txt", b"x", metadata={"x": "1"})
    assert blobs.tags(container, "a b/é.txt") == {}

    blob_store.set_tags("a b/é.txt", {"Malware Scanning scan result": "Malicious", "other": "1"})
    blob_store.set_tags("a b/é.txt", {"Malware Scanning scan result": "No threats found"})

    assert blobs.tags(container, "a b/é.txt") == {
        "Malware Scanning scan result": "No threats found"
    }
    assert blobs.info(container, "a b/é.txt") == before
    blobs.put(container, "a b/é.txt", b"y")
    assert blobs.tags(container, "a b/é.txt") == {}
    blobs.delete(container, "a b/é.txt")
    with pytest.raises(Missing):
        blobs.tags(container, "a b/é.txt")


def test_tags_stay_when_the_tier_changes(blob_store: BlobStore) -> None:
    """A blob moved to another tier is the same version, tags included."""
    blob_store.blobs.put(blob_store.container, "a", b"x")
    blob_store.set_tags("a", {"k": "v"})
    blob_store.blobs.set_tier(blob_store.container, "a", "cool")
    assert blob_store.blobs.tags(blob_store.container, "a") == {"k": "v"}


def test_containers_are_apart(blob_store: BlobStore) -> None:
    """A name in one container is not there in another."""
    blob_store.blobs.put(blob_store.container, "a", b"x")

    assert blob_store.blobs.info(blob_store.container + "x", "a") is None
