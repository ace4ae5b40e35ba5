# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings in and out, by topic and by stamp, also such as were cut off."""
