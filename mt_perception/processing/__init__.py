# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings through the network without ROS, in shards that can be made in any order, anywhere."""
