"""Networks from elsewhere: described in YAML, wrapped into the deployable graph, and made a bundle."""
