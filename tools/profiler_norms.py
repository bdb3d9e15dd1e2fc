"""Norms of the question bank from simulated takers: writes ``norms.json`` beside its modules.

    python -m tools.profiler_norms [TAKERS]

Until a pilot gives norms of real learners, mean, spread and reliability of each dimension are
those of TAKERS (default 20000) people of the stated model in ``profiler_takers``. The
correlations of the true scores are an editor's and stay as they are.
"""

from __future__ import annotations

import json
import sys
from statistics import correlation, fmean, pstdev

from functions.profiler_complete.rules.profile import raw_scores
from functions.profiler_session.bank import FOLDER, load
from shared.models.question_bank import DIMENSIONS, Norm, QuestionBank
from tools.profiler_takers import answers_of, anybody, draws_from


def norms_of(bank: QuestionBank, takers: int, *, seed: int) -> dict[str, Norm]:
    """Mean and spread of each dimension's raw score, and the squared correlation of the raw
    with the true score: its reliability."""
    chance = draws_from(seed)
    people = [anybody(bank, chance) for _ in range(takers)]
    raw = [raw_scores(bank, answers_of(bank, person, chance)) for person in people]
    found = {}
    for name in DIMENSIONS:
        scores = [each[name] for each in raw]
        true = [person.profile[name] for person in people]
        found[name] = Norm(
            mean=round(fmean(scores), 4),
            sd=round(pstdev(scores), 4),
            reliability=round(correlation(scores, true) ** 2, 3),
        )
    return found


def main() -> None:
    """Write the norms anew."""
    takers = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    path = FOLDER / "norms.json"
    source = json.loads(path.read_text(encoding="utf-8"))
    norms = norms_of(load(), takers, seed=1)
    source["norms"] = {name: norm.model_dump() for name, norm in norms.items()}
    path.write_text(json.dumps(source, indent=2) + "\n", encoding="utf-8")
    for name, norm in norms.items():
        print(f"{name:<18}{norm.mean:>8.3f}{norm.sd:>8.3f}{norm.reliability:>8.2f}")


if __name__ == "__main__":
    main()
