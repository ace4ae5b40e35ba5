"""Scores of labels and depth, over named classes."""
