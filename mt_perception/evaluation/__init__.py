# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What results are worth: of recordings, against truth or without."""
