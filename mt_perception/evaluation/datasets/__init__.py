"""What a model is worth on data sets, or what its predictions in a folder are."""
