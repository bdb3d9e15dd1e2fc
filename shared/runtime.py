"""What a process runs on: settings, stores, tokens and the clock, each made once.

The only place that chooses adapters, and it imports one when it is first asked for.
"""

from __future__ import annotations

import atexit
import hmac
import logging
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shared import serving, telemetry, topology
from shared.settings import Settings, SettingsError

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential
    from pydantic import SecretStr

    from shared.auth import Tokens
    from shared.blobs.port import Blobs
    from shared.bus.port import Bus
    from shared.channels.port import Messenger
    from shared.documents.port import Documents
    from shared.encoding import Encoder
    from shared.language_model.budgeted import BudgetedModel
    from shared.mail.port import Mailer
    from shared.pseudonyms import Pseudonyms
    from shared.readiness.checking import Checker
    from shared.scanning.port import Scanner
    from shared.stores import Stores
    from shared.wording.rewording import Reworder

_LOCK = threading.RLock()
_STOP_SECONDS = 5.0
# what telemetry calls the stores: embedded, and in the cloud
_DOCUMENTS = ("sqlite", "azure.cosmosdb")
_BLOBS = ("files", "azure.blob")


class Runtime:
    """One process's settings and what is built from them, on first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._documents: Documents | None = None
        self._blobs: Blobs | None = None
        self._bus: Bus | None = None
        self._tokens: Tokens | None = None
        self._pseudonyms: Pseudonyms | None = None
        self._reworder: Reworder | None = None
        self._resume_model: BudgetedModel | None = None
        self._encoder: Encoder | None = None
        self._messengers: Mapping[str, Messenger] | None = None
        self._mailer: Mailer | None = None
        self._scanner: Scanner | None = None
        self.checker: Checker | None = None

    @property
    def documents(self) -> Documents:
        with _LOCK:
            if self._documents is None:
                self._documents = _documents(self.settings)
                if telemetry.recorder() is not None:
                    telemetry.watch_documents(self._documents, self._system(*_DOCUMENTS))
            return self._documents

    @property
    def blobs(self) -> Blobs:
        with _LOCK:
            if self._blobs is None:
                self._blobs = _blobs(self.settings)
                if telemetry.recorder() is not None:
                    telemetry.watch_blobs(self._blobs, self._system(*_BLOBS))
            return self._blobs

    @property
    def bus(self) -> Bus:
        with _LOCK:
            if self._bus is None:
                self._bus = _bus(self.settings)
                if telemetry.recorder() is not None:
                    telemetry.watch_bus(self._bus)
            return self._bus

    def _system(self, embedded: str, in_the_cloud: str) -> str:
        return embedded if self.settings.stores == "embedded" else in_the_cloud

    @property
    def tokens(self) -> Tokens:
        with _LOCK:
            if self._tokens is None:
                from shared.auth import Tokens

                self._tokens = Tokens(self.settings)
            return self._tokens

    @property
    def pseudonyms(self) -> Pseudonyms:
        with _LOCK:
            if self._pseudonyms is None:
                from shared.pseudonyms import Pseudonyms

                key = self.settings.pseudonym_key.get_secret_value()
                self._pseudonyms = Pseudonyms(key.encode())
            return self._pseudonyms

    @property
    def reworder(self) -> Reworder | None:
        """What words texts; None where no language model is configured."""
        with _LOCK:
            if self._reworder is None and self.settings.openai_key is not None:
                from shared.wording.rewording import Reworder

                key, seconds = self.settings.openai_key, self.settings.openai_seconds
                self._reworder = Reworder(_language_model(self.settings, key, seconds))
            return self._reworder

    @property
    def resume_model(self) -> BudgetedModel | None:
        """What refines parsed résumés; None unless they may be sent to a language model."""
        settings = self.settings
        with _LOCK:
            if (
                self._resume_model is None
                and settings.openai_resumes == "true"
                and settings.openai_key is not None
            ):
                self._resume_model = _language_model(
                    settings, settings.openai_key, settings.openai_resume_seconds
                )
            return self._resume_model

    @property
    def encoder(self) -> Encoder:
        """The text encoder of this process, loaded when it first encodes."""
        with _LOCK:
            if self._encoder is None:
                from shared.encoding import MiniLmEncoder

                self._encoder = MiniLmEncoder()
                watch(self._encoder, "text_encoder", "encode")
            return self._encoder

    @property
    def messengers(self) -> Mapping[str, Messenger]:
        """The chat providers that are configured, by the name of their channel."""
        with _LOCK:
            if self._messengers is None:
                self._messengers = _messengers(self.settings)
            return self._messengers

    @property
    def mailer(self) -> Mailer | None:
        """What sends e-mails; None where no server is configured."""
        with _LOCK:
            if self._mailer is None and self.settings.smtp_url is not None:
                self._mailer = _mailer(self.settings, self.settings.smtp_url)
                watch(self._mailer, "smtp", "send")
            return self._mailer

    @property
    def scanner(self) -> Scanner | None:
        """What scans for malware; None where the check by content is all there is."""
        with _LOCK:
            if self._scanner is None and self.settings.scanner != "builtin":
                self._scanner = _scanner(self.settings, self.blobs)
                watch(self._scanner, self.settings.scanner, "scan")
            return self._scanner


_runtime: Runtime | None = None


def start(settings: Settings) -> Runtime:
    """Run this process on these settings from now on."""
    global _runtime
    with _LOCK:
        telemetry.configure(settings.log_level)
        stop()
        _export(settings)
        _runtime = Runtime(settings)
        return _runtime


def stop(seconds: float = _STOP_SECONDS) -> bool:
    """Send what telemetry is left, if any is exported, and export no more; returns whether that
    ended in so many seconds."""
    recording = telemetry.recorder()
    telemetry.record_with(None)
    return recording is None or recording.stop(seconds)


def _export(settings: Settings) -> None:
    """Record spans, metrics and log lines where an exporter is configured; else nothing of it is
    loaded."""
    if settings.telemetry_off == "true" or not (settings.otlp_endpoint or settings.azure_monitor):
        return
    from shared.telemetry.export import Exporting, SdkRecorder

    headers, monitor = settings.otlp_headers, settings.azure_monitor
    recorder = SdkRecorder(
        Exporting(
            service_name=settings.service_name or serving.service_name(),
            version=serving.VERSION,
            otlp_endpoint=settings.otlp_endpoint,
            otlp_headers=headers.get_secret_value() if headers else "",
            azure_monitor=monitor.get_secret_value() if monitor else None,
            ratio=settings.trace_ratio,
            span_delay_ms=settings.span_delay_ms,
            metric_interval_ms=settings.metric_interval_ms,
        )
    )
    telemetry.record_with(recorder)
    atexit.register(recorder.stop, _STOP_SECONDS)


def watch(client: object, peer: str, *methods: str) -> None:
    """Have these methods of another system's client traced and measured, where telemetry is."""
    if telemetry.recorder() is not None:
        telemetry.watch_peer(client, peer, methods)


def current() -> Runtime:
    """This process's runtime; the first call reads the environment.

    Raises ``SettingsError`` naming everything that is missing or wrong there.
    """
    with _LOCK:
        if _runtime is not None:
            return _runtime
        try:
            settings = Settings.read(os.environ)
        except SettingsError as error:
            telemetry.configure()
            telemetry.log("settings.refused", level=logging.ERROR, reason=str(error))
            raise
        return start(settings)


def stores() -> Stores:
    """The stores of this process."""
    return current()


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


@contextmanager
def scratch_documents(moment: float) -> Iterator[Documents]:
    """An empty document store in a temporary folder, whose clock stands at a moment (seconds since
    the epoch). It is gone when it is left."""
    from shared.documents.sqlite import SqliteDocuments

    with tempfile.TemporaryDirectory(prefix="waymark-") as folder:
        documents = SqliteDocuments(Path(folder) / "documents.db", topology.load(), lambda: moment)
        try:
            yield documents
        finally:
            documents.close()


def link_key(settings: Settings) -> bytes:
    """The key that signs links of the embedded blob store: derived, so that a signature of the
    one kind never passes as one of the other."""
    return hmac.digest(settings.token_key.get_secret_value().encode(), b"blob links", "sha256")


def _documents(settings: Settings) -> Documents:
    if settings.stores == "embedded":
        import time

        from shared.documents.sqlite import SqliteDocuments

        return SqliteDocuments(settings.home / "documents.db", topology.load(), time.time)
    from shared.documents.cosmos import CosmosDocuments

    if settings.cosmos_connection is not None:
        connection = settings.cosmos_connection.get_secret_value()
        return CosmosDocuments.from_connection_string(
            connection,
            settings.cosmos_database,
            topology.load(),
            # an emulator names itself by an address that is not ours to reach
            endpoint_discovery="localhost" not in connection and "127.0.0.1" not in connection,
        )
    return CosmosDocuments(
        settings.cosmos_endpoint or "",
        _identity(settings),
        settings.cosmos_database,
        topology.load(),
    )


def _blobs(settings: Settings) -> Blobs:
    if settings.stores == "embedded":
        from shared.blobs.files import FileBlobs

        return FileBlobs(
            settings.home / "blobs",
            link_base=f"{settings.public_url.rstrip('/')}/blobs",
            link_key=link_key(settings),
        )
    from shared.blobs.azure import AzureBlobs

    if settings.blob_connection is not None:
        return AzureBlobs.from_connection_string(settings.blob_connection.get_secret_value())
    return AzureBlobs(settings.blob_account_url or "", _identity(settings))


def _bus(settings: Settings) -> Bus:
    if settings.stores == "embedded":
        import time

        from shared.bus.sqlite import SqliteBus

        return SqliteBus(settings.home / "bus.db", topology.load(), time.time)
    from shared.bus.service_bus import ServiceBus

    if settings.service_bus_connection is not None:
        return ServiceBus.from_connection_string(
            settings.service_bus_connection.get_secret_value(), topology.load()
        )
    return ServiceBus.from_namespace(
        settings.service_bus_namespace or "", _identity(settings), topology.load()
    )


def _language_model(settings: Settings, key: SecretStr, seconds: float) -> BudgetedModel:
    from shared.language_model.budgeted import BudgetedModel
    from shared.language_model.openai_chat import OpenAiChat

    chat = OpenAiChat(
        settings.openai_base_url,
        key.get_secret_value(),
        settings.openai_model or "",
        seconds=seconds,
    )
    watch(chat, "language_model", "ask")
    return BudgetedModel(chat, settings.openai_daily_tokens)


def _messengers(settings: Settings) -> Mapping[str, Messenger]:
    found: dict[str, Messenger] = {}
    if settings.whatsapp_token is not None:
        from shared.channels.whatsapp import WhatsApp

        token = settings.whatsapp_token.get_secret_value()
        found["whatsapp"] = WhatsApp(settings.whatsapp_url.rstrip("/"), token)
        watch(found["whatsapp"], "whatsapp", "fetch", "send")
    if settings.telegram_bots:
        from shared.channels.telegram import Telegram

        tokens = {
            tenant: bot.token.get_secret_value() for tenant, bot in settings.telegram_bots.items()
        }
        found["telegram"] = Telegram(settings.telegram_url.rstrip("/"), tokens)
        watch(found["telegram"], "telegram", "fetch", "send")
    return found


def _mailer(settings: Settings, url: str) -> Mailer:
    from shared.mail.smtp import Smtp

    password = settings.smtp_password
    return Smtp(
        url,
        settings.mail_from or "",
        settings.smtp_user,
        password.get_secret_value() if password else "",
    )


def _scanner(settings: Settings, blobs: Blobs) -> Scanner:
    if settings.scanner == "clamd":
        from shared.scanning.clamd import Clamd, address_of

        return Clamd(address_of(settings.clamd or ""), blobs)
    from shared.scanning.defender import Defender

    return Defender(blobs)


def _identity(settings: Settings) -> DefaultAzureCredential:
    """The managed identity in the cloud, whoever is signed in on a developer's machine."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=settings.identity_client_id)
