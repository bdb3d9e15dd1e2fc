"""Blobs as plain files: the embedded store.

``<root>/<container>/<name>`` is the content, so a file dropped there by hand is
a blob. What a file system does not keep (content type, metadata, tier, tags) lies
beside it in ``<root>/.properties/``, tied to the version it was written with.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import mimetypes
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlencode
from uuid import uuid4

from shared.blobs.port import BlobInfo, Tier, check_content_type, check_metadata, check_name
from shared.errors import Exists, Forbidden, Invalid, Missing, Unavailable

_TEMPORARY, _PROPERTIES = ".incoming", ".properties"
_WRITE_SECONDS = 60.0
_FOLDER_TRIES = 20


@dataclass(frozen=True)
class _Properties:
    content_type: str
    metadata: dict[str, str] = field(default_factory=dict)
    tier: Tier = "hot"
    tags: dict[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, file: BinaryIO, info: BlobInfo) -> None:
        self._file = file
        self.info = info

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)


class FileBlobs:
    """The :class:`~shared.blobs.port.Blobs` port on a folder.

    ``link_base`` is the URL under which the local host serves links;
    ``link_key`` signs them.
    """

    def __init__(self, root: Path, *, link_base: str, link_key: bytes) -> None:
        self._root = root
        self._link_base = link_base.rstrip("/")
        self._link_key = link_key
        (root / _TEMPORARY).mkdir(parents=True, exist_ok=True)

    def path(self, container: str, name: str) -> Path:
        """Where a blob's content lies. Raises ``Invalid`` for a bad name."""
        check_name(container, name)
        return self._root / container / name

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
        target = self.path(container, name)
        check_content_type(content_type)
        check_metadata(metadata or {})
        incoming = self._root / _TEMPORARY / uuid4().hex
        try:
            with incoming.open("wb") as file:
                shutil.copyfileobj(io.BytesIO(data) if isinstance(data, bytes) else data, file)
                file.flush()
                os.fsync(file.fileno())
            properties = _Properties(content_type, dict(metadata or {}))
            etag = _etag(incoming.stat())
            self._write_properties(container, name, etag, properties)
            _settle(incoming, target, name, if_absent=if_absent)
        except FileExistsError as error:
            raise Exists(f"blob {container}/{name} is there already") from error
        except IsADirectoryError as error:
            raise Invalid(f"{name} is a folder of other blobs here") from error
        finally:
            incoming.unlink(missing_ok=True)
        self._drop_stale_properties(container, name)
        info = self.info(container, name)
        if info is None:  # deleted by somebody else this instant
            raise Missing(f"blob {container}/{name} is not there")
        return info

    def ping(self, container: str, *, seconds: float) -> None:  # noqa: ARG002  a disk answers at once
        check_name(container, "ping")
        probe = self._root / _TEMPORARY / uuid4().hex
        try:
            # what reads may not write: a disk that is full, or mounted for reading alone
            probe.write_bytes(b"ping")
            probe.unlink()
        except OSError as error:
            raise Unavailable("the folder of blobs takes no files") from error

    def info(self, container: str, name: str) -> BlobInfo | None:
        path = self.path(container, name)
        if not path.is_file():
            return None
        try:
            return self._info(container, name, path.stat())
        except FileNotFoundError:
            return None

    @contextmanager
    def open(self, container: str, name: str) -> Iterator[_Reader]:
        path = self.path(container, name)
        try:
            if path.exists() and not path.is_file():  # opening a pipe would wait for ever
                raise Missing(f"blob {container}/{name} is not there")
            file = path.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise Missing(f"blob {container}/{name} is not there") from error
        with file:
            yield _Reader(file, self._info(container, name, os.fstat(file.fileno())))

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        check_name(container, prefix.strip("/") or "any")
        base = self._root / container
        names = (
            (Path(folder) / file).relative_to(base).as_posix()
            for folder, _, files in os.walk(base)
            for file in files
        )
        for name in sorted(name for name in names if name.startswith(prefix)):
            try:
                info = self.info(container, name)
            except Invalid:  # dropped by hand under a name that no blob has
                continue
            if info is not None:
                yield info

    def delete(self, container: str, name: str) -> None:
        path = self.path(container, name)
        with suppress(FileNotFoundError, NotADirectoryError):
            etag = _etag(path.stat())
            path.unlink()
            (self._properties_folder(container, name) / etag).unlink(missing_ok=True)
        self._drop_stale_properties(container, name)
        # A folder's name may tell of a person; the first ones are for dropping into.
        with suppress(OSError):
            for _ in Path(name).parts[2:]:
                path = path.parent
                path.rmdir()

    def link(self, container: str, name: str, *, expires_at: datetime) -> str:
        if self.info(container, name) is None:
            raise Missing(f"blob {container}/{name} is not there")
        expiry = str(int(expires_at.timestamp()))
        query = urlencode({"expires": expiry, "signature": self._sign(container, name, expiry)})
        return f"{self._link_base}/{container}/{quote(name)}?{query}"

    def check_link(
        self, container: str, name: str, *, expires: str, signature: str, now: datetime
    ) -> None:
        """Raise ``Forbidden`` unless a link's signature holds and it has not expired."""
        expected = self._sign(container, name, expires)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise Forbidden("the link's signature does not hold")
        if not expires.isdecimal() or int(expires) <= now.timestamp():
            raise Forbidden("the link has expired")

    def set_tier(self, container: str, name: str, tier: Tier) -> None:
        info = self.info(container, name)
        if info is None:
            raise Missing(f"blob {container}/{name} is not there")
        properties = self._read_properties(container, name, info.etag)
        self._write_properties(container, name, info.etag, replace(properties, tier=tier))

    def tags(self, container: str, name: str) -> Mapping[str, str]:
        info = self.info(container, name)
        if info is None:
            raise Missing(f"blob {container}/{name} is not there")
        return self._read_properties(container, name, info.etag).tags

    def set_tags(self, container: str, name: str, tags: Mapping[str, str]) -> None:
        """Note these tags on a blob's present version, instead of those it has, as a scanner of
        the cloud would. Raises ``Missing``."""
        info = self.info(container, name)
        if info is None:
            raise Missing(f"blob {container}/{name} is not there")
        properties = self._read_properties(container, name, info.etag)
        self._write_properties(container, name, info.etag, replace(properties, tags=dict(tags)))

    def _sign(self, container: str, name: str, expires: str) -> str:
        text = "\n".join((container, name, expires)).encode()
        return hmac.new(self._link_key, text, hashlib.sha256).hexdigest()

    def _info(self, container: str, name: str, stat: os.stat_result) -> BlobInfo:
        etag = _etag(stat)
        properties = self._read_properties(container, name, etag)
        return BlobInfo(
            name=name,
            size=stat.st_size,
            etag=etag,
            content_type=properties.content_type,
            modified_at=datetime.fromtimestamp(stat.st_mtime, UTC),
            metadata=properties.metadata,
            tier=properties.tier,
        )

    def _properties_folder(self, container: str, name: str) -> Path:
        # A digest, so that no name of a blob can collide with a folder of another's.
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self._root / _PROPERTIES / container / digest[:2] / digest

    def _write_properties(
        self, container: str, name: str, etag: str, properties: _Properties
    ) -> None:
        folder = self._properties_folder(container, name)
        folder.mkdir(parents=True, exist_ok=True)
        incoming = self._root / _TEMPORARY / uuid4().hex
        incoming.write_text(json.dumps(asdict(properties)), encoding="utf-8")
        incoming.replace(folder / etag)

    def _read_properties(self, container: str, name: str, etag: str) -> _Properties:
        path = self._properties_folder(container, name) / etag
        try:
            return _Properties(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            guessed, _ = mimetypes.guess_type(name)
            return _Properties(guessed or "application/octet-stream")

    def _drop_stale_properties(self, container: str, name: str) -> None:
        """Forget versions that are gone. A young one may be of a write under way."""
        folder = self._properties_folder(container, name)
        present = self.info(container, name)
        with suppress(FileNotFoundError):
            for path in folder.iterdir():
                is_present = present is not None and path.name == present.etag
                if not is_present and path.stat().st_mtime < time.time() - _WRITE_SECONDS:
                    path.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()


def _etag(stat: os.stat_result) -> str:
    """A version of a file: rewriting changes the inode or the time, whatever the size."""
    return f"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}"


def _settle(incoming: Path, target: Path, name: str, *, if_absent: bool) -> None:
    """Put a written file where it belongs. Its folder may go meanwhile, with its last blob."""
    for tries_left in reversed(range(_FOLDER_TRIES)):
        _make_folder(target.parent, name)
        try:
            if if_absent:
                os.link(incoming, target)
            else:
                incoming.replace(target)
        except FileNotFoundError:
            if not tries_left:
                raise
        else:
            return


def _make_folder(folder: Path, name: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise Invalid(f"a folder of {name} is a blob here") from error
