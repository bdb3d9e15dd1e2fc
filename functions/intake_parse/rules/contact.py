"""E-mail addresses, telephone numbers, links and location."""

from __future__ import annotations

import re

from functions.intake_parse.rules.headings import named
from functions.intake_parse.rules.rows import Row, value
from functions.intake_parse.rules.sections import HEADER, Section
from shared.models.resume import Span, Value
from shared.models.text import ExtractedText, PageLink

EMAIL = re.compile(
    r"(?<![\w.+-])[\w][\w.+'-]{0,63}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}\.[a-zA-Z]{2,24}(?![\w@])"
)


_TLD = (
    "com|org|net|io|dev|me|co|ai|edu|info|app|tech|de|fr|it|es|uk|pt|br|eu|ch|at|nl|be|ca|us|au|"
    "in|gov|biz|design|studio|page|site|online|xyz|blog|cv|name|pro|ly|gg|tv|be|se|no|dk|fi|pl|"
    "cz|ie|nz|jp|cn|kr|ru|mx|ar|cl|cloud|codes|works|space|website|art|photography|academy|link|to"
)


LINK = re.compile(
    r"(?:https?:/{1,2}\s?(?:www\.)?[^\s|,;<>\"()\[\]]{3,300}"
    r"|(?<![\w@.])www\.[^\s|,;<>\"()\[\]]{3,300}"
    rf"|(?<![\w@.+/-])(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,4}}(?:{_TLD})(?![\w@-]|\.\w)(?:/[^\s|,;<>\"()\[\]]{{0,200}})?)",
    re.IGNORECASE,
)


_HOSTS = re.compile(
    r"linkedin\.|github\.|gitlab\.|bitbucket\.|stackoverflow\.|behance\.|dribbble\.|medium\.com|"
    r"kaggle\.|leetcode\.|twitter\.|x\.com/|facebook\.|instagram\.|xing\.|orcid\.|scholar\.google|"
    r"researchgate\.|youtube\.|vimeo\.|artstation\.|codepen\.|hackerrank\.|devpost\.|t\.me/|"
    r"huggingface\.|npmjs\.|pypi\.|soundcloud\.|pinterest\.|tiktok\.|wixsite\.|herokuapp\.|"
    r"netlify\.|vercel\.|github\.io|wordpress\.|blogspot\.|notion\.s",
    re.IGNORECASE,
)


def emails(text: ExtractedText, rows: list[Row], sections: list[Section]) -> tuple[Value, ...]:
    """Return the e-mail addresses, those of the header and contact section first.

    Confidence 0.99 there, 0.8 elsewhere, 0.9 from a ``mailto:`` link alone. Those among the
    references are other people's and left out.
    """
    front = front_rows(sections)
    referees = {
        row.index for section in sections if section.kind == "references" for row in section.rows
    }
    theirs = {
        re.sub(r"\s", "", m[0]).rstrip(".").casefold()
        for row in rows
        if row.index in referees
        for m in EMAIL.finditer(row.text)
    }
    found: dict[str, Value] = {}
    for rank in (True, False):
        for row in rows:
            if "@" not in row.text or (row.index in front) is not rank:
                continue
            if row.index in referees:
                continue
            for m in EMAIL.finditer(row.text):
                written = re.sub(r"\s", "", m[0]).rstrip(".")
                found.setdefault(
                    written.casefold(),
                    value(row, m.start(), m.end(), 0.99 if rank else 0.8, written),
                )
    for link in text.links:
        if link.url.casefold().startswith("mailto:"):
            address = link.url[7:].split("?")[0].strip()
            if EMAIL.fullmatch(address) and address.casefold() not in theirs:
                found.setdefault(address.casefold(), Value(value=address, confidence=0.9))
    return tuple(found.values())[:12]


def front_rows(sections: list[Section]) -> frozenset[int]:
    """Return the indexes of the rows in which a person says how to be reached."""
    return frozenset(
        row.index
        for section in sections
        if section.kind in {HEADER, "personal", "summary"}
        for row in section.rows
    )


def link_key(url: str) -> str:
    """Return what makes two writings of one address equal."""
    key = re.sub(r"\s", "", url.casefold()).split("?")[0].split("#")[0]
    key = re.sub(r"^[a-z]+:/{1,2}", "", key)
    return re.sub(r"^www\.", "", key).rstrip("/.,;) ")


def links(text: ExtractedText, rows: list[Row], sections: list[Section]) -> tuple[Value, ...]:
    """Return the links on the page and those that only annotations carry.

    Confidence 0.95 with a scheme or a well-known host, 0.8 a bare domain, 0.9 an annotation alone.
    A bare domain counts only where a person says how to be reached.
    """
    front = front_rows(sections)
    annotated = {link_key(link.url): link for link in text.links if _web(link)}
    found: dict[str, Value] = {}
    for position, row in enumerate(rows):
        if "." not in row.text:
            continue
        for m in LINK.finditer(row.text):
            written = re.sub(r"\s", "", m[0]).rstrip(".,;:)’'")
            key = link_key(written)
            scheme = bool(re.match(r"https?:|www\.", written, re.IGNORECASE))
            known = bool(_HOSTS.search(written))
            if not (scheme or known or ("/" in written[:-1] and row.index in front)) and (
                row.index not in front or not _domain(row, m, key)
            ):
                continue
            if len(key) < 4 or "." not in key:
                continue
            stub = key + "/" if written.endswith("/") else key
            longer = next((k for k in annotated if k != key and _cut_short(stub, k)), None)
            confidence = 0.95 if scheme or known or key in annotated else 0.8
            if longer:
                key, written = longer, annotated[longer].url
            elif m.end() == len(row.text.rstrip()) and written.endswith(("/", "-")):
                rest = _rest_below(row, rows[position + 1 : position + 2])
                if rest:
                    key = link_key(written + rest[1])
                    whole = value(row, m.start(), m.end(), confidence, written + rest[1])
                    if whole.span is not None:
                        whole = whole.model_copy(
                            update={"span": whole.span.model_copy(update={"end": rest[0]})}
                        )
                    found.setdefault(key, whole)
                    continue
            found.setdefault(key, value(row, m.start(), m.end(), confidence, written))
    for key, link in annotated.items():
        if key not in found and key:
            found[key] = Value(value=link.url.strip(), confidence=0.9, span=words_of(text, link))
    return tuple(found.values())


_SLUG = re.compile(r"([\w%-]{2,60}/?)(?:\s\(\w+\))?\s*")


def _rest_below(row: Row, after: list[Row]) -> tuple[int, str] | None:
    """Return where and how the row beneath goes on with an address cut at the line's end."""
    below = after[0] if after else None
    if below is None or abs(below.x0 - row.x0) > 3 or below.page != row.page or below.bullet:
        return None
    slug = _SLUG.fullmatch(below.text, below.body)
    if slug is None or named(below.content) or not re.search(r"[\d_%-]|[a-z]{3}", slug[1]):
        return None
    lower = slug[1] == slug[1].casefold()
    return (below.start + slug.end(1), slug[1]) if lower else None


def _web(link: PageLink) -> bool:
    url = link.url.casefold().strip()
    return url.startswith(("http://", "https://", "www."))


def _cut_short(key: str, longer: str) -> bool:
    """Say whether ``key`` is ``longer`` broken off at the end of a line or by a lost slash."""
    return (
        len(key) >= 12
        and longer.startswith(key)
        and len(longer) - len(key) < 60
        and key.endswith(("-", "/", "_"))
    )


def _domain(row: Row, m: re.Match[str], key: str) -> bool:
    host = key.split("/")[0]
    if re.fullmatch(
        r"(?:node|next|vue|react|angular|express|three|d3|backbone|ember|nuxt|asp|socket)\.\w+",
        host,
    ):
        return False
    if (
        host.endswith((".in", ".to", ".no", ".co", ".it", ".de", ".be", ".at"))
        and m[0] != m[0].casefold()
    ):
        return False
    end = m.end()
    return not row.text[end : end + 1].isalpha()


def words_of(text: ExtractedText, link: PageLink) -> Span | None:
    """Return where the words of an annotation stand; None when it lies on no words."""
    if link.line is None or not 0 <= link.line < len(text.lines):
        return None
    line, start = text.lines[link.line], text.starts[link.line]
    at = line.text.find(link.text) if link.text else -1
    if at < 0 or link_key(link.text) != link_key(link.url):
        return None
    return Span(page=line.page, start=start + at, end=start + at + len(link.text))
