"""Settings: all that is wrong is told at once, and no secret is ever shown."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.settings import Settings, SettingsError
from tests.kernel.tokens import KEY, PSEUDONYM_KEY

KEYS = {"WAYMARK_TOKEN_KEY": KEY, "WAYMARK_PSEUDONYM_KEY": PSEUDONYM_KEY}
AZURE = {
    "WAYMARK_STORES": "azure",
    **KEYS,
    "WAYMARK_COSMOS_ENDPOINT": "https://x.documents.azure.com",
    "ServiceBus__fullyQualifiedNamespace": "x.servicebus.windows.net",
    "Blobs__blobServiceUri": "https://x.blob.core.windows.net",
}
EMBEDDED = {"WAYMARK_STORES": "embedded", **KEYS}
LRS = {
    "WAYMARK_LRS_ENDPOINT": "https://lrs.example.org/xapi",
    "WAYMARK_LRS_KEY": "waymark",
    "WAYMARK_LRS_SECRET": "open sesame",
}
OIDC = {
    **EMBEDDED,
    "WAYMARK_OIDC_ISSUER": "https://login.example.org",
    "WAYMARK_OIDC_AUDIENCE": "waymark",
    "WAYMARK_OIDC_JWKS_URL": "https://login.example.org/keys",
}


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.read(environment)
    return str(refused.value)


def test_three_settings_are_enough_for_one_machine() -> None:
    """Everything but the kind of stores and the two keys has a default on embedded stores."""
    settings = Settings.read({**EMBEDDED, "PATH": "/bin"})
    assert settings.stores == "embedded"
    assert settings.token_key.get_secret_value() == KEY


def test_the_kind_of_stores_is_never_guessed() -> None:
    """Without it nothing starts: in the cloud a default would write to a disk that is thrown
    away."""
    told = refusal({**KEYS, "WEBSITE_SITE_NAME": "waymark-candidates"})
    assert "WAYMARK_STORES" in told


@pytest.mark.parametrize(
    ("url", "holds"),
    [
        ("https://login.example.org/keys", True),
        ("HTTPS://login.example.org/keys", True),
        ("http://127.0.0.1:8080/keys", True),
        ("http://localhost/keys", True),
        ("http://[::1]:8080/keys", True),
        ("http://login.example.org/keys", False),
        ("http://127.0.0.1.example.org/keys", False),
        ("http://localhost@example.org/keys", False),
        ("file:///etc/keys", False),
        ("https://", False),
        ("https://[", False),
        ("login.example.org/keys", False),
    ],
)
def test_a_providers_keys_come_over_a_safe_way(url: str, holds: bool) -> None:
    """Keys that somebody on the way could change are never asked for."""
    given = {**OIDC, "WAYMARK_OIDC_JWKS_URL": url}
    if holds:
        assert Settings.read(given).oidc_jwks_url == url
    else:
        assert "WAYMARK_OIDC_JWKS_URL must be https" in refusal(given)


def test_all_that_is_missing_is_told_together() -> None:
    """Names that are needed in themselves and those needed by others are told in one message."""
    told = refusal({"WAYMARK_STORES": "azure", "WAYMARK_OIDC_ISSUER": "https://x"})
    for name in (
        "WAYMARK_TOKEN_KEY",
        "WAYMARK_PSEUDONYM_KEY",
        "WAYMARK_COSMOS_ENDPOINT",
        "ServiceBus__fullyQualifiedNamespace",
        "Blobs__blobServiceUri",
        "WAYMARK_OIDC_AUDIENCE",
        "WAYMARK_OIDC_JWKS_URL",
    ):
        assert told.count(name) == 1, told


def test_wrong_values_are_told_with_what_is_missing() -> None:
    """A wrong value does not hide a missing one, nor the other way round."""
    told = refusal({"WAYMARK_LOG_LEVEL": "LOUD", "WAYMARK_OIDC_ISSUER": "waymark"})
    assert "WAYMARK_LOG_LEVEL" in told
    assert "WAYMARK_TOKEN_KEY" in told
    assert "WAYMARK_OIDC_ISSUER must differ" in told


@pytest.mark.parametrize("name", ["WAYMARK_TOKEN_KEY", "WAYMARK_SMTP_PASSWORD", "Blobs"])
def test_a_reference_that_was_not_resolved_is_no_secret(name: str) -> None:
    """The platform hands on a reference to a vault as it stands when it leads nowhere: whoever
    reads the repository could sign tokens with it."""
    reference = "@Microsoft.KeyVault(VaultName=kv-house-x;SecretName=waymark-token-key)"
    told = refusal(AZURE | {name: reference})
    assert name in told
    assert "kv-house-x" not in told


def test_references_of_others_are_not_ours_to_judge() -> None:
    """A variable that no setting reads may hold what it will."""
    Settings.read(AZURE | {"OF_ANOTHER": "@Microsoft.KeyVault(VaultName=x;SecretName=y)"})


@pytest.mark.parametrize("name", [name for name in AZURE if name != "WAYMARK_STORES"])
def test_each_of_the_clouds_names_is_needed(name: str) -> None:
    """Without any one of them the cloud's stores are not started, and it is named."""
    assert Settings.read(AZURE).stores == "azure"
    assert name in refusal({key: value for key, value in AZURE.items() if key != name})


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("WAYMARK_COSMOS_ENDPOINT", "WAYMARK_COSMOS_CONNECTION"),
        ("ServiceBus__fullyQualifiedNamespace", "ServiceBus"),
        ("Blobs__blobServiceUri", "Blobs"),
    ],
)
def test_a_connection_string_does_as_well(name: str, instead: str) -> None:
    """Each store can be named by a connection string instead, as emulators need it."""
    given = {key: value for key, value in AZURE.items() if key != name}
    assert Settings.read({**given, instead: "AccountKey=abc"}).stores == "azure"


@pytest.mark.parametrize("name", [name for name in OIDC if name.startswith("WAYMARK_OIDC")])
def test_an_empty_variable_is_not_set(name: str) -> None:
    """A variable that is there but empty counts as missing, so access fails closed."""
    assert Settings.read(OIDC).oidc_issuer
    assert name in refusal({**OIDC, name: ""})


def test_a_language_model_has_a_key_and_a_model() -> None:
    """Both or neither; asked by https, or on loopback."""
    both = {**EMBEDDED, "WAYMARK_OPENAI_KEY": "sk-1", "WAYMARK_OPENAI_MODEL": "small"}
    read = Settings.read(both)
    assert (read.openai_base_url, read.openai_seconds) == ("https://api.openai.com/v1", 10)
    assert Settings.read(both | {"WAYMARK_OPENAI_BASE_URL": "http://127.0.0.1:8080/v1"})
    for name in ("WAYMARK_OPENAI_KEY", "WAYMARK_OPENAI_MODEL"):
        assert name in refusal(both | {name: ""})
    for name, wrong in (
        ("WAYMARK_OPENAI_BASE_URL", "http://models.example.org/v1"),
        ("WAYMARK_OPENAI_SECONDS", "0"),
        ("WAYMARK_OPENAI_DAILY_TOKENS", "-1"),
    ):
        assert name in refusal(both | {name: wrong})
    assert "sk-1" not in str(read)


@pytest.mark.parametrize("name", LRS)
def test_a_record_store_is_named_whole(name: str) -> None:
    """Its address, user and password go together, and its address is one that nobody reads on
    the way to."""
    assert Settings.read({**EMBEDDED, **LRS}).lrs_endpoint
    assert name in refusal({**EMBEDDED, **LRS, name: ""})
    open_way = {**EMBEDDED, **LRS, "WAYMARK_LRS_ENDPOINT": "http://lrs.example.org/xapi"}
    assert "WAYMARK_LRS_ENDPOINT must be https" in refusal(open_way)


def test_an_empty_key_is_missing() -> None:
    """An empty key is told as missing."""
    for name in KEYS:
        assert name in refusal({**EMBEDDED, name: ""})


def test_a_provider_cannot_pass_for_us() -> None:
    """The external issuer must not be our own, whether ours is set or the default."""
    assert "must differ" in refusal({**OIDC, "WAYMARK_OIDC_ISSUER": "waymark"})
    own = {"WAYMARK_TOKEN_ISSUER": OIDC["WAYMARK_OIDC_ISSUER"]}
    assert "must differ" in refusal({**OIDC, **own})


@pytest.mark.parametrize(
    "wrong",
    [
        {**EMBEDDED, "WAYMARK_TOKEN_KEY": "short secret"},
        {**EMBEDDED, "WAYMARK_PSEUDONYM_KEY": "short secret"},
        {**KEYS, "WAYMARK_STORES": "short secret"},
        {**EMBEDDED, "WAYMARK_LOG_LEVEL": "short secret"},
        {**OIDC, "WAYMARK_OIDC_JWKS_URL": "short secret"},
    ],
)
def test_a_refusal_quotes_no_value(wrong: dict[str, str]) -> None:
    """Messages name the variable, never what stood in it: it may be a secret misplaced."""
    told = refusal(wrong)
    assert "short secret" not in told
    assert KEY not in told


def test_secrets_are_not_shown() -> None:
    """No form in which settings are printed or dumped holds a secret."""
    secrets = ("ServiceBus", "Blobs", "WAYMARK_COSMOS_CONNECTION")
    settings = Settings.read(
        {**AZURE, **{name: f"hidden-{number}" for number, name in enumerate(secrets)}}
    )
    for shown in (repr(settings), str(settings), str(settings.model_dump())):
        assert "hidden-" not in shown
        assert KEY not in shown
        assert PSEUDONYM_KEY not in shown


def test_settings_are_frozen() -> None:
    """What was read at the start holds for the whole process."""
    settings = Settings.read(EMBEDDED)
    with pytest.raises(ValidationError):
        settings.log_level = "DEBUG"


@pytest.mark.parametrize(
    ("address", "holds"),
    [
        ("tcp://127.0.0.1:3310", True),
        ("tcp://clamd.internal:3310", True),
        ("tcp://[::1]:3310", True),
        ("unix:///run/clamav/clamd.ctl", True),
        ("tcp://127.0.0.1", False),
        ("tcp://127.0.0.1:0", False),
        ("tcp://127.0.0.1:99999", False),
        ("tcp://:3310", False),
        ("tcp://user@host:3310", False),
        ("tcp://host:3310/path", False),
        ("tcp://[::1:3310", False),
        ("unix://run/clamd.ctl", False),
        ("unix:///", False),
        ("http://host:3310", False),
        ("/run/clamav/clamd.ctl", False),
        ("host:3310", False),
    ],
)
def test_clamd_is_found_at_a_port_or_a_socket(address: str, holds: bool) -> None:
    """An address of another form is refused, whether or not clamd is what scans."""
    for more in ({}, {"WAYMARK_SCANNER": "clamd"}):
        given = {**EMBEDDED, **more, "WAYMARK_CLAMD": address}
        if holds:
            assert Settings.read(given).clamd == address
        else:
            assert "WAYMARK_CLAMD must be" in refusal(given)


def test_a_scanner_is_never_guessed() -> None:
    """An unknown one is refused, and so is clamd without its address, with all else."""
    assert Settings.read(EMBEDDED).scanner == "builtin"
    assert Settings.read({**EMBEDDED, "WAYMARK_SCANNER": "defender"}).scanner == "defender"
    for wrong in ("clamav", "none", "Clamd", "off"):
        assert "WAYMARK_SCANNER" in refusal({**EMBEDDED, "WAYMARK_SCANNER": wrong})
    told = refusal({"WAYMARK_STORES": "azure", "WAYMARK_SCANNER": "clamd"})
    for name in ("WAYMARK_CLAMD", "WAYMARK_TOKEN_KEY", "WAYMARK_COSMOS_ENDPOINT"):
        assert told.count(name) == 1, told


def test_resumes_go_nowhere_by_default_and_by_no_half_setting() -> None:
    """A key for wording sends none; what is to send them needs the key, and is `true` or not."""
    key = {"WAYMARK_OPENAI_KEY": "sk-x", "WAYMARK_OPENAI_MODEL": "small"}
    assert Settings.read({**EMBEDDED, **key}).openai_resumes == "false"
    on = {**EMBEDDED, "WAYMARK_OPENAI_RESUMES": "true"}
    assert Settings.read({**on, **key}).openai_resumes == "true"
    assert refusal(on).count("WAYMARK_OPENAI_KEY") == 1
    assert refusal({**on, "WAYMARK_OPENAI_MODEL": "small"}).count("WAYMARK_OPENAI_KEY") == 1
    for value in ("yes", "1", "True"):
        assert "WAYMARK_OPENAI_RESUMES" in refusal({**on, **key, "WAYMARK_OPENAI_RESUMES": value})
    for seconds in ("0", "500", "nan"):
        given = {**EMBEDDED, "WAYMARK_OPENAI_RESUME_SECONDS": seconds}
        assert "WAYMARK_OPENAI_RESUME_SECONDS" in refusal(given)


@pytest.mark.parametrize(
    ("name", "value", "holds"),
    [
        ("WAYMARK_SMTP_URL", "smtp://mail.example.org:587", True),
        ("WAYMARK_SMTP_URL", "smtps://mail.example.org", True),
        ("WAYMARK_SMTP_URL", "smtp://127.0.0.1:2525", True),
        ("WAYMARK_SMTP_URL", "mail.example.org:587", False),
        ("WAYMARK_SMTP_URL", "https://mail.example.org", False),
        ("WAYMARK_SMTP_URL", "smtp://user:secret@mail.example.org", False),
        ("WAYMARK_SMTP_URL", "smtp://mail.example.org:port", False),
        ("WAYMARK_SMTP_URL", "smtp://", False),
        ("WAYMARK_MAIL_FROM", "no-reply@example.org", True),
        ("WAYMARK_MAIL_FROM", "Waymark", False),
        ("WAYMARK_MAIL_FROM", "Waymark <no-reply@example.org>\r\nBcc: x@y", False),
    ],
)
def test_a_mail_server_is_named_whole(name: str, value: str, holds: bool) -> None:
    """Server and sender go together, each of its form; a user is no part of the address."""
    given = {
        **EMBEDDED,
        "WAYMARK_SMTP_URL": "smtp://mail.example.org",
        "WAYMARK_MAIL_FROM": "Waymark <no-reply@example.org>",
        name: value,
    }
    if holds:
        assert Settings.read(given).smtp_url
        assert name in refusal(given | {name: ""})
    else:
        told = refusal(given)
        assert f"{name} must be" in told
        assert "secret" not in told


@pytest.mark.parametrize(
    ("url", "holds", "with_headers"),
    [
        ("http://localhost:4318", True, True),
        ("https://collector.example.org/otlp", True, True),
        ("http://collector.internal:4318", True, False),
        ("collector:4318", False, False),
        ("grpc://collector:4317", False, False),
        ("https://collector.example.org?key=1", False, False),
        ("https://", False, False),
    ],
)
def test_where_telemetry_goes(url: str, holds: bool, with_headers: bool) -> None:
    """To whatever speaks HTTP; headers, which may hold a key, only over a safe way."""
    given = {**EMBEDDED, "OTEL_EXPORTER_OTLP_ENDPOINT": url}
    headers = {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=hidden"}
    if holds:
        assert Settings.read(given).otlp_endpoint == url
    else:
        assert "must be http or https" in refusal(given)
    if with_headers:
        assert "hidden" not in repr(Settings.read(given | headers))
    else:
        assert "OTEL_EXPORTER_OTLP" in refusal(given | headers)
    assert "OTEL_EXPORTER_OTLP_HEADERS" in refusal(EMBEDDED | headers)


@pytest.mark.parametrize("ratio", ["-0.1", "1.1", "all"])
def test_a_share_of_traces_is_one(ratio: str) -> None:
    """Between none and all."""
    assert "WAYMARK_TRACE_RATIO" in refusal({**EMBEDDED, "WAYMARK_TRACE_RATIO": ratio})
    assert Settings.read({**EMBEDDED, "WAYMARK_TRACE_RATIO": "0.25"}).trace_ratio == 0.25
