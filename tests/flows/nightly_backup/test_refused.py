"""What cannot be restored ends a restore with a reason, and what can be is restored."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from pydantic import ValidationError

from functions.nightly_backup.routes.forms import RestoreBody
from functions.nightly_backup.rules.documents import RestoreJob
from functions.nightly_backup.service import self_testing
from shared.documents.port import MAX_COMMIT_BYTES, Create, Json
from shared.errors import Missing, TooLarge
from tests.flows.nightly_backup.keeping import (
    back_up,
    fill,
    means_of,
    new_home,
    restore,
    stores_of,
)
from tests.flows.stores import TENANT, House
from tests.flows.stores import house as house
from tests.kernel.embedded import Failing

GOOD: Json = {"schema_version": 1, "id": "good", "tenant_id": TENANT, "user_id": "u"}


def put_lines(house: House, backup_id: str, container: str, lines: list[bytes]) -> str:
    """Have a backup hold these lines as the only part of a container; returns the part's name."""
    raw = b"".join(line + b"\n" for line in lines)
    packed = zstandard.ZstdCompressor().compress(raw)
    path = house.home / "blobs/backups" / backup_id / "manifest.json"
    manifest = json.loads(path.read_text())
    name = f"{container}/00001-x.jsonl.zst"
    manifest["containers"][container]["parts"] = [{
        "name": name, "documents": len(lines), "raw_bytes": len(raw),
        "compressed_bytes": len(packed), "raw_sha256": hashlib.sha256(raw).hexdigest(),
        "compressed_sha256": hashlib.sha256(packed).hexdigest(),
    }]  # fmt: skip
    house.blobs.put("backups", f"{backup_id}/{name}", packed)
    path.write_text(json.dumps(manifest))
    return name


def line_of(body: Json, **more: Any) -> bytes:
    return json.dumps({"body": body, **more}).encode()


BAD = {
    "no JSON": b'{"body":{"id":"maya"',
    "no document": b'{"body":[]}',
    "without a tenant": line_of({"id": "maya"}),
    "without a partition": line_of({"id": "maya", "tenant_id": TENANT}),
    "an end that is none": line_of(GOOD, expires_at="maya"),
    "too deep": b'{"body":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an id that none can have": line_of(GOOD | {"id": "maya/x"}),
    "a ttl that is none": line_of(GOOD | {"id": "maya", "ttl": "soon"}),
    "too large": line_of(GOOD | {"id": "maya", "text": "x" * (MAX_COMMIT_BYTES + 1)}),
    "a number that loses digits": line_of(GOOD | {"id": "maya", "n": 2**60}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_line_that_cannot_be_restored_ends_it(house: House, tmp_path: Path, bad: bytes) -> None:
    """The restore fails at once, names container, part and line, and quotes nobody; nothing of the
    portion with that line is written. A test of the backup says the same."""
    job = back_up(house)
    name = put_lines(house, job.id, "game", [line_of(GOOD), line_of(GOOD | {"id": "b"}), bad])
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew)
        assert done.state == "failed"
        assert f"{job.id}/{name}, line 3: " in str(done.failure)
        assert "maya" not in str(done.failure)
        assert anew.documents.scan("game").items == ()
    self_testing.begin(means_of(house), announces=False)
    test = self_testing.carry_out(means_of(house), job.id)
    assert (test.state, "line 3: " in str(test.failure)) == ("failed", True)


def test_vectors_of_another_version_end_it(house: House, tmp_path: Path) -> None:
    """A vector of another dimension is told with both dimensions."""
    job = back_up(house)
    lesson = {"id": "l", "tenant_id": TENANT, "content_type": "lesson", "embedding": [1.0] * 5}
    put_lines(house, job.id, "content", [line_of(lesson)])
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew)
    assert done.state == "failed"
    assert "line 1: refused by content: vectors here have 384 dimensions; got 5" in str(
        done.failure
    )


def test_what_only_the_store_refuses_ends_it_as_well(house: House, tmp_path: Path) -> None:
    """Where the rules of the port hold, documents are tried one by one to find the one."""
    fill(house, 9)
    back_up(house)

    def load(real: Any, container: str, bodies: Any, **more: Any) -> Any:
        if any(body["id"] == "entry-4" for body in bodies):
            raise TooLarge("document 'entry-4' is larger than the store takes")
        return real(container, bodies, **more)

    with new_home(house, tmp_path / "anew") as anew:
        stores = stores_of(anew, documents=Failing(anew.documents, "load", load))
        done = restore(anew, stores=stores)
        assert done.state == "failed"
        assert "document this is larger than the store takes" in str(done.failure)


def test_a_tombstone_that_cannot_be_read_ends_it(house: House, tmp_path: Path) -> None:
    """Who was erased could not be told: no document comes back."""
    fill(house, 9)
    job = back_up(house)
    stone = {"id": "tombstone", "kind": "tombstone", "tenant_id": TENANT, "tombstone_id": "t"}
    put_lines(house, job.id, "tombstones", [line_of(stone)])
    with new_home(house, tmp_path / "anew") as anew:
        done = restore(anew)
        assert done.state == "failed"
        assert "line 1: not a tombstone" in str(done.failure)
        assert anew.documents.scan("game").items == ()


@pytest.mark.parametrize("name", ["../../x", "game/\n", "game/00001-x"])
def test_a_part_with_a_bad_name_ends_it(house: House, tmp_path: Path, name: str) -> None:
    """A manifest that somebody has changed leads nowhere."""
    fill(house, 9)
    job = back_up(house)
    path = house.home / "blobs/backups" / job.id / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["containers"]["game"]["parts"][0]["name"] = name
    path.write_text(json.dumps(manifest))
    with new_home(house, tmp_path / "anew") as anew:
        assert restore(anew).state == "failed"


def test_a_manifest_that_changed_under_a_restore_ends_it(house: House, tmp_path: Path) -> None:
    """A container that is gone from it is named."""
    fill(house, 9)
    job = back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        changed: list[str] = []
        path = anew.home / "blobs/backups" / job.id / "manifest.json"

        def load(real: Any, container: str, bodies: Any, **more: Any) -> Any:
            if not changed:
                changed.append(container)
                manifest = json.loads(path.read_text())
                del manifest["containers"]["game"]
                path.write_text(json.dumps(manifest))
            return real(container, bodies, **more)

        stores = stores_of(anew, documents=Failing(anew.documents, "load", load))
        done: RestoreJob = restore(anew, stores=stores)
        assert (done.state, "game is gone" in str(done.failure)) == ("failed", True)


@pytest.mark.parametrize("character", ["x", ",", "ü"])
def test_a_document_at_the_limit_comes_back(house: House, tmp_path: Path, character: str) -> None:
    """What a commit took is restored, though it then has a ttl that it had not; what is larger no
    commit takes."""
    body: Json = {"id": "big", "tenant_id": TENANT, "audience": "user:x", "text": ""}
    left = MAX_COMMIT_BYTES - len(json.dumps(body))
    body["text"] = character * (left // len(json.dumps(character)[1:-1]))
    place = (TENANT, "user:x")
    more = body | {"text": body["text"] + character * 2}
    with pytest.raises(TooLarge):
        house.documents.commit("notifications", place, [Create(more)])
    house.documents.commit("notifications", place, [Create(body)])
    back_up(house)
    house.clock.advance(days=1)
    with new_home(house, tmp_path / "anew") as anew:
        assert restore(anew).state == "done"
        stored = anew.documents.get("notifications", place, "big")
        assert stored is not None
        assert {k: v for k, v in stored.body.items() if k != "ttl"} == body
        assert stored.body["ttl"] > 0


@pytest.mark.parametrize("tenant", ["Acme", "of-nobody"])
def test_a_tenant_that_the_backup_does_not_know_is_refused(
    house: House, tmp_path: Path, tenant: str
) -> None:
    """Before anything is begun; the one that it knows is restored."""
    fill(house, 10)
    job = back_up(house)
    with new_home(house, tmp_path / "anew") as anew:
        with pytest.raises(Missing, match=f"backup {job.id} has nothing of tenant {tenant}"):
            restore(anew, tenant=tenant)
        assert anew.documents.scan("backups").items == ()
        assert restore(anew, tenant=TENANT).counts["game"].restored == 5


def test_an_empty_tenant_is_a_wrong_call() -> None:
    """Nothing is asked for by nothing."""
    with pytest.raises(ValidationError, match="at least 1 character"):
        RestoreBody.model_validate({"tenant": ""})
