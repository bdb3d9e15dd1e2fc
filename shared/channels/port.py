"""A chat provider: files are fetched from it, and answers sent."""

from __future__ import annotations

from typing import Protocol


class Messenger(Protocol):
    """One provider. Safe to use from several threads."""

    def fetch(self, account: str, media_id: str, *, most_bytes: int) -> bytes:
        """Return the bytes of a file that somebody sent to an account of ours.

        Raises ``Missing`` when the provider has it no longer, ``TooLarge`` above ``most_bytes``,
        ``Throttled`` and ``Unavailable`` for what a later try can help.
        """

    def send(self, account: str, to: str, text: str, *, reply_to: str = "") -> None:
        """Send a text from an account of ours, as an answer to a message when one is named.

        Raises ``Rejected`` when the provider will never take it (the person blocked us, the time
        to answer is over), ``Throttled`` and ``Unavailable`` for what a later try can help. A
        text may arrive twice when its answer was lost.
        """
