"""A marked person with something in every store there is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from functions.accounts.rules.documents import ConsentGiven, NewAccount, WhereFrom
from functions.accounts.service import (
    families,
    invitations,
    profiling,
    registration,
    resets,
    sign_in,
)
from functions.accounts.service.personal_data import exporting
from functions.accounts.service.registration import Joining
from functions.analytics.service import hearing as analytics
from functions.analytics.service import reporting as analytics_reporting
from functions.analytics.service.reporting import Report as Reported
from functions.candidates.rules.documents import AtsWebhook
from functions.candidates.rules.edits import CandidateChanges, resume_of
from functions.candidates.service import ats, counting, merging
from functions.candidates.service import hearing as following
from functions.candidates.service import profiles as candidates
from functions.coaching.rules.documents import WORDINGS, WordedAdvice
from functions.coaching.service import recipes
from functions.intake_notify.service import mailing, reading
from functions.intake_notify.service import telling as notifying
from functions.intake_notify.service.reading import Reader
from functions.intake_upload.rules import deliveries
from functions.intake_upload.rules.deliveries import delivery_of
from functions.intake_upload.rules.messages import Message as ChatMessage
from functions.journey_summary.rules.report import Report
from functions.journey_summary.service import making as reporting
from functions.journey_tracking.service import statements
from functions.leaderboard_timer.service import building
from functions.nightly_backup.service import backing_up
from functions.nightly_backup.service import means as backing_up_means
from functions.portfolio.service import feedback as portfolio_feedback
from functions.portfolio.service import files as portfolio_files
from functions.portfolio.service import items as portfolio
from functions.profiler_complete import service as completion
from functions.recommendations.rules.items import item as content_item
from functions.recommendations.rules.signals import Measured
from functions.recommendations.service import engagement, hearing, personality
from functions.recommendations.service.recommending import recommend
from functions.retention_timer.service import archiving, night
from functions.xp_award.service import awarding, repairing
from shared import runtime, topology
from shared.auth import Principal
from shared.bus.port import Message
from shared.documents.port import Create
from shared.encoding import Vector
from shared.errors import Unauthenticated, Unavailable
from shared.events.candidate import HandoverDue
from shared.models import budget as budget_model
from shared.models import content, family, notification
from shared.models.budget import WordingBudget
from shared.models.candidate import candidate_id_of
from shared.models.family import FamilyLink, link_id_of
from shared.models.notification import Notification
from shared.models.recipes import seed
from shared.models.tenant import Tenant
from tests.flows.journeying import Journeyer
from tests.flows.profiling import WORDS, Profiler, offers
from tests.flows.stores import PSEUDONYMS, TENANT, House

NAME, EMAIL = "Zebulon Quistgaard", "Zebulon.Quistgaard@example.org"
MARKS = ("zebulon", "quistgaard", "203.0.113.77", "+49 30 901820", "+4930901820", "Borealis")
RESUME = f"""{NAME}
{EMAIL}
+49 30 901820

Skills
Python, C++, Node.js

Experience
Software Engineer, Borealis GmbH
2019 - 2023
"""
USER_ID = "5a3e6cf0-9a51-4f0b-8b1e-3d2a7c9e4f10"
ADMIN = Principal("admin-1", TENANT, frozenset({"admin"}))
PERSON = Principal(USER_ID, TENANT, frozenset({"learner"}))
OTHER_ID, OTHER_PARENT_ID = "other-learner", "other-parent"


@dataclass
class Planted:
    """Who was planted: the ids by which the stores know them."""

    candidate_id: str
    absorbed_id: str
    """A second profile of theirs, which was merged into the first."""
    address_id: str
    intake_ids: list[str]

    @property
    def ids(self) -> list[str]:
        return [USER_ID, *self.candidate_ids, *self.intake_ids]

    @property
    def candidate_ids(self) -> tuple[str, str]:
        return (self.candidate_id, self.absorbed_id)


def join(
    house: House,
    user_id: str = USER_ID,
    *,
    email: str = EMAIL,
    name: str = NAME,
    role: str = "learner",
    proven: bool = False,
    birth_year: int = 2012,
) -> None:
    """Make an account as registration does, without the cost of a real hash."""
    new = NewAccount(
        email=email,
        display_name=name,
        roles=(role,),  # type: ignore[arg-type]  # a role's name
        birth_year=birth_year,
        time_zone="Europe/Berlin",
        address_proven=proven,
        consents=(ConsentGiven(kind="terms", version="1", granted=True),),
        where_from=WhereFrom(
            client_address="203.0.113.77" if user_id == USER_ID else "203.0.113.1",
            user_agent=f"Browser of {name}",
        ),
    )
    joining = Joining(TENANT, user_id, "no hash at all", new)
    registration.join(house.means, joining, idempotency=None, now=house.clock())


def plant(house: House, *, proven: bool = False) -> Planted:
    """Plant the person, through the flows where they have a way in."""
    means, now = house.means, house.clock()
    invitations.invite(means, ADMIN, TENANT, EMAIL, ["learner"], idempotency=None, now=now)
    join(house, proven=proven)
    join(house, OTHER_ID, email="other@example.org", name="Other")
    join(
        house,
        OTHER_PARENT_ID,
        email="parent@example.org",
        name="Parent",
        role="parent",
        birth_year=1980,
    )
    _link(house, learner_id=USER_ID, parent_id=OTHER_PARENT_ID)
    _link_as_it_lies(house, learner_id=OTHER_ID, parent_id=USER_ID)
    with suppress(Unauthenticated):
        sign_in.sign_in(means, TENANT, EMAIL, "a wrong one", client="203.0.113.77", now=now)
    resets.request(means, TENANT, EMAIL, client="203.0.113.77", now=now)
    house.work("accounts")
    first = house.drop("Quistgaard-cv.txt", RESUME)
    house.work_all()
    house.drop("copy/Zebulon-again.txt", RESUME)
    house.work_all()
    for event in house.waiting("intake/intake_notify"):
        notifying.notify(house, event, now=now)
    candidate_id = candidate_id_of(TENANT, f"email:{EMAIL.casefold()}")
    absorbed_id = _recruit(house, candidate_id)
    _profile(house, PERSON, f"{NAME} wants hospitals to keep running at night.")
    _profile(house, Principal(OTHER_ID, TENANT, frozenset({"learner"})), WORDS)
    _learn(house, USER_ID, NAME)
    _learn(house, OTHER_ID, "Pilot")
    building.build(house, PSEUDONYMS, Tenant(tenant_id=TENANT, name=TENANT), now=now)
    _repair_streaks(house)
    _show(house)
    for user_id in (USER_ID, OTHER_ID):
        who = Principal(user_id, TENANT, frozenset({"learner"}))
        recipes.use(house, PSEUDONYMS, who, next(iter(seed())), 5, now=now)
    _recommend(house)
    _count(house)
    _notify(house, f"user:{USER_ID}", f"{NAME}, your journey waits")
    reader = Reader(TENANT, USER_ID, f"user:{USER_ID}")
    reading.mark(house, reader, f"note-user:{USER_ID}", now=now)
    reading.mark_all(house, reader, now, now=now)
    _archive_journeys(house)
    exporting.export_of(means, PERSON, frozenset({"own"}), USER_ID, with_candidate=False, now=now)
    house.work("accounts")
    _bury_message(house, candidate_id)
    _back_up(house)
    records = house.records()
    assert first in {record.file.name for record in records.values()}
    address_id = registration.address_id_of(means, TENANT, EMAIL)
    intake_ids = [record.intake_id for record in records.values()]
    return Planted(candidate_id, absorbed_id, address_id, intake_ids)


def containers_with(house: House, text: str) -> set[str]:
    """The containers in which some document holds a text, whatever its case."""
    found = set()
    for name in topology.load().containers:
        page = house.documents.query(name, (), limit=1000)
        if any(text.casefold() in str(item.body).casefold() for item in page.items):
            found.add(name)
    return found


def files_with(home: Path, texts: list[str]) -> dict[str, list[str]]:
    """The files under a folder that hold one of these texts, as UTF-8 in any case or in their
    own name."""
    found: dict[str, list[str]] = {}
    for path in sorted(home.rglob("*")):
        content = path.read_bytes().lower() if path.is_file() else b""
        name = path.name.casefold()
        held = [t for t in texts if t.casefold().encode() in content or t.casefold() in name]
        if held:
            found[str(path.relative_to(home))] = held
    return found


def _link(house: House, *, learner_id: str, parent_id: str) -> None:
    learner = Principal(learner_id, TENANT, frozenset({"learner"}))
    parent = Principal(parent_id, TENANT, frozenset({"parent"}))
    code, _ = families.make_code(
        house.means,
        learner,
        frozenset({"own"}),
        learner_id,
        entropy=f"{learner_id[:4]}{parent_id[:4]}".encode(),
        idempotency=None,
        now=house.clock(),
    )
    families.link(house.means, parent, code, idempotency=None, now=house.clock())


def _link_as_it_lies(house: House, *, learner_id: str, parent_id: str) -> None:
    """A link of a time when nobody asked how old parents are."""
    link = FamilyLink(
        id=link_id_of(TENANT, learner_id, parent_id),
        tenant_id=TENANT,
        learner_id=learner_id,
        parent_id=parent_id,
        active=True,
        linked_at=house.clock(),
        updated_at=house.clock(),
    )
    house.documents.commit(family.CONTAINER, (TENANT, learner_id), [Create(link.stored())])


def _profile(house: House, who: Principal, words: str) -> None:
    """Take somebody through the profiler, in their own words."""
    profiler = Profiler(house)
    session_id = profiler.begun(who)
    said = [replace(each, text=each.text and words) for each in offers()]
    profiler.answer(session_id, said, who)
    profiler.complete(session_id, who)
    for event in house.waiting("profiler/portfolio"):
        portfolio.add_statement(house, PSEUDONYMS, event, now=house.clock())
    for event in house.waiting("profiler/accounts"):
        profiling.bring_up_to_date(house, event, now=house.clock())
    for event in house.waiting("profiler/profiler_complete"):
        completion.count_items(house, event, now=house.clock())


def _archive_journeys(house: House) -> None:
    """Have what was done in the journeys in the archive, and a report of that night."""
    archiving.archive_old(
        house, untouched_since=house.clock() + timedelta(days=1), is_over=lambda: False
    )
    night.keep_house(house, PSEUDONYMS, unmatched_kept=timedelta(days=180), clock=house.clock)


def _learn(house: House, user_id: str, career: str) -> None:
    """Take somebody through a journey, with what is stated of it and paid for it."""
    journeyer = Journeyer(house, user_id, career=career)
    journeyer.whole()
    for event in house.waiting("journeys/journey_tracking"):
        base = "https://learn.example.org"
        statements.state(house, PSEUDONYMS, event, base=base, now=house.clock())
    for event in house.waiting("journeys/xp_award"):
        awarding.award(house, PSEUDONYMS, event, now=house.clock())
    for event in house.waiting("game/intake_notify"):
        notifying.notify_learner(house, PSEUDONYMS, event, now=house.clock())
    for event in house.waiting("journeys/journey_summary"):
        reporting.note(house, PSEUDONYMS, event, now=house.clock())
    for event in house.waiting("journey_summary"):
        reporting.make(house, PSEUDONYMS, event, _plain, now=house.clock())
    for event in house.waiting("summaries/intake_notify"):
        notifying.notify_parents(house, PSEUDONYMS, event, now=house.clock())
    for event in house.waiting("intake_notify"):
        mailing.mail_parent(house, PSEUDONYMS, None, event, now=house.clock())
    house.waiting("journey_tracking")


def _plain(report: Report) -> tuple[bytes, int]:
    """A report as plain text, in which a mark can be found."""
    return f"{report.learner} {report.career}".encode(), 1


def _show(house: House) -> None:
    """Add a file to the person's value statement, and let them speak of somebody else's."""
    for learner, mentor in ((USER_ID, "mo"), (OTHER_ID, USER_ID)):
        who, now = Principal(learner, TENANT, frozenset({"learner"})), house.clock()
        own = (TENANT, learner)
        words = f"{NAME if learner == USER_ID else 'Somebody'} was here"
        (item, *_), _ = portfolio.listed(
            house, own, least=0, item_type=None, limit=1, continuation=None
        )
        portfolio_files.add(
            house, who, item.item_id, words.encode(), file_id=f"file-{learner}",
            filename="notes.txt", declared="text/plain", now=now,
        )  # fmt: skip
        portfolio_feedback.give(
            house, PSEUDONYMS, Principal(mentor, TENANT, frozenset({"mentor"})), item,
            f"of-{mentor}", f"{NAME} has read this", shown=lambda given: given.stored(),
            idempotency=None, now=now,
        )  # fmt: skip
    for event in house.waiting("portfolio_feedback/intake_notify"):
        notifying.notify_of_feedback(house, PSEUDONYMS, event, now=house.clock())


def _recommend(house: House) -> None:
    """Recommend a lesson, which is clicked; say how somebody learns, which they dispute; keep what
    coaching says in a model's words."""
    now, fields = house.clock(), {"content_id": "ports", "title": "Ports", "text": "About ports."}
    for topic in ("profiler", "journeys", "recipes"):
        for event in house.waiting(f"{topic}/recommendations"):
            hearing.hear(house, PSEUDONYMS, event, now=now)
    lesson = content_item(
        TENANT, "lesson", fields, [1.0] + [0.0] * 383, model="of-no-text", created_at=now, now=now
    )
    house.documents.commit(content.CONTAINER, lesson.partition, [Create(lesson.stored())])
    budget = WordingBudget(tenant_id=TENANT, day=now.date().isoformat(), tokens=120, calls=1)
    key = (TENANT, budget.day)
    house.documents.commit(budget_model.CONTAINER, key, [Create(budget.stored())])
    message = ChatMessage("whatsapp", "104527893", MARKS[3], "wamid.1")
    settled = delivery_of(TENANT, message, now=now).settled()
    house.documents.commit(deliveries.CONTAINER, settled.partition, [Create(settled.stored())])
    for user_id in (USER_ID, OTHER_ID):
        own, said = (TENANT, user_id), f"{NAME if user_id == USER_ID else 'Somebody'} says so"
        recommend(
            house, PSEUDONYMS, own, recommendation_id=f"list-{user_id}", content_type=None,
            language=None, limit=5, is_shown=True, now=now,
        )  # fmt: skip
        who = Principal(user_id, TENANT, frozenset({"learner"}))
        engagement.act(
            house, PSEUDONYMS, who, "lesson", "ports", "clicked",
            recommendation_id=f"list-{user_id}", now=now,
        )  # fmt: skip
        measured = Measured(0.5, 99)
        personality.contribute(house, PSEUDONYMS, own, {"hints": measured}, now=now)
        personality.analyse(house, PSEUDONYMS, own, now=now)
        personality.correct(house, PSEUDONYMS, own, "hints", agrees=False, comment=said, now=now)
        worded = WordedAdvice(
            id="wording:1", tenant_id=TENANT, user_id=user_id, model="small", ttl=3600,
            texts={"focus 0": said},
        )  # fmt: skip
        house.documents.commit(WORDINGS, own, [Create(worded.stored())])


def _recruit(house: House, candidate_id: str) -> str:
    """Bring a second profile of the person in, which is merged into theirs; note something of
    them, let them note something of somebody else, and hand both over."""
    now = house.clock()
    webhook = AtsWebhook(
        tenant_id=TENANT, url="https://ats.example.org", secret="s" * 32, updated_at=now,
        about=("candidate.created", "candidate.updated", "candidate.merged"),
    )  # fmt: skip
    ats.set_webhook(house, PSEUDONYMS, ADMIN, webhook)
    second = CandidateChanges(name=NAME, phones=(MARKS[4],), skills=("Python",))
    other = CandidateChanges(name="Somebody Else", emails=("somebody@example.org",))
    ids = [
        candidates.write(
            house,
            PSEUDONYMS,
            TENANT,
            resume_of(given, today=now.date())[0],
            name="by hand",
            by=ADMIN,
            now=now,
        ).profile.candidate_id
        for given in (second, other)
    ]
    for event in house.waiting("candidates/candidates"):
        following.hear(house, PSEUDONYMS, NoEncoder(), event, now=now)
    merging.merge(house, PSEUDONYMS, TENANT, candidate_id, ids[0], by=ADMIN, now=now)
    for event in house.waiting("candidates/candidates"):
        if event.type != HandoverDue.type:
            following.hear(house, PSEUDONYMS, NoEncoder(), event, now=now)
    for event in house.waiting("intake/candidates"):
        counting.count_file(house, event, now=now)
    of_whom = ((ADMIN, candidate_id), (PERSON, ids[1]))
    for number, (who, about) in enumerate(of_whom):
        candidates.add_note(
            house, who, about, f"note-{number}", f"{NAME} was called",
            shown=lambda note: note.stored(), idempotency=None, now=now,
        )  # fmt: skip
    return ids[0]


def _count(house: House) -> None:
    """Let analytics hear of everything, and of what the person's app says."""
    now = house.clock()
    for user_id in (USER_ID, OTHER_ID):
        by = Principal(user_id, TENANT, frozenset({"learner"}))
        opened = Reported(UUID(USER_ID), "coaching.opened", now, {})
        analytics_reporting.take(house, PSEUDONYMS, by, [opened], now=now)
    for event in house.waiting("analytics"):
        analytics_reporting.count(house, PSEUDONYMS, event, now=now)
    for topic in ("profiler", "journeys", "recipes", "game", "intake", "candidates"):
        for event in house.waiting(f"{topic}/analytics"):
            analytics.hear(house, PSEUDONYMS, event, now=now)


class NoEncoder:
    """Stands for the text encoder where nothing is searched by meaning."""

    model, dimension = "none", 384

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        """No vectors: there is no model."""
        raise Unavailable("no encoder")


def _repair_streaks(house: House) -> None:
    """Cover a day of an outage in everybody's streaks."""
    day = house.clock().date()
    repairing.begin(
        house, PSEUDONYMS, ADMIN, "1a0f9e8d-7c6b-5a4f-8e3d-2c1b0a9f8e7d", first_day=day,
        last_day=day, reason="the house was down", shown=lambda repair: repair.stored(),
        idempotency=None, now=house.clock(),
    )  # fmt: skip
    for event in house.waiting("xp_award"):
        repairing.advance(house, event, now=house.clock())


def _notify(house: House, audience: str, text: str) -> None:
    note = Notification(
        id=f"note-{audience}",
        tenant_id=TENANT,
        audience=audience,
        title="Hello",
        text=text,
        level="info",
        created_at=house.clock(),
    )
    house.documents.commit(notification.CONTAINER, (TENANT, audience), [Create(note.stored())])


def _back_up(house: House) -> None:
    """Begin a backup, of which there is a document then."""
    scratch = runtime.scratch_documents
    means = backing_up_means.Means(house, PSEUDONYMS, house.clock, "0", scratch)
    backing_up.begin(means, "begun", announces=False)


def _bury_message(house: House, candidate_id: str) -> None:
    """Leave a dead letter of the person and one of somebody else."""
    for number, (identity, name) in enumerate(((candidate_id, NAME), ("c-2", "Somebody Else"))):
        body = f'{{"candidate_id": "{identity}", "name": "{name}"}}'.encode()
        house.bus.publish(
            [Message("intake_parse", f"broken-{number}", body, "waymark.intake.extracted.v1")]
        )
        (delivery,) = house.bus.receive("intake_parse")
        house.bus.dead_letter(delivery, "Broken", "of the tests")
