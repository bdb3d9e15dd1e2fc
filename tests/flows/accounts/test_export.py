"""An export holds everything on a person, and nothing of anybody else's."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from functions.accounts.rules.documents import ConsentGiven, Export, WhereFrom
from functions.accounts.service import consents
from functions.accounts.service.personal_data.exporting import KEPT_FOR, drop_old, export_of
from shared import topology
from shared.auth import Principal
from shared.errors import Missing
from shared.topology import Kept
from tests.flows.accounts.planted import (
    ADMIN,
    EMAIL,
    NAME,
    OTHER_ID,
    OTHER_PARENT_ID,
    PERSON,
    RESUME,
    USER_ID,
    plant,
)
from tests.flows.stores import RIVAL, TENANT, House
from tests.flows.stores import house as house

OWN: Any = frozenset({"own"})
EVERYBODY: Any = frozenset({"tenant"})


def ask(house: House, by: Principal = PERSON, *, candidate: bool = False) -> Export:
    """Ask for the planted person's export, as it stands."""
    reach = EVERYBODY if "admin" in by.roles else OWN
    return export_of(house.means, by, reach, USER_ID, with_candidate=candidate, now=house.clock())[
        0
    ]


def archive(house: House, export: Export) -> zipfile.ZipFile:
    """The archive of an export that is ready."""
    name = f"{TENANT}/{USER_ID}/{export.export_id}.zip"
    with house.blobs.open("exports", name) as blob:
        return zipfile.ZipFile(io.BytesIO(blob.read()))


def documents(found: zipfile.ZipFile) -> dict[str, list[dict[str, Any]]]:
    """The documents of an archive by container."""
    return {
        name.removesuffix(".json"): json.loads(found.read(name))
        for name in found.namelist()
        if name.endswith(".json") and "/" not in name
    }


def test_an_admins_export_holds_every_container_and_file(house: House) -> None:
    """Each container that can hold a person is in the archive with what was planted there, and
    the very bytes of the files."""
    plant(house)
    assert ask(house, ADMIN, candidate=True).state == "requested"
    house.work("accounts")
    export = ask(house, ADMIN, candidate=True)
    assert export.state == "ready"
    found = archive(house, export)
    held = documents(found)
    declared = topology.load()
    assert set(held) == {
        name for name, each in declared.containers.items() if not isinstance(each.erasure, Kept)
    }
    assert export.documents == sum(map(len, held.values()))
    assert NAME in json.dumps(held["candidates"])
    assert EMAIL in json.dumps(held["accounts"])
    originals = [name for name in found.namelist() if name.startswith("files/resumes/")]
    assert sorted(originals) == [
        f"files/resumes/{TENANT}/Quistgaard-cv.txt",
        f"files/resumes/{TENANT}/copy/Zebulon-again.txt",
    ]
    assert found.read(originals[0]).decode() == RESUME
    files = [name for name in found.namelist() if name.startswith("files/")]
    assert export.files == len(files) > len(originals)
    assert found.testzip() is None


def test_an_export_shows_no_secret_and_nobody_else(house: House) -> None:
    """Neither hashes nor digests nor plumbing nor another person's data is in the archive."""
    plant(house)
    ask(house, ADMIN, candidate=True)
    house.work("accounts")
    found = archive(house, ask(house, ADMIN, candidate=True))
    text = json.dumps(documents(found))
    for secret in ("password_hash", "no hash at all", "code_digest", "receipt", "outbox", "ttl-"):
        assert secret not in text, secret
    assert "other@example.org" not in text
    assert "Somebody Else" not in text
    others = {d["user_id"] for d in documents(found)["accounts"] if d["kind"] == "account"}
    assert others == {USER_ID}


def test_an_address_that_nobody_vouched_for_exports_no_profile(house: House) -> None:
    """Who registered with somebody's address reads nothing of the candidate under it."""
    plant(house)
    ask(house)
    house.work("accounts")
    found = archive(house, ask(house))
    assert "intake" not in documents(found)
    assert {each["kind"] for each in documents(found)["candidates"]} == {"note"}  # their own
    files = [name for name in found.namelist() if name.startswith("files/")]
    assert {name.split("/")[1] for name in files} == {
        "journey-summaries", "portfolio-files", "session-archives",
    }  # fmt: skip


def test_a_proven_address_exports_the_profile(house: House) -> None:
    """Who was invited by that address gets the profile and its files as well."""
    plant(house, proven=True)
    house.clock.advance(hours=25)
    ask(house)
    house.work("accounts")
    found = archive(house, ask(house))
    assert {"candidates", "intake"} <= documents(found).keys()


def test_asking_again_gets_the_same_archive_for_a_day(house: House) -> None:
    """Within a day there is one archive; past that it is gone and another is made."""
    plant(house)
    first = ask(house)
    assert ask(house) == first
    house.work("accounts")
    ready = ask(house)
    assert (ready.export_id, ready.state) == (first.export_id, "ready")
    house.clock.advance(seconds=KEPT_FOR.total_seconds() + 1)
    assert drop_old(house, now=house.clock()) >= 1
    assert [info.name for info in house.blobs.list("exports") if first.export_id in info.name] == []
    second = ask(house)
    assert (second.state, second.export_id == first.export_id) == ("requested", False)


def test_an_archive_that_is_gone_is_made_anew(house: House) -> None:
    """A ready export whose archive was lost is not answered with a link that leads nowhere."""
    plant(house)
    ask(house)
    house.work("accounts")
    ready = ask(house)
    house.blobs.delete("exports", f"{TENANT}/{USER_ID}/{ready.export_id}.zip")
    assert ask(house).state == "requested"


def test_one_that_hangs_is_asked_for_anew(house: House) -> None:
    """A request whose message was lost does not bar the person for ever."""
    plant(house)
    house.clock.advance(hours=25)
    first = ask(house)
    house.waiting("accounts")
    house.clock.advance(minutes=59)
    assert ask(house) == first
    house.clock.advance(minutes=2)
    assert ask(house).export_id != first.export_id


def test_a_repeated_request_event_makes_one_archive(house: House) -> None:
    """The event twice, or after the person was erased, writes nothing more."""
    plant(house)
    house.clock.advance(hours=25)
    ask(house)
    (event, *_) = [e for e in house.waiting("accounts") if "export" in e.type]
    assert house.handle("accounts", event) == "done"
    assert house.handle("accounts", event) == "repeated"
    for item in house.documents.query("accounts", (TENANT, USER_ID), limit=1000).items:
        from shared.documents.port import Delete

        house.documents.commit("accounts", (TENANT, USER_ID), [Delete(item.body["id"])])
    late = event.model_copy(update={"id": "late"})
    assert house.handle("accounts", late) == "rejected"


def test_nobody_exports_whom_they_do_not_reach(house: House) -> None:
    """Another learner and another tenant's admin find nobody there."""
    plant(house)
    stranger = Principal(OTHER_ID, TENANT, frozenset({"learner"}))
    rival = Principal("admin-2", RIVAL, frozenset({"admin"}))
    for by, reach in ((stranger, OWN), (rival, EVERYBODY)):
        with pytest.raises(Missing):
            export_of(house.means, by, reach, USER_ID, with_candidate=True, now=house.clock())
    assert list(house.blobs.list("exports", f"{RIVAL}/")) == []


def test_each_request_is_in_the_audit_log(house: House) -> None:
    """The log says that somebody asked for everything on the person, once a request."""
    plant(house)
    house.clock.advance(hours=25)
    ask(house, ADMIN, candidate=True)
    ask(house, ADMIN, candidate=True)
    house.work("accounts")
    entries = [
        item.body
        for item in house.documents.query("audit", (TENANT,), limit=1000).items
        if item.body["action"] == "export.request"
    ]
    assert len(entries) == 2  # the planted one and this


def test_whoever_fetches_anothers_archive_is_in_the_audit_log(house: House) -> None:
    """The log says who was given a link to somebody else's data, each time; not who was given
    one to their own."""
    plant(house)
    ask(house)
    house.work("accounts")
    assert ask(house).state == "ready"
    for _ in range(2):
        assert ask(house, ADMIN).state == "ready"
    actors = [
        item.body["actor"]
        for item in house.documents.query("audit", (TENANT,), limit=1000).items
        if item.body["action"] == "export.read"
    ]
    assert actors == [house.means.pseudonyms.of(TENANT, "user", ADMIN.user_id)] * 2


def test_where_another_spoke_from_is_left_out(house: House) -> None:
    """A child's export tells what a parent said, and not from which address and browser."""
    plant(house)
    parent = Principal(OTHER_PARENT_ID, TENANT, frozenset({"parent"}))
    consents.record(
        house.means, parent, frozenset({"children"}), USER_ID,
        ConsentGiven(kind="being_shown", version="1", granted=True),
        WhereFrom(client_address="192.0.2.99", user_agent="Parent's browser"),
        idempotency=None, now=house.clock(),
    )  # fmt: skip
    house.clock.advance(hours=25)
    ask(house)
    house.work("accounts")
    said = documents(archive(house, ask(house)))["accounts"]
    assert [d["what"] for d in said if d.get("given_by") == OTHER_PARENT_ID] == ["being_shown"]
    assert "192.0.2.99" not in json.dumps(said)
    assert "203.0.113.77" in json.dumps(said)
