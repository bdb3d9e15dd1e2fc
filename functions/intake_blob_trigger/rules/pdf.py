"""What a PDF must not bring along, found by reading its bytes without parsing its structure.

Names are those of ISO 32000-1. Compressed streams are passed over, but for
object streams, in which a writer can hide whole dictionaries; those are
inflated within bounds. What this misses (exotic filters, encrypted object
streams) the sandbox sees, which has the real parser.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator

from functions.intake_blob_trigger.rules.limits import Limits
from functions.intake_blob_trigger.rules.signatures import SignatureScan, program_of
from functions.intake_blob_trigger.rules.source import Source
from functions.intake_blob_trigger.rules.verdict import Code, quarantine, reject

_TAIL = 4096
_DICTIONARY = 4096
"""A stream's dictionary is looked for in so many bytes before it."""
_MOST_AT_ONCE = 1024 * 1024
_OUT = 256 * 1024
_STREAM = re.compile(rb"\bstream(?:\r\n|\n|\r)")
_END_STREAM = b"endstream"
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_NAME_END = rb"(?=[\s/<>\[\](){}%]|$)"
# Blanks and comments between two tokens.
_SPACE = rb"(?:[\s\0]|%[^\r\n]{0,255}[\r\n])*"
# Keys with their kind of value, so that the same letters in a web address raise no alarm.
_SCRIPTS = re.compile(
    rb"/S" + _SPACE + rb"/(?:JavaScript|Launch)" + _NAME_END
    + rb"|/JS" + _SPACE + rb"[(<\d]"
    + rb"|/JavaScript" + _SPACE + rb"(?:<<|\d)"
    + rb"|/Subtype" + _SPACE + rb"/(?:RichMedia|Flash)" + _NAME_END
)  # fmt: skip
_PROGRAM_FILE = re.compile(
    rb"/U?F\s*\([^()\r\n]{1,200}\.(?:exe|scr|com|bat|cmd|pif|js|jse|vbs|vbe|wsf|ps1|jar|msi|dll|hta|lnk"
    rb"|docm|xlsm)\s*\)",
    re.IGNORECASE,
)
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_OBJECT_STREAM = re.compile(rb"/ObjStm" + _NAME_END)
_EMBEDDED_FILE = re.compile(rb"/EmbeddedFile" + _NAME_END)
_DEFLATED = re.compile(rb"/(?:FlateDecode|Fl)" + _NAME_END)


def check_pdf(source: Source, limits: Limits) -> None:
    """Raise an ``Objection`` to a PDF that is incomplete, bears scripts or needs a password."""
    tail = source.read(max(0, source.size - _TAIL), _TAIL)
    if b"%%EOF" not in tail and b"startxref" not in tail:
        raise reject(
            Code.TRUNCATED, "The PDF is incomplete: its end is missing. Please upload it again."
        )
    encryption = _Encryption()
    for text in _outside_streams(source, limits):
        _check_dictionaries(text)
        encryption.note(text)
    if encryption.needs_password():
        raise quarantine(
            Code.ENCRYPTED, "The PDF is protected by a password. Please send it without."
        )


def _check_dictionaries(text: bytes) -> None:
    plain = _ESCAPED.sub(lambda found: bytes([int(found.group(1), 16)]), text)
    if _SCRIPTS.search(plain):
        raise quarantine(
            Code.SCRIPT, "The PDF contains a script or starts a program. Please send it without."
        )
    if _PROGRAM_FILE.search(plain):
        raise quarantine(Code.EXECUTABLE, "The PDF carries a program as an attachment.")


def _outside_streams(source: Source, limits: Limits) -> Iterator[bytes]:
    """Yield what stands outside of streams, and what object streams hold, in bounded pieces."""
    inflated = _Inflated(limits.max_inflated_bytes)
    text = bytearray()
    inside: _Stream | None = None
    carried = b""
    for piece in source.pieces():
        window = carried + piece
        carried = b""
        while window:
            if inside is not None:
                window, carried, done = inside.take(window)
                if not done:
                    break
                yield from inside.contents()
                inside = None
                continue
            start = _STREAM.search(window)
            if start is None:
                # The keyword may be cut in two by the end of the piece.
                text += window[:-16]
                carried = window[-16:]
                break
            text += window[: start.start()]
            inside = _Stream(_last_dictionary(text), inflated)
            window = window[start.end() :]
        if len(text) > _MOST_AT_ONCE:
            yield bytes(text)
            del text[:-_DICTIONARY]
    if inside is not None:
        yield from inside.contents()
    yield bytes(text) + carried


def _last_dictionary(text: bytearray) -> bytes:
    """Return the dictionary of the stream that begins behind ``text``."""
    near = bytes(text[-_DICTIONARY:])
    return near[max(near.rfind(b" obj"), 0) :]


class _Inflated:
    """How much may still be inflated, over all streams."""

    def __init__(self, left: int) -> None:
        self.left = left


class _Stream:
    """One stream of the file while its bytes pass by."""

    def __init__(self, dictionary: bytes, inflated: _Inflated) -> None:
        plain = _ESCAPED.sub(lambda found: bytes([int(found.group(1), 16)]), dictionary)
        self._objects = _OBJECT_STREAM.search(plain) is not None
        self._attached = _EMBEDDED_FILE.search(plain) is not None
        deflated = _DEFLATED.search(plain) is not None
        self._inflater = (
            zlib.decompressobj() if deflated and (self._objects or self._attached) else None
        )
        self._budget = inflated
        self._read = bytearray()
        self._scan = SignatureScan()

    def take(self, window: bytes) -> tuple[bytes, bytes, bool]:
        """Pass bytes of the stream; return what follows, what to carry over, and if it ended."""
        end = window.find(_END_STREAM)
        if end < 0:
            keep = len(_END_STREAM) - 1
            self._pass(window[:-keep])
            return b"", window[-keep:], False
        self._pass(window[:end])
        return window[end + len(_END_STREAM) :], b"", True

    def _pass(self, data: bytes) -> None:
        if not (self._objects or self._attached):
            return
        if self._inflater is None:
            self._keep(data)
            return
        try:
            while data and self._budget.left > 0 and not self._inflater.eof:
                self._keep(self._inflater.decompress(data, _OUT))
                data = self._inflater.unconsumed_tail
        except zlib.error:
            self._inflater = zlib.decompressobj()  # broken: the sandbox's parser decides

    def _keep(self, data: bytes) -> None:
        self._budget.left -= len(data)
        if self._scan.feed(data):
            raise quarantine(Code.TEST_SIGNATURE, "The file contains the EICAR virus test file.")
        if self._attached:
            if len(self._read) < _DICTIONARY:
                self._read += data[:_DICTIONARY]
        elif len(self._read) < 4 * _MOST_AT_ONCE:
            self._read += data

    def contents(self) -> Iterator[bytes]:
        """Yield what the stream holds of the document's structure."""
        if self._attached:
            program = program_of(bytes(self._read))
            if program is not None:
                raise quarantine(Code.EXECUTABLE, f"The PDF carries {program} as an attachment.")
        elif self._objects:
            yield bytes(self._read)


_STANDARD = re.compile(rb"/Filter\s*/Standard" + _NAME_END)
_NUMBER = {
    key: re.compile(rb"/" + key + rb"\s+(-?\d{1,11})" + _NAME_END)
    for key in (b"R", b"V", b"P", b"Length")
}
_STRING = rb"\s*(\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)|<[0-9A-Fa-f\s]*>)"
_TEXT = {key: re.compile(rb"/" + key + _STRING, re.DOTALL) for key in (b"O", b"U")}
_IDENTITY = re.compile(rb"/ID\s*\[" + _STRING, re.DOTALL)
_NO_METADATA = re.compile(rb"/EncryptMetadata\s+false")
_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_ESCAPES = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
}


class _Encryption:
    """Finds the encryption dictionary and tries the empty user password.

    ISO 32000-1, 7.6.3.4, algorithms 2, 4 and 5 (revisions 2 to 4), and
    ISO 32000-2, algorithm 2.A (revision 5). Revision 6 and other handlers are
    left to the sandbox.
    """

    def __init__(self) -> None:
        self._marked = False
        self._dictionary: bytes | None = None
        self._identity = b""

    def note(self, text: bytes) -> None:
        """Look at a piece of the file outside of streams."""
        self._marked = self._marked or _ENCRYPTED.search(text) is not None
        handler = _STANDARD.search(text)
        if handler is not None and self._dictionary is None:
            begin = max(text.rfind(b" obj", 0, handler.start()), handler.start() - _DICTIONARY, 0)
            end = text.find(b"endobj", handler.end())
            limit = handler.end() + _DICTIONARY
            self._dictionary = text[begin : limit if end < 0 else min(end, limit)]
        identity = _IDENTITY.search(text)
        if identity is not None:
            self._identity = _string(identity.group(1))

    def needs_password(self) -> bool:
        """Whether the file is encrypted and the empty password does not open it."""
        if not self._marked or self._dictionary is None:
            return False
        numbers = {key: found for key in _NUMBER if (found := self._number(key)) is not None}
        owner, user = self._text(b"O"), self._text(b"U")
        revision = numbers.get(b"R")
        if revision in (2, 3, 4) and len(owner) >= 32 and len(user) >= 32:
            return not self._opens(revision, numbers, owner[:32], user)
        if revision == 5 and len(user) >= 40:
            return hashlib.sha256(user[32:40]).digest() != user[:32]
        return False

    def _number(self, key: bytes) -> int | None:
        found = _NUMBER[key].search(self._dictionary or b"")
        return None if found is None else int(found.group(1))

    def _text(self, key: bytes) -> bytes:
        found = _TEXT[key].search(self._dictionary or b"")
        return b"" if found is None else _string(found.group(1))

    def _opens(self, revision: int, numbers: dict[bytes, int], owner: bytes, user: bytes) -> bool:
        length = min(max(numbers.get(b"Length", 40) // 8, 5), 16) if revision > 2 else 5
        if numbers.get(b"V") == 4:
            length = 16  # crypt filters: AES or RC4 with 128 bits
        digest = hashlib.md5(_PADDING + owner, usedforsecurity=False)
        digest.update((numbers.get(b"P", 0) & 0xFFFFFFFF).to_bytes(4, "little"))
        digest.update(self._identity)
        if revision >= 4 and _NO_METADATA.search(self._dictionary or b""):
            digest.update(b"\xff\xff\xff\xff")
        key = digest.digest()[:length]
        if revision == 2:
            return _rc4(key, _PADDING) == user[:32]
        for _ in range(50):
            key = hashlib.md5(key, usedforsecurity=False).digest()[:length]
        check = hashlib.md5(_PADDING + self._identity, usedforsecurity=False).digest()
        for turn in range(20):
            check = _rc4(bytes(byte ^ turn for byte in key), check)
        return check == user[:16]


def _string(literal: bytes) -> bytes:
    """Return the bytes of a PDF string, hexadecimal or in parentheses (ISO 32000-1, 7.3.4)."""
    if literal.startswith(b"<"):
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", literal)
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    return re.sub(
        rb"\\([0-7]{1,3}|\r\n|.)|\r\n?",
        _unescaped,
        literal[1:-1],
        flags=re.DOTALL,
    )


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found.group(1)
    if escape is None:
        return b"\n"
    if escape.isdigit():
        return bytes([int(escape, 8) & 0xFF])
    if escape in (b"\r\n", b"\n", b"\r"):
        return b""
    return _ESCAPES.get(escape, escape)


def _rc4(key: bytes, data: bytes) -> bytes:
    """Return data under the RC4 stream cipher, which old PDFs check passwords with."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 0xFF
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) & 0xFF
        j = (j + state[i]) & 0xFF
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 0xFF])
    return bytes(out)
