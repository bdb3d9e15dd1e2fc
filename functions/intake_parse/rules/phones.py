"""Telephone numbers, validated by libphonenumber."""

from __future__ import annotations

import re
from collections.abc import Iterable

from functions.intake_parse.rules.contact import front_rows
from functions.intake_parse.rules.lexicon import fold
from functions.intake_parse.rules.places import STREET
from functions.intake_parse.rules.rows import Row, value
from functions.intake_parse.rules.sections import Section
from shared.models.resume import Value
from shared.models.text import ExtractedText

MOST = 12
"""E-mails and telephone numbers kept at most."""


PHONE = re.compile(r"(?<![\w/.@,-])(?:\(?\+|00|\()?[ ]?\d[\d ().\-–—‐‑·/]{5,24}\d(?![\w@/]|[.,]\d)")


_PHONE_LABEL = re.compile(
    r"(?:phone|tel|tel[eé]fono|t[eé]l[eé]phone|telefon|telefone|mobile?|mobil|m[oó]vil|"
    r"cell|cellulare|"
    r"cellphone|handy|telemóvel|celular|portable|whatsapp|fax|ph|gsm|call)\b",
    re.IGNORECASE,
)


_NOT_PHONE = re.compile(
    r"(?<![\w.@-])(?:gpa|isbn|issn|patent|doi|zip|plz|cap|id|passport|cedula|dni|nif|cpf|rg|n°|no\.|"
    r"iban|ssn|born|"
    r"geboren|birth|nascita|nacimiento|naissance)[\s:.#°]*$",
    re.IGNORECASE,
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
            for m in PHONE.finditer(row.text):
                _phone(row, m, rank, region, found)
    if not found:
        for link in text.links:
            if link.url.casefold().startswith("tel:"):
                written = link.url[4:].strip()
                number, sure = formatted(written, region)
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
    if not 7 <= digits <= 15 or _NOT_PHONE.search(before) or like_dates(written):
        return
    number, sure = formatted(written, region)
    shaped = written.startswith(("+", "00", "(")) or bool(
        re.fullmatch(r"\d{3}\s?[-.\s–—‐‑]\s?\d{3}\s?[-.\s–—‐‑]\s?\d{4}", written)
    )
    follows = re.match(r"\s[A-ZÀ-Ý][a-z]", row.text[start + len(written) :])
    if (follows or STREET.search(before)) and not (labelled or shaped or written[0] == "0"):
        # A house number and a postcode.
        return
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


def like_dates(written: str) -> bool:
    """Say whether digits are dates, years or a bare figure rather than a telephone number."""
    if re.fullmatch(r"(?:19|20)\d\d\s?[-–—/. ]{1,3}\s?(?:19|20)\d\d.*", written):
        return True
    if re.match(
        r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d\b|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}\b", written
    ):
        return True
    return bool(re.match(r"(?:0?[1-9]|1[0-2])[./-](?:19|20)\d\d\s?[-–—/]", written))


def formatted(written: str, region: str | None) -> tuple[str, bool]:
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
    "sv": "SE", "da": "DK", "no": "NO", "nb": "NO", "nn": "NO", "fi": "FI", "cs": "CZ", "sk": "SK",
    "ro": "RO", "tr": "TR", "hu": "HU",
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
