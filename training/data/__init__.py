"""Data sets on their way into the training: checked, held in memory, in batches."""
