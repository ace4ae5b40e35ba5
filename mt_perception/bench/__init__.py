# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Measurements side by side: networks in one process, and whole nodes over DDS. Each ends in one table."""
