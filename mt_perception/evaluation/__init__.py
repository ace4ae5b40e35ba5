"""What results are worth: of recordings, against truth or without."""
