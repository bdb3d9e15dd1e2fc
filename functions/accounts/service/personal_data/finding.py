"""Where a person's data lies, as topology.json says for each container."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime

from shared import topology
from shared.blobs.port import BlobInfo
from shared.documents.port import Equals, Filter, Partition, Stored
from shared.erasure_rules import is_later
from shared.erasures import Subjects
from shared.errors import Invalid, Missing
from shared.models import candidate, intake
from shared.models.candidate import CandidateProfile
from shared.models.intake import IntakeRecord
from shared.profiles.standing import all_of
from shared.stores import Stores
from shared.topology import BlobContainer, ByPrefix, Container, Kept

DEAD_LETTERS = "dead letters"
_OWNER = "accounts"
_PAGE = 500
_LETTERS = 100
_ENTITIES_AT_ONCE = 8
_CHUNK = 1024 * 1024


def store_names() -> list[str]:
    """Every store that holds people, in the order in which an erasure goes through them: sign-in
    first, then the blobs, whose names stand in documents, then the rest."""
    declared = topology.load()
    documents = [
        name for name, each in declared.containers.items() if not isinstance(each.erasure, Kept)
    ]
    first = [name for name in documents if declared.containers[name].owner == _OWNER]
    blobs = [
        f"blobs/{name}"
        for name, each in declared.blob_containers.items()
        if not isinstance(each.erasure, Kept)
    ]
    return [*first, *blobs, DEAD_LETTERS, *(name for name in documents if name not in first)]


def held(
    stores: Stores,
    tenant_id: str,
    subjects: Subjects,
    name: str,
    *,
    address_until: datetime | None = None,
) -> Iterator[object]:
    """Yield whatever one store holds of these subjects."""
    declared = topology.load()
    if name == DEAD_LETTERS:
        yield from dead_letters_of(stores, subjects)
    elif name.startswith("blobs/"):
        container = name.removeprefix("blobs/")
        yield from blobs_of(
            stores, tenant_id, subjects, container, declared.blob_containers[container]
        )
    else:
        yield from documents_of(
            stores,
            tenant_id,
            subjects,
            name,
            declared.containers[name],
            address_until=address_until,
        )


def is_anything_held(stores: Stores, tenant_id: str, subjects: Subjects) -> bool:
    """Whether any container or blob container holds something of these subjects."""
    return any(
        True
        for name in store_names()
        if name != DEAD_LETTERS
        for _ in held(stores, tenant_id, subjects, name)
    )


def dead_letters_of(stores: Stores, subjects: Subjects) -> Iterator[tuple[str, int]]:
    """Yield entity and number of each dead letter that names one of the subjects."""
    wanted = [identity.encode() for ids in subjects.values() for identity in ids]

    def naming_them(entity: str) -> list[tuple[str, int]]:
        found, after = [], 0
        while letters := stores.bus.dead_letters(entity, limit=_LETTERS, after=after):
            found += [
                (entity, letter.sequence_number)
                for letter in letters
                if any(identity in letter.body for identity in wanted)
            ]
            after = letters[-1].sequence_number
        return found

    # On Service Bus a link is opened for each, which is waiting alone. Each goes into the trace
    # that this one belongs to.
    with ThreadPoolExecutor(_ENTITIES_AT_ONCE) as threads:
        under_way = [
            threads.submit(copy_context().run, naming_them, entity)
            for entity in topology.load().receivers
        ]
        for each in under_way:
            yield from each.result()


def with_files(stores: Stores, tenant_id: str, subjects: Subjects) -> Subjects:
    """The subjects with the profiles that were merged with their candidates', the dropped files
    of all of these, copies of the files and the e-mails that brought them added."""
    found = dict.fromkeys(subjects.get("intake", ()))
    candidates = dict.fromkeys(
        each
        for candidate_id in subjects.get("candidate", ())
        for each in all_of(stores, tenant_id, candidate_id)
    )
    if candidates:
        subjects = {**subjects, "candidate": tuple(candidates)}
    for candidate_id in candidates:
        stored = stores.documents.get(candidate.CONTAINER, (tenant_id, candidate_id), candidate_id)
        if stored is not None and candidate.read_alias(stored.body) is None:
            sources = CandidateProfile.of(stored.body).sources
            files = (source.intake_id for source in sources if source.channel != "api")
            found |= dict.fromkeys(files)
        found |= dict.fromkeys(_intakes_where(stores, tenant_id, "candidate_id", candidate_id))
    pending = list(found)
    while pending:
        intake_id = pending.pop()
        copies = _intakes_where(stores, tenant_id, "duplicate_of", intake_id)
        if mail := _mail_of(stores, tenant_id, intake_id):
            copies.append(mail)
        new = [each for each in copies if each not in found]
        found |= dict.fromkeys(new)
        pending += new
    return {**subjects, "intake": tuple(found)} if found else dict(subjects)


def _mail_of(stores: Stores, tenant_id: str, intake_id: str) -> str | None:
    """The e-mail in which a file came: it holds the file as well."""
    stored = stores.documents.get(intake.CONTAINER, (tenant_id, intake_id), intake_id)
    origin = IntakeRecord.of(stored.body).origin if stored else None
    return origin.mail if origin else None


def documents_of(
    stores: Stores,
    tenant_id: str,
    subjects: Subjects,
    name: str,
    declared: Container,
    *,
    address_until: datetime | None = None,
) -> Iterator[tuple[Partition, Stored]]:
    """Yield every document of these subjects in a container, once, with its partition.

    With ``address_until``, what is found by an address alone and was made later is left out:
    somebody may have registered with the address since.
    """
    if isinstance(declared.erasure, Kept):
        return
    seen: set[tuple[Partition, str]] = set()
    for rule in declared.erasure:
        for identity in subjects.get(rule.of, ()):
            value = rule.value.replace("{id}", identity)
            scope: Partition = (tenant_id,)
            where: list[Filter] = [Equals(rule.field, value)]
            if declared.partition_key == ("tenant_id", rule.field):
                scope, where = (tenant_id, value), []
            for item in _all(stores, name, scope, where):
                partition = tuple(str(item.body[key]) for key in declared.partition_key)
                key = (partition, str(item.body["id"]))
                is_anothers = (
                    rule.of == "address"
                    and address_until is not None
                    and is_later(item.body, address_until)
                )
                if key not in seen and not is_anothers:
                    seen.add(key)
                    yield partition, item


def blobs_of(
    stores: Stores, tenant_id: str, subjects: Subjects, name: str, declared: BlobContainer
) -> Iterator[BlobInfo]:
    """Yield every blob of these subjects in a container, once.

    A file that was overwritten since by another one is no longer theirs.
    """
    if isinstance(declared.erasure, Kept):
        return
    seen: set[str] = set()
    for rule in declared.erasure:
        for identity in subjects.get(rule.of, ()):
            if isinstance(rule, ByPrefix):
                prefix = rule.prefix.replace("{tenant}", tenant_id).replace("{id}", identity)
                found = stores.blobs.list(name, prefix)
            else:
                found = _original(stores, tenant_id, identity, name)
            for info in found:
                if info.name not in seen:
                    seen.add(info.name)
                    yield info


def _original(stores: Stores, tenant_id: str, intake_id: str, container: str) -> Iterator[BlobInfo]:
    stored = stores.documents.get(intake.CONTAINER, (tenant_id, intake_id), intake_id)
    if stored is None:
        return
    file = IntakeRecord.of(stored.body).file
    if file.container != container:
        return
    digest = hashlib.sha256()
    try:
        with stores.blobs.open(file.container, file.name) as blob:
            info = blob.info
            while chunk := blob.read(_CHUNK):
                digest.update(chunk)
    except (Missing, Invalid):  # gone, or under a name that no blob of ours has
        return
    if digest.hexdigest() == file.sha256:
        yield info


def _intakes_where(stores: Stores, tenant_id: str, field: str, value: str) -> list[str]:
    where: list[Filter] = [Equals(field, value), Equals("kind", "record")]
    return [
        str(item.body["intake_id"]) for item in _all(stores, intake.CONTAINER, (tenant_id,), where)
    ]


def _all(stores: Stores, container: str, scope: Partition, where: list[Filter]) -> Iterator[Stored]:
    continuation = None
    while True:
        page = stores.documents.query(
            container, scope, where=where, limit=_PAGE, continuation=continuation
        )
        yield from page.items
        continuation = page.continuation
        if continuation is None:
            return
