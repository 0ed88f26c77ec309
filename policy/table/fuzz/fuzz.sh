#!/usr/bin/env bash
# Fuzzes the loaders of decision tables one after the other, guided by the edges that inputs reach.
#
#     policy/table/fuzz/fuzz.sh MINUTES [json|dpt|csv|dmn|key|signature]...
#
# Each loader gets MINUTES. Stops at the first that panics, hangs or takes too much memory; its input is
# then in crash-<loader> in the current folder.
set -euo pipefail
minutes="${1:?usage: fuzz.sh MINUTES [LOADER]...}"
shift
[ $# -gt 0 ] || set -- json dpt csv dmn key signature
here="$(cd "$(dirname "$0")" && pwd)"
target="${CARGO_TARGET_DIR:-$here/../../../target}/edges"
host="$(rustc -vV | sed -n 's/^host: //p')"
# With --target the flags are not for build scripts, which lack what the counters need.
RUSTFLAGS='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Ccodegen-units=1' \
  cargo build --release --quiet --manifest-path "$here/Cargo.toml" --target "$host" --target-dir "$target"
for loader; do "$target/$host/release/offhook-table-fuzz" "$loader" "$minutes"; done
