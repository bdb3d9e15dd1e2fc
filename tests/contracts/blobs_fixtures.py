"""The stores that the blobs contract runs over."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from shared.blobs.port import Blobs
from tests.peers.node import running_azurite

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

SERVICE = "WAYMARK_TEST_BLOB"
STORES = ["files", "azurite", *(["blob-service"] if SERVICE in os.environ else [])]
ACCOUNT = "devstoreaccount1"
# The key that every Azurite has; it is printed in its manual.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True)
class BlobStore:
    """A store under test, with a container that is nobody else's."""

    name: str
    blobs: Blobs
    container: str


class SignedToken:
    """A credential whose tokens say what Azurite looks at: issuer, audience, times."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for an hour."""
        import jwt
        from azure.core.credentials import AccessToken

        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000001/",
            "iat": now,
            "nbf": now - 60,
            "exp": now + 3600,
            "oid": str(uuid4()),
            "tid": "00000000-0000-0000-0000-000000000001",
        }
        key = "a key of some length that nobody checks"
        return AccessToken(jwt.encode(claims, key, algorithm="HS256"), now + 3600)


def connection_string(port: int) -> str:
    """How to connect to Azurite by its key."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


def new_container(connection_string: str) -> str:
    """Make a container as the infrastructure would; gives its name."""
    from azure.storage.blob import BlobServiceClient

    name = f"c-{uuid4().hex}"
    with BlobServiceClient.from_connection_string(connection_string) as service:
        service.create_container(name)
    return name


@contextmanager
def running_secure_azurite(folder: Path) -> Iterator[tuple[str, Path]]:
    """Azurite over TLS that takes tokens; gives the account's URL and the certificate."""
    certificate, key = _self_signed(folder)
    options = ("--oauth", "basic", "--cert", str(certificate), "--key", str(key))
    with running_azurite(*options) as port:
        yield f"https://127.0.0.1:{port}/{ACCOUNT}", certificate


def _self_signed(folder: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file
