# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`python -m mt_city`."""

import sys

from mt_city.command import main

if __name__ == "__main__":  # the processes that render import it, too
    sys.exit(main())
