"""What the column reader makes of tables, grids and labels."""

from __future__ import annotations

import pytest

from tests.flows.intake_extract.sheets import BOLD, PLAIN, Sheet, texts


def table(sheet: Sheet, y: float, rows: list[list[str]], columns: tuple[float, ...]) -> None:
    """Draw a table cell by cell, row by row; ``|`` breaks a line in a cell."""
    for number, row in enumerate(rows):
        for x, cell in zip(columns, row, strict=True):
            for line, text in enumerate(cell.split("|")):
                sheet.write(x, y + 12 * line, text, font=PLAIN if number else BOLD)
        y += 8 + 12 * max(len(cell.split("|")) for cell in row)


def prose(sheet: Sheet, y: float) -> list[str]:
    lines = [f"Sentence {n} on how she came to know all about mills and bread" for n in range(4)]
    for row, line in enumerate(lines):
        sheet.write(60, y + 13 * row, line)
    return lines


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["Credential", "Issuer", "Valid until"],
            ["Registered Miller", "Guild of Millers", "June 2026"],
            ["RYE", "Board of Bakers in the North", "03/2025"],
            ["WHEAT", "Board of Bakers in the North", "03/2025"],
        ],
        [
            ["Period", "Employer", "Duties"],
            ["2019 – 2023", "Mill Lane|Limited", "Led nine millers|on two floors"],
            ["2015 – 2019", "Oven Street", "Bread and cakes|for the market"],
            ["2012 – 2015", "Town Hall", "Nights"],
        ],
    ],
)
def test_a_table_stays_in_rows(rows: list[list[str]]) -> None:
    """Rows that share three columns are read row by row, wrapped cells joined."""

    def draw(sheet: Sheet) -> None:
        sheet.write(60, 80, "Papers", 13, BOLD)
        table(sheet, 105, rows, (66, 240, 430))
        sheet.write(60, 250, "About", 13, BOLD)
        prose(sheet, 270)

    assert texts(draw)[: len(rows) + 2] == [
        "Papers",
        *("\t".join(row).replace("|", " ") for row in rows),
        "About",
    ]


def test_long_cells_of_a_table_are_read_below_their_row() -> None:
    """The lines of a long cell follow the row in order; the next row begins anew."""
    rows = [
        ["Miller", "Mill Lane", "Rye|Wheat|Barley|Oats"],
        ["Baker", "Oven Street", "• Bread|• Cakes"],
        ["Grocer", "Market", "Sales"],
    ]

    def draw(sheet: Sheet) -> None:
        table(sheet, 105, rows, (66, 240, 430))

    assert texts(draw) == [
        *("Miller\tMill Lane\tRye", "Wheat", "Barley", "Oats"),
        *("Baker\tOven Street\t• Bread", "• Cakes", "Grocer\tMarket\tSales"),
    ]


def test_a_centred_grid_keeps_its_first_column() -> None:
    """Skills centred in a grid of two rows are no labels beside columns."""
    rows = [["Wheat", "Milling of rye", "Oats"], ["Baking of bread", "Sales", "Accounts"]]

    def draw(sheet: Sheet) -> None:
        sheet.write(60, 80, "Skills", 13, BOLD)
        for number, row in enumerate(rows):
            for x, skill in zip((130, 300, 470), row, strict=True):
                width = sheet.canvas.stringWidth(skill, PLAIN, 10)
                sheet.write(x - width / 2, 105 + 22 * number, skill)
        sheet.write(60, 160, "About", 13, BOLD)
        prose(sheet, 180)

    assert texts(draw)[:4] == ["Skills", *("\t".join(row) for row in rows), "About"]


def test_two_labels_in_capitals_are_labels() -> None:
    """Where labels look like headings, two of them make a rail."""

    def draw(sheet: Sheet) -> None:
        for section, label in enumerate(("MILLING", "BAKING")):
            sheet.write(60, 100 + 100 * section, label)
            for row in range(5):
                sheet.write(180, 100 + 100 * section + 13 * row, f"{label}, sentence {row} of it")

    assert texts(draw) == [
        text
        for label in ("MILLING", "BAKING")
        for text in (label, *(f"{label}, sentence {row} of it" for row in range(5)))
    ]


@pytest.mark.parametrize("font", [PLAIN, BOLD])
def test_labels_with_their_lists_side_by_side_are_parted(font: str) -> None:
    """Two labels on one row, each with a list, are read as two rows."""
    rows = [
        ("Grinding", "Stone, Roller", "Sifting", "Plansifter"),
        ("Cleaning", "Sieve, Magnet", "Packing", "Sacks, Pallets"),
    ]

    def draw(sheet: Sheet) -> None:
        for number, row in enumerate(rows):
            for x, cell in zip((60, 140, 330, 410), row, strict=True):
                sheet.write(x, 120 + 13 * number, cell, font=font if x in (60, 330) else PLAIN)

    assert texts(draw) == [f"{row[n]}\t{row[n + 1]}" for row in rows for n in (0, 2)]


def test_a_tight_table_below_a_long_heading_stays_in_rows() -> None:
    """A heading that reaches over the gutter below it ends it like its shorter siblings."""

    def draw(sheet: Sheet) -> None:
        for section, heading in enumerate(("Knowledge of machinery", "Tongues")):
            sheet.write(60, 100 + 100 * section, heading, 13, BOLD)
            for row in range(6 - 4 * section):
                y = 120 + 100 * section + 13 * row
                sheet.write(60, y, f"Label {row}")
                sheet.write(140, y, f"Value {row}")

    assert texts(draw) == [
        "Knowledge of machinery",
        *(f"Label {row}\tValue {row}" for row in range(6)),
        "Tongues",
        *(f"Label {row}\tValue {row}" for row in range(2)),
    ]
