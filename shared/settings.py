"""What can be set from outside: environment variables, read once, frozen.

``docs/settings.md`` lists every name; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from shared.errors import WaymarkError


class SettingsError(WaymarkError):
    """Settings are missing or wrong; the message names all of them."""


class Settings(BaseModel):
    """All settings. A field's alias is its environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stores: Annotated[Literal["embedded", "azure"], Field(alias="WAYMARK_STORES")] = "embedded"
    home: Annotated[Path, Field(alias="WAYMARK_HOME")] = Path(".waymark")
    public_url: Annotated[str, Field(alias="WAYMARK_PUBLIC_URL")] = "http://127.0.0.1:7071"
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="WAYMARK_LOG_LEVEL")
    ] = "INFO"

    token_key: Annotated[SecretStr, Field(alias="WAYMARK_TOKEN_KEY", min_length=32)]
    token_issuer: Annotated[str, Field(alias="WAYMARK_TOKEN_ISSUER")] = "waymark"  # noqa: S105  a name
    token_audience: Annotated[str, Field(alias="WAYMARK_TOKEN_AUDIENCE")] = "waymark"  # noqa: S105  a name
    oidc_issuer: Annotated[str | None, Field(alias="WAYMARK_OIDC_ISSUER")] = None
    oidc_audience: Annotated[str | None, Field(alias="WAYMARK_OIDC_AUDIENCE")] = None
    oidc_jwks_url: Annotated[str | None, Field(alias="WAYMARK_OIDC_JWKS_URL")] = None
    oidc_tenant_claim: Annotated[str, Field(alias="WAYMARK_OIDC_TENANT_CLAIM")] = "tenant"
    oidc_roles_claim: Annotated[str, Field(alias="WAYMARK_OIDC_ROLES_CLAIM")] = "roles"

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
        missing = []
        if self.stores == "azure":
            missing += [
                f"{endpoint} or {connection}"
                for endpoint, connection, is_set in (
                    (
                        "WAYMARK_COSMOS_ENDPOINT",
                        "WAYMARK_COSMOS_CONNECTION",
                        self.cosmos_endpoint or self.cosmos_connection,
                    ),
                    (
                        "ServiceBus__fullyQualifiedNamespace",
                        "ServiceBus",
                        self.service_bus_namespace or self.service_bus_connection,
                    ),
                    (
                        "Blobs__blobServiceUri",
                        "Blobs",
                        self.blob_account_url or self.blob_connection,
                    ),
                )
                if not is_set
            ]
        oidc = {
            "WAYMARK_OIDC_ISSUER": self.oidc_issuer,
            "WAYMARK_OIDC_AUDIENCE": self.oidc_audience,
            "WAYMARK_OIDC_JWKS_URL": self.oidc_jwks_url,
        }
        if any(oidc.values()):
            missing += [name for name, value in oidc.items() if not value]
        if self.oidc_issuer and self.oidc_issuer == self.token_issuer:
            raise ValueError("WAYMARK_OIDC_ISSUER must differ from WAYMARK_TOKEN_ISSUER")
        if missing:
            raise ValueError(f"not set: {', '.join(missing)}")
        return self

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read all settings at once; an empty variable counts as not set.

        Raises :class:`SettingsError` naming everything that is missing or wrong.
        """
        values = {name: value for name, value in environment.items() if value != ""}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = [
                f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False)
            ]
            raise SettingsError("; ".join(wrong)) from None
