# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 layer. Only this folder imports rclpy and message packages."""
