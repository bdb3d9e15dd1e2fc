"""Plain text in any encoding, and the language of texts."""

from __future__ import annotations

import pytest

from functions.intake_extract.rules import ExtractLimits, NoText, UnknownFormat, extract
from functions.intake_extract.rules.language import detect_language
from functions.intake_extract.rules.plain import decode
from tools.sample_layouts import as_text
from tools.sample_resumes import TEXT, make_resume

FRENCH = as_text(make_resume(5, "fr"))
RUSSIAN = (
    "Опыт работы: ведущий инженер, Москва, 2019 – 2024. Разработка и сопровождение систем "
    "обработки данных для крупных предприятий. Образование: государственный университет. "
) * 5

POLISH = (
    "Doświadczenie zawodowe: inżynier oprogramowania w Łodzi, od kwietnia 2019 do dziś.\n"
    "Wykształcenie: Politechnika Łódzka. Umiejętności: zarządzanie zespołem, języki obce.\n"
) * 5
JAPANESE = (
    "職務経歴書\n株式会社サンプルにてエンジニアとして勤務しました。東京大学卒業、2019年。\n"
    "データ基盤の設計と運用を担当し、チームを率いました。よろしくお願いいたします。\n"
) * 5


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "utf-16"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        (FRENCH, "utf-32"),
        (FRENCH.replace("–", "-"), "latin-1"),
        (FRENCH, "cp1252"),
        (RUSSIAN.replace("–", "-"), "cp1251"),
        (RUSSIAN.replace("–", "-"), "koi8-r"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        ("Plain words in ASCII, one after the other.\n" * 3, "utf-16-le"),
        ("Plain words in ASCII, one after the other.\n" * 3, "utf-16-be"),
        (JAPANESE + "Tokyo, engineer, 2019\n" * 9, "utf-16-le"),
    ],
)
def test_encodings(text: str, encoding: str) -> None:
    """A text comes out the same in whichever encoding it came."""
    assert decode(text.encode(encoding)) == text


def test_rows_pages_and_blocks() -> None:
    """A form feed begins a page, an empty line a block, a wide gap becomes a tab."""
    data = b"Greta  Lindqvist\r\n\r\nEngineer        2019 - 2021\r  - built bridges\fSecond page\n"
    text = extract(data, TEXT)
    assert [(line.text, line.page, line.block) for line in text.lines] == [
        ("Greta Lindqvist", 1, 0),
        ("Engineer\t2019 - 2021", 1, 1),
        ("- built bridges", 1, 1),
        ("Second page", 2, 2),
    ]
    assert text.lines[2].x0 == 2
    assert text.text[text.starts[1] :].startswith("Engineer")


def test_limits() -> None:
    """Pages and characters beyond the limits are left out with a warning."""
    text = extract(b"one page of text\f" * 40, TEXT, ExtractLimits(max_pages=3))
    assert text.page_count == 41
    assert text.warnings == ("pages 4-41 beyond the page limit were left out",)
    text = extract(b"word " * 1000, TEXT, ExtractLimits(max_chars=100))
    assert len(text.text) <= 100
    assert text.warnings == ("text beyond 100 characters was left out",)


def test_nothing_to_read() -> None:
    """Blanks are no text, and what has no reader is refused by name."""
    with pytest.raises(NoText):
        extract(b" \n\n ", TEXT)
    with pytest.raises(UnknownFormat, match="image/heic"):
        extract(b"x", "image/heic")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I have been working with the team of a company in Leeds for three years."),
        ("fr", "J'ai travaillé pour une entreprise de Lyon dans le cadre de la formation."),
        ("es", "He trabajado para una empresa de Sevilla en el desarrollo de los proyectos."),
        ("de", "Ich habe seit drei Jahren bei der Firma in Leipzig für die Leitung gearbeitet."),
        ("pt", "Trabalhei em uma empresa de Lisboa com o desenvolvimento dos projetos da equipe."),
        ("it", "Ho lavorato per una azienda di Bologna nella gestione dei progetti con il team."),
        ("nl", "Ik heb drie jaar bij een bedrijf in Utrecht gewerkt met de ontwikkeling van het."),
        ("pl", "Pracowałam w firmie w Krakowie na stanowisku i odpowiadałam za rozwój oraz się."),
        ("sv", "Jag har arbetat på ett företag i Lund med utveckling och är ansvarig för det."),
        ("und", "Python SQL Kafka Docker 2019 2024"),
        ("und", ""),
    ],
)
def test_languages(language: str, text: str) -> None:
    """A sentence shows its language; a list of tools does not."""
    assert detect_language(text) == language


@pytest.mark.parametrize("language", ["en", "fr", "es", "de"])
@pytest.mark.parametrize("seed", range(5))
def test_languages_of_invented_resumes(language: str, seed: int) -> None:
    """Résumés are recognised although names and tools are the same in all languages."""
    assert detect_language(as_text(make_resume(seed, language))) == language
