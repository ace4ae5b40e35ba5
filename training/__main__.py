# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`python -m mt_perception_training` is the command `mt-perception-train`."""

import sys

from mt_perception.utils.entry import train

sys.exit(train())
