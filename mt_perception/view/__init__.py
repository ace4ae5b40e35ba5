# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the node sees, in a browser: images, labels, depth, points and plots on one timeline, by rerun."""
