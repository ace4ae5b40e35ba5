# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images and point clouds for people and other programs."""
