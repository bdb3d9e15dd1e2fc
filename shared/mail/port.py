"""E-mails that go out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Mail:
    """One e-mail to one address, as text and as HTML.

    ``message_id`` names it: the same for a repeat, so that whoever gets both can tell.
    ``in_reply_to`` is the ``Message-ID`` of the e-mail that it answers, angle brackets included;
    what is no such id is left out.
    """

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    reply_to: str = ""
    in_reply_to: str = ""


class Mailer(Protocol):
    """A server that takes e-mails. Safe to use from several threads."""

    def ping(self, *, seconds: float) -> None:
        """Greet the server, over the encryption that mails go by, and sign nobody in. Raises
        ``Unavailable`` where it does not answer in ``seconds`` a step, or refuses."""

    def send(self, mail: Mail) -> None:
        """Hand an e-mail over.

        Raises ``Rejected`` when the server will never take it (no such address, content that it
        refuses), ``Throttled`` and ``Unavailable`` for what a later try can help. An e-mail may
        go out twice when the server's answer was lost.
        """
