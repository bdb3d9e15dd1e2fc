"""The members of a ZIP file, listed and unpacked within bounds of memory.

Follows PKWARE's APPNOTE 6.3. The standard library's reader takes the whole
directory into memory, so that a few megabytes can cost hundreds; this one
stops at the limit. Sizes in headers are never believed: bytes are counted as
they come out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from functions.intake_blob_trigger.rules.limits import Limits
from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine, reject

_END, _END_SIZE = b"PK\x05\x06", 22
_LONGEST_COMMENT = 65_535
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED_FLAG = 0x1
_STORED, _DEFLATED = 0, 8
_SYMLINK = 0o120000
_IN, _OUT = 64 * 1024, 256 * 1024
_RATIO_FROM = 1024 * 1024
_ZIP64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the central directory, as it claims to be."""

    name: str
    packed: int
    unpacked: int
    method: int
    checksum: int
    offset: int
    """Of the local header, in the file."""


class Archive:
    """A ZIP file under check."""

    def __init__(self, source: Source, limits: Limits) -> None:
        """List the members; raises an ``Objection`` to what no honest document has."""
        self._source = source
        self._limits = limits
        self._left = limits.max_unpacked_bytes
        self.members = list(self._list())
        if not self.members:
            raise reject(Code.EMPTY, "The archive is empty.")
        self._spans()

    def _list(self) -> Iterator[Member]:
        directory, size, shift = self._directory()
        at, end = directory, directory + size
        while at + _ENTRY.size <= end:
            fields = self._source.read(at, _ENTRY.size)
            if len(fields) < _ENTRY.size or not fields.startswith(b"PK\x01\x02"):
                raise reject(Code.DAMAGED, "The file is damaged: its table of contents is broken.")
            _, _, _, flags, method, _, _, checksum, packed, unpacked, *rest = _ENTRY.unpack(fields)
            name_length, extra_length, comment_length, _, _, attributes, offset = rest
            name = self._source.read(at + _ENTRY.size, name_length)
            if len(name) < name_length:
                raise reject(Code.DAMAGED, "The file is damaged: its table of contents is broken.")
            if _ZIP64 in (packed, unpacked, offset):
                extra = self._source.read(at + _ENTRY.size + name_length, extra_length)
                packed, unpacked, offset = _zip64(extra, packed, unpacked, offset)
            if flags & _ENCRYPTED_FLAG:
                raise quarantine(
                    Code.ENCRYPTED, "The file is protected by a password. Please send it without."
                )
            text = name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
            if _leads_outside(text) or (attributes >> 16) & 0o170000 == _SYMLINK:
                raise quarantine(
                    Code.UNSAFE_PATH, "The file contains parts that point outside of it."
                )
            yield Member(text, packed, unpacked, method, checksum, offset + shift)
            at += _ENTRY.size + name_length + extra_length + comment_length

    def _directory(self) -> tuple[int, int, int]:
        """Return where the central directory begins, its size, and the length of what precedes."""
        size = self._source.size
        tail_at = max(0, size - _END_SIZE - _LONGEST_COMMENT)
        tail = self._source.read(tail_at, size - tail_at)
        # Without a comment the record is the very end; the reader of the document looks there too.
        at = len(tail) - _END_SIZE
        if at < 0 or tail[at : at + 4] != _END or tail[-2:] != b"\0\0":
            at = tail.rfind(_END)
        if at < 0 or at + _END_SIZE > len(tail):
            raise reject(
                Code.TRUNCATED,
                "The file is incomplete: its end is missing. Please upload it again.",
            )
        _, _, _, _, count, length, offset, _ = struct.unpack_from("<4s4H2LH", tail, at)
        if count > self._limits.max_members:
            raise quarantine(Code.BOMB, "The file holds too many parts to be a document.")
        begin = tail_at + at - length
        if begin < 0 or offset > begin:
            raise reject(Code.DAMAGED, "The file is damaged: its table of contents is missing.")
        return begin, length, begin - offset

    def _spans(self) -> None:
        """Refuse too many members, and members that share bytes, as bombs do."""
        if len(self.members) > self._limits.max_members:
            raise quarantine(Code.BOMB, "The file holds too many parts to be a document.")
        declared = sum(member.unpacked for member in self.members)
        if declared > self._limits.max_unpacked_bytes:
            raise _bomb()
        end = 0
        for member in sorted(self.members, key=lambda member: member.offset):
            if member.offset < end:
                raise _bomb()
            end = member.offset + _LOCAL.size + member.packed

    def unpack(self, member: Member) -> Iterator[bytes]:
        """Yield the bytes of a member in pieces of at most 256 KiB.

        Raises an ``Objection`` when it is broken, unpacks to more than the
        limit (all members together), or grows as only a bomb does.
        """
        start = self._start(member)
        out = checksum = 0
        pieces = (
            self._stored(start, member.packed)
            if member.method == _STORED
            else self._inflated(start, member.packed)
        )
        for piece in pieces:
            out += len(piece)
            self._left -= len(piece)
            if self._left < 0 or (
                out > _RATIO_FROM and out > self._limits.max_ratio * max(1, member.packed)
            ):
                raise _bomb()
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if checksum != member.checksum or out != member.unpacked:
            raise reject(Code.DAMAGED, "The file is damaged: a part of it is broken.")

    def _start(self, member: Member) -> int:
        header = self._source.read(member.offset, _LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise reject(Code.DAMAGED, "The file is damaged: a part of it is missing.")
        *_, name_length, extra_length = _LOCAL.unpack(header)
        if member.method not in (_STORED, _DEFLATED):
            raise reject(Code.UNSUPPORTED, "The file is packed in a way that cannot be read.")
        start = member.offset + _LOCAL.size + name_length + extra_length
        if start + member.packed > self._source.size:
            raise reject(Code.TRUNCATED, "The file is incomplete. Please upload it again.")
        return int(start)

    def _stored(self, start: int, length: int) -> Iterator[bytes]:
        for offset in range(0, length, _OUT):
            yield self._source.read(start + offset, min(_OUT, length - offset))

    def _inflated(self, start: int, length: int) -> Iterator[bytes]:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for offset in range(0, length, _IN):
                packed = self._source.read(start + offset, min(_IN, length - offset))
                while packed and not inflater.eof:
                    piece = inflater.decompress(packed, _OUT)
                    packed = inflater.unconsumed_tail
                    if piece:
                        yield piece
            while not inflater.eof and (piece := inflater.decompress(b"", _OUT)):
                yield piece
        except zlib.error as error:
            raise reject(Code.DAMAGED, "The file is damaged: a part of it is broken.") from error


def _bomb() -> Exception:
    return quarantine(
        Code.BOMB, "The file unpacks to far more than a document holds, as decompression bombs do."
    )


def _leads_outside(name: str) -> bool:
    path = name.replace("\\", "/")
    return (
        not name
        or path.startswith("/")
        or "\0" in name
        or ".." in path.split("/")
        or (len(path) > 1 and path[1] == ":")
    )


def _zip64(extra: bytes, packed: int, unpacked: int, offset: int) -> tuple[int, int, int]:
    """Return the sizes and offset with those that the 64-bit extra field holds put in."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if kind != 1:
            continue
        values = [int.from_bytes(body[i : i + 8], "little") for i in range(0, len(body) - 7, 8)]
        unpacked = values.pop(0) if unpacked == _ZIP64 and values else unpacked
        packed = values.pop(0) if packed == _ZIP64 and values else packed
        offset = values.pop(0) if offset == _ZIP64 and values else offset
    return packed, unpacked, offset
