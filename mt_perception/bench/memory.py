"""The largest resident memory, in MB, of a process that loads a model and runs it: python -m ... JSON_OF_SETTINGS"""

from __future__ import annotations

import json
import resource
import sys

from mt_perception.bench.networks import ours
from mt_perception.settings import Settings


def main() -> None:
    """Run the model on some pictures, and print the number."""
    contestant = ours(Settings(**json.loads(sys.argv[1])))
    for _ in range(3):
        contestant.run()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)  # Linux counts in KB


if __name__ == "__main__":
    main()
