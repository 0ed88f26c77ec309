#!/usr/bin/env bash
# Holds exported tables against rule engines that we did not write, and opens them in a modeler.
# Needs Node 20 with npm, Debian's chromium, and libxml2-utils (xmllint) where the schemas are.
#
#     policy/table/engines/check.sh OFFHOOK RUN_OR_TABLE...
#
# OFFHOOK is the program. The schemas of DMN 1.3 and of its test cases are looked for in
# $OFFHOOK_DATA/../peers/dmn-xsd. With WORK set to a folder, exports and pictures stay there.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
if [ $# -lt 2 ]; then
  echo "usage: check.sh OFFHOOK RUN_OR_TABLE..." >&2
  exit 2
fi
if [ -z "${WORK:-}" ]; then
  WORK="$(mktemp -d)"
  trap 'rm -rf "$WORK"' EXIT
fi
mkdir -p "$WORK/tables"

schemas="${OFFHOOK_DATA:-$here/../../../../shared/data}/../peers/dmn-xsd"
if [ -f "$schemas/DMN13.xsd" ]; then
  XSD="$schemas"
  export XSD
fi

"$here/install.sh" "$WORK/engines"
node "$WORK/engines/check.mjs" "$1" "$WORK/tables" "${@:2}"
