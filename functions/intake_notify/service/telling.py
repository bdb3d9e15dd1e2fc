"""Tells people how a file ended, how far they have come, and that a report is ready."""

from __future__ import annotations

from datetime import datetime

from functions.intake_notify.rules import answers
from functions.intake_notify.rules import notifications as rules
from shared.documents.port import Create
from shared.erasures import erased_at
from shared.errors import Missing, Rejected
from shared.events.envelope import Event, read_data
from shared.events.game import GameAdvanced
from shared.events.intake import IntakeAnswerDue, IntakeEnded
from shared.events.portfolio import PortfolioFeedbackGiven
from shared.events.summary import SummaryMailDue, SummaryPublished
from shared.intake_stages import read_record
from shared.messaging import Decision, Outcome, handle_once
from shared.models.notification import CONTAINER, RECRUITERS, audience_of
from shared.people import is_parent_of, parents_of, read_account
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores


def notify(stores: Stores, event: Event, *, now: datetime) -> Outcome:
    """Write the notification of an ended file, once, and ask for the answer to its sender."""
    ended = read_data(event, IntakeEnded)

    def decide() -> Decision:
        try:
            record, _ = read_record(stores, event.tenantid, ended.intake_id)
        except Missing:
            raise Rejected("the intake record is gone") from None
        notification = rules.notification_of(event.id, ended, record, now=now)
        stands = (record.attempt, record.state) == (ended.attempt, ended.state)
        due = IntakeAnswerDue(intake_id=record.intake_id, attempt=ended.attempt, state=ended.state)
        return Decision(
            [Create(notification.stored() | {"ttl": rules.NOTIFICATION_SECONDS})],
            [due] if stands and answers.is_answered(record) else [],
        )

    return handle_once(
        stores,
        event,
        handler="intake_notify",
        container=CONTAINER,
        partition=(event.tenantid, RECRUITERS),
        decide=decide,
        now=now,
    )


def notify_learner(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime
) -> Outcome:
    """Write the notification of how far a learner has come, once; nothing for who was erased."""
    told = read_data(event, GameAdvanced)

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
            raise Rejected("the learner was erased")
        notification = rules.advance_of(event.id, event.tenantid, told, now=now)
        return Decision([Create(notification.stored() | {"ttl": rules.NOTIFICATION_SECONDS})])

    return handle_once(
        stores,
        event,
        handler="game_notify",
        container=CONTAINER,
        partition=(event.tenantid, audience_of(told.user_id)),
        decide=decide,
        now=now,
    )


def notify_parents(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime
) -> Outcome:
    """Write the notification of a report for each parent who is linked at this moment, once each;
    nothing about who was erased."""
    told = read_data(event, SummaryPublished)
    outcomes: list[Outcome] = []
    for parent_id in parents_of(stores, event.tenantid, told.user_id):

        def decide(parent_id: str = parent_id) -> Decision:
            if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
                raise Rejected("the learner was erased")
            if erased_at(stores, pseudonyms, event.tenantid, "user", parent_id) or not is_parent_of(
                stores, event.tenantid, parent_id=parent_id, learner_id=told.user_id
            ):
                return Decision()
            try:
                learner = read_account(stores, event.tenantid, told.user_id)[0].display_name
            except Missing:
                learner = "A learner"
            notification = rules.report_of(
                event.id, event.tenantid, told, parent_id=parent_id, learner=learner, now=now
            )
            return Decision(
                [Create(notification.stored() | {"ttl": rules.NOTIFICATION_SECONDS})],
                [SummaryMailDue(parent_id=parent_id, learner_id=told.user_id)],
            )

        outcomes.append(
            handle_once(
                stores,
                event,
                handler="summary_notify",
                container=CONTAINER,
                partition=(event.tenantid, audience_of(parent_id)),
                decide=decide,
                now=now,
            )
        )
    return "done" if "done" in outcomes or not outcomes else outcomes[0]


def notify_of_feedback(
    stores: Stores, pseudonyms: Pseudonyms, event: Event, *, now: datetime
) -> Outcome:
    """Write the notification of what a mentor said, once; nothing for who was erased."""
    told = read_data(event, PortfolioFeedbackGiven)

    def decide() -> Decision:
        if erased_at(stores, pseudonyms, event.tenantid, "user", told.user_id) is not None:
            raise Rejected("the learner was erased")
        notification = rules.feedback_of(event.id, event.tenantid, told, now=now)
        return Decision([Create(notification.stored() | {"ttl": rules.NOTIFICATION_SECONDS})])

    return handle_once(
        stores,
        event,
        handler="feedback_notify",
        container=CONTAINER,
        partition=(event.tenantid, audience_of(told.user_id)),
        decide=decide,
        now=now,
    )
