"""Text out of a Rich Text file: its tokens, followed group by group without recursion.

Kept: headers and footers, notes, tables, text boxes, list marks, links, bold and
size. Left out: hidden and deleted text, pictures, objects, comments, field codes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from functions.intake_extract.rules.errors import Damaged
from functions.intake_extract.rules.limits import ExtractLimits
from functions.intake_extract.rules.markup.rtf_tables import Tables, code_page, decoded
from functions.intake_extract.rules.rows import Block, field_url, text_of
from functions.intake_extract.rules.sheets import Sheets
from shared.models.text import ExtractedText
from shared.rtf_tokens import Brace, Chars, Symbol, Token, Word, tokens

MEDIA_TYPE = "application/rtf"
_DEEPEST = 1_000
_LONGEST_CODE = 4_096
_USUAL_SIZE = 12.0
_BODY, _SKIP, _CODE, _FONTS, _STYLES, _MARK = "body", "skip", "code", "fonts", "styles", "mark"
_WITHOUT_TEXT = (
    "colortbl info pict object objdata objclass objname result nonshppict listtable pn "
    "listoverridetable revtbl rsidtbl generator template annotation atnid atnauthor "
    "atrfstart atrfend xmlnstbl themedata colorschememapping latentstyles datastore filetbl "
    "private bkmkstart bkmkend xe tc rxe tcn ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn "
    "shprslt sp sn sv picprop panose falt fname datafield formfield mmath docvar userprops "
    "upr listpicture pgptbl do background nesttableprops txe bxe fontemb keywords"
)
_DESTINATIONS = {
    "fonttbl": _FONTS,
    "stylesheet": _STYLES,
    "fldinst": _CODE,
    "listtext": _MARK,
    "pntext": _MARK,
    **dict.fromkeys(_WITHOUT_TEXT.split(), _SKIP),
}
# Destinations that readers may ignore and that hold text all the same.
_KNOWN_STARRED = {"shpinst": _SKIP, "ud": _BODY, "shppict": _SKIP, "fldinst": _CODE, "do": _SKIP}
_ASIDE = {
    "header": "header", "headerl": "header", "headerr": "header", "headerf": "header",
    "footer": "footer", "footerl": "footer", "footerr": "footer", "footerf": "footer",
    "footnote": "note", "shptxt": "box", "dptxbxtext": "box",
}  # fmt: skip
_CHARACTERS = {
    "tab": "\t", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
_SYMBOLS = {"~": " ", "_": "-", "-": "", "\t": "\t", "{": "{", "}": "}", "\\": "\\"}


@dataclass(slots=True, frozen=True)
class _State:
    """What a group inherits and may change for itself."""

    kind: str = _BODY
    size: float = _USUAL_SIZE
    bold: bool = False
    hidden: bool = False
    deleted: bool = False
    font: int | None = None
    skip: int = 1
    """Characters that stand in for a Unicode one."""
    url: str | None = None
    field: bool = False
    """Whether it is a field, whose code and result are groups in it."""
    starred: bool = False
    aside: bool = False
    """Whether the group is set aside from the text around it."""
    fresh: bool = True
    """Whether nothing was in the group yet."""


def extract_rtf(data: bytes, limits: ExtractLimits) -> ExtractedText:
    """Return the text of a Rich Text file, its language still undecided.

    Everything is on page 1; ``x0`` is the paragraph's indent. Raises
    :class:`Damaged` when it is no such file or nested more than 1,000 deep.
    """
    if not data.lstrip()[:5].lower() == b"{\\rtf":
        raise Damaged("The document is damaged: it is not Rich Text.")
    reader = _Reader(2 * limits.max_chars + 1_000)
    for token in tokens(data):
        reader.take(token)
        if reader.full:
            break
    return text_of(MEDIA_TYPE, reader.blocks(), limits)


class _Reader:
    """Follows the groups and hands text on."""

    def __init__(self, most: int) -> None:
        self._tables = Tables()
        self._state = _State()
        self._stack: list[_State] = []
        self._sheets = Sheets()
        self._bytes = bytearray()
        self._skip = 0
        self._high = 0
        """The first half of a surrogate pair."""
        self._codes: list[str] = []
        """The field codes gathered so far, innermost field last."""
        self._left = most
        self._ended = False

    @property
    def full(self) -> bool:
        """Whether the file ended, or has more text than will be kept."""
        return self._left < 0 or self._ended

    def blocks(self) -> list[Block]:
        """Return what was read: headers, body, notes and footers."""
        self._flush()
        while self._stack:
            self._close()
        return self._sheets.blocks()

    def take(self, token: Token) -> None:
        """Take the next token."""
        if isinstance(token, Chars):
            self._chars(token)
            return
        if isinstance(token, Word):
            if self._skip and token.name in _CHARACTERS:
                self._skip -= 1
                return
            self._skip = 0
        self._flush()
        if isinstance(token, Brace):
            self._skip = 0
            if token.opens:
                self._open()
            else:
                self._close()
                self._ended = not self._stack
        elif isinstance(token, Symbol):
            self._symbol(token.char)
        else:
            self._word(token.name, token.number)

    def _open(self) -> None:
        if len(self._stack) >= _DEEPEST:
            raise Damaged("The document is nested too deeply to be read.")
        self._stack.append(self._state)
        if self._state.field:
            self._state = replace(self._state, field=False, aside=False)
        self._state = replace(self._state, starred=False, aside=False, fresh=True)

    def _close(self) -> None:
        if not self._stack:
            return
        closed, self._state = self._state, self._stack.pop()
        if closed.aside:
            self._sheets.leave()
        if closed.kind == _MARK and self._state.kind != _MARK:
            self._sheets.end_mark()
        if closed.field and self._codes:
            self._codes.pop()

    def _chars(self, token: Chars) -> None:
        data = token.data
        if self._skip:
            gone = min(self._skip, len(data))
            self._skip -= gone
            data = data[gone:]
        if self._state.kind != _SKIP:
            self._bytes += data

    def _flush(self) -> None:
        """Hand on the bytes gathered under one encoding: letters may take two of them."""
        if not self._bytes:
            return
        font = self._tables.default_font if self._state.font is None else self._state.font
        text = decoded(bytes(self._bytes), self._tables.encoding(font))
        self._bytes.clear()
        self._text(text)

    def _text(self, text: str) -> None:
        state = self._state
        if state.fresh:
            self._state = replace(state, fresh=False)
        if state.kind == _CODE:
            if self._codes and len(self._codes[-1]) < _LONGEST_CODE:
                self._codes[-1] += text
        elif state.kind == _STYLES:
            self._tables.style_text(text)
        elif state.kind in (_BODY, _MARK) and not (state.hidden or state.deleted):
            self._left -= len(text)
            self._sheets.top.write(
                text, state.size, bold=state.bold, url=state.url, mark=state.kind == _MARK
            )

    def _symbol(self, char: str) -> None:
        if char == "*":
            self._state = replace(self._state, starred=True)
        elif self._skip:
            self._skip -= 1
        elif char in "\r\n":
            self._word("par", None)
        elif char in _SYMBOLS:
            self._text(_SYMBOLS[char])

    def _word(self, name: str, number: int | None) -> None:
        state = self._state
        if name == "u":
            self._unicode(number or 0)
            return
        if state.fresh:
            self._state = state = replace(state, fresh=False)
            if self._begin(state, name):
                return
        if name in _DESTINATIONS and len(self._stack) > 1:
            self._state = replace(state, kind=_DESTINATIONS[name])
        elif name == "uc":
            self._state = replace(state, skip=min(max(number or 0, 0), 32))
        elif state.kind == _FONTS:
            self._tables.in_fonts(name, number)
        elif state.kind == _STYLES:
            self._tables.in_styles(name, number)
        elif state.kind != _SKIP:
            self._format(name, number)

    def _begin(self, state: _State, name: str) -> bool:
        """Take the first control word of a group; whether it says what the group is."""
        if name in _ASIDE and (state.kind == _BODY or _ASIDE[name] == "box"):
            self._state = _State(skip=state.skip, aside=True, fresh=False)
            self._sheets.enter(_ASIDE[name])
            return True
        if state.kind == _SKIP and name != "ud":
            return True
        if name == "field":
            self._state = replace(state, field=True)
            self._codes.append("")
            return True
        if name == "fldrslt":
            self._state = replace(state, url=field_url(self._codes[-1] if self._codes else ""))
            return True
        kind = _DESTINATIONS.get(name)
        if state.starred:
            kind = _KNOWN_STARRED.get(name, _DESTINATIONS.get(name, _SKIP))
        if kind is None:
            return False
        self._state = replace(state, kind=kind)
        return True

    def _format(self, name: str, number: int | None) -> None:
        state, on = self._state, number != 0
        if name in _CHARACTERS:
            self._text(_CHARACTERS[name])
        elif name == "b":
            self._state = replace(state, bold=on)
        elif name == "fs":
            self._state = replace(state, size=min(max((number or 24) / 2, 1.0), 400.0))
        elif name == "f":
            self._state = replace(state, font=number or 0)
        elif name == "v":
            self._state = replace(state, hidden=on)
        elif name == "deleted":
            self._state = replace(state, deleted=on)
        elif name == "plain":
            self._state = replace(
                state, size=_USUAL_SIZE, bold=False, hidden=False, deleted=False, font=None
            )
        elif name in ("ansicpg", "mac", "pc", "pca", "deff"):
            self._head(name, number)
        elif state.kind == _BODY:
            heading = name == "s" and (number or 0) in self._tables.headings
            self._sheets.top.paragraph(name, number, heading=heading)

    def _head(self, name: str, number: int | None) -> None:
        if name == "deff":
            self._tables.default_font = number or 0
        elif name == "ansicpg":
            self._tables.ansi = code_page(number) or self._tables.ansi
        else:
            self._tables.ansi = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[name]

    def _unicode(self, number: int) -> None:
        self._skip = self._state.skip
        code = number + 0x10000 if number < 0 else number
        if self._state.kind == _SKIP:
            return
        high, self._high = self._high, 0
        if 0xD800 <= code < 0xDC00:
            self._high = code
            return
        if high and 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        if 0 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000:
            self._text(chr(code))
