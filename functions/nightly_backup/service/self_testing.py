"""Tests the latest backup: restores it part by part into a scratch store and compares."""

from __future__ import annotations

import logging

from functions.nightly_backup.rules.documents import SelfTest
from functions.nightly_backup.rules.lines import Json, digest_of
from functions.nightly_backup.rules.manifest import Damaged, Part
from functions.nightly_backup.service import catalogue, jobs
from functions.nightly_backup.service.loading import Loading
from functions.nightly_backup.service.means import Means
from functions.nightly_backup.service.parts import fetched, lines_of
from shared import telemetry, topology
from shared.documents.port import Documents
from shared.errors import Missing, Problem
from shared.events.backup import SelfTestAdvanced
from shared.events.envelope import Event, read_data
from shared.messaging import Outcome

Key = tuple[str, ...]


def begin(means: Means, *, announces: bool = True) -> SelfTest | None:
    """Begin to test the backup that was made last, also where it failed its test before; None
    where there is none. One test is under way at a time."""
    manifest = catalogue.untested(means.stores)
    if manifest is None:
        telemetry.log("backup.self_test_failed", level=logging.ERROR, reason="there is no backup")
        return None

    jobs.give_up_abandoned(means, LINE)

    def make() -> SelfTest:
        now = means.clock()
        known = topology.load().containers
        return SelfTest(
            id=manifest.backup_id,
            announces=announces,
            containers_left=tuple(name for name in manifest.containers if name in known),
            started_at=now,
            updated_at=now,
        )

    return jobs.begin(means, LINE, make)


def advance(means: Means, event: Event) -> Outcome:
    """Test the next part of a backup, and tell of the one after it."""
    data = read_data(event, SelfTestAdvanced)
    return jobs.advance(means, LINE, event, data.backup_id, data.step)


def carry_out(means: Means, backup_id: str) -> SelfTest:
    """Do a test whole, here."""
    return jobs.carry_out(means, LINE, backup_id)


def nudge(means: Means) -> int:
    """Lead a test on that has not moved for a while."""
    return jobs.nudge(means, LINE)


def result_of(means: Means, backup_id: str) -> SelfTest | None:
    """The last test of a backup, None where it was not tested."""
    try:
        return jobs.read(means, LINE, backup_id)[0]
    except Missing:
        return None


def _stepped(means: Means, test: SelfTest) -> SelfTest:
    try:
        return _tested(means, test)
    except Problem as error:
        if not isinstance(error, Damaged | Missing):
            raise
        return _ended(means, test, failure=str(error))


def _tested(means: Means, test: SelfTest) -> SelfTest:
    left = test.containers_left
    if not left:
        failure = f"{test.different} documents differ" if test.different else None
        return _ended(means, test, failure=failure)
    manifest = catalogue.read(means.stores, test.id)
    parts = manifest.containers[left[0]].parts
    documents, different = test.documents, test.different
    if test.part < len(parts):
        compared, wrong = _compare(means, test.id, left[0], parts[test.part])
        documents, different = documents + compared, different + wrong
    is_last = test.part + 1 >= len(parts)
    return jobs.moved(
        test,
        means.clock(),
        containers_left=left[1:] if is_last else left,
        part=0 if is_last else test.part + 1,
        documents=documents,
        different=different,
    )


def _compare(means: Means, backup_id: str, name: str, part: Part) -> tuple[int, int]:
    """Restore a part into a scratch store and read it back: how many documents it has whose time
    is not over, and how many of them are not there or others, with those that are too many."""
    keys = topology.load().containers[name].partition_key
    expected: dict[Key, str] = {}
    moment = means.clock().timestamp()
    with fetched(means.stores, backup_id, part) as file, means.scratch(moment) as scratch:
        loading = Loading(scratch, name, f"{backup_id}/{part.name}", overwrite=True)
        for held in lines_of(file, f"{backup_id}/{part.name}"):
            body = held.line.alive(moment)
            if body is None:
                continue
            expected[_key(keys, body)] = digest_of(body)
            loading.add(body, held)
        loading.end()
        return len(expected), _differences(scratch, name, keys, expected)


def _differences(scratch: Documents, name: str, keys: Key, expected: dict[Key, str]) -> int:
    different, continuation = 0, None
    while True:
        page = scratch.scan(name, continuation=continuation)
        for item in page.items:
            different += expected.pop(_key(keys, item.body), None) != digest_of(item.body)
        continuation = page.continuation
        if continuation is None:
            return different + len(expected)


def _key(keys: Key, body: Json) -> Key:
    return (*(str(body.get(each)) for each in keys), str(body["id"]))


def _ended(means: Means, test: SelfTest, *, failure: str | None) -> SelfTest:
    now = means.clock()
    catalogue.note_test(means.stores, test.id, failure)
    if failure is None:
        telemetry.log("backup.self_tested", backup=test.id, documents=test.documents)
    else:
        telemetry.log(
            "backup.self_test_failed",
            level=logging.ERROR,
            backup=test.id,
            documents=test.documents,
            different=test.different,
            reason=failure,
        )
    state = "done" if failure is None else "failed"
    return jobs.moved(test, now, state=state, failure=failure, finished_at=now)


LINE = jobs.Line(
    job="self_tests",
    model=SelfTest,
    step=_stepped,
    told=lambda test: SelfTestAdvanced(backup_id=test.id, step=test.step),
)
