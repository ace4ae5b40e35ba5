# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ROS messages as plain values, read and built, whoever's classes they are: rclpy's or those of rosbags."""
