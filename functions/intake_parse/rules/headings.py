"""What the words of a heading announce, by the phrases of ``headings.json`` and by their parts.

A heading is known by its words, by its parts ("Certifications & Activities") or by its last or
first word ("Teaching Experience", "Compétences bureautiques").
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from functions.intake_parse.rules.lexicon import data, fold, matches, squash

MOST_WORDS = 7
"""Words of a heading at most."""

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
        "public",
        "jury",
        "social",
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
_ARMED = frozenset({"military", "army", "navy", "naval", "uniformed", "armed"})
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


@lru_cache(maxsize=2048)
def named(words: str) -> str | None:
    """Return the kind that heading ``words`` announce by the lexicon, else None."""
    if len(words) > 120:
        return None
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
        if {"education", "certifications"} <= set(known):
            return "education"
        if "experience" in known and len(known) >= 2:
            return "experience"
        if len(known) == len(parts):
            return next((k for k in known if k != "other"), "other")
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
    if kind is None and parts[-1] in {"service", "services"}:
        served = set(parts[:-1])
        kind = "volunteer" if served & _UNPAID else "experience" if served & _ARMED else None
    if kind is None and len(parts[-1]) > 9:
        kind = next((k for end, k in _COMPOUND.items() if parts[-1].endswith(end)), None)
    if kind == "experience" and _UNPAID & set(parts) and not _PAID & set(parts):
        return "volunteer" if "volunteer" in parts else "involvement"
    return kind


def speaks(folded: str) -> bool:
    """Say whether folded text names spoken languages or how well they are spoken."""
    return bool(_SPOKEN.search(folded) or matches(folded, _spoken_names(), 2, first=True))


@cache
def _spoken_names() -> frozenset[str]:
    names = data("languages.json").values()
    return frozenset(fold(name) for group in names for name in group if len(name) > 4)
