#!/usr/bin/env bash
# Build the workspace where this is called, with the Python of its venv.
set -eo pipefail
# shellcheck source=/dev/null
source "/opt/ros/$ROS_DISTRO/setup.bash"
source venv/bin/activate
python -m colcon build --packages-select mt_perception
