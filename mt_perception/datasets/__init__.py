# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets on disk as `Sample`s, all with one interface. Needs NumPy and OpenCV alone."""
