#!/usr/bin/env bash
# Fuzzes the loaders one after the other, guided by the edges of our code that inputs reach.
#
#     experiments/fuzz/fuzz.sh MINUTES [LOADER]...
#
# Each loader, or each of all, gets MINUTES. Stops at the first that panics, hangs or takes too much memory; its input
# is then in crash-<loader> in the current folder.
set -euo pipefail
minutes="${1:?usage: fuzz.sh MINUTES [LOADER]...}"
shift
here="$(cd "$(dirname "$0")" && pwd)"
target="${CARGO_TARGET_DIR:-$here/../../target}"
# The whole workspace, so that dependencies have the features that they have in the program.
RUSTC_WORKSPACE_WRAPPER="$here/rustc.sh" cargo build --release --quiet --workspace --bin offhook-fuzz \
  --manifest-path "$here/Cargo.toml" --target-dir "$target"
fuzz="$target/release/offhook-fuzz"
[ $# -gt 0 ] || set -- $("$fuzz" list)
for loader; do "$fuzz" "$loader" "$minutes"; done
