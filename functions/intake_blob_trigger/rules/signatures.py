"""Byte signatures of what must never get in: the EICAR test file and programs."""

from __future__ import annotations

# The test string of https://www.eicar.org, in parts, so that no scanner stumbles over this file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"

_PROGRAMS = (
    (b"\x7fELF", "a Linux program"),
    (b"\xfe\xed\xfa\xce", "a macOS program"),
    (b"\xfe\xed\xfa\xcf", "a macOS program"),
    (b"\xce\xfa\xed\xfe", "a macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a Java or macOS program"),
    (b"\x00asm", "a WebAssembly program"),
    (b"dex\n", "an Android program"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut"),
    (b"#!", "a script"),
)
_DOS_HEADER = 64
_PE_AT_MOST = 4096


def program_of(head: bytes) -> str | None:
    """Say what kind of program begins with these bytes, None when none does.

    ``head`` holds the first bytes of a file, best 4 KiB. Two letters begin a
    Windows program, so the header that they announce is looked up as well.
    """
    for magic, kind in _PROGRAMS:
        if head.startswith(magic):
            return kind
    if head[:2] in (b"MZ", b"ZM") and len(head) >= _DOS_HEADER:
        at = int.from_bytes(head[0x3C:0x40], "little")
        new_header = at + 4 <= len(head) and head[at : at + 2] in (b"PE", b"NE", b"LE", b"LX")
        binary = sum(byte < 9 for byte in head[:_DOS_HEADER]) >= 4
        if new_header or at > _PE_AT_MOST or binary:
            return "a Windows program"
    return None


class SignatureScan:
    """Looks for the EICAR test string in bytes that come in pieces."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, piece: bytes) -> bool:
        """Return whether the string is complete with this piece."""
        window = self._tail + piece
        self._tail = window[-(len(EICAR) - 1) :]
        return EICAR in window
