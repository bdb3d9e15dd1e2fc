"""Dates and date ranges in all common writings, in the languages of the word lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from functions.intake_parse.rules.lexicon import alternation, data, fold, words

_DIGIT = re.compile(r"\d")
EARLIEST, LATEST = 1940, 2049
"""Years that a résumé can mean."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as precise as written: ``2019``, ``2019-05`` or ``2019-05-17``; where it stands."""

    value: str
    start: int
    end: int
    certain: bool = True
    """False when parts were inferred: a two-digit year, a season, an ambiguous order."""


@dataclass(frozen=True, slots=True)
class Period:
    """A range or a single date at ``[start, end)`` of the searched text."""

    start: int
    end: int
    begin: Moment | None
    finish: Moment | None
    current: bool = False
    ranged: bool = True
    """False for a single date, which then is ``finish``."""
    expected: bool = False


@cache
def _month_numbers() -> dict[str, int]:
    table = data("words.json")["months"]
    return {fold(name): int(number) for number, names in table.items() for name in names}


@cache
def _season_months() -> dict[str, int]:
    table = data("words.json")["seasons"]
    return {fold(name): int(number) for number, names in table.items() for name in names}


@cache
def _moment(before: str = r"(?<![\d./-])", before_year: str = r"(?<![\w$€£])(?<!\d[.,-])") -> str:
    month = alternation(_month_numbers())
    season = alternation(_season_months())
    year = r"(?:19[4-9]\d|20[0-4]\d|(?:19|20)(?:xx|yy|--|__))"
    day = r"(?:3[01]|[12]\d|0?[1-9])"
    short = r"(?:'|\b)\d{2}"
    return (
        # 17 May 2019, 17. Mai 2019, 17 de mayo de 2019
        rf"(?:\b{day}(?:\.|st|nd|rd|th)? (?:de )?(?:{month})\b\.?,? (?:de |del )?{year}\b"
        # May 17, 2019
        rf"|\b(?:{month})\b\.? {day}(?:st|nd|rd|th)?, ?{year}\b"
        # May 2019, mai de 2019, May '19, May-2019, May, 2019
        rf"|\b(?:{month})\b\.?[ ,/-]{{0,3}}(?:de |del )?(?:{year}\b|{short}\b)"
        # 2019 May
        rf"|\b{year}[ ,.-]{{1,2}}(?:{month})\b\.?"
        rf"|\b(?:{season})\b(?: (?:of|de|semester))?[ ,]{{1,2}}"
        rf"(?:{year}(?:/\d{{2,4}})?\b|'\d{{2}}\b)"
        # 17.05.2019, 2019-05-17, 05/2019, 2019-05, 5.2019
        rf"|{before}{day} ?[./-] ?\d{{1,2}} ?[./-] ?{year}\b"
        rf"|{before}{year}[./-](?:0[1-9]|1[0-2])[./-](?:3[01]|[12]\d|0[1-9])(?!\d)"
        rf"|{before}(?:0?[1-9]|1[0-2]) ?[./-] ?{year}\b"
        rf"|{before}{year} ?[./-] ?(?:0[1-9]|1[0-2])(?![\d/])"
        rf"|{before}(?:0[1-9]|1[0-2])/'?\d{{2}}(?![\d/])"
        rf"|{before_year}{year}(?![\w%+]|[.,]\d)"
        rf"|'\d{{2}}(?![\d\w]))"
    )


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    month, moment = alternation(_month_numbers()), _moment()
    second = _moment(before="", before_year="")
    season = alternation(_season_months())
    present = alternation(words("present"))
    join = (
        rf"(?:\s?(?:-{{1,3}}|~|>|→|/(?=\s))\s?|\s(?:{alternation(words('range_words'))})\s(?:l')?)"
    )
    since = alternation(words("since_words"))
    expected = alternation(words("expected_words"))
    lead = rf"(?:\b(?P<lead>{since}|{expected})\b:?\s(?:in\s)?)?"
    optional_present = rf"(?:la\s|the\s|el\s|zum\s|l'|o\s|a\s)?(?:{present})\b"
    ranged = re.compile(
        rf"{lead}(?P<a>{moment}){join}"
        rf"(?:(?P<now>{optional_present})|{lead.replace('lead', 'lead2')}"
        rf"(?P<b>{second})|(?P<c>\d{{2}}(?!\d)))"
        # May - August 2019
        rf"|(?P<m>\b(?:{month}|{season})\b\.?){join}(?P<d>{moment})"
        # bis heute behind a date without a dash
        rf"|(?P<e>{moment})\s(?P<till>bis\s(?:heute|jetzt|dato|zum))"
    )
    single = re.compile(rf"{lead}(?P<a>{moment})(?P<open>\s?[-](?=\s*(?:$|\t|\)|\|)))?")
    parts = re.compile(
        rf"(?P<month>\b(?:{month})\b)|(?P<season>\b(?:{season})\b)|(?P<digits>(?:19|20)(?:xx|yy|--|__)|\d+)"
    )
    return ranged, single, parts


def _year(digits: str) -> int | None:
    if len(digits) == 4 and digits.isdigit():
        number = int(digits)
    elif len(digits) == 2 and digits.isdigit():
        number = int(digits) + (2000 if int(digits) < 50 else 1900)
    else:
        return None
    return number if EARLIEST <= number <= LATEST else None


def _resolve(folded: str, start: int, end: int) -> Moment | None:
    """Read one written date; None for a placeholder year such as 20XX."""
    month: int | None = None
    certain = True
    numbers: list[str] = []
    for part in _patterns()[2].finditer(folded, start, end):
        if part["month"]:
            month = _month_numbers()[part["month"]]
        elif part["season"]:
            month, certain = _season_months()[part["season"]], False
        else:
            numbers.append(part["digits"])
    year: int | None = None
    for position, digits in enumerate(numbers):
        if len(digits) == 4:
            year = _year(digits)
            numbers.pop(position)
            break
    else:
        if numbers:
            year, certain = _year(numbers.pop()), False
    if year is None:
        return None
    if month is not None and certain:
        day = next((int(n) for n in numbers if len(n) <= 2 and 1 <= int(n) <= 31), None)
        return _moment_of(year, month, day, start, end, certain)
    if month is not None or not numbers:
        return _moment_of(year, month, None, start, end, certain)
    first = int(numbers[0])
    if len(numbers) == 1:
        return _moment_of(year, first if 1 <= first <= 12 else None, None, start, end, certain)
    second = int(numbers[1])
    if folded[start : start + 4].isdigit():
        return _moment_of(year, first, second, start, end, certain)
    if second > 12:
        return _moment_of(year, first, second, start, end, certain)
    # Day before month everywhere but in the United States, where slashes are the custom.
    if "/" in folded[start:end] and first <= 12:
        return _moment_of(year, None if first != second else first, None, start, end, False)
    return _moment_of(year, second, first, start, end, certain)


def _moment_of(
    year: int, month: int | None, day: int | None, start: int, end: int, certain: bool
) -> Moment:
    if month is None or not 1 <= month <= 12:
        return Moment(f"{year:04d}", start, end, certain)
    if day is not None:
        try:
            return Moment(date(year, month, day).isoformat(), start, end, certain)
        except ValueError:
            pass
    return Moment(f"{year:04d}-{month:02d}", start, end, certain)


def _range(folded: str, m: re.Match[str]) -> Period | None:
    if m["m"]:
        finish = _resolve(folded, *m.span("d"))
        begin = None
        if finish:
            number = _month_numbers().get(m["m"].rstrip(".")) or _season_months().get(
                m["m"].rstrip(".")
            )
            year = int(finish.value[:4])
            if number and len(finish.value) > 4 and number > int(finish.value[5:7]):
                year -= 1
            begin = Moment(f"{year:04d}-{number or 1:02d}", *m.span("m"))
        return Period(m.start(), m.end(), begin, finish)
    if m["e"]:
        return Period(m.start(), m.end(), _resolve(folded, *m.span("e")), None, current=True)
    begin = _resolve(folded, *m.span("a"))
    if m["now"]:
        return Period(m.start(), m.end(), begin, None, current=True)
    if m["c"]:
        last = _year(m["c"])
        if begin is None or last is None or last < int(begin.value[:4]) or len(begin.value) > 4:
            return None
        return Period(m.start(), m.end(), begin, Moment(str(last), *m.span("c"), False))
    return Period(m.start(), m.end(), begin, _resolve(folded, *m.span("b")))


def find(folded: str, start: int = 0, end: int | None = None) -> list[Period]:
    """Return the periods in folded text, left to right, ranges before single dates."""
    end = len(folded) if end is None else end
    if not _DIGIT.search(folded, start, end):
        return []
    ranged, single, _ = _patterns()
    found: list[Period] = []
    at = start
    for m in ranged.finditer(folded, start, end):
        period = _range(folded, m)
        if period is None:
            continue
        found.extend(_singles(single, folded, at, m.start()))
        found.append(period)
        at = m.end()
    found.extend(_singles(single, folded, at, end))
    return found


_OPEN_LEADS = frozenset(
    "since;depuis;depuis le;seit;desde;desde el;dal;sinds;sedan;siden;od;din".split(";")  # noqa: SIM905
)
"""Words before a single date that say it lasts."""


def _singles(pattern: re.Pattern[str], folded: str, start: int, end: int) -> list[Period]:
    found = []
    for m in pattern.finditer(folded, start, end):
        moment = _resolve(folded, *m.span("a"))
        lead = m["lead"] or ""
        if lead in words("since_words") and lead not in words("expected_words"):
            open_end = lead in _OPEN_LEADS
            found.append(Period(m.start(), m.end(), moment, None, current=open_end, ranged=True))
        elif m["open"] and not lead:
            found.append(Period(m.start(), m.end(), moment, None, current=True))
        else:
            found.append(
                Period(
                    m.start(),
                    m.end(),
                    None,
                    moment,
                    ranged=False,
                    expected=lead in words("expected_words") and bool(lead),
                )
            )
    return found
