"""The language of a text, by its most frequent little words.

Each profile holds function words that are frequent in the language and rare
in its neighbours; diacritics typical of it count a little. Résumés are short
on function words, so section headings are part of the profiles.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

_WORDS = re.compile(r"[^\W\d_]+")
_MOST_WORDS = 3000
_FEWEST_HITS = 4
_LEAD = 1.25
"""The best language has to score this many times the second best."""

_PROFILES: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and of to with for from by at on as using this that which were was have has our "
        "their my i experience education skills work summary university languages present across "
        "team management development projects led built",
        "fr": "le la les des du et une un dans pour avec sur par au aux en est à ont été chez "
        "expérience expériences formation compétences langues professionnelle professionnel "
        "études diplôme gestion développement équipe aujourd projet projets depuis école",
        "es": "el la los las del y una un con para por en que se al como su sus más fue "
        "experiencia educación formación idiomas habilidades laboral profesional actualidad "
        "gestión desarrollo universidad equipo proyectos empresa años conocimientos",
        "de": "der die das und von mit für im in des den dem zur zum bei auf eine einer als nach "
        "durch sowie berufserfahrung ausbildung kenntnisse sprachen heute leitung entwicklung "
        "studium universität fähigkeiten lebenslauf praktikum berufliche seit",
        "pt": "o os as do da dos das e uma um com para por em no na nos nas que ao à pela pelo "
        "experiência formação educação competências idiomas profissional atual gestão "
        "desenvolvimento universidade equipe equipa projetos empresa habilidades",
        "it": "il lo la gli le di del della dei delle e una un con per in nel nella al alla da che "
        "sono esperienza esperienze istruzione formazione competenze lingue professionale "
        "attuale gestione sviluppo università progetti azienda presso",
        "nl": "de het een en van met voor in op bij door aan als naar tot zijn is werkervaring "
        "opleiding opleidingen vaardigheden talen heden ontwikkeling ervaring binnen onze",
        "pl": "i w z na do od oraz dla przez się jest o po doświadczenie wykształcenie "
        "umiejętności języki zawodowe obecnie rozwój projektów zarządzanie uniwersytet",
        "sv": "och i att det som en på är av för med till den har om ett vid arbetslivserfarenhet "
        "utbildning kunskaper språk nuvarande erfarenhet inom",
    }.items()
}


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of ``text``, ``und`` when unsure.

    Knows en, fr, es, de, pt, it, nl, pl and sv. A word that stands in several
    profiles counts for each in equal parts.
    """
    words = Counter(word.lower() for word in _WORDS.findall(text)[:_MOST_WORDS])
    scores: defaultdict[str, float] = defaultdict(float)
    hits: Counter[str] = Counter()
    for word, count in words.items():
        homes = [language for language, profile in _PROFILES.items() if word in profile]
        for language in homes:
            # Repetition says less than variety: a square root dampens it.
            scores[language] += count**0.5 / len(homes)
            hits[language] += 1
    if not scores:
        return "und"
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    best, score = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0
    if hits[best] < _FEWEST_HITS or score < _LEAD * second:
        return "und"
    return best
