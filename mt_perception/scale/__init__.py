# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The factor between the network's metres and true ones: what pixels agree on, and the ground."""
