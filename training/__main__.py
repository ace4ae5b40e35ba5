"""`python -m mt_perception_training` is the command `mt-perception-train`."""

import sys

from mt_perception.utils.entry import train

sys.exit(train())
