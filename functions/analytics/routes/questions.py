"""What views are asked, and how they answer."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar, get_origin

from pydantic import BaseModel, Field

from functions.analytics.rules.cells import Cell, Key
from functions.analytics.rules.dimensions import PERIODS, ViewName
from functions.analytics.rules.documents import MOST_MONTHS
from functions.analytics.rules.figures import Held, held_back, told
from functions.analytics.rules.metrics import METRICS, Metrics
from functions.analytics.rules.spreadsheet import csv_of
from functions.analytics.rules.suppression import LEAST
from functions.analytics.service import reading
from functions.analytics.service.naming import Names
from functions.analytics.service.reading import Asked, Found
from shared import runtime
from shared.errors import FieldError, Invalid
from shared.http.api import Reply
from shared.http.call import Call, Query

DEFAULT_DAYS = 30
_MOST_DAYS = MOST_MONTHS * 31
CSV = "text/csv; charset=utf-8"

BY_PERIOD = "and one of `day`, `week` (ISO 8601) and `month`"


class ViewQuery(Query):
    """Which days, and in which form."""

    first: date | None = Field(
        default=None, alias="from", description="The first day (UTC); 29 days before `to`"
    )
    last: date | None = Field(
        default=None, alias="to", description="The last day, which counts; today"
    )
    format: Literal["json", "csv"] = Field(default="json", description="`csv` for spreadsheets")
    limit: int = Field(default=100, ge=1, le=1000, description="Groups a page")
    continuation: str | None = Field(
        default=None, max_length=20, description="`continuation` of the page before"
    )

    @property
    def grouping(self) -> tuple[str, ...]:
        """What is asked to group by."""
        named: Sequence[str] = getattr(self, "group_by", ())
        return tuple(dict.fromkeys(named))


class Row(BaseModel):
    """A group of a view."""

    period: str | None = Field(
        default=None, description="Null where the view is not grouped by a period"
    )


class ViewAnswer(BaseModel):
    """What every view says of itself."""

    first_day: date
    last_day: date
    group_by: list[str]
    time_zone: Literal["UTC"] = Field(default="UTC", description="Of days, weeks and months")
    generated_at: datetime
    updated_at: datetime | None = Field(
        description="When something was last counted among this; null where nothing was"
    )
    least_people: int = Field(
        default=LEAST,
        description="Groups of fewer are not shown, and no number that tells of fewer",
    )
    suppressed_groups: int = Field(
        description="Groups, by all that the view counts by, that are left out of rows and total: "
        "too small, or they would tell of one that is"
    )
    groups: int = Field(description="Groups that are shown, on all pages")
    continuation: str | None = Field(description="Of the next page; null on the last one")
    rows: Sequence[Row]
    total: Row | None


RowT = TypeVar("RowT", bound=Row)
AnswerT = TypeVar("AnswerT", bound=ViewAnswer)


def asked_of(
    call: Call[Any, None], view: ViewName, *, default: tuple[str, ...], whole: bool
) -> Asked:
    """The question in a call; with ``whole`` of whole months. Raises ``Invalid`` for days that
    cannot be."""
    query: ViewQuery = call.query
    today = call.now.date()
    last = query.last or (max(today, query.first) if query.first else today)
    begin = _year_before(last) if whole else last - timedelta(days=_less(last))
    first = query.first or begin
    if first > last:
        raise _invalid("from", f"the first day is {first}, after the last, {last}")
    if (last - first).days >= _MOST_DAYS:
        raise _invalid("from", f"at most {MOST_MONTHS} months at once; ask for less")
    by = query.grouping or default
    periods = [name for name in by if name in PERIODS]
    if len(periods) > 1:
        raise _invalid("group_by", f"one period at most, not {' and '.join(periods)}")
    if whole:
        first, last = first.replace(day=1), _month_end(last)
    return Asked(view, first, last, by)


def _less(last: date) -> int:
    """How many days before the last the first is where none is named."""
    return min(DEFAULT_DAYS - 1, (last - date.min).days)


def _year_before(last: date) -> date:
    """The first day of the twelve months that end with this one's."""
    months = max(last.year * 12 + last.month - 12, 12)
    return date(months // 12, months % 12 + 1, 1)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


class Answering(Generic[RowT, AnswerT]):
    """How a view is put into words: its rows' model and its answer's."""

    def __init__(
        self,
        view: ViewName,
        row: type[RowT],
        answer: type[AnswerT],
        *,
        people: str = "learners",
        suppresses: bool = True,
        whole_months: bool = False,
    ) -> None:
        self._view, self._row, self._answer = view, row, answer
        self._people, self._suppresses = people, suppresses
        self._whole_months = whole_months

    def reply(
        self,
        call: Call[Any, None],
        *,
        default: tuple[str, ...],
        more: Callable[[Found, Metrics], dict[str, Any]] = lambda _found, _told: {},
        of_row: Callable[[Asked, Key], dict[str, Any]] = lambda _asked, _key: {},
    ) -> Reply:
        """Answer a call: a page of the view, as JSON or as CSV.

        ``more`` are fields of the answer that are this view's own, by what is told of its total,
        ``of_row`` of each row.
        """
        query: ViewQuery = call.query
        asked = asked_of(call, self._view, default=default, whole=self._whole_months)
        begin = _place(query.continuation)
        found = reading.read(
            runtime.stores(), call.principal.tenant_id, asked, suppresses=self._suppresses
        )
        page = found.rows[begin : begin + query.limit]
        named = [(dict(zip(asked.group_by, key, strict=True)), cell) for key, cell in page]
        names = Names(runtime.stores(), call.principal.tenant_id, self._view, named)
        rows = [
            self._shown(asked, key, self._told(cell), cell, names, of_row(asked, key))
            for key, cell in page
        ]
        is_last = begin + query.limit >= len(found.rows)
        following = None if is_last else str(begin + query.limit)
        if query.format == "csv":
            return self._csv(asked, rows, following)
        total, metrics = None, {}
        if found.total is not None:
            metrics = self._told(found.total, self._held_back(found))
            total = self._shown(asked, (), metrics, found.total, names, of_row(asked, ()))
        return Reply(
            self._answer(
                first_day=asked.first,
                last_day=asked.last,
                group_by=list(asked.group_by),
                generated_at=call.now,
                updated_at=found.updated_at,
                suppressed_groups=found.hidden,
                groups=len(found.rows),
                continuation=following,
                rows=rows,
                total=total,
                **more(found, metrics),
            )
        )

    def _told(self, cell: Cell, held: Held | None = None) -> Metrics:
        return (
            told(self._view, cell, held) if self._suppresses else METRICS[self._view](cell.counts)
        )

    def _held_back(self, found: Found) -> Held:
        """What the total may not tell, by all rows and not those of a page alone."""
        if not self._suppresses:
            return {}
        return held_back(self._view, [(cell, told(self._view, cell)) for _, cell in found.rows])

    def _shown(
        self,
        asked: Asked,
        key: Key,
        metrics: Metrics,
        cell: Cell,
        names: Names,
        more: dict[str, Any],
    ) -> RowT:
        values: dict[str, Any] = {}
        for name, value in zip(asked.group_by, key, strict=False):
            values["period" if name in PERIODS else name] = names.of(name, value)
        if self._people:
            values[self._people] = cell.learners
        return self._row(**{**values, **metrics}, **more)

    def _csv(self, asked: Asked, rows: list[RowT], following: str | None) -> Reply:
        """The rows alone. What they are grouped by comes first; columns that say nothing of this
        question are left out."""
        grouped = ["period" if name in PERIODS else name for name in asked.group_by]
        dimensions = set(self._row.model_fields) - {self._people, *METRICS[self._view]({})}
        left_out = dimensions - {*grouped, "whole_window"}
        dumped = [each.model_dump(mode="json", exclude=left_out) for each in rows]
        nested = {
            name
            for name, field in self._row.model_fields.items()
            if get_origin(field.annotation) in {list, dict}
        }
        plain = [
            name
            for name in self._row.model_fields
            if name not in left_out and name not in grouped and name not in nested
        ]
        name = f"{self._view}-{asked.first}-{asked.last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if following is not None:
            headers["X-Continuation"] = following
        return Reply(csv_of(dumped, [*grouped, *plain]), headers=headers, content_type=CSV)


def _place(continuation: str | None) -> int:
    if continuation is None:
        return 0
    if not continuation.isascii() or not continuation.isdigit():
        raise _invalid("continuation", "it is not one of this list")
    return int(continuation)


def _invalid(parameter: str, why: str) -> Invalid:
    return Invalid(
        f"a query parameter does not hold: {parameter}: {why}",
        fields=(FieldError(parameter, why),),
    )
