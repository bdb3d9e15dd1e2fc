"""People of the house: how they join it, and who they are to its services."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

from functions.accounts.rules.documents import ConsentGiven, NewAccount, WhereFrom
from functions.accounts.service import passwords, registration, sign_in
from functions.accounts.service.means import Means
from functions.accounts.service.sign_in import TokenPair
from shared.access import ACCESS, Reach
from shared.auth import Principal
from shared.documents.port import Json
from shared.messaging import IdempotencyKey
from shared.models.account import Account
from shared.models.roles import Role
from shared.people import read_account
from tests.flows.stores import TENANT, House
from tests.kernel.embedded import Failing

PASSWORD = "four words nobody guesses"
CLIENT = "192.0.2.7"
TERMS = (
    ConsentGiven(kind="terms", version="2026-01", granted=True),
    ConsentGiven(kind="privacy", version="2026-01", granted=True),
)

Result = TypeVar("Result")


@cache
def hash_of(password: str) -> str:
    """The hash of a password, made once for all tests."""
    return passwords.hashed(password)


def joining(
    email: str = "maya@example.org",
    *,
    role: Role = "learner",
    tenant: str = TENANT,
    password: str = PASSWORD,
    birth_year: int | None = 2012,
    name: str = "Maya O.",
) -> registration.Joining:
    """Somebody about to register; parents are of age."""
    if role == "parent":
        birth_year = 1985
    return registration.Joining(
        tenant_id=tenant,
        user_id=str(uuid4()),
        password_hash=hash_of(password),
        new_account=NewAccount(
            email=email,
            display_name=name,
            roles=(role,),
            birth_year=birth_year,
            time_zone="Europe/Berlin",
            consents=TERMS,
            where_from=WhereFrom(client_address=CLIENT),
        ),
    )


def register(house: House, email: str = "maya@example.org", **more: Any) -> Account:
    """Register somebody, and have the house hear of it."""
    key = more.pop("idempotency", None)
    person = registration.join(
        house.means, joining(email, **more), idempotency=key, now=house.clock()
    )
    house.work("accounts")
    return person


def enter(
    house: House,
    email: str = "maya@example.org",
    password: str = PASSWORD,
    *,
    tenant: str = TENANT,
    client: str = CLIENT,
    means: Means | None = None,
) -> TokenPair:
    """Sign in."""
    return sign_in.sign_in(
        means or house.means, tenant, email, password, client=client, now=house.clock()
    )


def as_principal(person: Account) -> Principal:
    """Who somebody is to a service."""
    return Principal(person.user_id, person.tenant_id, frozenset(person.roles))


def staff(*roles: Role, tenant: str = TENANT, user: str = "staff") -> Principal:
    """Somebody of the staff, who needs no account for what the tests have them do."""
    return Principal(user, tenant, frozenset(roles))


def reach(principal: Principal, operation: str) -> frozenset[Reach]:
    """How far somebody reaches on a route, by the one table."""
    table = ACCESS[operation]
    assert table is not None
    return frozenset(table[role] for role in table if role in principal.roles)


def key(name: str = "key-1", *, scope: str = "acme/somebody/route") -> IdempotencyKey:
    """An Idempotency-Key that always comes with the same request."""
    return IdempotencyKey(scope, name, "the same request")


def account(house: House, person: Account) -> Account:
    """The account as it is now."""
    return read_account(house, person.tenant_id, person.user_id)[0]


def entries(house: House, action: str | None = None, *, tenant: str = TENANT) -> list[Json]:
    """What the audit log holds, once all that waits is written down."""
    house.work("accounts")
    found = house.kinds("entry", container="audit", tenant=tenant)
    return [entry for entry in found if action in (None, entry["action"])]


def at_once(count: int, work: Callable[[int], Result]) -> list[Result | Exception]:
    """Do some work in as many threads at the same moment; what each returned or raised."""
    barrier = Barrier(count)

    def one(number: int) -> Result | Exception:
        barrier.wait()
        try:
            return work(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


class Patched:
    """The stores of a house, one method of one of them going through ``instead``."""

    def __init__(
        self, house: House, method: str, instead: Callable[..., Any], *, store: str = "documents"
    ) -> None:
        self.documents: Any = house.documents
        self.blobs: Any = house.blobs
        self.bus: Any = house.bus
        setattr(self, store, Failing(getattr(house, store), method, instead))

    def means(self, house: House) -> Means:
        """What services work with, on these stores."""
        return Means(self, house.means.tokens, house.means.pseudonyms)
