"""What the Azure adapter alone does: links, lost answers, versions, archived blobs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import requests

from shared.blobs.azure import AzureBlobs
from shared.errors import Conflict, Exists, Invalid, Stale, Unavailable
from tests.contracts.blobs_fixtures import (
    ACCOUNT,
    BlobStore,
    account_store,
    connection_string,
    new_container,
    running_secure_azurite,
)
from tests.peers.identity import SignedToken
from tests.peers.loopback import free_port
from tests.peers.relay import Relay, relaying

LARGE = bytes(range(256)) * (9 * 4096)
SECONDS = 10


def soon() -> datetime:
    """A quarter of an hour from now."""
    return datetime.now(UTC) + timedelta(minutes=15)


@pytest.fixture
def by_key(azurite: str) -> Iterator[BlobStore]:
    """Azurite over HTTP, with the account's key."""
    made = account_store("key", azurite)
    yield made
    cast(AzureBlobs, made.blobs).close()


@pytest.fixture(scope="module")
def secure_azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Azurite over HTTPS that takes tokens."""
    with running_secure_azurite(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def by_token(
    secure_azurite: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[BlobStore]:
    """Azurite over HTTPS, with a token credential."""
    from azure.storage.blob import BlobServiceClient

    url, certificate = secure_azurite
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    credential, container = SignedToken(), f"c-{uuid4().hex}"
    with BlobServiceClient(url, credential) as service:
        service.create_container(container)
    blobs = AzureBlobs(url, credential)
    yield BlobStore("token", blobs, container, lambda _name, _tags: None)
    blobs.close()


@pytest.fixture(params=["by_key", "by_token"])
def linking(request: pytest.FixtureRequest) -> BlobStore:
    """Both ways to sign links."""
    store: BlobStore = request.getfixturevalue(request.param)
    return store


def test_a_link_reads_its_blob(linking: BlobStore) -> None:
    """Whoever has the link reads the content with its type, whatever the name."""
    name = "t1/résumé & 100%/a b+c?.txt"
    linking.blobs.put(linking.container, name, b"text", content_type="text/plain")

    answer = requests.get(
        linking.blobs.link(linking.container, name, expires_at=soon()), timeout=SECONDS
    )

    assert (answer.status_code, answer.content) == (200, b"text")
    assert answer.headers["Content-Type"] == "text/plain"


def test_a_link_does_nothing_else(linking: BlobStore) -> None:
    """A link neither writes nor deletes, nor opens another blob or the container's list."""
    linking.blobs.put(linking.container, "a", b"a")
    linking.blobs.put(linking.container, "b", b"b")
    link = linking.blobs.link(linking.container, "a", expires_at=soon())
    container, _, query = link.partition("/a?")

    written = requests.put(
        link, data=b"x", headers={"x-ms-blob-type": "BlockBlob"}, timeout=SECONDS
    )
    deleted = requests.delete(link, timeout=SECONDS)
    other = requests.get(f"{container}/b?{query}", timeout=SECONDS)
    listed = requests.get(f"{container}?restype=container&comp=list&{query}", timeout=SECONDS)
    unsigned = requests.get(link.partition("?")[0], timeout=SECONDS)
    later = requests.get(link.replace("se=2", "se=3"), timeout=SECONDS)

    answers = [written, deleted, other, listed, unsigned, later]
    assert [answer.status_code // 100 for answer in answers] == [4] * 6
    with linking.blobs.open(linking.container, "a") as reader:
        assert reader.read() == b"a"


def test_a_link_ends(linking: BlobStore) -> None:
    """Past its time a link reads nothing."""
    linking.blobs.put(linking.container, "a", b"a")
    before = datetime.now(UTC) - timedelta(minutes=1)

    link = linking.blobs.link(linking.container, "a", expires_at=before)

    assert requests.get(link, timeout=SECONDS).status_code == 403


def test_a_link_over_tls_is_for_tls_and_signed_for_its_bearer(by_token: BlobStore) -> None:
    """With a token the link holds for HTTPS alone, and is signed by a delegated key."""
    by_token.blobs.put(by_token.container, "a", b"a")

    link = by_token.blobs.link(by_token.container, "a", expires_at=soon())

    asked = parse_qs(urlsplit(link).query)
    assert (asked["spr"], asked["sp"], asked["sr"]) == (["https"], ["r"], ["b"])
    assert asked["skoid"] != [""]


def test_links_share_a_delegated_key_while_it_lasts(by_token: BlobStore) -> None:
    """A key is asked for when a link would outlive the present one, and kept otherwise."""
    by_token.blobs.put(by_token.container, "a", b"a")

    def key_expiry(expires_at: datetime) -> datetime:
        link = by_token.blobs.link(by_token.container, "a", expires_at=expires_at)
        assert requests.get(link, timeout=SECONDS).status_code == 200
        return datetime.fromisoformat(parse_qs(urlsplit(link).query)["ske"][0])

    first = key_expiry(soon())
    assert key_expiry(soon()) == first
    assert key_expiry(soon() + timedelta(hours=5)) > first


def test_a_link_has_a_time_zone_and_a_week_at_most(by_token: BlobStore) -> None:
    """A moment that is none, or one that no delegated key reaches, is Invalid."""
    by_token.blobs.put(by_token.container, "a", b"a")

    for moment in (datetime.now(UTC).replace(tzinfo=None), soon() + timedelta(days=7)):
        with pytest.raises(Invalid):
            by_token.blobs.link(by_token.container, "a", expires_at=moment)


@pytest.mark.parametrize("data", [b"second", LARGE], ids=len)
def test_a_blob_that_is_overwritten_while_read_is_never_mixed(
    by_key: BlobStore, data: bytes
) -> None:
    """A reader in the middle of a large blob hears Stale when it is overwritten."""
    by_key.blobs.put(by_key.container, "a", LARGE[::-1])

    with by_key.blobs.open(by_key.container, "a") as reader:
        beginning = reader.read(10)
        by_key.blobs.put(by_key.container, "a", data)
        with pytest.raises(Stale):
            reader.read()

    assert beginning == LARGE[::-1][:10]


def test_an_archived_blob_cannot_be_opened(by_key: BlobStore) -> None:
    """Reading from the archive is a Conflict until the blob is moved."""
    by_key.blobs.put(by_key.container, "a", b"a")
    by_key.blobs.set_tier(by_key.container, "a", "archive")

    with pytest.raises(Conflict), by_key.blobs.open(by_key.container, "a"):
        pass


@pytest.mark.parametrize("content_type", ["", "text", "text/plain\r\nx: y", "é/x", "text/plain; é"])
def test_a_content_type_that_a_header_cannot_carry_is_invalid(
    by_key: BlobStore, content_type: str
) -> None:
    """A content type is two plain words with a stroke between them, and options."""
    with pytest.raises(Invalid):
        by_key.blobs.put(by_key.container, "a", b"", content_type=content_type)


@pytest.fixture
def relayed(azurite: str) -> Iterator[tuple[Relay, AzureBlobs, str]]:
    """Azurite behind a relay that loses answers: the relay, the adapter, a container."""
    port = urlsplit(azurite.split("BlobEndpoint=")[1]).port
    assert port is not None
    with relaying(port) as relay:
        blobs = AzureBlobs.from_connection_string(connection_string(relay.port))
        yield relay, blobs, new_container(azurite)
        blobs.close()


@pytest.mark.parametrize("data", [b"x", bytes(8 * 1024 * 1024)], ids=len)
def test_a_write_that_must_be_the_first_is_not_sent_twice(
    relayed: tuple[Relay, AzureBlobs, str], data: bytes
) -> None:
    """When the answer of the deciding write is lost it is Unavailable, never its own Exists."""
    relay, blobs, container = relayed
    blobs.put(container, "warm", b"")

    class Ending(io.BytesIO):
        """Has the last answer lost: after the end of the data only the blob itself is sent."""

        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if not piece:
                relay.lose_answers(1)
            return piece

    with pytest.raises(Unavailable):
        blobs.put(container, "a", Ending(data), if_absent=True)

    assert relay.lost == 1
    with blobs.open(container, "a") as reader:
        assert reader.read() == data
    with pytest.raises(Exists):
        blobs.put(container, "a", data, if_absent=True)


def test_other_requests_are_sent_again(relayed: tuple[Relay, AzureBlobs, str]) -> None:
    """A write that may overwrite, a read, a delete and a block survive one lost answer each."""
    relay, blobs, container = relayed
    blobs.put(container, "warm", b"")

    relay.lose_answers(1)
    blobs.put(container, "a", b"x")
    assert relay.lost == 1
    relay.lose_answers(1)
    blobs.put(container, "large", LARGE, if_absent=True)
    assert relay.lost == 1
    relay.lose_answers(1)
    info = blobs.info(container, "large")
    assert relay.lost == 1
    relay.lose_answers(1)
    blobs.delete(container, "a")
    assert relay.lost == 1

    assert info is not None
    assert info.size == len(LARGE)
    assert blobs.info(container, "a") is None


def test_a_store_that_is_not_there_is_unavailable() -> None:
    """Nothing listens: asking is Unavailable, and building the adapter is not."""
    blobs = AzureBlobs.from_connection_string(connection_string(free_port()))

    with pytest.raises(Unavailable):
        blobs.info("container", "a")


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        f"AccountName={ACCOUNT};BlobEndpoint=http://127.0.0.1:1/{ACCOUNT};",
        "BlobEndpoint=https://x.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x",
    ],
)
def test_a_connection_string_without_a_key_is_refused(text: str) -> None:
    """A connection string that cannot sign links is told at once."""
    with pytest.raises(ValueError, match=r"."):
        AzureBlobs.from_connection_string(text)
