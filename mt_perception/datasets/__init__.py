"""Data sets on disk as `Sample`s, all with one interface. Needs NumPy and OpenCV alone."""
