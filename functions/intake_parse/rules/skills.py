"""Skills: the items of skill sections, as written, tied to the taxonomy where it knows them."""

from __future__ import annotations

import re

from functions.intake_parse.rules import taxonomy
from functions.intake_parse.rules.languages import is_language, language_names
from functions.intake_parse.rules.lexicon import fold, words
from functions.intake_parse.rules.rows import Row, cut, value
from functions.intake_parse.rules.sections import Section, named, qualified
from shared.models.resume import Skill

MOST = 250
"""Skills kept at most."""

_LABEL = re.compile(r"\s*([^:\t]{2,60}?)\s*:\s*(?=\S|$)")
_SPLIT = re.compile(r"\s*[,;|•·●◦▪■∙►*‣→]\s*|\t+|\s{3,}|\s+[–—-]\s+|\s+/\s+|\.\s+(?=[A-Z])")
_AND = re.compile(r"\s+(?:and|und|et|y|e|&)\s+")
_LEAD = re.compile(
    r"^(?:and|und|et|y|e|&|or|in|with|also|including|incl\.?|etc\.?|basic|advanced|intermediate|strong|good|excellent|solid|proven|"
    r"(?:highly\s)?(?:proficient|proficiency|experienced|experience|skilled|expert|expertise|fluent|familiar|familiarity|competent|versed|"
    r"knowledgeable|knowledge|working knowledge|basic knowledge|good knowledge|understanding|hands-on experience|advanced|basics|ability|certified)\s"
    r"(?:in|with|of|at|use of|using|the use of|working with)|working knowledge of|knowledge of|use of|languages?:|"
    r"gute kenntnisse in|sehr gute kenntnisse in|kenntnisse in|grundkenntnisse in|umgang mit|sicherer umgang mit|ma[iî]trise d[eu]s?|"
    r"connaissances? d[eu]s?|conocimientos? de|manejo de|dominio de|conoscenza di|conoscenza del|buona conoscenza di|ottima conoscenza di|"
    r"conhecimentos? (?:em|de)|dom[ií]nio de|uso di|utilizzo di|utilizzo del pacchetto|pacchetto|pack|paquete)\s+",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"\s*[(\[–—:-]?\s*(?:(?:\d{1,2}\+?\s?(?:years?|yrs?|ans|años|jahre|anos|anni)(?:\sof\sexperience)?)|\d{1,3}\s?%|\d(?:[.,]\d)?\s?/\s?\d{1,2}|"
    r"[★☆●○◉⬤▪▫■□✦•·]{2,}|\b(?:expert|advanced|intermediate|beginner|basic|basics|proficient|novice|fluent|native|skilled|"
    r"experienced|professional|fortgeschritten|grundkenntnisse|sehr gut|gut|experte|anfänger|avancé|intermédiaire|débutant|"
    r"avanzado|intermedio|básico|experto|avançado|intermediário|avanzato|base|esperto|notions|ma[iî]tris[ée]e?|sehr gute kenntnisse|gute kenntnisse))\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_PARENTHESIS = re.compile(r"\(([^()]*)\)")
_LEVEL_WORDS = frozenset(
    [
        "advanced",
        "intermediate",
        "beginner",
        "basic",
        "expert",
        "proficient",
        "novice",
        "master",
        "skilled",
        "experienced",
        "competent",
        "fluent",
        "native",
        "professional",
        "good",
        "excellent",
        "fortgeschritten",
        "experte",
        "grundkenntnisse",
        "anfanger",
        "avance",
        "debutant",
        "avanzado",
        "intermedio",
        "basico",
        "experto",
        "avancado",
        "intermediario",
        "avanzato",
        "base",
        "esperto",
        "etc",
        "level",
        "nivel",
        "niveau",
        "familiar",
        "learning",
    ]
)
# Families whose names mean the skill wherever they stand; "sales" in a sentence need not.
_TOLD = frozenset(
    {
        "programming language",
        "web development",
        "mobile and games",
        "database",
        "data and machine learning",
        "cloud and operations",
        "security and networks",
        "office",
        "design and media",
        "engineering",
    }
)
_EMPTY = frozenset(
    [
        "skills",
        "skill",
        "tools",
        "technologies",
        "software",
        "other",
        "others",
        "etc",
        "and",
        "more",
        "summary",
        "technical",
        "various",
        "including",
        "computer",
        "languages",
        "language",
        "hard",
        "soft",
        "kenntnisse",
        "competences",
        "habilidades",
        "competenze",
        "n/a",
        "none",
        "proficient",
    ]
)
_CATEGORY_WORDS = frozenset(
    [
        "languages",
        "frameworks",
        "tools",
        "databases",
        "technologies",
        "platforms",
        "libraries",
        "methodologies",
        "software",
        "cloud",
        "systems",
        "skills",
        "concepts",
        "applications",
        "environments",
        "protocols",
        "os",
        "ides",
        "programming",
        "web",
        "development",
        "devops",
        "testing",
        "operations",
        "langages",
        "outils",
        "bases",
        "donnees",
        "systemes",
        "lenguajes",
        "herramientas",
        "bases",
        "datos",
        "sprachen",
        "werkzeuge",
        "datenbanken",
        "linguaggi",
        "strumenti",
        "ferramentas",
        "linguagens",
        "bancos",
        "dados",
        "others",
        "other",
        "miscellaneous",
    ]
)


def skills(sections: list[Section]) -> tuple[Skill, ...]:
    """Return the skills, each once, in reading order.

    Confidence 0.95 for a list item the taxonomy knows, 0.75 for another list item, 0.6 for a
    taxonomy name in a sentence of a skill section, 0.45 in the rest of a résumé without one.
    """
    found: dict[str, Skill] = {}
    for section in sections:
        if section.kind == "skills":
            _section(section, found)
    if not found:
        told = [
            row
            for section in sections
            if section.kind in {"experience", "projects", "summary", "coursework", "certifications"}
            for row in section.rows
            if row.bullet or len(row.content) > 60
        ]
        for row in told:
            for start, end, entry in taxonomy.in_prose(row.text):
                if entry.family not in _TOLD:
                    continue
                skill = Skill(name=value(row, start, end, 0.45), key=entry.key)
                found.setdefault(entry.key, skill)
    return tuple(found.values())[:MOST]


def _section(section: Section, found: dict[str, Skill]) -> None:
    rows = section.rows
    items: list[tuple[Row, int, int]] = []
    categories = _category_rows(rows)
    previous: Row | None = None
    for row in rows:
        if row.index in categories:
            previous = None
            continue
        start = row.body
        label = _LABEL.match(row.text, start)
        if (label and not taxonomy.exact(label[1] + ":")) or (
            label and label.end() < len(row.text)
        ):
            assert label is not None  # noqa: S101 - the condition holds only with a label
            if _language_label(label[1]):
                rest = row.folded[label.end() :]
                if language_names(rest) and not _any_skill(row.text[label.end() :]):
                    previous = None
                    continue
            if named(label[1]) in {"interests", "certifications", "awards", "references"}:
                previous = None
                continue
            start = label.end()
        elif _about_languages(row):
            previous = None
            continue
        elif _table_row(row):
            start = row.cells[1][0]
        elif (
            previous is not None
            and items
            and _continues(previous, row)
            and items[-1][0].index == previous.index
        ):
            _continue(items, row, found)
            previous = row
            continue
        if len(row.text[start:].split()) > 14 and _sentence(row.text[start:]):
            for a, b, entry in taxonomy.in_prose(row.text[start:]):
                _add(found, row, start + a, start + b, 0.6, entry.key)
            previous = row
            continue
        items.extend((row, a, b) for a, b in _split(row, start))
        previous = row
    for row, a, b in items:
        _item(row, a, b, found)


def _table_row(row: Row) -> bool:
    """Say whether a row is a category cell and a list: "DevOps", then "AWS, Docker"."""
    if len(row.cells) != 2 or row.bullet:
        return False
    (a, b), (c, d) = row.cells
    first = row.text[a:b]
    return "," not in first and ("," in row.text[c:d] or bool(named(first) or qualified(first)))


_GRID = frozenset(
    "understanding speaking writing listening reading interaction production spoken comprensione "
    "parlato scritto ascolto lettura interazione produzione orale comprension hablar escribir "
    "comprendre parler ecrire verstehen sprechen schreiben levels self-assessment".split()
)
_TONGUE = re.compile(
    r"mother tongue|other languages?\b|madrelingua|lingua madre|altre lingue|muttersprache|weitere sprachen|"
    r"langues? maternelle|autres langues|lengua materna|otros idiomas|lingua materna|outras linguas"
)


def _about_languages(row: Row) -> bool:
    """Say whether a row belongs to a table of spoken languages."""
    if not row.cells:
        return False
    first = row.folded[slice(*row.cells[0])]
    if _TONGUE.match(first):
        return True
    if len(row.cells) > 1 and is_language(first):
        return True
    listed = set(re.findall(r"[a-z-]+", row.folded))
    return len(listed) >= 2 and len(listed & _GRID) >= 0.7 * len(listed)


def _continue(items: list[tuple[Row, int, int]], row: Row, found: dict[str, Skill]) -> None:
    """Join the last item of the row before with the first of this one, when a line break cut it."""
    last_row, a, b = items[-1]
    pieces = _split(row, row.body)
    tail = last_row.text[b:].strip()
    if not tail and pieces:
        joined = f"{last_row.text[a:b]} {row.text[slice(*pieces[0])]}"
        entry = taxonomy.exact(joined)
        whole = taxonomy.exact(last_row.text[a:b]) and taxonomy.exact(row.text[slice(*pieces[0])])
        if entry is not None or (not whole and len(joined.split()) <= 5):
            items.pop()
            start = last_row.start + a
            end = row.start + pieces[0][1]
            first = value(last_row, a, b, 0.95 if entry else 0.7, " ".join(joined.split()))
            assert first.span is not None  # noqa: S101 - value() always sets it
            spanned = first.model_copy(
                update={"span": first.span.model_copy(update={"start": start, "end": end})}
            )
            key = entry.key if entry else taxonomy.form(joined)
            if not is_language(joined):
                found.setdefault(key, Skill(name=spanned, key=entry.key if entry else None))
            pieces = pieces[1:]
    items.extend((row, x, y) for x, y in pieces)


def _continues(previous: Row, row: Row) -> bool:
    """Say whether ``row`` goes on with the list that broke at the end of ``previous``."""
    if row.bullet or _LABEL.match(row.text, row.body) or row.style != previous.style:
        return False
    listed = "," in previous.text or ";" in previous.text or "|" in previous.text
    if not listed or "\t" in row.text:
        return False
    if previous.content.endswith((",", ";", "|", "&", "and", "/")):
        return True
    return len(previous.content) >= 30 and (
        "," in row.text or row.content[0].islower() or len(row.content.split()) <= 3
    )


def _category_rows(rows: list[Row]) -> set[int]:
    """Return rows that name a group of skills: set unlike the items, or before a level and a list."""
    found = set()
    for position, row in enumerate(rows):
        following = rows[position + 1 : position + 3]
        content = row.content.rstrip(":")
        if fold(content) in _LEVEL_WORDS or (
            named(content) and len(content.split()) <= 3 and not taxonomy.exact(content)
        ):
            found.add(row.index)
            continue
        if row.content.endswith(":") and len(content.split()) <= 5:
            found.add(row.index)
            continue
        short = len(content.split()) <= 4 and "," not in content and not row.bullet
        if not short or not following or taxonomy.exact(content):
            continue
        after = following[0]
        if (
            (
                fold(after.content) in _LEVEL_WORDS
                and len(following) > 1
                and "," in following[1].content
            )
            or (
                "," in after.content
                and after.style != row.style
                and (row.bold or row.size >= after.size)
            )
            or (row.bold and after.bullet)
            or (
                set(fold(content).split()) <= _CATEGORY_WORDS | {"&", "and", "und", "et"}
                and "," in after.content
            )
        ):
            found.add(row.index)
    return found


def _language_label(label: str) -> bool:
    folded = fold(label)
    return named(label) == "languages" or bool(
        re.search(r"\b(?:language|sprach|langue|idioma|lingu)", folded)
    )


def _any_skill(text: str) -> bool:
    pieces = [p for p in re.split(r"[,;|/]|\band\b", text) if p.strip()]
    return any(taxonomy.exact(p) is not None and not is_language(p) for p in pieces)


def _sentence(text: str) -> bool:
    commas = (
        text.count(",") + text.count(";") + text.count("|") + text.count("•") + text.count("\t")
    )
    return len(text.split()) / (commas + 1) > 5


def _split(row: Row, start: int) -> list[tuple[int, int]]:
    """Return the pieces of a row between separators; parentheses stay whole."""
    text = row.text
    masked = _PARENTHESIS.sub(lambda m: "(" + "x" * len(m[1]) + ")", text)
    # A parenthesis that a line break cut open parts the list like a comma.
    opening = masked.rfind("(")
    if opening > masked.rfind(")"):
        masked = masked[:opening] + "," + masked[opening + 1 :]
    closing = masked.find(")")
    if 0 <= closing and not 0 <= masked.find("(") < closing:
        masked = masked[:closing] + "," + masked[closing + 1 :]
    pieces = []
    at = start
    for m in _SPLIT.finditer(masked, start):
        pieces.append((at, m.start()))
        at = m.end()
    pieces.append((at, len(text)))
    return [cut(text, a, b) for a, b in pieces if text[a:b].strip()]


def _item(row: Row, start: int, end: int, found: dict[str, Skill]) -> None:
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
    label = _LABEL.match(text[start:end])
    if label and label.end() < end - start:
        start += label.end()
    inner = [m for m in _PARENTHESIS.finditer(text, start, end)]
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
        parts = _AND.split(piece)
        if 2 <= len(parts) <= 4 and (
            any(taxonomy.exact(p) for p in parts)
            or (all(len(p.split()) == 1 for p in parts) and len(parts) > 2)
        ):
            at = start
            for m in [*_AND.finditer(text, start, end), None]:
                stop = m.start() if m else end
                _add_piece(row, at, stop, found)
                at = m.end() if m else end
            return
        covered = taxonomy.covers(piece)
        if covered:
            for a, b in covered:
                _add_piece(row, start + a, start + b, found)
            return
    _add_piece(row, start, end, found)


def _with_parenthesis(
    row: Row, start: int, end: int, inner: list[re.Match[str]], found: dict[str, Skill]
) -> None:
    """Read "AWS (EC2, S3)" as three skills and "SQL (Structured Query Language)" as one."""
    head_end = inner[0].start()
    if head_end > start:
        _item(row, start, head_end, found)
    content = inner[0]
    inside = content[1]
    if "," in inside:
        if fold(inside).split(",")[0].strip() in _LEVEL_WORDS or _LEVEL.fullmatch(inside):
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
        _item(row, inner[-1].end(), end, found)


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
    if not piece or folded in _LEVEL_WORDS or folded in _EMPTY or is_language(piece):
        return
    if not re.search(r"[^\W\d_]", piece) or "@" in piece or re.match(r"https?:|www\.", folded):
        return
    entry = taxonomy.lookup(piece)
    count = len(piece.split())
    if entry is None and (count > 7 or len(piece) > 70):
        for a, b, known in taxonomy.in_prose(row.text[start:end]):
            _add(found, row, start + a, start + b, 0.6, known.key)
        return
    if entry is None and (folded in words("language_levels") or (len(piece) == 1)):
        return
    _add(
        found,
        row,
        start,
        end,
        0.95 if entry else 0.75 if count <= 4 else 0.55,
        entry.key if entry else None,
    )


def _add(
    found: dict[str, Skill], row: Row, start: int, end: int, confidence: float, key: str | None
) -> None:
    written = value(row, start, end, confidence)
    identity = key or taxonomy.form(written.value)
    if identity:
        found.setdefault(identity, Skill(name=written, key=key))
