"""Measurements side by side: networks in one process, and whole nodes over DDS. Each ends in one table."""
