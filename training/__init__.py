# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Training: from images with labels, with depth, or with both, to a model bundle. Nothing imports this package."""
