"""The benchmark of the refinement, on a few résumés: what its tables rest on."""

from __future__ import annotations

import json
import random
from pathlib import Path

from benchmarks.refine import Oracle, headless, measure, talked_over
from functions.intake_parse.rules import parse
from functions.intake_parse.rules.refining import asked
from tests.flows.intake_parse.claiming import TODAY
from tools.resume_labels import Labelled, Score, in_folder, invented

SAMPLES = list(invented(9))


def test_nothing_invented_survives_where_everything_is_wrong() -> None:
    """Not a value of a model that is always wrong, nor of one that is talked over."""

    def wrong(labelled: Labelled, chance: random.Random) -> dict[str, object]:
        return Oracle(labelled, chance, wrong=1.0).answer()

    for answering in (wrong, talked_over):
        rows, counts = measure(SAMPLES, answering)
        assert rows["refined"].unsupported == 0
        assert rows["refined, unchecked"].unsupported > 20
        assert counts["dropped"] > 100
        assert rows["refined"].score.mean() > rows["refined, unchecked"].score.mean()


def test_a_model_that_sees_well_helps_where_the_rules_do_not() -> None:
    """On pages without headings; hardly anything right is dropped."""
    bare = [Labelled(each.name, headless(each.text), each.labels) for each in SAMPLES]
    rows, _ = measure(bare, lambda labelled, chance: Oracle(labelled, chance).answer())
    assert rows["refined"].score.mean() > rows["rules alone"].score.mean() + 0.2
    rows, counts = measure(SAMPLES, lambda labelled, chance: Oracle(labelled, chance).answer())
    assert rows["refined"].score.mean() > 0.99
    assert counts["dropped"] <= 2


def test_a_headless_page_has_its_own_offsets() -> None:
    """Its lines are what its text is made of."""
    text = headless(SAMPLES[0].text)
    assert text.text == "\n".join(line.text for line in text.lines)
    assert len(text.lines) < len(SAMPLES[0].text.lines)
    assert asked.sent(text).lines == len(text.lines)


def test_labels_beside_files_are_read(tmp_path: Path) -> None:
    """In either form; a file without labels is left out, and a list that is null is not scored."""
    page = "Ada Byron\nada@mail.example\n\nEXPERIENCE\nEngineer, Acme Inc, Mar 2021 - Present\n"
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.txt").write_text(page, encoding="utf-8")
    (tmp_path / "one.json").write_text(
        json.dumps(
            {
                "name": "Ada Byron",
                "email": "ada@mail.example",
                "phone": None,
                "skills": None,
                "work_experience": [
                    {
                        "company": "Acme Inc",
                        "title": "Engineer",
                        "start": "2021-03",
                        "end": "present",
                    }
                ],
                "education": None,
                "languages": None,
            }
        ),
        encoding="utf-8",
    )
    (tmp_path / "two.truth.json").write_text(
        json.dumps(
            {
                "contact": {"full_name": "Ada Byron", "email": "bob@mail.example"},
                "experience": [
                    {"company": "Acme Inc", "title": "Baker", "dates": "Mar 2021 - Present"}
                ],
            }
        ),
        encoding="utf-8",
    )
    one, two = in_folder(tmp_path)
    score = Score()
    score.add(one.labels, parse(one.text, TODAY))
    assert (score.f1("name"), score.f1("jobs"), score.f1("skills")) == (1.0, 1.0, None)
    score.add(two.labels, parse(two.text, TODAY))
    assert (score.f1("name"), score.f1("email"), score.f1("jobs")) == (1.0, 0.5, 0.5)
