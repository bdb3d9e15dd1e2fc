"""Items of a skill list: parted, freed of levels and lead-in words, tied to the taxonomy."""

from __future__ import annotations

import re

from functions.intake_parse.rules.languages import is_language
from functions.intake_parse.rules.lexicon import fold, words
from functions.intake_parse.rules.rows import Row, cut, value
from shared.models.resume import Skill
from shared.skills import taxonomy

LABEL = re.compile(r"\s*([^:\t]{2,60}?)\s*:\s*(?=\S|$)")


_SPLIT = re.compile(r"\s*[,;|•·●◦▪■∙►*‣→]\s*|\t+|\s{3,}|\s+[–—-]\s+|\s+/\s+|\.\s+(?=[A-Z])")


_AND = re.compile(r"\s+(?:and|und|et|y|e|&)\s+")


_LEAD = re.compile(
    r"^(?:and|und|et|y|e|&|or|in|with|also|including|incl\.?|etc\.?|basic|advanced|"
    r"intermediate|strong|good|excellent|solid|proven|"
    r"(?:highly\s)?(?:proficient|proficiency|experienced|experience|skilled|expert|"
    r"expertise|fluent|familiar|familiarity|competent|versed|"
    r"knowledgeable|knowledge|working knowledge|basic knowledge|good knowledge|"
    r"understanding|hands-on experience|advanced|basics|ability|certified)\s"
    r"(?:in|with|of|at|use of|using|the use of|working with)|working knowledge of|"
    r"knowledge of|use of|languages?:|"
    r"gute kenntnisse in|sehr gute kenntnisse in|kenntnisse in|grundkenntnisse in|"
    r"umgang mit|sicherer umgang mit|ma[iî]trise d[eu]s?|"
    r"connaissances? d[eu]s?|conocimientos? de|manejo de|dominio de|conoscenza di|"
    r"conoscenza del|buona conoscenza di|ottima conoscenza di|"
    r"conhecimentos? (?:em|de)|dom[ií]nio de|uso di|utilizzo di|utilizzo del pacchetto|"
    r"pacchetto|pack|paquete)\s+",
    re.IGNORECASE,
)


_LEVEL = re.compile(
    r"\s*[(\[–—:-]?\s*(?:(?:\d{1,2}\+?\s?(?:years?|yrs?|ans|años|jahre|anos|"
    r"anni)(?:\sof\sexperience)?)|\d{1,3}\s?%|\d(?:[.,]\d)?\s?/\s?\d{1,2}|"
    r"[★☆●○◉⬤▪▫■□✦•·]{2,}|\b(?:expert|advanced|intermediate|beginner|basic|basics|"
    r"proficient|novice|fluent|native|skilled|"
    r"experienced|professional|fortgeschritten|grundkenntnisse|sehr gut|gut|experte|"
    r"anfänger|avancé|intermédiaire|débutant|"
    r"avanzado|intermedio|básico|experto|avançado|intermediário|avanzato|base|esperto|"
    r"notions|ma[iî]tris[ée]e?|sehr gute kenntnisse|gute kenntnisse))\s*[)\]]?\s*$",
    re.IGNORECASE,
)


_PARENTHESIS = re.compile(r"\(([^()]*)\)")


def parts(row: Row, start: int) -> list[tuple[int, int]]:
    """Return the pieces of a row between separators; parentheses stay whole."""
    text = row.text
    masked = _PARENTHESIS.sub(lambda m: "(" + "x" * len(m[1]) + ")", text)
    # A parenthesis that a line break cut open parts the list like a comma.
    opening = masked.rfind("(")
    if opening > masked.rfind(")"):
        masked = masked[:opening] + "," + masked[opening + 1 :]
    closing = masked.find(")")
    if closing >= 0 and not 0 <= masked.find("(") < closing:
        masked = masked[:closing] + "," + masked[closing + 1 :]
    pieces = []
    at = start
    for m in _SPLIT.finditer(masked, start):
        pieces.append((at, m.start()))
        at = m.end()
    pieces.append((at, len(text)))
    return [cut(text, a, b) for a, b in pieces if text[a:b].strip()]


def item(row: Row, start: int, end: int, found: dict[str, Skill]) -> None:
    """Add the skills that one list item holds."""
    text = row.text
    while True:
        start, end = cut(text, start, end)
        while (
            start < end
            and text[start] in ".,;:*•-–—>)/'\""
            and not (text[start] == "." and text[start + 1 : start + 4].casefold() == "net")
        ):
            start += 1
        while (
            end > start
            and text[end - 1] in ".,;:*•-–—(/'\""
            and not text[start:end].casefold().endswith(("etc.",))
        ):
            end -= 1
        start, end = cut(text, start, end)
        lead = _LEAD.match(text[start:end] + " ")
        if lead and start + lead.end() < end and taxonomy.exact(text[start:end]) is None:
            start += lead.end()
            continue
        break
    label = LABEL.match(text[start:end])
    if label and label.end() < end - start:
        start += label.end()
    inner = list(_PARENTHESIS.finditer(text, start, end))
    if inner and _kind_in_brackets(text[start:end]):
        _add_piece(row, start, end, found)
        return
    if inner:
        _with_parenthesis(row, start, end, inner, found)
        return
    level = _LEVEL.search(text[start:end])
    if level and level.start() > 0 and taxonomy.exact(text[start:end]) is None:
        end = start + level.start()
    start, end = cut(text, start, end)
    piece = text[start:end]
    if not piece or not re.search(r"[^\W\d_]", piece) or _LEVEL.fullmatch(piece):
        return
    if taxonomy.exact(piece) is None:
        halves = _AND.split(piece)
        if 2 <= len(halves) <= 4 and (
            any(taxonomy.exact(p) for p in halves)
            or (all(len(p.split()) == 1 for p in halves) and len(halves) > 2)
        ):
            at = start
            for m in [*_AND.finditer(text, start, end), None]:
                stop = m.start() if m else end
                _add_piece(row, at, stop, found)
                at = m.end() if m else end
            return
        covered = taxonomy.covers(piece) if _alone(row, start, end) else None
        if covered:
            for a, b in covered:
                _add_piece(row, start + a, start + b, found)
            return
    _add_piece(row, start, end, found)


_KIND = re.compile(r"([^()]{3,40}?)\s\(([A-Z][A-Z0-9/&-]{1,6})\)")


def _kind_in_brackets(piece: str) -> bool:
    """Say whether letters in brackets tell the kind of an unknown skill: "Welding (TIG)"."""
    found = _KIND.fullmatch(piece)
    if (
        found is None
        or taxonomy.exact(found[1]) is not None
        or taxonomy.exact(found[2]) is not None
    ):
        return False
    initials = "".join(word[0] for word in re.split(r"[\s/-]+", found[1]) if word).upper()
    return found[2] != initials and fold(found[2]) not in words("language_levels")


def _alone(row: Row, start: int, end: int) -> bool:
    """Say whether a run of three words and more fills its row: only then do blanks part skills."""
    return len(row.text[start:end].split()) > 2 and not _SPLIT.search(row.content)


def _with_parenthesis(
    row: Row, start: int, end: int, inner: list[re.Match[str]], found: dict[str, Skill]
) -> None:
    """Read "AWS (EC2, S3)" as three skills and "SQL (Structured Query Language)" as one."""
    head_end = inner[0].start()
    if head_end > start:
        item(row, start, head_end, found)
    content = inner[0]
    inside = content[1]
    if "," in inside:
        if fold(inside).split(",")[0].strip() in words("skill_levels") or _LEVEL.fullmatch(inside):
            return
        at = content.start(1)
        for piece in re.split(r"(,)", inside):
            if piece != "," and piece.strip():
                same = taxonomy.exact(piece)
                if same is None or same.key not in found:
                    _add_piece(row, at, at + len(piece), found)
            at += len(piece)
    rest = row.text[inner[-1].end() : end].strip(" .,;")
    if rest and inner[-1].end() < end and len(rest) > 2:
        item(row, inner[-1].end(), end, found)


def _add_piece(row: Row, start: int, end: int, found: dict[str, Skill]) -> None:
    start, end = cut(row.text, start, end)
    while end > start and row.text[end - 1] in ".,;:)" and "(" not in row.text[start:end]:
        end -= 1
    while start < end and row.text[start] in "(,;:":
        start += 1
    lead = _LEAD.match(row.text[start:end])
    if lead and start + lead.end() < end and taxonomy.exact(row.text[start:end]) is None:
        start += lead.end()
    piece = row.text[start:end].strip()
    folded = fold(piece)
    if (
        not piece
        or folded in words("skill_levels")
        or folded in words("skill_fillers")
        or is_language(piece)
    ):
        return
    if not re.search(r"[^\W\d_]", piece) or "@" in piece or re.match(r"https?:|www\.", folded):
        return
    entry = taxonomy.lookup(piece)
    count = len(piece.split())
    if entry is None and (count > 7 or len(piece) > 70):
        for a, b, known in taxonomy.in_prose(row.text[start:end]):
            add(found, row, start + a, start + b, 0.6, known.key)
        return
    if entry is None and (folded in words("language_levels") or (len(piece) == 1)):
        return
    add(
        found,
        row,
        start,
        end,
        0.95 if entry else 0.75 if count <= 4 else 0.55,
        entry.key if entry else None,
    )


def add(
    found: dict[str, Skill], row: Row, start: int, end: int, confidence: float, key: str | None
) -> None:
    written = value(row, start, end, confidence)
    identity = key or taxonomy.form(written.value)
    if identity:
        found.setdefault(identity, Skill(name=written, key=key))
