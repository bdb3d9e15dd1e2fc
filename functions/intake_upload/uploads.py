"""Reading files out of a form that a browser sends (multipart/form-data, RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import Invalid, TooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FILES = 20
MOST_PARTS = 200
MOST_FILE_BYTES = 10 * 1024 * 1024
MOST_FORM_BYTES = 64 * 1024 * 1024
_PIECE = 64 * 1024
_MOST_HEADERS = 16


@dataclass(frozen=True)
class Uploaded:
    """One file of a form; ``content`` is None when it is longer than a file may be."""

    filename: str
    content: bytes | None = field(repr=False)


def files_of(content_type: str, form: bytes) -> list[Uploaded]:
    """Return the files of a form in their order.

    Fields that are no files, and file fields that nobody filled, are passed over. Raises
    ``Invalid`` for a form that is malformed or ends in the middle, ``TooLarge`` for more than 20
    files or 200 fields: then nothing of it is taken.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise Invalid("the Content-Type of a form names its boundary")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks(), max_header_count=_MOST_HEADERS)
        for start in range(0, len(form), _PIECE):
            parser.write(form[start : start + _PIECE])
        parser.finalize()
    except FormParserError as error:
        raise Invalid("the form is not sound multipart/form-data") from error
    if not parts.ended:
        raise Invalid("the form ends in the middle: its last boundary is missing")
    return parts.files


class _Parts:
    """Gathers what the parser tells of a form into files."""

    def __init__(self) -> None:
        self.ended = False
        self.files: list[Uploaded] = []
        self._parts = 0
        self._field, self._value = bytearray(), bytearray()
        self._headers: dict[str, bytes] = {}
        self._content: bytearray | None = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, a, b: self._field.extend(data[a:b]),
            "on_header_value": lambda data, a, b: self._value.extend(data[a:b]),
            "on_header_end": self._header,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise TooLarge(f"a form has at most {MOST_PARTS} fields")
        self._headers, self._content = {}, bytearray()

    def _header(self) -> None:
        self._headers[self._field.decode("latin-1").casefold()] = bytes(self._value)
        self._field, self._value = bytearray(), bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._content is not None:
            self._content += data[start:end]
            if len(self._content) > MOST_FILE_BYTES:
                self._content = None

    def _end(self) -> None:
        from python_multipart.multipart import parse_options_header

        disposition = self._headers.get("content-disposition", b"")
        given = parse_options_header(disposition.decode("latin-1"))[1].get(b"filename")
        if not given:  # a field of text, or a file field left empty
            return
        if len(self.files) == MOST_FILES:
            raise TooLarge(f"a form has at most {MOST_FILES} files")
        content = None if self._content is None else bytes(self._content)
        self._content = bytearray()
        self.files.append(Uploaded(given.decode("utf-8", "replace"), content))

    def _finish(self) -> None:
        self.ended = True
