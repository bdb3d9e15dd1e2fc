"""E-mail addresses, telephone numbers, links and location."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from functions.intake_parse.rules.lexicon import fold, places, words
from functions.intake_parse.rules.rows import Row, value
from functions.intake_parse.rules.sections import HEADER, Section
from shared.models.resume import Span, Value
from shared.models.text import ExtractedText, PageLink

MOST = 12
"""E-mails and telephone numbers kept at most."""

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w][\w.+'-]{0,63}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}\.[a-zA-Z]{2,24}(?![\w@])"
)
_PHONE = re.compile(
    r"(?<![\w/.@,-])(?:\(?\+|00|\()?[ ]?\d[\d ().\-–—‐‑·/]{5,24}\d(?![\w@/]|[.,]\d)"
)
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|extension|durchwahl)\s*\d{1,5}\b", re.IGNORECASE)
_PHONE_LABEL = re.compile(
    r"(?:phone|tel|tel[eé]fono|t[eé]l[eé]phone|telefon|telefone|mobile?|mobil|m[oó]vil|cell|cellulare|"
    r"cellphone|handy|telemóvel|celular|portable|whatsapp|fax|ph|gsm|call)\b",
    re.IGNORECASE,
)
_NOT_PHONE = re.compile(
    r"(?:gpa|isbn|issn|patent|doi|zip|plz|cap|id|passport|cedula|dni|nif|cpf|rg|n°|no\.|iban|ssn|born|"
    r"geboren|birth|nascita|nacimiento|naissance)[\s:.#°]*$",
    re.IGNORECASE,
)
_TLD = (
    "com|org|net|io|dev|me|co|ai|edu|info|app|tech|de|fr|it|es|uk|pt|br|eu|ch|at|nl|be|ca|us|au|"
    "in|gov|biz|design|studio|page|site|online|xyz|blog|cv|name|pro|ly|gg|tv|be|se|no|dk|fi|pl|"
    "cz|ie|nz|jp|cn|kr|ru|mx|ar|cl|cloud|codes|works|space|website|art|photography|academy|link|to"
)
_LINK = re.compile(
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
_POSTCODE = re.compile(
    r"\b(?:[A-Z]{1,2}-?\d{4,5}|\d{5}(?:-\d{4})?|\d{4}\s?[A-Z]{2}|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|"
    r"[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{4,5}-\d{3}|\d{4})\b"
)
_STREET = re.compile(
    r"\b(?:street|st\.|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|dr\.|boulevard|blvd\.?|way|court|"
    r"straße|strasse|str\.|weg|platz|gasse|allee|rue|calle|c/|avenida|av\.|via|viale|piazza|rua|"
    r"plaza|place|chemin|route|apt|suite|corso|paseo|carrer|travessa)(?![a-z])",
    re.IGNORECASE,
)
_ADDRESS_LABEL = re.compile(
    r"^(?:address|location|adresse|anschrift|wohnort|indirizzo|direcci[oó]n|domicilio|morada|"
    r"endere[cç]o|lieu|ubicaci[oó]n|residenza|ort|city|based in|localidade|localisation|"
    r"residence|current location|lives in|residencia|ciudad|citt[aà]|cidade|ville)\s*[:.]?\s*",
    re.IGNORECASE,
)
_CITY = r"[A-ZÀ-ÝŁŚŽČŞİ][\w'’.-]+(?:[ -][A-ZÀ-ÝŁŚŽČŞİ(d][\w'’.)-]*|\s(?:de|am|an|der|do|da|del|la|le|sur|of|upon|im|di)){0,4}"
_PLACE = re.compile(
    rf"({_CITY}),\s*([A-ZÀ-Ý][\w.'’-]*(?:\s[A-ZÀ-Ý(][\w.')-]*){{0,3}})(?:\s+\d{{4,5}}(?:-\d{{4}})?)?"
)


@cache
def _known_places() -> frozenset[str]:
    return places("regions") | places("countries") | places("cities")


def is_region(text: str) -> bool:
    """Say whether ``text`` is a state, region or country."""
    folded = fold(text.strip())
    return text.strip() in _states() or folded in places("regions") | places("countries")


def is_place(text: str) -> bool:
    """Say whether ``text`` as a whole reads as a place: "Austin, TX", "Lyon, France", "Remote"."""
    text = text.strip(" .()\t-–—|·•,")
    if not text or len(text) > 60:
        return False
    folded = fold(text)
    if folded in _known_places() or folded in words("remote_words"):
        return True
    parts = [p.strip(" .()") for p in re.split(r"[,/|]|\s[-–]\s", text) if p.strip(" .()")]
    if not parts or len(parts) > 4:
        return False
    known = [_place_part(p) for p in parts]
    if len(parts) == 1:
        return known[0] or bool(
            re.fullmatch(rf"(?:\d{{4,5}}\s)?{_CITY}\s\(?[A-Z]{{2}}\)?(?:\s\d{{5}})?", text)
            and text.split()[-1].strip("()") in _states()
        )
    return known[-1] and all(p[:1].isupper() or p[:1].isdigit() for p in parts)


@cache
def _states() -> frozenset[str]:
    return frozenset(state.upper() for state in places("us_states"))


def _place_part(part: str) -> bool:
    folded = fold(part)
    if folded in _known_places() or folded in words("remote_words") or part in _states():
        return True
    bare = re.sub(r"^\d{4,5}\s+|\s+\d{4,5}(?:-\d{4})?$", "", part)
    if bare != part and (bare in _states() or fold(bare) in _known_places()):
        return True
    return bool(re.fullmatch(r"[A-Z]{2}\s\d{5}(?:-\d{4})?", part)) and part[:2] in _states()


def emails(text: ExtractedText, rows: list[Row], sections: list[Section]) -> tuple[Value, ...]:
    """Return the e-mail addresses, those of the header and contact section first.

    Confidence 0.99 there, 0.8 elsewhere (a referee's perhaps), 0.9 from a ``mailto:`` link alone.
    """
    front = front_rows(sections)
    found: dict[str, Value] = {}
    for rank in (True, False):
        for row in rows:
            if "@" not in row.text or (row.index in front) is not rank:
                continue
            for m in _EMAIL.finditer(row.text):
                written = re.sub(r"\s", "", m[0]).rstrip(".")
                found.setdefault(
                    written.casefold(),
                    value(row, m.start(), m.end(), 0.99 if rank else 0.8, written),
                )
    for link in text.links:
        if link.url.casefold().startswith("mailto:"):
            address = link.url[7:].split("?")[0].strip()
            if _EMAIL.fullmatch(address):
                found.setdefault(address.casefold(), Value(value=address, confidence=0.9))
    return tuple(found.values())[:MOST]


def front_rows(sections: list[Section]) -> frozenset[int]:
    """Return the indexes of the rows in which a person says how to be reached."""
    return frozenset(
        row.index
        for section in sections
        if section.kind in {HEADER, "personal", "summary"}
        for row in section.rows
    )


def phones(
    text: ExtractedText, rows: list[Row], sections: list[Section], region: str | None
) -> tuple[Value, ...]:
    """Return the telephone numbers: E.164 when valid, else as written.

    Confidence 0.98 valid, 0.6 shaped like one or labelled but not valid; 0.1 less outside the
    header and contact section. ``region`` (ISO 3166) reads numbers without a country code.
    """
    front = front_rows(sections)
    references = {r.index for s in sections if s.kind == "references" for r in s.rows}
    found: dict[str, Value] = {}
    for rank in (True, False):
        for row in rows:
            if (row.index in front) is not rank or row.index in references:
                continue
            for m in _PHONE.finditer(row.text):
                _phone(row, m, rank, region, found)
    if not found:
        for link in text.links:
            if link.url.casefold().startswith("tel:"):
                written = link.url[4:].strip()
                number, sure = _number(written, region)
                found[number] = Value(value=number, confidence=0.9 if sure else 0.5)
    return tuple(found.values())[:MOST]


def _phone(
    row: Row, m: re.Match[str], front: bool, region: str | None, found: dict[str, Value]
) -> None:
    written = m[0].strip()
    start = m.start() + len(m[0]) - len(m[0].lstrip())
    # A number in parentheses: keep what balances.
    if written.count("(") != written.count(")"):
        written = written.rstrip("( ")
        if written.startswith("(") and ")" not in written:
            written, start = written[1:], start + 1
    digits = sum(c.isdigit() for c in written)
    before = row.text[max(0, start - 24) : start]
    labelled = bool(_PHONE_LABEL.search(before)) or bool(
        _PHONE_LABEL.search(row.text[: row.body + 12])
    )
    follows = re.match(r"\s[A-ZÀ-Ý][a-z]", row.text[start + len(written) :])
    if (
        (follows or _STREET.search(before))
        and not labelled
        and not written.startswith(("+", "(", "0"))
    ):
        return
    if not 7 <= digits <= 15 or _NOT_PHONE.search(before) or _like_dates(written):
        return
    number, sure = _number(written, region)
    shaped = written.startswith(("+", "00", "(")) or bool(
        re.fullmatch(r"\d{3}\s?[-.\s–—‐‑]\s?\d{3}\s?[-.\s–—‐‑]\s?\d{4}", written)
    )
    if not (sure or labelled or (front and (shaped or digits >= 9))):
        return
    if not front and not labelled and not (sure and shaped):
        return
    confidence = (0.98 if sure else 0.6) - (0 if front or labelled else 0.1)
    key = re.sub(r"\D", "", number)
    if fold(before).rstrip(" :.").endswith("fax"):
        confidence = 0.2
    end = start + len(written)
    found.setdefault(key, value(row, start, end, confidence, number))


def _like_dates(written: str) -> bool:
    """Say whether digits are dates, years or a bare figure rather than a telephone number."""
    if re.fullmatch(r"(?:19|20)\d\d\s?[-–—/. ]{1,3}\s?(?:19|20)\d\d.*", written):
        return True
    if re.match(
        r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d\b|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}\b", written
    ):
        return True
    return bool(re.match(r"(?:0?[1-9]|1[0-2])[./-](?:19|20)\d\d\s?[-–—/]", written))


def _number(written: str, region: str | None) -> tuple[str, bool]:
    """Return ``(E.164, True)`` for a valid number, else ``(written, False)``."""
    import phonenumbers

    tidy = re.sub(r"[‐‑–—·]", "-", written)
    tidy = "+" + tidy[2:] if tidy.startswith("00") else tidy
    tidy = re.sub(r"^\+\s+", "+", tidy)
    tried = [None] if tidy.startswith("+") else [region, *(["US"] if region != "US" else [])]
    for country in tried:
        if country is None and not tidy.startswith("+"):
            continue
        try:
            number = phonenumbers.parse(tidy, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), True
    return " ".join(written.split()), False


_REGIONS = {
    "fr": "FR", "es": "ES", "de": "DE", "pt": "PT", "it": "IT", "en": "US", "nl": "NL", "pl": "PL",
}  # fmt: skip
_COUNTRY_REGIONS = {
    "germany": "DE", "deutschland": "DE", "austria": "AT", "osterreich": "AT", "switzerland": "CH",
    "schweiz": "CH", "suisse": "CH", "france": "FR", "spain": "ES", "espana": "ES", "italy": "IT",
    "italia": "IT", "portugal": "PT", "brazil": "BR", "brasil": "BR", "mexico": "MX",
    "argentina": "AR", "colombia": "CO", "chile": "CL", "peru": "PE", "united kingdom": "GB",
    "uk": "GB", "england": "GB", "ireland": "IE", "india": "IN", "canada": "CA", "australia": "AU",
    "netherlands": "NL", "belgium": "BE", "belgique": "BE", "poland": "PL", "sweden": "SE",
    "norway": "NO", "denmark": "DK", "finland": "FI", "singapore": "SG", "japan": "JP",
    "china": "CN", "south africa": "ZA", "nigeria": "NG", "kenya": "KE", "pakistan": "PK",
    "bangladesh": "BD", "philippines": "PH", "indonesia": "ID", "malaysia": "MY", "turkey": "TR",
    "usa": "US", "united states": "US", "london": "GB", "sao paulo": "BR", "rio de janeiro": "BR",
    "lisboa": "PT", "porto": "PT", "wien": "AT", "zurich": "CH", "paris": "FR", "berlin": "DE",
    "munchen": "DE", "hamburg": "DE", "madrid": "ES", "barcelona": "ES", "roma": "IT",
    "milano": "IT", "mumbai": "IN", "bangalore": "IN", "bengaluru": "IN", "delhi": "IN",
}  # fmt: skip


def region_of(language: str, front: Iterable[Row]) -> str | None:
    """Guess the country (ISO 3166) of a résumé from places in its header, else its language."""
    for row in front:
        for word in re.findall(r"[a-z][a-z ]+[a-z]", row.folded):
            for name, region in _COUNTRY_REGIONS.items():
                if name in word and re.search(rf"\b{name}\b", word):
                    return region
    return _REGIONS.get(language)


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
    for row in rows:
        if "." not in row.text:
            continue
        for m in _LINK.finditer(row.text):
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
            longer = next((k for k in annotated if k != key and _cut_short(key, k)), None)
            if longer:
                key, written = longer, annotated[longer].url
            confidence = 0.95 if scheme or known or key in annotated else 0.8
            found.setdefault(key, value(row, m.start(), m.end(), confidence, written))
    for key, link in annotated.items():
        if key not in found and key:
            found[key] = Value(value=link.url.strip(), confidence=0.9, span=_words_of(text, link))
    return tuple(found.values())


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


def _words_of(text: ExtractedText, link: PageLink) -> Span | None:
    """Return where the words of an annotation stand; None when it lies on no words."""
    if link.line is None or not 0 <= link.line < len(text.lines):
        return None
    line, start = text.lines[link.line], text.starts[link.line]
    at = line.text.find(link.text) if link.text else -1
    if at < 0 or link_key(link.text) != link_key(link.url):
        return None
    return Span(page=line.page, start=start + at, end=start + at + len(link.text))


def location(sections: list[Section]) -> Value | None:
    """Return where the person lives, from the header or the contact section.

    Confidence 0.9 behind a label or as a known place, 0.7 by shape (street, postcode) alone.
    """
    best: Value | None = None
    for section in sections:
        if section.kind not in {HEADER, "personal"}:
            continue
        for row in section.rows:
            found = _location(row)
            if found and (best is None or found.confidence > best.confidence):
                best = found
    return best


_SEPARATOR = re.compile(r"\s*(?:\t|\||•|·|●|◦|\s[-–—]\s|\s{3,}|;)\s*")


def _location(row: Row) -> Value | None:
    at = row.body
    pieces = []
    for m in _SEPARATOR.finditer(row.text, row.body):
        pieces.append((at, m.start()))
        at = m.end()
    pieces.append((at, len(row.text)))
    for start, end in pieces:
        piece = row.text[start:end]
        if "@" in piece or len(piece) > 120:
            continue
        label = _ADDRESS_LABEL.match(piece)
        if label and piece[label.end() :].strip():
            return value(row, start + label.end(), end, 0.9)
        if is_place(piece) and fold(piece.strip()) not in words("remote_words"):
            return value(row, start, end, 0.9)
        if _STREET.search(piece) and any(c.isdigit() for c in piece) and "/" not in piece[:6]:
            return value(row, start, end, 0.75)
        place = _PLACE.search(piece)
        if place and (_place_part(place[2]) or _POSTCODE.search(piece)):
            return value(row, start + place.start(), start + place.end(), 0.85)
        postal = re.search(rf"\b(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s{_CITY}", piece)
        if postal and not _PHONE_LABEL.search(piece):
            return value(row, start + postal.start(), start + postal.end(), 0.7)
    return None
