"""Documents that are ZIP files: Word and its kin, OpenDocument, and what only looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from functions.intake_blob_trigger.rules.archive import Archive, Member
from functions.intake_blob_trigger.rules.formats import DOCX, ODT, ZIP
from functions.intake_blob_trigger.rules.limits import Limits
from functions.intake_blob_trigger.rules.opendocument import check_opendocument
from functions.intake_blob_trigger.rules.signatures import SignatureScan, program_of
from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine, reject

_OFFICE = b"application/vnd.openxmlformats-officedocument."
_CONTENT_TYPES = "[Content_Types].xml"
_MAIN_TYPES = (
    (b"wordprocessingml.document.main+xml", DOCX),
    (b"wordprocessingml.template.main+xml", DOCX),
    (
        b"spreadsheetml.sheet.main+xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        b"presentationml.presentation.main+xml",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
)
_MIMETYPE_MEMBER = "mimetype"
_KNOWN_MIMETYPES = {
    b"application/vnd.oasis.opendocument.text": ODT,
    b"application/vnd.oasis.opendocument.text-template": ODT,
    b"application/vnd.oasis.opendocument.spreadsheet": (
        "application/vnd.oasis.opendocument.spreadsheet"
    ),
    b"application/epub+zip": "application/epub+zip",
}
_MACRO_PART = re.compile(r"(?:^|/)vba(?:project|data)[^/]*\.(?:bin|xml)$", re.IGNORECASE)
_MACRO_TYPE = re.compile(rb"macroEnabled|vnd\.ms-office\.vbaProject", re.IGNORECASE)
_OPENDOCUMENT_MACROS = re.compile(r"^(?:Basic|Scripts)/.+\.(?:xml|xba|py|js|bsh)$", re.IGNORECASE)
_ACTIVE_PART = re.compile(r"(?:^|/)(?:activeX/|oleObject[^/]*\.bin$)", re.IGNORECASE)
_ACTIVE_TYPE = re.compile(
    rb"relationships/(?:oleObject|control|activeXControlBinary)\"", re.IGNORECASE
)
_RELATIONSHIP = re.compile(rb"<(?:\w+:)?Relationship\b[^>]{0,8192}>")
_PULLS_IN = re.compile(
    rb"relationships/(?:attachedTemplate|oleObject|frame|subDocument|aFChunk|control)[\"']"
)
_EXTERNAL = re.compile(rb"TargetMode\s*=\s*[\"']External[\"']")
_TARGET = re.compile(rb"\bTarget\s*=\s*[\"']([^\"']*)[\"']")
# file:///C:/… names a template on the writer's own disk, as Word itself stores it.
_OWN_DISK = re.compile(rb"(?:file:/{2,3})?[a-z](?::|%3a)[\\/]", re.IGNORECASE)
_REMOTE = re.compile(rb"^\s*(?:[a-z][a-z0-9+.-]*:|[\\/]{2})", re.IGNORECASE)
_DDE = re.compile(rb"<(?:\w+:)?instrText\b[^>]{0,256}>\s*DDE(?:AUTO)?\b", re.IGNORECASE)
_CHART_DATA = re.compile(r"/embeddings/[^/]+\.xlsx$", re.IGNORECASE)
_ARCHIVE_HEADS = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b\x08", b"MSCF")
_OLE_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP_OVERLAP = 8192
_HEAD = 4096


def check_package(source: Source, limits: Limits) -> str:
    """Return the media type of what a ZIP file is, after looking at every member.

    Raises an ``Objection`` to bombs, macros, scripts, embedded programs and
    archives, references that pull in remote content, passwords and damage.
    """
    archive = Archive(source, limits)
    names = {member.name for member in archive.members}
    kind = ZIP
    for member in archive.members:
        if _MACRO_PART.search(member.name) or _OPENDOCUMENT_MACROS.match(member.name):
            raise _macros()
        kind = _check_member(archive, member, kind)
    if kind == ZIP:
        kind = _by_names(names)
    if kind == DOCX and not any(
        name.lower().endswith("document.xml") or name.lower().startswith("word/") for name in names
    ):
        raise reject(Code.DAMAGED, "The Word document is damaged: its text is missing.")
    if kind == ODT and "content.xml" not in names:
        raise reject(Code.DAMAGED, "The document is damaged: its text is missing.")
    return kind


def _macros() -> Exception:
    return quarantine(Code.MACROS, "The document contains macros. Please send it without.")


def _check_member(archive: Archive, member: Member, kind: str) -> str:
    """Look through one member; return the kind of package as far as it tells."""
    scan = SignatureScan()
    markup = member.name.lower().endswith((".xml", ".rels"))
    head = tail = b""
    for piece in archive.unpack(member):
        if scan.feed(piece):
            raise quarantine(Code.TEST_SIGNATURE, "The file contains the EICAR virus test file.")
        if not head:
            head = piece[:_HEAD]
            _check_head(member, head)
        if markup:
            window = tail + piece
            tail = window[-_MARKUP_OVERLAP:]
            _check_markup(member, window)
            check_opendocument(window)
            kind = _declared(member, window, kind)
    if member.name == _MIMETYPE_MEMBER:
        kind = _KNOWN_MIMETYPES.get(head.strip(), kind)
    return kind


def _declared(member: Member, window: bytes, kind: str) -> str:
    if member.name != _CONTENT_TYPES:
        return kind
    if _MACRO_TYPE.search(window):
        raise _macros()
    return next((found for name, found in _MAIN_TYPES if _OFFICE + name in window), kind)


def _check_head(member: Member, head: bytes) -> None:
    program = program_of(head)
    if program is not None:
        raise quarantine(Code.EXECUTABLE, f"The file contains {program}.")
    if _ACTIVE_PART.search(member.name) or head.startswith(_OLE_HEAD):
        raise quarantine(
            Code.EMBEDDED, "The document contains an embedded object. Please send it without."
        )
    if head.startswith(_ARCHIVE_HEADS) and not _CHART_DATA.search(member.name):
        raise quarantine(Code.NESTED, "The file contains a further archive.")


def _check_markup(member: Member, window: bytes) -> None:
    if b"<!ENTITY" in window:
        raise quarantine(Code.BOMB, "The document defines entities, as no word processor does.")
    if _DDE.search(window):
        raise quarantine(Code.SCRIPT, "The document starts another program when it is opened.")
    if not member.name.lower().endswith(".rels"):
        return
    for relationship in _RELATIONSHIP.findall(window):
        for target in _pulled_in(relationship):
            if _REMOTE.match(target) and not _OWN_DISK.match(target):
                raise quarantine(
                    Code.EXTERNAL,
                    "The document loads a template or an object from elsewhere when it is opened.",
                )
        if _ACTIVE_TYPE.search(relationship):
            raise quarantine(
                Code.EMBEDDED, "The document contains an embedded object. Please send it without."
            )


def _pulled_in(relationship: bytes) -> Iterator[bytes]:
    """Yield the external target of a relationship whose content Word loads by itself."""
    if _EXTERNAL.search(relationship) and _PULLS_IN.search(relationship):
        found = _TARGET.search(relationship)
        if found:
            yield found.group(1)


def _by_names(names: set[str]) -> str:
    if "META-INF/MANIFEST.MF" in names:
        return "application/java-archive"
    if any(name.startswith("Index/") and name.endswith(".iwa") for name in names):
        return "application/vnd.apple.pages"
    return ZIP
