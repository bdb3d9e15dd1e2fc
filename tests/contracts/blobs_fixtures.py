"""The stores that the blobs contract runs over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from shared.blobs.azure import AzureBlobs
from shared.blobs.files import FileBlobs
from shared.blobs.port import Blobs
from tests.peers.identity import self_signed
from tests.peers.node import running_azurite

SERVICE = "WAYMARK_TEST_BLOB"
STORES = ["files", "azurite", *(["blob-service"] if SERVICE in os.environ else [])]
LINKS = "http://127.0.0.1:7071/blobs"
ACCOUNT = "devstoreaccount1"
# The key that every Azurite has; it is printed in its manual.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True)
class BlobStore:
    """A store under test, with a container that is nobody else's."""

    name: str
    blobs: Blobs
    container: str
    set_tags: Callable[[str, Mapping[str, str]], object]
    """Notes tags on a blob of the container, as a scanner does."""


def files_store(root: Path) -> BlobStore:
    """The blobs in a folder."""
    blobs, container = FileBlobs(root, link_base=LINKS, link_key=b"secret"), f"c-{uuid4().hex}"
    return BlobStore("files", blobs, container, partial(blobs.set_tags, container))


def account_store(name: str, account: str) -> BlobStore:
    """The blobs of an account, by its connection string."""
    container = new_container(account)

    def set_tags(blob: str, tags: Mapping[str, str]) -> None:
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient.from_connection_string(account) as service:
            service.get_blob_client(container, blob).set_blob_tags(dict(tags))

    return BlobStore(name, AzureBlobs.from_connection_string(account), container, set_tags)


def connection_string(port: int) -> str:
    """How to connect to Azurite by its key."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


def new_container(connection_string: str) -> str:
    """Make a container as the infrastructure would; gives its name."""
    from azure.storage.blob import BlobServiceClient

    name = f"c-{uuid4().hex}"
    with BlobServiceClient.from_connection_string(connection_string) as service:
        service.create_container(name)
    return name


@contextmanager
def running_secure_azurite(folder: Path) -> Iterator[tuple[str, Path]]:
    """Azurite over TLS that takes tokens; gives the account's URL and the certificate."""
    certificate, key = self_signed(folder)
    options = ("--oauth", "basic", "--cert", str(certificate), "--key", str(key))
    with running_azurite(*options) as port:
        yield f"https://127.0.0.1:{port}/{ACCOUNT}", certificate
