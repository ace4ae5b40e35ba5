# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Depth preparation: a folder in the layout of Cityscapes becomes one with cleaned depth, for training."""
