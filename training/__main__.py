"""`python -m mt_perception_training` is the command `mt-perception-train`."""

import sys

from mt_perception_training.cli import main

sys.exit(main())
