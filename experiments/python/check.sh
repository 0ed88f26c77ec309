#!/usr/bin/env bash
# Builds the package in a virtual environment and runs its tests and its benchmarks. Needs Rust and
# Python >= 3.10 with pip; PyTorch, which only a test that trains and a benchmark use, takes 1.5 GB.
#
#     experiments/python/check.sh [VENV]      (without VENV: a temporary folder, removed afterwards)
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '== %s (%s s)\n' "$*" "$SECONDS"; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
venv="${1:-$work/venv}"

say 'install the package and what most tests need'
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check . 'pytest>=8'

say 'format and lints of the native half'
cargo fmt --check
cargo clippy --quiet --release --all-targets -- -D warnings

say 'the program, whose release the phone takes'
(cd ../.. && cargo build --quiet --release -p offhook)
OFFHOOK="${CARGO_TARGET_DIR:-../../target}/release/offhook"
export OFFHOOK

say 'tests'
"$venv/bin/python" -m pytest -p no:cacheprovider --durations 3 --ignore tests/test_learning.py

say 'a table decides'
"$venv/bin/python" -W error ../../policy/table/examples/decide.py ../../results/reference/quickstart/table.json | grep -x greet

say 'a release holds a call'
"$OFFHOOK" release ../../results/reference/quickstart --out "$work/quickstart.offhook" 2>/dev/null >&2
"$venv/bin/python" -W error ../../policy/table/examples/hold_a_call.py "$work/quickstart.offhook" </dev/null | grep '^robot'

say 'benchmark'
"$venv/bin/python" benches/bench.py

say 'learners that others wrote'
./install_learners.sh "$venv"
"$venv/bin/python" -m pytest -p no:cacheprovider tests/test_learning.py

# Only that it runs: so few steps teach nobody anything.
say 'side by side with other learners, in short'
"$venv/bin/python" -W error benches/learn.py --offhook "$OFFHOOK" \
  --steps 8192 --every 4096 --seeds 1

say 'done'
