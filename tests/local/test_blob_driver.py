"""Dropped files reach their function once for each version; what keeps failing is told."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import blob_driver
from local.blob_driver import POISON_QUEUE, BlobDriver, DroppedBlob
from local.state import MAX_TRIES, HostState
from local.triggers import BlobFunction
from local.work import Work
from shared.blobs.files import FileBlobs
from shared.errors import Missing
from tests.local.waiting import wait_until


class Watched:
    """A host's blob driver on a home, which may be stopped and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "blobs" / "resumes"
        self.blobs = FileBlobs(home / "blobs", link_base="http://x", link_key=b"k")
        self.seen: list[tuple[str, bytes]] = []
        self.call: Callable[[DroppedBlob], None] = lambda blob: None
        self._running: list[tuple[Work, HostState, BlobDriver]] = []

    def start(self) -> HostState:
        work, state = Work(threads=8), HostState(self.home / "host.db")
        driver = BlobDriver(
            BlobFunction("probe", self._handle, "resumes"),
            self.home / "blobs",
            state,
            work,
            concurrency=2,
        )
        self._running.append((work, state, driver))
        driver.start()
        return state

    def _handle(self, blob: DroppedBlob) -> None:
        self.call(blob)
        content = blob.read()
        assert blob.length == len(content)
        self.seen.append((blob.name or "", content))

    def stop(self) -> None:
        while self._running:
            work, state, driver = self._running.pop()
            work.stopping.set()
            driver.join()
            assert work.stop(30)
            state.close()

    def drop(self, name: str, content: bytes = b"x") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def names(self) -> list[str]:
        return sorted(name for name, _ in self.seen)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries that come soon."""
    monkeypatch.setattr(blob_driver, "RETRY_SECONDS", 0.01)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A home whose drop folder is watched once started; stopped at the end."""
    made = Watched(tmp_path)
    yield made
    made.stop()


def test_a_new_file_is_handed_over_with_its_content(watched: Watched) -> None:
    """A file dropped before or after the start arrives by container and name, whole."""
    watched.drop("acme/before.txt", b"one")
    watched.start()
    watched.drop("acme/after.txt", b"two")
    wait_until(lambda: len(watched.seen) == 2, "both files")
    assert sorted(watched.seen) == [
        ("resumes/acme/after.txt", b"two"),
        ("resumes/acme/before.txt", b"one"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "top.txt",
        "a/b/c/d/e.txt",
        "acme/Résumé — 履歴書 😀.pdf",
        "acme/with space & 100%.txt",
        "acme/-rf",
        "acme/" + "n" * 250 + ".txt",
        "acme/.hidden",
    ],
)
def test_odd_names_arrive_as_they_are(watched: Watched, name: str) -> None:
    """Nested folders and whatever a file system takes as a name reach the function."""
    watched.start()
    watched.drop(name)
    wait_until(lambda: watched.seen, "the file")
    assert watched.names() == [f"resumes/{name}"]


@pytest.mark.parametrize("odd", [b"\xff%d.txt", b"back\\slash%d.txt", b"line\nbreak%d", b"%d."])
def test_a_name_that_no_blob_has_does_not_stop_the_others(
    watched: Watched, odd: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Files under names that no blob can have are told of once and left, the others go on."""
    watched.start()
    folder = watched.folder / "acme"
    folder.mkdir(parents=True)
    for number in range(4):  # more than the driver has slots
        Path(os.fsdecode(os.fsencode(folder) + b"/" + odd % number)).write_bytes(b"x")
    watched.drop("acme/good.txt")
    wait_until(lambda: watched.seen, "the good file")
    watched.drop("acme/later.txt")
    wait_until(lambda: len(watched.seen) == 2, "the later file")
    assert watched.names() == ["resumes/acme/good.txt", "resumes/acme/later.txt"]
    assert [record.message for record in caplog.records].count("blob.left") == 4


def test_a_file_overwritten_in_place_comes_again(watched: Watched) -> None:
    """Each version of a file is handed over, also one of the same length."""
    watched.start()
    path = watched.drop("acme/a.txt", b"one")
    wait_until(lambda: len(watched.seen) == 1, "the first version")
    with path.open("r+b") as file:
        file.write(b"two")
    wait_until(lambda: len(watched.seen) == 2, "the second version")
    assert [content for _, content in watched.seen] == [b"one", b"two"]


def test_a_file_being_written_is_left_until_it_settles(watched: Watched) -> None:
    """While a file still grows it is not handed over; then it is, whole and once."""
    watched.start()
    path = watched.folder / "acme" / "big.txt"
    path.parent.mkdir(parents=True)
    other = iter(range(1000))
    with path.open("wb", buffering=0) as file:
        # writing goes on until another file, dropped meanwhile, went through
        watched.drop("acme/other.txt")

        def write_more() -> bool:
            file.write(b"%d\n" % next(other))
            return bool(watched.seen)

        wait_until(write_more, "the other file")
        assert watched.names() == ["resumes/acme/other.txt"]
    wait_until(lambda: len(watched.seen) == 2, "the settled file")
    assert watched.seen[1] == ("resumes/acme/big.txt", path.read_bytes())


def test_five_failures_put_it_into_the_poison_queue(watched: Watched, hasty: None) -> None:
    """A file whose function keeps failing is told to the poison queue once, as the real host
    does, and not tried again."""
    tries: list[str] = []

    def fail(blob: DroppedBlob) -> None:
        tries.append(blob.name or "")
        raise ZeroDivisionError

    watched.call = fail
    state = watched.start()
    watched.drop("acme/bad.txt")
    wait_until(lambda: "acme/bad.txt" in state.handled("probe", "resumes"), "the end of it")
    assert len(tries) == MAX_TRIES
    item = state.take(POISON_QUEUE)
    assert item is not None
    assert json.loads(item.body) == {
        "FunctionId": "probe",
        "ContainerName": "resumes",
        "BlobName": "acme/bad.txt",
    }
    assert state.take(POISON_QUEUE) is None


def test_a_failure_is_tried_again(watched: Watched) -> None:
    """A file that failed and then does not is handled, and nothing is poison."""
    left = [2]

    def fail_twice(_: DroppedBlob) -> None:
        if left[0]:
            left[0] -= 1
            raise ZeroDivisionError

    watched.call = fail_twice
    state = watched.start()
    watched.drop("acme/a.txt")
    wait_until(lambda: watched.seen, "the file")
    assert state.take(POISON_QUEUE) is None


def test_a_restart_does_not_fire_again(watched: Watched) -> None:
    """What was handled before a restart is not handed over after it; what is new is."""
    watched.drop("acme/old.txt")
    state = watched.start()
    wait_until(lambda: state.handled("probe", "resumes"), "the old file")
    watched.stop()
    watched.start()
    watched.drop("acme/new.txt")
    wait_until(lambda: len(watched.seen) == 2, "the new file")
    assert watched.names() == ["resumes/acme/new.txt", "resumes/acme/old.txt"]


def test_two_hosts_hand_each_file_over_once(watched: Watched) -> None:
    """Hosts that share a home share its files out."""
    states = [watched.start(), watched.start()]
    for number in range(20):
        watched.drop(f"acme/{number}.txt")
    for state in states:
        wait_until(lambda state=state: len(state.handled("probe", "resumes")) == 20, "all files")  # type: ignore[misc]
    assert len(watched.names()) == len(set(watched.names())) == 20


def test_a_file_deleted_meanwhile_disturbs_nobody(watched: Watched) -> None:
    """Folders that vanish under the driver's eyes do not keep others from being seen."""
    watched.start()
    for number in range(5):
        watched.drop(f"gone{number}/a.txt")
        shutil.rmtree(watched.folder / f"gone{number}")
    watched.drop("acme/a.txt")
    wait_until(lambda: "resumes/acme/a.txt" in watched.names(), "the file that stayed")


def test_an_unread_or_half_read_blob_leaves_no_file_open(watched: Watched) -> None:
    """What a function opened through its blob is closed when the function has ended."""
    kept: list[DroppedBlob] = []

    def read_a_bit(blob: DroppedBlob) -> None:
        assert blob.read(1) == b"x"
        kept.append(blob)

    watched.call = read_a_bit
    watched.start()
    path = watched.drop("acme/a.txt")
    wait_until(lambda: kept, "the file")
    watched.stop()
    links = [Path("/proc/self/fd") / fd for fd in os.listdir("/proc/self/fd")]
    assert str(path) not in [os.readlink(link) for link in links if link.is_symlink()]


def test_the_blobs_of_a_container_can_be_listed_beside_odd_names(watched: Watched) -> None:
    """A dropped file under a name that no blob has does not hide the others from a listing."""
    watched.drop("acme/back\\slash.txt")
    watched.drop("acme/good.txt")
    assert [info.name for info in watched.blobs.list("resumes")] == ["acme/good.txt"]


def test_only_files_are_handed_over(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """Pipes, sockets and links that lead out of the folder stay where they are and stop nobody;
    a link within the folder is a file."""
    folder = watched.folder / "acme"
    folder.mkdir(parents=True)
    (watched.home / "secret.txt").write_bytes(b"secret")
    for number in range(3):  # more than the driver has slots
        os.mkfifo(folder / f"pipe{number}")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s"))
        (folder / "device").symlink_to("/dev/zero")
        (folder / "out").symlink_to(watched.home / "secret.txt")
        (folder / "gone").symlink_to(watched.home / "nothing")
        (folder / "loop").symlink_to(folder / "loop")
        watched.start()
        watched.drop("acme/good.txt")
        (folder / "in").symlink_to(folder / "good.txt")
        wait_until(lambda: len(watched.seen) == 2, "the good file and the link to it")
    assert watched.names() == ["resumes/acme/good.txt", "resumes/acme/in"]
    assert [record.message for record in caplog.records].count("blob.left") == 7
    assert "acme/loop" not in [info.name for info in watched.blobs.list("resumes")]


def test_a_pipe_is_no_blob(watched: Watched) -> None:
    """The store does not wait for whoever might write into a pipe among its files."""
    (watched.folder / "acme").mkdir(parents=True)
    os.mkfifo(watched.folder / "acme" / "pipe")
    with pytest.raises(Missing), watched.blobs.open("resumes", "acme/pipe"):
        pass


def test_a_file_that_ends_the_process_each_time_is_poison(watched: Watched) -> None:
    """A file whose last try never came back is told to the poison queue, without another."""
    path = watched.drop("acme/deadly.txt")
    stat = path.stat()
    etag = f"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}"
    before = HostState(watched.home / "host.db")
    for _ in range(MAX_TRIES):
        before.claim_blob("probe", "resumes", "acme/deadly.txt", etag)
        before.expire_claims()  # as the next start does
    before.close()
    state = watched.start()
    wait_until(lambda: state.handled("probe", "resumes"), "the end of it")
    assert state.take(POISON_QUEUE) is not None
    assert watched.seen == []


def test_poison_that_cannot_be_told_is_told_soon(
    watched: Watched, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the poison queue cannot be written to for a moment, it is told a moment later, and
    the function is not called for it again."""
    tries: list[str] = []
    left = [1]
    put = HostState.put

    def fail(blob: DroppedBlob) -> None:
        tries.append(blob.name or "")
        raise ZeroDivisionError

    def failing(self: HostState, queue: str, body: bytes) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError("disk")
        put(self, queue, body)

    monkeypatch.setattr(HostState, "put", failing)
    watched.call = fail
    state = watched.start()
    watched.drop("acme/bad.txt")
    wait_until(lambda: state.handled("probe", "resumes"), "the end of it")
    assert len(tries) == MAX_TRIES
    assert state.take(POISON_QUEUE) is not None
