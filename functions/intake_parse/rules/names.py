"""Whose résumé it is: the name, and the headline under it.

Every row of the first page that could be a name is scored: its size beside the
rest, its place, its look (two to four capitalised words), and above all whether
the e-mail address or a profile link spells it. The confidence is the score of
the best candidate, squeezed into 0.2..0.99.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from functions.intake_parse.rules.entry_rows import periods_in
from functions.intake_parse.rules.headings import named, spaced_out
from functions.intake_parse.rules.lexicon import contains, fold, places, tokens, words
from functions.intake_parse.rules.name_words import shape, spelled, strip_titles
from functions.intake_parse.rules.places import is_place
from functions.intake_parse.rules.rows import Row, cut, value
from functions.intake_parse.rules.sections import HEADER, Section
from functions.intake_parse.rules.titles import title_score
from shared.models.resume import Span, Value

_LABEL = re.compile(r"\s*([^:\t]{2,40}?)\s*(?::|\t)\s*")
_PHONE_LIKE = re.compile(r"\d{3}\D{0,3}\d{3}\D{0,2}\d{2,4}")
_DIGITS = re.compile(r"\d")
_SPLIT = re.compile(
    r"\t|\||•|·|●|\s{3,}|\s[–—-]\s|/(?=\s)|,(?=\s(?:phd|md|rn|mba|cpa|pmp|esq|dds|pe|msc|"
    r"bsc|m\.|b\.|ph\.))",
    re.IGNORECASE,
)
_PARENTHESIS = re.compile(r"\s*\([^)]*\)\s*$")


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    row: Row
    start: int
    end: int
    text: str
    last: Row | None = None


def _judge(text: str, row: Row, context: _Context) -> float:
    look = shape(text)
    spelling = spelled(text, context.keys)
    if look < 0 and spelling >= 1.5 and _writ_large_in_lower_case(text, row, context):
        look = 1.0
    if look <= -4:
        return look
    folded = fold(text)
    score = look
    if folded in words("document_titles") or contains(folded, words("document_titles")):
        return -9
    if named(text) and row.size < context.largest - 0.5:
        return -9
    if named(text):
        score -= 3
    score += spelling
    parts = tokens(folded)
    if title_score(text) >= 2 and spelling < 3:
        score -= 4
    if is_place(text) and spelling < 3:
        score -= 4
    if (
        contains(folded, words("legal_forms") - {"co", "ag", "se", "ev", "sa", "ab", "as"}, 1)
        and spelling < 3
    ):
        score -= 2
    if contains(folded, words("institution_words"), 2) and spelling < 3:
        score -= 3
    if any(p in words("action_verbs") for p in parts[:1]) and spelling < 3:
        score -= 2
    if any(p in places("countries") for p in parts) and spelling < 2:
        score -= 1
    if row.size and context.largest:
        if row.size >= context.largest - 0.6 and context.largest > context.usual * 1.15:
            score += 3.5
        elif row.size > context.usual * 1.25:
            score += 1.8
    if row.bold:
        score += 0.4
    if row.bullet:
        score -= 1.5
    return score


def _writ_large_in_lower_case(text: str, row: Row, context: _Context) -> bool:
    """Say whether the page's largest row spells a name without capitals."""
    return (
        text.islower()
        and 2 <= len(text.split()) <= 4
        and row.size >= context.largest - 0.6
        and row.size > 1.25 * context.usual > 0
    )


@dataclass(frozen=True, slots=True)
class _Context:
    keys: list[str]
    largest: float
    usual: float


def _keys(emails: tuple[Value, ...], links: tuple[Value, ...]) -> list[str]:
    keys = [fold(e.value.split("@")[0]) for e in emails[:3]]
    for link in links[:20]:
        m = re.search(
            r"(?:linkedin\.com/in/|github\.com/|xing\.com/profile/)([^/?\s]+)",
            link.value,
            re.IGNORECASE,
        )
        if m:
            keys.append(fold(m[1]))
        else:
            host = re.sub(r"^(?:https?:/{1,2})?(?:www\.)?", "", link.value.casefold())
            if "/" not in host.rstrip("/"):
                keys.append(fold(host.split(".")[0]))
    return keys


def _labelled(rows: list[Row]) -> Value | None:
    """Read the name behind a label ("Name: Ada Byron"), or from given and family name rows."""
    given: tuple[Row, int, int] | None = None
    family: tuple[Row, int, int] | None = None
    for position, row in enumerate(rows[:60]):
        found = _label_content(row, rows[position + 1] if position + 1 < len(rows) else None)
        if found is None:
            continue
        label, holder, start, end = found
        piece = holder.text[start:end]
        if shape(piece) < 0 and shape(_PARENTHESIS.sub("", piece)) < 0:
            continue
        if label in words("label_family") and label not in {"name", "nome"}:
            family = family or (holder, start, end)
        elif label in words("label_given") and label not in {"nombre", "nome"}:
            given = given or (holder, start, end)
        else:
            if label in {"name", "nome", "nombre"} and len(piece.split()) == 1:
                given = given or (holder, start, end)
                continue
            if "," in piece:
                last, _, first = piece.partition(",")
                return value(holder, start, end, 0.95, f"{first.strip()} {last.strip()}")
            start, end = strip_titles(holder.text, start, end)
            return value(holder, start, end, 0.95)
    if given and family:
        first, last = given[0].text[slice(*given[1:])], family[0].text[slice(*family[1:])]
        head, tail = sorted((given, family), key=lambda item: item[0].start + item[1])
        span = Span(page=head[0].page, start=head[0].start + head[1], end=tail[0].start + tail[2])
        return Value(value=" ".join(f"{first} {last}".split()), confidence=0.95, span=span)
    return None


def _label_content(row: Row, following: Row | None) -> tuple[str, Row, int, int] | None:
    label = _LABEL.match(row.text, row.body)
    if label and fold(label[1]).strip(" *.:") in words("label_names"):
        start, end = cut(row.text, label.end(), len(row.text))
        if end > start:
            stop = re.search(r"\t|\||\s{3,}", row.text[start:end])
            return (
                fold(label[1]).strip(" *.:"),
                row,
                *cut(row.text, start, start + stop.start() if stop else end),
            )
    whole = fold(row.content).strip(" *.:")
    if (
        following
        and (row.content.endswith(":") or whole in words("label_names"))
        and whole in words("label_names")
    ):
        start, end = cut(following.text, following.body, len(following.text))
        return whole, following, start, end
    return None


def name(
    rows: list[Row], sections: list[Section], emails: tuple[Value, ...], links: tuple[Value, ...]
) -> Value | None:
    """Return the person's name with its academic titles cut off, or None."""
    first_page = [row for row in rows if row.page == 1][:200] or rows[:200]
    if not first_page:
        return None
    labelled = _labelled(first_page)
    if labelled:
        return labelled
    sizes = sorted(row.size for row in first_page)
    context = _Context(_keys(emails, links), sizes[-1], sizes[len(sizes) // 2])
    kinds = {r.index: s.kind for s in sections for r in s.rows}
    headings = {s.heading.index for s in sections if s.heading}
    found: list[_Candidate] = []
    for position, row in enumerate(first_page):
        if row.index in headings and (row.size < context.largest - 0.5 or not row.size):
            continue
        kind = kinds.get(row.index, HEADER)
        place = (
            2.0
            if kind == HEADER
            else 1.0
            if kind == "personal"
            else 0.0
            if kind == "summary"
            else -2.5
        )
        place += max(0.0, 2.0 - 0.4 * position) if kind == HEADER else 0.0
        place += _beneath(row, first_page[position + 1 : position + 2], kind)
        found.extend(_candidates(row, first_page[position + 1 : position + 3], place, context))
    best = max(found, key=lambda c: c.score, default=None)
    if best is None or best.score < 1.5:
        return None
    confidence = min(0.99, max(0.2, 0.3 + 0.09 * best.score))
    if best.last is None:
        return value(best.row, best.start, best.end, confidence, best.text)
    span = Span(
        page=best.row.page, start=best.row.start + best.start, end=best.last.start + best.end
    )
    return Value(value=best.text, confidence=round(confidence, 2), span=span)


def _beneath(row: Row, after: list[Row], kind: str) -> float:
    """Score what stands under a row: a headline or an address speaks for a name."""
    if not after:
        return 0.0
    below = after[0].content
    if title_score(below) >= 2 and len(below.split()) <= 8 and not periods_in(after[0]):
        return 1.5 + (1.5 if row.content.isupper() and kind != HEADER else 0.0)
    return 1.0 if "@" in below or _PHONE_LIKE.search(below) else 0.0


def _candidates(row: Row, after: list[Row], place: float, context: _Context) -> list[_Candidate]:
    if len(row.text) > 160:
        return []
    if spaced_out(row.content) and not _DIGITS.search(row.content):
        start, end = cut(row.text, row.body, len(row.text))
        text = _joined(row.text[start:end], context.keys)
        return [_Candidate(_judge(text, row, context) + place, row, start, end, text)]
    found = []
    at = row.body
    pieces = []
    for m in _SPLIT.finditer(row.text, row.body):
        pieces.append((at, m.start()))
        at = m.end()
    pieces.append((at, len(row.text)))
    for order, (a, b) in enumerate(pieces[:4]):
        start, end = strip_titles(row.text, a, b)
        text = " ".join(row.text[start:end].split())
        if not text:
            continue
        score = _judge(text, row, context) + place - (1.0 if order else 0.0)
        if order and "@" in row.text[:start]:
            score -= 1.5
        found.append(_Candidate(score, row, start, end, text))
        comma = re.fullmatch(r"([^,]+),\s*([^,]+)", text)
        if comma and shape(comma[1]) >= 0 and shape(comma[2]) >= 0:
            turned = f"{comma[2]} {comma[1]}"
            found.append(
                _Candidate(_judge(turned, row, context) + place - 0.5, row, start, end, turned)
            )
    first = row.content
    if len(first.split()) <= 2 and len(pieces) == 1:
        for below in after[:1]:
            second = below.content
            same = (below.style == row.style and below.block == row.block) or (
                row.size > context.usual * 1.3 and below.size > context.usual * 1.3
            )
            if same and 1 <= len(second.split()) <= 2 and row.size > context.usual * 1.2:
                text = f"{first} {second}"
                start = row.body
                end = cut(below.text, below.body, len(below.text))[1]
                score = _judge(text, row, context) + place + 0.5
                if shape(second) >= 0 and not title_score(second) >= 2:
                    found.append(_Candidate(score, row, start, end, text, below))
    return found


def _joined(text: str, keys: list[str]) -> str:
    """Join letters set apart; wider gaps or the e-mail address tell where words end."""
    if re.search(r"\s{2,}", text):
        return " ".join("".join(word.split()) for word in re.split(r"\s{2,}", text))
    whole = "".join(text.split())
    for key in keys:
        parts = [p for p in re.split(r"[^a-z]+", key) if len(p) > 1]
        if len(parts) >= 2 and fold(whole) == "".join(parts):
            at, pieces = 0, []
            for part in parts:
                pieces.append(whole[at : at + len(part)])
                at += len(part)
            return " ".join(pieces)
    return whole


def headline(rows: list[Row], sections: list[Section], person: Value | None) -> Value | None:
    """Return the line that says what the person is ("Senior Backend Developer"), or None.

    Confidence 0.85 when it holds a job title, 0.5 when it only stands under the name.
    """
    header = [row for section in sections[:1] if section.kind == HEADER for row in section.rows]
    if not header:
        header = rows[:6]
    at = person.span.start if person and person.span else -1
    best: Value | None = None
    for row in header[:12]:
        if row.start <= at < row.start + len(row.text) or len(row.content) > 90 or "@" in row.text:
            continue
        text = row.content
        if spaced_out(text):
            text = _joined(text, [])
        folded = fold(text)
        if (
            _DIGITS.search(text)
            or named(text)
            or is_place(text)
            or "http" in folded
            or "www." in folded
        ):
            continue
        start, end = cut(row.text, row.body, len(row.text))
        if title_score(text) >= 2:
            return value(row, start, end, 0.85, text if spaced_out(row.content) else None)
        beneath = 0 <= at < row.start and len(text.split()) >= 2 and best is None
        if beneath and "," not in text and folded not in words("document_titles"):
            best = value(row, start, end, 0.5)
    return best
