# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A package of somebody else's, as it lies in `site-packages` once it is installed: it brings one part of each kind."""
