"""The report of an evaluation: what the model does, how well, and where it fails. One HTML file and one JSON file."""
