"""Reading members of a zip container and their XML within bounds."""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from functions.intake_extract.rules.errors import Damaged, TooLarge

_CHUNK = 65_536
_MOST_MEMBERS = 5_000


class Container:
    """A zip file held in memory, whose members are counted as they are unpacked.

    Raises :class:`Damaged` when the bytes are no zip, :class:`TooLarge` when
    it lists more than 5,000 members.
    """

    def __init__(self, data: bytes, max_unpacked_bytes: int) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise Damaged("The document is damaged: its container cannot be opened.") from error
        self._names = {info.filename: info for info in self._zip.infolist()}
        self._left = max_unpacked_bytes
        if len(self._names) > _MOST_MEMBERS:
            raise TooLarge("The document holds too many parts.")

    def names(self) -> list[str]:
        """The member names, as stored."""
        return list(self._names)

    def read(self, name: str) -> bytes | None:
        """Return a member's bytes, None when there is none of that name.

        Raises :class:`TooLarge` once all members read so far unpack to more
        than the limit, :class:`Damaged` when the member is broken.
        """
        info = self._names.get(name)
        if info is None:
            return None
        read = bytearray()
        try:
            with self._zip.open(info) as member:
                while chunk := member.read(_CHUNK):
                    read += chunk
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise TooLarge("The document unpacks to more than the size limit.")
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise Damaged(f"The document is damaged in its part {name}.") from error
        except (NotImplementedError, RuntimeError) as error:
            raise Damaged(f"The document's part {name} is packed in an unknown way.") from error
        return bytes(read)

    def xml(self, name: str) -> Element | None:
        """Return the root element of an XML member, None when there is none of that name.

        A document type is refused, so no entity is ever expanded.
        """
        data = self.read(name)
        return None if data is None else parse_xml(data, name)


def parse_xml(data: bytes, name: str) -> Element:
    """Parse XML without document type; raises :class:`Damaged`."""
    # Entities exist only in a document type, and the target refuses that.
    parser = XMLParser(target=_NoDoctype())  # noqa: S314
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise Damaged(f"The document is damaged: {name} is not well-formed.") from error
    return root


class _NoDoctype(TreeBuilder):
    def doctype(self, *_: str | None) -> None:
        """Refuse the declaration that alone can define entities."""
        raise ValueError("document type declarations are not read")
