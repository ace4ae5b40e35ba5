# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The largest resident memory, in MB, of a process that loads a model and runs it: python -m ... JSON_OF_SETTINGS"""

from __future__ import annotations

import json
import sys

from mt_perception.bench.networks import ours
from mt_perception.settings import Settings
from mt_perception.utils.hardware import status_kb


def main() -> None:
    """Run the model on some images, and print the number."""
    case = ours(Settings(**json.loads(sys.argv[1])))
    for _ in range(3):
        case.run()
    print(peak_mb())


def peak_mb() -> float:
    """Peak RSS of this process. getrusage().ru_maxrss would include the parent's peak, which survives exec."""
    return status_kb("self", "VmHWM") / 1024


if __name__ == "__main__":
    main()
