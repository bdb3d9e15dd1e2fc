"""Registration of who first shows that the address is theirs, by a code that goes there.

So nobody is told whether an address has an account: who has it is told, by e-mail.
"""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from functions.accounts.rules.documents import MailedCode
from functions.accounts.service import mailed_codes, throttles
from functions.accounts.service.means import Means
from functions.accounts.service.passwords import is_right
from functions.accounts.service.registration import Joining, address_id_of, join
from shared.errors import Unprocessable
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from shared.models.tenant import is_tenant_code

_WHAT = "registrations by code"


def begin(
    means: Means,
    joining: Joining,
    *,
    client: str,
    idempotency: IdempotencyKey | None,
    now: datetime,
) -> None:
    """Have a code sent to who registers, or word that there is an account to who has one.

    Does the same and takes as long for both. Raises ``Throttled`` when too many e-mails are asked
    for, and ``Invalid`` for what is no address.
    """
    tenant_id, new = joining.tenant_id, joining.new_account
    address_id = address_id_of(means, tenant_id, new.email)
    throttles.reserve_mail(means, tenant_id, address_id, client, now=now)
    asked = MailedCode(
        id=mailed_codes.new_id(),
        tenant_id=tenant_id,
        address_id=address_id,
        purpose="registration",
        email=new.email,
        password_hash=joining.password_hash,
        new_account=new,
        requested_at=now,
    )
    mailed_codes.request(means, asked, idempotency=idempotency, now=now)


def confirm(
    means: Means,
    tenant_id: str,
    email: str,
    code: str,
    password: str,
    *,
    client: str,
    now: datetime,
) -> Account:
    """Make the account of somebody who shows the code that was sent; returns it.

    The password is asked for again: a stranger may have registered with the address as well, and
    whoever took the stranger's code for their own would get an account that the stranger enters.
    Raises ``Unprocessable`` for a code that does not hold, or not with this password;
    ``Throttled`` after too many failures, and ``Conflict`` when an invitation was accepted with
    the address meanwhile.
    """
    address_id = address_id_of(means, tenant_id, email)
    find = mailed_codes.finder(means, tenant_id, address_id, code, now=now)
    of_tenant = tenant_id if is_tenant_code(tenant_id) else None
    with throttles.attempt(means, of_tenant, address_id, client, what=_WHAT, now=now) as attempt:
        attempt.outcome = "failed"
        asked, of_all = find("registration")
        new, password_hash = asked.new_account, asked.password_hash
        if new is None or password_hash is None or not is_right(password_hash, password):
            raise Unprocessable("the code is of a registration with another password")
        attempt.outcome = "right"
    joining = Joining(
        tenant_id=tenant_id,
        user_id=str(uuid5(NAMESPACE_URL, f"{tenant_id}|{asked.id}")),
        password_hash=password_hash,
        new_account=new.model_copy(update={"address_proven": True}),
        used=tuple(of_all),
    )
    return join(means, joining, idempotency=None, now=now)
