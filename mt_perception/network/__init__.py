# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The multi-task network and the graph that is deployed. Only this folder and the torch backend import torch."""
