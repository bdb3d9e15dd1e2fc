"""Drives blob triggers from the folders of the embedded store, and storage queues."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from azure.functions import QueueMessage
from azure.functions.blob import InputStream

from local.state import MAX_TRIES, HostState, QueueItem
from local.triggers import BlobFunction, QueueFunction
from local.work import Work
from shared import telemetry
from shared.blobs.port import check_name
from shared.errors import Invalid

POLL_SECONDS = 0.2
RETRY_SECONDS = 0.2
SETTLED_SECONDS = 0.25
FULL_LOOK_SECONDS = 5.0
POISON_QUEUE = "webjobs-blobtrigger-poison"


class DroppedBlob(InputStream):
    """A blob as the trigger hands it over; its content is read when asked for."""

    def __init__(self, path: Path, name: str, size: int) -> None:
        super().__init__(data=b"", name=name, uri=path.as_uri(), length=size)
        self._path = path
        self._opened: BinaryIO | None = None

    def read(self, size: int | None = -1) -> bytes:
        if self._opened is None:
            self._opened = self._path.open("rb")
        return self._opened.read(-1 if size is None else size)

    read1 = read

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        super().close()


class BlobDriver:
    """Calls one function for each new or changed blob of one container.

    A file still being written is left alone until it has not changed for a
    moment. After five failed tries a message goes to the poison queue, as with
    the real host.
    """

    def __init__(
        self,
        function: BlobFunction,
        root: Path,
        state: HostState,
        work: Work,
        *,
        concurrency: int,
    ) -> None:
        self._function = function
        self._folder = root / function.container
        self._state = state
        self._work = work
        self._slots = threading.Semaphore(concurrency)
        self._handled = state.handled(function.name, function.container)
        self._retry_at: dict[str, float] = {}
        self._folders: dict[str, int] = {}
        self._full_look_at = 0.0
        self._left: set[str] = set()
        self._gone: dict[str, None] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._loop, name=f"blobs:{function.container}", daemon=True
        )

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until it takes no more blobs."""
        self._thread.join()

    def _loop(self) -> None:
        stopping = self._work.stopping
        while not stopping.is_set():
            looked = 0.0
            try:
                began = time.monotonic()
                due = list(self._due())
                looked = time.monotonic() - began
                self._forget_gone()
                for name, etag in due:
                    if stopping.is_set():
                        return
                    self._offer(name, etag)
            except Exception as error:
                telemetry.failure("blobs.not_read", error, container=self._function.container)
            # never more than a tenth of the time looking
            stopping.wait(max(POLL_SECONDS, 10 * looked))

    def _due(self) -> Iterator[tuple[str, str]]:
        """Blobs that are not handled and have settled.

        Folders that did not change are only looked into every few seconds: a file
        overwritten in place leaves its folder's time alone.
        """
        full = time.monotonic() >= self._full_look_at
        if full:
            self._full_look_at = time.monotonic() + FULL_LOOK_SECONDS
        now = time.time()
        top = self._folder.resolve()
        self._gone = dict.fromkeys(list(self._handled)) if full else {}
        for folder, _, names in os.walk(self._folder):
            changed = os.stat(folder).st_mtime_ns
            fresh = changed > (now - 2) * 1e9
            if not full and not fresh and self._folders.get(folder) == changed:
                continue
            unsettled = False
            for file in names:
                path = Path(folder) / file
                name = path.relative_to(self._folder).as_posix()
                self._gone.pop(name, None)
                try:
                    check_name(self._function.container, name)
                except Invalid:
                    self._tell_left(name)
                    continue
                try:
                    stat = path.stat()
                    inside = not path.is_symlink() or path.resolve().is_relative_to(top)
                except FileNotFoundError:
                    continue
                except OSError:  # a link to itself, or what we may not look at
                    self._tell_left(name)
                    continue
                if not (S_ISREG(stat.st_mode) and inside):
                    self._tell_left(name)
                    continue
                info = f"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}"
                if self._handled.get(name) == info:
                    continue
                if stat.st_ctime > now - SETTLED_SECONDS or self._retry_at.get(name, 0) > now:
                    unsettled = True
                    continue
                unsettled = True
                yield name, info
            if not unsettled:
                self._folders[folder] = changed
            else:
                self._folders.pop(folder, None)

    def _forget_gone(self) -> None:
        """Forget blobs that a full look did not find: one of the same name is new."""
        if self._gone:
            self._state.forget_blobs(
                self._function.name, self._function.container, list(self._gone)
            )
        for name in self._gone:
            self._handled.pop(name, None)
        self._gone = {}

    def _tell_left(self, name: str) -> None:
        """Tell once of a file that no function may open: no blob has such a name, it is a pipe
        or a device, or a link that leads out of the folder."""
        digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
        if digest not in self._left:
            self._left.add(digest)
            container = self._function.container
            telemetry.log(
                "blob.left", level=logging.WARNING, container=container, name_digest=digest
            )

    def _offer(self, name: str, etag: str) -> None:
        while not self._slots.acquire(timeout=POLL_SECONDS):
            if self._work.stopping.is_set():
                return
        tries = None
        try:
            tries = self._state.claim_blob(
                self._function.name, self._function.container, name, etag
            )
            if tries is None:
                self._retry_at[name] = time.time() + 1
                self._handled.update(self._if_done(name, etag))
        finally:
            if tries is None:
                self._slots.release()
        if tries is not None:
            self._retry_at[name] = time.time() + 3600  # this process has it under way
            self._work.submit(lambda: self._handle(name, etag, tries))

    def _if_done(self, name: str, etag: str) -> dict[str, str]:
        """What another host on the same home may have handled."""
        done = self._state.handled(self._function.name, self._function.container)
        return {name: etag} if done.get(name) == etag else {}

    def _handle(self, name: str, etag: str, tries: int) -> None:
        try:
            if tries > MAX_TRIES or not self._called(name, tries):
                if tries < MAX_TRIES:
                    self._release(name, etag, after=RETRY_SECONDS * 2**tries)
                    return
                self._poison(name)
            self._finish(name, etag)
        except Exception as error:  # of the host's own memory
            telemetry.failure("blob.not_settled", error, container=self._function.container)
            self._release(name, etag, after=RETRY_SECONDS)
        finally:
            self._slots.release()

    def _called(self, name: str, tries: int) -> bool:
        """Call the function; returns whether it did not fail."""
        container = self._function.container
        path = self._folder / name
        try:
            size = path.stat().st_size if path.exists() else 0
            with closing(DroppedBlob(path, f"{container}/{name}", size)) as blob:
                self._function.call(blob)
        except Exception as error:
            telemetry.failure("blob.not_handled", error, container=container, tries=tries)
            return False
        return True

    def _poison(self, name: str) -> None:
        """Tell the poison queue. A blob whose handling ended this process each time gets here
        without another try."""
        body = {
            "FunctionId": self._function.name,
            "ContainerName": self._function.container,
            "BlobName": name,
        }
        self._state.put(POISON_QUEUE, json.dumps(body).encode())

    def _release(self, name: str, etag: str, *, after: float) -> None:
        self._retry_at[name] = time.time() + after
        container, function = self._function.container, self._function.name
        self._state.release_blob(function, container, name, etag, after=after)

    def _finish(self, name: str, etag: str) -> None:
        self._state.finish_blob(self._function.name, self._function.container, name, etag)
        self._handled[name] = etag
        self._retry_at.pop(name, None)


class QueueDriver:
    """Calls one function for each message of one storage queue."""

    def __init__(self, function: QueueFunction, state: HostState, work: Work) -> None:
        self._function = function
        self._state = state
        self._work = work
        self._thread = threading.Thread(
            target=self._loop, name=f"queue:{function.queue}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait until it takes no more messages."""
        self._thread.join()

    def _loop(self) -> None:
        while not self._work.stopping.wait(POLL_SECONDS):
            try:
                while not self._work.stopping.is_set():
                    item = self._state.take(self._function.queue)
                    if item is None:
                        break
                    self._handle(item)
            except Exception as error:
                telemetry.failure("queue.not_read", error, queue=self._function.queue)

    def _handle(self, item: QueueItem) -> None:
        if item.tries <= MAX_TRIES and self._called(item):
            self._state.drop(item)
        elif item.tries < MAX_TRIES:
            self._state.release(item, after=RETRY_SECONDS * 2**item.tries)
        else:
            try:
                self._state.move(item, f"{self._function.queue}-poison")
            except Exception:
                self._state.release(item, after=RETRY_SECONDS)
                raise

    def _called(self, item: QueueItem) -> bool:
        """Call the function; returns whether it did not fail."""
        try:
            self._function.call(QueueMessage(id=str(item.id), body=item.body))
        except Exception as error:
            telemetry.failure("queue.not_handled", error, queue=self._function.queue)
            return False
        return True
