"""Sections: which rows are headings, and what each heading announces.

A heading is known by its words (``headings.json``), by its parts
("Certifications & Activities") or by its last or first word ("Teaching
Experience", "Compétences bureautiques"). Words alone are not enough where a
page sets its headings apart: a candidate set weaker than the page's surest
headings is a line of the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache

from functions.intake_parse.rules import taxonomy
from functions.intake_parse.rules.lexicon import data, fold, squash
from functions.intake_parse.rules.rows import Row, cut

HEADER = "header"
"""Kind of the rows before the first heading."""

MOST_WORDS = 7

_SURE = frozenset({"experience", "education", "skills", "languages", "projects"})
_LAST = {
    "experience": "experience", "experiences": "experience", "employment": "experience",
    "internships": "experience", "skills": "skills", "competencies": "skills",
    "proficiencies": "skills", "expertise": "skills", "technologies": "skills",
    "education": "education", "studies": "education", "projects": "projects",
    "certifications": "certifications", "certificates": "certifications",
    "licenses": "certifications", "trainings": "certifications", "courses": "certifications",
    "awards": "awards", "honors": "awards", "honours": "awards", "achievements": "awards",
    "accomplishments": "awards", "scholarships": "awards", "publications": "publications",
    "presentations": "publications", "patents": "publications", "languages": "languages",
    "activities": "involvement", "involvement": "involvement", "leadership": "involvement",
    "memberships": "involvement", "affiliations": "involvement", "volunteering": "volunteer",
    "interests": "interests", "hobbies": "interests", "references": "references",
    "training": "certifications", "coursework": "coursework", "summary": "summary",
    "profile": "summary",
    "werdegang": "experience", "kenntnisse": "skills", "credentials": "certifications",
}  # fmt: skip
_FIRST = {
    "experience": "experience", "experiences": "experience", "experiencia": "experience",
    "experiencias": "experience", "esperienza": "experience", "esperienze": "experience",
    "competences": "skills", "competencias": "skills", "competenze": "skills",
    "habilidades": "skills", "conocimientos": "skills", "conhecimentos": "skills",
    "capacita": "skills", "conoscenze": "skills", "connaissances": "skills",
    "formation": "education", "formacion": "education", "formacao": "education",
    "formazione": "education", "istruzione": "education", "etudes": "education",
    "estudios": "education", "proyectos": "projects", "projets": "projects",
    "progetti": "projects", "projetos": "projects", "certificaciones": "certifications",
    "certificazioni": "certifications", "certificacoes": "certifications",
    "cursos": "certifications", "corsi": "certifications", "lingue": "languages",
    "langues": "languages", "idiomas": "languages", "premios": "awards", "premi": "awards",
    "pubblicazioni": "publications", "publicaciones": "publications",
    "doswiadczenie": "experience", "wyksztalcenie": "education", "umiejetnosci": "skills",
    "kompetencje": "skills", "jezyki": "languages", "kursy": "certifications",
    "szkolenia": "certifications", "zkusenosti": "experience", "vzdelani": "education",
    "dovednosti": "skills", "znalosti": "skills", "kurzy": "certifications",
    "experienta": "experience", "educatie": "education", "studii": "education",
    "competente": "skills", "abilitati": "skills", "limbi": "languages",
    "cursuri": "certifications", "deneyim": "experience", "egitim": "education",
}  # fmt: skip
_COMPOUND = {
    "kenntnisse": "skills", "kompetenzen": "skills", "erfahrung": "experience",
    "erfahrungen": "experience", "ausbildung": "education", "bildung": "education",
    "projekte": "projects", "praktika": "experience", "werdegang": "experience",
    "ervaring": "experience", "erfarenhet": "experience", "erfarenheter": "experience",
    "erfaring": "experience", "opleiding": "education", "opleidingen": "education",
    "utbildning": "education", "uddannelse": "education", "utdanning": "education",
    "vaardigheden": "skills", "kunskaper": "skills", "kompetenser": "skills",
    "kompetencer": "skills", "kompetanse": "skills", "ferdigheter": "skills",
    "fardigheter": "skills", "kundskaber": "languages",
}  # fmt: skip
_UNPAID = frozenset(
    [
        "volunteer",
        "volunteering",
        "community",
        "leadership",
        "involvement",
        "extracurricular",
        "civic",
        "campus",
        "club",
        "activities",
        "associative",
        "benevole",
        "voluntariado",
        "volontariato",
    ]
)
_PAID = frozenset(
    ["work", "professional", "employment", "related", "relevant", "clinical", "teaching"]
)
_JOIN = re.compile(
    r"\s*(?:&|/|\||,|;|\+|·|•|\band\b|\bund\b|\bet\b|\by\b|\be\b|\bed\b|\boder\b|\bor\b)\s*"
)
_SPOKEN = re.compile(
    r"\b(?:english|german|french|spanish|italian|portuguese|chinese|mandarin|arabic|hindi|japanese|"
    r"russian|dutch|deutsch|englisch|franzosisch|anglais|francais|espagnol|ingles|espanol|frances|"
    r"inglese|francese|italiano|native|fluent|mother|engels|duits|engelska|tyska|engelsk|tysk|"
    r"angielski|niemiecki|anglictina|nemcina|engleza|franceza|ingilizce|almanca|moedertaal|"
    r"modersmal|morsmal)\b"
)
_TRIM = re.compile(r"^(?:\d{1,2}[.)])?[^\w%]+|[\W_]+$|^\d{1,2}[.)]\s*")
_LABEL = re.compile(r"\s*([^:]{2,45}?)\s*:\s*(?=\S)")
_INLINE = frozenset(
    {"skills", "languages", "certifications", "interests", "awards", "references", "coursework"}
)
_KEEPS_LABELS = frozenset(
    {"experience", "projects", "education", "volunteer", "involvement", "summary", "publications"}
)


@dataclass(slots=True)
class Section:
    """Rows under one heading."""

    kind: str
    heading: Row | None
    rows: list[Row] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The heading in folded form, empty for the header."""
        return self.heading.folded if self.heading else ""


@cache
def _phrases() -> dict[str, str]:
    table: dict[str, str] = {}
    for kind, languages in data("headings.json").items():
        for phrases in languages.values():
            for phrase in phrases:
                table.setdefault(squash(phrase), kind)
    return table


def spaced_out(text: str) -> bool:
    """Say whether ``text`` is set letter by letter ("S K I L L S")."""
    parts = text.split()
    return len(parts) >= 4 and sum(len(p) == 1 for p in parts) >= 0.8 * len(parts)


def named(words: str) -> str | None:
    """Return the kind that heading ``words`` announce by the lexicon, else None."""
    words = _TRIM.sub("", fold(words).strip())
    key = squash(words)
    if not key or len(key) > 60:
        return None
    kind = _phrases().get(key)
    if kind:
        return kind
    parts = [p for p in _JOIN.split(words) if p]
    if 2 <= len(parts) <= 4:
        kinds = [_phrases().get(squash(part)) or _LAST.get(part.split()[-1]) for part in parts]
        known = [k for k in kinds if k]
        if "experience" in known and len(known) >= 2:
            return "experience"
        if len(known) == len(parts):
            return known[0]
        if kinds[0] and len(known) >= 2:
            return kinds[0]
    return None


def qualified(words: str) -> str | None:
    """Return the kind of a heading known by its last or first word, else None."""
    parts = _TRIM.sub("", fold(words).strip()).split()
    if not 1 <= len(parts) <= MOST_WORDS - 1 or re.search(r"[\d\t(),]|:.", words):
        return None
    kind = _LAST.get(parts[-1]) if len(parts) > 1 else None
    if kind is None and len(parts) > 1:
        kind = _FIRST.get(parts[0])
    if kind is None and len(parts[-1]) > 9:
        kind = next((k for end, k in _COMPOUND.items() if parts[-1].endswith(end)), None)
    if kind == "experience" and _UNPAID & set(parts) and not _PAID & set(parts):
        return "volunteer" if "volunteer" in parts else "involvement"
    return kind


def _capital(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and all(not c.islower() for c in letters)


def _titled(text: str) -> bool:
    strong = [w for w in text.split() if w[:1].isalpha() and len(w) > 3]
    return bool(strong) and sum(w[0].isupper() for w in strong) >= 0.6 * len(strong)


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: Row
    kind: str
    exact: bool
    end: int
    """Offset behind the heading's words; content follows when it is not the row's end."""
    rail: bool = False

    @property
    def look(self) -> tuple[int, bool, bool]:
        """Size in half points, weight, capitals."""
        words = self.row.text[self.row.body : self.end]
        return round(self.row.size * 2), self.row.bold or self.row.heading, _capital(words)


def _candidate(row: Row, following: Row | None) -> _Candidate | None:
    content = row.content
    if len(content) > 80 or len(content) < 2:
        return None
    glyph_only = row.bullet and row.text[: row.body].strip() not in {"-", "–", "•", "*", "o", "+"}
    if row.bullet and not glyph_only and not (row.bold or row.heading):
        return None
    words = content.split()
    letters = spaced_out(content)
    if len(words) <= MOST_WORDS or letters:
        kind = named(content)
        if kind and content[-1] not in ".,;":
            return _Candidate(row, kind, True, len(row.text.rstrip()))
        if not letters and content[-1] not in ".,;" and _titled(content):
            kind = qualified(content)
            if kind:
                return _Candidate(row, kind, False, len(row.text.rstrip()))
    return _rail(row, following)


def _rail(row: Row, following: Row | None) -> _Candidate | None:
    """A heading in the margin: the first cell of a row, or of two rows one above the other."""
    if len(row.cells) < 2 or row.bullet:
        return None
    start, end = row.cells[0]
    first = row.text[start:end]
    if first[:1].islower() or len(first) > 40:
        return None
    kind = named(first)
    if kind:
        return _Candidate(row, kind, True, end, rail=True)
    if following is not None and following.page == row.page:
        below = following.cells[0] if following.cells else (0, 0)
        kind = named(first + " " + following.text[below[0] : below[1]])
        same_margin = abs(following.x0 - row.x0) < 4
        if kind and same_margin and below[1] > below[0]:
            return _Candidate(row, kind, True, end, rail=True)
    return None


def _looks(candidates: list[_Candidate]) -> set[tuple[int, bool, bool]]:
    exact = [c for c in candidates if c.exact and not c.rail]
    surest = {c.look for c in exact if c.kind in {"experience", "education"}}
    return surest or {c.look for c in exact if c.kind in _SURE}


def _weaker(look: tuple[int, bool, bool], sure: set[tuple[int, bool, bool]]) -> bool:
    """Say whether a look is less than every look of the surest headings."""
    if not sure or look in sure:
        return False
    size, bold, capital = look

    def less(other: tuple[int, bool, bool]) -> bool:
        if size and other[0] and size < other[0] - 1:
            return True
        same_size = not size or not other[0] or size <= other[0] + 1
        return same_size and ((other[1] and not bold) or (other[2] and not capital))

    return all(less(other) for other in sure)


def _margin(row: Row, end: int) -> Row:
    """Return the row without its first cell, the margin heading."""
    start, _ = cut(row.text, end, len(row.text))
    cells = tuple(cell for cell in row.cells if cell[0] >= start)
    return replace(row, body=start, cells=cells, bullet=False)


def split(rows: list[Row]) -> list[Section]:
    """Return the sections in reading order; the first is of kind :data:`HEADER`."""
    candidates: dict[int, _Candidate] = {}
    for position, row in enumerate(rows):
        following = rows[position + 1] if position + 1 < len(rows) else None
        found = _candidate(row, following)
        if found:
            candidates[row.index] = found
    sure = _looks(list(candidates.values()))
    sections = [Section(HEADER, None)]
    skip_cell: str | None = None
    for row in rows:
        current = sections[-1]
        found = candidates.get(row.index)
        if found and _accepted(found, sure, current):
            if found.rail:
                sections.append(Section(found.kind, row, [_margin(row, found.end)]))
                first = row.text[slice(*row.cells[0])]
                skip_cell = None if named(first) else first
                continue
            sections.append(Section(found.kind, row))
            skip_cell = None
            continue
        if skip_cell is not None:
            # The second line of a two-line margin heading.
            if len(row.cells) > 1:
                current.rows.append(_margin(row, row.cells[0][1]))
            skip_cell = None
            continue
        inline = _inline(row, current)
        if inline:
            kind, end = inline
            start, _ = cut(row.text, end, len(row.text))
            cells = tuple((max(a, start), b) for a, b in row.cells if b > start)
            sections.append(
                Section(kind, row, [replace(row, body=start, cells=cells, bullet=False)])
            )
            continue
        current.rows.append(row)
    return sections


def speaks(folded: str) -> bool:
    """Say whether folded text names widely spoken languages or how well they are spoken."""
    return bool(_SPOKEN.search(folded))


def _accepted(
    found: _Candidate,
    sure: set[tuple[int, bool, bool]],
    current: Section,
) -> bool:
    row = found.row
    if found.rail:
        if current.kind == "skills" and found.kind in {"skills", "languages"}:
            # "Languages | Python, R" in a skill table names a row of it.
            return found.kind == "languages" and speaks(row.folded[found.end :])
        return not sure or not _weaker(found.look, sure)
    weak = _weaker(found.look, sure)
    if weak:
        return False
    size, bold, capital = found.look
    if not found.exact:
        distinct = found.look in sure or ((bold or capital or row.heading) and bool(sure))
        return distinct or (not sure and (bold or capital))
    if found.kind in _SURE or bold or capital or (found.look in sure and size):
        return True
    # A page without type sizes: a lower word in a list is not a heading.
    return current.kind not in {"skills", "interests"} or taxonomy.exact(row.content) is None


def _inline(row: Row, current: Section) -> tuple[str, int] | None:
    """Read "Languages: English, French" as a heading with its content on the same row."""
    label = _LABEL.match(row.text, row.body)
    if not label or current.kind in _KEEPS_LABELS:
        if not (label and (row.bold or _capital(label[1])) and _capital(label[1])):
            return None
        if current.kind == HEADER and len(label[1]) < 4:
            return None
    assert label is not None  # noqa: S101 - narrowed above
    kind = named(label[1])
    if kind is None or kind not in _INLINE | ({"personal"} if current.kind == HEADER else set()):
        return None
    if kind == "personal":
        return None
    if current.kind == "skills" and kind in {"skills", "languages", "interests"}:
        return None
    if current.kind == kind:
        return None
    return kind, label.end()


def from_name(sections: list[Section], start: int) -> list[Section]:
    """Return the sections with a new header section where the name stands in another one's rows.

    A sidebar read first ends where the main column begins with the name. ``start`` is the
    name's offset in the text.
    """
    parted: list[Section] = []
    for section in sections:
        at = next(
            (
                i
                for i, row in enumerate(section.rows)
                if row.start <= start < row.start + len(row.text)
            ),
            None,
        )
        apart = section.kind not in {HEADER, "personal", "summary", "references"}
        if at is None or not apart:
            parted.append(section)
            continue
        parted.append(Section(section.kind, section.heading, section.rows[:at]))
        parted.append(Section(HEADER, None, section.rows[at:]))
    return parted
