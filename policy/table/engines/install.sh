#!/usr/bin/env bash
# Installs the engines beside a copy of these scripts, so that nothing appears in the sources:
#
#     policy/table/engines/install.sh DIR
#
# Needs Node 20 with npm.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$1"
cp "$here"/*.mjs "$here/package.json" "$1/"
npm --prefix "$1" install --loglevel error --ignore-scripts --no-package-lock --no-audit --no-fund
