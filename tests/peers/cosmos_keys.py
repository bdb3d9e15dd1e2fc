"""Where the service puts a partition: the hash of its key, component by component.

The effective key of a hierarchical partition key (MultiHash, version 2) is the hash of
each component, one after another, so all partitions of a tenant lie side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
_STRING, _STRING_END = b"\x08", b"\xff"


def effective_key(values: Sequence[str]) -> str:
    """The place of a partition, or the beginning of a tenant's places, in hexadecimal."""
    return "".join(_component(value) for value in values)


def _component(value: str) -> str:
    digest = bytearray(murmur3_128(_STRING + value.encode() + _STRING_END))
    digest.reverse()
    digest[0] &= 0x3F
    return digest.hex().upper()


def murmur3_128(data: bytes) -> bytes:
    """MurmurHash3, the variant for 64-bit machines with 128 bits, seed 0."""
    h1 = h2 = 0
    whole = len(data) - len(data) % 16
    for at in range(0, whole, 16):
        h1 ^= _mix1(int.from_bytes(data[at : at + 8], "little"))
        h1 = ((_rotate(h1, 27) + h2) * 5 + 0x52DCE729) & _MASK
        h2 ^= _mix2(int.from_bytes(data[at + 8 : at + 16], "little"))
        h2 = ((_rotate(h2, 31) + h1) * 5 + 0x38495AB5) & _MASK
    tail = data[whole:]
    if len(tail) > 8:
        h2 ^= _mix2(int.from_bytes(tail[8:], "little"))
    if tail:
        h1 ^= _mix1(int.from_bytes(tail[:8], "little"))
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & _MASK
    h2 = (h2 + h1) & _MASK
    h1, h2 = _finish(h1), _finish(h2)
    h1 = (h1 + h2) & _MASK
    h2 = (h2 + h1) & _MASK
    return h1.to_bytes(8, "little") + h2.to_bytes(8, "little")


def _mix1(word: int) -> int:
    return _rotate(word * _C1 & _MASK, 31) * _C2 & _MASK


def _mix2(word: int) -> int:
    return _rotate(word * _C2 & _MASK, 33) * _C1 & _MASK


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK


def _finish(word: int) -> int:
    word ^= word >> 33
    word = word * 0xFF51AFD7ED558CCD & _MASK
    word ^= word >> 33
    word = word * 0xC4CEB9FE1A85EC53 & _MASK
    return word ^ word >> 33
