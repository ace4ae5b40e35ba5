"""Recordings in and out, by topic and by stamp, also such as were cut off."""
