# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What any program could use: files, processes, threads, machines."""
