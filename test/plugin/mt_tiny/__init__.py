"""A package of somebody else's, as it lies in `site-packages` once it is installed: it brings one part of each kind."""
