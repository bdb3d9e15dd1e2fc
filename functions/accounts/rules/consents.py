"""What consents amount to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from functions.accounts.rules.documents import Consent, ConsentGiven, ConsentKind
from shared.errors import FieldError, Invalid

REQUIRED: tuple[ConsentKind, ...] = ("terms", "privacy")


def check_required(consents: Iterable[ConsentGiven]) -> None:
    """Raise ``Invalid`` unless what nobody can take part without was agreed to, and for a
    matter that is spoken of twice."""
    said: dict[ConsentKind, bool] = {}
    for position, each in enumerate(consents):
        if each.kind in said:
            raise Invalid(
                f"consents: {each.kind} is there twice",
                fields=(FieldError(f"/consents/{position}", f"{each.kind} is there already"),),
            )
        said[each.kind] = each.granted
    missing = [kind for kind in REQUIRED if not said.get(kind)]
    if missing:
        raise Invalid(
            f"consents: nobody can take part without {' and '.join(missing)}",
            fields=tuple(FieldError("/consents", f"{kind} must be granted") for kind in missing),
        )


def latest(consents: Iterable[Consent]) -> dict[tuple[ConsentKind, str], Consent]:
    """The last statement of each person on each matter, by matter and person."""
    found: dict[tuple[ConsentKind, str], Consent] = {}
    for each in sorted(consents, key=lambda consent: (consent.at, consent.id)):
        found[each.what, each.given_by] = each
    return found


def in_force(consents: Iterable[Consent], linked_at: Mapping[str, datetime]) -> list[Consent]:
    """The statements without what a parent said before the present link to the learner: the
    link's end took that back."""
    return [
        each
        for each in consents
        if each.given_by not in linked_at or each.at >= linked_at[each.given_by]
    ]


def parents_agree(consents: Iterable[Consent], parents: Collection[str]) -> bool:
    """Whether the learner may be shown for all that linked parents say: one of them agreed
    and none refuses. Who is no longer linked says nothing."""
    said = [
        each.granted
        for (what, giver), each in latest(consents).items()
        if what == "being_shown" and giver in parents
    ]
    return bool(said) and all(said)
