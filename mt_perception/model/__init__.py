"""A model on disk: its card, specification, files and the words for it."""
