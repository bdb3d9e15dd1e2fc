"""The drawn report: its size, its fonts, and names of every script."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pypdfium2  # type: ignore[import-untyped]  # ships none
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from functions.journey_summary.drawing.fonts import FACES, FOLDER
from functions.journey_summary.drawing.pages import Pages, drawn
from functions.journey_summary.drawing.text import marked
from functions.journey_summary.rules.report import Report
from shared.models.achievements import catalogue
from tests.flows.journey_summary.test_report import EMPTY, report
from tools.sample_report import sample_facts, sample_report

LONG = "Wolfeschlegelsteinhausenbergerdorffwelch"
WIDE = "W" * 100
"""The longest that an account takes, and no place to break it."""


def words_of(pages: Pages) -> str:
    found = [page.extract_text() for page in PdfReader(BytesIO(pages.content)).pages]
    return " ".join(" ".join(found).split())


def assert_sound(pages: Pages) -> None:
    """What holds for every report."""
    assert 2 <= pages.count <= 4
    assert len(pages.content) < 300_000
    assert len(PdfReader(BytesIO(pages.content)).pages) == pages.count


def test_a_report_is_read_as_it_was_meant() -> None:
    """Its parts are there in their order, and each page is numbered."""
    pages = drawn(sample_report())
    assert_sound(pages)
    words = words_of(pages)
    parts = (
        "Maya Okafor", "On the way to: Security analyst", "Companion: Pip", "84 %", "71 / 84",
        "The week at a glance", "Scores and time", "Page 1 of 3", "LEARN 5 of 7, 5 min", "Mastered",
        "To practise", "Decimals: comparing", "Achievements", "Journey's end", "Page 2 of 3",
        "Next week, day by day", "Monday 23 November", "Sunday 29 November", "Page 3 of 3",
    )  # fmt: skip
    places = [words.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    assert places == sorted(places)


def test_drawn_again_it_is_the_same() -> None:
    """Byte for byte, so that two who make it at once make one."""
    assert drawn(sample_report()).content == drawn(sample_report()).content


def test_title_and_language_stand_in_the_file() -> None:
    """A reader shows the title, not the file's name, and a voice knows the language."""
    document = PdfReader(BytesIO(drawn(sample_report()).content))
    assert document.metadata is not None
    assert document.metadata.title == "Learning journey of Maya Okafor"
    root = document.trailer["/Root"]
    assert isinstance(root, DictionaryObject)
    assert str(root["/Lang"]) == "en"
    preferences = root["/ViewerPreferences"]
    assert isinstance(preferences, DictionaryObject)
    assert preferences["/DisplayDocTitle"]


@pytest.mark.parametrize("name", ["Maya", "مريم الفهري", "李小明 😀"])
def test_every_font_is_embedded(name: str) -> None:
    """No reader has to have a font of its own."""
    content = drawn(sample_report(sample_facts(name=name))).content
    fonts = {}
    for page in PdfReader(BytesIO(content)).pages:
        resources = page["/Resources"]
        assert isinstance(resources, DictionaryObject)
        found = resources["/Font"]
        assert isinstance(found, DictionaryObject)
        for key, font in found.items():
            fonts[key] = font.get_object()
    used = [font for font in fonts.values() if "/FontDescriptor" in font]
    assert used
    assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in used)
    # reportlab declares Helvetica on every page, and nothing here is drawn with it
    others = {font["/BaseFont"] for font in fonts.values()} - {font["/BaseFont"] for font in used}
    assert others <= {"/Helvetica"}


def test_paper_is_what_printers_hold_there() -> None:
    """Letter in the Americas, A4 elsewhere."""
    sizes = []
    for zone in ("America/Chicago", "Europe/Berlin"):
        made = drawn(report(replace(sample_facts(), time_zone=zone)))
        box = PdfReader(BytesIO(made.content)).pages[0].mediabox
        sizes.append((round(box.width), round(box.height)))
    assert sizes == [(612, 792), (595, 842)]


def test_a_surname_of_forty_characters() -> None:
    """Whole, on the cover and in the title."""
    pages = drawn(sample_report(sample_facts(name=f"Maximiliane {LONG}")))
    assert_sound(pages)
    assert f"Maximiliane {LONG}" in words_of(pages)


def test_without_a_single_answer() -> None:
    """Two pages that say so, and a plan."""
    pages = drawn(report(EMPTY))
    assert pages.count == 2
    words = words_of(pages)
    assert "No question was answered on this journey" in words
    assert "0 / 0" in words
    assert "Nothing was answered, so there is nothing to draw here." in words
    assert "Next week, day by day" in words


def test_twelve_achievements_and_more() -> None:
    """Twelve are shown with their words, and how many more there are."""
    made = sample_report(sample_facts(achievements=15))
    words = words_of(drawn(made))
    assert all(each.name in words for each in made.badges)
    assert (len(made.badges), "and 3 more" in words) == (12, True)


def from_left_to_right(name: str) -> str:
    """What stands on the cover where the name does, sign after sign as it is drawn."""
    content = drawn(sample_report(sample_facts(name=name))).content
    page = pypdfium2.PdfDocument(BytesIO(content))[0].get_textpage()
    found = []
    for index in range(page.count_chars()):
        left, bottom, _, top = page.get_charbox(index)
        # the name stands between the kicker and the line of the career
        if 762 < (bottom + top) / 2 < 806 and top > bottom:
            found.append((left, page.get_text_range(index, 1)))
    return "".join(text for _, text in sorted(found)).replace("\u00a0", " ").strip()


@pytest.mark.parametrize(
    ("name", "drawn_as"),
    [
        ("שרה לוי", "יול הרש"),
        ("Anna שרה לוי", "Anna יול הרש"),
        ("שרה לוי 12", "12 יול הרש"),
        ("שרה 12 לוי", "יול 12 הרש"),
        ("שרה Anna לוי", "הרש Anna יול"),
    ],
)
def test_a_name_is_drawn_from_right_to_left(name: str, drawn_as: str) -> None:
    """Its words in their order, its letters too; numbers and other scripts as they are read."""
    assert from_left_to_right(name) == drawn_as


def test_a_bracket_goes_with_the_words_that_it_closes() -> None:
    """One that closes nothing of theirs is left to what follows."""
    assert marked("שרה (לוי) Anna").markup.count("<font") == 2
    assert "לוי)" in marked("שרה (לוי) Anna").markup
    assert "שרה)" not in marked("(Anna שרה)").markup


def test_an_arabic_name_is_one_piece_of_joined_letters() -> None:
    """Its words keep their order."""
    found = marked("مريم الفهري القرشي")
    assert (found.markup.count("<font"), found.joins) == (1, True)
    assert found.markup.count("\u00a0") == 2
    assert from_left_to_right("سلم") == "ملس"


@pytest.mark.parametrize(
    ("text", "fonts"),
    [
        ("Łukasz Đặng", ["NotoSans"]),
        ("Иван", ["NotoSans"]),
        ("李小明 Li", ["DroidSansFallback", "NotoSans"]),
        ("ジョン", ["DroidSansFallback"]),
        ("한결", ["DroidSansFallback"]),
        ("Pip😀", ["NotoSans", "NotoEmoji"]),
        ("👩‍🚀", ["NotoEmoji"]),
        ("ქეთევან", ["NotoSansGeorgian"]),
        ("Անահիտ", ["NotoSansArmenian"]),
        ("ሰላም", ["NotoSansEthiopic"]),
        ("தமிழ்", ["NotoSansTamil"]),
        ("ใจดี", ["NotoSansThai"]),
    ],
)
def test_each_stretch_has_a_font_that_has_it(text: str, fonts: list[str]) -> None:
    """And between two of them there is a space."""
    found = marked(text).markup
    assert [part.split("-")[0] for part in found.split('name="')[1:]] == fonts
    assert "?" not in found


def test_what_no_font_has_is_a_question_mark() -> None:
    """It breaks nothing, and says that something was there."""
    assert "A ?" in marked("A \U00012000").markup.replace("</font>", "")


def test_markup_is_text() -> None:
    """A name that looks like markup is shown as it is."""
    name = '<b>Bobby</b> & "<img src=x>"'
    pages = drawn(sample_report(sample_facts(name=name, career="<font size=90>")))
    words = words_of(pages)
    assert name in words
    assert "On the way to: <font size=90>" in words


names = st.text(min_size=1, max_size=100).filter(str.strip)
ANY_SAMPLE: Report = sample_report()


@settings(max_examples=60, deadline=None)
@given(name=names, career=names, companion=names)
@example(name=WIDE, career=WIDE, companion=WIDE)
@example(name="ש" * 100, career="مر" * 50, companion="李" * 100)
@example(name="👩‍👩‍👧‍👦" * 12, career="á̂̃" * 25, companion="\u202e\u200f abc")
@example(name="ب ا" * 33, career="a\u0000b", companion="क्षत्रिय " * 11)
def test_no_name_breaks_a_report(name: str, career: str, companion: str) -> None:
    """Whatever people are called: two to four pages, under 300 KB."""
    named = replace(ANY_SAMPLE, learner=name, career=career, companion=companion)
    assert_sound(drawn(named))


@settings(max_examples=15, deadline=None)
@given(
    mastered=st.integers(0, 40),
    weak=st.integers(0, 40),
    badges=st.integers(0, 40),
    long=st.booleans(),
)
def test_no_amount_breaks_a_report(mastered: int, weak: int, badges: int, long: bool) -> None:
    """However much there is to tell."""
    facts = sample_facts(achievements=min(badges, len(catalogue())))
    word = LONG if long else "topic"
    skills = [
        facts.skills[0].model_copy(
            update={
                "skill_id": f"math.{word}-{word}.{number}",
                "is_mastered": number < mastered,
                "mastery": 0.99 if number < mastered else 0.2,
            }
        )
        for number in range(mastered + weak)
    ]
    assert_sound(drawn(report(replace(facts, skills=skills))))


def test_every_font_there_is_is_used() -> None:
    """Each file of the folder belongs to a face, and each face has its file."""
    files = {path.stem.removesuffix("-Regular") for path in FOLDER.glob("*.ttf")
             if not path.stem.endswith("-SemiBold")}  # fmt: skip
    assert files == {face.name for face in FACES}
    heavy = {path.stem.removesuffix("-SemiBold") for path in FOLDER.glob("*-SemiBold.ttf")}
    assert heavy == {face.name for face in FACES if face.has_semibold}
