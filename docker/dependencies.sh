#!/usr/bin/env bash
# What mt_perception needs from apt, and what rosdep does not know from PyPI, in the workspace where this is called.
set -eo pipefail
apt-get update
apt-get install --yes --no-install-recommends python3-venv
rosdep update
rosdep install --from-paths src --ignore-src --default-yes
rm -rf /var/lib/apt/lists/*
python3 -m venv --system-site-packages venv
venv/bin/pip install --no-cache-dir openvino rosbags mcap safetensors tqdm
