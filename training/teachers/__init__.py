"""Networks of others, or one's own, that say what images without truth show: labels with confidence, and depth."""
