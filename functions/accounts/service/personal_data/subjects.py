"""By which ids the stores know a person."""

from __future__ import annotations

from functions.accounts.rules.addresses import normalised
from functions.accounts.service.means import Means
from functions.accounts.service.personal_data.finding import with_files
from shared.erasures import Subjects
from shared.errors import Invalid, Missing
from shared.models.account import Account
from shared.models.candidate import candidate_id_of
from shared.people import read_account


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


def candidate_of(person: Account) -> str | None:
    """The id that a candidate's profile under the person's address has, if there is one."""
    if person.email is None:
        return None
    try:
        return candidate_id_of(person.tenant_id, f"email:{normalised(person.email)}")
    except Invalid:
        return None
