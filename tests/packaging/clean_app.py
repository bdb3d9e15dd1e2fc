"""Index, call and import a staged app where nothing else is; prints JSON.

    python -I -S clean_app.py APP_DIR RUNTIME_DIR INDEX_APP PACKAGES_JSON

Isolated and without site-packages, Python has its standard library alone. To it come the app, its
own packages and the runtime of Azure's worker (``RUNTIME_DIR``), as in the cloud.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

SETTINGS = {
    "WAYMARK_STORES": "azure",
    "WAYMARK_TOKEN_KEY": "t" * 32,
    "WAYMARK_PSEUDONYM_KEY": "p" * 32,
    "WAYMARK_COSMOS_ENDPOINT": "https://cosmos.example",
    "ServiceBus__fullyQualifiedNamespace": "bus.example",
    "Blobs__blobServiceUri": "https://blobs.example",
}
ASKED = {"health": {}, "openapi": {}, "docs_asset": {"asset": "swagger-ui.css"}}
"""Functions that every app has and that need no store, with their route's parameters."""


async def answers(functions: list[dict[str, Any]]) -> dict[str, Any]:
    """The status and length of what each asked function answers, called as the worker does."""
    from azure_functions_runtime import native_invocation
    from azure_functions_runtime.bindings.datumdef import Datum

    found = {}
    for function in functions:
        if function["name"] not in ASKED:
            continue
        (argument,) = (b["name"] for b in function["bindings"] if b["type"] == "httpTrigger")
        params = {k: Datum(v, "string") for k, v in ASKED[function["name"]].items()}
        request = Datum(
            {
                "method": Datum("GET", "string"), "url": Datum("http://app.example/api", "string"),
                "headers": {}, "body": Datum(b"", "bytes"), "params": params, "query": {},
            },
            "http",
        )  # fmt: skip
        done, returned, _, error, _ = await native_invocation.invocation_request_native(
            str(uuid4()), function["id"], [(argument, request)], {}, "", "", 0, 0, None
        )
        found[function["name"]] = (
            [int(returned.value["status_code"].value), len(returned.value["body"].value)]
            if done
            else str(error)
        )
    return found


def main() -> int:
    """Report ``error`` and ``functions`` of the index, what some of them answer, and what could
    not be imported."""
    app, runtime, index_app = (Path(each).resolve(strict=True) for each in sys.argv[1:4])
    report_to, sys.stdout = sys.stdout, sys.stderr  # what the app prints stays out of the report
    standard = list(sys.path)
    assert not any("site-packages" in each for each in standard), standard
    site = app / ".python_packages/lib/site-packages"
    sys.path[:] = [str(app), str(site), *standard, str(runtime)]
    os.environ["AzureWebJobsScriptRoot"] = str(app)  # noqa: SIM112  the runtime's spelling
    os.chdir(app)
    spec = importlib.util.spec_from_file_location("index_app", index_app)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    os.environ.update(SETTINGS)

    async def run() -> dict[str, Any]:
        found: dict[str, Any] = await module.index(app)
        return found | {"answers": await answers(found["functions"])}

    report = asyncio.run(run())
    staged = [path.relative_to(app) for top in ("functions", "shared") for path in
              sorted((app / top).rglob("*.py"))]  # fmt: skip
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in staged]
    report["failed"] = {}
    for name in (*names, *json.loads(sys.argv[4])):
        try:
            importlib.import_module(name)
        except ImportError as error:
            report["failed"][name] = str(error)
    report["imported"] = len(names)
    strangers = {
        str(each.__file__)
        for each in list(sys.modules.values())
        if getattr(each, "__file__", None)
        and not str(each.__file__).startswith((str(app), str(runtime), *standard, str(index_app)))
        and each.__name__ != "__main__"
    }
    report["strangers"] = sorted(strangers)
    report_to.write(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
