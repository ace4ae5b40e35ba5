# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks of others, or one's own, that say what images without truth show: labels with confidence, and depth."""
