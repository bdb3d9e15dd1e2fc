"""How much the tests that kill the host have it do: enough to be killed in, or as much as a day."""

from __future__ import annotations

import os

FULL = os.environ.get("CHAOS") == "full"
