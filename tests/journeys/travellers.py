"""People on a running host: learners on journeys, and their parents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import requests

from shared.documents.port import Create, Patch, Upsert
from shared.models import account, family
from shared.models.account import Account
from shared.models.family import FamilyLink, link_id_of
from shared.models.learning import SUBJECTS
from shared.models.roles import Role
from tests.running_host import RunningHost

EARLIER = timedelta(hours=2)


class Person:
    """Somebody with an account, who calls the running host."""

    def __init__(
        self, host: RunningHost, role: Role, *, tenant: str = "demo", name: str = "P"
    ) -> None:
        self.host, self.tenant, self.user = host, tenant, str(uuid4())
        self.token = host.token(role, tenant=tenant, user=self.user)
        now = datetime.now(UTC)
        made = Account(
            tenant_id=tenant, user_id=self.user, display_name=name, roles=(role,),
            time_zone="Europe/Berlin", created_at=now, updated_at=now,
        )  # fmt: skip
        host.documents.commit(account.CONTAINER, made.partition, [Create(made.stored())])

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.host.call(method, f"v1/{path}", token=self.token, json=body, **more)

    def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        answer = self.call("POST", path, body, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, status: int = 200, **params: str) -> Any:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == status, answer.text
        return answer.json()


class Learner(Person):
    """A learner on a journey that began two hours ago, with answers spread over that time."""

    def __init__(
        self, host: RunningHost, *, tenant: str = "demo", name: str = "P", career: str = "Pilot"
    ) -> None:
        super().__init__(host, "learner", tenant=tenant, name=name)
        body = {"grade_level": "5", "career": career, "companion": "Pip"}
        self.session = str(self.post("journeys", body, 201)["session_id"])
        self.began = datetime.now(UTC) - EARLIER
        host.documents.commit(
            "journeys",
            (tenant, self.user),
            [Patch(self.session, set={"started_at": self.began.isoformat()})],
        )
        self.seconds = 0

    def answer(self, question: str, **more: Any) -> dict[str, Any]:
        """One answer, ten seconds after the one before."""
        self.seconds += 10
        return {
            "attempt_id": str(uuid4()),
            "question_id": question,
            "container": "LEARN",
            "subject": "Math",
            "skill_id": "math.fractions",
            "correct": True,
            "duration_ms": 5000,
            "answered_at": (self.began + timedelta(seconds=self.seconds)).isoformat(),
        } | more

    def send(self, *answers: dict[str, Any], status: int = 200) -> Any:
        return self.post(f"journeys/{self.session}/attempts", {"attempts": list(answers)}, status)

    def lessons(self, container: str, questions: int = 3) -> int:
        """All lessons of a container, right at the first try; returns the XP foretold."""
        foretold = 0
        for subject in SUBJECTS:
            answers = [
                self.answer(f"q{n}", container=container, subject=subject, skill_id=f"{subject}.s")
                for n in range(questions)
            ]
            for each in answers:
                each["skill_id"] = each["skill_id"].replace(" ", "-")
            foretold += self.send(*answers)["xp"]
        return foretold

    def complete(self, container: str = "") -> Any:
        path = f"containers/{container}/complete" if container else "complete"
        return self.post(f"journeys/{self.session}/{path}")

    def profile(self) -> Any:
        return self.get("game/profile")

    def badges(self) -> set[str]:
        return {each["key"] for each in self.profile()["achievements"]}

    def learning_xp(self) -> int:
        """What the ledger paid for learning and perfect scores."""
        rows = self.host.all_of("v1/game/transactions", token=self.token)
        return sum(row["amount"] for row in rows if row["category"] in {"learning", "bonus"})

    def wait_for_xp(self, amount: int) -> None:
        self.host.wait_for(lambda: self.learning_xp() >= amount, f"{amount} XP", 30)
        assert self.learning_xp() == amount


def link(host: RunningHost, learner: Person, parent: Person, *, active: bool = True) -> None:
    """Link a parent to a learner, or end the link."""
    now = datetime.now(UTC)
    made = FamilyLink(
        id=link_id_of(learner.tenant, learner.user, parent.user), tenant_id=learner.tenant,
        learner_id=learner.user, parent_id=parent.user,
        active=active, linked_at=now, updated_at=now,
    )  # fmt: skip
    host.documents.commit(family.CONTAINER, (learner.tenant, learner.user), [Upsert(made.stored())])
