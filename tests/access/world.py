"""Two tenants and the platform, with people and things in each, set straight into the stores.

Nothing that is set here tells of itself by an event: whatever changes afterwards, a call did.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import product
from typing import Literal
from uuid import uuid4

from functions.accounts.rules.documents import (
    CREDENTIALS,
    Consent,
    Credential,
    FamilyCode,
    MailedCode,
    NewAccount,
    RefreshFamily,
)
from functions.accounts.rules.family_codes import canonical, code_of
from functions.accounts.service import mailed_codes, passwords
from shared import topology
from shared.auth import Ticket
from shared.models import account, family
from shared.models.account import Account
from shared.models.family import FamilyLink, link_id_of
from shared.models.roles import Role
from shared.models.tenant import PLATFORM
from tests.access.things import Things
from tests.running_host import RunningHost

PersonKind = Literal["own", "child", "former_child", "learner", "colleague", "foreign"]
"""Whose data it is, from where the caller stands; ``colleague`` is anybody who is no learner."""
Kind = PersonKind | Literal["ours", "platform", "in_hand", "list", "anyone"]
"""``ours`` and ``foreign`` are also a tenant's things; ``platform`` is of no tenant, ``in_hand``
what was given to the caller."""

PASSWORD = "seven lamps over the harbour"
TENANTS = ("demo", "rival", PLATFORM)
_WORDS = re.compile(r"[\w.@:-]+")


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    user_id: str
    tenant: str
    roles: tuple[Role, ...]
    email: str
    name: str


class World(Things):
    """What the tests set up on a running host, and what they see of its stores."""

    def __init__(self, host: RunningHost) -> None:
        super().__init__(host)
        file = f"file:{host.home / 'documents.db'}?mode=ro"
        self._now, self._then = (
            sqlite3.connect(file, uri=True, isolation_level=None) for _ in range(2)
        )
        for tenant in TENANTS:
            host.make_tenant(tenant)
            self._settle(tenant)

    def _settle(self, tenant: str) -> None:
        """Who and what is there all along, in every list and in nobody else's."""
        learner = self.person("learner", tenant=tenant)
        self.person("learner", tenant=tenant)
        parent = self.person("parent", tenant=tenant)
        self.link(learner, parent)
        self.code(learner)
        self.consent(learner, by=parent)
        for role in ("mentor", "recruiter", "admin"):
            self.person(role, tenant=tenant)
        for thing in (
            self.candidate, self.intake, self.invitation, self.notification, self.erasure,
            self.audit_entry,
        ):  # fmt: skip
            thing(tenant)

    def close(self) -> None:
        """Let go of the stores."""
        self._now.close()
        self._then.close()

    # who calls, and whose data it is

    def token(self, person: Person) -> str:
        """A sound access token of somebody."""
        return self.host.token(*person.roles, tenant=person.tenant, user=person.user_id)

    def person(self, *roles: Role, tenant: str) -> Person:
        """Make somebody with an account."""
        mark = secrets.token_hex(8)
        made = Person(str(uuid4()), tenant, roles, f"p{mark}@{tenant}.example", f"Person-{mark}")
        self._keep(
            account.CONTAINER,
            (tenant, made.user_id),
            Account(
                tenant_id=tenant,
                user_id=made.user_id,
                email=made.email,
                address_id=self._address_id(tenant, made.email),
                display_name=made.name,
                roles=roles,
                birth_year=self.now.year - (14 if roles == ("learner",) else 40),
                created_at=self.now,
                updated_at=self.now,
            ),
        )
        self.secrets[tenant] |= {made.user_id, made.email, made.name}
        return made

    def target(self, caller: Person, kind: Kind) -> Person:
        """Somebody who stands to the caller as ``kind`` says."""
        if kind == "own":
            return caller
        if kind == "foreign":
            return self.person("learner", tenant=self.place(caller, kind))
        if kind == "colleague":
            return self.person("recruiter", tenant=caller.tenant)
        learner = self.person("learner", tenant=caller.tenant)
        if kind in {"child", "former_child"}:
            self.link(learner, caller, active=kind == "child")
        return learner

    def place(self, caller: Person, kind: Kind) -> str:
        """The tenant of a thing: the caller's own, or another."""
        if kind != "foreign":
            return caller.tenant
        return "rival" if caller.tenant == "demo" else "demo"

    # people's documents

    def link(self, learner: Person, parent: Person, *, active: bool = True) -> str:
        """Link a learner and a parent; returns the link's id."""
        link_id = link_id_of(learner.tenant, learner.user_id, parent.user_id)
        self._keep(
            family.CONTAINER,
            (learner.tenant, learner.user_id),
            FamilyLink(
                id=link_id,
                tenant_id=learner.tenant,
                learner_id=learner.user_id,
                parent_id=parent.user_id,
                active=active,
                linked_at=self.now,
                revoked_at=None if active else self.now,
                updated_at=self.now,
            ),
        )
        self.secrets[learner.tenant].add(link_id)
        return link_id

    def code(self, learner: Person) -> str:
        """A code that links somebody to a learner."""
        code = code_of(secrets.token_bytes(8))
        self._keep(
            family.CONTAINER,
            (learner.tenant, learner.user_id),
            FamilyCode(
                id=f"code:{uuid4()}",
                tenant_id=learner.tenant,
                learner_id=learner.user_id,
                code_digest=self.pseudonyms.of(learner.tenant, "family code", canonical(code)),
                expires_at=self.now + timedelta(hours=48),
                updated_at=self.now,
            ),
        )
        return code

    def consent(self, person: Person, *, by: Person) -> str:
        """A statement about somebody's data; returns its id."""
        consent_id = f"consent:{uuid4()}"
        self._keep(
            account.CONTAINER,
            (person.tenant, person.user_id),
            Consent(
                id=consent_id,
                tenant_id=person.tenant,
                user_id=person.user_id,
                given_by=by.user_id,
                what="profiling",
                version="1",
                granted=True,
                at=self.now,
            ),
        )
        self.secrets[person.tenant].add(consent_id)
        return consent_id

    def credential(self, person: Person) -> None:
        """Let somebody sign in with :data:`PASSWORD`."""
        address_id = self._address_id(person.tenant, person.email)
        self._keep(
            CREDENTIALS,
            (person.tenant, address_id),
            Credential(
                tenant_id=person.tenant,
                address_id=address_id,
                user_id=person.user_id,
                password_hash=self._password_hash,
                created_at=self.now,
                changed_at=self.now,
            ),
        )

    def mailed_code(self, person: Person, new_account: NewAccount | None = None) -> str:
        """The code that was mailed to somebody who forgot their password, or who registers."""
        if new_account is None:
            self.credential(person)
        address_id, code = self._address_id(person.tenant, person.email), "7Q2M-X0TV-93KD"
        self._keep(
            CREDENTIALS,
            (person.tenant, address_id),
            MailedCode(
                id=mailed_codes.new_id(),
                tenant_id=person.tenant,
                address_id=address_id,
                purpose="reset" if new_account is None else "registration",
                email=person.email,
                password_hash=self._password_hash,
                new_account=new_account,
                code_digest=mailed_codes.digest_of(
                    self.pseudonyms, person.tenant, address_id, code
                ),
                requested_at=self.now,
                expires_at=self.now + timedelta(hours=1),
            ),
        )
        return code

    def refresh_token(self, person: Person) -> str:
        """The refresh token of a new sign-in of somebody."""
        self.credential(person)
        family_id, token_id = str(uuid4()), str(uuid4())
        self._keep(
            account.CONTAINER,
            (person.tenant, person.user_id),
            RefreshFamily(
                id=f"refresh:{family_id}",
                tenant_id=person.tenant,
                user_id=person.user_id,
                family_id=family_id,
                current=token_id,
                created_at=self.now,
                rotated_at=self.now,
            ),
        )
        ticket = Ticket(person.tenant, person.user_id, f"{family_id}/{token_id}")
        return self.tokens.issue_ticket(
            ticket, use="refresh", now=self.now, lifetime=timedelta(days=30)
        )

    # what the stores hold, and what an answer gives away

    def pseudonym(self, person: Person) -> str:
        """The name that a person has in tombstones and in the audit log."""
        return self.pseudonyms.of(person.tenant, "user", person.user_id)

    @contextmanager
    def untouched(
        self, marks: Iterable[str], *, tenants: Iterable[str] = TENANTS
    ) -> Iterator[None]:
        """Fails when other documents and archives hold one of these texts after the block than
        before it, or other versions of them."""
        texts = tuple(marks)
        archives = self._archives(texts, tenants)
        # a transaction that has read keeps what was there; most refusals commit nothing at all
        self._then.execute("BEGIN")
        self._then.execute("SELECT 1 FROM tenants LIMIT 1").fetchone()
        version = self._version()
        try:
            yield
            if self._version() != version:
                before, after = (_holding(at, texts, tenants) for at in (self._then, self._now))
                assert after == before, sorted(after ^ before)
        finally:
            self._then.execute("ROLLBACK")
        found = self._archives(texts, tenants)
        assert found == archives, sorted(found ^ archives)

    def _version(self) -> int:
        """Another one after each commit of the host."""
        (found,) = self._now.execute("PRAGMA data_version").fetchone()
        return int(found)

    def _archives(self, texts: Sequence[str], tenants: Iterable[str]) -> set[str]:
        return {
            str(path)
            for folder, tenant in product(("exports", "erasure-reports"), tenants)
            for path in (self.host.home / "blobs" / folder / tenant).rglob("*")
            if any(text in str(path) for text in texts)
        }

    def given_away(self, text: str, *tenants: str) -> set[str]:
        """The ids, names and addresses of these tenants that stand in a text."""
        words = set(_WORDS.findall(text))
        return {word for tenant in tenants for word in words & self.secrets[tenant]}

    @cached_property
    def _password_hash(self) -> str:
        return passwords.hashed(PASSWORD)


def _holding(stored: sqlite3.Connection, texts: Sequence[str], tenants: Iterable[str]) -> set[str]:
    """Every document that holds one of these texts, with its version."""
    found: set[str] = set()
    holds = " OR ".join("instr(body, ?)" for _ in texts)
    for name in topology.load().containers if texts else ():
        rows = stored.execute(
            f'SELECT partition, id, etag, tenant FROM "{name}" WHERE {holds}', texts
        )
        found |= {" ".join((name, *row[:3])) for row in rows if row[3] in tenants}
    return found
