"""Images and point clouds for people and other programs."""
