"""Readers: data sets on disk as `Sample`s, all with one interface."""
