"""A process's runtime: made once, refused with its reason, and with keys of its own kinds."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import azure.functions as func
import pytest

from shared import runtime
from shared.blobs.files import FileBlobs
from shared.http import description
from shared.settings import Settings, SettingsError
from tests.kernel.tokens import KEY, settings


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has no settings and no runtime yet."""
    for name in list(os.environ):
        if name.startswith("WAYMARK_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(runtime, "_runtime", None)


def health() -> func.HttpResponse:
    built = {each.get_function_name(): each for each in _app().get_functions()}
    request = func.HttpRequest(method="GET", url="http://x/api/health", body=b"")
    answer: func.HttpResponse = built["health"].get_user_function()(req=request)
    return answer


def _app() -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    app.register_functions(description.blueprint)
    return app


def test_missing_settings_are_named_in_the_log(
    unset: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A process that cannot start says in its log which settings it lacks."""
    with pytest.raises(SettingsError):
        runtime.current()
    (record,) = [each for each in caplog.records if each.message == "settings.refused"]
    reason = record.__dict__["waymark"]["reason"]
    assert "WAYMARK_STORES" in reason
    assert "WAYMARK_TOKEN_KEY" in reason


def test_health_tells_of_missing_settings(unset: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that cannot work says so at its health, without any value; one that can is well."""
    monkeypatch.setenv("WAYMARK_STORES", "a secret misplaced")
    answer = health()
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "settings" in json.loads(answer.get_body())["detail"]
    assert b"misplaced" not in answer.get_body()
    monkeypatch.setenv("WAYMARK_STORES", "embedded")
    monkeypatch.setenv("WAYMARK_TOKEN_KEY", KEY)
    monkeypatch.setenv("WAYMARK_PSEUDONYM_KEY", KEY)
    assert health().status_code == 200


@pytest.mark.parametrize("name", ["documents", "blobs", "bus"])
def test_two_threads_build_one_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Threads that ask for a store at the same moment get the same one."""
    together = threading.Barrier(2)

    def build(_: Settings) -> object:
        with suppress(threading.BrokenBarrierError):
            together.wait(0.3)  # both are in here at once only when nothing holds them apart
        return object()

    monkeypatch.setattr(runtime, f"_{name}", build)
    running = runtime.Runtime(settings(WAYMARK_HOME=str(tmp_path)))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: getattr(running, name), range(2))
    assert one is other


def test_links_and_tokens_have_different_keys() -> None:
    """The key that signs links follows from the token key, and is not it."""
    derived = runtime.link_key(settings())
    assert derived == runtime.link_key(settings())
    assert derived != KEY.encode()
    assert derived != runtime.link_key(settings(WAYMARK_TOKEN_KEY=KEY[::-1]))
    assert len(derived) == 32


def test_links_are_signed_with_their_own_key(tmp_path: Path) -> None:
    """What the embedded blob store signs with is the key of links."""
    blobs = runtime.Runtime(settings(WAYMARK_HOME=str(tmp_path))).blobs
    assert isinstance(blobs, FileBlobs)
    assert blobs._link_key == runtime.link_key(settings())


def test_the_scanner_is_the_one_that_is_set(tmp_path: Path) -> None:
    """None with the built-in check, clamd or Defender as it is set; made once."""
    from shared.scanning.clamd import Clamd
    from shared.scanning.defender import Defender

    home = {"WAYMARK_HOME": str(tmp_path)}
    assert runtime.Runtime(settings(**home)).scanner is None
    defended = runtime.Runtime(settings(**home, WAYMARK_SCANNER="defender"))
    assert isinstance(defended.scanner, Defender)
    assert defended.scanner is defended.scanner
    address = "unix:///run/clamav/clamd.ctl"
    with_clamd = settings(**home, WAYMARK_SCANNER="clamd", WAYMARK_CLAMD=address)
    scanner = runtime.Runtime(with_clamd).scanner
    assert isinstance(scanner, Clamd)
    assert scanner._address == ("unix", "/run/clamav/clamd.ctl")


def test_the_mail_server_is_the_one_that_is_set(tmp_path: Path) -> None:
    """None without one; its password is in no text of it."""
    from shared.mail.smtp import Smtp

    home = {"WAYMARK_HOME": str(tmp_path)}
    assert runtime.Runtime(settings(**home)).mailer is None
    given = home | {
        "WAYMARK_SMTP_URL": "smtps://mail.example.org",
        "WAYMARK_SMTP_USER": "waymark",
        "WAYMARK_SMTP_PASSWORD": "open sesame",
        "WAYMARK_MAIL_FROM": "Waymark <no-reply@example.org>",
    }
    running = runtime.Runtime(settings(**given))
    assert isinstance(running.mailer, Smtp)
    assert running.mailer is running.mailer
    assert (running.mailer.url, running.mailer.user) == ("smtps://mail.example.org", "waymark")
    assert running.mailer.password == "open sesame"
    assert "sesame" not in repr(running.mailer)
