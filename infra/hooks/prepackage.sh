#!/bin/sh
# Stage one flow as an app: dist/<flow>. azd calls it before it packages that service.
set -eu
flow=$1
python=python3
[ -x .venv/bin/python ] && python=.venv/bin/python
"$python" tools/package.py "$flow"
if [ "$flow" = accounts ]; then
  # The front door sends /api/docs and /api/openapi.json here: they tell of the whole house.
  "$python" -m tools.house_openapi "dist/$flow"
fi
