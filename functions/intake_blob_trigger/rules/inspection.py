"""The check that a file passes before any parser opens it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import BinaryIO

from functions.intake_blob_trigger.rules.formats import (
    CONTAINED,
    HEAD,
    HTML,
    MAIL,
    OLE,
    PDF,
    READABLE,
    RTF,
    TEXT,
    ZIP,
    Format,
    recognise,
)
from functions.intake_blob_trigger.rules.images import IMAGES, check_image
from functions.intake_blob_trigger.rules.limits import Limits
from functions.intake_blob_trigger.rules.ole import check_ole
from functions.intake_blob_trigger.rules.packages import check_package
from functions.intake_blob_trigger.rules.pdf import check_pdf
from functions.intake_blob_trigger.rules.plain_text import is_text
from functions.intake_blob_trigger.rules.rich_text import check_rich_text
from functions.intake_blob_trigger.rules.signatures import EICAR, program_of
from functions.intake_blob_trigger.rules.source import PIECE, Source
from functions.intake_blob_trigger.rules.verdict import (
    Code,
    Objection,
    Verdict,
    accepted,
    quarantine,
    reject,
)
from functions.intake_blob_trigger.rules.web_page import check_web_page

_SPOOLED = 1024 * 1024
_MIB = 1024 * 1024


def inspect_file(stream: BinaryIO, *, name: str, size: int, limits: Limits) -> Verdict:
    """Say whether a file may be extracted, by its content and never by its name.

    ``stream`` is the file, read from its start to its end; memory stays a small
    multiple of ``limits.most_bytes``; ``size`` is its length in bytes as the store
    gives it, used only to refuse early; ``name`` serves the wording alone. Whatever
    the bytes are, the answer is a verdict. Only what the stream itself raises when
    it cannot be read goes through, so that the message is tried again.
    """
    if size > limits.most_bytes:
        return _too_large(limits).verdict(None)
    if stream.seekable():
        return _inspect(stream, name, limits)
    with tempfile.SpooledTemporaryFile(max_size=_SPOOLED) as copy:
        copied = 0
        while piece := stream.read(PIECE):
            copied += len(piece)
            if copied > limits.most_bytes:
                return _too_large(limits).verdict(None)
            copy.write(piece)
        return _inspect(copy, name, limits)  # type: ignore[arg-type]  # a binary file by its use


def _inspect(stream: BinaryIO, name: str, limits: Limits) -> Verdict:
    source = Source(stream)
    kind: Format | None = None
    try:
        _check_size(source.size, limits)
        head = source.read(0, HEAD)
        _check_signatures(source, head, name)
        kind = recognise(head)
        _check_size_of(kind, source.size, limits)
        return accepted(_check(source, kind, limits))
    except Objection as objection:
        return objection.verdict(kind.media_type if kind else None)
    except Exception as error:
        if source.failure is error:
            raise
        # Whatever a hostile file trips over in here is the file's fault, not the store's.
        return reject(Code.UNREADABLE, "The file cannot be read.").verdict(
            kind.media_type if kind else None
        )


def _too_large(limits: Limits) -> Objection:
    return reject(
        Code.TOO_LARGE, f"The file is larger than the limit of {limits.max_bytes / _MIB:g} MiB."
    )


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.most_bytes:
        raise _too_large(limits)
    if size == 0:
        raise reject(Code.EMPTY, "The file is empty.")


def _check_size_of(kind: Format | None, size: int, limits: Limits) -> None:
    if size > (limits.max_mail_bytes if kind is MAIL else limits.max_bytes):
        raise _too_large(limits)


def _check_signatures(source: Source, head: bytes, name: str) -> None:
    if any(EICAR in piece for piece in source.pieces(len(EICAR) - 1)):
        raise quarantine(Code.TEST_SIGNATURE, "The file contains the EICAR virus test file.")
    program = program_of(head)
    if program is not None:
        claim = _extension(name)
        disguise = f" although its name ends in .{claim}" if claim else ""
        raise quarantine(Code.EXECUTABLE, f"The file is {program}{disguise}.")


def _extension(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    return extension.lower() if dot and extension.isalnum() and len(extension) <= 5 else ""


def _check(source: Source, kind: Format | None, limits: Limits) -> str:
    """Return the media type of a file that passes; raises an ``Objection`` otherwise."""
    if kind is None:
        if not is_text(source.pieces()):
            raise reject(Code.UNKNOWN, f"The file is of no known kind. {READABLE}")
        return TEXT
    media_type = kind.media_type
    look_inside = _INSIDE.get(media_type)
    if look_inside is not None:
        media_type = look_inside(source, limits)
    found = CONTAINED.get(media_type, kind)
    if not found.read:
        raise reject(
            Code.UNSUPPORTED,
            f"The file is {found.noun}, which cannot be read yet. {READABLE}",
        )
    return media_type


def _inside_pdf(source: Source, limits: Limits) -> str:
    check_pdf(source, limits)
    return PDF


def _inside_rtf(source: Source, _: Limits) -> str:
    check_rich_text(source)
    return RTF


def _inside_html(source: Source, _: Limits) -> str:
    check_web_page(source)
    return HTML


def _inside_image(media_type: str) -> Callable[[Source, Limits], str]:
    def inside(source: Source, limits: Limits) -> str:
        check_image(source, media_type, limits)
        return media_type

    return inside


_INSIDE: dict[str, Callable[[Source, Limits], str]] = {
    PDF: _inside_pdf,
    ZIP: check_package,
    OLE: lambda source, _: check_ole(source),
    RTF: _inside_rtf,
    HTML: _inside_html,
    **{kind: _inside_image(kind) for kind in IMAGES},
}
