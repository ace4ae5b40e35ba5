#!/usr/bin/env bash
# The command, in the workspace's environment.
set -eo pipefail
source /ws/venv/bin/activate
source /ws/install/setup.bash
exec "$@"
