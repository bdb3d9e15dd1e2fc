"""Routes of candidates beyond reading them, and of the webhook that is told of them."""

from __future__ import annotations

import secrets
from uuid import uuid4

from functions.candidates.rules.documents import (
    HANDOVERS,
    WEBHOOKS,
    AtsHandover,
    AtsWebhook,
    CandidateNote,
)
from functions.candidates.rules.duplicates import CONTAINER as PAIRS
from functions.candidates.rules.duplicates import CandidatePair, pair_id_of
from shared.documents.port import Create, Upsert
from shared.models import candidate
from tests.access.recipes.registry import LIST, SELF, THING, Request, new_email, recipe
from tests.access.world import Kind, Person, World

JOB = "A security engineer who brings Python and Kubernetes."
SECRET = "a secret of the webhook, long enough"


@recipe(SELF, status=201)
def candidates_create(world: World, caller: Person, kind: Kind) -> Request:
    email = new_email()
    return Request(body={"name": "Maya", "emails": [email]}, marks=(email,), shows=(email,))


@recipe(SELF)
def candidates_import(world: World, caller: Person, kind: Kind) -> Request:
    email = new_email()
    resume = {"basics": {"name": "Maya", "email": email}}
    return Request(body={"resumes": [resume]}, marks=(email,), shows=("created",))


@recipe(THING)
def candidates_update(world: World, caller: Person, kind: Kind) -> Request:
    candidate_id = world.candidate(world.place(caller, kind))
    name = f"Name-{secrets.token_hex(8)}"
    return Request(
        path={"candidate_id": candidate_id},
        body={"name": name},
        marks=(candidate_id,),
        shows=(name,),
    )


@recipe(THING)
def candidates_history(world: World, caller: Person, kind: Kind) -> Request:
    return _reading(world, caller, kind, shows="items")


@recipe(THING)
def candidates_export(world: World, caller: Person, kind: Kind) -> Request:
    return _reading(world, caller, kind, shows="basics")


@recipe(THING)
def candidates_notes(world: World, caller: Person, kind: Kind) -> Request:
    tenant = world.place(caller, kind)
    candidate_id, note_id = _note(world, tenant, author="somebody")
    return Request(path={"candidate_id": candidate_id}, marks=(note_id,), shows=(note_id,))


@recipe(THING, status=201)
def candidates_note(world: World, caller: Person, kind: Kind) -> Request:
    candidate_id = world.candidate(world.place(caller, kind))
    text = f"said {secrets.token_hex(8)}"
    return Request(
        path={"candidate_id": candidate_id}, body={"text": text}, marks=(text,), shows=(text,)
    )


@recipe(THING, status=204)
def candidates_note_remove(world: World, caller: Person, kind: Kind) -> Request:
    candidate_id, note_id = _note(world, world.place(caller, kind), author=caller.user_id)
    return Request(path={"candidate_id": candidate_id, "note_id": note_id}, marks=(note_id,))


@recipe(SELF)
def candidates_facets(world: World, caller: Person, kind: Kind) -> Request:
    return Request(shows=("counted",))


@recipe(SELF)
def candidates_statistics(world: World, caller: Person, kind: Kind) -> Request:
    return Request(shows=("error_rate",))


@recipe(SELF)
def candidates_match(world: World, caller: Person, kind: Kind) -> Request:
    return Request(body={"description": JOB}, shows=("Kubernetes",))


@recipe(LIST)
def candidates_duplicates(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: _pair(world, world.place(caller, each)) for each in THING})


@recipe(THING)
def candidates_dismiss(world: World, caller: Person, kind: Kind) -> Request:
    pair_id = _pair(world, world.place(caller, kind))
    return Request(path={"pair_id": pair_id}, marks=(pair_id,), shows=(pair_id,))


@recipe(THING)
def candidates_merge(world: World, caller: Person, kind: Kind) -> Request:
    tenant = world.place(caller, kind)
    kept, other = world.candidate(tenant), world.candidate(tenant)
    return Request(
        path={"candidate_id": kept}, body={"other_id": other}, marks=(kept, other), shows=(kept,)
    )


@recipe(SELF)
def ats_webhook_set(world: World, caller: Person, kind: Kind) -> Request:
    url = f"https://ats.example.org/{secrets.token_hex(8)}"
    return Request(body={"url": url, "secret": SECRET}, marks=(url,), shows=(url,))


@recipe(SELF)
def ats_webhook_read(world: World, caller: Person, kind: Kind) -> Request:
    return Request(shows=(_webhook(world, caller.tenant),))


@recipe(SELF, status=204)
def ats_webhook_remove(world: World, caller: Person, kind: Kind) -> Request:
    return Request(marks=(_webhook(world, caller.tenant),))


@recipe(LIST)
def ats_handovers_list(world: World, caller: Person, kind: Kind) -> Request:
    return Request(lists={each: _handover(world, world.place(caller, each)) for each in THING})


@recipe(THING, status=202)
def ats_handovers_retry(world: World, caller: Person, kind: Kind) -> Request:
    handover_id = _handover(world, world.place(caller, kind))
    return Request(path={"handover_id": handover_id}, marks=(handover_id,), shows=(handover_id,))


def _reading(world: World, caller: Person, kind: Kind, *, shows: str) -> Request:
    candidate_id = world.candidate(tenant := world.place(caller, kind))
    return Request(
        path={"candidate_id": candidate_id},
        marks=(world.pseudonyms.of(tenant, "candidate", candidate_id),),
        shows=(shows,),
    )


def _note(world: World, tenant: str, *, author: str) -> tuple[str, str]:
    candidate_id, note_id = world.candidate(tenant), str(uuid4())
    note = CandidateNote(
        id=f"note:{note_id}",
        tenant_id=tenant,
        candidate_id=candidate_id,
        note_id=note_id,
        text="Called",
        author_id=author,
        noted_at=world.now,
    )
    world.host.documents.commit(
        candidate.CONTAINER, (tenant, candidate_id), [Create(note.stored())]
    )
    return candidate_id, note_id


def _pair(world: World, tenant: str) -> str:
    first, second = sorted((world.candidate(tenant), world.candidate(tenant)))
    pair = CandidatePair(
        tenant_id=tenant,
        pair_id=pair_id_of(first, second),
        first_id=first,
        second_id=second,
        score=0.9,
        reasons=("same_email",),
        found_at=world.now,
        updated_at=world.now,
    )
    world.host.documents.commit(PAIRS, pair.partition, [Create(pair.stored())])
    return pair.pair_id


def _webhook(world: World, tenant: str) -> str:
    url = f"https://ats.example.org/{secrets.token_hex(8)}"
    webhook = AtsWebhook(tenant_id=tenant, url=url, secret=SECRET, about=(), updated_at=world.now)
    world.host.documents.commit(WEBHOOKS, (tenant,), [Upsert(webhook.stored())])
    return url


def _handover(world: World, tenant: str) -> str:
    handover = AtsHandover(
        tenant_id=tenant,
        handover_id=str(uuid4()),
        about="candidate.created",
        candidate_id=world.candidate(tenant),
        revision=1,
        state="failed",
        created_at=world.now,
        updated_at=world.now,
    )
    world.host.documents.commit(HANDOVERS, handover.partition, [Create(handover.stored())])
    return handover.handover_id
