"""A package of somebody else's: a backend and a data set, as they lie in `site-packages` once it is installed."""
