# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores of labels and depth, over named classes."""
