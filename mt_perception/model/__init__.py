# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A model on disk: its card, specification, files and the words for it."""
