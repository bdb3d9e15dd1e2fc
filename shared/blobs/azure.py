"""Blobs on Azure Blob Storage.

The SDK sends a write again when the connection ends without an answer. For a blob that
must not be there yet that is one time too many: the second try would find what the first
had written. So such a write is not sent again, and ends in ``Unavailable``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import parse_qs, urlsplit

from shared.blobs.port import BlobInfo, Tier, check_content_type, check_metadata, check_name
from shared.errors import (
    Conflict,
    Exists,
    Invalid,
    Missing,
    Problem,
    Stale,
    Throttled,
    TooLarge,
    Unavailable,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import HttpResponseError
    from azure.storage.blob import (
        BlobClient,
        BlobProperties,
        ContainerClient,
        StorageStreamDownloader,
        UserDelegationKey,
    )

_BLOCK_BYTES = 4 * 1024 * 1024
_RETRIES = 3
_CONNECT_SECONDS, _READ_SECONDS = 5, 30
_LONGEST_LINK = timedelta(days=7)
_CLOCK_SKEW = timedelta(minutes=15)
_KEY_LIFETIME = timedelta(hours=1)


class _Reader:
    def __init__(self, download: StorageStreamDownloader[bytes], info: BlobInfo) -> None:
        self._download = download
        self.info = info

    def read(self, size: int = -1, /) -> bytes:
        from azure.core.exceptions import ResourceModifiedError

        try:
            with _translated(self.info.name):
                return self._download.read(size)
        except ResourceModifiedError as error:
            raise Stale(f"blob {self.info.name} was overwritten while it was read") from error


class _Joined:
    """The beginning of a stream that was read already, and its rest."""

    def __init__(self, beginning: bytes, rest: BinaryIO) -> None:
        self._beginning = beginning
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._beginning:
            return self._rest.read(size)
        taken = self._beginning if size < 0 else self._beginning[:size]
        self._beginning = self._beginning[len(taken) :]
        return taken + self._rest.read() if size < 0 else taken


class AzureBlobs:
    """The :class:`~shared.blobs.port.Blobs` port on one storage account.

    With a token credential, links are signed with a user delegation key; made by
    :meth:`from_connection_string`, with the account's key. Nothing is sent before the
    first use. Containers are made with the account, not here.
    """

    def __init__(self, account_url: str, credential: TokenCredential) -> None:
        from azure.storage.blob import BlobServiceClient

        self._service = BlobServiceClient(account_url, credential, **_options())
        self._key: UserDelegationKey | None = None
        self._lock = threading.Lock()

    @classmethod
    def from_connection_string(cls, connection_string: str) -> AzureBlobs:
        """Connect by a string with an account key. Raises ``ValueError`` for another form."""
        from azure.storage.blob import BlobServiceClient

        made = cls.__new__(cls)
        made._service = BlobServiceClient.from_connection_string(connection_string, **_options())
        made._key = None
        made._lock = threading.Lock()
        if made._account_key() is None:
            raise ValueError("a storage connection string names AccountName and AccountKey")
        return made

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def put(
        self,
        container: str,
        name: str,
        data: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
    ) -> BlobInfo:
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
        from azure.storage.blob import ContentSettings

        blob = self._blob(container, name)
        check_metadata(metadata or {})
        check_content_type(content_type)
        once: dict[str, Any] = {"retry_hook": _refuse_to_resend} if if_absent else {}
        try:
            with _translated(name):
                blob.upload_blob(
                    data if isinstance(data, bytes) else _source(data),
                    overwrite=not if_absent,
                    metadata=dict(metadata or {}),
                    content_settings=ContentSettings(content_type=content_type),
                    **once,
                )
                return _info(name, blob.get_blob_properties())
        except (ResourceExistsError, ResourceModifiedError) as error:
            if not if_absent:
                raise
            raise Exists(f"blob {container}/{name} is there already") from error

    def info(self, container: str, name: str) -> BlobInfo | None:
        from azure.core.exceptions import ResourceNotFoundError

        blob = self._blob(container, name)
        try:
            with _translated(name):
                return _info(name, blob.get_blob_properties())
        except ResourceNotFoundError:
            return None

    @contextmanager
    def open(self, container: str, name: str) -> Iterator[_Reader]:
        blob = self._blob(container, name)
        with _translated(name), _missing(container, name):
            # The answer that holds the content does not say the tier.
            tier = _info(name, blob.get_blob_properties()).tier
            download = blob.download_blob()
            info = replace(_info(name, download.properties), tier=tier)
        yield _Reader(download, info)

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        check_name(container, prefix.strip("/") or "any")
        with _translated(container):
            for properties in self._container(container).list_blobs(
                name_starts_with=prefix or None, include=["metadata"]
            ):
                yield _info(properties.name, properties)

    def delete(self, container: str, name: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        blob = self._blob(container, name)
        try:
            with _translated(name):
                blob.delete_blob(delete_snapshots="include")
        except ResourceNotFoundError:
            return

    def link(self, container: str, name: str, *, expires_at: datetime) -> str:
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        if expires_at.tzinfo is None:
            raise Invalid("a link's expiry names its time zone")
        blob = self._blob(container, name)
        with _translated(name), _missing(container, name):
            blob.get_blob_properties()
            account_key = self._account_key()
            delegated = None if account_key else self._delegation_key(expires_at)
        signature = generate_blob_sas(
            account_name=str(self._service.account_name),
            container_name=container,
            blob_name=name,
            account_key=account_key,
            user_delegation_key=delegated,
            permission=BlobSasPermissions(read=True),
            expiry=expires_at.astimezone(UTC),
            # Only an emulator answers without TLS.
            protocol="https" if blob.url.startswith("https:") else "https,http",
        )
        return f"{blob.url}?{signature}"

    def set_tier(self, container: str, name: str, tier: Tier) -> None:
        blob = self._blob(container, name)
        with _translated(name), _missing(container, name):
            blob.set_standard_blob_tier(tier.capitalize())

    def ping(self, container: str, *, seconds: float) -> None:
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        try:
            with _translated(container):
                self._container(container).get_container_properties(
                    retry_total=0, connection_timeout=seconds, read_timeout=seconds
                )
        except ResourceNotFoundError as error:
            raise Missing(f"the account has no container {container}") from error
        except HttpResponseError as error:
            raise Unavailable("the blob store does not let this process in") from error

    def tags(self, container: str, name: str) -> Mapping[str, str]:
        blob = self._blob(container, name)
        with _translated(name), _missing(container, name):
            return dict(blob.get_blob_tags())

    def _blob(self, container: str, name: str) -> BlobClient:
        check_name(container, name)
        return self._service.get_blob_client(container, name)

    def _container(self, container: str) -> ContainerClient:
        return self._service.get_container_client(container)

    def _account_key(self) -> str | None:
        return getattr(self._service.credential, "account_key", None)

    def _delegation_key(self, expires_at: datetime) -> UserDelegationKey:
        """A key that outlives the link; one is kept, for it costs a request."""
        now = datetime.now(UTC)
        if expires_at > now + _LONGEST_LINK:
            raise Invalid("a link lasts seven days at most")
        with self._lock:
            key = self._key
            if key is None or datetime.fromisoformat(str(key.signed_expiry)) < expires_at:
                until = max(expires_at, min(now + _KEY_LIFETIME, now + _LONGEST_LINK))
                key = self._service.get_user_delegation_key(now - _CLOCK_SKEW, until)
                self._key = key
            return key


def _options() -> dict[str, Any]:
    from azure.storage.blob import LinearRetry

    return {
        "retry_policy": LinearRetry(backoff=1, retry_total=_RETRIES, random_jitter_range=1),
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "max_single_put_size": _BLOCK_BYTES,
        "max_block_size": _BLOCK_BYTES,
        "max_single_get_size": _BLOCK_BYTES,
        "max_chunk_get_size": _BLOCK_BYTES,
    }


def _source(stream: BinaryIO) -> bytes | IO[bytes]:
    """What the SDK is given of a stream: bytes when it is small, else only what reads it.

    The SDK takes the length of an open file for what is left to read of it.
    """
    beginning = bytearray()
    while len(beginning) <= _BLOCK_BYTES:
        piece = stream.read(_BLOCK_BYTES + 1 - len(beginning))
        if not piece:
            return bytes(beginning)
        beginning += piece
    return cast("IO[bytes]", _Joined(bytes(beginning), stream))


def _refuse_to_resend(**tried: Any) -> None:
    """Called by the SDK before it repeats a request of a write that must be the first."""
    request = tried["request"]
    asks = parse_qs(urlsplit(request.url).query)
    # A block alone makes no blob: it can be sent as often as it takes.
    if request.method == "PUT" and asks.get("comp") != ["block"]:
        raise Unavailable("the store did not say whether the blob was written")


@contextmanager
def _missing(container: str, name: str) -> Iterator[None]:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        yield
    except ResourceNotFoundError as error:
        raise Missing(f"blob {container}/{name} is not there") from error


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn the SDK's errors that a caller can act on into those of the port."""
    from azure.core.exceptions import (
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )

    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as error:
        raise Unavailable("the blob store gave no answer") from error
    except ClientAuthenticationError as error:
        # no token to be had, or refused: an operator's to mend, and nothing happened meanwhile
        raise Unavailable("the blob store does not let this process in") from error
    except HttpResponseError as error:
        problem = _problem(error, name)
        if problem is None:
            raise
        raise problem from error
    except AzureError as error:
        raise Unavailable("the blob store gave no answer") from error


def _problem(error: HttpResponseError, name: str) -> Problem | None:
    status, code = error.status_code, str(getattr(error, "error_code", ""))
    if status == 429 or code == "ServerBusy":
        headers: Mapping[str, str] = getattr(error.response, "headers", {})
        return Throttled(
            "the blob store is busy", retry_after=float(headers.get("Retry-After") or 1)
        )
    if status == 413:
        return TooLarge("the blob is larger than the store takes")
    if code == "BlobArchived":
        return Conflict(f"blob {name} is archived: move it to another tier and wait")
    if status is None or status == 408 or status >= 500:
        return Unavailable("the blob store does not answer")
    return None


def _info(name: str, properties: BlobProperties) -> BlobInfo:
    return BlobInfo(
        name=name,
        size=properties.size,
        etag=str(properties.etag).strip('"'),
        content_type=properties.content_settings.content_type or "application/octet-stream",
        modified_at=properties.last_modified,
        metadata=dict(properties.metadata or {}),
        tier=cast(Tier, str(properties.blob_tier or "hot").lower()),
    )
