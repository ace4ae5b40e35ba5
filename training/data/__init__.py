# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets on their way into the training: checked, held in memory, in batches."""
