"""Networks of others, or one's own, that say what pictures without truth show: labels with confidence, and depth."""
