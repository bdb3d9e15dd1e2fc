#!/bin/sh
# Stage one flow as an app with its packages: dist/<flow>. azd calls it before it packages that
# service, and nothing is built in the cloud: what was tested is what runs.
set -eu
flow=$1
python=python3
[ -x .venv/bin/python ] && python=.venv/bin/python
"$python" tools/package.py --with-packages "$flow"
if [ "$flow" = accounts ]; then
  # The front door sends /api/docs and /api/openapi.json here: they tell of the whole house.
  "$python" -m tools.house_openapi "dist/$flow"
fi
