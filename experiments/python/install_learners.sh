#!/usr/bin/env bash
# Installs other people's learners, which only `tests/test_learning.py` and `benches/learn.py` use, into a
# virtual environment, made if it is missing; where they are, it does nothing. Needs Python >= 3.10 with pip.
#
#     experiments/python/install_learners.sh VENV
#
# The wheel of PyTorch that PyPI has for Linux wants 2.5 GB of GPU libraries, which no test here calls;
# `without_gpu.py` puts a stub in their place. Where that fails, they are installed.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
venv="$1"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
pip() { "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"; }
imports() { "$venv/bin/python" -c 'import sb3_contrib, torch' 2>/dev/null; }

if ! imports; then
  pip 'gymnasium>=1.1' 'numpy>=1.24' cloudpickle filelock fsspec jinja2 networkx setuptools sympy typing-extensions
  pip --no-deps 'stable-baselines3>=2.6' 'sb3-contrib>=2.6' torch
  if ! imports; then
    { pip --no-deps nvidia-cuda-runtime && "$venv/bin/python" "$here/without_gpu.py" && imports; } || pip torch
  fi
fi
"$venv/bin/python" -c 'import sb3_contrib, torch; print("PyTorch", torch.__version__, "and sb3-contrib", sb3_contrib.__version__)'
