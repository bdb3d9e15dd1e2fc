"""The kinds of files by their content: one table says how each is known and whether it is read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "text/plain"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
DOC = "application/msword"
ODT = "application/vnd.oasis.opendocument.text"
RTF = "application/rtf"
HTML = "text/html"
READABLE = "Please send a PDF, DOCX, DOC, ODT, RTF, HTML or TXT, or an image of the pages."
"""What to do about a file of another kind."""

HEAD = 4096
"""Bytes from the start of a file that the table needs."""
_PDF_HEADER_WITHIN = 1024


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file."""

    media_type: str
    noun: str
    """With its article, as it stands in a sentence."""
    known_by: Callable[[bytes], bool]
    read: bool = False
    """Whether this release extracts text from it; containers are decided by what they hold."""


def _begins(*magics: bytes, at: int = 0) -> Callable[[bytes], bool]:
    return lambda head: any(head.startswith(magic, at) for magic in magics)


_MARKUP_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml\b[^>]{0,300}>\s*)?(?:<!--.{0,1000}?-->\s*)*"
    rb"<(?:!doctype\s+html|html|head|body|script|(?:title|meta|style|div|section|article|main|table|"
    rb"center|p|h[1-6]|ul)(?:\s[^<>]{0,500})?>)",
    re.IGNORECASE | re.DOTALL,
)
_XML_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b")
_HEADER_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[ \t]?.*(?:\r?\n[ \t]+.*)*\r?\n")
_MAIL_FIELDS = re.compile(
    rb"^(?:received|return-path|message-id|mime-version|delivered-to|dkim-signature):",
    re.IGNORECASE | re.MULTILINE,
)


def _is_mail(head: bytes) -> bool:
    """Whether it begins with e-mail headers (RFC 5322), one of which people never type."""
    at, fields = 0, 0
    while (field := _HEADER_FIELD.match(head, at)) is not None:
        at, fields = field.end(), fields + 1
    return fields >= 3 and len(_MAIL_FIELDS.findall(head[:at])) >= 1


def _is_html(head: bytes) -> bool:
    """Whether it begins as web pages do, in an encoding of one or two bytes."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "replace").encode()
    return _MARKUP_START.match(head) is not None


def _is_webp(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def _is_bmp(head: bytes) -> bool:
    return head.startswith(b"BM") and head[6:10] == b"\0\0\0\0"


def _is_heic(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif", b"hevc")


MAIL = Format("message/rfc822", "an e-mail", _is_mail, read=True)

# The first row that knows the content decides. Plain text has no signature and comes last.
FORMATS: tuple[Format, ...] = (
    Format(ZIP, "a ZIP archive", _begins(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")),
    Format(OLE, "a legacy Office file", _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    Format("image/png", "a PNG image", _begins(b"\x89PNG\r\n\x1a\n"), read=True),
    Format("image/jpeg", "a JPEG image", _begins(b"\xff\xd8\xff"), read=True),
    Format("image/gif", "a GIF image", _begins(b"GIF87a", b"GIF89a"), read=True),
    Format("image/tiff", "a TIFF image", _begins(b"II*\x00", b"MM\x00*"), read=True),
    Format("image/webp", "a WebP image", _is_webp, read=True),
    Format("image/heic", "a HEIC image", _is_heic),
    Format("image/bmp", "a BMP image", _is_bmp, read=True),
    Format(RTF, "an RTF document", _begins(b"{\\rtf"), read=True),
    Format("application/postscript", "a PostScript file", _begins(b"%!PS")),
    Format("application/gzip", "a gzip archive", _begins(b"\x1f\x8b\x08")),
    Format("application/x-7z-compressed", "a 7-Zip archive", _begins(b"7z\xbc\xaf\x27\x1c")),
    Format("application/vnd.rar", "a RAR archive", _begins(b"Rar!\x1a\x07")),
    Format("application/x-bzip2", "a bzip2 archive", _begins(b"BZh")),
    Format("application/x-xz", "an xz archive", _begins(b"\xfd7zXZ\x00")),
    Format("application/vnd.ms-cab-compressed", "a Windows cabinet", _begins(b"MSCF\0\0\0\0")),
    Format("application/x-tar", "a tar archive", _begins(b"ustar", at=257)),
    Format(PDF, "a PDF", lambda head: b"%PDF-" in head[:_PDF_HEADER_WITHIN], read=True),
    Format(HTML, "a web page", _is_html, read=True),
    Format("application/xml", "an XML file", lambda head: _XML_START.match(head) is not None),
    MAIL,
)

# What a ZIP or a legacy Office file turns out to be.
CONTAINED: dict[str, Format] = {
    kind.media_type: kind
    for kind in (
        Format(DOCX, "a Word document", lambda _: False, read=True),
        Format(ODT, "an OpenDocument text", lambda _: False, read=True),
        Format(
            "application/vnd.oasis.opendocument.spreadsheet",
            "an OpenDocument spreadsheet",
            lambda _: False,
        ),
        Format(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "an Excel workbook",
            lambda _: False,
        ),
        Format(
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "a PowerPoint presentation",
            lambda _: False,
        ),
        Format("application/epub+zip", "an e-book", lambda _: False),
        Format("application/java-archive", "a Java archive", lambda _: False),
        Format("application/vnd.apple.pages", "a Pages document", lambda _: False),
        Format(DOC, "a Word document of the old .doc kind", lambda _: False, read=True),
        Format("application/vnd.ms-excel", "an old Excel workbook", lambda _: False),
        Format("application/vnd.ms-powerpoint", "an old PowerPoint file", lambda _: False),
        Format("application/vnd.ms-outlook", "an Outlook message", lambda _: False),
        Format("application/x-msi", "a Windows installer", lambda _: False),
        Format(ZIP, "a ZIP archive", lambda _: False),
        Format(OLE, "a legacy Office file", lambda _: False),
    )
}


def recognise(head: bytes) -> Format | None:
    """Return the kind of file that begins with ``head``, None for text and the unknown."""
    return next((kind for kind in FORMATS if kind.known_by(head)), None)
