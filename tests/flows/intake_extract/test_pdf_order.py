"""What the column reader makes of marks, margins and columns."""

from __future__ import annotations

import pytest

from tests.flows.intake_extract.sheets import BOLD, PLAIN, Sheet, texts


def test_discs_drawn_before_lines_are_list_marks() -> None:
    """A disc painted as a shape before an item reads as the mark that it is."""

    def draw(sheet: Sheet) -> None:
        sheet.write(72, 100, "Baker, Mill Lane Bakery", font=BOLD)
        for row, item in enumerate(("Baked for a village", "with four mills", "Taught two pupils")):
            sheet.write(90, 115 + 12 * row, item)
        sheet.disc(82, 115)
        sheet.disc(82, 139)

    assert texts(draw) == [
        "Baker, Mill Lane Bakery",
        "• Baked for a village",
        "with four mills",
        "• Taught two pupils",
    ]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_marks_are_found_on_turned_pages(turn: int) -> None:
    """Shapes are placed as the reader sees them, as letters are."""

    def draw(sheet: Sheet) -> None:
        canvas = sheet.canvas
        canvas.setPageSize((600, 600))
        canvas.setPageRotation(turn)
        canvas.translate(*{0: (0, 0), 90: (600, 0), 180: (600, 600), 270: (0, 600)}[turn])
        canvas.rotate(turn)
        for row in range(3):
            canvas.drawString(90, 400 - 14 * row, f"Item {row} of the list")
            canvas.circle(80, 403.5 - 14 * row, 1.5, stroke=0, fill=1)

    assert texts(draw) == [f"• Item {row} of the list" for row in range(3)]


def test_other_shapes_are_no_list_marks() -> None:
    """Dots of a scale, icons, the dots of a timeline and a single dot say nothing."""

    def draw(sheet: Sheet) -> None:
        for row, language in enumerate(("Danish", "Finnish", "Icelandic")):
            sheet.write(90, 100 + 14 * row, language)
            for dot in range(4):
                sheet.disc(50 + 8 * dot, 100 + 14 * row, 2)  # a scale
            sheet.write(90, 200 + 14 * row, f"{language} teacher", font=BOLD)
            sheet.disc(80, 200 + 14 * row)  # a timeline
            sheet.write(90, 300 + 14 * row, f"{language} pupil")
            sheet.disc(80, 300 + 14 * row, 4)  # an icon
        sheet.write(90, 400, "One more line")
        sheet.disc(80, 400)

    assert not any("•" in text for text in texts(draw))


def test_a_drawing_of_countless_shapes_is_no_list() -> None:
    """A page with more small shapes than any list has marks is read without them."""

    def draw(sheet: Sheet) -> None:
        sheet.write(90, 100, "A line of words beside a drawing")
        for dot in range(1000):
            sheet.disc(20 + 4 * (dot % 20), 100 + 12 * (dot // 20))

    assert texts(draw) == ["A line of words beside a drawing"]


def test_columns_go_on_over_pages_when_later_lines_are_longer() -> None:
    """The sidebar of page two goes on with that of page one, also with longer lines."""

    def draw(sheet: Sheet) -> None:
        for page, width in ((1, 1), (2, 3)):
            for row in range(10):
                sheet.write(50, 100 + 13 * row, f"Page {page}, sentence {row} of a long story")
                sheet.write(400, 104 + 15 * row, f"Page {page}, item {row}" + ", more" * width)
            sheet.canvas.showPage()

    lines = texts(draw)
    assert lines[:20] == [
        f"Page {page}, sentence {row} of a long story" for page in (1, 2) for row in range(10)
    ]
    assert [line.partition(", more")[0] for line in lines[20:]] == [
        f"Page {page}, item {row}" for page in (1, 2) for row in range(10)
    ]


def test_a_date_that_wraps_in_the_margin_is_one_date() -> None:
    """A date on three lines of a narrow margin stands whole on the row of its entry."""

    def draw(sheet: Sheet) -> None:
        for job, (title, employer) in enumerate(
            (("Miller", "Mill Lane"), ("Baker", "Oven Street"), ("Grocer", "Market Square"))
        ):
            y = 100 + 60 * job
            for row, piece in enumerate((f"Aug. {2011 + 3 * job}–", "Sept.", f"{2013 + 3 * job}")):
                sheet.write(72, y + 12 * row, piece)
            sheet.write(140, y, f"{title}, {employer} and daughters, in the old town")
            for row in range(3):
                sheet.write(140, y + 12 + 12 * row, f"Sentence {row} on what the {title} did")

    assert texts(draw)[::4] == [
        "Aug. 2011– Sept. 2013\tMiller, Mill Lane and daughters, in the old town",
        "Aug. 2014– Sept. 2016\tBaker, Oven Street and daughters, in the old town",
        "Aug. 2017– Sept. 2019\tGrocer, Market Square and daughters, in the old town",
    ]


@pytest.mark.parametrize("month", ["Aug", "Mai", "août", "sept.", "Ago"])
def test_a_month_alone_goes_on_with_its_year_below(month: str) -> None:
    """A margin too narrow for month and year has the month on a line of its own."""

    def draw(sheet: Sheet) -> None:
        for job in range(3):
            for row, piece in enumerate((month, f"{2011 + 3 * job}–Dec", f"{2013 + 3 * job}")):
                sheet.write(72, 100 + 60 * job + 12 * row, piece)
            for row in range(4):
                sheet.write(130, 100 + 60 * job + 12 * row, f"Job {job} has sentence {row} here")

    assert texts(draw)[::4] == [
        f"{month} {2011 + 3 * job}–Dec {2013 + 3 * job}\tJob {job} has sentence 0 here"
        for job in range(3)
    ]


def test_a_narrow_table_of_labels_and_values_stays_in_rows() -> None:
    """A label and its value, one line each, stand on one row; a longer value goes on below."""
    rows = [
        ("Name:", "Friedlind Großkopf"),
        ("Anschrift:", "Am Bach 7, 34117 Kassel"),
        ("Geburtsort:", "Fritzlar"),
        ("Führerschein:", "Klassen B und T"),
        ("Sprachen:", "Deutsch, Englisch, Dänisch und"),
    ]

    def draw(sheet: Sheet) -> None:
        for row, (label, value) in enumerate(rows):
            sheet.write(72, 100 + 20 * row, label)
            sheet.write(220, 100 + 20 * row, value)
        sheet.write(220, 192, "ein wenig Friesisch")

    assert texts(draw) == [
        *(f"{label}\t{value}" for label, value in rows),
        "ein wenig Friesisch",
    ]


def test_headings_beside_one_line_each_are_labels() -> None:
    """Bold headings in the margin keep a line of their own, however short their text is."""

    def draw(sheet: Sheet) -> None:
        for row, (label, text) in enumerate(
            (("Profile", "A miller"), ("Languages", "Danish"), ("Hobbies", "Sailing, chess, tea"))
        ):
            sheet.write(72, 100 + 30 * row, label, font=BOLD)
            sheet.write(180, 100 + 30 * row, text)

    assert texts(draw) == [
        *("Profile", "A miller", "Languages", "Danish", "Hobbies", "Sailing, chess, tea")
    ]


def test_a_head_row_whose_cells_both_wrap_is_joined_cell_by_cell() -> None:
    """Employer and range that both go on in the next line come out whole, on one row."""

    def draw(sheet: Sheet) -> None:
        sheet.write(72, 100, "Docent and keeper of the collections of the Heritage Trust")
        sheet.write(355, 100, "May 2023 - June")
        sheet.write(72, 113, "Museum")
        sheet.write(355, 113, "2024")
        sheet.write(72, 130, "Led visitors through the halls, and wrote their labels")
        sheet.write(72, 160, "Guide, Old Mill")
        sheet.write(370, 160, "May 2021 -")
        sheet.write(72, 173, "Ground corn")
        sheet.write(370, 173, "April 2023")

    assert texts(draw) == [
        "Docent and keeper of the collections of the Heritage Trust Museum\tMay 2023 - June 2024",
        "Led visitors through the halls, and wrote their labels",
        "Guide, Old Mill\tMay 2021 - April 2023",
        "Ground corn",
    ]


def timeline(sheet: Sheet) -> None:
    """Draw dates and places in a margin, under headings over the full width, then chips."""
    sheet.write(50, 60, "Wiebke Holmgaard", 24)
    sheet.write(60, 80, "wiebke@holmgaard.example")
    sheet.write(220, 80, "+45 20 55 01 83")
    sheet.write(330, 80, "Odense")
    y = 110.0
    for heading, entries in (
        ("Experience", (("Senior Miller", 3), ("Miller", 2), ("Apprentice", 1))),
        ("Education", (("School of Mills", 0),)),
    ):
        sheet.write(50, y, heading, 12)
        y += 22.0
        for title, items in entries:
            sheet.write(50, y, f"201{items} – 201{items + 1}", 9)
            sheet.write(50, y + 11, "Odense", 9)
            sheet.write(160, y, title, 9, BOLD)
            sheet.write(160, y + 11, f"{title} Limited", 9)
            for item in range(items):
                sheet.write(175, y + 28 + 11 * item, f"• {title} item {item}", 9)
            y += 34 + 11 * items
        y += 10
    sheet.write(50, y, "Tools", 12)
    x = 56.0
    for chip in ("Millstones", "Sieves", "Hoppers", "Scales", "Sacks", "Carts"):
        sheet.write(x, y + 24, chip, 9)
        x += sheet.canvas.stringWidth(chip, PLAIN, 9) + 18


def test_a_timeline_ends_at_the_headings_over_it() -> None:
    """Dates beside entries stay with them; contact row and chips are rows, not two columns."""
    assert texts(timeline) == [
        "Wiebke Holmgaard",
        "wiebke@holmgaard.example\t+45 20 55 01 83\tOdense",
        "Experience",
        *("2013 – 2014\tSenior Miller", "Odense", "Senior Miller Limited"),
        *(f"• Senior Miller item {item}" for item in range(3)),
        *("2012 – 2013\tMiller", "Odense", "Miller Limited"),
        *(f"• Miller item {item}" for item in range(2)),
        *("2011 – 2012\tApprentice", "Odense", "Apprentice Limited", "• Apprentice item 0"),
        *("Education", "2010 – 2011\tSchool of Mills", "Odense", "School of Mills Limited"),
        *("Tools", "Millstones\tSieves\tHoppers\tScales\tSacks\tCarts"),
    ]


def test_lists_side_by_side_below_a_heading_are_columns() -> None:
    """Three lists of wrapping items are read one by one, dates above them notwithstanding."""
    lists = [
        ["• Bread and", "pastry", "• Milling of", "rye"],
        ["• Selling at", "markets", "• Keeping of", "accounts"],
        ["• Driving", "• Danish", "• Finnish", "• Chess"],
    ]

    def draw(sheet: Sheet) -> None:
        for section, heading in enumerate(("Work", "School")):
            y = 100 + 100 * section
            sheet.write(72, y, heading, 13, BOLD)
            for entry in range(3):
                sheet.write(72, y + 24 + 24 * entry, f"{heading} entry {entry} in the mill lane")
                sheet.write(452, y + 24 + 24 * entry, f"20{10 + entry} – 20{11 + entry}")
        sheet.write(72, 300, "Skills", 13, BOLD)
        for column, items in enumerate(lists):
            for row, item in enumerate(items):
                sheet.write(72 + 190 * column, 320 + 13 * row, item)

    lines = texts(draw)
    assert lines[:4] == [
        "Work",
        *(f"Work entry {n} in the mill lane\t20{10 + n} – 20{11 + n}" for n in range(3)),
    ]
    assert lines[8:] == ["Skills", *(item for items in lists for item in items)]


def test_bold_heads_of_two_independent_columns_do_not_end_them() -> None:
    """Headings of a sidebar that stand in gaps of the main column leave both columns whole."""

    def draw(sheet: Sheet) -> None:
        for section in range(3):
            sheet.write(50, 100 + 120 * section, f"Side {section}", 12, BOLD)
            for row in range(5):
                sheet.write(50, 118 + 120 * section + 15 * row, f"Item {row} of {section}")
        for row in range(28):
            if row not in (0, 10, 20):
                sheet.write(220, 88 + 12.2 * row, f"Sentence {row} of the long story of her work")

    lines = texts(draw)
    assert lines[:18] == [
        text
        for section in range(3)
        for text in (f"Side {section}", *(f"Item {row} of {section}" for row in range(5)))
    ]
    assert len(lines) == 18 + 25
