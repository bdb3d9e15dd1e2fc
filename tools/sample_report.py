"""Draws sample reports of journeys as the pictures of docs/reports.md.

    python -m tools.sample_report [FOLDER]

writes ``report.png`` and ``report-names.png`` to FOLDER (default: docs). Needs what the tests need.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # ships none
from PIL import Image

from functions.journey_summary.drawing.pages import drawn
from functions.journey_summary.rules.report import DayWork, Facts, Report, report_of
from shared.models.achievements import catalogue
from shared.models.game import Awarded, GameProfile
from shared.models.journey import Journey, Lesson, QuestionTries, Skill
from shared.models.learning import CONTAINERS, SUBJECTS, Subject

TENANT, LEARNER, SESSION = "demo", "4c1f6d0e-52a7-4a3e-9d5b-7f0f3a1c8e21", "2b7f6c1d"
BEGAN = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
ENDED = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
NAMES = (
    ("مريم الفهري القرشي", "مهندسة أمن سيبراني"),
    ("נועה בן־דוד", "Security analyst"),
    ("李小明 (Anna) 👩‍🚀", "宇航员"),
    ("Анастасия Вознесенская", "Аналитик безопасности"),
    ("प्रिया शर्मा · ศรีสุดา ใจดี", "Penetration tester"),
    ("Maximiliane Wolfeschlegelsteinhausenbergerdorffe", "Security analyst"),
)
_FIRST = {"first_answer", "correct_10", "first_try_25", "lesson_1", "perfect_1", "journey_1"}
_SCALE = 1.3
_SKILLS: tuple[tuple[str, Subject, float], ...] = (
    ("math.fractions.adding", "Math", 0.97),
    ("math.area", "Math", 0.96),
    ("ela.main-idea", "ELA", 0.98),
    ("science.circuits", "Science", 0.99),
    ("science.food-webs", "Science", 0.95),
    ("social-studies.maps.scale", "Social Studies", 0.96),
    ("math.decimals.comparing", "Math", 0.41),
    ("ela.figurative-language", "ELA", 0.55),
    ("social-studies.timelines", "Social Studies", 0.72),
)


def sample_facts(
    *, name: str = "Maya Okafor", career: str = "Security analyst", achievements: int = 6
) -> Facts:
    """What might be found of a journey of five days, the same each time."""
    lessons = [
        _lesson(position, container, subject)
        for position, (container, subject) in enumerate(
            (container, subject) for container in CONTAINERS for subject in SUBJECTS
        )
    ]
    journey = Journey(
        id=SESSION, tenant_id=TENANT, journey_id=SESSION, user_id=LEARNER, grade_level="5",
        career=career, companion="Pip", status="completed",
        started_at=BEGAN, completed_at=ENDED, updated_at=ENDED,
    )  # fmt: skip
    first = BEGAN.date()
    days: dict[date, DayWork] = {
        first + timedelta(days=offset): DayWork(answers, 60_000 * minutes)
        for offset, answers, minutes in ((0, 18, 21), (1, 24, 34), (3, 15, 18), (4, 27, 39))
    }
    skills = [
        Skill(
            id=f"skill:{number}", tenant_id=TENANT, user_id=LEARNER, skill_id=skill_id,
            subject=subject, grade_level="5", mastery=mastery, is_mastered=mastery > 0.9,
            in_remediation=mastery < 0.5, updated_at=ENDED,
        )
        for number, (skill_id, subject, mastery) in enumerate(_SKILLS)
    ]  # fmt: skip
    game = GameProfile(
        tenant_id=TENANT, user_id=LEARNER, balance=900, lifetime_xp=1340,
        achievements=tuple(
            Awarded(key=each.key, at=ENDED)
            for each in sorted(catalogue(), key=lambda each: each.key not in _FIRST)[:achievements]
        ),
        created_at=BEGAN, updated_at=ENDED,
    )  # fmt: skip
    return Facts(
        journey=journey,
        lessons=lessons,
        days=days,
        skills=skills,
        game=game,
        learner=name,
        time_zone="Europe/Berlin",
        achievements=catalogue(),
    )


def sample_report(facts: Facts | None = None, *, version: int = 1) -> Report:
    """The report of these facts, or of the sample's."""
    return report_of(facts or sample_facts(), version=version, completed_at=ENDED, made_at=ENDED)


def pictures(content: bytes, *, scale: float = _SCALE) -> list[Image.Image]:
    """The pages of a PDF as a reader sees them."""
    document = pypdfium2.PdfDocument(BytesIO(content))
    return [page.render(scale=scale).to_pil() for page in document]


def _lesson(position: int, container: str, subject: str) -> Lesson:
    questions = {
        f"q{number}": QuestionTries(
            tries=1 + (number % 4 == 1),
            solved_at=None
            if (7 * position + 3 * number) % (5 + position % 4) == 0
            else 1 + (number % 4 == 1),
        )
        for number in range(7)
    }
    return Lesson.model_validate(
        {
            "id": f"lesson:{position}", "tenant_id": TENANT, "session_id": SESSION,
            "user_id": LEARNER, "container": container, "subject": subject,
            "questions": questions, "attempts": 9, "hints_used": position % 3,
            "duration_ms": 60_000 * (5 + 5 * position % 11),
            "started_at": BEGAN, "updated_at": ENDED,
        }
    )  # fmt: skip


def _side_by_side(images: Sequence[Image.Image], across: int) -> Image.Image:
    gap = 12
    width, height = images[0].size
    rows = -(-len(images) // across)
    sheet = Image.new("RGB", (across * (width + gap) + gap, rows * (height + gap) + gap), "#8a939e")
    for position, image in enumerate(images):
        place = (position % across * (width + gap) + gap, position // across * (height + gap) + gap)
        sheet.paste(image, place)
    return sheet


def main(folder: Path) -> None:
    """Write both pictures."""
    report = sample_report()
    pages = pictures(drawn(report).content)
    _side_by_side(pages, len(pages)).quantize(64).save(folder / "report.png", optimize=True)
    covers = []
    for name, career in NAMES:
        named = replace(report, learner=name, career=career)
        cover = pictures(drawn(named).content)[0]
        covers.append(cover.crop((0, 0, cover.width, int(0.19 * cover.height))))
    _side_by_side(covers, 2).quantize(64).save(folder / "report-names.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs"))
