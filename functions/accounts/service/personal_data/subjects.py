"""By which ids the stores know a person."""

from __future__ import annotations

from datetime import datetime

from functions.accounts.service.means import Means, read_tenant
from functions.accounts.service.personal_data.finding import with_files
from shared.access import Reach
from shared.auth import Principal
from shared.erasures import Subjects
from shared.errors import Forbidden, Missing
from shared.models.account import Account
from shared.models.candidate import candidate_id_of
from shared.people import check_reach, read_account


def subjects_of(means: Means, tenant_id: str, user_id: str, *, with_candidate: bool) -> Subjects:
    """The ids of a person's account, address and, when asked for, of the candidate's profile
    under their address with its files.

    An account's address says nothing of whose it is until somebody vouched for it: whoever
    registers with another's address must not reach the other's profile by it. An account that
    is not there is fine: an external person may have data without one.
    """
    subjects: Subjects = {"user": (user_id,)}
    try:
        person, _ = read_account(means.stores, tenant_id, user_id)
    except Missing:
        return subjects
    if person.address_id is not None:
        subjects["address"] = (person.address_id,)
    candidate_id = candidate_of(person)
    if candidate_id is None or not (with_candidate or person.address_proven):
        return subjects
    return with_files(means.stores, tenant_id, {**subjects, "candidate": (candidate_id,)})


def check_speaks_for(
    means: Means, by: Principal, reach: frozenset[Reach], user_id: str, *, now: datetime
) -> None:
    """Raise unless the caller may ask for what is held on a person, or have it erased.

    A person may, an admin, and a parent of a child who is not of age: ``Forbidden`` for the
    parent of one who is, ``Missing`` for somebody whom the caller does not reach.
    """
    check_reach(means.stores, by, reach, user_id)
    if user_id == by.user_id or "tenant" in reach:
        return
    person, _ = read_account(means.stores, by.tenant_id, user_id)
    tenant, _ = read_tenant(means.stores, by.tenant_id)
    if not person.is_minor(consent_age=tenant.consent_age, on=now.date()):
        raise Forbidden("your child is of age and must ask for this themselves")


def candidate_of(person: Account) -> str | None:
    """The id that a candidate's profile under the person's address has, if there is one: it
    follows from the address as it stands in a résumé."""
    if person.email is None:
        return None
    address = "".join(person.email.split()).casefold()
    return candidate_id_of(person.tenant_id, f"email:{address}")
