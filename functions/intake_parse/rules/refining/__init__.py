"""Rules that hold what a language model read out of a résumé against the résumé's text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from functions.intake_parse.rules import phones
from functions.intake_parse.rules import rows as page
from functions.intake_parse.rules.refining.asked import Claims
from functions.intake_parse.rules.refining.evidence import Evidence
from functions.intake_parse.rules.refining.folded import FoldedText
from functions.intake_parse.rules.refining.merged import Merger
from functions.intake_parse.rules.sections import split
from shared.models.resume import Resume
from shared.models.text import ExtractedText


@dataclass(frozen=True)
class Refined:
    """A résumé after its refinement, and what came of the claims."""

    resume: Resume
    added: int
    corrected: int
    dropped: Mapping[str, int]
    """Claims that the text does not support, by field."""


def refined(
    text: ExtractedText, resume: Resume, claims: Claims, *, lines: int, today: date, model: str
) -> Refined:
    """Merge into the rules' reading of a text what its first ``lines`` support of a model's claims.

    Pure and deterministic; never raises on any claims. Nothing comes in that does not stand in
    the text, whatever is claimed.
    """
    rows = page.read(text)
    others = frozenset(
        bisect_right(text.starts, row.start)
        for section in split(rows)
        if section.kind == "references"
        for row in section.rows
    )
    region = phones.region_of(text.language, rows[:40])
    evidence = Evidence(FoldedText(text, lines), others=others, region=region)
    supported = evidence.supported(claims)
    merger = Merger()
    merged = merger.merged(resume, supported, today=today, model=model)
    dropped = {field: count for field, count in sorted(evidence.dropped.items()) if count}
    return Refined(merged, merger.changes.added, merger.changes.corrected, dropped)
