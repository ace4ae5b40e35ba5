# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Reports to look at: one HTML page without anything from elsewhere. Their tables, drawings and images."""
