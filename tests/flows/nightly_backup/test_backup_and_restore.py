"""What goes into a backup comes out of it, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.nightly_backup.rules.documents import Mode, RestoreJob
from functions.nightly_backup.rules.manifest import Damaged
from functions.nightly_backup.service import catalogue, parts, restoring
from shared.documents.port import Contains, Create, Delete, Patch
from shared.errors import Conflict, Missing
from shared.models.tenant import PLATFORM
from tests.flows.nightly_backup.keeping import (
    back_up,
    contents,
    fill,
    manifest_of,
    means_of,
    new_home,
    restore,
)
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house
from tests.kernel.recorded import recording


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few documents, so that there are several."""
    monkeypatch.setattr(parts, "PART_DOCUMENTS", 60)
    monkeypatch.setattr(parts, "_FIRST_PAGE", 20)
    monkeypatch.setattr(parts, "_MOST_A_PAGE", 25)


def test_a_restore_is_the_original_document_by_document(house: House, tmp_path: Path) -> None:
    """The whole chain of a résumé and hundreds of documents come back into an empty store."""
    house.drop("cv.txt")
    house.work_all()
    fill(house, 300)
    before = contents(house)
    job = back_up(house)
    assert job.state == "done"
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew)
        assert done.state == "done"
        after = contents(anew, but=("backups", "tombstones"))
        assert after == {name: held for name, held in before.items() if name in after}
        assert sum(count.restored for count in done.counts.values()) == sum(
            len(held) for held in before.values()
        )


def test_a_finished_backup_is_counted(house: House) -> None:
    """Once for each, so that a night without one is noticed."""
    fill(house, 5)
    with recording() as recorded:
        assert {back_up(house).state for _ in range(2)} == {"done"}
        assert recorded.counts("waymark.backups.finished") == [({}, 2)]


def test_what_was_indexed_is_found_again(house: House, tmp_path: Path) -> None:
    """Members of arrays lead to restored documents, and vectors as well."""
    house.drop("cv.txt")
    house.work_all()
    lesson = {
        "id": "lesson:x", "tenant_id": TENANT, "content_type": "lesson", "terms": ["ports"],
        "embedding": [1.0] + [0.0] * 383,
    }  # fmt: skip
    house.documents.commit("content", (TENANT, "lesson"), [Create(lesson)])
    back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        restore(anew)
        where = [Contains("skill_keys", "python")]
        assert len(anew.documents.query("candidates", (TENANT,), where=where).items) == 1
        (nearest,) = anew.documents.nearest("content", (TENANT,), [1.0] + [0.0] * 383, limit=3)
        assert nearest.stored.body == lesson


def test_the_manifest_says_what_is_there(house: House) -> None:
    """Counts, sizes, digests and the versions of schemas, of every container of the topology."""
    fill(house, 200)
    job = back_up(house, "b-1")
    manifest = manifest_of(house, job.id)
    assert manifest.app_version == "1.2.3"
    game = manifest.containers["game"]
    assert game.documents == 200
    assert game.schema_versions == {"1": 100, "2": 100}
    assert len(game.parts) > 2
    assert game.partition_key == ("tenant_id", "user_id")
    for part in game.parts:
        info = house.blobs.info("backups", f"b-1/{part.name}")
        assert info is not None
        assert info.size == part.compressed_bytes < part.raw_bytes
    assert manifest.containers["recipes"].parts == ()
    assert manifest.documents == sum(
        len(held) for name, held in contents(house).items()
    ) + manifest.containers["backups"].documents  # fmt: skip


def test_time_that_is_left_counts_on(house: House, tmp_path: Path) -> None:
    """A restored document expires when the original would have, by its own ttl or its
    container's; one whose time is over is not restored, one for ever stays."""
    own = {"tenant_id": TENANT, "audience": "a"}
    operations = [
        Create({"id": "default", **own}), Create({"id": "short", **own, "ttl": 3600}),
        Create({"id": "ever", **own, "ttl": -1}),
    ]  # fmt: skip
    house.documents.commit("notifications", (TENANT, "a"), operations)
    back_up(house)
    house.clock.advance(days=10)
    with new_home(house, tmp_path / "anew") as anew:
        job = restore(anew)
        assert (job.counts["notifications"].restored, job.counts["notifications"].expired) == (2, 1)

        def there() -> set[str]:
            found = ("default", "short", "ever")
            return {n for n in found if anew.documents.get("notifications", (TENANT, "a"), n)}

        assert there() == {"default", "ever"}
        house.clock.advance(days=79, hours=23)
        assert there() == {"default", "ever"}
        house.clock.advance(hours=2)
        assert there() == {"ever"}


def test_a_target_that_is_not_empty_is_refused_unless_told(house: House) -> None:
    """Without a word about what is there, nothing is written over nor beside it."""
    fill(house, 20)
    back_up(house)
    before = contents(house)
    with pytest.raises(Conflict, match="not empty"):
        restore(house)
    assert contents(house) == before


@pytest.mark.parametrize(("mode", "text"), [("keep", "changed"), ("overwrite", "Grüße " * 5)])
def test_documents_that_are_there_are_kept_or_overwritten(
    house: House, mode: Mode, text: str
) -> None:
    """Both bring back what is gone and leave what the backup does not know."""
    fill(house, 40)
    back_up(house)
    at = (TENANT, "user-0")
    house.documents.commit("game", at, [Patch("entry-0", set={"text": "changed"})])
    house.documents.commit("game", at, [Delete("entry-2")])
    house.documents.commit("game", at, [Create({"id": "n", "tenant_id": TENANT, "user_id": at[1]})])

    job = restore(house, mode=mode)

    changed = house.documents.get("game", at, "entry-0")
    assert changed is not None
    assert changed.body["text"] == text
    assert house.documents.get("game", at, "entry-2")
    assert house.documents.get("game", at, "n")
    assert job.counts["game"].restored == (1 if mode == "keep" else 40)
    assert job.counts["game"].kept == (39 if mode == "keep" else 0)


def test_one_tenants_restore_touches_no_other(house: House) -> None:
    """The tenant is as it was, the other one as it is, and neither's things go to the other."""
    fill(house, 60)
    before = contents(house)
    back_up(house)
    for number in range(60):
        tenant, user = (TENANT, RIVAL)[number % 2], f"user-{number // 10}"
        house.documents.commit("game", (tenant, user), [Delete(f"entry-{number}")])
    damaged = contents(house)

    job = restore(house, tenant=TENANT, mode="keep")

    assert job.counts["game"].restored == 30
    after = contents(house)
    of_tenant = {k: v for k, v in before["game"].items() if k[0] == TENANT}
    of_rival = {k: v for k, v in damaged["game"].items() if k[0] == RIVAL}
    assert after["game"] == of_tenant | of_rival


def test_a_tenant_that_is_gone_is_restored_as_into_an_empty_store(house: House) -> None:
    """For one tenant, only its own documents count for whether the target is empty."""
    house.add_tenant("gone")
    fill(house, 20, tenants=("gone",))
    before = contents(house)
    back_up(house)
    with pytest.raises(Conflict, match="tenant gone is not empty"):
        restore(house, tenant="gone")
    for name, held in contents(house).items():
        for *partition, identity in held:
            if partition[0] == "gone":
                house.documents.commit(name, tuple(partition), [Delete(identity)])
    restore(house, tenant="gone")
    assert contents(house, but=("backups", "tombstones")) == {
        name: held for name, held in before.items() if name not in {"backups", "tombstones"}
    }


def test_a_point_in_time_is_the_last_backup_before_it(house: House, tmp_path: Path) -> None:
    """Of several backups the one that had ended by then; where none had, that is said."""
    first_ids = []
    for day in range(3):
        fill(house, 2 + day)
        first_ids.append(back_up(house).id)
        house.clock.advance(days=1)
    start = manifest_of(house, first_ids[0]).finished_at
    means = means_of(house)
    for backup_id in first_ids:
        at = manifest_of(house, backup_id).finished_at
        assert catalogue.chosen(house, catalogue.LATEST, at=at).backup_id == backup_id
    assert catalogue.chosen(house, catalogue.LATEST).backup_id == first_ids[-1]
    with pytest.raises(Missing, match="no backup that was finished by"):
        catalogue.chosen(means.stores, catalogue.LATEST, at=start.replace(year=2020))


def _first_part(house: House, backup_id: str, container: str) -> Path:
    name = manifest_of(house, backup_id).containers[container].parts[0].name
    return house.home / "blobs" / "backups" / backup_id / name


@pytest.mark.parametrize("harm", ["cut", "flipped", "gone", "another", "longer"])
def test_a_damaged_part_is_refused_and_nothing_of_it_written(
    house: House, tmp_path: Path, harm: str
) -> None:
    """The restore ends as failed and names the file; what it wrote before stands."""
    fill(house, 100)
    job = back_up(house)
    path = _first_part(house, job.id, "game")
    content = path.read_bytes()
    other = _first_part(house, job.id, "notifications").read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        harmed = {"cut": content[:-9], "flipped": flipped, "another": other,
                  "longer": content + b"x"}  # fmt: skip
        path.write_bytes(harmed[harm])
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew)
        assert done.state == "failed"
        assert done.failure is not None
        assert path.name in done.failure
        assert anew.documents.scan("game").items == ()


def test_a_manifest_that_cannot_be_read_is_no_backup(house: House) -> None:
    """A backup with a broken manifest is never chosen, and asked for by name it is refused."""
    fill(house, 5)
    good = back_up(house).id
    house.clock.advance(days=1)
    bad = back_up(house).id
    path = house.home / "blobs" / "backups" / bad / "manifest.json"
    path.write_text(path.read_text()[:-20])
    assert catalogue.chosen(house, catalogue.LATEST).backup_id == good
    with pytest.raises(Damaged, match="cannot be read"):
        catalogue.chosen(house, bad)


def test_another_key_of_pseudonyms_is_refused(house: House, tmp_path: Path) -> None:
    """Without the key nobody could tell whom an erasure concerns: nothing is restored."""
    job = back_up(house)
    path = house.home / "blobs" / "backups" / job.id / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"key_check": "0" * 40}))
    with new_home(house, tmp_path / "anew") as anew, pytest.raises(Conflict, match="PSEUDONYM_KEY"):
        restore(anew)


def test_containers_of_another_version_are_told(house: House, tmp_path: Path) -> None:
    """Documents of a container that is not there any more are counted; one whose partitions are
    others now is refused before anything is written."""
    fill(house, 10)
    job = back_up(house)
    path = house.home / "blobs" / "backups" / job.id / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text())
    held = manifest["containers"].pop("notifications")
    path.write_text(json.dumps(manifest | {"containers": manifest["containers"] | {"old": held}}))
    with new_home(house, tmp_path / "anew") as anew:
        assert restore(anew).unknown == {"old": 10}
    manifest["containers"]["game"]["partition_key"] = ["tenant_id"]
    path.write_text(json.dumps(manifest))
    with new_home(house, tmp_path / "other") as other, pytest.raises(Conflict, match="partitions"):
        restore(other)


def test_events_that_were_not_sent_come_last(house: House, tmp_path: Path) -> None:
    """An event in an outbox is restored once all documents are there, and sent then."""
    fill(house, 30)
    event = {"id": "outbox:x", "kind": "outbox", "tenant_id": TENANT, "user_id": "user-0"}
    house.documents.commit("game", (TENANT, "user-0"), [Create({**event, "ttl": -1})])
    back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        seen: list[bool] = []

        def look(job: RestoreJob) -> None:
            seen.append(anew.documents.get("game", (TENANT, "user-0"), "outbox:x") is not None)

        means = means_of(anew)
        manifest = catalogue.chosen(anew, catalogue.LATEST)
        begun = restoring.begin(
            means, "r-1", manifest, only_tenant=None, mode="empty", announces=False
        )
        done = restoring.carry_out(means, begun.id, shown=look)
        assert done.counts["game"].restored == 31
    assert seen[-1]
    assert sum(seen) <= 3


def test_a_replay_of_erasures_is_begun_at_the_end(house: House, tmp_path: Path) -> None:
    """It waits for the flow that carries it out, and the restore names it."""
    fill(house, 10)
    back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew)
        assert done.replay_id is not None
        anew.work("accounts")
        replay = anew.documents.get("tombstones", (PLATFORM, "replays"), done.replay_id)
        assert replay is not None
        assert replay.body["state"] == "ended"
