# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks from elsewhere: described in YAML, wrapped into the deployable graph, and made a bundle."""
