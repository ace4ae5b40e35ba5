"""Training: from images with labels, with depth, or with both, to a model bundle. Nothing imports this package."""
