#!/usr/bin/env bash
# Measures `offhook bench table` and, in the same run and on the same table, rule engines that we did
# not write. Needs Node 20 with npm.
#
#     policy/table/engines/bench.sh OFFHOOK [--quick] [--json]
#
# OFFHOOK is the program; --quick only shows that all of it runs and every answer is right. With WORK set
# to a folder, the engines stay installed there.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
if [ $# -lt 1 ]; then
  echo "usage: bench.sh OFFHOOK [--quick] [--json]" >&2
  exit 2
fi
if [ -z "${WORK:-}" ]; then
  WORK="$(mktemp -d)"
  trap 'rm -rf "$WORK"' EXIT
fi
"$here/install.sh" "$WORK/engines"
mkdir -p "$WORK/tables"
node "$WORK/engines/bench.mjs" "$1" "$WORK/tables" "${@:2}"
