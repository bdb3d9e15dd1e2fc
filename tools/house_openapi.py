"""Put the OpenAPI document of the whole house into a staged app, for the one behind the front door.

    python -m tools.house_openapi dist/accounts

An app alone knows its own routes. Needs every flow's packages (requirements.txt).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import function_app
from shared.http import description


def main() -> int:
    """Write it into the staged app that the command line names; returns the exit status."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "shared" / "http").is_dir():
        print("usage: python -m tools.house_openapi STAGED_APP", file=sys.stderr)
        return 2
    assert function_app.app is not None  # noqa: S101  its import registers every route
    target = Path(sys.argv[1]) / "shared" / "http" / description.HOUSE.name
    document = json.loads(description.document())
    target.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    print(f"{len(document['paths'])} paths  {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
