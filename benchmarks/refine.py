"""What a language model adds to the parser, and what the evidence check keeps out.

    python -m benchmarks.refine [FOLDER]

FOLDER holds labelled résumés (see ``tools/resume_labels``); without it they are invented. The
model is a peer on loopback that answers from the labels, with a known share of what a model gets
wrong: figures are of that model, and say what the check does with its errors, not how good any
real model is.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from functions.intake_parse.rules import parse
from functions.intake_parse.rules.languages import codes
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.refining import Refined, asked, refined
from functions.intake_parse.rules.refining.asked import Claim, Claims
from functions.intake_parse.rules.refining.folded import plain
from functions.intake_parse.rules.refining.merged import Merger
from functions.intake_parse.service import question_of
from shared.language_model.openai_chat import OpenAiChat
from shared.models.resume import (
    Language,
    PartialDate,
    PersonalInfo,
    Position,
    Resume,
    Skill,
    Study,
    Value,
)
from shared.models.text import ExtractedText, TextLine
from shared.skills import taxonomy
from tests.peers.language_model import KEY, MODEL, language_model
from tools.resume_labels import FIELDS, Job, Labelled, Score, in_folder, invented, is_same, jobs_of

TODAY = date(2026, 3, 1)
WRONG, MISSED = 0.1, 0.05
"""Shares of values that the model with errors gets wrong, and that it does not see."""
NOWHERE = ("Zygomatics", "Quintessa 9", "Flumox", "Hyperloom", "Brontide", "Skolgraph", "Vexillum")
"""Names of nothing, so that no text has them."""


def headless(text: ExtractedText) -> ExtractedText:
    """The same text as a bad copy gives it: no sizes, weights, places or blank lines, and none of
    the short lines in capitals or larger letters that head a section."""
    sizes = Counter(round(line.size) for line in text.lines)
    body = sizes.most_common(1)[0][0]
    lines = tuple(
        TextLine(text=line.text, page=line.page)
        for at, line in enumerate(text.lines)
        if at < 3
        or len(line.text.split()) > 3
        or not (line.heading or line.bold or line.text.isupper() or round(line.size) > body)
    )
    # made anew, for a copy would keep the text and offsets of the lines before
    return ExtractedText(
        media_type=text.media_type,
        page_count=text.page_count,
        lines=lines,
        links=tuple(each.model_copy(update={"line": None}) for each in text.links),
        language=text.language,
    )


@dataclass
class Oracle:
    """Answers from labels, wrong or silent where chance has it."""

    labelled: Labelled
    chance: random.Random
    wrong: float = 0.0
    missed: float = 0.0

    def _hits(self, share: float) -> bool:
        return self.chance.random() < share

    def _invent(self) -> str:
        return f"{self.chance.choice(NOWHERE)} {self.chance.randint(100, 999)}"

    def claim(self, value: str | None, *, wrong: str | None = None) -> dict[str, Any] | None:
        """A value with its line, or another, or nothing."""
        if value is None or self._hits(self.missed):
            return None
        said = (wrong or self._invent()) if self._hits(self.wrong) else value
        lines = self.labelled.text.lines
        found = [at for at, line in enumerate(lines, 1) if plain(said) in plain(line.text)]
        return {"value": said, "line": found[0] if found else self.chance.randint(1, 20)}

    def date(self, value: str | None) -> dict[str, Any] | None:
        """A date, or one some years away."""
        if value is None or value == "present":
            return None if value is None else {"value": value, "line": 1}
        moved = f"{int(value[:4]) + self.chance.choice((-3, -2, -1, 1, 2, 3))}{value[4:]}"
        return self.claim(value, wrong=moved)

    def answer(self) -> dict[str, Any]:
        """All that the oracle says of its résumé."""
        labels = self.labelled.labels
        companies = [job.company for job in labels.jobs or ()]
        jobs = []
        for job in labels.jobs or ():
            others = [each for each in companies if each and each != job.company]
            swapped = self.chance.choice(others) if others else None
            company = self.claim(job.company, wrong=swapped)
            jobs.append(
                {
                    "title": self.claim(job.title), "company": company,
                    "location": self.claim(job.place),
                    "start": self.date(job.start), "end": self.date(job.end),
                    "current": job.end == "present",
                }
            )  # fmt: skip
        if self._hits(self.wrong):
            jobs.append(self._job_of_nobody())
        skills = [self.claim(each) for each in labels.skills or ()]
        return {
            "name": self.claim(labels.name),
            "headline": None,
            "location": None,
            "emails": self._several(labels.email, "other@nowhere.example"),
            "phones": self._several(labels.phone, "+1 202 555 0199"),
            "links": [],
            "work_experience": jobs,
            "education": [
                {"institution": self.claim(each.institution), "degree": self.claim(each.degree),
                 "start": None, "end": self.date(each.end)}
                for each in labels.studies or ()
            ],
            "skills": [each for each in skills if each is not None],
            "certifications": [],
            "languages": [
                {"name": name, "level": None}
                for each in labels.languages or ()
                if (name := self.claim(each)) is not None
            ],
            "projects": [],
        }  # fmt: skip

    def _several(self, value: str | None, wrong: str) -> list[dict[str, Any]]:
        found = self.claim(value, wrong=wrong)
        return [] if found is None else [found]

    def _job_of_nobody(self) -> dict[str, Any]:
        said = {name: {"value": self._invent(), "line": 9} for name in ("title", "company")}
        return {**said, "location": None, "start": {"value": "2001", "line": 9}, "end": None,
                "current": False}  # fmt: skip


def talked_over(labelled: Labelled, chance: random.Random) -> dict[str, Any]:
    """What a model says that does whatever a text orders, and nothing that is asked: another
    person, from names that stand nowhere and words that stand anywhere."""
    words = [word for line in labelled.text.lines for word in line.text.split()] or ["-"]

    def claim() -> dict[str, Any]:
        some = chance.sample(words, min(len(words), chance.randint(1, 3)))
        value = chance.choice((*NOWHERE, " ".join(some), "2001", "evil@attacker.example"))
        return {"value": value, "line": chance.randint(-9, 200)}

    return {
        "name": claim(), "headline": claim(), "location": claim(),
        "emails": [claim()], "phones": [claim()], "links": [claim()],
        "work_experience": [
            {**{name: claim() for name in ("title", "company", "location", "start", "end")},
             "current": True}
            for _ in range(3)
        ],
        "education": [{name: claim() for name in ("institution", "degree", "start", "end")}],
        "skills": [claim() for _ in range(8)], "certifications": [claim()],
        "languages": [{"name": claim(), "level": claim()}], "projects": [claim()],
    }  # fmt: skip


def trusting(claims: Claims) -> Resume:
    """All that a model says, as if it were true."""

    def value(claim: Claim | None) -> Value | None:
        return Value(value=claim.value, confidence=0.85) if claim and claim.value else None

    def values(claims: list[Claim]) -> tuple[Value, ...]:
        return tuple(found for each in claims if (found := value(each)) is not None)

    def moment(claim: Claim | None) -> PartialDate | None:
        digits = claim is not None and claim.value[:4].isdigit() and len(claim.value) in {4, 7}
        return PartialDate(value=claim.value, confidence=0.85) if claim and digits else None

    return Resume(
        personal=PersonalInfo(
            name=value(claims.name),
            headline=value(claims.headline),
            emails=values(claims.emails),
            phones=values(claims.phones),
        ),
        work_experience=tuple(
            Position(
                title=value(each.title),
                company=value(each.company),
                location=value(each.location),
                start=moment(each.start),
                end=moment(each.end),
                current=each.current,
            )
            for each in claims.work_experience
        ),
        education=tuple(
            Study(
                institution=value(each.institution),
                degree=value(each.degree),
                end=moment(each.end),
            )
            for each in claims.education
        ),
        skills=tuple(
            Skill(name=each, key=entry.key if (entry := taxonomy.lookup(each.value)) else None)
            for each in values(claims.skills)
        ),
        languages=tuple(
            Language(name=found, code=codes().get(fold(found.value)))
            for each in claims.languages
            if (found := value(each.name)) is not None
        ),
    )


@dataclass
class Row:
    """What came of one way to read, over all résumés."""

    score: Score = field(default_factory=Score)
    unsupported: int = 0
    """Values of the readings that do not stand in their text."""
    misplaced: int = 0
    """Jobs that no label has and the rules did not read, though their parts stand in the text."""

    def add(self, labelled: Labelled, resume: Resume, rules: Resume) -> None:
        """Count a reading; what the rules read is theirs to answer for."""
        self.score.add(labelled.labels, resume)
        source = _letters(labelled.text.text)
        known = {_letters(each.value) for each in _parts(rules)}
        for each in _parts(resume):
            letters = _letters(each.value[:4] if isinstance(each, PartialDate) else each.value)
            stands = letters in source or each in resume.personal.phones
            if _letters(each.value) not in known and not stands:
                self.unsupported += 1
        if labelled.labels.jobs is not None:
            right, read = [*labelled.labels.jobs], jobs_of(rules)
            self.misplaced += sum(
                not any(_agrees(job, label) for label in right) and job not in read
                for job in jobs_of(resume)
            )


def _agrees(job: Job, label: Job) -> bool:
    """Whether what a job says is what a label says; it may say less."""
    start = job.start is None or (label.start or "")[:4] == job.start[:4]
    title = job.title is None or is_same(job.title, label.title)
    return start and title and (job.company is None or is_same(job.company, label.company))


def _letters(text: str) -> str:
    return "".join(each for each in plain(text) if each.isalnum())


def _parts(value: Any) -> Iterator[Value | PartialDate]:
    if isinstance(value, Value | PartialDate):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _parts(each)
    elif hasattr(value, "model_fields_set"):
        for _, each in value:
            yield from _parts(each)


Answering = Callable[[Labelled, random.Random], dict[str, Any]]


def measure(samples: list[Labelled], answering: Answering) -> tuple[dict[str, Row], Counter[str]]:
    """Read all samples in each way; also what was dropped, by field, and the counts."""
    rows = {name: Row() for name in ("rules alone", "refined", "refined, unchecked")}
    counts = Counter[str]()
    with language_model() as peer:
        chat = OpenAiChat(peer.base_url, KEY, MODEL, seconds=30)
        for number, labelled in enumerate(samples):
            said = answering(labelled, random.Random(number))
            peer.answers = lambda _, said=said: said
            rules = parse(labelled.text, TODAY)
            sent = asked.sent(labelled.text)
            claims = asked.claims_of(chat.ask(question_of(sent)).written)
            assert claims is not None
            began = time.perf_counter()
            found: Refined = refined(
                labelled.text, rules, claims, lines=sent.lines, today=TODAY, model=MODEL
            )
            counts["microseconds"] += round(1e6 * (time.perf_counter() - began))
            unchecked = Merger().merged(rules, trusting(claims), today=TODAY, model=MODEL)
            for name, resume in zip(rows, (rules, found.resume, unchecked), strict=True):
                rows[name].add(labelled, resume, rules)
            counts.update(
                added=found.added, corrected=found.corrected, dropped=sum(found.dropped.values())
            )
    return rows, counts


def show(title: str, samples: list[Labelled], answering: Answering) -> None:
    """Print one table."""
    rows, counts = measure(samples, answering)
    each = counts["microseconds"] / 1000 / max(len(samples), 1)
    print(
        f"\n{title}: {len(samples)} résumés, {counts['added']} added, {counts['corrected']}", end=""
    )
    print(f" corrected, {counts['dropped']} dropped, {each:.1f} ms a check")
    print("| | mean | " + " | ".join(FIELDS) + " | not in the text | misplaced jobs |")
    print("|---" * (len(FIELDS) + 4) + "|")
    for name, row in rows.items():
        values = [row.score.f1(each) for each in FIELDS]
        cells = " | ".join("–" if value is None else f"{value:.2f}" for value in values)
        print(
            f"| {name} | {row.score.mean():.3f} | {cells} | {row.unsupported} | {row.misplaced} |"
        )


def main() -> None:
    """Print the tables, of a folder's résumés or of invented ones."""
    samples = list(in_folder(Path(sys.argv[1])) if len(sys.argv) > 1 else invented(60))
    bare = [Labelled(each.name, headless(each.text), each.labels) for each in samples]

    def faultless(labelled: Labelled, chance: random.Random) -> dict[str, Any]:
        return Oracle(labelled, chance).answer()

    def faulty(labelled: Labelled, chance: random.Random) -> dict[str, Any]:
        return Oracle(labelled, chance, WRONG, MISSED).answer()

    show("Without errors, what is dropped is dropped wrongly", samples, faultless)
    show("With errors", samples, faulty)
    show("With errors, pages without headings", bare, faulty)
    show("Talked over", samples, talked_over)


if __name__ == "__main__":
    main()
