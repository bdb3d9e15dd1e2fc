"""A mail server on loopback that speaks SMTP: STARTTLS, AUTH, refusals, silence, cuts."""

from __future__ import annotations

import base64
import email.policy
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "waymark", "the mail server's password"
HANG_SECONDS = 30.0


@dataclass
class Taken:
    """A message that the server took."""

    sender: str
    to: str
    message: EmailMessage
    encrypted: bool
    user: str | None

    def part(self, kind: str) -> str:
        """The text of the part ``plain`` or ``html``."""
        found = self.message.get_body((kind,))
        assert found is not None
        return str(found.get_content()).replace("\r\n", "\n")


@dataclass
class MailPeer:
    """What the server holds, and how it is to behave."""

    port: int = 0
    certificate: Path | None = None
    """Of the server, which is its own authority: what a client is to trust."""
    offers_tls: bool = False
    from_first_byte: bool = False
    needs_login: bool = False
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)
    """Replies in place of the right ones, by verb, used once each; ``DATA.`` is what follows the
    message. ``hang`` says nothing, ``cut`` hangs up."""

    @property
    def url(self) -> str:
        return f"{'smtps' if self.from_first_byte else 'smtp'}://localhost:{self.port}"

    def to(self, address: str) -> list[Taken]:
        """What came for an address."""
        return [each for each in self.taken if each.to == address]

    def environment(self) -> dict[str, str]:
        """The settings of a host that sends through it."""
        return {"WAYMARK_SMTP_URL": self.url, "WAYMARK_MAIL_FROM": "Waymark <no-reply@way.example>"}


class _Session:
    def __init__(self, peer: MailPeer, connection: ssl.SSLSocket, context: ssl.SSLContext) -> None:
        self.peer, self.connection, self.context = peer, connection, context
        self.reader = connection.makefile("rb")
        self.encrypted = peer.from_first_byte
        self.user: str | None = None
        self.sender = self.to = ""

    def say(self, verb: str, line: str) -> bool:
        """Answer a command; returns whether the session goes on as it would have."""
        waiting = self.peer.replies.get(verb)
        told = waiting.pop(0) if waiting else line
        if told == "hang":
            time.sleep(HANG_SECONDS)
        if told in {"hang", "cut"}:
            raise ConnectionAbortedError
        self.connection.sendall(told.encode() + b"\r\n")
        return told == line

    def run(self) -> None:
        self.say("CONNECT", "220 mail.example ESMTP")
        while line := self.reader.readline():
            text = line.decode("utf-8", "replace").strip()
            verb = text.split(" ")[0].upper()
            self.peer.commands.append(text if verb != "AUTH" else verb)
            if verb == "QUIT":
                self.say(verb, "221 bye")
                return
            self.handle(verb, text)

    def handle(self, verb: str, text: str) -> None:
        if verb == "EHLO":
            offers = ["SIZE 1000000"]
            if self.peer.offers_tls and not self.encrypted:
                offers.append("STARTTLS")
            if self.peer.needs_login:
                offers.append("AUTH PLAIN")
            lines = ["mail.example", *offers]
            told = [f"250{'-' if n < len(lines) else ' '}{each}" for n, each in enumerate(lines, 1)]
            self.say(verb, "\r\n".join(told))
        elif verb == "STARTTLS" and self.say(verb, "220 go ahead"):
            self.connection = self.context.wrap_socket(self.connection, server_side=True)
            self.reader = self.connection.makefile("rb")
            self.encrypted = True
        elif verb == "AUTH":
            _, user, password = base64.b64decode(text.split(" ")[2]).decode().split("\0")
            right = (user, password) == (USER, PASSWORD)
            self.user = user if right else None
            self.say(verb, "235 welcome" if right else "535 wrong")
        elif verb == "MAIL":
            refused = self.peer.needs_login and self.user is None
            if self.say(verb, "530 sign in first" if refused else "250 ok"):
                self.sender = text.partition("<")[2].partition(">")[0]
        elif verb == "RCPT" and self.say(verb, "250 ok"):
            self.to = text.partition("<")[2].partition(">")[0]
        elif verb == "DATA" and self.say(verb, "354 go on"):
            self.take()
        elif verb in {"RSET", "NOOP"}:
            self.say(verb, "250 ok")

    def take(self) -> None:
        content = bytearray()
        while (line := self.reader.readline()) not in {b".\r\n", b""}:
            content += line.removeprefix(b".")
        message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(bytes(content))
        taken = Taken(self.sender, self.to, message, self.encrypted, self.user)
        waiting = self.peer.replies.get("DATA.")
        if not waiting or waiting[0] == "cut":  # a cut comes after it was taken
            self.peer.taken.append(taken)
        self.say("DATA.", "250 taken")


def certificate(folder: Path, name: str = "localhost") -> Path:
    """Write a certificate of loopback with its key into a folder; returns its path."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def mail_server(
    folder: Path,
    *,
    offers_tls: bool = False,
    from_first_byte: bool = False,
    needs_login: bool = False,
) -> Iterator[MailPeer]:
    """A server of its own until the block ends; its certificate lies in a folder."""
    path = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    peer = MailPeer(
        certificate=path,
        offers_tls=offers_tls,
        from_first_byte=from_first_byte,
        needs_login=needs_login,
    )

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                if from_first_byte:
                    self.request = context.wrap_socket(self.request, server_side=True)
                session = _Session(peer, self.request, context)
                session.run()
                session.connection.close()
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads, block_on_close = True, True, False

    server = Server(("127.0.0.1", 0), Handler)
    peer.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
