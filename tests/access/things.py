"""What is no one person's, set straight into the stores of a running host: candidates, files,
invitations, notifications, erasures, entries of the audit log."""

from __future__ import annotations

import secrets
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from functions.accounts.rules.addresses import normalised
from functions.accounts.rules.documents import INVITATIONS, Invitation
from functions.nightly_backup.rules import documents as backups
from functions.nightly_backup.service import backing_up, restoring
from functions.nightly_backup.service.means import Means
from functions.retention_timer.rules import documents as retention
from functions.retention_timer.rules.documents import NightReport
from shared import runtime
from shared.auth import Ticket, Tokens
from shared.documents.port import Create, Equals
from shared.models import audit, backup_job, candidate, intake, notification, tombstone
from shared.models.audit import AuditEntry, month_of
from shared.models.candidate import CandidateProfile, ProfileSource
from shared.models.document import Document
from shared.models.intake import IntakeFile, IntakeRecord, Reason
from shared.models.notification import RECRUITERS, Notification, audience_of
from shared.models.resume import Resume
from shared.models.tenant import PLATFORM
from shared.models.tombstone import Erasure, Replay
from shared.pseudonyms import Pseudonyms
from tests.running_host import RunningHost

DEAD_ENTITY = "journey_summary"


class Things:
    """Makes things of tenants; each method returns the id of what it made.

    Nothing that is set here tells of itself by an event: whatever changes afterwards, a call
    did.
    """

    def __init__(self, host: RunningHost) -> None:
        self.host = host
        self.tokens = Tokens(host.settings)
        self.pseudonyms = Pseudonyms(host.settings.pseudonym_key.get_secret_value().encode())
        self.secrets: defaultdict[str, set[str]] = defaultdict(set)
        """Every id, name and address by tenant."""

    @property
    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC)

    def candidate(self, tenant: str) -> str:
        """A candidate's profile; returns its id."""
        candidate_id, mark = str(uuid4()), secrets.token_hex(8)
        name, email = f"Candidate-{mark}", f"c{mark}@{tenant}.example"
        self._keep(
            candidate.CONTAINER,
            (tenant, candidate_id),
            CandidateProfile(
                id=candidate_id,
                tenant_id=tenant,
                candidate_id=candidate_id,
                name=name,
                emails=(email,),
                resume=Resume(),
                sources=(
                    ProfileSource(
                        intake_id=str(uuid4()),
                        attempt=1,
                        filename=f"{mark}.pdf",
                        sha256=secrets.token_hex(32),
                        received_at=self.now,
                    ),
                ),
                created_at=self.now,
                updated_at=self.now,
            ),
        )
        self.secrets[tenant] |= {candidate_id, name, email, f"{mark}.pdf"}
        return candidate_id

    def intake(self, tenant: str) -> str:
        """A dropped file that could not be read; returns its id."""
        intake_id, filename = str(uuid4()), f"f{secrets.token_hex(8)}.pdf"
        self._keep(
            intake.CONTAINER,
            (tenant, intake_id),
            IntakeRecord(
                id=intake_id,
                tenant_id=tenant,
                intake_id=intake_id,
                state="failed",
                file=IntakeFile(name=f"{tenant}/{filename}", size=9, sha256=secrets.token_hex(32)),
                reason=Reason(code="no_text", detail="no text", stage="extracting"),
                created_at=self.now,
                updated_at=self.now,
            ),
        )
        self.secrets[tenant] |= {intake_id, filename}
        return intake_id

    def invitation(self, tenant: str) -> str:
        """An open invitation; returns its id."""
        return self._invited(tenant).invitation_id

    def invitation_token(self, tenant: str) -> str:
        """The token that accepts a new invitation."""
        invited = self._invited(tenant)
        ticket = Ticket(tenant, invited.invitation_id, invited.address_id)
        return self.tokens.issue_ticket(
            ticket, use="invitation", now=self.now, lifetime=timedelta(days=7)
        )

    def _invited(self, tenant: str) -> Invitation:
        email = f"i{secrets.token_hex(8)}@{tenant}.example"
        invited = Invitation(
            id="invitation",
            tenant_id=tenant,
            invitation_id=str(uuid4()),
            email=email,
            address_id=self._address_id(tenant, email),
            roles=("operator",) if tenant == PLATFORM else ("mentor",),
            expires_at=self.now + timedelta(days=7),
            created_at=self.now,
            updated_at=self.now,
        )
        self._keep(INVITATIONS, (tenant, invited.invitation_id), invited)
        self.secrets[tenant] |= {invited.invitation_id, email}
        return invited

    def notification(self, tenant: str) -> str:
        """A notification for the tenant's recruiters; returns its id."""
        notification_id, filename = str(uuid4()), f"n{secrets.token_hex(8)}.pdf"
        self._keep(
            notification.CONTAINER,
            (tenant, RECRUITERS),
            Notification(
                id=notification_id,
                tenant_id=tenant,
                audience=RECRUITERS,
                title="Profile ready",
                text=filename,
                level="info",
                created_at=self.now,
            ),
        )
        self.secrets[tenant] |= {notification_id, filename}
        return notification_id

    def own_notification(self, tenant: str, user_id: str) -> str:
        """A notification for one person; returns its id."""
        notification_id, audience = str(uuid4()), audience_of(user_id)
        self._keep(
            notification.CONTAINER,
            (tenant, audience),
            Notification(
                id=notification_id,
                tenant_id=tenant,
                audience=audience,
                title="Level 2",
                text="You reached level 2.",
                level="info",
                created_at=self.now,
            ),
        )
        self.secrets[tenant].add(notification_id)
        return notification_id

    def erasure(self, tenant: str) -> str:
        """An erasure that is over; returns its id."""
        erasure_id = secrets.token_hex(20)
        self._keep(
            tombstone.CONTAINER,
            (tenant, erasure_id),
            Erasure(
                tenant_id=tenant,
                tombstone_id=erasure_id,
                subject_kind="user",
                state="erased",
                requested_at=self.now,
                updated_at=self.now,
            ),
        )
        self.secrets[tenant].add(erasure_id)
        return erasure_id

    def replay(self) -> str:
        """A look through the stores that is over; returns its id."""
        replay_id = str(uuid4())
        self._keep(
            tombstone.CONTAINER,
            (PLATFORM, "replays"),
            Replay(
                id=replay_id,
                tenant_id=PLATFORM,
                state="ended",
                containers_left=(),
                requested_at=self.now,
                updated_at=self.now,
            ),
        )
        self.secrets[PLATFORM].add(replay_id)
        return replay_id

    def backup(self) -> str:
        """A backup of what is there; returns its id."""
        self.no_backup_under_way()
        job = backing_up.begin(self._backing_up(), str(uuid4()), announces=False)
        return backing_up.carry_out(self._backing_up(), job.id).id

    def restore(self) -> str:
        """A restore that is over; returns its id."""
        restore_id = str(uuid4())
        self._keep(
            backup_job.CONTAINER,
            backup_job.partition_of("restores"),
            backups.RestoreJob(
                id=restore_id,
                state="done",
                backup_id="20260301-nightly",
                mode="keep",
                containers_left=(),
                started_at=self.now,
                updated_at=self.now,
            ),
        )
        return restore_id

    def no_backup_under_way(self) -> None:
        """Wait until neither a backup nor a restore is at work."""
        means = self._backing_up()
        self.host.wait_for(
            lambda: backing_up.under_way(means) is None and restoring.under_way(means) is None,
            "backups and restores to end",
        )

    def no_replay_under_way(self) -> None:
        """Wait until no look through the stores is at work: each goes on writing what it saw."""
        where = [Equals("kind", "replay"), Equals("state", "running")]
        self.host.wait_for(
            lambda: (
                not self.host.documents.query(
                    tombstone.CONTAINER, (PLATFORM, "replays"), where=where
                ).items
            ),
            "replays to end",
        )

    def _backing_up(self) -> Means:
        return Means(self.host, self.pseudonyms, lambda: self.now, "0", runtime.scratch_documents)

    def audit_entry(self, tenant: str) -> str:
        """An entry of the audit log; returns its id."""
        entry_id, month = str(uuid4()), month_of(self.now)
        self._keep(
            audit.CONTAINER,
            (tenant, month),
            AuditEntry(
                id=entry_id,
                tenant_id=tenant,
                month=month,
                action="account.read",
                actor=secrets.token_hex(20),
                at=self.now,
            ),
        )
        self.secrets[tenant].add(entry_id)
        return entry_id

    def night(self) -> str:
        """The report of a night; returns when it began."""
        now = self.now.replace(microsecond=secrets.randbelow(10**6))
        report = NightReport(
            id=str(uuid4()),
            tenant_id=PLATFORM,
            period=month_of(now),
            began_at=now,
            ended_at=now,
        )
        self._keep(retention.CONTAINER, report.partition, report)
        return str(report.model_dump(mode="json")["began_at"])[:26]

    def dead_letter(self) -> int:
        """A dead letter of :data:`DEAD_ENTITY`, of no tenant; returns its number."""
        body = b"no event of ours"
        with closing(sqlite3.connect(self.host.home / "bus.db", timeout=30)) as connection:
            number = connection.execute(
                "INSERT INTO messages (entity, message_id, subject, body, content_type, properties,"
                " enqueued_at, visible_at, delivery_count, dead, reason, description)"
                " VALUES (?, ?, 'waymark.test.v1', ?, 'text/plain', '{}', 1, 1, 10, 1, 'r', 'd')",
                (DEAD_ENTITY, str(uuid4()), body),
            ).lastrowid
            connection.commit()
        assert number is not None
        return number

    def _address_id(self, tenant: str, email: str) -> str:
        return self.pseudonyms.of(tenant, "address", normalised(email))

    def _keep(self, container: str, partition: tuple[str, ...], document: Document) -> None:
        self.host.documents.commit(container, partition, [Create(document.stored())])
