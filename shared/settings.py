"""What can be set from outside: environment variables, read once, frozen.

``docs/settings.md`` lists every name; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    ValidationError,
    model_validator,
)

from shared.errors import WaymarkError

DEFAULT_ISSUER = "waymark"
_REFERENCE = "@Microsoft.KeyVault("
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class SettingsError(WaymarkError):
    """Settings are missing or wrong; the message names all of them."""


class TelegramBot(BaseModel):
    """A tenant's bot: its token, and the secret that its webhook was set with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token: SecretStr = Field(min_length=1)
    secret: SecretStr = Field(min_length=16)


class Settings(BaseModel):
    """All settings. A field's alias is its environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    stores: Annotated[Literal["embedded", "azure"], Field(alias="WAYMARK_STORES")]
    home: Annotated[Path, Field(alias="WAYMARK_HOME")] = Path(".waymark")
    public_url: Annotated[str, Field(alias="WAYMARK_PUBLIC_URL")] = "http://127.0.0.1:7071"
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="WAYMARK_LOG_LEVEL")
    ] = "INFO"
    service_name: Annotated[str | None, Field(alias="OTEL_SERVICE_NAME", max_length=100)] = None
    telemetry_off: Annotated[Literal["true", "false"], Field(alias="OTEL_SDK_DISABLED")] = "false"
    otlp_endpoint: Annotated[str | None, Field(alias="OTEL_EXPORTER_OTLP_ENDPOINT")] = None
    otlp_headers: Annotated[SecretStr | None, Field(alias="OTEL_EXPORTER_OTLP_HEADERS")] = None
    azure_monitor: Annotated[
        SecretStr | None, Field(alias="APPLICATIONINSIGHTS_CONNECTION_STRING")
    ] = None
    trace_ratio: Annotated[float, Field(alias="WAYMARK_TRACE_RATIO", ge=0, le=1)] = 1
    span_delay_ms: Annotated[int, Field(alias="OTEL_BSP_SCHEDULE_DELAY", ge=10)] = 5000
    metric_interval_ms: Annotated[int, Field(alias="OTEL_METRIC_EXPORT_INTERVAL", ge=100)] = 60_000
    trusted_proxies: Annotated[int, Field(alias="WAYMARK_TRUSTED_PROXIES", ge=1, le=9)] = 1

    token_key: Annotated[SecretStr, Field(alias="WAYMARK_TOKEN_KEY", min_length=32)]
    token_key_accepted: Annotated[
        SecretStr | None, Field(alias="WAYMARK_TOKEN_KEY_ACCEPTED", min_length=32)
    ] = None
    pseudonym_key: Annotated[SecretStr, Field(alias="WAYMARK_PSEUDONYM_KEY", min_length=32)]
    token_issuer: Annotated[str, Field(alias="WAYMARK_TOKEN_ISSUER")] = DEFAULT_ISSUER
    token_audience: Annotated[str, Field(alias="WAYMARK_TOKEN_AUDIENCE")] = "waymark"  # noqa: S105  a name
    oidc_issuer: Annotated[str | None, Field(alias="WAYMARK_OIDC_ISSUER")] = None
    oidc_audience: Annotated[str | None, Field(alias="WAYMARK_OIDC_AUDIENCE")] = None
    oidc_jwks_url: Annotated[str | None, Field(alias="WAYMARK_OIDC_JWKS_URL")] = None
    oidc_tenant_claim: Annotated[str, Field(alias="WAYMARK_OIDC_TENANT_CLAIM")] = "tenant"
    oidc_roles_claim: Annotated[str, Field(alias="WAYMARK_OIDC_ROLES_CLAIM")] = "roles"

    whatsapp_url: Annotated[str, Field(alias="WAYMARK_WHATSAPP_URL")] = (
        "https://graph.facebook.com/v23.0"
    )
    whatsapp_token: Annotated[SecretStr | None, Field(alias="WAYMARK_WHATSAPP_TOKEN")] = None
    whatsapp_app_secret: Annotated[SecretStr | None, Field(alias="WAYMARK_WHATSAPP_APP_SECRET")] = (
        None
    )
    whatsapp_verify_token: Annotated[
        SecretStr | None, Field(alias="WAYMARK_WHATSAPP_VERIFY_TOKEN")
    ] = None
    whatsapp_numbers: Annotated[
        Json[dict[str, str]] | None, Field(alias="WAYMARK_WHATSAPP_NUMBERS")
    ] = None
    telegram_url: Annotated[str, Field(alias="WAYMARK_TELEGRAM_URL")] = "https://api.telegram.org"
    telegram_bots: Annotated[
        Json[dict[str, TelegramBot]] | None, Field(alias="WAYMARK_TELEGRAM_BOTS")
    ] = None
    mail_secret: Annotated[SecretStr | None, Field(alias="WAYMARK_MAIL_SECRET", min_length=32)] = (
        None
    )
    mail_inboxes: Annotated[Json[dict[str, str]] | None, Field(alias="WAYMARK_MAIL_INBOXES")] = None

    smtp_url: Annotated[str | None, Field(alias="WAYMARK_SMTP_URL")] = None
    smtp_user: Annotated[str | None, Field(alias="WAYMARK_SMTP_USER")] = None
    smtp_password: Annotated[SecretStr | None, Field(alias="WAYMARK_SMTP_PASSWORD")] = None
    mail_from: Annotated[str | None, Field(alias="WAYMARK_MAIL_FROM")] = None

    unmatched_file_days: Annotated[
        int, Field(alias="WAYMARK_UNMATCHED_FILE_DAYS", ge=1, le=3650)
    ] = 180

    lrs_endpoint: Annotated[str | None, Field(alias="WAYMARK_LRS_ENDPOINT")] = None
    lrs_key: Annotated[str | None, Field(alias="WAYMARK_LRS_KEY")] = None
    lrs_secret: Annotated[SecretStr | None, Field(alias="WAYMARK_LRS_SECRET")] = None

    openai_base_url: Annotated[str, Field(alias="WAYMARK_OPENAI_BASE_URL")] = (
        "https://api.openai.com/v1"
    )
    openai_key: Annotated[SecretStr | None, Field(alias="WAYMARK_OPENAI_KEY")] = None
    openai_model: Annotated[str | None, Field(alias="WAYMARK_OPENAI_MODEL")] = None
    openai_seconds: Annotated[float, Field(alias="WAYMARK_OPENAI_SECONDS", ge=1, le=60)] = 10
    openai_daily_tokens: Annotated[
        int, Field(alias="WAYMARK_OPENAI_DAILY_TOKENS", ge=0, le=10**9)
    ] = 200_000
    openai_resumes: Annotated[Literal["true", "false"], Field(alias="WAYMARK_OPENAI_RESUMES")] = (
        "false"
    )
    openai_resume_seconds: Annotated[
        float, Field(alias="WAYMARK_OPENAI_RESUME_SECONDS", ge=1, le=120)
    ] = 30

    scanner: Annotated[Literal["builtin", "clamd", "defender"], Field(alias="WAYMARK_SCANNER")] = (
        "builtin"
    )
    clamd: Annotated[str | None, Field(alias="WAYMARK_CLAMD")] = None

    cosmos_endpoint: Annotated[str | None, Field(alias="WAYMARK_COSMOS_ENDPOINT")] = None
    cosmos_connection: Annotated[SecretStr | None, Field(alias="WAYMARK_COSMOS_CONNECTION")] = None
    cosmos_database: Annotated[str, Field(alias="WAYMARK_COSMOS_DATABASE")] = "waymark"
    service_bus_namespace: Annotated[
        str | None, Field(alias="ServiceBus__fullyQualifiedNamespace")
    ] = None
    service_bus_connection: Annotated[SecretStr | None, Field(alias="ServiceBus")] = None
    blob_account_url: Annotated[str | None, Field(alias="Blobs__blobServiceUri")] = None
    blob_connection: Annotated[SecretStr | None, Field(alias="Blobs")] = None
    identity_client_id: Annotated[str | None, Field(alias="AZURE_CLIENT_ID")] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wrong = _wrong_together(self.model_dump(by_alias=True))
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read all settings at once; an empty variable counts as not set.

        Raises :class:`SettingsError` naming everything that is missing or wrong.
        """
        values = {name: value for name, value in environment.items() if value != ""}
        # The platform hands on a reference that leads nowhere as it stands: as a key, anybody
        # could guess it.
        known = {str(field.alias) for field in cls.model_fields.values()}
        unresolved = sorted(
            name for name in known & values.keys() if values[name].startswith(_REFERENCE)
        )
        if unresolved:
            raise SettingsError(
                f"references to a vault that were not resolved: {', '.join(unresolved)}; see that"
                " each secret is there and that the app's identity may read it"
            )
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = [
                f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False)
            ]
            # These the model only looks at when every field holds: all is told together.
            wrong += [each for each in _wrong_together(values) if each not in wrong[0]]
            raise SettingsError("; ".join(wrong)) from None


def _wrong_together(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that hold one by one; ``values`` by environment variable."""
    missing = []
    if values.get("WAYMARK_STORES") == "azure":
        missing += [
            f"{endpoint} or {connection}"
            for endpoint, connection in (
                ("WAYMARK_COSMOS_ENDPOINT", "WAYMARK_COSMOS_CONNECTION"),
                ("ServiceBus__fullyQualifiedNamespace", "ServiceBus"),
                ("Blobs__blobServiceUri", "Blobs"),
            )
            if not (values.get(endpoint) or values.get(connection))
        ]
    for together in (
        ("WAYMARK_OIDC_ISSUER", "WAYMARK_OIDC_AUDIENCE", "WAYMARK_OIDC_JWKS_URL"),
        ("WAYMARK_LRS_ENDPOINT", "WAYMARK_LRS_KEY", "WAYMARK_LRS_SECRET"),
        ("WAYMARK_OPENAI_KEY", "WAYMARK_OPENAI_MODEL"),
        (
            "WAYMARK_WHATSAPP_TOKEN",
            "WAYMARK_WHATSAPP_APP_SECRET",
            "WAYMARK_WHATSAPP_VERIFY_TOKEN",
            "WAYMARK_WHATSAPP_NUMBERS",
        ),
        ("WAYMARK_MAIL_SECRET", "WAYMARK_MAIL_INBOXES"),
        ("WAYMARK_SMTP_URL", "WAYMARK_MAIL_FROM"),
        ("WAYMARK_SMTP_USER", "WAYMARK_SMTP_PASSWORD"),
    ):
        if any(values.get(name) for name in together):
            missing += [name for name in together if not values.get(name)]
    if values.get("WAYMARK_OPENAI_RESUMES") == "true" and not values.get("WAYMARK_OPENAI_KEY"):
        missing.append("WAYMARK_OPENAI_KEY")
    if values.get("WAYMARK_SCANNER") == "clamd" and not values.get("WAYMARK_CLAMD"):
        missing.append("WAYMARK_CLAMD")
    wrong = [f"not set: {', '.join(dict.fromkeys(missing))}"] if missing else []
    if values.get("WAYMARK_CLAMD") and not _is_socket(values["WAYMARK_CLAMD"]):
        wrong.append("WAYMARK_CLAMD must be tcp://host:port or unix:///path")
    if values.get("WAYMARK_SMTP_URL") and not _is_mail_server(values["WAYMARK_SMTP_URL"]):
        wrong.append("WAYMARK_SMTP_URL must be smtp://host:port or smtps://host:port")
    if values.get("WAYMARK_MAIL_FROM") and not _is_sender(values["WAYMARK_MAIL_FROM"]):
        wrong.append("WAYMARK_MAIL_FROM must be an address, or: Name <address>")
    collector = values.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if collector and not _is_web(collector):
        wrong.append("OTEL_EXPORTER_OTLP_ENDPOINT must be http or https")
    elif values.get("OTEL_EXPORTER_OTLP_HEADERS") and not (collector and _is_safe(collector)):
        wrong.append(
            "OTEL_EXPORTER_OTLP_HEADERS go to an OTEL_EXPORTER_OTLP_ENDPOINT that is https, or "
            "http on loopback"
        )
    own = values.get("WAYMARK_TOKEN_ISSUER") or DEFAULT_ISSUER
    if values.get("WAYMARK_OIDC_ISSUER") == own:
        wrong.append("WAYMARK_OIDC_ISSUER must differ from WAYMARK_TOKEN_ISSUER")
    wrong += [
        f"{name} must be https, or http on loopback"
        for name in (
            "WAYMARK_OIDC_JWKS_URL",
            "WAYMARK_LRS_ENDPOINT",
            "WAYMARK_OPENAI_BASE_URL",
            "WAYMARK_WHATSAPP_URL",
            "WAYMARK_TELEGRAM_URL",
        )
        if values.get(name) and not _is_safe(values[name])
    ]
    return wrong


def _is_socket(address: str) -> bool:
    """Whether it names a port of a host, or a socket by its path."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.query or parts.fragment or parts.username is not None:
        return False
    if parts.scheme == "unix":
        return not parts.netloc and len(parts.path) > 1
    return parts.scheme == "tcp" and bool(host and port) and parts.path == ""


def _is_mail_server(url: str) -> bool:
    """Whether it names a mail server, and no user, who is a setting of its own."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    rest = parts.path.strip("/") or parts.query or parts.fragment
    return parts.scheme in {"smtp", "smtps"} and bool(host) and not rest and "@" not in parts.netloc


def _is_sender(text: str) -> bool:
    """Whether it is one line with an address, by which a reader knows who writes."""
    local, _, domain = parseaddr(text)[1].rpartition("@")
    return text.isprintable() and bool(local and domain)


def _is_web(url: str) -> bool:
    """Whether it is an address of HTTP, with a host and nothing behind its path."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    rest = parts.query or parts.fragment or parts.username
    return parts.scheme in {"http", "https"} and bool(host) and not rest


def _is_safe(url: str) -> bool:
    """Whether nobody on the way can change what is read or sent there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return host is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    )
