"""Depth preparation: a folder in the layout of Cityscapes becomes one with cleaned depth, for training."""
