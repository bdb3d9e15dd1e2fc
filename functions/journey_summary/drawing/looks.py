"""How a report looks: colours, sizes, styles."""

from __future__ import annotations

from functools import cache
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph

from functions.journey_summary.drawing.fonts import BASE
from functions.journey_summary.drawing.text import Marked
from shared.models.learning import LearningContainer

INK, GREY, LINE = HexColor("#1b2a41"), HexColor("#5b6675"), HexColor("#d5dce3")
ACCENT, SOFT, WARM, GOLD = (
    HexColor("#0b6b7a"), HexColor("#eaf4f5"), HexColor("#c2500a"), HexColor("#fdf3dc"),
)  # fmt: skip
WHITE = HexColor("#ffffff")
CONTAINER_COLOURS: dict[LearningContainer, Color] = {
    "LEARN": HexColor("#0b6b7a"),
    "EXPERIENCE": HexColor("#e2a32b"),
    "DISCOVER": HexColor("#7a4fb5"),
}
MARGIN = 18 * mm


def page_size(time_zone: str) -> tuple[float, float]:
    """The paper that printers hold where somebody lives, in points: Letter in the Americas."""
    return LETTER if time_zone.startswith(("America/", "US/", "Canada/")) else A4


def regular() -> str:
    """The name of the font of our own words."""
    return BASE.font_name(semibold=False)


def semibold() -> str:
    """The same, heavier."""
    return BASE.font_name(semibold=True)


def paragraph(text: Marked, style: str, **more: Any) -> Paragraph:
    """A paragraph in one of the styles. Letters are shaped where there are any that need it."""
    chosen = _style(style)
    if text.joins or more:
        chosen = ParagraphStyle("own", parent=chosen, shaping=int(text.joins), **more)
    return Paragraph(text.markup, chosen)


@cache
def _style(name: str) -> ParagraphStyle:
    return _styles()[name]


@cache
def _styles() -> dict[str, ParagraphStyle]:
    body = ParagraphStyle(
        "body", fontName=regular(), fontSize=9.5, leading=13.5, textColor=INK, splitLongWords=1
    )

    def style(name: str, **more: Any) -> ParagraphStyle:
        return ParagraphStyle(name, parent=body, **more)

    heavy = {"fontName": semibold()}
    styles = [
        body,
        style("small", fontSize=8, leading=11, textColor=GREY),
        style("heading", **heavy, fontSize=15, leading=19, textColor=ACCENT, spaceBefore=12,
              spaceAfter=5, keepWithNext=1),
        style("subheading", **heavy, fontSize=10.5, leading=14, spaceBefore=6, spaceAfter=2,
              keepWithNext=1),
        style("strong", **heavy),
        style("kicker", **heavy, fontSize=10, leading=14, textColor=WHITE),
        style("name", **heavy, fontSize=30, leading=36, textColor=WHITE),
        style("cover", fontSize=11.5, leading=17, textColor=WHITE),
        style("figure", **heavy, fontSize=17, leading=22, textColor=ACCENT, alignment=TA_CENTER),
        style("caption", fontSize=8, leading=10.5, textColor=GREY, alignment=TA_CENTER),
        style("cell", fontSize=8.5, leading=11.5),
        style("cell_strong", **heavy, fontSize=8.5, leading=11.5),
        style("plan", fontSize=10, leading=14),
        style("plan_strong", **heavy, fontSize=10, leading=14),
        style("badge", fontSize=22, leading=26, alignment=TA_CENTER, textColor=WARM),
    ]  # fmt: skip
    return {each.name: each for each in styles}
