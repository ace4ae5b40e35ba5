#!/bin/sh
# Everything that one NVIDIA machine can prove, in at most 12 minutes; see gpu_proof.py. From a bare checkout, with the
# Python of .venv where `make` has made one, else $PYTHON, else python3.
cd "$(dirname "$0")/.." || exit 1
if [ -z "$PYTHON" ] && [ -x .venv/bin/python ]; then PYTHON=.venv/bin/python; fi
PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-python3}" benchmarks/gpu_proof.py "$@"
