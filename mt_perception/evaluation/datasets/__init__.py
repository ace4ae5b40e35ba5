# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a model is worth on data sets, or what its predictions in a folder are."""
