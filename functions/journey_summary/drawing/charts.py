"""The charts of a report."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.shapes import Drawing

from functions.journey_summary.drawing.looks import (
    ACCENT,
    CONTAINER_COLOURS,
    GREY,
    INK,
    LINE,
    regular,
    semibold,
)
from functions.journey_summary.rules.report import Day, LessonLine
from shared.models.learning import CONTAINERS, SUBJECTS

_LABEL_SIZE = 7.5


def week_chart(days: Sequence[Day], width: float) -> Drawing:
    """Minutes of work by day."""
    drawing = Drawing(width, 108)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 26, 26, round(width - 32), 70
    chart.data = [[round(day.minutes, 1) for day in days]]
    chart.categoryAxis.categoryNames = [f"{day.day:%a}\n{day.day.day} {day.day:%b}" for day in days]
    _dress(chart, most=max(day.minutes for day in days))
    chart.bars[0].fillColor = ACCENT
    chart.bars[0].strokeColor = None
    chart.barWidth, chart.groupSpacing = 10, 12
    _tell_values(chart, [[f"{day.minutes:.0f} min" if day.answers else "" for day in days]])
    drawing.add(chart)
    return drawing


def score_chart(lines: Sequence[LessonLine], width: float) -> Drawing:
    """Percent of questions solved, by subject and container."""
    drawing = Drawing(width, 146)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 26, 38, round(width - 32), 100
    rows = [[line for line in lines if line.container == each] for each in CONTAINERS]
    chart.data = [[line.score or 0 for line in row] for row in rows]
    chart.categoryAxis.categoryNames = list(SUBJECTS)
    _dress(chart, most=100)
    chart.valueAxis.valueMax, chart.valueAxis.valueStep = 112, 25
    chart.valueAxis.labelTextFormat = lambda value: f"{value:.0f} %" if value <= 100 else ""
    for position, container in enumerate(CONTAINERS):
        chart.bars[position].fillColor = CONTAINER_COLOURS[container]
        chart.bars[position].strokeColor = None
    chart.barWidth, chart.groupSpacing, chart.barSpacing = 10, 14, 2
    _tell_values(
        chart,
        [["–" if line.score is None else f"{line.score:.0f}" for line in row] for row in rows],
    )
    drawing.add(chart)
    drawing.add(_legend(width))
    return drawing


def time_chart(lines: Sequence[LessonLine], width: float) -> Drawing:
    """Minutes of work by subject, those of the containers end to end."""
    drawing = Drawing(width, 124)
    chart = HorizontalBarChart()
    chart.x, chart.y, chart.width, chart.height = 74, 38, round(width - 80), 82
    rows = [[line.minutes for line in lines if line.container == each] for each in CONTAINERS]
    # the axis of a horizontal chart goes upwards: the first subject belongs on top
    chart.data = [list(reversed([round(minutes, 1) for minutes in row])) for row in rows]
    chart.categoryAxis.categoryNames = list(reversed(SUBJECTS))
    chart.categoryAxis.style = "stacked"
    sums = [sum(column) for column in zip(*rows, strict=True)]
    _dress(chart, most=max(sums))
    chart.categoryAxis.labels.dx, chart.categoryAxis.labels.boxAnchor = -5, "e"
    chart.valueAxis.labelTextFormat = "%.0f min"
    for position, container in enumerate(CONTAINERS):
        chart.bars[position].fillColor = CONTAINER_COLOURS[container]
        chart.bars[position].strokeColor = None
    chart.barWidth, chart.groupSpacing = 10, 8
    drawing.add(chart)
    drawing.add(_legend(width))
    return drawing


def _dress(chart: VerticalBarChart | HorizontalBarChart, *, most: float) -> None:
    chart.strokeColor = chart.fillColor = None
    values, categories = chart.valueAxis, chart.categoryAxis
    values.valueMin, values.valueMax = 0, max(4.0, 1.18 * most)
    values.valueSteps = None
    values.visibleAxis = values.visibleTicks = False
    values.visibleGrid, values.gridStrokeColor, values.gridStrokeWidth = True, LINE, 0.5
    values.labelTextFormat = "%.0f"
    categories.strokeColor, categories.visibleTicks = LINE, False
    for labels, colour in ((values.labels, GREY), (categories.labels, INK)):
        labels.fontName, labels.fontSize, labels.fillColor = regular(), _LABEL_SIZE, colour
    categories.labels.leading, categories.labels.textAnchor = 9, "middle"


def _tell_values(chart: VerticalBarChart, texts: list[list[str]]) -> None:
    """Write each bar's value above it: a page may be printed in grey."""
    chart.barLabels.fontName, chart.barLabels.fontSize = semibold(), 7
    chart.barLabels.fillColor, chart.barLabels.nudge = INK, 6
    chart.barLabelFormat = "values"
    chart.barLabelArray = texts


def _legend(width: float) -> Legend:
    legend = Legend()
    legend.x, legend.y = round(width / 2), 2
    legend.boxAnchor, legend.alignment = "s", "right"
    legend.columnMaximum, legend.deltax, legend.dxTextSpace = 1, 78, 4
    legend.dx = legend.dy = 7
    legend.fontName, legend.fontSize, legend.fillColor = regular(), _LABEL_SIZE, INK
    legend.strokeColor = None
    legend.colorNamePairs = [(CONTAINER_COLOURS[each], each) for each in CONTAINERS]
    return legend
