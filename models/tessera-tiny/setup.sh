#!/bin/sh
# Python environment for training on a CPU: `sh setup.sh .venv`. Needs Python 3.11 or newer, gcc and binutils.
set -eu
here=$(dirname "$0")
python3 -m venv "$1"
"$1/bin/pip" install -r "$here/requirements.txt"
"$1/bin/pip" install --no-deps -r "$here/requirements-no-deps.txt"
"$1/bin/python" "$here/cpu_torch.py"
