# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What `mt-perception` can do, a file for each subcommand."""
