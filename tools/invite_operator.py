"""Invite an operator to the platform: how the first one of a house comes in.

    python -m tools.invite_operator ada@example.org

Reads the settings of the environment, as the deployed apps do, and prints the token that
``POST /api/v1/invitations/accept`` takes. (On one machine, ``python -m local --token operator``
prints a token that works at once.)

Exit status: 0 invited; 2 it cannot be; 3 the document store does not answer, or does not let
whoever calls in: a right that was just given takes minutes until it holds.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress

from functions.accounts.service.invitations import invite
from functions.accounts.service.means import Means
from shared import runtime
from shared.documents.port import Create
from shared.errors import Exists, Problem, Unavailable
from shared.models.tenant import CONTAINER, PLATFORM, Tenant
from shared.settings import Settings, SettingsError


def main() -> int:
    """Invite who is named on the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("email")
    arguments = parser.parse_args()
    try:
        running = runtime.start(Settings.read(os.environ))
        platform = Tenant(tenant_id=PLATFORM, name="Platform", registration="invited")
        with suppress(Exists):
            running.documents.commit(CONTAINER, (PLATFORM,), [Create(platform.stored())])
        _, token = invite(
            Means(running, running.tokens, running.pseudonyms),
            None,
            PLATFORM,
            arguments.email,
            ["operator"],
            idempotency=None,
            now=runtime.now(),
        )
    except (SettingsError, Problem) as error:
        print(f"waymark: {error}", file=sys.stderr)
        return 3 if isinstance(error, Unavailable) else 2
    print(f"Good for 7 days, once; POST it to /api/v1/invitations/accept:\n\n{token}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
