"""What an app tells of itself: its OpenAPI document, a page to try it, its health."""

from __future__ import annotations

import importlib.util
import json
import mimetypes
from functools import cache
from pathlib import Path

import azure.functions as func

from shared import runtime
from shared.errors import Missing, Unavailable
from shared.http.api import OPERATIONS, TAGS
from shared.http.openapi import describe
from shared.http.problem import problem_response
from shared.serving import VERSION
from shared.settings import SettingsError

blueprint = func.Blueprint()

_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waymark API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
_START = b"""SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  persistAuthorization: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  deepLinking: true,
});
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=3600",
}


@blueprint.route(route="openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def openapi(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  the host passes it
    """The OpenAPI document of the routes this app serves."""
    return func.HttpResponse(_document(), mimetype="application/json")


@blueprint.route(route="docs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def docs(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  the host passes it
    """A page that shows the OpenAPI document and calls the routes."""
    return func.HttpResponse(_PAGE, mimetype="text/html", headers=_HEADERS)


@blueprint.route(route="docs/{asset}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def docs_asset(req: func.HttpRequest) -> func.HttpResponse:
    """A script, style or icon of that page."""
    name = req.route_params.get("asset", "")
    if name == "start.js":
        return func.HttpResponse(_START, mimetype="text/javascript", headers=_HEADERS)
    path = _assets().get(name)
    if path is None:
        missing = Missing("there is no such file")
        return problem_response(missing, request_id="-", instance=f"/api/docs/{name}")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return func.HttpResponse(path.read_bytes(), mimetype=media_type, headers=_HEADERS)


@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  the host passes it
    """Says that the app is up and which version it is, or that its settings are wrong."""
    try:
        runtime.current()
    except SettingsError:
        told = Unavailable("settings are missing or wrong; the log of this process names them")
        return problem_response(told, request_id="-", instance="/api/health")
    body = json.dumps({"status": "ok", "version": VERSION}).encode()
    return func.HttpResponse(
        body, mimetype="application/json", headers={"Cache-Control": "no-store"}
    )


@cache
def _document() -> bytes:
    """The document, made once: every route is registered before the first request comes."""
    document = describe(OPERATIONS.values(), TAGS, version=VERSION)
    return json.dumps(document, ensure_ascii=False).encode()


@cache
def _assets() -> dict[str, Path]:
    """Swagger UI's files as packaged, by name. Found without importing the package."""
    spec = importlib.util.find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package flask-swagger-ui is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "dist"
    return {path.name: path for path in folder.iterdir() if path.is_file()}
