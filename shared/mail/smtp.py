"""E-mails by SMTP (RFC 5321), encrypted by STARTTLS (RFC 3207) or from the start (RFC 8314)."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, getaddresses, parseaddr
from urllib.parse import urlsplit

from shared.errors import Rejected, Throttled, Unavailable
from shared.mail.port import Mail

TIMEOUT_SECONDS = 15.0
RETRY_SECONDS = 60.0
"""How long a server that asks to come again is left alone: greylisting takes minutes."""
MOST_SUBJECT = 200
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_PORTS = {"smtp": 587, "smtps": 465}
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_REFUSES = 400
_SIZE, _AUTHENTICATION = 552, {530, 534, 535, 538}


def _policy() -> EmailPolicy[EmailMessage]:
    """SMTP's, with ids of other messages never broken into encoded words, which are no ids."""
    headers = HeaderRegistry()
    for name in ("in-reply-to", "references"):
        headers.map_to_type(name, MessageIDHeader)  # type: ignore[arg-type]  # a mixin, as all of them
    return SMTP.clone(header_factory=headers)


_POLICY = _policy()


@dataclass(frozen=True)
class Smtp:
    """One server. ``url`` is ``smtp://host:587`` or ``smtps://host:465``, ``sender`` is
    ``Name <address>``; without ``user`` nobody signs in."""

    url: str
    sender: str
    user: str | None = None
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT_SECONDS

    def send(self, mail: Mail) -> None:
        """See :class:`shared.mail.port.Mailer`."""
        message = composed(mail, self.sender, at=datetime.now(UTC))
        own, theirs = _address(self.sender), _address(mail.to)
        try:
            server = self._connected()
        except smtplib.SMTPResponseException as error:
            raise _later(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the mail server: {type(error).__name__}") from None
        try:
            server.send_message(message, own, [theirs])
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(next(iter(error.recipients.values()))[0]) from None
        except smtplib.SMTPSenderRefused as error:
            # that we may not send is mended by an operator; a message that is too large is not
            is_size = error.smtp_code == _SIZE
            raise _refusal(_SIZE) if is_size else _later(error.smtp_code) from None
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise Rejected("the mail server takes no address with such letters") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the mail server: {type(error).__name__}") from None
        finally:
            # what it took it has taken, however it says goodbye
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def ping(self, *, seconds: float) -> None:
        """See :class:`shared.mail.port.Mailer`."""
        try:
            server = replace(self, timeout=seconds, user=None)._connected()
            try:
                code, _ = server.noop()
            finally:
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
                server.close()
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the mail server: {type(error).__name__}") from None
        if code >= _REFUSES:
            raise Unavailable(f"the mail server answered {code}")

    def _connected(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=_tls())
        else:
            server = smtplib.SMTP(host, port, timeout=self.timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if parts.scheme == "smtp":
                self._encrypt(server, host)
            if self.user is not None:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _encrypt(self, server: smtplib.SMTP, host: str) -> None:
        """Begin encryption where it is offered; off loopback nothing is said without."""
        if server.has_extn("starttls"):
            server.starttls(context=_tls())
            server.ehlo()
        elif host not in _LOOPBACK:
            raise Unavailable("the mail server offers no encryption")


def _sound(text: str) -> str:
    """A text as a mail can hold it: half of a pair of surrogates is no character."""
    return text.encode("utf-8", "replace").decode()


def composed(mail: Mail, sender: str, *, at: datetime) -> EmailMessage:
    """An e-mail with its headers. Raises ``Rejected`` for an address that is none."""
    name, own = parseaddr(sender)
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = Address(_one_line(name), addr_spec=own)
        message["To"] = Address(addr_spec=_address(mail.to))
        if mail.reply_to:
            message["Reply-To"] = Address(addr_spec=_address(mail.reply_to))
    except (ValueError, HeaderParseError, IndexError):
        raise Rejected("this is no address that mail goes to") from None
    message["Subject"] = _one_line(mail.subject)[:MOST_SUBJECT]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail.message_id}@{own.rpartition('@')[2]}>"
    # RFC 3834: nobody's machine is to answer, and what answers says that it does
    answered = _MESSAGE_ID.fullmatch(mail.in_reply_to)
    message["Auto-Submitted"] = "auto-replied" if answered else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if answered:
        message["In-Reply-To"] = mail.in_reply_to
        message["References"] = mail.in_reply_to
    # not every server takes more than ASCII in a body
    message.set_content(_sound(mail.text), cte="quoted-printable")
    message.add_alternative(_sound(mail.html), subtype="html", cte="quoted-printable")
    return message


def _one_line(text: str) -> str:
    return _UNSEEN.sub(" ", text.encode("utf-8", "ignore").decode()).strip()


def _address(written: str) -> str:
    """The address alone. Raises ``Rejected`` for what is none."""
    addresses = getaddresses([written])
    found = addresses[0][1] if len(addresses) == 1 else ""
    local, at, domain = found.rpartition("@")
    if not (local and at and domain) or _UNSEEN.search(found) or set(found) & set('<>,;:\\"'):
        raise Rejected("this is no address that mail goes to")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise Rejected("this is no address that mail goes to") from None


def _tls() -> ssl.SSLContext:
    """What checks the server's certificate and name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _refusal(status: int) -> Rejected | Throttled | Unavailable:
    """What a refusal of the recipient or of the content means."""
    if status >= 500 and status not in _AUTHENTICATION:
        return Rejected(f"the mail server answered {status}")
    return _later(status)


def _later(status: int) -> Throttled | Unavailable:
    """What a refusal means that is not this message's fault."""
    if 400 <= status < 500:
        return Throttled(f"the mail server answered {status}", retry_after=RETRY_SECONDS)
    return Unavailable(f"the mail server answered {status}")
