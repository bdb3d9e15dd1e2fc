"""What the sender of a file is told when it has ended, over the channel it came by."""

from __future__ import annotations

from collections.abc import Mapping

from shared.models.intake import Channel, IntakeRecord

ANSWERED: frozenset[Channel] = frozenset({"whatsapp", "telegram", "email"})

_FAILURES = {
    "empty": "empty",
    "too_large": "too_large",
    "unsupported_type": "type",
    "unknown_type": "type",
    "unknown_format": "type",
    "unusable_name": "type",
    "damaged": "damaged",
    "truncated": "damaged",
    "unreadable": "damaged",
    "timed_out": "damaged",
    "out_of_memory": "damaged",
    "crashed": "damaged",
    "no_text": "no_text",
    "ocr_missing": "no_text",
    "nobody_found": "nobody",
    "nested_archive": "unsafe",
    "unsafe_path": "unsafe",
}
"""Which words say why a file failed, by the code of its reason. What is not listed is our own
trouble, of which a sender needs no more than that."""


def is_mail(record: IntakeRecord) -> bool:
    """Whether it is an e-mail itself, not a file that one brought."""
    return record.channel == "email" and record.origin is not None and record.origin.mail is None


def is_answered(record: IntakeRecord) -> bool:
    """Whether the sender of a file that has ended is told of it.

    Where nobody can be told, and of an e-mail whose files are each told of, nobody is. An attempt
    that somebody asked for later is told of only when it went well: that the file cannot be read
    its sender knows.
    """
    if record.channel not in ANSWERED or record.origin is None or not record.origin.sender:
        return False
    if not record.ended or (is_mail(record) and record.state in {"unpacked", "duplicate"}):
        return False
    return record.attempt == 1 or record.state == "completed"


def key_of(record: IntakeRecord) -> str:
    """Which words say how a file ended."""
    code = record.reason.code if record.reason else ""
    if record.state in {"completed", "duplicate"}:
        return record.state
    if record.state == "quarantined":
        return "password" if code == "encrypted" else "unsafe"
    if code == "nothing_attached":
        return "mail_without_file"
    return _FAILURES.get(code, "ours")


def said(words: Mapping[str, str], key: str, record: IntakeRecord) -> str:
    """What the words of a key say of a file."""
    return words[key].format(filename=record.file.filename)
