"""Index a function app with Azure's worker runtime, in this process; prints JSON.

    python index_app.py APP_DIR

The runtime takes its protobuf module as an argument, so plain records stand in for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def _record(**constants: int) -> type[SimpleNamespace]:
    return type("Record", (SimpleNamespace,), constants)


PROTOS = SimpleNamespace(
    BindingInfo=_record(undefined=0, out=1, inout=2),
    StatusResult=_record(Failure=0, Success=1),
    RpcFunctionMetadata=_record(),
    RpcRetryOptions=_record(),
    RpcException=_record(),
    WorkerMetadata=_record(),
    WorkerInitResponse=_record(),
    FunctionMetadataResponse=_record(),
    FunctionLoadResponse=_record(),
)


async def index(app: Path) -> dict[str, Any]:
    """Return ``error`` (None when all is well) and ``functions`` with their bindings."""
    import azure_functions_runtime as worker

    worker.start_threadpool_executor()
    started = await worker.worker_init_request(
        SimpleNamespace(
            properties={"host": "127.0.0.1", "protos": PROTOS},
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(
                    capabilities={}, function_app_directory=str(app)
                )
            ),
        )
    )
    if not started.result.status:
        trouble = started.result.exception
        return {"error": f"{trouble.message}\n{trouble.stack_trace}", "functions": []}
    metadata = await worker.functions_metadata_request(SimpleNamespace(request=None))
    found = metadata.function_metadata_results or []
    return {
        "error": None if found else "nothing is registered in the app",
        "functions": [
            {
                "name": each.name,
                "id": each.function_id,
                "bindings": [json.loads(raw) for raw in each.raw_bindings],
            }
            for each in found
        ],
    }


def main() -> int:
    """Index the app named on the command line."""
    app = Path(sys.argv[1]).resolve(strict=True)
    report_to, sys.stdout = sys.stdout, sys.stderr  # what the app prints stays out of the report
    os.environ["AzureWebJobsScriptRoot"] = str(app)  # noqa: SIM112  the runtime's spelling
    os.chdir(app)
    sys.path.insert(0, str(app))
    report = asyncio.run(index(app))
    report_to.write(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
