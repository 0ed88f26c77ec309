#!/usr/bin/env bash
# Replays 1,000 logged calls by a release in Rust, C and Python, and compares every act, word, observation and recorded
# value with the log, the tracker, and each other. Needs a C compiler, and Python with the package `offhook`.
#
#     policy/table/phone/check.sh OFFHOOK RUN_OR_RELEASE [PYTHON] [CALLS]
#
# OFFHOOK is the program, PYTHON one that has the package (`experiments/python/check.sh VENV` makes VENV/bin/python); with
# `-` Python is left out.
set -euo pipefail
if [ $# -lt 2 ]; then
  echo 'usage: check.sh OFFHOOK RUN_OR_RELEASE [PYTHON] [CALLS]' >&2
  exit 2
fi
offhook="$(realpath "$1")" release="$(realpath "$2")" python="${3:-python3}" calls="${4:-1000}"
cd "$(dirname "$0")/../../.."
built="${CARGO_TARGET_DIR:-$PWD/target}/release"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

if [ -d "$release" ]; then
  "$offhook" release "$release" --out "$work/run.offhook" 2>/dev/null
  release="$work/run.offhook"
fi
"$offhook" simulate --policy "$release" --calls "$calls" --seed 14 --out "$work/calls.jsonl" >/dev/null

cargo build --quiet --release -p offhook-table-c
cargo build --quiet --release -p offhook-table --features agent --example replay --example hold_a_call
"$built/examples/replay" "$release" "$work/calls.jsonl" "$work/rust.tsv" "$work/heard.tsv"

cc -Wall -Wextra -Werror policy/table/phone/replay.c -I policy/table/c/include \
  "$built/liboffhook_table_c.a" -lpthread -ldl -lm -o "$work/replay"
"$work/replay" "$release" < "$work/heard.tsv" > "$work/c.tsv"
cmp "$work/rust.tsv" "$work/c.tsv"
echo "C: the same $(wc -l < "$work/c.tsv") lines"

# The examples hold the same call, mistakes included.
typed='affirm 0.9\nmumble\naffirm 0.95\n\naffirm 0.9\ninform(nothing=1)\naffirm\naffirm\naffirm\naffirm\nhang_up\n'
cc -Wall -Wextra -Werror policy/table/examples/hold_a_call.c -I policy/table/c/include \
  "$built/liboffhook_table_c.a" -lpthread -ldl -lm -o "$work/hold_a_call"
printf "$typed" | "$work/hold_a_call" "$release" > "$work/hold_c.txt"
printf "$typed" | "$built/examples/hold_a_call" "$release" > "$work/hold_rust.txt"
cmp "$work/hold_c.txt" "$work/hold_rust.txt"
grep '^=> ' "$work/hold_c.txt"

if [ "$python" != - ]; then
  printf "$typed" | "$python" policy/table/examples/hold_a_call.py "$release" > "$work/hold_python.txt"
  cmp "$work/hold_c.txt" "$work/hold_python.txt"
  "$python" policy/table/phone/replay.py "$release" "$work/calls.jsonl" > "$work/python.tsv"
  cmp "$work/rust.tsv" "$work/python.tsv"
  echo "Python: the same $(wc -l < "$work/python.tsv") lines"
fi
